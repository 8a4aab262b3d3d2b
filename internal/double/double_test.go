package double

import (
	"math"
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
