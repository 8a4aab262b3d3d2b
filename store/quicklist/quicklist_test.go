package quicklist

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/listpack"
)

// contents reads the list in one of three ways, which must agree with the others elsewhere.
func contents(l *List) (out []string) {
	var scratch [listpack.IntBufSize]byte
	for it := l.Iter(0, false); it.Next(); {
		out = append(out, string(it.Value(&scratch)))
	}
	return out
}

func requireSame(t *testing.T, want []string, l *List) {
	t.Helper()
	require.NoError(t, l.Check())
	require.Equal(t, len(want), l.Len())
	if len(want) > 0 {
		require.Equal(t, want, contents(l))
	}
}

// element makes strings and integers of all encodings, some of them equal, a few of them long.
func element(r *rand.Rand) []byte {
	switch r.IntN(10) {
	case 0, 1, 2:
		return strconv.AppendInt(nil, r.Int64()>>r.IntN(64), 10)
	case 3:
		return bytes.Repeat([]byte{'x'}, r.IntN(300))
	case 4:
		return []byte("pivot")
	default:
		return fmt.Appendf(nil, "v%d", r.IntN(50))
	}
}

// TestRandomOperations drives lists of several limits against slices, with clones that must not change.
func TestRandomOperations(t *testing.T) {
	t.Parallel()
	for seed, o := range []Options{
		{Limit: Limit{Bytes: 256, Count: 1 << 30}}, {Limit: Limit{Bytes: 1024, Count: 1 << 30}, Plain: 200},
		{Limit: ParseLimit(3)}, {Limit: ParseLimit(1)}, {Limit: ParseLimit(-1), Plain: 1},
	} {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			l, want := New(o), []string(nil)
			type frozen struct {
				l    *List
				want []string
			}
			var clones []frozen
			for step := range 6000 {
				v := element(r)
				i := r.IntN(len(want) + 1)
				has := i < len(want)
				switch op := r.IntN(20); {
				case op < 4:
					l.PushFront(v)
					want = slices.Insert(want, 0, string(v))
				case op < 8:
					l.PushBack(v)
					want = append(want, string(v))
				case op < 10 && has:
					require.Equal(t, want[0], string(l.PopFront(nil)))
					want = want[1:]
				case op < 12 && has:
					require.Equal(t, "-"+want[len(want)-1], string(l.PopBack([]byte("-"))))
					want = want[:len(want)-1]
				case op < 14 && has:
					l.Set(i, v)
					want[i] = string(v)
				case op < 17 && has:
					pivot, after := []byte(want[i]), r.IntN(2)
					require.True(t, l.Insert(pivot, v, after == 1))
					want = slices.Insert(want, slices.Index(want, string(pivot))+after, string(v))
				case op == 17 && has:
					limit, backward := 1+r.IntN(3), r.IntN(2) == 0
					x := want[i]
					n := 0
					drop := func(s string) bool {
						if s == x && n < limit {
							n++
							return true
						}
						return false
					}
					if backward {
						slices.Reverse(want)
					}
					want = slices.DeleteFunc(want, drop)
					if backward {
						slices.Reverse(want)
					}
					require.Equal(t, n, l.Remove([]byte(x), limit, backward))
				case op == 18 && r.IntN(20) == 0:
					j := i + r.IntN(len(want)-i+1)
					l.Trim(i, j)
					want = slices.Clone(want[i:j])
				case op == 19 && r.IntN(10) == 0:
					clones = append(clones, frozen{l, slices.Clone(want)})
					l = l.Clone()
				}
				if step%100 == 0 {
					requireSame(t, want, l)
				}
				if has && i < len(want) {
					var scratch [listpack.IntBufSize]byte
					require.Equal(t, want[i], string(l.Index(i, &scratch)))
				}
			}
			requireSame(t, want, l)
			for _, f := range clones {
				requireSame(t, f.want, f.l)
			}
		})
	}
}

