package server

import (
	"runtime"
	"sync/atomic"
	"time"

	"treedis/server/config"
	"treedis/server/process"
)

// scriptWatch sees to it that a script which runs long is interrupted. Its goroutine is there while scripts run, and for
// a moment longer: to begin one costs a script nothing but two stores.
type scriptWatch struct {
	running atomic.Pointer[scriptRun] // nil if there is none
	active  atomic.Bool               // the goroutine is there
	stopped atomic.Bool               // the server ends: so must scripts
}

const (
	watchPeriod = 25 * time.Millisecond // while no script runs longer than this
	slowPeriod  = 5 * time.Millisecond  // between two looks at one that does
	watchIdle   = 4                     // periods without a script after which the goroutine ends
	minGrowth   = 256 << 20             // bytes by which the heap may grow while a script runs, at least
)

// stop ends the script that runs, and those to come.
func (w *scriptWatch) stop() {
	w.stopped.Store(true)
	if r := w.running.Load(); r != nil {
		r.Interrupt()
	}
}

// watchScript begins to watch a script.
func (s *Server) watchScript(r *scriptRun) {
	w := &s.scriptWatch
	w.running.Store(r)
	if !w.active.Load() && w.active.CompareAndSwap(false, true) {
		s.wg.Go(s.watchScripts)
	}
}

// watchScripts is the goroutine that watches.
func (s *Server) watchScripts() {
	w := &s.scriptWatch
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	var last *scriptRun
	var growth memoryGrowth
	for idle := 0; idle < watchIdle; {
		<-tick.C
		r := w.running.Load()
		switch {
		case r == nil:
			idle++
		case r != last:
			idle = 0
			growth.begin(s.opts.ScriptMemory)
			tick.Reset(watchPeriod)
		default:
			tick.Reset(slowPeriod)
			s.lookAt(r, &growth)
		}
		last = r
	}
	w.active.Store(false)
	if w.running.Load() != nil && w.active.CompareAndSwap(false, true) { // it began before active was cleared
		s.wg.Go(s.watchScripts)
	}
}

// lookAt interrupts a script that has to yield or to end.
func (s *Server) lookAt(r *scriptRun, growth *memoryGrowth) {
	threshold := config.BusyReplyThreshold.Duration(s.cfg)
	if growth.tooMuch() {
		r.greedy.Store(true)
	}
	if r.greedy.Load() || s.scriptWatch.stopped.Load() || threshold > 0 && s.mono()-r.began >= threshold {
		r.Interrupt()
	}
}

// memoryGrowth tells how much the heap grows while a script runs.
type memoryGrowth struct {
	from, limit int64
}

func (g *memoryGrowth) begin(limit int64) {
	g.from = readHeap().objects
	if g.limit = limit; limit == 0 {
		g.limit = max(minGrowth, process.SystemMemory()/4)
	}
}

// tooMuch reports whether the heap has grown beyond the limit, garbage left aside.
func (g *memoryGrowth) tooMuch() bool {
	if readHeap().objects-g.from <= g.limit {
		return false
	}
	runtime.GC()
	return readHeap().objects-g.from > g.limit
}

const errServerEnds = "Script killed: the server ends"

// yield is called between two instructions of a script that was interrupted. What it returns, if not "", ends the
// script.
func (r *scriptRun) yield() string {
	s := r.srv
	switch {
	case s.scriptWatch.stopped.Load():
		return errServerEnds
	case r.greedy.Load():
		return "not enough memory"
	}
	if !r.slow {
		r.slow = true
		kill := "FUNCTION KILL"
		if r.eval {
			kill = "SCRIPT KILL"
		}
		s.logger.warningf("Slow script detected: still in execution after %d milliseconds. You can try killing the script using the %s command. Script name is: %s.",
			(s.mono() - r.began).Milliseconds(), kill, r.Name)
	}
	s.lock.lend()
	if conn := r.caller.conn; conn != nil {
		conn.ServeOthers()
	}
	s.lock.borrow()
	if s.halted && r.killed == "" {
		r.killed = errServerEnds
	}
	return r.killed
}

// busyText is what other clients are told while the script lends the lock out.
func (r *scriptRun) busyText() string {
	if r.eval {
		return errBusyEval
	}
	return errBusyFunction
}

// killScript is SCRIPT KILL, and FUNCTION KILL.
func (c *Call) killScript(eval bool) {
	r := c.srv.scripts.run
	switch {
	case r == nil:
		c.err(errNotBusy)
	case r.caller.isMaster:
		c.err("UNKILLABLE The busy script was sent by a master instance in the context of replication and cannot be killed.")
	case r.wrote:
		c.err("UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.")
	case r.eval != eval:
		c.err(r.busyText())
	default:
		c.srv.logger.noticef("Lua script killed by user with SCRIPT KILL.")
		r.killed = "Script killed by user with SCRIPT KILL..."
		c.out.OK()
	}
}
