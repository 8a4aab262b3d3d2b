package store

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/listpack"
)

type pair struct {
	member string
	score  float64
}

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.score, b.score), strings.Compare(a.member, b.member))
}

func sortedPairs(model map[string]float64) []pair {
	out := []pair{}
	for m, s := range model {
		out = append(out, pair{m, s})
	}
	slices.SortFunc(out, comparePairs)
	return out
}

func pairs(all iter.Seq2[[]byte, float64]) []pair {
	out := []pair{}
	for m, s := range all {
		out = append(out, pair{string(m), s})
	}
	return out
}

// checkZSet compares a set with what it should hold, through every way of reading it, and walks its invariants.
func checkZSet(t testing.TB, want []pair, s ZSetView) {
	require.Equal(t, want, pairs(s.All()))
	require.Equal(t, len(want), s.Len())
	back := pairs(s.Backward())
	slices.Reverse(back)
	require.Equal(t, want, back)
	for i, p := range want {
		rank, ok := s.Rank([]byte(p.member))
		require.True(t, ok)
		require.Equal(t, i, rank)
		score, ok := s.Score([]byte(p.member))
		require.True(t, ok)
		require.Equal(t, p.score, score)
		c := s.At(i)
		require.Equal(t, p.member, string(c.Member()))
	}
	for _, i := range []int{-1, len(want)} {
		c := s.At(i)
		require.False(t, c.Valid())
	}
	_, ok := s.Rank([]byte("absent"))
	require.False(t, ok)
	if s.set == nil {
		if s.lp != nil {
			require.NoError(t, listpack.Validate(s.lp, true))
		}
		return
	}
	require.NoError(t, s.set.order.Check())
	require.NoError(t, s.set.members.Check())
	require.Equal(t, s.set.order.Len(), s.set.members.Len())
	memory := 0
	for k := range s.set.order.All() {
		memory += k.item.memory()
		require.Same(t, k.item, s.set.find(k.item.Key()), "tree and table share the item")
		require.Equal(t, k.score, k.item.score)
	}
	require.Equal(t, memory, s.set.bytes)
}

// TestZSetRandomOperations drives sorted sets on either side of the thresholds against maps, with snapshots
// that must not change.
func TestZSetRandomOperations(t *testing.T) {
	t.Parallel()
	for seed, members := range []int{5, 60, 400, 3000} {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		s := newTestStore()
		db := s.DB(0)
		model := map[string]map[string]float64{"a": {}, "b": {}}
		type frozen struct {
			snap *Snapshot
			want map[string][]pair
		}
		var snaps []frozen
		for range 8000 {
			key := []byte{'a' + byte(r.IntN(2))}
			m := model[string(key)]
			w := db.OpenZSet(key)
			member := fmt.Sprintf("m%d", r.IntN(members))
			if r.IntN(2) == 0 {
				member = member[1:] // an integer
			}
			switch op := r.IntN(100); {
			case op < 60:
				score := float64(r.IntN(20)) / 4
				old, had := m[member]
				added, updated := w.Set([]byte(member), score)
				require.Equal(t, !had, added)
				require.Equal(t, had && old != score, updated)
				m[member] = score
			case op < 89:
				_, had := m[member]
				require.Equal(t, had, w.Remove([]byte(member)))
				delete(m, member)
			case op < 95:
				if len(m) == 0 {
					continue
				}
				from := r.IntN(len(m))
				to := min(len(m), from+r.IntN(5))
				for _, p := range sortedPairs(m)[from:to] {
					delete(m, p.member)
				}
				w.RemoveRange(from, to)
			case op == 95:
				if e := db.Peek(key); e != nil {
					db.CopyTo(e, db, []byte{'a' + 'b' - key[0]})
					model[string('a'+'b'-key[0])] = maps.Clone(m)
				}
			case op == 96 && r.IntN(8) == 0:
				f := frozen{snap: s.Snapshot(), want: map[string][]pair{}}
				for k, m := range model {
					if len(m) > 0 {
						f.want[k] = sortedPairs(m)
					}
				}
				snaps = append(snaps, f)
			case op == 97 && r.IntN(4) == 0:
				checkZSet(t, sortedPairs(m), w.View())
			}
			if w := db.OpenZSet(key); w.e != nil && w.Len() == 0 {
				db.Delete(key)
			}
		}
		for k, m := range model {
			if e := db.Peek([]byte(k)); e != nil {
				checkZSet(t, sortedPairs(m), e.ZSet())
			}
		}
		for _, f := range snaps {
			got := map[string][]pair{}
			for e := range f.snap.All(0) {
				got[string(e.Key())] = pairs(e.ZSet().All())
				checkZSet(t, got[string(e.Key())], e.ZSet())
			}
			require.Equal(t, f.want, got)
		}
		checkDB(t, db)
	}
}

