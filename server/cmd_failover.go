package server

import (
	"math"

	"treedis/repl"
	"treedis/server/command"
	"treedis/server/resp"
)

var failoverCommands = []row{
	{Spec: command.Spec{Name: "failover", Arity: -1,
		Flags: command.Admin | command.NoScript | command.Stale,
		Since: "6.2.0", Group: "server", Complexity: "O(1)",
		Summary: "Hand the master's role over to a replica that has caught up",
		Syntax:  "[target=TO <host port:integer [FORCE]>] [ABORT] [TIMEOUT milliseconds:integer]"}, run: cmdFailover},
}

func cmdFailover(c *Call) {
	s := c.srv
	if len(c.args) == 2 && c.is(1, "abort") {
		if s.failover.phase == noFailover {
			c.err("ERR No failover in progress.")
			return
		}
		s.abortFailoverLocked("Failover manually aborted")
		c.out.OK()
		return
	}
	f, ok := c.failoverArgs()
	if !ok {
		return
	}
	if text := s.refuseFailover(f); text != "" {
		c.err(text)
		return
	}
	s.beginFailoverLocked(f)
	c.out.OK()
}

// failoverArgs parses the arguments of FAILOVER.
func (c *Call) failoverArgs() (f failover, ok bool) {
	to, timeout := false, int64(0)
	for i := 1; i < len(c.args); i++ {
		left := len(c.args) - i - 1
		switch {
		case c.is(i, "timeout") && left >= 1 && timeout == 0:
			i++
			if timeout, ok = c.int(i, ""); !ok {
				return f, false
			}
			if timeout <= 0 {
				c.err("ERR FAILOVER timeout must be greater than 0")
				return f, false
			}
		case c.is(i, "to") && left >= 2 && !to:
			port, ok := resp.ParseInt(c.args[i+2])
			if !ok {
				c.err(errNotInteger)
				return f, false
			}
			// A port out of range is no replica's.
			f.target = repl.Address{Host: string(c.args[i+1]), Port: int(port)}
			to = true
			i += 2
		case c.is(i, "force") && !f.force:
			f.force = true
		default:
			c.err(errSyntax)
			return f, false
		}
	}
	if timeout > 0 {
		f.deadline = c.now + min(timeout, math.MaxInt64-c.now)
	}
	return f, true
}

// refuseFailover returns why this server can't begin such a failover, or "".
func (s *Server) refuseFailover(f failover) string {
	switch {
	case s.failover.phase != noFailover:
		return "ERR FAILOVER already in progress."
	case s.role.isReplica():
		return "ERR FAILOVER is not valid when server is a replica."
	case s.master.Count() == 0:
		return "ERR FAILOVER requires connected replicas."
	case f.force && (f.deadline == 0 || f.target.Host == ""):
		return "ERR FAILOVER with force option requires both a timeout and target HOST and IP."
	case f.target.Host == "":
		return ""
	}
	for _, r := range s.master.Replicas() {
		switch {
		case !isAt(r, f.target):
		case r.State != repl.Online:
			return "ERR FAILOVER target replica is not online."
		default:
			return ""
		}
	}
	return "ERR FAILOVER target HOST and PORT is not a replica."
}
