package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/stream"
)

// TestBytesAreTheHeap compares what is counted with what the collector finds. It does not run beside others, which
// have a part in the heap.
func TestBytesAreTheHeap(t *testing.T) {
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	bytes := func(n int) []byte { return make([]byte, n) }
	for _, c := range []struct {
		name string
		keys int
		put  func(db *DB, key []byte)
	}{
		{"small strings", 50_000, func(db *DB, key []byte) { db.SetString(key, bytes(rnd.IntN(100)), 0) }},
		{"expiring strings", 50_000, func(db *DB, key []byte) { db.SetString(key, bytes(32), 1e15) }},
		{"mixed strings", 8_000, func(db *DB, key []byte) { db.SetString(key, bytes(rnd.IntN(4000)), 0) }},
		{"long strings", 500, func(db *DB, key []byte) { db.SetString(key, bytes(rnd.IntN(100_000)), 0) }},
		{"grown strings", 500, func(db *DB, key []byte) {
			for n := 1000; n < 30_000; n += 1000 {
				db.MutableString(key, n)
			}
		}},
		{"flat hashes", 10_000, func(db *DB, key []byte) {
			h := db.OpenHash(key)
			for i := range 10 {
				h.Set(fmt.Append(nil, i), bytes(20))
			}
		}},
		{"hashes", 50, func(db *DB, key []byte) {
			h := db.OpenHash(key)
			for i := range 2000 {
				h.Set(fmt.Append(nil, i), bytes(20))
			}
		}},
		{"sets", 50, func(db *DB, key []byte) {
			s := db.OpenSet(key)
			for i := range 2000 {
				s.Add(fmt.Append(nil, "member", i))
			}
		}},
		{"sorted sets", 50, func(db *DB, key []byte) {
			z := db.OpenZSet(key)
			for i := range 2000 {
				z.Set(fmt.Append(nil, "member", i), rnd.Float64())
			}
		}},
		{"lists", 50, func(db *DB, key []byte) {
			l := db.OpenList(key)
			for range 5000 {
				l.PushBack(bytes(20))
			}
			for range 1000 {
				l.PopFront()
			}
		}},
		{"streams", 50, func(db *DB, key []byte) {
			s := db.OpenStream(key)
			for i := range 2000 {
				_ = s.Append(stream.ID{Ms: uint64(i + 1)}, [][]byte{[]byte("field"), bytes(20)}, db.StreamLimits())
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestStore()
			db := s.DB(0)
			before := heap()
			for i := range c.keys {
				c.put(db, fmt.Append(nil, "key:", i*7919))
			}
			for s.TidyOrder(1 << 20) {
			}
			took := heap() - before
			t.Logf("counted %d, %.1f%% of the heap", s.Bytes(), 100*float64(s.Bytes())/float64(took))
			require.InEpsilon(t, took, s.Bytes(), 0.04)
			for i := range c.keys - 1 {
				require.True(t, db.Delete(fmt.Append(nil, "key:", i*7919)))
			}
			require.Less(t, s.Bytes(), took/c.keys*2+2000, "what is deleted does not count, though its order does for a while")
			checkDB(t, db)
		})
	}
}
