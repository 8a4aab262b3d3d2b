package hyperloglog

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

const limit = 3000

// add adds the numbers from 0 to n-1, in decimal.
func add(t testing.TB, b []byte, n int) []byte {
	for i := range n {
		index, value := Place(strconv.AppendInt(nil, int64(i), 10))
		var err error
		b, _, err = Set(b, index, value, limit)
		require.NoError(t, err)
	}
	return b
}

// Values and estimates are those of Redis 7.2.4 after PFADD of the same elements.
func TestRedisBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n     int
		count uint64
		size  int
		sum   string
	}{
		{1, 1, 21, "dfc7636d087c8d28"},
		{3, 3, 27, "ad1d20b00034a04e"},
		{100, 100, 287, "43eee32ce3b8490b"},
		{1000, 1001, 1923, "69f56acb25eb29c6"},
		{1500, 1512, 2766, "79105d76b22df3b5"},
		{20000, 19891, DenseSize, "a01c9c22ff29b51a"},
		{200000, 200305, DenseSize, "f59af194ecccfd86"},
	} {
		b := add(t, New(nil), c.n)
		require.NoError(t, Check(b))
		require.Len(t, b, c.size)
		sum := sha256.Sum256(b)
		require.Equal(t, c.sum, hex.EncodeToString(sum[:8]), c.n)
		n, err := Count(b)
		require.NoError(t, err)
		require.Equal(t, c.count, n)

		d, err := Dense(nil, b)
		require.NoError(t, err)
		n, err = Count(d)
		require.NoError(t, err)
		require.Equal(t, c.count, n)

		var all Registers
		require.NoError(t, Merge(&all, b))
		require.Equal(t, c.count, all.Count())
		var again Registers
		require.NoError(t, Merge(&again, d))
		require.Equal(t, all, again)
		for i, v := range all {
			require.Equal(t, v, Get(d, i))
		}
		u, err := Union(New(nil), &all, false, limit)
		require.NoError(t, err)
		require.NoError(t, Merge(&again, u))
		require.Equal(t, all, again)
		u, err = Union(New(nil), &all, true, limit)
		require.NoError(t, err)
		require.False(t, IsSparse(u))
	}
}

func TestSparseRuns(t *testing.T) {
	t.Parallel()
	b := New(nil)
	require.Equal(t, "Z:16384", string(AppendRuns(nil, b)))
	for _, c := range []struct {
		index   int
		value   uint8
		changed bool
		want    string
	}{
		{0, 1, true, "v:1,1 Z:16383"},
		{16383, 2, true, "v:1,1 Z:16382 v:2,1"},
		{64, 3, true, "v:1,1 z:63 v:3,1 Z:16318 v:2,1"},
		{65, 3, true, "v:1,1 z:63 v:3,2 Z:16317 v:2,1"},
		{65, 3, false, "v:1,1 z:63 v:3,2 Z:16317 v:2,1"},
		{66, 3, true, "v:1,1 z:63 v:3,3 Z:16316 v:2,1"},
		{67, 3, true, "v:1,1 z:63 v:3,4 Z:16315 v:2,1"},
		{68, 3, true, "v:1,1 z:63 v:3,4 v:3,1 Z:16314 v:2,1"},
		{65, 32, true, "v:1,1 z:63 v:3,1 v:32,1 v:3,3 Z:16314 v:2,1"},
		{64, 2, false, "v:1,1 z:63 v:3,1 v:32,1 v:3,3 Z:16314 v:2,1"},
	} {
		SetCached(b, 5)
		var changed bool
		var err error
		b, changed, err = Set(b, c.index, c.value, limit)
		require.NoError(t, err)
		require.Equal(t, c.changed, changed)
		_, fresh := Cached(b)
		require.Equal(t, !c.changed, fresh)
		require.Equal(t, c.want, string(AppendRuns(nil, b)))
	}
	d, changed, err := Set(append([]byte(nil), b...), 1, 33, limit)
	require.NoError(t, err)
	require.True(t, changed)
	require.False(t, IsSparse(d))
	require.Equal(t, uint8(33), Get(d, 1))
	require.Equal(t, uint8(32), Get(d, 65))
	d, _, err = Set(append([]byte(nil), b...), 1000, 1, len(b)+1)
	require.NoError(t, err)
	require.False(t, IsSparse(d), "longer than the limit")
}

func TestDamage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	whole := [][]byte{add(t, New(nil), 300), add(t, New(nil), 5000)}
	for range 3000 {
		b := append([]byte(nil), whole[r.IntN(2)]...)
		for range 1 + r.IntN(3) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		if r.IntN(3) == 0 {
			b = b[:r.IntN(len(b)+1)]
		}
		if Check(b) != nil {
			continue
		}
		var all Registers
		_, err := Count(b)
		require.Equal(t, err != nil, Merge(&all, b) != nil)
		_, denseErr := Dense(nil, b)
		require.Equal(t, err != nil, denseErr != nil)
		AppendRuns(nil, b)
		_, _, _ = Set(b, r.IntN(registers), uint8(1+r.IntN(51)), limit)
	}
	require.ErrorIs(t, Check(nil), ErrNotHyperLogLog)
	require.ErrorIs(t, Check([]byte("HYLL")), ErrNotHyperLogLog)
	require.ErrorIs(t, Merge(new(Registers), append(New(nil), 0)), ErrCorrupt)
}

func TestSelfTest(t *testing.T) {
	t.Parallel()
	require.NoError(t, SelfTest(100_000, limit, rand.New(rand.NewPCG(7, 7)).Uint64))
}

func BenchmarkCountDense(b *testing.B) {
	v := add(b, New(nil), 20000)
	for b.Loop() {
		_, _ = Count(v)
	}
}

func BenchmarkSetSparse(b *testing.B) {
	v := add(b, New(nil), 1000)
	i := uint64(0)
	for b.Loop() {
		i++
		index, value := Place(strconv.AppendUint(nil, i%1000, 10))
		v, _, _ = Set(v, index, value, limit)
	}
}
