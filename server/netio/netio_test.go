package netio

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/tlsconf"
	"treedis/server/tlsconf/tlstest"
)

// wait is how long a condition that must come about may take.
const wait = 20 * time.Second

// funcs is a Handler made of functions, each of which may be nil. It checks that a connection's callbacks keep to their order.
type funcs struct {
	opened func(c *Conn)
	data   func(c *Conn)
	closed func(c *Conn, err error)

	bad atomic.Int64 // callbacks out of order, or nested
}

// track is what funcs knows of a connection.
type track struct{ inside, closed bool }

func (f *funcs) enter(c *Conn, first bool) func() {
	if first {
		c.Context = &track{}
	}
	t := c.Context.(*track)
	if t.inside || t.closed {
		f.bad.Add(1)
	}
	t.inside = true
	return func() { t.inside = false }
}

func (f *funcs) Opened(c *Conn) {
	defer f.enter(c, true)()
	if f.opened != nil {
		f.opened(c)
	}
}

func (f *funcs) Data(c *Conn) {
	defer f.enter(c, false)()
	if c.Paused() || c.Closing() {
		f.bad.Add(1)
	}
	if f.data != nil {
		f.data(c)
	}
}

func (f *funcs) Closed(c *Conn, err error) {
	defer f.enter(c, false)()
	c.Context.(*track).closed = true
	if f.closed != nil {
		f.closed(c, err)
	}
}

// echo sends back all it gets.
func echo(c *Conn) {
	c.Out.RawBytes(c.In())
	c.Consume(c.InLen())
}

// pipeListener hands out the ends of in-memory connections.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// setup is a running server and a way to connect to it.
type setup struct {
	*Server
	dial func() net.Conn
}

// kinds are the ways connections are served. Every behaviour is tested for each of them.
var kinds = []struct {
	name     string
	portable bool
	network  string
}{
	{"system/tcp", false, "tcp"},
	{"system/unix", false, "unix"},
	{"system/pipe", false, "pipe"},
	{"portable/tcp", true, "tcp"},
	{"portable/pipe", true, "pipe"},
	{"system/tls", false, "tls"},
}

// each runs a test for each kind, with the server closed and the order of callbacks checked at its end.
func each(t *testing.T, opts Options, handler func() *funcs, test func(t *testing.T, s *setup)) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			opts := opts
			opts.Portable = kind.portable
			h := handler()
			s := start(t, opts, h, kind.network)
			test(t, s)
			require.NoError(t, s.Close(t.Context()))
			require.Zero(t, h.bad.Load(), "callbacks out of order")
			for _, l := range s.Loops() {
				require.Zero(t, l.Len())
				require.Empty(t, l.conns)
			}
		})
	}
}

func start(t *testing.T, opts Options, h Handler, network string) *setup {
	s, err := New(opts, h)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	if network == "pipe" {
		ln := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		require.NoError(t, s.Serve(ln))
		return &setup{s, func() net.Conn {
			client, server := net.Pipe()
			_ = client.SetDeadline(time.Now().Add(wait))
			ln.conns <- server
			t.Cleanup(func() { client.Close() })
			return client
		}}
	}
	if network == "tls" {
		return startTLS(t, s)
	}
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/s"
	}
	ln, err := net.Listen(network, address)
	require.NoError(t, err)
	require.NoError(t, s.Serve(ln))
	return &setup{s, func() net.Conn {
		nc, err := net.Dial(network, ln.Addr().String())
		require.NoError(t, err)
		require.NoError(t, nc.SetDeadline(time.Now().Add(wait)))
		t.Cleanup(func() { nc.Close() })
		return nc
	}}
}

// startTLS serves encrypted connections.
func startTLS(t *testing.T, s *Server) *setup {
	ca, dir := tlstest.NewAuthority(t, "ca"), t.TempDir()
	pair := ca.Issue(dir, "server")
	m, err := tlsconf.Load(tlsconf.Settings{CertFile: pair.Cert, KeyFile: pair.Key})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, s.ServeUpgraded(ln, func(ctx context.Context, nc net.Conn) (net.Conn, error) {
		return m.Accept(ctx, nc, tls.NoClientCert)
	}))
	config := ca.Client()
	return &setup{s, func() net.Conn {
		nc, err := tls.Dial("tcp", ln.Addr().String(), config)
		require.NoError(t, err)
		require.NoError(t, nc.SetDeadline(time.Now().Add(wait)))
		t.Cleanup(func() { nc.Close() })
		return nc
	}}
}

// send writes in a goroutine, since an in-memory connection takes no byte before it is read.
func send(nc net.Conn, p []byte) { go func() { _, _ = nc.Write(p) }() }

