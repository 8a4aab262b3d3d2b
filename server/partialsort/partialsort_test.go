package partialsort

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSort(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		a := make([]int, 1+r.IntN(200))
		distinct := 1 + r.IntN(300)
		for i := range a {
			a[i] = r.IntN(distinct)
		}
		want := slices.Sorted(slices.Values(a))
		lo := r.IntN(len(a) + 1)
		hi := lo + r.IntN(len(a)-lo+1) - 1
		Sort(a, lo, hi, func(x, y *int) int { return cmp.Compare(*x, *y) })
		require.Equal(t, want[lo:hi+1], a[lo:hi+1])
		slices.Sort(a)
		require.Equal(t, want, a)
	}
}