// TestZSetSnapshotWhileWriting is for the race detector: a snapshot is read with no lock.
func TestZSetSnapshotWhileWriting(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	db := s.DB(0)
	member := func(i int) []byte { return fmt.Appendf(nil, "member%d", i) }
	sizes := map[string]int{"small": 50, "large": 1500}
	for key, n := range sizes {
		for i := range n {
			w := db.OpenZSet([]byte(key))
			w.Set(member(i), 0)
		}
	}
	var wg sync.WaitGroup
	for round := range 3 {
		snap := s.Snapshot()
		wg.Go(func() {
			for e := range snap.All(0) {
				n := 0
				for _, score := range e.ZSet().All() {
					require.EqualValues(t, round, score)
					n++
				}
				require.Equal(t, sizes[string(e.Key())], n)
				score, ok := e.ZSet().Score(member(7))
				require.True(t, ok)
				require.EqualValues(t, round, score)
			}
		})
		for key, n := range sizes {
			w := db.OpenZSet([]byte(key))
			for i := range n {
				w.Set(member(i), 77) // of these, all but the first change in place
				w.Set(member(i), float64(round+1))
			}
		}
	}
	wg.Wait()
}

func TestZSetThresholds(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits()
	db := newTestStore().DB(0)
	encoding := func(k string) Encoding { return db.Peek([]byte(k)).Encoding() }
	fill := func(k string, n int) {
		w := db.OpenZSet([]byte(k))
		for i := range n {
			w.Set(fmt.Appendf(nil, "%d", i), float64(i))
		}
	}
	fill("n", limits.ZSetEntries)
	require.Equal(t, EncListpack, encoding("n"))
	w := db.OpenZSet([]byte("n"))
	w.Set([]byte("5"), 1e10)
	require.Equal(t, EncListpack, encoding("n"), "a score changes nothing")
	w.Set([]byte("one more"), 1)
	require.Equal(t, EncSkiplist, encoding("n"))
	for range 200 {
		w.RemoveRange(0, min(1, w.Len()))
	}
	require.Equal(t, EncSkiplist, encoding("n"), "there is no way back")

	for _, n := range []int{limits.ZSetValue, limits.ZSetValue + 1} {
		want := map[bool]Encoding{true: EncListpack, false: EncSkiplist}[n <= limits.ZSetValue]
		w := db.OpenZSet([]byte("first"))
		w.Set(make([]byte, n), 1)
		require.Equal(t, want, encoding("first"))
		db.Delete([]byte("first"))
		db.Delete([]byte("second"))
		fill("second", 3)
		w = db.OpenZSet([]byte("second"))
		w.Set(make([]byte, n), 1)
		require.Equal(t, want, encoding("second"))
		require.Equal(t, 4, w.Len())

		b := db.NewZSetBuilder(0)
		require.Nil(t, b.Add(make([]byte, n), 1))
		b.Store([]byte("built"))
		require.Equal(t, want, encoding("built"))
	}

	for _, c := range []struct {
		n, first int
		enc      Encoding
	}{
		{limits.ZSetEntries, limits.ZSetValue, EncListpack}, {limits.ZSetEntries + 1, 0, EncSkiplist}, {1, limits.ZSetValue + 1, EncSkiplist},
	} {
		db.Delete([]byte("hint"))
		w := db.OpenZSet([]byte("hint"))
		w.Reserve(c.n, c.first)
		w.Set([]byte("x"), 1)
		require.Equal(t, c.enc, encoding("hint"))
	}
	db.Delete([]byte("hint"))
	fill("hint", 1)
	w = db.OpenZSet([]byte("hint"))
	w.Reserve(1, limits.ZSetValue+1)
	require.Equal(t, EncListpack, encoding("hint"))
	w.Reserve(limits.ZSetEntries+1, 0)
	require.Equal(t, EncSkiplist, encoding("hint"))
}

