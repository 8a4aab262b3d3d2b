package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func listOf(e *Entry) []string {
	out := []string{}
	for v := range e.List().All() {
		out = append(out, string(v))
	}
	return out
}

// checkList walks the invariants of one list.
func checkList(t testing.TB, e *Entry) {
	t.Helper()
	require.Equal(t, List, e.Type())
	if e.flat() {
		require.Equal(t, EncListpack, e.Encoding())
		return
	}
	require.Equal(t, EncQuicklist, e.Encoding())
	require.NoError(t, e.object().value.(largeList).Check())
}

// TestListRandomOperations drives one list against a slice, at sizes around the limit, with snapshots
// that must not change.
func TestListRandomOperations(t *testing.T) {
	t.Parallel()
	for seed, size := range []int{-1, -2, 5, 64} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 3))
			limits := DefaultLimits()
			limits.ListSize = size
			s := New(Options{Databases: 2, Limits: limits})
			db, key := s.DB(0), []byte("list")
			var want []string
			type frozen struct {
				snap *Snapshot
				want []string
			}
			var snaps []frozen
			seen := map[Encoding]int{}
			growing := true
			for range 8000 {
				v := strconv.Itoa(r.IntN(40))
				if r.IntN(3) == 0 {
					v = strings.Repeat(v, r.IntN(200))
				}
				w := db.OpenList(key)
				i := r.IntN(len(want) + 1)
				has := i < len(want)
				if len(want) > 300 || r.IntN(500) == 0 {
					growing = !growing
				}
				op := r.IntN(24)
				if growing && op >= 8 && op < 16 {
					op -= 8
				}
				switch {
				case op < 4:
					w.PushFront([]byte(v), []byte("x"))
					want = slices.Insert(want, 0, "x", v)
				case op < 8:
					w.PushBack([]byte(v), []byte("9"))
					want = append(want, v, "9")
				case op < 11 && has:
					require.Equal(t, want[0], string(w.PopFront()))
					want = want[1:]
				case op < 14 && has:
					require.Equal(t, want[len(want)-1], string(w.PopBack()))
					want = want[:len(want)-1]
				case op == 14 && has:
					j := i + r.IntN(len(want)-i+1)
					if r.IntN(5) > 0 {
						i, j = i%4, max(len(want)-4, i%4)
					}
					w.Trim(i, j)
					want = slices.Clone(want[i:j])
				case op == 15 && has:
					n := w.Remove(0, []byte(want[i]))
					before := len(want)
					x := want[i]
					want = slices.DeleteFunc(slices.Clone(want), func(s string) bool { return s == x })
					require.Equal(t, before-len(want), n)
				case op == 16 && has:
					from, to := r.IntN(2) == 0, r.IntN(2) == 0
					x := want[len(want)-1]
					if from {
						x, want = want[0], want[1:]
					} else {
						want = want[:len(want)-1]
					}
					if to {
						want = slices.Insert(want, 0, x)
					} else {
						want = append(want, x)
					}
					require.Equal(t, x, string(w.Rotate(from, to)))
				case op == 17:
					require.Equal(t, has, w.Set(i, []byte(v)))
					if has {
						want[i] = v
					}
				case op == 18 && has:
					x := want[i]
					require.True(t, w.InsertBefore([]byte(x), []byte(v)))
					want = slices.Insert(want, slices.Index(want, x), v)
				case op == 19 && has:
					x := want[i]
					require.True(t, w.InsertAfter([]byte(x), []byte(v)))
					want = slices.Insert(want, slices.Index(want, x)+1, v)
				case op == 20:
					require.False(t, w.InsertAfter([]byte("no such"), []byte(v)))
					require.Zero(t, w.Remove(-1, []byte("no such")))
				case op == 21 && len(want) > 0 && r.IntN(4) == 0:
					snaps = append(snaps, frozen{s.Snapshot(), slices.Clone(want)})
				case op == 22 && len(want) > 0:
					db.SetExpire(key, int64(1+r.IntN(2)))
				case op == 23 && len(want) > 0:
					db.CopyTo(db.Peek(key), s.DB(1), key)
					require.Equal(t, want, listOf(s.DB(1).Peek(key)))
					s.DB(0).CopyTo(s.DB(1).Peek(key), db, key)
				}
				if w.Len() == 0 {
					db.Delete(key)
					want = nil
				}
				require.Equal(t, len(want), w.Len())
				if e := db.Peek(key); e != nil {
					seen[e.Encoding()]++
					if r.IntN(40) == 0 {
						checkList(t, e)
						require.Equal(t, want, listOf(e))
					}
				}
			}
			require.Greater(t, seen[EncListpack], 100)
			require.Greater(t, seen[EncQuicklist], 100)
			checkDB(t, db)
			for _, f := range snaps {
				for e := range f.snap.All(0) {
					require.Equal(t, f.want, listOf(e))
				}
			}
		})
	}
}

