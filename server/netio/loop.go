package netio

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// readSize is the size of the buffer that a loop reads into. 64 KB hold a pipeline of 1,500 short commands, and are a
	// quarter of a megabyte less cache than the kernel would fill at once.
	readSize = 64 << 10
	// keptOutput and keptSize bound the output buffers that a loop keeps for reuse, all of them and each. A message to 100
	// subscribers takes a buffer for each of them.
	keptOutput = 2 << 20
	keptSize   = 64 << 10
	// outSize is the size of a new output buffer. In a round of 1,000 clients each has one until the replies are written: with
	// 16 KB SET took twice as much time of the processor, for making and collecting them.
	outSize = 1 << 10
)

// Loop serves some of a server's connections. Its methods are for callbacks on the loop itself, except where they say otherwise.
type Loop struct {
	server *Server
	index  int
	poller poller

	// The rest, up to mu, is used by the loop's goroutine only.
	conns     []*Conn
	again     []*Conn // to be read or resumed in the next round without waiting for an event
	dirty     []*Conn // to be written to
	dying     []*Conn // to be torn down
	spare     []*Conn // the memory of the list walked last, for the next to be begun
	tasks     []task  // the memory of the mail run last, for the next to come
	walked    []*Conn // what runAgain has still to come to
	delivered []task  // what runMail has still to come to
	later     []task  // for connections inside a callback
	readBuf   []byte
	outBufs   [][]byte       // spare output buffers
	outKept   int            // their capacity
	inBufs    [][]byte       // spare input buffers
	vec       [maxVec][]byte // of the write in progress
	aside     func()         // to be run behind this round; see Aside
	nested    int            // rounds within callbacks
	seat      *seat
	stopped   bool
	thread    thread

	mu    sync.Mutex
	mail  []task // guarded by mu; posted and not yet run
	ended bool   // guarded by mu; nothing is accepted any more

	hasMail  atomic.Bool // mail may be non-empty; spares an idle round the lock
	sleeping atomic.Bool // the loop is about to wait, or waits: whoever posts must wake it

	load     atomic.Int64 // connections, those on their way included
	bytesIn  counter
	bytesOut counter
	reads    counter
	writes   counter
	rounds   counter
	busy     counter       // nanoseconds of the rounds, without their waiting
	longest  counter       // of busy
	held     counter       // bytes that connections hold
	began    time.Time     // of the loop, for readings of the monotonic clock alone: they cost half of time.Now
	woken    time.Duration // since then, when the round's waiting ended; zero while it lasts
}

// counter is written by its loop only and read by anybody, so an addition needs no locked instruction.
type counter struct{ n atomic.Int64 }

func (c *counter) add(n int) { c.n.Store(c.n.Load() + int64(n)) }

// task is an entry of a mailbox: a new connection, a connection's event, or a function with the connection it was posted to, if any.
type task struct {
	c  *Conn
	ev event
	nc net.Conn
	fn func()
}

func newLoop(s *Server, index int, p poller) *Loop {
	l := &Loop{server: s, index: index, poller: p, readBuf: make([]byte, readSize), began: time.Now()}
	l.seat = newSeat(l)
	return l
}

// Index returns the loop's number, from 0 to the number of loops - 1. It is safe for concurrent use.
func (l *Loop) Index() int { return l.index }

// Len returns the number of connections. It is safe for concurrent use; on the loop itself it is exact.
func (l *Loop) Len() int { return int(l.load.Load()) }

// BytesIn and BytesOut return the bytes read and written since the start. They are safe for concurrent use.
func (l *Loop) BytesIn() int64  { return l.bytesIn.n.Load() }
func (l *Loop) BytesOut() int64 { return l.bytesOut.n.Load() }

// LoopStats are a loop's counters since the start.
type LoopStats struct {
	BytesIn, BytesOut int64
	Reads, Writes     int64 // system calls that moved something
	Rounds            int64
	Busy, Longest     time.Duration // of the rounds, without their waiting, and of the longest
}

// Stats returns the loop's counters. It is safe for concurrent use.
func (l *Loop) Stats() LoopStats {
	return LoopStats{
		BytesIn: l.BytesIn(), BytesOut: l.BytesOut(), Reads: l.reads.n.Load(), Writes: l.writes.n.Load(),
		Rounds: l.rounds.n.Load(), Busy: time.Duration(l.busy.n.Load()), Longest: time.Duration(l.longest.n.Load()),
	}
}

// Each calls fn for each open connection until it returns false. fn may close connections: they stay listed until the round's end.
func (l *Loop) Each(fn func(c *Conn) bool) {
	for _, c := range l.conns {
		if c.state.alive() && !fn(c) {
			return
		}
	}
}

// Post runs fn on the loop, after what was posted before. It never blocks and is safe for concurrent use. It returns false, and drops
// fn, if the loop has ended; fn is dropped as well if the loop ends before it comes to it.
func (l *Loop) Post(fn func()) bool { return l.post(task{fn: fn}) }

