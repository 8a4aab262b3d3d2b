package order

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// check walks the index's invariants: keys strictly ascending across blocks, separators between
// them, counts right, no needless sharing left out.
func check(t testing.TB, x *Index) {
	x.Len()
	require.False(t, x.Pending())
	n, size := 0, 0
	var prev []byte
	started := false
	firstBlock := true
	x.blocks.Scan(func(b *block) bool {
		require.Equal(t, firstBlock, b.sep == "", "only the first separator is empty")
		firstBlock = false
		if started {
			require.Less(t, string(prev), b.sep)
		}
		var key []byte
		count := 0
		for off := 0; off < len(b.data); count++ {
			shared, rest, next := entry(b.data, off)
			require.LessOrEqual(t, shared, len(key))
			full := append(slices.Clone(key[:shared]), rest...)
			if count > 0 {
				require.Equal(t, commonPrefix(key, full), shared, "an entry shares all it can")
			} else {
				require.Zero(t, shared)
			}
			if started {
				require.Negative(t, bytes.Compare(prev, full))
			}
			require.GreaterOrEqual(t, string(full), b.sep)
			key, prev, started, off = full, full, true, next
		}
		require.Equal(t, b.n, count)
		require.LessOrEqual(t, b.n, maxKeys)
		n += count
		size += b.bytes()
		return true
	})
	require.Equal(t, x.n, n)
	require.Equal(t, size, x.bytes, "all runs are merged: only blocks count")
	require.Zero(t, x.merging+x.waiting)
}

func keys(x *Index, prefix, from string) (all []string) {
	x.Ascend([]byte(prefix), []byte(from), func(k []byte) bool {
		all = append(all, string(k))
		return true
	})
	return all
}

func TestRandomOperations(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		x := New()
		model := map[string]bool{}
		word := func() string {
			switch r.IntN(4) {
			case 0:
				return fmt.Sprintf("user:%d", r.IntN(500))
			case 1:
				return strings.Repeat("a", r.IntN(300))
			case 2:
				return string([]byte{byte(r.IntN(256)), byte(r.IntN(3))})
			}
			return fmt.Sprintf("user:%d:%x", r.IntN(50), r.IntN(100))
		}
		for i := range 12000 {
			k := word()
			if r.IntN(10) < 4 || i > 10000 {
				x.Delete([]byte(k))
				delete(model, k)
			} else {
				x.Insert([]byte(k))
				model[k] = true
			}
			if i%777 == 0 { // in all states of runs and merges
				want := slices.Sorted(maps.Keys(model))
				require.Equal(t, want, keys(x, "", ""))
				from := word()
				prefix := from[:min(len(from), r.IntN(6))]
				want = slices.DeleteFunc(want, func(k string) bool { return !strings.HasPrefix(k, prefix) || k < from })
				if len(want) == 0 {
					want = nil
				}
				require.Equal(t, want, keys(x, prefix, from))
				x.Drain(r.IntN(2000))
				require.Equal(t, len(model), len(keys(x, "", "")))
			}
			if i%3777 == 0 {
				check(t, x)
			}
		}
		check(t, x)
		want := make([]string, 0, len(model))
		for k := range model {
			want = append(want, k)
		}
		slices.Sort(want)
		require.Equal(t, want, keys(x, "", ""))
		require.Equal(t, len(want), x.Len())
		for _, prefix := range []string{"user:4", "user:49:", "aaaa", "zzz", "\xff", "u"} {
			from := word()
			var sub []string
			for _, k := range want {
				if strings.HasPrefix(k, prefix) && k >= from {
					sub = append(sub, k)
				}
			}
			require.Equal(t, sub, keys(x, prefix, from))
		}
		for k := range model {
			x.Delete([]byte(k))
		}
		check(t, x)
		require.Empty(t, keys(x, "", ""))
		require.LessOrEqual(t, x.blocks.Len(), 1, "an emptied index keeps no blocks")
	}
}

func TestAscendStops(t *testing.T) {
	t.Parallel()
	x := New()
	for i := range 1000 {
		x.Insert(fmt.Appendf(nil, "k%03d", i))
	}
	n := 0
	x.Ascend([]byte("k"), nil, func([]byte) bool { n++; return n < 10 })
	require.Equal(t, 10, n)
}

func TestSequentialInsertsFillBlocks(t *testing.T) {
	t.Parallel()
	x := New()
	const n = 100_000
	for i := range n {
		x.Insert(fmt.Appendf(nil, "key:%012d", i))
	}
	check(t, x)
	require.Less(t, float64(x.Bytes())/n, 6.0, "bytes a key")
}

func BenchmarkInsertRandom(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := New()
	for range 1_000_000 {
		x.Insert(fmt.Appendf(nil, "key:%012d", r.Uint64N(1e12)))
	}
	b.ReportMetric(float64(x.Bytes())/float64(x.Len()), "B/key")
	key := make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		key = fmt.Appendf(key[:0], "key:%012d", r.Uint64N(1e12))
		x.Insert(key)
	}
}

func BenchmarkInsertDelete(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := New()
	all := make([][]byte, 1_000_000)
	for i := range all {
		all[i] = fmt.Appendf(nil, "key:%012d", r.Uint64N(1e12))
		x.Insert(all[i])
	}
	b.ReportAllocs()
	for b.Loop() {
		k := all[r.IntN(len(all))]
		x.Delete(k)
		x.Insert(k)
	}
}

func TestLastChangeOfTheEmptyKeyCounts(t *testing.T) {
	t.Parallel()
	for n := range 60 { // the queue is sorted in other ways when it is long
		x := New()
		for range n {
			x.Insert(nil)
			x.Delete(nil)
		}
		require.Zero(t, x.Len())
		x.Delete(nil)
		x.Insert(nil)
		require.Equal(t, 1, x.Len())
		check(t, x)
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, fullKeys, fullKeys + 1, 5000} {
		r := rand.New(rand.NewPCG(uint64(n), 3))
		x := New()
		x.Bulk(true)
		var want []string
		for i := range n {
			k := fmt.Sprintf("%x:%s", r.Uint32(), strings.Repeat("y", r.IntN(3)*i%200))
			x.Insert([]byte(k))
			want = append(want, k)
			if r.IntN(5) == 0 {
				x.Insert([]byte(want[r.IntN(len(want))]))
				x.Insert([]byte("gone"))
				x.Delete([]byte("gone"))
			}
		}
		x.Bulk(false)
		slices.Sort(want)
		check(t, x)
		require.Equal(t, slices.Compact(want), keys(x, "", ""))
		x.Insert([]byte("5"))
		x.Delete([]byte("5"))
		check(t, x)
	}
}

func BenchmarkBulk(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := New()
	x.Bulk(true)
	key := make([]byte, 0, 32)
	b.ReportAllocs()
	for range b.N {
		key = fmt.Appendf(key[:0], "key:%012d", r.Uint64N(1e12))
		x.Insert(key)
	}
	x.Bulk(false)
}
