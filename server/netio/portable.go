package netio

import (
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	// streamChunk is how much a stream's goroutines read at once, and how much output they take at once.
	streamChunk = 16 << 10
	// streamBacklog is how much input a stream reads ahead of a connection that is paused, so as to notice the peer's end.
	streamBacklog = 256 << 10
	// lingerTime is how long a closed stream goes on to write what it had taken.
	lingerTime = time.Second
)

// chanPoller only waits to be woken: its connections are streams, which report by mail.
type chanPoller struct{ woken chan struct{} }

func newChanPoller() *chanPoller { return &chanPoller{woken: make(chan struct{}, 1)} }

func (p *chanPoller) poll(block bool, _ func(*Conn, event)) {
	if block {
		<-p.woken
		return
	}
	select {
	case <-p.woken:
	default:
	}
}

func (p *chanPoller) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *chanPoller) add(net.Conn, *Conn) (transport, error) { return nil, nil }
func (p *chanPoller) close()                                 {}

// stream is a transport over any net.Conn. One goroutine reads from it for as long as it lives; another writes to it while there is
// something to write.
type stream struct {
	c          *Conn
	nc         net.Conn
	descriptor int // -1 if nc has none

	readerDone chan struct{} // closed when the reader has ended

	mu       sync.Mutex
	consumed sync.Cond     // in was read from, or over was set
	in       []byte        // guarded by mu; input for the loop
	inErr    error         // guarded by mu; what comes after it
	out      []byte        // guarded by mu; output for the writer
	outErr   error         // guarded by mu; why no more can be written
	writer   chan struct{} // guarded by mu; closed when the writer has ended; nil if none runs
	over     bool          // guarded by mu; closed or detached
	linger   bool          // guarded by mu; the writer closes nc
}

// newStream begins to serve nc for c.
func newStream(nc net.Conn, c *Conn) *stream {
	s := &stream{c: c, nc: nc, descriptor: descriptorOf(nc), readerDone: make(chan struct{})}
	s.consumed.L = &s.mu
	c.loop.server.wg.Go(s.readLoop)
	return s
}

// notify tells the loop of an event. Closed connections' events are dropped there.
func (s *stream) notify(ev event) { s.c.loop.post(task{c: s.c, ev: ev}) }

func (s *stream) fd() int { return s.descriptor }

// descriptorOf returns the number of a connection's descriptor, or of that of the connection which it encrypts, or -1.
func descriptorOf(nc net.Conn) int {
	if outer, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = outer.NetConn()
	}
	fd := -1
	if c, ok := nc.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			_ = raw.Control(func(p uintptr) { fd = int(p) }) // fails if it is closed already, and has none
		}
	}
	return fd
}

func (s *stream) readLoop() {
	defer close(s.readerDone)
	buf := make([]byte, streamChunk)
	for {
		n, err := s.nc.Read(buf)
		if !s.received(buf[:n], err) {
			return
		}
	}
}

// received stores what was read, and returns whether to go on once there is room.
func (s *stream) received(p []byte, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := len(s.in) == 0
	s.in = append(s.in, p...)
	switch {
	case err != nil && !s.over:
		s.inErr = err
		s.notify(evRead | evHup)
	case first && len(p) > 0:
		s.notify(evRead)
	}
	for len(s.in) >= streamBacklog && !s.over && err == nil {
		s.consumed.Wait()
	}
	return err == nil && !s.over
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.in) == 0 {
		if s.inErr != nil {
			return 0, s.inErr
		}
		return 0, errAgain
	}
	n := copy(p, s.in)
	if n == len(s.in) {
		s.in = nil // an idle stream holds the reader's buffer only
	} else {
		s.in = s.in[n:]
	}
	s.consumed.Signal()
	return n, nil
}

func (s *stream) write(bufs [][]byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outErr != nil {
		return 0, s.outErr
	}
	n := 0
	for _, b := range bufs {
		b = b[:min(len(b), streamChunk-len(s.out))]
		s.out = append(s.out, b...)
		n += len(b)
	}
	if n == 0 {
		return 0, errAgain
	}
	if s.writer == nil {
		s.writer = make(chan struct{})
		s.c.loop.server.wg.Go(s.writeLoop)
	}
	return n, nil
}

// writeLoop writes what there is and ends. That it ended is an event: there is room, and a connection that drains is empty.
func (s *stream) writeLoop() {
	var buf []byte
	s.mu.Lock()
	for len(s.out) > 0 && s.outErr == nil {
		buf, s.out = s.out, buf[:0]
		s.mu.Unlock()
		_, err := s.nc.Write(buf)
		s.mu.Lock()
		s.outErr = err
		if !s.over {
			s.notify(evWrite)
		}
	}
	close(s.writer)
	s.writer, s.out = nil, nil
	if !s.over {
		s.notify(evWrite)
	}
	linger := s.linger
	s.mu.Unlock()
	if linger {
		s.nc.Close()
	}
}

func (s *stream) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writer == nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.in = nil
	s.consumed.Signal()
	if s.writer == nil {
		s.c.loop.server.wg.Go(func() { s.nc.Close() }) // an encrypted one says goodbye, which can take a moment
		return
	}
	s.linger = true
	_ = s.nc.SetReadDeadline(past())
	_ = s.nc.SetWriteDeadline(time.Now().Add(lingerTime))
}

// past is a deadline that has gone by.
func past() time.Time { return time.Unix(1, 0) }

func (s *stream) detach() (net.Conn, []byte, error) {
	s.mu.Lock()
	s.over = true
	s.consumed.Signal()
	writer := s.writer
	s.mu.Unlock()
	// The reader never waits for the loop, so that the loop can wait for it.
	if err := s.nc.SetReadDeadline(past()); err != nil {
		s.nc.Close()
		return nil, nil, err
	}
	<-s.readerDone
	if err := s.nc.SetReadDeadline(time.Time{}); err != nil {
		s.nc.Close()
		return nil, nil, err
	}
	if writer == nil {
		return s.nc, s.in, nil
	}
	return &detached{Conn: s.nc, writer: writer}, s.in, nil
}

// detached is a connection whose stream is still writing. Its own output waits for that to end.
type detached struct {
	net.Conn
	writer <-chan struct{}
}

func (d *detached) Write(p []byte) (int, error) {
	<-d.writer
	return d.Conn.Write(p)
}
