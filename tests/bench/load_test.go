package main

import (
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// live plays f with a bench that has one Redis, and fails the test if f failed.
func live(t *testing.T, f func(b *bench, s *harness.Server)) {
	t.Helper()
	harness.RequirePeer(t)
	b := &bench{Program: harness.NewProgram("bench-test", io.Discard), ctx: t.Context(), scale: quickScale}
	b.Play(func() { f(b, b.start(harness.Redis)) })
	require.False(t, b.Failed())
}

func TestFill(t *testing.T) {
	t.Parallel()
	live(t, func(b *bench, s *harness.Server) {
		for _, n := range []int{0, 1, fillBatch, fillBatch + 1, 3 * fillBatch} {
			b.flush(s)
			b.fill(s, stringKeys(n, 32))
			b.wantKeys(s, n)
		}
		require.Equal(t, payload(32), s.Once(b, "GET", key(0)).Text)
		b.flush(s)
		b.fill(s, bigSortedSet(120))
		require.EqualValues(t, 119, s.Once(b, "ZRANK", "myzset", "element:"+digits(119)).Int())
		b.fill(s, hashKeys(10, 8))
		require.EqualValues(t, 8, s.Once(b, "HLEN", "hash:"+digits(9)).Int())
		b.fill(s, bigList(120))
		require.EqualValues(t, 120, s.Once(b, "LLEN", "mylist").Int())
	})
}

func TestAnErrorReplyEndsTheRow(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	b := &bench{Program: harness.NewProgram("bench-test", io.Discard), ctx: t.Context(), scale: quickScale}
	b.Play(func() {
		s := b.start(harness.Redis)
		b.fill(s, filling{2, func(dst []byte, _ int) []byte { return harness.AppendCommand(dst, "INCR") }})
	})
	require.True(t, b.Failed())
	require.True(t, b.servers[0].Exited())
}

func TestPacedLoad(t *testing.T) {
	t.Parallel()
	live(t, func(b *bench, s *harness.Server) {
		began := time.Now()
		p := b.startPaced(s, pacing{
			perSecond: 4000, conns: 2, most: time.Minute,
			command: func(dst []byte, n int, rng *rand.Rand) []byte {
				return harness.AppendCommand(dst, "SET", key(rng.IntN(10)), "v")
			},
			timed: func(n int) bool { return n%2 == 0 },
		})
		b.waitAnswered(p, 400)
		latencies := b.finish(p)
		bound := 4 * time.Since(began).Milliseconds() // what can have fallen due by now
		answered := p.answered.Load()
		require.GreaterOrEqual(t, answered, int64(400))
		require.LessOrEqual(t, answered, bound)
		require.InDelta(t, float64(answered)/2, float64(len(latencies)), 2)
		require.Greater(t, quantile(latencies, 0.001), time.Duration(0), "nothing is answered before it is due")
	})
}

func TestPacedLoadEndsByItself(t *testing.T) {
	t.Parallel()
	live(t, func(b *bench, s *harness.Server) {
		p := b.startPaced(s, pacing{perSecond: 1000, conns: 1, most: 20 * time.Millisecond,
			command: func(dst []byte, _ int, _ *rand.Rand) []byte { return harness.AppendCommand(dst, "PING") }})
		p.wg.Wait()
		require.NoError(t, p.err)
	})
}

func TestPacedLoadTellsOfErrors(t *testing.T) {
	t.Parallel()
	live(t, func(b *bench, s *harness.Server) {
		p := b.startPaced(s, pacing{perSecond: 1000, conns: 2, most: time.Minute,
			command: func(dst []byte, _ int, _ *rand.Rand) []byte { return harness.AppendCommand(dst, "NOSUCH") }})
		p.wg.Wait()
		_, err := p.end()
		require.ErrorIs(t, err, errReply)
	})
}

func TestBurst(t *testing.T) {
	t.Parallel()
	require.Equal(t, 10, pacing{perSecond: 50_000, conns: 5}.burst())
	require.Equal(t, 1, pacing{perSecond: 1, conns: 5}.burst())
}

func TestProbeAndPeak(t *testing.T) {
	t.Parallel()
	live(t, func(b *bench, s *harness.Server) {
		peak, worst := b.peak(s), b.probe(s)
		s.Once(b, "DEBUG", "SLEEP", "0.05")
		require.GreaterOrEqual(t, worst(), 40*time.Millisecond)
		require.Positive(t, peak())
	})
}

func TestBenchmarkRun(t *testing.T) {
	t.Parallel()
	harness.RequireTool(t, "redis-benchmark")
	live(t, func(b *bench, s *harness.Server) {
		got, _ := b.loaded(s, load{clients: 2, pipeline: 4, requests: 400, keyspace: 10, command: []string{"SET", "key:" + randomInt, "v"}})
		require.Positive(t, got.perSecond)
		b.wantKeys(s, 10)
	})
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	live(t, func(b *bench, s *harness.Server) {
		conn := s.Dial(b)
		for command, unknown := range map[string]bool{"NOSUCH": true, "GET": false, "PING": false} {
			require.Equal(t, unknown, unknownCommand(conn.Must(b, command)), command)
		}
	})
}