// TestListEncoding checks the sizes at which Redis 7.2 converts.
func TestListEncoding(t *testing.T) {
	t.Parallel()
	key := []byte("k")
	open := func(size int) (*DB, ListWriter) {
		limits := DefaultLimits()
		limits.ListSize = size
		db := New(Options{Limits: limits}).DB(0)
		return db, db.OpenList(key)
	}
	requireEnc := func(db *DB, enc Encoding) {
		t.Helper()
		checkList(t, db.Peek(key))
		require.Equal(t, enc, db.Peek(key).Encoding())
	}
	bytes := func(n int) []byte { return []byte(strings.Repeat("a", n)) }

	db, w := open(-1)
	w.PushBack(bytes(4089)) // with the 7 bytes of an empty listpack, 4096
	requireEnc(db, EncListpack)
	w.PushFront(bytes(0))
	requireEnc(db, EncQuicklist)

	db, w = open(-1)
	w.PushBack(bytes(4090))
	requireEnc(db, EncQuicklist)
	require.True(t, w.Set(0, bytes(2036))) // 2047 bytes in all, half of the limit being 2048
	requireEnc(db, EncListpack)
	require.False(t, w.Set(1, bytes(5000))) // in vain, but it counts
	requireEnc(db, EncQuicklist)

	db, w = open(3)
	w.PushBack(bytes(1), bytes(2), bytes(3))
	requireEnc(db, EncListpack)
	w.PushBack(bytes(4))
	requireEnc(db, EncQuicklist)
	require.Equal(t, "aaaa", string(w.PopBack())) // one chunk of 3
	requireEnc(db, EncQuicklist)
	w.PopFront()
	requireEnc(db, EncQuicklist)
	w.PopFront()
	requireEnc(db, EncListpack)

	db, w = open(3)
	w.PushBack(bytes(1), bytes(2), bytes(3), bytes(4))
	require.Equal(t, "aaaa", string(w.Rotate(false, false)))
	requireEnc(db, EncQuicklist)
	require.Zero(t, w.Remove(-1<<63, bytes(9)))
	require.Equal(t, 1, w.Remove(1, bytes(4)))
	w.Trim(0, 1)
	requireEnc(db, EncListpack)
	require.False(t, w.InsertBefore(bytes(8), bytes(1)))

	// A batch counts as a whole before its elements are encoded.
	db, w = open(-1)
	batch := make([][]byte, 4089)
	for i := range batch {
		batch[i] = bytes(1)
	}
	w.PushFront(batch...)
	requireEnc(db, EncListpack)
	w.PushFront(nil)
	requireEnc(db, EncQuicklist)
	require.Equal(t, 4090, w.Len())
}

// TestListWhileWriting is for the race detector: a snapshot's lists are read with no lock.
func TestListWhileWriting(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	db := s.DB(0)
	key := func(i int) []byte { return fmt.Appendf(nil, "list%d", i) }
	var wg sync.WaitGroup
	total := 0
	for round := range 4 {
		for i := range 20 {
			w := db.OpenList(key(i))
			for range 1 + i*20 {
				w.PushFront([]byte("some element"))
				w.PushBack([]byte("another"))
			}
			w.PopFront()
			total += 2*(1+i*20) - 1
		}
		snap, want := s.Snapshot(), total
		wg.Go(func() {
			n := 0
			for e := range snap.All(0) {
				n += len(listOf(e))
			}
			if n != want {
				t.Errorf("round %d: %d elements, want %d", round, n, want)
			}
		})
	}
	wg.Wait()
	checkDB(t, db)
}

func TestAbsentList(t *testing.T) {
	t.Parallel()
	db := newTestStore().DB(0)
	w := db.OpenList([]byte("k"))
	require.Zero(t, w.Len())
	require.False(t, w.InsertAfter([]byte("a"), []byte("b")))
	require.Zero(t, w.Remove(0, []byte("a")))
	it := w.List().Iter(0, false)
	require.False(t, it.Next())
	require.Nil(t, db.Peek([]byte("k")))
}

func BenchmarkListPushPop(b *testing.B) {
	db := newTestStore().DB(0)
	key, v := []byte("key"), []byte("element")
	for range b.N {
		w := db.OpenList(key)
		w.PushFront(v)
		if w = db.OpenList(key); w.Len() > 5000 {
			w.PopBack()
		}
	}
}
