package server

import (
	"slices"
	"time"

	"treedis/repl"
	"treedis/repl/aof"
	"treedis/server/netio"
)

// replyGate is what replies wait at: it calls open once offset has been passed, or returns nil if it has been already.
type replyGate interface {
	Wait(offset int64, open func()) *repl.Waiter
}

// loopGate holds back the output of one loop until the log up to where it stood when that output was made has passed
// the gates in force. That is more than the loop's own writes: nobody is shown what another has written, either, before it
// is safe. It belongs to the loop's goroutine.
//
// Output waits in queues, in the order in which it was made: one for all who need the same number of replicas, so that who
// needs fewer does not wait for the others. A connection that holds something stays in its queue until it holds nothing.
type loopGate struct {
	s     *Server // this and index never change
	index int

	observed    bool // in this round output was made that replicas have to confirm
	unconfirmed bool // and they have not
	holding     int  // rounds held in the queues
	queues      map[int]*gateQueue
	touched     []*gateQueue // in this round
	figures     gateFigures
}

// gateQueue is output that waits in its order.
type gateQueue struct {
	g     *loopGate
	held  []heldReplies
	next  *repl.Waiter // for the first of them
	timer *time.Timer  // nil unless armed

	outputs int // in held
	dead    int // of those, whose connections have gone
}

// heldReplies is the output of one round that waits for the same things.
type heldReplies struct {
	disk   replyGate // nil if the disk need not have it
	end    int64     // of the log, for the disk
	sync   syncNeed
	since  time.Duration // monotonic
	output []netio.HeldOutput
}

// beforeFlush decides what of a round's output may leave, and sends replicas what the round has appended to the log.
func (s *Server) beforeFlush(l *netio.Loop) {
	s.watchClients(l.Index())
	s.holdReplies(l)
	s.master.Push()
}

func (s *Server) holdReplies(l *netio.Loop) {
	g := &s.gates[l.Index()]
	end := s.log.EndOffset()
	disk := s.diskInForce(l, end)
	if disk == nil && !g.observed && g.holding == 0 {
		return
	}
	round := heldReplies{disk: disk, end: end, since: s.mono()}
	offset := s.log.DataEnd()
	if g.observed {
		offset = s.readBarrier(offset)
		g.observed = false
	}
	l.EachPending(func(conn *netio.Conn) { g.consider(conn, round, offset) })
	if g.unconfirmed {
		g.unconfirmed = false
		s.askReplicas(offset)
	}
	for i, q := range g.touched {
		if q.next == nil {
			q.release()
		}
		g.touched[i] = nil
	}
	g.touched = g.touched[:0]
}

// consider holds a connection's output back if it has to wait for anything.
func (g *loopGate) consider(conn *netio.Conn, round heldReplies, offset int64) {
	c := conn.Context.(*Client)
	round.sync = c.sync.need(offset)
	q := c.sync.queue
	if q == nil {
		if round.disk == nil && round.sync.met(g.s) {
			c.sync.shown = c.sync.shown[:0]
			return
		}
		q = g.queue(round.sync.key())
		c.sync.queue = q
		g.s.sync.gated.Add(1)
	}
	g.unconfirmed = g.unconfirmed || round.sync.term != nil
	c.sync.held++
	q.add(round, conn.HoldRound())
}

// loop is safe for concurrent use.
func (g *loopGate) loop() *netio.Loop { return g.s.net.Loops()[g.index] }

func (g *loopGate) queue(key int) *gateQueue {
	q := g.queues[key]
	if q == nil {
		if g.queues == nil {
			g.queues = make(map[int]*gateQueue)
		}
		q = &gateQueue{g: g}
		g.queues[key] = q
	}
	return q
}

// add appends a connection's output to the round that is being held.
func (q *gateQueue) add(round heldReplies, output netio.HeldOutput) {
	q.outputs++
	if n := len(q.held); n > 0 && q.held[n-1].since == round.since && q.held[n-1].sync == round.sync {
		q.held[n-1].output = append(q.held[n-1].output, output)
		return
	}
	round.output = []netio.HeldOutput{output}
	q.held = append(q.held, round)
	q.g.holding++
	if len(q.g.touched) == 0 || q.g.touched[len(q.g.touched)-1] != q {
		q.g.touched = append(q.g.touched, q)
	}
}

// asideBytes is up to how much, in bytes, a loop commits to the disk itself. More is the work of many commands, and the loop had better
// execute others meanwhile: with pipelines of 32 that makes a tenth more.
const asideBytes = 8 << 10

// asideTime is how long an fsync may take for a loop to do it itself: not much longer than it takes to have another thread do it. A
// disk that is slower, or becomes so, is left to the writer's goroutine, and holds up nobody who need not wait for it.
const asideTime = 500 * time.Microsecond

