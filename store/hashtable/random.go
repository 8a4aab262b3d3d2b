package hashtable

import "math/bits"

// randomTries bounds the tries of Random. Of a table grown to its size one in
// five succeeds or so, of one shrunk by deletions one in thirty.
const randomTries = 1024

// Random returns an item, each with the same probability, or nil if there is
// none. rnd must give uniformly distributed 64-bit numbers.
func (t *Table[P]) Random(rnd func() uint64) (p P) {
	if t.n == 0 {
		return p
	}
	// A random hash falls on a page of depth d with probability 2^-d. If it is
	// taken only when its bits between d and the greatest depth are zero, it is
	// the same for each page; if then one of pageSlots slots is drawn and must
	// be in use, it is the same for each item.
	if t.overfull == 0 {
		for range randomTries {
			h := rnd()
			pg := t.page(h)
			if h<<pg.depth>>(64-(t.depthBound()-pg.depth)) != 0 {
				continue
			}
			if i := below(rnd, pageSlots); i < len(pg.slots) {
				return pg.slots[i]
			}
		}
	}
	i := below(rnd, t.n)
	for slots := range t.Pages() {
		if i < len(slots) {
			return slots[i]
		}
		i -= len(slots)
	}
	return p
}

// Some calls fn for up to n items, from a random one on in the order of hashes, where a page is entered anywhere. They are
// random to whoever does not know the hash function, but come together: that costs a cache miss or two for all of them. An item's
// probability is nearly the same as another's, since a page has a share of the hashes that goes with its items.
func (t *Table[P]) Some(rnd func() uint64, n int, fn func(P)) {
	if t.n == 0 {
		return
	}
	n = min(n, t.n)
	h := rnd()
	first := int(rnd() >> 33)
	for {
		pg := t.page(h)
		slots := pg.slots
		for i := range min(n, len(slots)) {
			fn(slots[(first+i)%len(slots)])
		}
		if n -= len(slots); n <= 0 {
			return
		}
		h = pg.end(h)
	}
}

// depthBound is at least the depth of the deepest page.
func (t *Table[P]) depthBound() uint8 {
	if t.bits == 0 {
		return t.root[0].bits
	}
	return t.bits + segmentBits
}

// below returns a random number from 0 to n-1. Its bias, below n/2^64, is no
// more than what a 64-bit generator has.
func below(rnd func() uint64, n int) int {
	i, _ := bits.Mul64(rnd(), uint64(n))
	return int(i)
}
