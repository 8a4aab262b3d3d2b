package repl

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newPushingNode returns a master that promises to push, and the stream of a replica that is online.
func newPushingNode(t *testing.T) (*node, *bufio.Reader, net.Conn) {
	m := newNode(t)
	if !canPush {
		t.Skip("no pushing on this system")
	}
	m.master.pushes = true
	m.log.EnableBacklog()
	c := rawReplica(t, m, "PSYNC "+m.ids.Get().ID+" 1")
	r := bufio.NewReader(c)
	require.Equal(t, "+CONTINUE", readLine(t, r))
	return m, r, c
}

// pushed waits until nobody owns the replica's reader, so that the next push is one.
func (n *node) pushed(t *testing.T) {
	eventually(t, "the goroutine waits", func() bool {
		readers := *n.log.readers.Load()
		return len(readers) == 1 && readers[0].pusher.Load() != nil && readers[0].asleep.Load()
	})
}

func requireStream(t *testing.T, r *bufio.Reader, from, to int64) {
	t.Helper()
	got := make([]byte, to-from)
	_, err := io.ReadFull(r, got)
	require.NoError(t, err)
	require.True(t, bytes.Equal(stream(from, to), got))
}

func TestPush(t *testing.T) {
	t.Parallel()
	m, r, c := newPushingNode(t)
	m.pushed(t)
	m.log.Append(stream(0, 100))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err := r.ReadByte()
	require.Error(t, err, "nothing is sent before the round's end")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	before := m.master.Stats().OutputBytes
	m.master.Push()
	require.EqualValues(t, 100, m.master.Stats().OutputBytes-before, "written by the caller")
	requireStream(t, r, 0, 100)
	m.pushed(t)
	m.log.Append(stream(100, 150))
	m.log.WakePushed()
	requireStream(t, r, 100, 150)
	m.pushed(t)
	m.log.Append(stream(150, 150+3*pushLimit))
	requireStream(t, r, 150, 150+pushLimit) // without waiting for the round's end
}

// TestPushMeetsFullSocket: what does not leave at once is the goroutine's, and nothing is lost or sent twice.
func TestPushMeetsFullSocket(t *testing.T) {
	t.Parallel()
	m, r, _ := newPushingNode(t)
	const size = 20 << 20 // more than sockets hold
	for at := int64(0); at < size; at += 100_000 {
		m.log.Append(stream(at, min(at+100_000, size)))
		m.master.Push()
	}
	requireStream(t, r, 0, size)
	m.pushed(t)
	m.log.Append(stream(size, size+10))
	m.master.Push()
	requireStream(t, r, size, size+10)
}

// TestPushFromSeveralLoops: whoever finds another pushing leaves that one what there is.
func TestPushFromSeveralLoops(t *testing.T) {
	t.Parallel()
	m, r, _ := newPushingNode(t)
	const loops, rounds, size = 3, 20000, 30
	var group sync.WaitGroup
	at := int64(0) // guarded by the keyspace lock
	for range loops {
		group.Go(func() {
			for range rounds {
				m.Lock()
				m.log.Append(stream(at, at+size))
				at += size
				m.Unlock()
				m.master.Push()
			}
		})
	}
	requireStream(t, r, 0, loops*rounds*size)
	group.Wait()
}

// TestPushToReaderThatCloses ends connections while others push to them.
func TestPushToReaderThatCloses(t *testing.T) {
	t.Parallel()
	m, _, _ := newPushingNode(t)
	at := int64(0)
	for range 200 {
		var group sync.WaitGroup
		group.Go(func() {
			for range 20 {
				m.Lock()
				m.log.Append(stream(at, at+50))
				at += 50
				m.Unlock()
				m.master.Push()
			}
		})
		m.master.DisconnectAll()
		group.Wait()
		m.master.DisconnectAll()
		eventually(t, "gone", func() bool { return m.master.Count() == 0 })
		m.Lock()
		ours, theirs := tcpPair(t)
		require.NoError(t, m.master.AttachLocked(SyncRequest{Conn: ours, ReplID: m.ids.Get().ID, Offset: at + 1}))
		m.Unlock()
		require.Equal(t, "+CONTINUE", readLine(t, bufio.NewReader(theirs)))
	}
}

// tcpPair returns both ends of a connection.
func tcpPair(t *testing.T) (a, b net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	b, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	a, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}