// diskInForce returns the gate that replies have to pass which were made when the log ended at end, nil if they may leave.
//
// With appendfsync always, that is the disk. The loop sees to it itself, behind the round, unless somebody else is at it. Otherwise it is the file: what was replied to survives the process,
// if not the machine. Then the loop writes by itself if nobody else is about to.
func (s *Server) diskInForce(l *netio.Loop, end int64) replyGate {
	w := s.aof.writer.Load()
	if w == nil {
		return nil
	}
	if s.aofPolicy() == aof.SyncAlways && !s.holdsFsync() {
		if w.Fsynced.Passed() >= end {
			return nil
		}
		own := end-w.Fsynced.Passed() <= asideBytes && w.SyncTime() <= asideTime && !w.Busy()
		if !own || !l.Aside(w.Commit) {
			w.Kick()
		}
		return &w.Fsynced
	}
	if w.Written.Passed() >= end {
		return nil
	}
	began := time.Now()
	done := w.TryFlush(end)
	s.aof.loopTime.Add(int64(time.Since(began)))
	if done {
		return nil
	}
	w.Kick()
	return &w.Written
}

// release lets go of what has passed its gates, and waits for the next.
func (q *gateQueue) release() {
	if q.next != nil {
		q.next.Cancel()
		q.next = nil
	}
	for len(q.held) > 0 {
		h := &q.held[0]
		if h.sync.over() {
			if !q.fail(h, errSyncOver) {
				return
			}
		} else if q.next = q.wait(h); q.next != nil {
			q.arm()
			return
		}
		q.pop()
	}
	q.held = nil
	q.disarm()
}

// wait waits for what holds the output back, or returns nil if nothing does.
func (q *gateQueue) wait(h *heldReplies) *repl.Waiter {
	again := func() { q.g.loop().Post(q.release) }
	if h.disk != nil {
		if w := h.disk.Wait(h.end, again); w != nil {
			return w
		}
	}
	return h.sync.wait(q.g.s, again)
}

// pop lets the first round's output leave.
func (q *gateQueue) pop() {
	h := q.held[0]
	q.held[0] = heldReplies{}
	q.held = q.held[1:]
	q.g.holding--
	q.outputs -= len(h.output)
	if h.sync.term != nil {
		q.g.figures.record(q.g.s.mono()-h.since, len(h.output))
	}
	for _, o := range h.output {
		o.Release()
		c := o.Conn().Context.(*Client)
		c.sync.forget(o.End())
		if c.sync.queue == nil { // closed meanwhile
			q.dead--
			continue
		}
		if c.sync.held--; c.sync.held == 0 {
			c.sync.queue = nil
			q.g.s.sync.gated.Add(-1)
		}
	}
}

// fail puts errors in the place of what the first round's output shows. It returns false, and will be called again, if that
// is not possible now.
func (q *gateQueue) fail(h *heldReplies, text string) bool {
	s := q.g.s
	s.lock.rlock(q.g.index)
	defer s.lock.runlock(q.g.index)
	for _, o := range h.output { // those before one that fails again are the same the next time
		c := o.Conn().Context.(*Client)
		done := o.Replace(func(old []byte, from int64) []byte {
			edited, errors := c.sync.replace(old, from, o.End(), text)
			for range errors {
				s.countErrorText(c.loop, text)
			}
			return edited
		})
		if !done {
			time.AfterFunc(retryFail, func() { q.g.loop().Post(q.release) })
			return false
		}
		o.Release()
	}
	return true
}

// retryFail is after how long output is looked at again whose connection runs a long script.
const retryFail = 10 * time.Millisecond

// arm sees to it that the first round's output is looked at again when its time is over.
func (q *gateQueue) arm() {
	timeout := q.g.s.syncTimeout()
	if q.timer != nil || timeout == 0 || q.held[0].sync.term == nil {
		return
	}
	left := max(q.held[0].since+timeout-q.g.s.mono(), time.Millisecond)
	q.timer = time.AfterFunc(left, func() { q.g.loop().Post(q.expire) })
}

func (q *gateQueue) disarm() {
	if q.timer != nil {
		q.timer.Stop()
		q.timer = nil
	}
}

// expire gives up what has waited for replicas too long.
func (q *gateQueue) expire() {
	q.disarm()
	for timeout := q.g.s.syncTimeout(); timeout > 0 && len(q.held) > 0; {
		h := &q.held[0]
		if h.sync.term == nil || q.g.s.mono() < h.since+timeout {
			break
		}
		if !q.fail(h, h.sync.timeoutText(q.g.s)) {
			break
		}
		q.g.figures.expired(len(h.output))
		q.pop()
	}
	q.release()
}

// leaveGate forgets that a client that goes away holds output. It is called on the client's loop.
func (s *Server) leaveGate(c *Client) {
	q := c.sync.queue
	if q == nil {
		return
	}
	c.sync.queue = nil
	s.sync.gated.Add(-1)
	if q.dead += c.sync.held; q.dead >= fewDead && q.dead > q.outputs/2 {
		q.sweep()
	}
}

// fewDead is how many outputs of connections that have gone may stay in a queue in any case.
const fewDead = 64

// sweep drops the output of connections that have gone: while there are no replicas clients may come, write, lose patience and
// go for ever.
func (q *gateQueue) sweep() {
	live := q.held[:0]
	for _, h := range q.held {
		h.output = slices.DeleteFunc(h.output, func(o netio.HeldOutput) bool {
			return o.Conn().Context.(*Client).sync.queue == nil
		})
		if len(h.output) > 0 {
			live = append(live, h)
		}
	}
	q.g.holding -= len(q.held) - len(live)
	clear(q.held[len(live):])
	q.held = live
	q.outputs, q.dead = q.outputs-q.dead, 0
	q.g.loop().Post(q.release) // what the first of them waits for may be another thing now
}