func TestIter(t *testing.T) {
	t.Parallel()
	var scratch [listpack.IntBufSize]byte
	for _, n := range []int{0, 1, 2, 3, 4, 7, 100} {
		l := New(Options{Limit: ParseLimit(2), Plain: 3})
		for i := range n {
			l.PushBack(strconv.AppendInt(nil, int64(i), 10))
		}
		for start := -1; start <= n; start++ {
			for _, backward := range []bool{false, true} {
				step := 1
				if backward {
					step = -1
				}
				i := start
				it := l.Iter(start, backward)
				for ; it.Next(); i += step {
					require.Equal(t, strconv.Itoa(i), string(it.Value(&scratch)))
					require.True(t, it.Equal([]byte(strconv.Itoa(i))))
					require.False(t, it.Equal([]byte("none")))
				}
				require.False(t, it.Next())
				switch {
				case start < 0 || start >= n:
					require.Equal(t, start, i)
				case backward:
					require.Equal(t, -1, i)
				default:
					require.Equal(t, n, i)
				}
			}
		}
	}
}

// TestCloneWhileWriting is for the race detector: a list that was cloned is read with no lock.
func TestCloneWhileWriting(t *testing.T) {
	t.Parallel()
	l := New(Options{Limit: ParseLimit(-1)})
	var want []string
	var wg sync.WaitGroup
	for round := range 4 {
		for i := range 2000 {
			v := fmt.Sprintf("%d:%d", round, i)
			l.PushBack([]byte(v))
			want = append(want, v)
		}
		frozen, wantFrozen := l, slices.Clone(want)
		wg.Go(func() {
			if got := contents(frozen); !slices.Equal(wantFrozen, got) {
				t.Errorf("round %d: a clone has changed", round)
			}
		})
		l = l.Clone()
		l.Set(100, []byte("changed"))
		l.PopFront(nil)
		l.Remove([]byte("0:500"), 1, false)
		want[100] = "changed"
		want = slices.DeleteFunc(want[1:], func(s string) bool { return s == "0:500" })
	}
	wg.Wait()
	requireSame(t, want, l)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		directive, bytes, count int
		exceeded, half          bool
	}{
		{-1, 4096, 5000, false, false}, {-1, 4097, 1, true, false}, {-1, 2048, 1, false, true}, {-1, 2049, 1, false, false},
		{-2, 8192, 1, false, false}, {-2, 8193, 1, true, false}, {-3, 16384, 1, false, false}, {-4, 32768, 1, false, false},
		{-5, 65536, 1, false, false}, {-5, 65537, 1, true, false}, {-9, 65536, 1, false, false},
		{3, 100, 3, false, false}, {3, 100, 4, true, false}, {3, 8193, 1, true, true}, {3, 8192, 1, false, true},
		{0, 100, 1, false, false}, {0, 100, 2, true, false},
	} {
		l := ParseLimit(c.directive)
		require.Equal(t, c.exceeded, l.Exceeded(c.bytes, c.count), c)
		require.Equal(t, c.half, l.Half(c.bytes, c.count), c)
	}
}

func BenchmarkPush(b *testing.B) {
	for _, front := range []bool{true, false} {
		b.Run(fmt.Sprint("front=", front), func(b *testing.B) {
			l := New(Options{Limit: ParseLimit(-2)})
			v := []byte("element")
			for range b.N {
				if front {
					l.PushFront(v)
				} else {
					l.PushBack(v)
				}
			}
		})
	}
}

func BenchmarkPop(b *testing.B) {
	for _, front := range []bool{true, false} {
		b.Run(fmt.Sprint("front=", front), func(b *testing.B) {
			l := New(Options{Limit: ParseLimit(-2)})
			v := []byte("element")
			for range b.N {
				l.PushBack(v)
			}
			b.ResetTimer()
			for range b.N {
				if front {
					v = l.PopFront(v[:0])
				} else {
					v = l.PopBack(v[:0])
				}
			}
		})
	}
}
