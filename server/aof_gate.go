package server

import (
	"treedis/repl"
	"treedis/repl/aof"
	"treedis/server/netio"
)

// replyGate is what replies wait at: it calls open once offset has been passed, or returns nil if it has been already.
type replyGate interface {
	Wait(offset int64, open func()) *repl.Waiter
}

// heldReplies is the output of one round of a loop, which waits at a gate.
type heldReplies struct {
	gate   replyGate
	offset int64
	output netio.Batch
}

// loopGate holds back the output of one loop until the log up to where it stood when that output was made has passed
// the gates in force. That is more than the loop's own writes: nobody is shown what another has written, either, before it
// is safe. It belongs to the loop's goroutine.
type loopGate struct {
	held []heldReplies // by offset
	next *repl.Waiter  // for the first of them
}

// beforeFlush decides what of a round's output may leave.
func (s *Server) beforeFlush(l *netio.Loop) {
	g := &s.gates[l.Index()]
	end := s.log.EndOffset()
	gate := s.gateInForce(end)
	if gate == nil {
		if g.release(l); len(g.held) == 0 {
			return
		}
		last := g.held[len(g.held)-1] // another gate, that was in force: nothing overtakes what waits there
		gate, end = last.gate, last.offset
	}
	output := l.HoldOutput()
	if output == nil {
		return
	}
	g.held = append(g.held, heldReplies{gate, end, output})
	if len(g.held) == 1 {
		g.release(l)
	}
}

// gateInForce returns the gate that replies have to pass which were made when the log ended at end, nil if they may leave.
//
// With appendfsync always, that is the disk. Otherwise it is the file: what was replied to survives the process,
// if not the machine. Then the loop writes by itself if nobody else is about to.
func (s *Server) gateInForce(end int64) replyGate {
	w := s.aof.writer.Load()
	if w == nil {
		return nil
	}
	if s.aofPolicy() == aof.SyncAlways {
		if w.Fsynced.Passed() >= end {
			return nil
		}
		w.Kick()
		return &w.Fsynced
	}
	if w.Written.Passed() >= end || w.TryFlush(end) {
		return nil
	}
	w.Kick()
	return &w.Written
}

// release lets go of what has passed its gate, and waits for the next.
func (g *loopGate) release(l *netio.Loop) {
	if g.next != nil {
		g.next.Cancel()
		g.next = nil
	}
	for len(g.held) > 0 {
		h := g.held[0]
		if g.next = h.gate.Wait(h.offset, func() { l.Post(func() { g.release(l) }) }); g.next != nil {
			return
		}
		l.ReleaseOutput(h.output)
		g.held[0] = heldReplies{}
		g.held = g.held[1:]
	}
	g.held = nil
}
