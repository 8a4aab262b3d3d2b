package server

import (
	"net"
	"strconv"
	"time"

	"treedis/server/command"
	"treedis/server/ranges"
)

var replicaCommands = []row{
	{Spec: command.Spec{Name: "replica", Arity: -2,
		Since: "7.2.4", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about replicas; only treedis has them"}},
	{Spec: command.Spec{Name: "replica|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "7.2.4", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdReplicaHelp},
	{Spec: command.Spec{Name: "replica|verify", Arity: -2,
		Flags: command.Admin | command.NoScript | command.NoMulti | command.Blocking,
		Since: "7.2.4", Group: "server", Complexity: "O(1), and O(N*log(N)) for N keys in the background",
		Summary: "Compare the data with that of the replicas, at one offset",
		Syntax:  "[TIMEOUT milliseconds:integer]"}, run: cmdReplicaVerify},
}

func cmdReplicaHelp(c *Call) {
	c.help("VERIFY [TIMEOUT <milliseconds>]",
		"    Compare the data with that of the replicas, and name the ranges of keys that differ.")
}

// verifyTimeout is how long replicas may take.
const verifyTimeout = time.Minute

func cmdReplicaVerify(c *Call) {
	s, timeout := c.srv, verifyTimeout
	switch {
	case len(c.args) == 4 && c.is(2, "timeout"):
		var ok bool
		if timeout, ok = c.timeoutMillis(3); !ok {
			return
		}
	case len(c.args) != 2:
		c.err(errSyntax)
		return
	}
	switch {
	case s.role.isReplica():
		c.err("ERR REPLICA VERIFY is a master's to answer")
		return
	case !c.mayBlock():
		c.err("ERR REPLICA VERIFY is not possible here")
		return
	case s.pauses.active():
		c.err("ERR REPLICA VERIFY is not possible while writes are paused")
		return
	}
	v := s.newVerificationLocked()
	give := func() { s.verify.remove(v) }
	answer := func(client *Client) {
		give()
		s.replyVerified(client, v)
	}
	b := c.block(timeout, give, answer)
	v.open = func() { b.unblock(answer) }
	s.verify.add(v)
	s.beginVerifyLocked(v)
	s.dropGone(v)
}

// maxDifferences is how many differing ranges of a replica the reply names.
const maxDifferences = 100

// replyVerified replies with what is known: how each replica compares.
func (s *Server) replyVerified(c *Client, v *verification) {
	s.verify.mu.Lock()
	defer s.verify.mu.Unlock()
	if v.deserted() {
		c.out.Error("ERR no replica is left that could answer: their connections have ended")
		return
	}
	c.out.Map(5)
	for _, f := range []struct {
		name  string
		value int64
	}{{"offset", v.offset}, {"keys", v.keys}, {"ranges", int64(len(v.mine))}, {"pause-us", v.pause.Microseconds()}} {
		c.out.BulkString(f.name)
		c.out.Int(f.value)
	}
	c.out.BulkString("replicas")
	c.out.Array(len(v.peers))
	for _, p := range v.peers {
		var differ []ranges.Difference
		state := "equal"
		switch {
		case !p.asked:
			state = "unsupported"
		case p.gone:
			state = "disconnected"
		case !p.ready || !v.done:
			state = "no answer"
		default:
			if differ = ranges.Compare(v.mine, p.list); len(differ) > 0 {
				state = "different"
				s.logger.warningf("Replica %s differs from this server at offset %d in %d ranges of keys, the first from %q in database %d",
					p.Name(), v.offset, len(differ), differ[0].From, differ[0].DB)
			}
		}
		c.out.Map(4)
		c.out.BulkString("replica")
		c.out.BulkString(net.JoinHostPort(p.IP(), strconv.Itoa(p.Port)))
		c.out.BulkString("state")
		c.out.BulkString(state)
		c.out.BulkString("differing")
		c.out.Int(int64(len(differ)))
		c.out.BulkString("ranges")
		s.replyDifferences(c, differ[:min(len(differ), maxDifferences)])
	}
}

// replyDifferences names ranges: database, first key, the key after the last ("" for none), keys here and keys there.
func (s *Server) replyDifferences(c *Client, differ []ranges.Difference) {
	c.out.Array(len(differ))
	for _, d := range differ {
		c.out.Array(5)
		c.out.Int(int64(d.DB))
		c.out.Bulk(d.From)
		c.out.Bulk(d.To)
		c.out.Int(d.Keys[0])
		c.out.Int(d.Keys[1])
	}
}