func TestZSetBuilder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 128, 129, 1000} {
		for _, order := range []string{"up", "down", "any"} {
			s := newTestStore()
			db := s.DB(0)
			model := map[string]float64{}
			for i := range n {
				model[fmt.Sprint("m", i)] = float64(i % 37)
			}
			in := sortedPairs(model)
			switch order {
			case "down":
				slices.Reverse(in)
			case "any":
				rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { in[i], in[j] = in[j], in[i] })
			}
			db.SetExpire([]byte("k"), 5)
			b := db.NewZSetBuilder(n)
			for _, p := range in {
				require.Nil(t, b.Add([]byte(p.member), p.score-1))
				*b.Add([]byte(p.member), 99) = p.score
			}
			require.Equal(t, n, b.Len())
			want := sortedPairs(model)
			require.Equal(t, want, pairs(b.All()))
			b.Load([]byte("k"), 7)
			e := db.Peek([]byte("k"))
			checkZSet(t, want, e.ZSet())
			require.EqualValues(t, 7, e.Expire())
			require.Equal(t, n <= 128, e.Encoding() == EncListpack)
			// What was built is written to like any other.
			s.Snapshot()
			w := db.OpenZSet([]byte("k"))
			w.Set([]byte("m0"), 50)
			model["m0"] = 50
			checkZSet(t, sortedPairs(model), w.View())
			checkDB(t, db)
		}
	}
	db := newTestStore().DB(0)
	b := db.NewZSetBuilder(-1)
	b.Add([]byte("m"), 1)
	b.StoreLarge([]byte("k"))
	require.Equal(t, EncSkiplist, db.Peek([]byte("k")).Encoding())
}

func TestZSetRanges(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for _, extra := range []int{0, 300} {
		db := newTestStore().DB(0)
		w := db.OpenZSet([]byte("k"))
		model := map[string]float64{"a": 1, "b": 2, "c": 2, "d": 3, "low": -inf, "high": inf}
		for i := range extra {
			model[fmt.Sprint("x", i)] = float64(i)
		}
		for m, s := range model {
			w.Set([]byte(m), s)
		}
		all := sortedPairs(model)
		for _, lo := range []float64{-inf, 0, 1, 1.5, 2, 3, 299, 300, inf} {
			for _, hi := range []float64{-inf, 0, 1, 1.5, 2, 3, 299, 300, inf} {
				for ex := range 4 {
					r := ScoreRange{lo, hi, ex&1 != 0, ex&2 != 0}
					from, to := w.View().ByScore(r)
					want := []pair{}
					for _, p := range all {
						if (p.score > lo || p.score == lo && !r.MinExclusive) && (p.score < hi || p.score == hi && !r.MaxExclusive) {
							want = append(want, p)
						}
					}
					require.Equal(t, want, append([]pair{}, all[from:to]...), "%+v", r)
				}
			}
		}
	}
}

func TestZSetLexRanges(t *testing.T) {
	t.Parallel()
	bounds := []LexBound{{Infinite: -1}, {Infinite: 1}}
	for _, v := range []string{"", "10", "a", "b", "bb", "c", "z"} {
		bounds = append(bounds, LexBound{Value: []byte(v)}, LexBound{Value: []byte(v), Exclusive: true})
	}
	within := func(m []byte, r LexRange) bool {
		lo, hi := bytes.Compare(m, r.Min.Value), bytes.Compare(m, r.Max.Value)
		return r.Min.Infinite <= 0 && r.Max.Infinite >= 0 &&
			(r.Min.Infinite < 0 || lo > 0 || lo == 0 && !r.Min.Exclusive) &&
			(r.Max.Infinite > 0 || hi < 0 || hi == 0 && !r.Max.Exclusive)
	}
	for _, extra := range []int{0, 300} {
		db := newTestStore().DB(0)
		w := db.OpenZSet([]byte("k"))
		model := map[string]float64{"": 0, "10": 0, "9": 0, "a": 0, "b": 0, "ba": 0, "c": 0}
		for i := range extra {
			model[fmt.Sprint("b", i)] = 0
		}
		for m, s := range model {
			w.Set([]byte(m), s)
		}
		all := sortedPairs(model)
		for _, lo := range bounds {
			for _, hi := range bounds {
				from, to := w.View().ByLex(LexRange{lo, hi})
				want := []pair{}
				for _, p := range all {
					if within([]byte(p.member), LexRange{lo, hi}) {
						want = append(want, p)
					}
				}
				require.Equal(t, want, append([]pair{}, all[from:to]...), "%+v %+v", lo, hi)
			}
		}
	}
	require.Zero(t, ZSetView{}.Len())
	from, to := ZSetView{}.ByLex(LexRange{LexBound{Infinite: -1}, LexBound{Infinite: 1}})
	require.Zero(t, to-from)
	from, to = ZSetView{}.ByScore(ScoreRange{Max: 1})
	require.Zero(t, to-from)
}

