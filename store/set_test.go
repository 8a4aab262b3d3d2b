package store

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/intset"
	"treedis/store/listpack"
)

// setMap returns a set's members, and walks its invariants.
func setMap(t testing.TB, s SetView) map[string]bool {
	m := map[string]bool{}
	for b := range s.All() {
		require.False(t, m[string(b)])
		m[string(b)] = true
	}
	require.Len(t, m, s.Len())
	switch {
	case s.large != nil:
		require.NoError(t, s.large.Check())
		sum := 0
		for m := range s.large.All() {
			sum += m.memory()
		}
		require.Equal(t, sum, s.large.bytes)
	case s.blob == nil:
	case s.enc == EncIntset:
		require.Equal(t, s.blob, s.Intset())
		if s.Len() > 0 {
			require.NoError(t, intset.Validate(s.blob, true))
		}
	default:
		require.Equal(t, s.blob, s.Listpack())
		require.NoError(t, listpack.Validate(s.blob, true))
	}
	return m
}

func members(prefix string, n int) (m [][]byte) {
	for i := range n {
		m = append(m, fmt.Appendf(nil, "%s%d", prefix, i))
	}
	return m
}

func TestSetThresholds(t *testing.T) {
	t.Parallel()
	one := func(s string) [][]byte { return [][]byte{[]byte(s)} }
	repeat := func(s string, n int) [][]byte { return slices.Repeat(one(s), n) }
	for _, c := range []struct {
		name string
		add  [][][]byte // arguments of one SADD after the other
		enc  Encoding
	}{
		{"most integers", [][][]byte{members("", 512)}, EncIntset},
		{"too many integers", [][][]byte{members("", 513)}, EncHashtable},
		{"too many integers later", [][][]byte{members("", 512), one("-1")}, EncHashtable},
		{"same integer often", [][][]byte{repeat("1", 512)}, EncIntset},
		{"same integer too often for a new set", [][][]byte{repeat("1", 513)}, EncHashtable},
		{"same integer too often for an old set", [][][]byte{one("1"), repeat("1", 513)}, EncHashtable},
		{"no canonical integer", [][][]byte{one("01")}, EncListpack},
		{"most strings", [][][]byte{members("m", 128)}, EncListpack},
		{"too many strings", [][][]byte{members("m", 129)}, EncHashtable},
		{"too many strings later", [][][]byte{members("m", 128), one("x")}, EncHashtable},
		{"same string often", [][][]byte{repeat("m", 128)}, EncListpack},
		{"same string too often for a new set", [][][]byte{repeat("m", 129)}, EncHashtable},
		{"same string too often for an old set", [][][]byte{one("x"), repeat("m", 129)}, EncHashtable},
		{"long string", [][][]byte{one(strings.Repeat("x", 64))}, EncListpack},
		{"too long string", [][][]byte{one(strings.Repeat("x", 65))}, EncHashtable},
		{"integers and a string", [][][]byte{members("", 127), one("x")}, EncListpack},
		{"too many integers and a string", [][][]byte{members("", 128), one("x")}, EncHashtable},
		{"integers and a too long string", [][][]byte{one("1"), one(strings.Repeat("x", 65))}, EncHashtable},
		{"integer first, too many of all", [][][]byte{append(one("1"), members("m", 512)...)}, EncHashtable},
		{"integer first, string next", [][][]byte{append(one("1"), members("m", 127)...)}, EncListpack},
	} {
		s := newTestStore()
		key := []byte("s")
		want := map[string]bool{}
		for _, args := range c.add {
			w := s.DB(0).OpenSet(key)
			added := 0
			for _, b := range args {
				if !want[string(b)] {
					added++
				}
				want[string(b)] = true
			}
			require.Equal(t, added, w.AddAll(args), c.name)
		}
		e := s.DB(0).Peek(key)
		require.Equal(t, c.enc, e.Encoding(), c.name)
		require.Equal(t, Set, e.Type())
		require.Equal(t, want, setMap(t, e.Set()), c.name)
		checkDB(t, s.DB(0))
	}
}

func TestSetLimits(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	w := s.DB(0).OpenSet([]byte("s"))
	require.Zero(t, w.Len())
	require.False(t, w.Has(nil))
	require.False(t, w.Remove(nil))
	require.Nil(t, s.DB(0).Peek([]byte("s")), "an absent key is created by a member only")
	s.SetLimits(Limits{SetIntsetEntries: 5, SetEntries: 10, SetValue: 3})
	w.Add([]byte("1234"))
	w.Add([]byte("x"))
	require.Equal(t, EncHashtable, w.enc, "integers too long for a listpack")
	w = s.DB(0).OpenSet([]byte("t"))
	w.Add([]byte("-12"))
	w.Add([]byte("-7"))
	w.Add([]byte("x"))
	require.Equal(t, EncListpack, w.enc)
	require.Equal(t, map[string]bool{"-12": true, "-7": true, "x": true}, setMap(t, s.DB(0).Peek([]byte("t")).Set()))
}

