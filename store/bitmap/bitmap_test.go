package bitmap

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	fill := byte(r.IntN(3) - 1) // zeroes, ones, or anything
	for i := range b {
		if b[i] = fill; fill == 1 {
			b[i] = byte(r.Uint32())
		}
	}
	if n > 0 && r.IntN(2) == 0 {
		b[r.IntN(n)] ^= 1 << r.IntN(8)
	}
	return b
}

func bit(b []byte, i int64) bool { return b[i>>3]&(0x80>>(i&7)) != 0 }

func TestCountAndFind(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := randomBytes(r, r.IntN(90))
		size := int64(len(b)) * 8
		from, to := r.Int64N(size+1), r.Int64N(size+1)
		if r.IntN(4) == 0 {
			from, to = 0, size
		}
		count, zero, one := int64(0), int64(-1), int64(-1)
		for i := from; i < to; i++ {
			switch {
			case bit(b, i):
				count++
				if one < 0 {
					one = i
				}
			case zero < 0:
				zero = i
			}
		}
		require.Equal(t, count, CountRange(b, from, to), "%x %d %d", b, from, to)
		require.Equal(t, zero, Find(b, from, to, false), "%x %d %d", b, from, to)
		require.Equal(t, one, Find(b, from, to, true), "%x %d %d", b, from, to)
		require.Equal(t, CountRange(b, 0, size), Count(b))
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 3))
	for _, size := range []int{1, 7, 8, 15, 16, 17, 100, chunk - 1, chunk, chunk + 1, 2*chunk + 40} {
		for op := And; op <= Not; op++ {
			sources := [][]byte{make([]byte, size), make([]byte, r.IntN(size+1)), {}, make([]byte, size)}
			r.Shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
			if sources = sources[:1+r.IntN(len(sources))]; op == Not {
				sources = [][]byte{make([]byte, size)}
			}
			longest := 0
			for _, s := range sources {
				longest = max(longest, len(s))
				for i := range s {
					s[i] = byte(r.Uint32())
				}
			}
			want := make([]byte, longest)
			for i := range want {
				for j, s := range sources {
					c := byte(0)
					if i < len(s) {
						c = s[i]
					}
					switch {
					case op == Not:
						want[i] = ^c
					case j == 0:
						want[i] = c
					case op == And:
						want[i] &= c
					case op == Or:
						want[i] |= c
					case op == Xor:
						want[i] ^= c
					}
				}
			}
			got := make([]byte, longest)
			for i := range got {
				got[i] = 0xaa
			}
			Combine(got, op, sources)
			require.Equal(t, want, got, "op %d, %d bytes, %d sources", op, size, len(sources))
		}
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 4))
	for range 3000 {
		f := Field{Signed: r.IntN(2) == 0, Bits: uint8(1 + r.IntN(63)), Offset: r.Int64N(80)}
		if f.Signed {
			f.Bits += uint8(r.IntN(2))
		}
		b := make([]byte, 20)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		b = b[:(f.End()+7)/8]
		before := append([]byte(nil), b...)
		v := int64(r.Uint64())
		f.Set(b, v)
		want := v << (64 - f.Bits) >> (64 - f.Bits)
		if !f.Signed {
			want = int64(uint64(v) << (64 - f.Bits) >> (64 - f.Bits))
		}
		require.Equal(t, want, f.Get(b), "%+v", f)
		for i := range int64(len(b)) * 8 {
			if i < f.Offset || i >= f.End() {
				require.Equal(t, bit(before, i), bit(b, i), "%+v bit %d", f, i)
			}
		}
	}
	require.Equal(t, int64(0), Field{Bits: 8, Offset: 1 << 40}.Get([]byte{255}))
	require.Equal(t, int64(0xf0), Field{Bits: 8, Offset: 4}.Get([]byte{255}))
	require.Equal(t, int64(-16), Field{Signed: true, Bits: 8, Offset: 4}.Get([]byte{255}))
}

func TestOverflow(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 5))
	edges := []int64{0, 1, -1, 2, 100, -100, 127, 128, -128, -129, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, 1 << 62, -(1 << 62)}
	for _, f := range []Field{{Bits: 1}, {Bits: 8}, {Bits: 62}, {Bits: 63}, {Signed: true, Bits: 1}, {Signed: true, Bits: 8},
		{Signed: true, Bits: 63}, {Signed: true, Bits: 64}} {
		lo, hi := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), uint(f.Bits))
		if f.Signed {
			hi.Rsh(hi, 1)
			lo.Neg(hi)
		}
		hi.Sub(hi, big.NewInt(1))
		for range 500 {
			v, incr := edges[r.IntN(len(edges))], edges[r.IntN(len(edges))]
			v, _ = f.Add(v, 0, Wrap) // what a field holds
			sum := new(big.Int).Add(big.NewInt(v), big.NewInt(incr))
			name := fmt.Sprintf("%+v: %d + %d", f, v, incr)
			over := sum.Cmp(lo) < 0 || sum.Cmp(hi) > 0
			got, overflow := f.Add(v, incr, Saturate)
			require.Equal(t, over, overflow, name)
			switch {
			case sum.Cmp(lo) < 0:
				require.Equal(t, lo.Int64(), got, name)
			case sum.Cmp(hi) > 0:
				require.Equal(t, hi.Int64(), got, name)
			default:
				require.Equal(t, sum.Int64(), got, name)
			}
			b := make([]byte, 8)
			f.Set(b, v+incr)
			got, _ = f.Add(v, incr, Wrap)
			require.Equal(t, f.Get(b), got, name)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	s := make([]byte, 1<<20)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Count(s)
	}
}

func BenchmarkCombine(b *testing.B) {
	for op, name := range map[Op]string{And: "and", Or: "or", Xor: "xor", Not: "not"} {
		b.Run(name, func(b *testing.B) {
			s := [][]byte{make([]byte, 1<<20), make([]byte, 1<<20), make([]byte, 1<<20)}
			dst := make([]byte, 1<<20)
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				Combine(dst, op, s)
			}
		})
	}
}
