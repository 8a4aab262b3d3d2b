package hashtable

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

// entry is an item as the store has them: no pointers, the key inside.
type entry struct {
	key   [16]byte
	value [32]byte
}

func (e *entry) Key() []byte { return e.key[:] }

const benchItems = 1 << 20

func benchKey(i int) (key [16]byte) {
	binary.LittleEndian.PutUint64(key[:], uint64(i)*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(key[8:], uint64(i))
	return key
}

func benchTable(n int) *Table[*entry] {
	seed := maphash.MakeSeed()
	t := New[*entry](func(key []byte) uint64 { return maphash.Bytes(seed, key) })
	for i := range n {
		e := &entry{key: benchKey(i)}
		t.Set(t.Hash(e.key[:]), e)
	}
	runtime.GC() // so that it does not run beside what is measured
	return t
}

// shuffledKeys returns the keys of benchTable, or of the next as many, in
// random order.
func shuffledKeys(from int) [][16]byte {
	keys := make([][16]byte, benchItems)
	for i, j := range newRand(1).Perm(benchItems) {
		keys[i] = benchKey(from + j)
	}
	return keys
}

func BenchmarkGet(b *testing.B) {
	t, keys := benchTable(benchItems), shuffledKeys(0)
	b.ResetTimer()
	for i := range b.N {
		key := keys[i%benchItems][:]
		if t.Get(t.Hash(key), key) == nil {
			b.Fatal("missing")
		}
	}
}

// BenchmarkGetInTurn has each lookup wait for the one before, as the work of a
// server between two lookups makes it.
func BenchmarkGetInTurn(b *testing.B) {
	t, keys := benchTable(benchItems), shuffledKeys(0)
	zero := 0
	b.ResetTimer()
	for i := range b.N {
		key := keys[(i+zero)%benchItems][:]
		zero = int(t.Get(t.Hash(key), key).value[0])
	}
}

func BenchmarkGetMiss(b *testing.B) {
	t, keys := benchTable(benchItems), shuffledKeys(benchItems)
	b.ResetTimer()
	for i := range b.N {
		key := keys[i%benchItems][:]
		if t.Get(t.Hash(key), key) != nil {
			b.Fatal("present")
		}
	}
}

// BenchmarkReplace is a SET of an existing key.
func BenchmarkReplace(b *testing.B) {
	t, keys := benchTable(benchItems), shuffledKeys(0)
	b.ResetTimer()
	for i := range b.N {
		key := keys[i%benchItems][:]
		r := t.Find(t.Hash(key), key)
		r.Set(r.Item())
	}
}

func BenchmarkInsert(b *testing.B) {
	entries := make([]entry, benchItems)
	for i := range entries {
		entries[i].key = benchKey(i)
	}
	t := benchTable(0)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%benchItems == 0 {
			t = benchTable(0)
		}
		e := &entries[i%benchItems]
		t.Set(t.Hash(e.key[:]), e)
	}
}

func BenchmarkDelete(b *testing.B) {
	t, keys := benchTable(benchItems), shuffledKeys(0)
	b.ResetTimer()
	for i := range b.N {
		if t.Len() == 0 {
			b.StopTimer()
			t = benchTable(benchItems)
			b.StartTimer()
		}
		key := keys[i%benchItems][:]
		t.Delete(t.Hash(key), key)
	}
}

// BenchmarkFreeze includes the first write after it, which copies the root, a
// segment and a page.
func BenchmarkFreeze(b *testing.B) {
	t, keys := benchTable(benchItems), shuffledKeys(0)
	b.ResetTimer()
	for i := range b.N {
		t.Freeze()
		key := keys[i%benchItems][:]
		r := t.Find(t.Hash(key), key)
		r.Set(r.Item())
	}
}

// BenchmarkFirstWrite writes to each page for the first time after a Freeze.
func BenchmarkFirstWrite(b *testing.B) {
	t := benchTable(benchItems)
	pages := slices.Collect(t.Pages())
	keys := make([][16]byte, len(pages))
	for i, pg := range pages {
		keys[i*0x5bd1e995%len(pages)] = pg[0].key
	}
	frozen := t.Freeze()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%len(keys) == 0 {
			frozen = t.Freeze()
		}
		key := &keys[i%len(keys)]
		r := t.Find(t.Hash(key[:]), key[:])
		r.Set(r.Item())
	}
	runtime.KeepAlive(frozen)
}

func BenchmarkRandom(b *testing.B) {
	for _, left := range []int{benchItems, benchItems / 10} {
		b.Run(fmt.Sprint(left), func(b *testing.B) {
			t, rnd := benchTable(benchItems), newRand(1)
			for i := left; i < benchItems; i++ {
				key := benchKey(i)
				t.Delete(t.Hash(key[:]), key[:])
			}
			b.ResetTimer()
			for range b.N {
				t.Random(rnd.Uint64)
			}
		})
	}
}

func BenchmarkAll(b *testing.B) {
	frozen := benchTable(benchItems).Freeze()
	n := 0
	b.ResetTimer()
	for n < b.N {
		for e := range frozen.All() {
			if n++; e == nil || n >= b.N {
				break
			}
		}
	}
}

// BenchmarkGrow reports what the table costs while it grows to ten million
// items, and its slowest insertions but for one in 100,000: those are the
// machine's other work, with the collector off.
func BenchmarkGrow(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range b.N {
		t := benchTable(0)
		entries := make([]entry, 10*benchItems)
		for i := range entries {
			entries[i].key = benchKey(i)
		}
		lo, hi := math.Inf(1), 0.0
		took := make([]time.Duration, len(entries))
		for i := range entries {
			e := &entries[i]
			start := time.Now()
			t.Set(t.Hash(e.key[:]), e)
			took[i] = time.Since(start)
			if i >= benchItems && i%(benchItems/16) == 0 {
				per := float64(t.Bytes()) / float64(t.Len())
				lo, hi = min(lo, per), max(hi, per)
			}
		}
		start := time.Now()
		t.Freeze()
		b.ReportMetric(float64(time.Since(start).Nanoseconds()), "ns/freeze")
		slices.Sort(took)
		for _, nines := range []int{1_000, 10_000, 100_000} {
			b.ReportMetric(float64(took[len(took)-len(took)/nines].Nanoseconds()), fmt.Sprintf("ns/1:%d", nines))
		}
		b.ReportMetric(lo, "least-B/item")
		b.ReportMetric(hi, "most-B/item")
		b.Logf("%+v", t.Stats())
	}
}
