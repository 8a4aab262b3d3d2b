package server

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCollectorPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		live int64
		want int
	}{
		{0, 800}, {4 << 20, 800}, {8 << 20, 400}, {16 << 20, 200}, {32 << 20, 100}, {33 << 20, 100}, {4 << 30, 100},
		{8 << 30, 88}, {32 << 30, 64}, {64 << 30, 50}, {1 << 40, 50},
	} {
		require.Equal(t, c.want, collectorPercent(c.live), "%d bytes", c.live)
	}
}

func TestMemoryLimitFollowsMaxmemory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ max, uncounted, live, want int64 }{
		{0, 0, 1 << 30, math.MaxInt64}, {1 << 20, 0, 1 << 20, 32 << 20}, {200 << 20, 0, 200 << 20, 236 << 20}, {1 << 30, 0, 1 << 30, 1192 << 20},
		{200 << 20, 50 << 20, 200 << 20, 280 << 20}, {100 << 20, 0, 200 << 20, 236 << 20}, {math.MaxInt64, 0, 0, math.MaxInt64},
	} {
		require.Equal(t, c.want, memoryLimit(c.max, c.uncounted, c.live), "%v", c)
	}
}

func TestWhatIsWorthTrimming(t *testing.T) {
	t.Parallel()
	require.False(t, worthTrimming(heap{objects: 3 << 20, resident: 8 << 20}, 0), "too little")
	require.True(t, worthTrimming(heap{objects: 50 << 20, resident: 60 << 20}, 40<<20), "garbage")
	require.True(t, worthTrimming(heap{objects: 50 << 20, free: 10 << 20, resident: 60 << 20}, 50<<20), "free pages")
	require.False(t, worthTrimming(heap{objects: 1010 << 20, free: 20 << 20, resident: 1100 << 20}, 1000<<20), "too little of it all")
}
