package store

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/listpack"
)

// hashMap returns a hash's fields, and walks its invariants.
func hashMap(t testing.TB, h HashView) map[string]string {
	m := map[string]string{}
	for f, v := range h.All() {
		_, twice := m[string(f)]
		require.False(t, twice)
		m[string(f)] = string(v)
	}
	require.Len(t, m, h.Len())
	if h.large == nil {
		if h.lp != nil {
			require.NoError(t, listpack.Validate(h.lp, true))
		}
		return m
	}
	require.NoError(t, h.large.Check())
	sum := 0
	for f := range h.large.All() {
		sum += f.memory()
	}
	require.Equal(t, sum, h.large.bytes)
	require.Greater(t, h.large.memory(), sum)
	return m
}

func TestField(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 6, 7, 13, 14, 15, 30, 31, 126, 127, 128, 129, 255, 256, 257, 1000, 16383, 16384, 70000}
	for _, n := range sizes {
		name := bytes.Repeat([]byte{'n'}, n)
		require.Equal(t, string(name), string(newMember(name).Key()))
		for _, from := range sizes {
			f := newField(name, bytes.Repeat([]byte{'v'}, from))
			for _, to := range sizes {
				value := bytes.Repeat([]byte{'w'}, to)
				fits := f.replace(value)
				require.Equal(t, itemRoom(fieldSize(n, from)) == itemRoom(fieldSize(n, to)), fits)
				require.Equal(t, string(name), string(f.Key()))
				require.Equal(t, itemRoom(fieldSize(n, from)), f.memory())
				if fits {
					require.Equal(t, string(value), string(f.value()))
				}
			}
		}
	}
	last := 0
	for n := range 100_000 {
		room := itemRoom(n)
		require.True(t, room >= n && room >= last && (n < 512 || room <= n+n/8), n)
		require.Equal(t, room, itemRoom(room))
		last = room
	}
}

func TestHashThresholds(t *testing.T) {
	t.Parallel()
	key := []byte("h")
	pairs := func(n int) (p [][]byte) {
		for i := range n {
			p = append(p, fmt.Appendf(nil, "f%d", i), []byte("v"))
		}
		return p
	}
	same := func(n int) (p [][]byte) {
		for range n {
			p = append(p, []byte("f"), []byte("v"))
		}
		return p
	}
	long := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
	for _, c := range []struct {
		name  string
		write func(*HashWriter)
		enc   Encoding
	}{
		{"most fields", func(w *HashWriter) { w.SetAll(pairs(512)) }, EncListpack},
		{"too many fields", func(w *HashWriter) { w.SetAll(pairs(513)) }, EncHashtable},
		{"one by one", func(w *HashWriter) {
			for p := pairs(513); len(p) > 0; p = p[2:] {
				w.Set(p[0], p[1])
			}
		}, EncHashtable},
		{"the same field often at once", func(w *HashWriter) { w.SetAll(same(513)) }, EncHashtable},
		{"the same field often", func(w *HashWriter) {
			for range 513 {
				w.SetAll(same(1))
			}
		}, EncListpack},
		{"long value", func(w *HashWriter) { w.SetAll([][]byte{[]byte("f"), long(64)}) }, EncListpack},
		{"too long value", func(w *HashWriter) { w.SetAll([][]byte{[]byte("f"), long(65)}) }, EncHashtable},
		{"too long field", func(w *HashWriter) { w.Set(long(65), []byte("v")) }, EncHashtable},
		{"never back", func(w *HashWriter) {
			w.Set([]byte("f"), long(65))
			w.Set([]byte("f"), []byte("v"))
		}, EncHashtable},
		{"announced", func(w *HashWriter) { w.Reserve(513); w.Set([]byte("f"), nil) }, EncHashtable},
	} {
		s := newTestStore()
		w := s.DB(0).OpenHash(key)
		require.Zero(t, w.Len())
		require.False(t, w.Has(key))
		require.False(t, w.Delete(key))
		require.Nil(t, s.DB(0).Peek(key), "an absent key is created by a field only")
		c.write(&w)
		require.Equal(t, c.enc, s.DB(0).Peek(key).Encoding(), c.name)
		require.Equal(t, Hash, s.DB(0).Peek(key).Type())
		hashMap(t, s.DB(0).Peek(key).Hash())
		checkDB(t, s.DB(0))
	}
}