func (l *Loop) post(t task) bool {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return false
	}
	l.mail = append(l.mail, t)
	l.hasMail.Store(true)
	l.mu.Unlock()
	if l.sleeping.Load() && l.sleeping.CompareAndSwap(true, false) {
		l.poller.wake()
	}
	return true
}

// run is the loop's goroutine, or that of a stand-in.
func (l *Loop) run() {
	for !l.stopped {
		l.wait()
		l.serve()
		for l.aside != nil {
			if !l.standAside() {
				return
			}
			// Those that waited for it have their replies before anything else is read. Looking for input first would find
			// a few commands, which the others would then have to wait for.
			l.serve()
		}
	}
	l.end()
}

// serve is a round after its waiting.
func (l *Loop) serve() {
	l.awake()
	l.runAgain()
	l.runMail()
	l.bury()
	if l.server.opts.BeforeFlush != nil {
		l.server.opts.BeforeFlush(l)
	}
	l.flushAll()
	l.count()
}

// ServeOthers is for a callback of c that takes long: it attends to the loop's other connections for one round, which waits for
// nothing. c gets no callback meanwhile, and nothing is written to it.
func (c *Conn) ServeOthers() {
	l := c.loop
	if c.shared { // others will read into the loop's buffer
		c.shared, l.readBuf = false, make([]byte, readSize)
	}
	c.inside = true
	l.nested++
	l.poller.poll(false, l.ready)
	l.runAgain()
	l.runMail()
	l.bury()
	if l.server.opts.BeforeFlush != nil {
		l.server.opts.BeforeFlush(l)
	}
	l.flushAll()
	l.nested--
	c.inside = false
	if len(l.later) > 0 {
		l.mu.Lock()
		l.mail = append(l.later, l.mail...)
		l.hasMail.Store(true)
		l.mu.Unlock()
		l.later = nil
	}
	if c.state.alive() && (c.readable || c.hup) {
		l.rerun(c)
	}
}

// awake notes that the round's waiting is over.
func (l *Loop) awake() {
	if l.woken == 0 {
		l.woken = time.Since(l.began)
	}
}

// count adds a round to the counters.
func (l *Loop) count() {
	busy := time.Since(l.began) - l.woken
	l.woken = 0
	l.rounds.add(1)
	l.busy.add(int(busy))
	if int64(busy) > l.longest.n.Load() {
		l.longest.n.Store(int64(busy))
	}
}

// wait handles the events there are, and waits for one if there is nothing else to do. To look before waiting does not pay: it made 50
// clients without a pipeline cost 12% more time, as most looks find nothing.
func (l *Loop) wait() {
	if !l.rests() {
		l.poller.poll(false, l.ready)
		return
	}
	// Whoever posts after this store sees it and wakes the loop; whoever posted before is seen by the check that follows.
	l.sleeping.Store(true)
	l.poller.poll(l.rests(), l.ready)
	l.sleeping.Store(false)
}

// rests tells whether nothing but an event can give the loop something to do.
func (l *Loop) rests() bool {
	return len(l.again) == 0 && len(l.dirty) == 0 && len(l.dying) == 0 && !l.hasMail.Load()
}

// ready handles an event of a connection.
func (l *Loop) ready(c *Conn, ev event) {
	l.awake()
	if !c.state.alive() {
		return
	}
	if ev&evWrite != 0 && (c.blocked || c.state == stateDraining) {
		c.blocked = false
		l.soil(c)
	}
	c.hup = c.hup || ev&evHup != 0
	if ev&(evRead|evHup) != 0 {
		c.readable = true // if it is inside a callback, ServeOthers sees to it
		l.input(c)
		l.bury() // whoever asks next, in the same batch of events, must not meet one that has gone before
	}
}

// runAgain reads from the connections that the last round left with input.
func (l *Loop) runAgain() {
	l.walkAgain()
	if len(l.again) == 0 {
		return
	}
	list := l.again
	l.again, l.spare = l.spare[:0], nil
	l.walked = list
	l.walkAgain()
	clear(list)
	l.spare = list
}

// walkAgain reads from the connections of the list that is being walked. A callback that serves others goes on with it.
func (l *Loop) walkAgain() {
	for len(l.walked) > 0 {
		c := l.walked[0]
		l.walked = l.walked[1:]
		c.again = false
		l.input(c)
	}
}

// runMail runs what was posted. What is posted meanwhile is for the next round.
func (l *Loop) runMail() {
	l.runTasks()
	if !l.hasMail.Load() {
		return
	}
	l.mu.Lock()
	tasks := l.mail
	l.mail, l.tasks = l.tasks[:0], nil
	l.hasMail.Store(false)
	l.mu.Unlock()
	l.delivered = tasks
	l.runTasks()
	if cap(tasks) <= 4096 {
		l.tasks = tasks[:0]
	}
}

// runTasks runs what was delivered. A callback that serves others goes on with it.
func (l *Loop) runTasks() {
	for len(l.delivered) > 0 {
		t := l.delivered[0]
		l.delivered[0] = task{}
		l.delivered = l.delivered[1:]
		l.run1(t)
	}
}

