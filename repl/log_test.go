package repl

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// checkLog walks the log's invariants. The caller must be the only one to append.
func checkLog(t testing.TB, l *Log) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	end, start := l.end.Load(), l.start.Load()
	require.LessOrEqual(t, start, end)
	if !l.active.Load() {
		require.False(t, l.backlog)
		require.Empty(t, *l.readers.Load())
		require.Empty(t, l.blocks)
		return
	}
	require.NotEmpty(t, l.blocks)
	require.Same(t, l.tail, l.blocks[len(l.blocks)-1])
	require.Nil(t, l.tail.next.Load())
	for i, b := range l.blocks[1:] {
		require.Equal(t, l.blocks[i].limit(), b.base, "blocks are contiguous")
		require.Same(t, b, l.blocks[i].next.Load())
	}
	require.LessOrEqual(t, l.blocks[0].base, start)
	require.LessOrEqual(t, end, l.tail.limit())
	require.GreaterOrEqual(t, end, l.tail.base)
	for _, r := range *l.readers.Load() {
		require.LessOrEqual(t, l.blocks[0].base, r.pos.Load(), "what a reader wants is pinned")
	}
}

// activeLog returns a log with a backlog at offset.
func activeLog(t testing.TB, offset, size int64) *Log {
	t.Helper()
	l := NewLog(size)
	l.Reset(offset)
	require.True(t, l.EnableBacklog())
	return l
}

// stream returns the bytes from offset up to end of an endless known sequence.
func stream(offset, end int64) []byte {
	b := make([]byte, end-offset)
	for i := range b {
		x := uint64(offset+int64(i)) * 0x9e3779b97f4a7c15
		b[i] = byte(x >> 56)
	}
	return b
}

// readTo reads until the reader has returned everything up to offset end.
func readTo(t testing.TB, r *Reader, end int64) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var got []byte
	for at := r.Pos(); at+int64(len(got)) < end; {
		chunks, err := r.Next(ctx)
		require.NoError(t, err)
		for _, c := range chunks {
			got = append(got, c...)
		}
	}
	return got
}

func TestLogContainsEdges(t *testing.T) {
	t.Parallel()
	l := activeLog(t, 1000, MinBacklogSize)
	l.Append(stream(1000, 1500))
	require.EqualValues(t, 1500, l.EndOffset())
	require.EqualValues(t, 500, l.HistLen())
	for _, c := range []struct {
		first int64
		want  bool
	}{
		{-1, false}, {0, false}, {999, false},
		{1000, false}, // byte 1000 came before the history
		{1001, true},  // its first byte
		{1002, true}, {1500, true},
		{1501, true},  // caught up: the byte that comes next
		{1502, false}, // from the future
	} {
		require.Equal(t, c.want, l.Contains(c.first), "first wanted byte %d", c.first)
		r, ok := l.NewReader(c.first-1, nil)
		require.Equal(t, c.want, ok, "reader at %d", c.first-1)
		if ok {
			l.Append([]byte(nil))
			require.Equal(t, stream(c.first-1, 1500), append([]byte{}, readTo(t, r, 1500)...))
			r.Close()
		}
	}
	checkLog(t, l)
}

func TestLogEdgesAtBlockBoundaries(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, blockSize - 1, blockSize, blockSize + 1, 2 * blockSize, 5*blockSize + 7} {
		l := activeLog(t, 0, 1<<20)
		l.Append(stream(0, n))
		for _, at := range []int64{0, 1, n - 1, n} {
			r, ok := l.NewReader(at, nil)
			require.True(t, ok, "length %d, reader at %d", n, at)
			l.Append(stream(l.EndOffset(), l.EndOffset()+3))
			end := l.EndOffset()
			require.Equal(t, stream(at, end), readTo(t, r, end))
			r.Close()
		}
		checkLog(t, l)
	}
}

