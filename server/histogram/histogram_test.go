package histogram

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ v, low, high int64 }{
		{1, 1, 1}, {127, 127, 127}, {128, 128, 128}, {255, 255, 255},
		{256, 256, 257}, {257, 256, 257}, {511, 510, 511}, {512, 512, 515},
		{1000, 1000, 1003}, {50_000_000, 49_807_360, 50_069_503}, {Max, 998_244_352, 1_002_438_655},
	} {
		row, column := place(uint64(test.v))
		require.Less(t, row, rows)
		require.Equal(t, []int64{test.low, test.high}, []int64{lowest(row, column), highest(row, column)}, test.v)
	}
}

func TestPlacesFollowEachOther(t *testing.T) {
	t.Parallel()
	next := int64(0)
	for row := range rows {
		for column := range rowLen {
			require.Equal(t, next, lowest(row, column))
			next = highest(row, column) + 1
		}
	}
	require.Greater(t, next, int64(Max))
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var h Histogram
	require.Zero(t, h.Percentile(50))
	r := rand.New(rand.NewPCG(1, 2))
	var parts [3]Histogram
	var values []int64
	for i := range 10_000 {
		v := int64(1) << r.IntN(29)
		v += r.Int64N(v)
		values = append(values, v)
		parts[i%len(parts)].Record(v)
	}
	for i := range parts {
		h.Add(&parts[i])
	}
	slices.Sort(values)
	require.Equal(t, uint64(len(values)), h.Total())
	for _, p := range []float64{0.1, 25, 50, 99, 99.9, 100} {
		exact := values[max(int(p/100*float64(len(values))+0.5), 1)-1]
		require.InEpsilon(t, exact, h.Percentile(p), 1.0/128, p)
		require.GreaterOrEqual(t, h.Percentile(p), exact)
	}
	require.LessOrEqual(t, h.Percentile(0), values[0])
}

func TestOutOfRange(t *testing.T) {
	t.Parallel()
	var h Histogram
	h.Record(-1)
	h.Record(0)
	h.Record(Max * 1000)
	require.Equal(t, int64(1), h.Percentile(0))
	require.Equal(t, int64(1), h.Percentile(60))
	require.Equal(t, int64(1_002_438_655), h.Percentile(100))
}

func TestCumulative(t *testing.T) {
	t.Parallel()
	h := new(Histogram)
	require.Empty(t, h.Cumulative())
	h.Record(1)
	h.Record(1024) // the class of a bound belongs to its step
	h.Record(1031)
	h.Record(1032)
	h.Record(33023)
	h.Record(33024)
	h.Record(600 * 1_000_000)
	h.Record(Max + 5)
	require.Equal(t, []Step{{1031, 3}, {2063, 4}, {33023, 5}, {66047, 6}, {1073741823, 8}}, h.Cumulative())
}
