package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// largeSetOf returns a set of n members, most of them far from any cache.
func largeSetOf(n int) SetView {
	db := newTestStore().DB(0)
	w := db.OpenSet([]byte("s"))
	for i := range n {
		w.Add(fmt.Appendf(nil, "member:%d", i))
	}
	return w.SetView
}

func BenchmarkSetDraw(b *testing.B) {
	s := largeSetOf(1_000_000)
	rnd := rand.New(rand.NewPCG(1, 2)).Uint64
	b.ReportAllocs()
	for b.Loop() {
		s.Draw(1, rnd, func([]byte) {})
	}
}

// BenchmarkSetWalk tells what it costs to pass by an element, against which sampleWalk weighs drawing one.
func BenchmarkSetWalk(b *testing.B) {
	const size = 1_000_000
	s := largeSetOf(size)
	rnd := rand.New(rand.NewPCG(1, 2)).Uint64
	for b.Loop() {
		s.Sample(size/sampleWalk, rnd, func([]byte) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/size, "ns/element")
}

func BenchmarkSetSample(b *testing.B) {
	const size = 1_000_000
	s := largeSetOf(size)
	rnd := rand.New(rand.NewPCG(1, 2)).Uint64
	for b.Loop() {
		s.Sample(size/sampleWalk-1, rnd, func([]byte) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(size/sampleWalk), "ns/drawn")
}

func BenchmarkSetAdd(b *testing.B) {
	for _, n := range []int{100, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := newTestStore().DB(0)
			var m []byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%n == 0 {
					db.Delete([]byte("s"))
				}
				m = fmt.Appendf(m[:0], "member:%d", i%n)
				w := db.OpenSet([]byte("s"))
				w.Add(m)
			}
		})
	}
}

func BenchmarkHashSet(b *testing.B) {
	for _, n := range []int{10, 100, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := newTestStore().DB(0)
			var f []byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f = fmt.Appendf(f[:0], "field:%d", i%n)
				w := db.OpenHash([]byte("h"))
				w.Set(f, f)
			}
		})
	}
}