func receive(t *testing.T, nc net.Conn, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	_, err := io.ReadFull(nc, p)
	require.NoError(t, err)
	return p
}

func randomBytes(n int) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestEcho(t *testing.T) {
	each(t, Options{Loops: 2}, func() *funcs { return &funcs{data: echo} }, func(t *testing.T, s *setup) {
		var group sync.WaitGroup
		for i := range 8 {
			nc := s.dial()
			group.Go(func() {
				for _, n := range []int{1, 10, 1000, readSize - 1, readSize, readSize + 1, 300000 + i} {
					p := randomBytes(n)
					send(nc, p)
					if got := receive(t, nc, n); !bytes.Equal(p, got) {
						t.Errorf("%d bytes came back changed", n)
					}
				}
			})
		}
		group.Wait()
		require.Eventually(t, func() bool { // what is counted has left already
			var in, out int64
			for _, l := range s.Loops() {
				in += l.BytesIn()
				out += l.BytesOut()
			}
			return in == out && in > 8*300000
		}, wait, time.Millisecond)
	})
}

// frames consumes requests of a given size only, and answers each with its first byte and the size.
func frames(size int) func(c *Conn) {
	return func(c *Conn) {
		for c.InLen() >= size {
			c.Out.RawBytes(c.In()[:1])
			c.Consume(size)
		}
		if c.InLen() > 0 {
			c.Need(size - c.InLen())
		}
	}
}

func TestPartialInput(t *testing.T) {
	for _, size := range []int{2, 3000, 5000, 40000, 8 << 20} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			each(t, Options{}, func() *funcs { return &funcs{data: frames(size)} }, func(t *testing.T, s *setup) {
				nc := s.dial()
				const count = 4
				all := randomBytes(size)
				want := bytes.Repeat(all[:1], count)
				go func() {
					r := rand.New(rand.NewPCG(2, uint64(size)))
					input := bytes.Repeat(all, count)
					for len(input) > 0 {
						n := min(len(input), 1+r.IntN(max(2, size/2)))
						if _, err := nc.Write(input[:n]); err != nil {
							return
						}
						input = input[n:]
					}
				}()
				require.Equal(t, want, receive(t, nc, count))
			})
		})
	}
}

// A peer that does not read must not stop its loop, and gets everything once it does.
func TestSlowReader(t *testing.T) {
	const chunk, total = 100 << 10, 12 << 20
	each(t, Options{}, func() *funcs {
		return &funcs{data: func(c *Conn) {
			if c.In()[0] == 'x' {
				for range total / chunk {
					c.Out.RawBytes(randomBytes(chunk))
					c.loop.flush(c)
				}
			} else {
				c.Out.RawString("ok")
			}
			c.Consume(c.InLen())
		}}
	}, func(t *testing.T, s *setup) {
		slow, fast := s.dial(), s.dial()
		send(slow, []byte("x"))
		require.Eventually(t, func() bool {
			pending := make(chan int)
			s.Loops()[0].Post(func() {
				n := 0
				s.Loops()[0].Each(func(c *Conn) bool { n += c.OutLen(); return true })
				pending <- n
			})
			return <-pending > total/3
		}, wait, time.Millisecond)
		send(fast, []byte("y"))
		require.Equal(t, "ok", string(receive(t, fast, 2)))
		want := randomBytes(chunk)
		for range total / chunk {
			require.True(t, bytes.Equal(want, receive(t, slow, chunk)))
		}
	})
}

func TestPost(t *testing.T) {
	const posts = 1000
	each(t, Options{Loops: 2}, func() *funcs {
		return &funcs{data: echo}
	}, func(t *testing.T, s *setup) {
		nc := s.dial()
		send(nc, []byte("a"))
		receive(t, nc, 1)
		c := only(t, s)
		for i := range posts {
			require.True(t, c.Post(func() { c.Out.RawBytes([]byte{byte(i)}) }))
		}
		got := receive(t, nc, posts)
		for i := range got {
			require.Equal(t, byte(i), got[i])
		}
		require.True(t, c.Post(c.Close))
		_, err := nc.Read(make([]byte, 1))
		require.Error(t, err)
		require.Eventually(t, func() bool { return !c.Post(func() { t.Error("ran after close") }) }, wait, time.Millisecond)
	})
}

// only returns the one connection of a server.
func only(t *testing.T, s *setup) *Conn {
	t.Helper()
	found := make(chan *Conn, 100)
	for _, l := range s.Loops() {
		done := make(chan struct{})
		require.True(t, l.Post(func() {
			l.Each(func(c *Conn) bool { found <- c; return true })
			close(done)
		}))
		<-done
	}
	require.Len(t, found, 1)
	return <-found
}

