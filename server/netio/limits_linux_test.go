package netio

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// failingListener fails a number of times before it accepts.
type failingListener struct {
	net.Listener
	failures atomic.Int64
	err      error
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, l.err
	}
	return l.Listener.Accept()
}

func TestAcceptGoesOnAfterTransientErrors(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	failing := &failingListener{Listener: ln, err: &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}}
	failing.failures.Store(3)
	var told atomic.Int64
	s, err := New(Options{AcceptError: func(error) { told.Add(1) }}, &funcs{data: echo})
	require.NoError(t, err)
	require.NoError(t, s.Serve(failing))
	nc, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer nc.Close()
	send(nc, []byte("a"))
	require.Equal(t, "a", string(receive(t, nc, 1)))
	require.Equal(t, int64(3), told.Load())
	require.NoError(t, s.Close(t.Context()))
}

func TestAcceptEndsAfterOtherErrors(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	failing := &failingListener{Listener: ln, err: errors.New("broken")}
	failing.failures.Store(1)
	s, err := New(Options{}, &funcs{})
	require.NoError(t, err)
	require.NoError(t, s.Serve(failing))
	require.Eventually(t, func() bool {
		_, err := ln.Accept()
		return errors.Is(err, net.ErrClosed)
	}, wait, time.Millisecond, "a listener that is given up is closed")
	require.NoError(t, s.Close(t.Context()))
}

// A client's word alone must not make the server allocate what it announces; what it has sent may, eightfold.
func TestBufferGrowth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, need, want int
	}{
		{0, 0, minRead},
		{100, 0, 100 + minRead},
		{100 << 10, 0, 200 << 10},
		{100, 10, 100 + minRead},
		{60 << 10, 512 << 20, firstGrowth},
		{60 << 10, 100 << 10, 160 << 10},
		{1 << 20, 512 << 20, 8 << 20},
		{64 << 20, 448 << 20, 512 << 20},
	} {
		conn := &Conn{buf: make([]byte, c.have), w: c.have, need: c.need}
		require.Equal(t, c.want, conn.bufferSize(), "%d bytes and %d more", c.have, c.need)
	}
}

// A connection that is idle owns no buffer, one that stopped within a request about what it sent.
func TestIdleConnectionsCostLittle(t *testing.T) {
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	const wanted = 10000
	count := wanted
	if limit.Cur < 2*wanted+200 {
		count = int(limit.Cur-200) / 2
	}
	if count < 100 {
		t.Skip("needs more descriptors")
	}
	for _, rest := range []string{"", "*2\r\n$3\r\nGET"} {
		var seen atomic.Int64
		h := &funcs{data: func(c *Conn) {
			c.Out.RawString("x")
			c.Consume(1)
			seen.Add(1)
		}}
		s, err := New(Options{Loops: 2}, h)
		require.NoError(t, err)
		clients := make([]int, count)
		before := heap()
		for i := range clients {
			clients[i] = serveSocketPair(t, s)
			_, err := syscall.Write(clients[i], []byte("a"+rest))
			require.NoError(t, err)
		}
		require.Eventually(t, func() bool { return seen.Load() == int64(count) }, wait, time.Millisecond)
		perConn := (heap() - before) / int64(count)
		t.Logf("%d connections with %q pending: %d bytes each", count, rest, perConn)
		require.Less(t, perConn, int64(1024))
		for _, fd := range clients {
			syscall.Close(fd)
		}
		require.NoError(t, s.Close(t.Context()))
	}
}

// heap returns the bytes of live objects.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// serveSocketPair gives the server one end of a new connection, and returns the descriptor of the other.
func serveSocketPair(t *testing.T, s *Server) int {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	file := os.NewFile(uintptr(fds[0]), "")
	nc, err := net.FileConn(file)
	require.NoError(t, err)
	file.Close()
	require.NoError(t, s.ServeConn(nc))
	return fds[1]
}
