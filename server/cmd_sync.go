package server

import (
	"treedis/repl"
	"treedis/server/command"
	"treedis/server/config"
)

// Commands that Redis does not have: of replies that wait for replicas, and of reads that wait for writes.
var syncCommands = []row{
	{Spec: command.Spec{Name: "client|maxlag", Arity: 3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.2.0", Group: "connection", Complexity: "O(N), N connections",
		Summary: "Choose how old a replica's data may be for this connection to read it",
		Syntax:  "milliseconds:integer"}, run: cmdClientMaxLag},
	{Spec: command.Spec{Name: "client|sync", Arity: 3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Choose how many replicas have to have what this connection writes and reads before it is answered",
		Syntax:  "replicas=<ON | OFF | ALL | number:integer>"}, run: cmdClientSync},
	{Spec: command.Spec{Name: "replpos", Arity: 1, Flags: command.NoScript | command.Loading | command.Stale | command.Fast,
		Categories: command.CatConnection,
		Since:      "7.2.0", Group: "server", Complexity: "O(1)",
		Summary: "Tell the replication ID and offset of this connection's last write"}, run: cmdReplPos, local: true},
	{Spec: command.Spec{Name: "waitoffset", Arity: 4, Flags: command.NoScript | command.Stale | command.Blocking,
		Categories: command.CatConnection,
		Since:      "7.2.0", Group: "server", Complexity: "O(1)",
		Summary: "Wait until this server has what REPLPOS told on another",
		Syntax:  "replicationid offset:integer timeout:integer"}, run: cmdWaitOffset},
}

func cmdClientSync(c *Call) {
	client, s := c.c, c.srv
	switch n, ok := config.ParseReplicas(c.args[2]); {
	case ok:
		s.setSync(client, true, n)
	case c.is(2, "on"):
		s.setSync(client, false, 0)
	case c.is(2, "off"):
		s.setSync(client, true, 0)
	default:
		c.err("ERR CLIENT SYNC takes ON, OFF, ALL or a number of replicas")
		return
	}
	c.out.OK()
}

// cmdReplPos tells where the log stood after the connection's last write, in the history of that moment. Before a first
// write, and without any log, that is 0.
func cmdReplPos(c *Call) {
	ids := c.c.writeIDs
	if ids == nil {
		ids = c.srv.ids.Current()
	}
	c.out.Array(2)
	c.out.BulkString(ids.ID)
	c.out.Int(c.c.writeOffset)
}

// offsetWait is a WAITOFFSET that waits.
type offsetWait struct {
	s       *Server
	id      string
	offset  int64
	blocked *blockedCall
	at      *repl.Waiter
}

func cmdWaitOffset(c *Call) {
	s := c.srv
	offset, ok := c.intRange(2, 0, 1<<62, "ERR offset is not an integer or out of range")
	if !ok {
		return
	}
	timeout, ok := c.timeoutMillis(3)
	if !ok {
		return
	}
	w := &offsetWait{s: s, id: string(c.args[1]), offset: offset}
	if !w.possible() || s.log.EndOffset() >= offset || !c.mayBlock() {
		w.answer(c.c)
		return
	}
	w.blocked = c.block(timeout, w.stop, w.answer)
	s.offsetWaits[w] = struct{}{}
	w.at = s.log.WaitEnd(offset, func() { w.end() })
}

// possible reports whether the offset is in this server's history, or will be.
func (w *offsetWait) possible() bool { return w.s.ids.Get().Accepts(w.id, w.offset+1) }

func (w *offsetWait) answer(c *Client) {
	delete(w.s.offsetWaits, w)
	switch {
	case !w.possible():
		c.out.Error(errNoHistory)
		w.s.countErrorText(c.loop, errNoHistory)
	case w.s.log.EndOffset() >= w.offset:
		c.out.Int(1)
	default:
		c.out.Int(0)
	}
}

// stop takes the command out of where it waits. It needs the exclusive lock.
func (w *offsetWait) stop() {
	delete(w.s.offsetWaits, w)
	w.at.Cancel()
}

// end answers, from any goroutine.
func (w *offsetWait) end() { w.blocked.unblock(w.answer) }

// endOffsetWaits answers those who wait for a history that is no longer this server's. It needs the exclusive lock.
func (s *Server) endOffsetWaits() {
	for w := range s.offsetWaits {
		if !w.possible() {
			w.stop()
			w.end()
		}
	}
}