func TestLogInactiveKeepsItsOffset(t *testing.T) {
	t.Parallel()
	l := NewLog(MinBacklogSize)
	require.False(t, l.Active())
	require.Zero(t, l.Append([]byte("lost")))
	l.Reset(77)
	require.EqualValues(t, 77, l.Append([]byte("lost")))

	r, ok := l.NewReader(76, nil)
	require.False(t, ok)
	require.Nil(t, r)
	require.False(t, l.Active(), "a refused reader activates nothing")

	r, ok = l.NewReader(77, nil)
	require.True(t, ok)
	require.True(t, l.Active())
	require.False(t, l.BacklogActive())
	require.EqualValues(t, 80, l.Append([]byte("abc")))
	require.Zero(t, l.HistLen(), "pinned bytes are not history")
	r.Close()
	require.False(t, l.Active())
	require.EqualValues(t, 80, l.Append([]byte("lost")))

	require.True(t, l.EnableBacklog())
	require.False(t, l.EnableBacklog())
	l.Append([]byte("defg"))
	require.EqualValues(t, 80, l.StartOffset())
	require.EqualValues(t, 84, l.EndOffset())
	l.DropBacklog()
	require.False(t, l.Active())
	require.False(t, l.Contains(84))
	checkLog(t, l)
}

func TestLogSelectedDB(t *testing.T) {
	t.Parallel()
	l := NewLog(MinBacklogSize)
	require.Equal(t, NoDB, l.SelectedDB())
	l.SetSelectedDB(3)
	l.EnableBacklog()
	require.Equal(t, NoDB, l.SelectedDB(), "what an inactive log selected was never written")
	l.SetSelectedDB(3)
	require.Equal(t, 3, l.SelectedDB())
	l.ForgetSelectedDB()
	require.Equal(t, NoDB, l.SelectedDB())
	l.SetSelectedDB(1)
	l.Reset(9)
	require.Equal(t, NoDB, l.SelectedDB())
}

func TestLogRetention(t *testing.T) {
	t.Parallel()
	const size = 4 * MinBacklogSize
	l := activeLog(t, 0, size)
	slow, ok := l.NewReader(0, nil)
	require.True(t, ok)
	for range 200 {
		l.Append(stream(l.EndOffset(), l.EndOffset()+MinBacklogSize))
		checkLog(t, l)
	}
	end := l.EndOffset()
	require.EqualValues(t, end, l.HistLen(), "what the slow reader pins serves others too")
	require.EqualValues(t, end-size, l.PinnedBytes())
	require.GreaterOrEqual(t, l.Memory(), end)

	// Half way, half is let go.
	for slow.Pos() < end/2 {
		_, err := slow.Next(context.Background())
		require.NoError(t, err)
	}
	require.Less(t, l.HistLen(), end-end/2+2*blockSize)
	checkLog(t, l)

	slow.Close()
	require.GreaterOrEqual(t, l.HistLen(), int64(size))
	require.Less(t, l.HistLen(), int64(size+2*blockSize))
	require.Zero(t, l.PinnedBytes())

	l.SetBacklogSize(1)
	require.EqualValues(t, MinBacklogSize, l.BacklogSize())
	require.GreaterOrEqual(t, l.HistLen(), int64(MinBacklogSize))
	require.Less(t, l.HistLen(), int64(MinBacklogSize+2*blockSize))
	require.LessOrEqual(t, l.Memory(), int64(3*blockMemory))
	checkLog(t, l)
}

func TestLogResetClosesReaders(t *testing.T) {
	t.Parallel()
	l := activeLog(t, 0, MinBacklogSize)
	var told error
	r, ok := l.NewReader(0, func(err error) { told = err })
	require.True(t, ok)
	l.Append([]byte("abc"))
	l.Reset(5000)
	_, err := r.Next(context.Background())
	require.ErrorIs(t, err, ErrLogReset)
	require.ErrorIs(t, told, ErrLogReset)
	require.True(t, l.Active(), "the backlog stays enabled")
	require.Zero(t, l.HistLen())
	require.True(t, l.Contains(5001))
	require.False(t, l.Contains(5000))
	r.Close() // a second close is nothing
	checkLog(t, l)
}

