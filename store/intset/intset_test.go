package intset

import (
	"encoding/hex"
	"math"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func build(members ...int64) []byte {
	is := New()
	for _, v := range members {
		is, _ = Add(is, v)
	}
	return is
}

func members(is []byte) []int64 {
	var out []int64
	for _, v := range All(is) {
		out = append(out, v)
	}
	return out
}

// The bytes come from DUMP of Redis 7.0.15.
func TestBytesOfRedis(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		members []int64
		blob    string
	}{
		{[]int64{1, 2, 3}, "0200000003000000010002000300"},
		{[]int64{-1, 5, -300}, "0200000003000000d4feffff0500"},
		{[]int64{40000, -1}, "0400000002000000ffffffff409c0000"},
		{[]int64{1 << 40, -40000, 3}, "0800000003000000c063ffffffffffff03000000000000000000000000010000"},
	} {
		require.Equal(t, tc.blob, hex.EncodeToString(build(tc.members...)))
	}
}

func TestWidths(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		v     int64
		width int
	}{
		{math.MaxInt16, 2}, {math.MinInt16, 2}, {math.MaxInt16 + 1, 4}, {math.MinInt16 - 1, 4},
		{math.MaxInt32, 4}, {math.MinInt32, 4}, {math.MaxInt32 + 1, 8}, {math.MinInt32 - 1, 8},
		{math.MaxInt64, 8}, {math.MinInt64, 8},
	} {
		is := build(7, -7, 0)
		is, added := Add(is, tc.v)
		require.True(t, added)
		require.Equal(t, tc.width, width(is))
		want := []int64{-7, 0, 7, tc.v}
		slices.Sort(want)
		require.Equal(t, want, members(is))
		is, added = Add(is, tc.v)
		require.False(t, added)
		is, removed := Remove(is, tc.v)
		require.True(t, removed)
		require.Equal(t, []int64{-7, 0, 7}, members(is))
		require.Equal(t, tc.width, width(is), "never moves back")
		_, removed = Remove(is, tc.v)
		require.False(t, removed)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	is := New()
	require.Zero(t, Len(is))
	require.False(t, Contains(is, 0))
	_, removed := Remove(is, 0)
	require.False(t, removed)
	is, _ = Remove(build(1<<40), 1<<40)
	require.Zero(t, Len(is))
	require.Equal(t, []int64{3}, members(must(Add(is, 3))))
}

func must(is []byte, _ bool) []byte { return is }

func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range int64(40) {
		rnd := rand.New(rand.NewSource(seed))
		is, model := New(), map[int64]bool{}
		shift := 64 - []int{4, 8, 17, 33, 64}[seed%5]
		for range 300 {
			v := int64(rnd.Uint64()) >> shift
			var changed bool
			if rnd.Intn(5) < 3 {
				is, changed = Add(is, v)
				require.Equal(t, !model[v], changed)
				model[v] = true
			} else {
				is, changed = Remove(is, v)
				require.Equal(t, model[v], changed)
				delete(model, v)
			}
			require.Equal(t, model[v], Contains(is, v))
			require.Equal(t, len(model), Len(is))
			if len(model) > 0 {
				require.NoError(t, Validate(is, true))
			}
		}
		for i, v := range All(is) {
			require.True(t, model[v])
			require.Equal(t, v, Get(is, i))
			at, ok := Find(is, v)
			require.True(t, ok)
			require.Equal(t, i, at)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	is := build(1, 2, 3, 1000)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		is, _ = Remove(is, 3)
		is, _ = Add(is, 3)
		Contains(is, 1000)
	}))
}

func TestValidateRejects(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, blob string
		shallow    bool
	}{
		{"nothing", "", false},
		{"header cut", "02000000010000", false},
		{"empty", "0200000000000000", false},
		{"encoding", "0300000001000000000000", false},
		{"encoding high byte", "02000001010000000000", false},
		{"too short", "0200000002000000" + "0100", false},
		{"too long", "0200000001000000" + "01000200", false},
		{"huge count", "08000000ffffffff" + "0000000000000000", false},
		{"count that overflows", "0800000001000020" + "0000000000000000", false},
		{"out of order", "0200000002000000" + "02000100", true},
		{"twice", "0200000002000000" + "01000100", true},
	} {
		raw, _ := hex.DecodeString(tc.blob)
		require.ErrorIs(t, Validate(raw, true), ErrCorrupt, tc.name)
		require.Equal(t, tc.shallow, Validate(raw, false) == nil, tc.name)
	}
	require.NoError(t, Validate(build(1, 2), true))
}

func FuzzValidate(f *testing.F) {
	f.Add(build(1, 2, -3), int64(5))
	f.Add(build(1<<20), int64(-1<<40))
	f.Fuzz(func(t *testing.T, is []byte, v int64) {
		if Validate(is, false) != nil {
			return
		}
		ordered := Validate(is, true) == nil
		had := Contains(is, v)
		is, added := Add(slices.Clone(is), v)
		is, _ = Remove(is, Get(is, Len(is)/2))
		if ordered {
			require.Equal(t, had, !added)
			require.True(t, Len(is) == 0 || Validate(is, true) == nil)
		}
	})
}

func BenchmarkContains512(b *testing.B) {
	is := New()
	for i := range 512 {
		is, _ = Add(is, int64(i*100))
	}
	for b.Loop() {
		Contains(is, 12_300)
	}
}