func (l *Loop) run1(t task) {
	switch {
	case t.nc != nil:
		l.open(t.nc, t.c)
	case t.c != nil && t.c.inside:
		l.later = append(l.later, t)
	case t.ev != 0:
		l.ready(t.c, t.ev)
	case t.c == nil:
		t.fn()
	case t.c.state.alive():
		l.lend(t.c)
		t.fn()
		l.settle(t.c)
	}
}

// open begins to serve a connection.
func (l *Loop) open(nc net.Conn, c *Conn) {
	t, err := l.poller.add(nc, c)
	if err != nil {
		nc.Close()
		l.load.Add(-1)
		l.server.acceptError(err)
		return
	}
	if t == nil {
		t = newStream(nc, c)
	}
	c.transport = t
	c.place = len(l.conns)
	l.conns = append(l.conns, c)
	l.lend(c)
	l.server.handler.Opened(c)
	l.settle(c)
}

// lend gives a connection an output buffer for the time of a callback.
func (l *Loop) lend(c *Conn) {
	if c.Out.Buf != nil {
		return
	}
	if n := len(l.outBufs); n > 0 {
		c.Out.Buf = l.outBufs[n-1]
		l.outBufs = l.outBufs[:n-1]
		l.outKept -= cap(c.Out.Buf)
		return
	}
	c.Out.Buf = make([]byte, 0, outSize)
}

// settle ends a callback of a connection: it takes back a buffer that was not used, and notes what there is to do.
func (l *Loop) settle(c *Conn) {
	switch {
	case len(c.Out.Buf) > 0 || c.state == stateDraining:
		l.soil(c)
	default:
		l.takeBack(c)
	}
	if c.paused && c.hup {
		l.rerun(c) // which finds that nobody is left to wait for
	}
}

// takeBack returns a connection's output buffer, whose bytes are all written.
func (l *Loop) takeBack(c *Conn) {
	if l.server.keepOutput.Load() && c.state.alive() {
		c.Out.Buf = c.Out.Buf[:0]
		return
	}
	if n := cap(c.Out.Buf); n >= outSize && n <= keptSize && l.outKept+n <= keptOutput {
		l.outBufs = append(l.outBufs, c.Out.Buf[:0])
		l.outKept += n
	}
	c.Out.Buf = nil
}

// rerun notes that a connection is to be read from, or its input shown again, without waiting for an event.
func (l *Loop) rerun(c *Conn) {
	if !c.again {
		c.again = true
		l.again = append(l.again, c)
	}
}

// soil notes that a connection has output to write.
func (l *Loop) soil(c *Conn) {
	if !c.dirty {
		c.dirty = true
		l.dirty = append(l.dirty, c)
	}
}

// doom notes that a connection is to be torn down. The first cause counts.
func (l *Loop) doom(c *Conn, err error) {
	if c.state.alive() {
		c.state, c.cause = stateDoomed, err
		l.dying = append(l.dying, c)
	}
}

// bury tears down the connections that are doomed. Closed may doom others.
func (l *Loop) bury() {
	if len(l.dying) == 0 {
		return
	}
	kept := l.dying[:0]
	for i := 0; i < len(l.dying); i++ {
		c := l.dying[i]
		if c.inside {
			kept = append(kept, c)
			continue
		}
		l.remove(c)
		c.transport.close()
		l.server.handler.Closed(c, c.cause)
	}
	clear(l.dying[len(kept):])
	l.dying = kept
}

// remove takes a connection off the loop's list. It is no longer the loop's.
func (l *Loop) remove(c *Conn) {
	last := len(l.conns) - 1
	l.conns[c.place] = l.conns[last]
	l.conns[c.place].place = c.place
	l.conns[last] = nil
	l.conns = l.conns[:last]
	l.load.Add(-1)
	c.state = stateClosed
	c.closed.Store(true)
	l.dropInput(c)
	l.takeBack(c)
	c.queue, c.queued = nil, 0
	l.publishInput(c)
	l.publishOutput(c)
}

// flushAll writes the output of the round. A connection that would take more than its share is left for the next.
func (l *Loop) flushAll() {
	if len(l.dirty) == 0 {
		return
	}
	list := l.dirty
	l.dirty, l.spare = l.spare[:0], nil
	for _, c := range list {
		c.dirty = false
		if c.inside {
			l.soil(c)
			continue
		}
		l.flush(c)
	}
	clear(list)
	l.spare = list
	l.bury() // before a peer that was told goodbye can have others ask for it
}

// end closes what the loop still holds.
func (l *Loop) end() {
	l.mu.Lock()
	l.ended = true
	rest := l.mail
	l.mail = nil
	l.mu.Unlock()
	for _, t := range rest {
		if t.nc != nil {
			t.nc.Close()
			l.load.Add(-1)
		}
	}
	for _, c := range l.conns {
		l.doom(c, ErrServerClosed)
	}
	l.bury()
	if l.server.opts.BeforeFlush != nil {
		l.server.opts.BeforeFlush(l)
	}
	l.poller.close()
}