func TestReaderLimit(t *testing.T) {
	t.Parallel()
	l := activeLog(t, 0, MinBacklogSize)
	evicted := make(chan error, 1)
	r, ok := l.NewReader(0, func(err error) { evicted <- err })
	require.True(t, ok)
	r.SetLimit(3 * blockSize)
	l.Append(make([]byte, 3*blockSize)) // opens two blocks, the last one at 2 blocks of lag
	require.Empty(t, evicted)
	require.EqualValues(t, 3*blockSize, r.Lag())
	l.Append([]byte{1})
	require.ErrorIs(t, <-evicted, ErrReaderTooSlow)
	_, err := r.Next(context.Background())
	require.ErrorIs(t, err, ErrReaderTooSlow)
	l.Append(make([]byte, 3*blockSize))
	require.Less(t, l.HistLen(), int64(4*blockSize), "an evicted reader pins nothing")
	checkLog(t, l)
}

func TestReaderClosedReturnsNothingAppendedLater(t *testing.T) {
	t.Parallel()
	l := activeLog(t, 0, MinBacklogSize)
	r, ok := l.NewReader(0, nil)
	require.True(t, ok)
	r.Close()
	l.Append([]byte("after"))
	_, err := r.Next(context.Background())
	require.ErrorIs(t, err, ErrReaderClosed)
}

func TestReaderNextWaits(t *testing.T) {
	t.Parallel()
	l := activeLog(t, 0, MinBacklogSize)
	r, ok := l.NewReader(0, nil)
	require.True(t, ok)
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error)
	go func() { _, err := r.Next(ctx); got <- err }()
	cancel()
	require.ErrorIs(t, <-got, context.Canceled)

	go func() { _, err := r.Next(context.Background()); got <- err }()
	l.AppendBatched([]byte("x"))
	l.Wake()
	require.NoError(t, <-got)

	go func() {
		_, err := r.Next(context.Background())
		got <- err
	}()
	r.Close()
	require.ErrorIs(t, <-got, ErrReaderClosed)
}

// TestLogModel appends at random while readers come, read, stop and go, and
// compares every byte with a known sequence.
func TestLogModel(t *testing.T) {
	t.Parallel()
	const total = 3 << 20
	l := activeLog(t, 12345, 2*MinBacklogSize)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var keyspace sync.Mutex
	stop := l.EndOffset() + total

	follow := func(seed uint64) error {
		rnd := rand.New(rand.NewPCG(seed, 1))
		for {
			keyspace.Lock()
			start, end := l.StartOffset(), l.EndOffset()
			at := start + rnd.Int64N(end-start+1)
			r, ok := l.NewReader(at, nil)
			keyspace.Unlock()
			if !ok {
				return fmt.Errorf("reader refused at %d of %d..%d", at, start, end)
			}
			for n := rnd.IntN(40); at < stop && n >= 0; n-- {
				chunks, err := r.Next(ctx)
				if err != nil {
					return err
				}
				for _, c := range chunks {
					if !bytes.Equal(c, stream(at, at+int64(len(c)))) {
						return fmt.Errorf("wrong bytes at %d", at)
					}
					at += int64(len(c))
				}
			}
			r.Close()
			if at >= stop {
				return nil
			}
		}
	}
	errs := make(chan error, 4)
	for i := range cap(errs) {
		go func() { errs <- follow(uint64(i)) }()
	}
	rnd := rand.New(rand.NewPCG(9, 9))
	for l.EndOffset() < stop {
		keyspace.Lock()
		for range 1 + rnd.IntN(20) {
			n := rnd.Int64N(200)
			if rnd.IntN(50) == 0 {
				n = rnd.Int64N(3 * blockSize)
			}
			end := l.EndOffset()
			require.Equal(t, end+n, l.AppendBatched(stream(end, end+n)))
		}
		l.Wake()
		checkLog(t, l)
		keyspace.Unlock()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	checkLog(t, l)
}

func BenchmarkLogAppend(b *testing.B) {
	l := activeLog(b, 0, 1<<20)
	p := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$32\r\n0123456789abcdef0123456789abcdef\r\n")
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		l.Append(p)
	}
}
