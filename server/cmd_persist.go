package server

import (
	"slices"

	"treedis/server/command"
	"treedis/server/config"
)

var persistenceCommands = []row{
	{Spec: command.Spec{Name: "bgsave", Arity: -1, Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
		Since: "1.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Write a snapshot file in the background",
		Syntax:  "[SCHEDULE^3.2.2]",
		History: []command.Change{{"3.2.2", "`SCHEDULE`"}}}, run: cmdBgsave},
	{Spec: command.Spec{Name: "lastsave", Arity: 1, Flags: command.Loading | command.Stale | command.Fast,
		Categories: command.CatAdmin | command.CatDangerous,
		Since:      "1.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Tell the Unix time of the last good snapshot file",
		Tips:    []string{"nondeterministic_output"}}, run: cmdLastsave},
	{Spec: command.Spec{Name: "save", Arity: 1,
		Flags: command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti,
		Since: "1.0.0", Group: "server", Complexity: "O(N), N keys in all databases",
		Summary: "Write a snapshot file before replying"}, run: cmdSave},
	{Spec: command.Spec{Name: "shutdown", Arity: -1,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.NoMulti | command.AllowBusy,
		Since: "1.0.0", Group: "server", Complexity: "O(N) when saving, N keys in all databases; else O(1)",
		Summary: "Stop the server, with or without a last snapshot file",
		Syntax:  "save-selector=[NOSAVE | SAVE] [NOW^7.0.0] [FORCE^7.0.0] [ABORT^7.0.0]",
		History: []command.Change{{"7.0.0", "`NOW`, `FORCE` and `ABORT`"}}}, run: cmdShutdown},
}

// cmdSave answers once the snapshot is on disk. Others are served meanwhile.
func cmdSave(c *Call) {
	s := c.srv
	if s.persist.saving != nil {
		c.err(errSaving)
		return
	}
	if !c.mayBlock() {
		c.saveReply(s.saveNowLocked())
		return
	}
	b := c.block(0, func() {}, nil)
	s.goSaveLocked(&saveJob{forCaller: true}, func(err error) {
		b.failed = err != nil
		b.answerLocked(func(client *Client) { (&Call{srv: s, c: client, out: client.out}).saveReply(err) })
	})
}

// saveReply answers SAVE.
func (c *Call) saveReply(err error) {
	if err != nil {
		c.err("ERR")
		return
	}
	c.out.OK()
}

func cmdBgsave(c *Call) {
	s := c.srv
	schedule := false
	if len(c.args) > 1 {
		if len(c.args) > 2 || !c.is(1, "schedule") {
			c.err(errSyntax)
			return
		}
		schedule = true
	}
	switch {
	case s.persist.saving != nil && schedule:
		s.persist.scheduled = true
		c.out.Simple("Background saving scheduled")
		return
	case s.persist.saving != nil:
		c.err(errSaving)
		return
	case s.aof.rewrite != nil && schedule:
		s.persist.scheduled = true
		c.out.Simple("Background saving scheduled")
		return
	case s.aof.rewrite != nil:
		c.err("ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.")
		return
	}
	if err := s.startSaveLocked(); err != nil {
		c.err("ERR " + err.Error())
		return
	}
	c.out.Simple("Background saving started")
}

func cmdLastsave(c *Call) { c.out.Int(c.srv.persist.lastSave) }

func cmdShutdown(c *Call) {
	var flags config.ShutdownFlags
	abort := false
	for i := 1; i < len(c.args); i++ {
		switch {
		case c.is(i, "nosave"):
			flags |= config.ShutdownNoSave
		case c.is(i, "save"):
			flags |= config.ShutdownSave
		case c.is(i, "now"):
			flags |= config.ShutdownNow
		case c.is(i, "force"):
			flags |= config.ShutdownForce
		case c.is(i, "abort"):
			abort = true
		default:
			c.err(errSyntax)
			return
		}
	}
	const both = config.ShutdownNoSave | config.ShutdownSave
	if abort && flags != 0 || flags&both == both {
		c.err(errSyntax)
		return
	}
	s := c.srv
	switch {
	case s.scripts.run != nil && flags&config.ShutdownNoSave == 0: // what is half done must not be saved
		c.err(s.scripts.run.busyText())
	case abort && s.abortStopLocked():
		c.out.OK()
	case abort:
		c.err("ERR No shutdown in progress.")
	case c.mayBlock():
		s.stop.clients = append(s.stop.clients, c.blockForStop())
		s.beginStopLocked(flags)
	case flags&config.ShutdownNow != 0:
		s.beginStopLocked(flags)
	default:
		c.err("ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client")
	}
}

// blockForStop makes the client wait for the server's end, or for the reason why it goes on.
func (c *Call) blockForStop() *blockedCall {
	var b *blockedCall
	clients := &c.srv.stop.clients
	b = c.block(0, func() { *clients = slices.DeleteFunc(*clients, func(o *blockedCall) bool { return o == b }) }, nil)
	return b
}