// TestSetModel compares random operations with maps, and snapshots with what the sets were when they were taken.
func TestSetModel(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	s := newTestStore()
	s.SetLimits(Limits{SetIntsetEntries: 20, SetEntries: 16, SetValue: 30})
	db := s.DB(0)
	model := map[string]map[string]bool{}
	type frozen struct {
		snap  *Snapshot
		model map[string]map[string]bool
	}
	var snaps []frozen
	checkSnap := func(f frozen) {
		seen := 0
		for e := range f.snap.All(0) {
			require.Equal(t, f.model[string(e.Key())], setMap(t, e.Set()))
			seen++
		}
		require.Len(t, f.model, seen)
	}
	encodings := map[Encoding]int{}
	for step := range 20_000 {
		k := fmt.Sprintf("s%d", rng.IntN(8))
		b := fmt.Sprint(int64(1) << rng.IntN(63) >> rng.IntN(30))
		if rng.IntN(40) == 0 {
			b = strings.Repeat("v", rng.IntN(40))
		}
		m := model[k]
		had := m[b]
		w := db.OpenSet([]byte(k))
		require.Equal(t, had, w.Has([]byte(b)))
		switch op := rng.IntN(100); {
		case op < 55:
			require.Equal(t, !had, w.Add([]byte(b)))
			if m == nil {
				m = map[string]bool{}
				model[k] = m
			}
			m[b] = true
		case op < 80:
			require.Equal(t, had, w.Remove([]byte(b)))
			delete(m, b)
		case op < 90 && len(m) > 0:
			b := string(w.Pop(rng.Uint64, nil))
			require.True(t, m[b])
			delete(m, b)
		case op < 93 && len(m) > 1:
			w.PopN(1+rng.IntN(len(m)-1), rng.Uint64, func(b []byte) {
				require.True(t, m[string(b)])
				delete(m, string(b))
			})
		case op < 95 && len(m) > 0:
			from := fmt.Sprintf("s%d", rng.IntN(8))
			u := s.NewSet(EncIntset)
			u.AddSet(w.SetView, nil)
			u.AddSet(db.Peek([]byte(from)).Set(), func(b []byte) bool { return len(b) > 2 })
			db.PutSet([]byte(k), u)
			for b := range model[from] {
				if len(b) > 2 {
					m[b] = true
				}
			}
			w = db.OpenSet([]byte(k))
		case op < 97 && m != nil:
			db.SetExpire([]byte(k), int64(rng.IntN(3)))
		case op < 98 && m != nil:
			db.Delete([]byte(k))
			delete(model, k)
			continue
		}
		require.Equal(t, len(m), w.Len())
		if m == nil {
			continue
		}
		encodings[db.Peek([]byte(k)).Encoding()]++
		if len(m) == 0 {
			db.Delete([]byte(k))
			delete(model, k)
		} else {
			require.Equal(t, m, setMap(t, db.Peek([]byte(k)).Set()))
		}
		if rng.IntN(300) == 0 {
			f := frozen{snap: s.Snapshot(), model: map[string]map[string]bool{}}
			for k, m := range model {
				f.model[k] = maps.Clone(m)
			}
			snaps = append(snaps, f)
			checkSnap(snaps[rng.IntN(len(snaps))])
		}
		if step%500 == 0 {
			checkDB(t, db)
		}
	}
	for _, f := range snaps {
		checkSnap(f)
	}
	require.Len(t, encodings, 3)
}

// TestSetSnapshotWhileWriting is for the race detector: snapshots of sets of each encoding are read with no lock.
func TestSetSnapshotWhileWriting(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	db := s.DB(0)
	base := map[string][][]byte{"ints": members("", 300), "small": members("m", 50), "large": members("m", 1000)}
	for k, m := range base {
		w := db.OpenSet([]byte(k))
		w.AddAll(m)
	}
	var wg sync.WaitGroup
	for round := range 5 {
		snap := s.Snapshot()
		wg.Go(func() {
			for e := range snap.All(0) {
				require.Equal(t, len(base[string(e.Key())])+min(round, 1), e.Set().Len())
				require.Equal(t, round > 0, e.Set().Has([]byte(strconv.Itoa(1000+round-1))))
				for range e.Set().All() {
				}
				e.Set().Draw(3, rand.Uint64, func([]byte) {})
			}
		})
		for k := range base {
			w := db.OpenSet([]byte(k))
			w.Remove([]byte(strconv.Itoa(1000 + round - 1)))
			w.Add([]byte(strconv.Itoa(1000 + round)))
		}
	}
	wg.Wait()
}

