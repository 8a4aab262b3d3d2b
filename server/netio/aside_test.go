package netio

import (
	"io"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// What waits for a function that runs aside leaves when it is over; and if that takes long, another goroutine serves the
// loop's connections meanwhile, as often as that happens.
func TestAside(t *testing.T) {
	type commit struct{ started, end chan struct{} }
	commits := make(chan commit, 100)
	var busy atomic.Bool
	var before atomic.Int64 // calls of BeforeFlush with output to hold
	opts := Options{Loops: 1, BeforeFlush: func(l *Loop) {
		var held []HeldOutput
		l.EachPending(func(c *Conn) {
			if string(c.Out.Buf) == "w" {
				held = append(held, c.HoldRound())
			}
		})
		if len(held) == 0 {
			return
		}
		before.Add(1)
		release := func() {
			for _, o := range held {
				o.Release()
			}
		}
		select {
		case this := <-commits:
			if busy.Swap(true) || !l.Aside(func() {
				close(this.started)
				<-this.end
				busy.Store(false)
				l.Post(release)
			}) {
				t.Error("asked for while the last is under way")
			}
		default:
			release()
		}
	}}
	t.Parallel()
	s := start(t, opts, &funcs{data: echo}, "tcp")
	writer, reader := s.dial(), s.dial()
	for range 3 {
		quick := commit{make(chan struct{}), make(chan struct{})}
		close(quick.end)
		commits <- quick
		send(writer, []byte("w"))
		require.Equal(t, "w", string(receive(t, writer, 1)))
		<-quick.started

		slow := commit{make(chan struct{}), make(chan struct{})}
		commits <- slow
		send(writer, []byte("w"))
		<-slow.started
		for range 3 { // by a stand-in
			send(reader, []byte("r"))
			require.Equal(t, "r", string(receive(t, reader, 1)))
		}
		close(slow.end)
		require.Equal(t, "w", string(receive(t, writer, 1)))
	}
	require.EqualValues(t, 6, before.Load())

	// One that is under way when the server is closed is waited for.
	last := commit{make(chan struct{}), make(chan struct{})}
	commits <- last
	send(writer, []byte("w"))
	<-last.started
	closed := make(chan error)
	go func() { closed <- s.Close(t.Context()) }()
	_, err := reader.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	select {
	case <-closed:
		t.Fatal("closed while something runs aside")
	default:
	}
	close(last.end)
	require.NoError(t, <-closed)
}
