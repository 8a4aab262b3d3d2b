package server

import (
	"cmp"
	"slices"
	"sync/atomic"

	"treedis/server/command"
)

// pausePurpose is a reason to hold commands of clients back.
type pausePurpose uint8

const (
	pauseShutdown pausePurpose = iota // the server is about to stop, and what is written now might be lost
	pauseByClient                     // CLIENT PAUSE
	pauseFailover                     // FAILOVER: a replica is to have all that was written
	pausePurposes
)

// pauseKind says which commands are held back.
type pauseKind uint8

const (
	pauseNone   pauseKind = iota
	pauseWrites           // those that may change the data or be replicated
	pauseAll
)

// pauses is what commands are held back for. While there is anything, expired keys are not deleted either: the data stays
// as it is, and a replica does not go on with its master's stream. Written under the exclusive lock.
type pauses struct {
	of    [pausePurposes]pauseKind
	kind  pauseKind   // the strictest of them
	any   atomic.Bool // there is one; for who does not hold the lock
	until int64       // when CLIENT PAUSE ends, unix ms

	// arrivals numbers the commands that are held back; for who holds the shared lock only.
	arrivals atomic.Uint64
}

// active reports whether anything is held back.
func (p *pauses) active() bool { return p.kind != pauseNone }

// setPauseLocked begins, changes or ends (pauseNone) the pause for one purpose. Commands that nothing holds back any more run.
// It needs the exclusive lock.
func (s *Server) setPauseLocked(why pausePurpose, kind pauseKind) {
	p := &s.pauses
	before := p.kind
	p.of[why], p.kind = kind, pauseNone
	for _, k := range p.of {
		p.kind = max(p.kind, k)
	}
	p.any.Store(p.kind != pauseNone)
	if p.kind < before {
		s.resumePostponed()
	}
}

// holdsBack reports whether a client's command has to wait for the end of a pause. It needs the lock, at least shared.
func (s *Server) holdsBack(c *Client, r *row, args [][]byte) bool {
	if s.pauses.kind == pauseNone || c.conn == nil || c.monitors {
		return false
	}
	flags := s.flagsOf(r, args)
	if r.isExec {
		flags |= c.multi.has
	}
	return s.pauses.kind == pauseAll || flags.Has(command.Write) || flags.Has(command.MayReplicate)
}

// postpone leaves the command being executed in the client's input until the pause is over. It runs on the client's loop.
func (c *Client) postpone() {
	c.postponed = true
	c.arrival = c.srv.pauses.arrivals.Add(1)
	c.conn.Unconsume(c.queryBytes)
	c.conn.Pause()
}

// resumePostponed lets the clients whose commands were held back go on, those of a loop in the order in which they came. Those that
// are held back still are so once more.
func (s *Server) resumePostponed() {
	var waiting []*Client
	for _, c := range s.clients {
		if c.postponed {
			waiting = append(waiting, c)
		}
	}
	slices.SortFunc(waiting, func(a, b *Client) int { return cmp.Compare(a.arrival, b.arrival) })
	for _, c := range waiting {
		conn := c.conn
		conn.Post(func() {
			s.lock.rlock(c.loop)
			defer s.lock.runlock(c.loop)
			if c.postponed {
				c.postponed = false
				conn.Resume()
			}
		})
	}
}