func TestSetRandomIsUniform(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4)).Uint64
	for _, prefix := range []string{"", "m"} {
		for _, size := range []int{1, 7, 128, 600} {
			all := members(prefix, size)
			db := newTestStore().DB(0)
			w := db.OpenSet([]byte("s"))
			w.AddAll(all)
			count := func(run func(fn func([]byte))) {
				counts := map[string]int{}
				run(func(b []byte) { counts[string(b)]++ })
				if size > 1 {
					requireUniform(t, counts, size)
				}
			}
			count(func(fn func([]byte)) {
				for range 20 * size {
					fn(w.Random(rnd))
				}
			})
			count(func(fn func([]byte)) { w.Draw(20*size, rnd, fn) })
			for _, n := range []int{1, size/20 + 1, size - 1} {
				count(func(fn func([]byte)) {
					for range 20*size/max(n, 1) + 20 {
						w.Sample(n, rnd, fn)
					}
					if n == 0 {
						fn(nil)
					}
				})
			}
			pops := size - 1
			if size > 7 {
				pops = size / 2
			}
			count(func(fn func([]byte)) {
				for range 100 {
					w.PopN(pops, rnd, fn)
					fn(w.Pop(rnd, nil))
					w.AddAll(all)
					require.Equal(t, size, w.Len())
				}
			})
		}
	}
}

// TestSetPopEncoding checks when popping changes the encoding: when most members go.
func TestSetPopEncoding(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4)).Uint64
	for _, c := range []struct {
		members [][]byte
		pop     int
		enc     Encoding
	}{
		{members("", 100), 99, EncIntset},
		{members("", 100), 10, EncIntset},
		{members("m", 100), 99, EncListpack},
		{members("m", 100), 10, EncListpack},
		{members("m", 600), 499, EncHashtable},
		{members("m", 600), 500, EncListpack},
		{members("", 600), 500, EncListpack},
		{members("m", 1200), 1000, EncHashtable},
	} {
		db := newTestStore().DB(0)
		w := db.OpenSet([]byte("s"))
		w.AddAll(c.members)
		db.SetExpire([]byte("s"), 77)
		w = db.OpenSet([]byte("s"))
		popped := map[string]bool{}
		w.PopN(c.pop, rnd, func(b []byte) { popped[string(b)] = true })
		require.Len(t, popped, c.pop)
		e := db.Peek([]byte("s"))
		require.Equal(t, c.enc, e.Encoding(), "%d of %d", c.pop, len(c.members))
		require.EqualValues(t, 77, e.Expire())
		for b := range setMap(t, e.Set()) {
			require.False(t, popped[b])
		}
		require.Equal(t, len(c.members)-c.pop, w.Len())
	}
}

func TestCompactInts(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	for _, c := range []struct {
		members [][]byte
		enc     Encoding
	}{
		{members("", 100), EncIntset},
		{members("", 512), EncIntset},
		{members("", 513), EncHashtable},
		{append(members("", 100), []byte("x")), EncListpack},
		{append(members("", 200), []byte("x")), EncHashtable},
	} {
		w := s.NewSet(EncListpack)
		for _, b := range c.members {
			w.Add(b)
		}
		want := setMap(t, w.SetView)
		w.CompactInts()
		db := s.DB(0)
		db.SetInt([]byte("k"), 1, math.MaxInt64)
		db.PutSet([]byte("k"), w)
		e := db.Peek([]byte("k"))
		require.Equal(t, c.enc, e.Encoding())
		require.Zero(t, e.Expire())
		require.Equal(t, want, setMap(t, e.Set()))
		checkDB(t, db)
	}
}

func TestSetAllocations(t *testing.T) {
	db := newTestStore().DB(0)
	key := []byte("s")
	for _, all := range [][][]byte{members("", 100), members("m", 100), members("m", 1000)} {
		w := db.OpenSet(key)
		w.AddAll(all)
		b := all[7]
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			w := db.OpenSet(key)
			w.Add(b)
			w.Remove(b)
			w.Add(b)
			db.Peek(key).Set().Has(b)
		}), 1.0, "one for a new member of a large set")
	}
}
