package store

import (
	"math/bits"

	"treedis/store/hashtable"
	"treedis/store/listpack"
)

// below returns a uniform random number from 0 to n-1, n > 0.
func below(rnd func() uint64, n int) int {
	i, _ := bits.Mul64(rnd(), uint64(n))
	return int(i)
}

// sampler chooses n of total elements that pass by one by one, every subset with the same
// probability (Knuth's algorithm S).
type sampler struct {
	n, total int
	rnd      func() uint64
}

// take reports whether the next element is chosen.
func (s *sampler) take() bool {
	if s.n == 0 {
		return false
	}
	ok := below(s.rnd, s.total) < s.n
	s.total--
	if ok {
		s.n--
	}
	return ok
}

// sampleWalk tells how to choose n items of a table: drawing one costs about as much as passing by that
// many (450 ns and 20 ns in a set of a million), so up to a share of 1/sampleWalk they are drawn, without an aid for those
// drawn before but a set of pointers.
const sampleWalk = 16

// sampleTable calls fn for n distinct items of the table, n <= Len, every choice of them with the same
// probability. fn must not change the table.
func sampleTable[P hashtable.Item](t *hashtable.Table[P], n int, rnd func() uint64, fn func(P)) {
	if n >= t.Len()/sampleWalk {
		s := sampler{n: n, total: t.Len(), rnd: rnd}
		for items := range t.Pages() {
			for _, p := range items {
				if s.take() {
					fn(p)
				}
			}
			if s.n == 0 {
				return
			}
		}
		return
	}
	seen := make(map[P]struct{}, n)
	for len(seen) < n {
		p := t.Random(rnd)
		if _, again := seen[p]; !again {
			seen[p] = struct{}{}
			fn(p)
		}
	}
}

// element returns an element of a listpack; an integer is formatted into new memory.
func element(lp []byte, pos int) []byte {
	if str, _, isInt := listpack.Value(lp, pos); !isInt {
		return str
	}
	return listpack.AppendValue(nil, lp, pos)
}

// positions returns the positions of every gap+1st element of a listpack, n of them.
func positions(lp []byte, n, gap int) []int {
	at := make([]int, 0, n)
	for pos := listpack.First(lp); pos >= 0; pos = listpack.Next(lp, pos) {
		at = append(at, pos)
		for range gap {
			pos = listpack.Next(lp, pos)
		}
	}
	return at
}