func TestCloseReasons(t *testing.T) {
	for _, test := range []struct {
		name string
		act  func(t *testing.T, nc net.Conn)
		want error
		got  string // what the client reads before the end
	}{
		{"peer", func(t *testing.T, nc net.Conn) { nc.Close() }, io.EOF, ""},
		{"handler", func(t *testing.T, nc net.Conn) { send(nc, []byte("c")) }, nil, ""},
		{"cause", func(t *testing.T, nc net.Conn) { send(nc, []byte("w")) }, errTest, ""},
		{"after flush", func(t *testing.T, nc net.Conn) { send(nc, []byte("f")) }, nil, "bye"},
		{"opened", nil, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, Options{}, func() *funcs {
				return &funcs{}
			}, func(t *testing.T, s *setup) {
				causes := make(chan error, 2)
				h := s.handler.(*funcs)
				done := make(chan struct{})
				require.True(t, s.Loops()[0].Post(func() {
					if test.act == nil {
						h.opened = (*Conn).Close
					}
					h.data = func(c *Conn) {
						switch c.In()[0] {
						case 'c':
							c.Out.RawString("lost")
							c.Close()
							c.CloseWith(errTest)
						case 'w':
							c.CloseWith(errTest)
						case 'f':
							c.Out.RawString("bye")
							c.CloseAfterFlush()
						}
					}
					h.closed = func(c *Conn, err error) { causes <- err }
					close(done)
				}))
				<-done
				nc := s.dial()
				if test.act != nil {
					test.act(t, nc)
				}
				if test.want != io.EOF {
					got, _ := io.ReadAll(nc)
					require.Equal(t, test.got, string(got))
				}
				require.ErrorIs(t, <-causes, test.want)
			})
		})
	}
}

var errTest = errors.New("cause of a test")

func TestPauseAndResume(t *testing.T) {
	each(t, Options{}, func() *funcs {
		return &funcs{data: func(c *Conn) {
			// One byte a time, then it wants to be resumed.
			c.Out.RawBytes(c.In()[:1])
			c.Consume(1)
			c.Pause()
		}}
	}, func(t *testing.T, s *setup) {
		nc := s.dial()
		send(nc, []byte("abc"))
		require.Equal(t, "a", string(receive(t, nc, 1)))
		c := only(t, s)
		for _, want := range []string{"b", "c"} {
			require.True(t, c.Post(c.Resume))
			require.Equal(t, want, string(receive(t, nc, 1)))
		}
		// Nothing is left: resuming waits for input.
		require.True(t, c.Post(c.Resume))
		send(nc, []byte("d"))
		require.Equal(t, "d", string(receive(t, nc, 1)))
	})
}

func TestDisconnectWhilePaused(t *testing.T) {
	for _, unread := range []string{"", "unread"} {
		t.Run("input "+unread, func(t *testing.T) {
			causes := make(chan error, len(kinds))
			each(t, Options{}, func() *funcs {
				return &funcs{
					data: func(c *Conn) {
						c.Out.RawBytes(c.In()[:1])
						c.Consume(1)
						c.Pause()
					},
					closed: func(c *Conn, err error) { causes <- err },
				}
			}, func(t *testing.T, s *setup) {
				nc := s.dial()
				send(nc, []byte("a"))
				receive(t, nc, 1)
				if unread != "" {
					_, err := nc.Write([]byte(unread))
					require.NoError(t, err)
				}
				nc.Close()
				require.Eventually(t, func() bool { return s.Loops()[0].Len() == 0 }, wait, time.Millisecond)
				require.Error(t, <-causes)
			})
		})
	}
}

func TestHijack(t *testing.T) {
	type taken struct {
		nc      net.Conn
		in, out []byte
		err     error
	}
	took := make(chan taken, len(kinds))
	each(t, Options{}, func() *funcs {
		return &funcs{
			data: func(c *Conn) {
				if !bytes.Contains(c.In(), []byte("\n")) {
					return
				}
				c.Consume(bytes.IndexByte(c.In(), '\n') + 1)
				c.Out.RawString("reply ")
				c.held, c.limit = true, c.OutPos()
				c.Out.RawString("held ")
				var k taken
				k.nc, k.in, k.out, k.err = c.Hijack()
				_, _, _, again := c.Hijack()
				if again != ErrConnClosed || c.Post(func() {}) {
					k.err = again
				}
				c.Out.RawString("never sent")
				took <- k
			},
			closed: func(*Conn, error) { panic("Closed after Hijack") },
		}
	}, func(t *testing.T, s *setup) {
		nc := s.dial()
		send(nc, []byte("take me\nrest"))
		k := <-took
		require.NoError(t, k.err)
		defer k.nc.Close()
		require.Equal(t, "held ", string(k.out))
		require.Equal(t, "reply ", string(receive(t, nc, 6)))
		send(k.nc, append(k.out, "more"...))
		require.Equal(t, "held more", string(receive(t, nc, 9)))
		rest := append(k.in, receive(t, k.nc, 4-len(k.in))...)
		require.Equal(t, "rest", string(rest))
		// The connection blocks, as a net.Conn does.
		time.AfterFunc(10*time.Millisecond, func() { _, _ = nc.Write([]byte("later")) })
		require.Equal(t, "later", string(receive(t, k.nc, 5)))
		require.Zero(t, s.Loops()[0].Len())
	})
}

