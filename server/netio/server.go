package netio

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Server serves the connections of its listeners. Its methods are safe for concurrent use.
type Server struct {
	opts    Options
	handler Handler
	loops   []*Loop
	life    context.Context // until the server is closed
	end     context.CancelFunc

	keepAlive  atomic.Int64 // nanoseconds
	keepOutput atomic.Bool
	hurry      hurry

	wg sync.WaitGroup // of every goroutine the server started

	mu        sync.Mutex
	listeners map[net.Listener]struct{} // guarded by mu
	closed    bool                      // guarded by mu
}

// New returns a server whose loops run, with no listener yet.
func New(opts Options, handler Handler) (*Server, error) {
	opts.Loops = max(1, opts.Loops)
	s := &Server{opts: opts, handler: handler, listeners: make(map[net.Listener]struct{})}
	s.life, s.end = context.WithCancel(context.Background())
	s.SetKeepAlive(opts.KeepAlive)
	for i := range opts.Loops {
		p, err := s.newPoller()
		if err != nil {
			for _, l := range s.loops {
				l.poller.close()
			}
			s.end()
			return nil, err
		}
		s.loops = append(s.loops, newLoop(s, i, p))
	}
	for _, l := range s.loops {
		s.wg.Go(l.run)
	}
	return s, nil
}

func (s *Server) newPoller() (poller, error) {
	if s.opts.Portable {
		return newChanPoller(), nil
	}
	return newSystemPoller()
}

// Loops returns the loops. The slice is the server's own.
func (s *Server) Loops() []*Loop { return s.loops }

// SetKeepAlive sets the interval of keepalive probes of TCP connections accepted from now on, 0 for none. A peer that answers none of
// three probes, a third of the interval apart, is taken for dead.
func (s *Server) SetKeepAlive(d time.Duration) { s.keepAlive.Store(int64(d)) }

// KeepOutput says whether connections keep their output buffers when all is written, for tests that count memory. Otherwise those
// who have something to write use them in turn.
func (s *Server) KeepOutput(keep bool) { s.keepOutput.Store(keep) }

// Serve accepts connections from ln, which becomes the server's, in a goroutine of its own. To end it, close ln or the server.
func (s *Server) Serve(ln net.Listener) error { return s.ServeUpgraded(ln, nil) }

// An Upgrade makes the connection to serve out of one that was accepted, as a handshake does. It runs in a goroutine of its own, until
// ctx is done at the latest. If it fails it has told whoever wants to know, and what was accepted is closed.
type Upgrade func(ctx context.Context, nc net.Conn) (net.Conn, error)

// ServeUpgraded is Serve for connections that are served as upgrade makes them. nil leaves them as they are.
func (s *Server) ServeUpgraded(ln net.Listener, upgrade Upgrade) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		ln.Close()
		return ErrServerClosed
	}
	s.listeners[ln] = struct{}{}
	s.wg.Go(func() {
		s.accept(ln, upgrade)
		ln.Close()
		s.mu.Lock()
		delete(s.listeners, ln)
		s.mu.Unlock()
	})
	return nil
}

// ServeConn serves a connection that was made elsewhere.
func (s *Server) ServeConn(nc net.Conn) error {
	if !s.assign(nc) {
		return ErrServerClosed
	}
	return nil
}

// Close closes the listeners and the connections, ends the loops, and waits for every goroutine of the server, at most until ctx is
// done. It may be called more than once.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.end()
		for ln := range s.listeners {
			ln.Close()
		}
		for _, l := range s.loops {
			l.Post(func() { l.stopped = true })
		}
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Bounds of the wait after an Accept that failed for want of descriptors or memory, which only others can give back.
const (
	minBackoff = 5 * time.Millisecond
	maxBackoff = time.Second
)

// accept hands a listener's connections to the loops until the listener ends.
func (s *Server) accept(ln net.Listener, upgrade Upgrade) {
	backoff := minBackoff
	for {
		nc, err := ln.Accept()
		if err == nil {
			backoff = minBackoff
			s.prepare(nc)
			s.admit(nc, upgrade)
			continue
		}
		if errors.Is(err, net.ErrClosed) || s.isDone() {
			return
		}
		s.acceptError(err)
		if !transient(err) {
			return
		}
		if !s.pause(backoff) {
			return
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// admit hands a connection to a loop once it is upgraded.
func (s *Server) admit(nc net.Conn, upgrade Upgrade) {
	if upgrade == nil {
		s.assign(nc)
		return
	}
	s.wg.Go(func() {
		upgraded, err := upgrade(s.life, nc)
		if err != nil {
			nc.Close()
			return
		}
		s.assign(upgraded)
	})
}

func (s *Server) acceptError(err error) {
	if s.opts.AcceptError != nil {
		s.opts.AcceptError(err)
	}
}

func (s *Server) isDone() bool { return s.life.Err() != nil }

// pause waits, and returns false if the server was closed meanwhile.
func (s *Server) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.life.Done():
		return false
	}
}

// transient tells whether a listener may accept again after err.
func transient(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ECONNABORTED) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// prepare sets a TCP connection's options. That they cannot be set is no reason to refuse it.
func (s *Server) prepare(nc net.Conn) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetNoDelay(true)
	interval := time.Duration(s.keepAlive.Load())
	if interval <= 0 {
		_ = tcp.SetKeepAlive(false)
		return
	}
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: interval, Interval: max(time.Second, interval/3), Count: 3,
	})
}

// assign gives a connection to the loop that has the fewest.
func (s *Server) assign(nc net.Conn) bool {
	best := s.loops[0]
	for _, l := range s.loops[1:] {
		if l.load.Load() < best.load.Load() {
			best = l
		}
	}
	c := &Conn{loop: best, local: addrText(nc.LocalAddr()), remote: addrText(nc.RemoteAddr())}
	if _, unix := nc.LocalAddr().(*net.UnixAddr); unix {
		c.remote = c.local // clients' ends have no name
	}
	best.load.Add(1)
	if !best.post(task{c: c, nc: nc}) {
		best.load.Add(-1)
		nc.Close()
		return false
	}
	return true
}

// addrText returns an address as CLIENT LIST shows it.
func addrText(addr net.Addr) string {
	switch a := addr.(type) {
	case nil:
		return ""
	case *net.TCPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port()).String()
	case *net.UnixAddr:
		return a.Name + ":0"
	}
	return addr.String()
}
