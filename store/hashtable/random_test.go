package hashtable

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRandomIsUniform holds the frequencies against a chi-square distribution,
// in tables as they grow and as deletions leave them.
func TestRandomIsUniform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ grow, keep int }{
		{1, 1}, {2, 2}, {24, 24}, {25, 25}, {100, 100}, {1000, 1000}, {1000, 100}, {1000, 3},
		{14_000, 14_000}, {20_000, 2000}, {20_000, 20},
	} {
		for _, name := range []string{"good", "lopsided", "low bits", "few values", "constant"} {
			if name != "good" && c.grow > 1000 {
				continue
			}
			t.Run(fmt.Sprint(name, c), func(t *testing.T) {
				t.Parallel()
				hash := hashes[name]
				table := New[*item](hash)
				for i := range c.grow {
					key := fmt.Append(nil, i)
					table.Set(hash(key), &item{key: key, value: i})
				}
				for i := c.keep; i < c.grow; i++ {
					key := fmt.Append(nil, i)
					table.Delete(hash(key), key)
				}
				rnd := newRand(7)
				const each = 25
				got := make([]int, c.keep)
				for range each * c.keep {
					got[table.Random(rnd.Uint64).value]++
				}
				chi2 := 0.0
				for _, n := range got {
					chi2 += float64((n-each)*(n-each)) / each
				}
				// Mean k and variance 2k, nearly normal for great k; five sigma.
				k := float64(c.keep - 1)
				require.InDelta(t, k, chi2, 5*math.Sqrt(2*k)+12)
			})
		}
	}
}

// TestRandomGivesUp has a generator that never hits: the exact method answers.
func TestRandomGivesUp(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	for i := range 100 {
		key := fmt.Append(nil, i)
		table.Set(goodHash(key), &item{key: key})
	}
	calls := 0
	p := table.Random(func() uint64 { calls++; return ^uint64(0) })
	require.NotNil(t, p)
	require.LessOrEqual(t, calls, 2*randomTries+1)
}
