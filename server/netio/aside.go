package netio

import (
	"sync/atomic"
	"time"
)

// patience is for how long a loop stands still for what Aside was given; it may become twice that.
const patience = 2 * time.Millisecond

// Aside has the loop's goroutine run fn once the round is over. fn may wait for the system; if it takes longer than a few
// milliseconds, another goroutine goes on with the loop meanwhile. So fn must not touch the loop but by Post. What it
// posts is done before anything more is read. It returns false, and fn is not run, if the loop is in the middle of a callback, or
// has something else to run. It is for BeforeFlush.
//
// It is for what nearly all connections wait for in any case. With a thread of its own for that, which has to be woken and to wake the loop,
// 50 clients that wait for an fsync each got 5 to 10% less done, and the server needed a fifth more time of the processor.
func (l *Loop) Aside(fn func()) bool {
	if l.aside != nil || l.nested > 0 || l.stopped {
		return false
	}
	l.aside = fn
	return true
}

// seat is what makes a goroutine the loop's. One that stands aside may lose it.
type seat struct {
	loop  *Loop
	left  atomic.Bool  // nobody is in it, and who comes first may have it
	since atomic.Int64 // ns since the loop began: when it was last left
	watch atomic.Bool  // the timer is running
	timer *time.Timer
}

func newSeat(l *Loop) *seat {
	s := &seat{loop: l}
	s.timer = time.AfterFunc(time.Hour, s.look)
	s.timer.Stop()
	return s
}

// standAside runs what Aside was given. It returns false if the goroutine is no longer the loop's.
func (l *Loop) standAside() bool {
	fn, s := l.aside, l.seat
	l.aside = nil
	s.since.Store(int64(time.Since(l.began)))
	s.left.Store(true)
	if s.watch.CompareAndSwap(false, true) {
		s.timer.Reset(patience)
	}
	fn()
	return s.left.CompareAndSwap(true, false)
}

// look is called every now and then while the seat is left again and again: a timer set each time, and stopped, would wake a thread
// of Go's each time. It has a stand-in take a seat that has been left for too long.
func (s *seat) look() {
	away := time.Since(s.loop.began) - time.Duration(s.since.Load())
	switch {
	case away < patience:
	case s.left.CompareAndSwap(true, false):
		s.loop.server.wg.Go(s.loop.takeSeat)
		return // the stand-in has another
	case away > 20*patience:
		s.watch.Store(false)
		if !s.left.Load() || !s.watch.CompareAndSwap(false, true) {
			return
		}
	}
	s.timer.Reset(patience)
}

// takeSeat is the goroutine of a stand-in.
func (l *Loop) takeSeat() {
	l.seat = newSeat(l)
	l.thread.moved()
	l.run()
}