// TestHashModel compares random operations with maps, and snapshots with what the hashes were when they were taken.
func TestHashModel(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	s := newTestStore()
	limits := DefaultLimits()
	limits.HashEntries = 24
	s.SetLimits(limits)
	db := s.DB(0)
	model := map[string]map[string]string{}
	type frozen struct {
		snap  *Snapshot
		model map[string]map[string]string
	}
	var snaps []frozen
	check := func(entry func(string) *Entry, model map[string]map[string]string) {
		for k, want := range model {
			require.Equal(t, want, hashMap(t, entry(k).Hash()), k)
		}
	}
	checkSnap := func(f frozen) {
		entries := map[string]*Entry{}
		for e := range f.snap.All(0) {
			entries[string(e.Key())] = e
		}
		require.Len(t, entries, len(f.model))
		check(func(k string) *Entry { return entries[k] }, f.model)
	}
	for step := range 20_000 {
		k := fmt.Sprintf("h%d", rnd.IntN(8))
		f := fmt.Sprint(rnd.IntN(60) - 5)
		v := strings.Repeat("v", rnd.IntN(40))
		if rnd.IntN(2) == 0 {
			v = fmt.Sprint(rnd.Int64() >> rnd.IntN(64))
		}
		m := model[k]
		old, had := m[f]
		w := db.OpenHash([]byte(k))
		var scratch [20]byte
		got, ok := w.Get([]byte(f), &scratch)
		require.Equal(t, had, ok)
		require.Equal(t, old, string(got))
		require.Equal(t, len(old), w.ValueLen([]byte(f)))
		switch op := rnd.IntN(100); {
		case op < 60:
			require.Equal(t, !had, w.Set([]byte(f), []byte(v)))
			if m == nil {
				m = map[string]string{}
				model[k] = m
			}
			m[f] = v
		case op < 97:
			require.Equal(t, had, w.Delete([]byte(f)))
			delete(m, f)
		case op < 98 && len(m) > 0:
			db.SetExpire([]byte(k), int64(1+rnd.IntN(9)))
		case op < 99 && m != nil:
			db.Delete([]byte(k))
			delete(model, k)
		default:
			if step%50 == 0 && m != nil {
				db.CopyTo(db.Peek([]byte(k)), db, []byte("copy"))
				model["copy"] = maps.Clone(m)
			}
		}
		require.Equal(t, len(m), w.Len())
		if len(m) == 0 && m != nil {
			db.Delete([]byte(k))
			delete(model, k)
		}
		if rnd.IntN(300) == 0 {
			f := frozen{snap: s.Snapshot(), model: map[string]map[string]string{}}
			for k, m := range model {
				f.model[k] = maps.Clone(m)
			}
			snaps = append(snaps, f)
			checkSnap(snaps[rnd.IntN(len(snaps))])
		}
		if step%500 == 0 {
			check(func(k string) *Entry { return db.Peek([]byte(k)) }, model)
			checkDB(t, db)
		}
	}
	for _, f := range snaps {
		checkSnap(f)
	}
}

// TestHashSnapshotWhileWriting is for the race detector: snapshots of small and large hashes are read with no lock.
func TestHashSnapshotWhileWriting(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	db := s.DB(0)
	sizes := map[string]int{"small": 50, "large": 1000}
	write := func(round int) {
		for k, n := range sizes {
			w := db.OpenHash([]byte(k))
			for i := range n {
				w.Set(fmt.Appendf(nil, "f%d", i), fmt.Appendf(nil, "v%03d", round))
			}
			w.Delete([]byte("gone"))
			w.Set([]byte("gone"), []byte("x"))
			w.Delete([]byte("gone"))
		}
	}
	write(0)
	var wg sync.WaitGroup
	for round := range 5 {
		snap := s.Snapshot()
		wg.Go(func() {
			for e := range snap.All(0) {
				want := fmt.Sprintf("v%03d", round)
				require.Equal(t, sizes[string(e.Key())], e.Hash().Len())
				for _, v := range e.Hash().All() {
					require.Equal(t, want, string(v))
				}
				e.Hash().Draw(10, rand.Uint64, func(_, v []byte) { require.Equal(t, want, string(v)) })
			}
		})
		write(round + 1)
	}
	wg.Wait()
}