// TestZSetFlatScores pins the bytes of small sets: DUMP hands them out, and Redis reads them.
func TestZSetFlatScores(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		score float64
		text  string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {-3, "-3"}, {1.5, "1.5"}, {0.00001, "0.00001"}, {1e25, "1e+25"}, {math.Inf(1), "inf"}, {math.Inf(-1), "-inf"},
		{1 << 62, "4611686018427387904"}, {1 << 63, "9223372036854776000"},
	} {
		db := newTestStore().DB(0)
		w := db.OpenZSet([]byte("k"))
		w.Set([]byte("m"), c.score)
		lp := w.e.blob()
		require.Equal(t, c.text, string(listpack.AppendValue(nil, lp, listpack.Last(lp))))
		got, ok := w.Score([]byte("m"))
		require.True(t, ok)
		require.Equal(t, c.score, got)
		w.Set([]byte("m"), 1)
		w.Set([]byte("m"), c.score)
		checkZSet(t, []pair{{"m", c.score + 0}}, w.View())
	}
}

func TestZSetMembersOfAllSizes(t *testing.T) {
	t.Parallel()
	db := newTestStore().DB(0)
	w := db.OpenZSet([]byte("k"))
	model := map[string]float64{}
	for _, n := range []int{0, 1, 6, 7, 8, 63, 126, 127, 128, 129, 16383, 16384, 70000} {
		m := bytes.Repeat([]byte{byte(n)}, n)
		w.Set(m, float64(n%3))
		model[string(m)] = float64(n % 3)
	}
	checkZSet(t, sortedPairs(model), w.View())
}

func TestZSetRandomAndScan(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 1000} {
		db := newTestStore().DB(0)
		w := db.OpenZSet([]byte("k"))
		for i := range n {
			w.Set(fmt.Appendf(nil, "%d", i), float64(i))
		}
		seen := map[string]int{}
		for cursor := uint64(0); ; {
			if cursor = w.View().Scan(cursor, func(m []byte, score float64) {
				require.Equal(t, fmt.Sprint(score), string(m))
				seen[string(m)]++
			}); cursor == 0 {
				break
			}
		}
		require.Len(t, seen, n)

		r := rand.New(rand.NewPCG(1, 2))
		for _, k := range []int{0, 1, 2, n / 2, n - 1, n} {
			clear(seen)
			w.View().Sample(k, r.Uint64, func(m []byte, score float64) {
				require.Equal(t, fmt.Sprint(score), string(m))
				seen[string(m)]++
			})
			require.Len(t, seen, k, "distinct")
		}
		clear(seen)
		for range 100 * n {
			w.View().Sample(1, r.Uint64, func(m []byte, _ float64) { seen[string(m)]++ })
		}
		for _, k := range seen {
			require.InDelta(t, 100, k, 60)
		}
		clear(seen)
		w.View().Draw(100*n, r.Uint64, func(m []byte, score float64) {
			require.Equal(t, fmt.Sprint(score), string(m))
			seen[string(m)]++
		})
		for _, k := range seen {
			require.InDelta(t, 100, k, 60)
		}
		clear(seen)
		for range 100 * n {
			c := w.View().Random(r.Uint64)
			seen[string(c.Member())]++
		}
		require.Len(t, seen, n)
		for _, k := range seen {
			require.InDelta(t, 100, k, 60)
		}
	}
	c := ZSetView{}.Random(func() uint64 { return 5 })
	require.False(t, c.Valid())
}

func TestZSetReadsDoNotAllocate(t *testing.T) {
	db := newTestStore().DB(0)
	for key, n := range map[string]int{"small": 20, "large": 500} {
		w := db.OpenZSet([]byte(key))
		for i := range n {
			w.Set(fmt.Appendf(nil, "m%d", i), float64(i)/2)
		}
		e, member := db.Peek([]byte(key)), []byte("m7")
		require.Zero(t, testing.AllocsPerRun(100, func() {
			s := e.ZSet()
			s.Score(member)
			s.Rank(member)
			from, _ := s.ByScore(ScoreRange{Min: 1, Max: 3})
			s.ByLex(LexRange{Max: LexBound{Infinite: 1}})
			for c := s.At(from); c.Valid(); c.Next() {
				c.Member()
				c.Score()
			}
		}))
	}
}
