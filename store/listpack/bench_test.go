package listpack

import (
	"fmt"
	"testing"
)

func benchHash(n int) []byte {
	lp := New(0)
	for i := range n {
		lp = Append(lp, fmt.Appendf(nil, "field%d", i))
		lp = Append(lp, fmt.Appendf(nil, "value-%d", i*7919))
	}
	return lp
}

func BenchmarkFind128(b *testing.B) {
	lp, elem := benchHash(128), []byte("field127")
	b.ReportAllocs()
	for b.Loop() {
		Find(lp, First(lp), elem, 1)
	}
}

func BenchmarkSeekMiddle128(b *testing.B) {
	lp := benchHash(64)
	for b.Loop() {
		Seek(lp, 64)
	}
}

func BenchmarkAppend100(b *testing.B) {
	elem := []byte("an element of 24 bytes..")
	b.ReportAllocs()
	for b.Loop() {
		lp := New(0)
		for range 100 {
			lp = Append(lp, elem)
		}
	}
}