func TestHashScan(t *testing.T) {
	t.Parallel()
	db := newTestStore().DB(0)
	w := db.OpenHash([]byte("h"))
	for i := range 100 {
		w.Set(fmt.Append(nil, i), fmt.Append(nil, i))
	}
	seen := map[string]bool{}
	require.Zero(t, w.Scan(0, func(f, v []byte) { seen[string(f)] = bytes.Equal(f, v) }))
	require.Len(t, seen, 100)
	clear(seen)
	cursor := uint64(0)
	for i := 100; ; i++ {
		cursor = w.Scan(cursor, func(f, v []byte) { seen[string(f)] = bytes.Equal(f, v) })
		w.Set(fmt.Append(nil, i), fmt.Append(nil, i))
		if i > 900 && cursor == 0 {
			break
		}
	}
	for i := range 100 {
		require.True(t, seen[fmt.Sprint(i)])
	}
}

// requireUniform checks counts of equally likely outcomes by the chi-square statistic, which for k outcomes has mean k-1
// and variance 2(k-1): seven standard deviations are never passed by chance.
func requireUniform(t testing.TB, counts map[string]int, outcomes int) {
	t.Helper()
	require.Len(t, counts, outcomes)
	sum := 0
	for _, n := range counts {
		sum += n
	}
	mean, chi := float64(sum)/float64(outcomes), 0.0
	for _, n := range counts {
		chi += (float64(n) - mean) * (float64(n) - mean) / mean
	}
	k := float64(outcomes - 1)
	require.Less(t, chi, k+7*math.Sqrt(2*k), "chi-square of %d outcomes", outcomes)
}

func TestHashRandomIsUniform(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4)).Uint64
	for _, size := range []int{1, 7, 128, 600} {
		db := newTestStore().DB(0)
		w := db.OpenHash([]byte("h"))
		for i := range size {
			w.Set(fmt.Append(nil, i), fmt.Append(nil, i))
		}
		count := func(run func(fn func(f, v []byte))) {
			counts := map[string]int{}
			run(func(f, v []byte) {
				require.Equal(t, string(f), string(v))
				counts[string(f)]++
			})
			if size > 1 {
				requireUniform(t, counts, size)
			}
		}
		count(func(fn func(f, v []byte)) {
			for range 20 * size {
				fn(w.Random(rnd))
			}
		})
		count(func(fn func(f, v []byte)) { w.Draw(20*size, rnd, fn) })
		for _, n := range []int{1, size/20 + 1, size/2 + 1} {
			count(func(fn func(f, v []byte)) {
				for range 30 * size / n {
					seen := map[string]bool{}
					w.Sample(n, rnd, func(f, v []byte) {
						require.False(t, seen[string(f)])
						seen[string(f)] = true
						fn(f, v)
					})
					require.Len(t, seen, n)
				}
			})
		}
	}
}

func TestHashAllocations(t *testing.T) {
	db := newTestStore().DB(0)
	key, field := []byte("h"), []byte("field7")
	for _, n := range []int{20, 1000} {
		w := db.OpenHash(key)
		for i := range n {
			w.Set(fmt.Appendf(nil, "field%d", i), []byte("some text"))
		}
		value := []byte("other")
		var scratch [20]byte
		require.Zero(t, testing.AllocsPerRun(100, func() {
			w := db.OpenHash(key)
			w.Set(field, value)
			db.Peek(key).Hash().Get(field, &scratch)
			db.Peek(key).Hash().Has(value)
			for range db.Peek(key).Hash().All() {
				n++
			}
		}))
	}
}
