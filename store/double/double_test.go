package double

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    float64
		want int64
		ok   bool
	}{
		{0, 0, true}, {math.Copysign(0, -1), 0, true}, {-7, -7, true}, {1.5, 0, false}, {math.NaN(), 0, false}, {math.Inf(1), 0, false},
		{1 << 62, 1 << 62, true}, {-(1 << 62), -(1 << 62), true}, {math.Nextafter(1<<62, 1<<63), 0, false}, {math.Inf(-1), 0, false},
	} {
		i, ok := Int(c.f)
		require.Equal(t, c.ok, ok, c.f)
		if ok {
			require.Equal(t, c.want, i)
		}
	}
}

// TestAppendAsGrisu has doubles of which Redis prints more digits than are needed: decimals halfway to a neighbour, and
// some that Grisu2 misses the fewest digits of.
func TestAppendAsGrisu(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		1.25e22: "12499999999999999000000", 6.25e21: "6249999999999999000000", 1.75e22: "17500000000000001000000", 3.125e21: "3124999999999999700000",
		7.25e21: "7249999999999999000000", -1.25e22: "-12499999999999999000000",
		5e-324: "5e-324", math.SmallestNonzeroFloat64 * 3: "1.5e-323", math.MaxFloat64: "1.7976931348623157e+308", 0x1p-1022: "2.2250738585072014e-308",
		0x1p-1: "0.5", 0x1p70: "1180591620717411300000",
	} {
		require.Equal(t, want, string(Append(nil, f)))
	}
}

func FuzzAppend(f *testing.F) {
	f.Add(uint64(0x3ff8000000000000))
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, b uint64) {
		v := math.Float64frombits(b)
		text := Append(nil, v)
		require.LessOrEqual(t, len(text), MaxLen)
		back, err := strconv.ParseFloat(string(text), 64)
		require.NoError(t, err)
		if !math.IsNaN(v) {
			require.Equal(t, v, back)
		}
	})
}