// The output of a round leaves after BeforeFlush, and a round in which there were callbacks has one.
func TestBeforeFlush(t *testing.T) {
	var callbacks, flushed atomic.Int64
	opts := Options{BeforeFlush: func(l *Loop) { flushed.Store(callbacks.Load()) }}
	s := start(t, opts, &funcs{data: func(c *Conn) {
		callbacks.Add(1)
		echo(c)
	}}, "tcp")
	nc := s.dial()
	for range 100 {
		send(nc, []byte("a"))
		receive(t, nc, 1)
		require.Equal(t, callbacks.Load(), flushed.Load())
	}
}

// Output that is held, released at once or in another round, or not held at all, leaves in its order and none of it stays.
func TestHoldOutput(t *testing.T) {
	var rounds atomic.Int64
	beforeFlush := func(l *Loop) {
		if len(l.dirty) == 0 {
			return
		}
		n := rounds.Add(1) % 5
		if n > 2 {
			return
		}
		l.EachPending(func(c *Conn) {
			held := c.HoldRound()
			if n == 0 {
				l.Post(held.Release)
			} else {
				held.Release()
			}
		})
	}
	each(t, Options{BeforeFlush: beforeFlush}, func() *funcs { return &funcs{data: echo} }, func(t *testing.T, s *setup) {
		nc := s.dial()
		for i := range 100 {
			send(nc, []byte{byte(i)})
			require.Equal(t, []byte{byte(i)}, receive(t, nc, 1))
		}
	})
}

// Rounds that are held leave one by one, as they are released.
func TestHeldRoundsLeaveInTheirTurn(t *testing.T) {
	var held sync.Map // by loop, a channel of HeldOutput
	heldBy := func(l *Loop) chan HeldOutput {
		rounds, _ := held.LoadOrStore(l, make(chan HeldOutput, 1))
		return rounds.(chan HeldOutput)
	}
	beforeFlush := func(l *Loop) {
		l.EachPending(func(c *Conn) { heldBy(l) <- c.HoldRound() })
	}
	each(t, Options{BeforeFlush: beforeFlush}, func() *funcs { return &funcs{data: echo} }, func(t *testing.T, s *setup) {
		const text = "abc"
		nc := s.dial()
		var rounds []HeldOutput
		for i := range len(text) {
			send(nc, []byte{text[i]})
			rounds = append(rounds, <-heldBy(s.Loops()[0]))
		}
		for i, h := range rounds {
			h.Conn().Post(h.Release)
			require.Equal(t, text[i:i+1], string(receive(t, nc, 1)))
			left := make(chan int)
			h.Conn().Post(func() { left <- h.Conn().OutLen() })
			require.Equal(t, len(text)-i-1, <-left)
		}
	})
}

func TestCloseWaits(t *testing.T) {
	causes := make(chan error, 10*len(kinds))
	each(t, Options{Loops: 2}, func() *funcs {
		return &funcs{data: echo, closed: func(c *Conn, err error) { causes <- err }}
	}, func(t *testing.T, s *setup) {
		for range 10 {
			nc := s.dial()
			send(nc, []byte("a"))
			receive(t, nc, 1)
		}
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.Close(t.Context()))
		for range 10 {
			require.ErrorIs(t, <-causes, ErrServerClosed)
		}
		require.False(t, s.Loops()[0].Post(func() {}))
		client, server := net.Pipe()
		defer client.Close()
		require.ErrorIs(t, s.ServeConn(server), ErrServerClosed)
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1234}, "127.0.0.1:1234"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 1, Zone: "eth0"}, "[fe80::1]:1"},
		{&net.UnixAddr{Name: "/tmp/s", Net: "unix"}, "/tmp/s:0"},
		{nil, ""},
	} {
		require.Equal(t, c.want, addrText(c.addr))
	}
	require.Equal(t, "draining", stateDraining.String())
}
