package server

import "treedis/server/command"

var pauseCommands = []row{
	{Spec: command.Spec{Name: "client|pause", Arity: -3,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
		Since: "3.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Put off all commands, or those that write, for some time",
		Syntax:  "timeout:integer mode=[WRITE | ALL]^6.2.0",
		History: []command.Change{{"6.2.0", "`WRITE` and `ALL`"}}}, run: cmdClientPause},
	{Spec: command.Spec{Name: "client|unpause", Arity: 2,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
		Since: "6.2.0", Group: "connection", Complexity: "O(N), N clients whose commands were put off",
		Summary: "Let commands that were put off go on"}, run: cmdClientUnpause},
}

// cmdClientPause lengthens a pause that is on, or makes it stricter, but neither shortens nor loosens it.
func cmdClientPause(c *Call) {
	kind := pauseAll
	switch {
	case len(c.args) > 4:
		c.wrongSubcommand()
		return
	case len(c.args) == 4 && c.is(3, "write"):
		kind = pauseWrites
	case len(c.args) == 4 && !c.is(3, "all"):
		c.err("ERR CLIENT PAUSE mode must be WRITE or ALL")
		return
	}
	timeout, ok := c.timeoutMillis(2)
	if !ok {
		return
	}
	p := &c.srv.pauses
	p.until = max(p.until, c.now+timeout.Milliseconds())
	if p.until > c.now {
		c.srv.setPauseLocked(pauseByClient, max(kind, p.of[pauseByClient]))
	}
	c.out.OK()
}

func cmdClientUnpause(c *Call) {
	c.srv.unpauseLocked()
	c.out.OK()
}

// unpauseLocked ends CLIENT PAUSE. It needs the exclusive lock.
func (s *Server) unpauseLocked() {
	s.pauses.until = 0
	s.setPauseLocked(pauseByClient, pauseNone)
}

// pauseCron ends CLIENT PAUSE when its time is over.
func (s *Server) pauseCron() {
	if !s.pauses.any.Load() {
		return
	}
	s.lock.lock()
	defer s.lock.unlock()
	if s.pauses.of[pauseByClient] != pauseNone && s.now() >= s.pauses.until {
		s.unpauseLocked()
	}
}
