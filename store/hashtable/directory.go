package hashtable

import (
	"iter"
	"math/bits"
)

const (
	// maxDepth is the number of hash bits that may address a page. It is what
	// a Scan cursor has; the remaining low bits serve as tags.
	maxDepth = 48

	// segmentBits is log2 of the most pages a segment can address. The copy of
	// a segment, 4 KB at most, is the longest step that growing takes.
	segmentBits = 9

	// scanSkip bounds how many empty pages a call of Scan passes over.
	scanSkip = 64

	segmentHeaderBytes = 48
)

// directory leads from hashes to pages. It is all that a Table and its
// snapshots have in common.
type directory[P Item] struct {
	root []*segment[P] // by the first bits of the hash; nil if there are no items
	bits uint8         // log2 of len(root)
	n    int           // items
}

// segment is the array of the pages whose hashes share the first depth bits.
// It is immutable if its epoch is older than the table's.
type segment[P Item] struct {
	epoch uint64
	depth uint8
	bits  uint8 // log2 of len(pages)
	pages []*page[P]
}

// Len returns the number of items.
func (d *directory[P]) Len() int { return d.n }

// Get returns the item with the given key, whose hash is h, or nil.
func (d *directory[P]) Get(h uint64, key []byte) (p P) {
	if len(d.root) == 0 {
		return p
	}
	pg := d.page(h)
	if i := pg.find(h, key); i >= 0 {
		p = pg.slots[i]
	}
	return p
}

// Pages ranges over the items by page, in the order of hashes; empty pages are
// left out. The slices belong to the table.
func (d *directory[P]) Pages() iter.Seq[[]P] {
	return func(yield func([]P) bool) {
		for pg := range d.eachPage {
			if len(pg.slots) > 0 && !yield(pg.slots) {
				return
			}
		}
	}
}

// All ranges over the items.
func (d *directory[P]) All() iter.Seq[P] {
	return func(yield func(P) bool) {
		for pg := range d.eachPage {
			for _, p := range pg.slots {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// Scan calls fn for all items of the page at the cursor, a position in the
// order of hashes between 0, the start, and 1<<48, and returns the position at
// which to go on, or 0 at the end. Bits of the cursor above are ignored. A scan
// from 0 to 0 visits each item that was there throughout, some perhaps twice.
func (d *directory[P]) Scan(cursor uint64, fn func(P)) (next uint64) {
	if len(d.root) == 0 {
		return 0
	}
	h := cursor << (64 - maxDepth)
	for range scanSkip {
		pg := d.page(h)
		for _, p := range pg.slots {
			fn(p)
		}
		h = pg.end(h)
		if h == 0 || len(pg.slots) > 0 {
			break
		}
	}
	return h >> (64 - maxDepth)
}

func (d *directory[P]) segment(h uint64) *segment[P] { return d.root[h>>(64-d.bits)] }

func (d *directory[P]) page(h uint64) *page[P] {
	s := d.segment(h)
	return s.pages[s.index(h)]
}

// span is the number of entries of the root that lead to s.
func (d *directory[P]) span(s *segment[P]) int { return 1 << (d.bits - s.depth) }

func (d *directory[P]) eachSegment(yield func(*segment[P]) bool) {
	for i := 0; i < len(d.root); i += d.span(d.root[i]) {
		if !yield(d.root[i]) {
			return
		}
	}
}

func (d *directory[P]) eachPage(yield func(*page[P]) bool) {
	for s := range d.eachSegment {
		for i := 0; i < len(s.pages); i += s.span(s.pages[i]) {
			if !yield(s.pages[i]) {
				return
			}
		}
	}
}

// bytes is the memory the segment takes without its pages.
func (s *segment[P]) bytes() int { return segmentHeaderBytes + len(s.pages)*pointerBytes }

func (s *segment[P]) index(h uint64) int { return int(h << s.depth >> (64 - s.bits)) }

// span is the number of entries of s that lead to pg.
func (s *segment[P]) span(pg *page[P]) int { return 1 << (s.depth + s.bits - pg.depth) }

// put makes pg the page of h and of all hashes that share its first pg.depth
// bits. The segment must be writable.
func (s *segment[P]) put(h uint64, pg *page[P]) {
	n := s.span(pg)
	i := s.index(h) &^ (n - 1)
	for j := range s.pages[i : i+n] {
		s.pages[i+j] = pg
	}
}

// tighten halves the array as long as no page needs all of it.
func (s *segment[P]) tighten() {
	for allPaired(s.pages) {
		s.pages = halved(s.pages)
		s.bits--
	}
}

// end returns the first hash past those of the page of h, 0 past the last.
func (pg *page[P]) end(h uint64) uint64 {
	// At depth 0 the shift gives 0, and the sum is 0 as well.
	span := uint64(1) << (64 - pg.depth)
	return h&^(span-1) + span
}

// hashBit is the bit of a hash that comes after the first depth bits.
func hashBit(depth uint8) uint64 { return 1 << 63 >> depth }

func doubled[E any](a []E) []E {
	b := make([]E, 2*len(a))
	for i, e := range a {
		b[2*i], b[2*i+1] = e, e
	}
	return b
}

// allPaired reports whether a could be halved. It does so without a look at
// what the entries point to: 512 cache misses would take 40 µs.
func allPaired[E comparable](a []E) bool {
	for i := 0; i+1 < len(a); i += 2 {
		if a[i] != a[i+1] {
			return false
		}
	}
	return len(a) > 1
}

func halved[E any](a []E) []E {
	b := make([]E, len(a)/2)
	for i := range b {
		b[i] = a[2*i]
	}
	return b
}

// depthLimit is the depth at which pages no longer split. With a good hash no
// page gets near it: that 25 items share the bits that should tell n apart has
// a chance of 1e-25. With a bad one it keeps the directory in proportion.
func (t *Table[P]) depthLimit() int { return min(maxDepth, bits.Len(uint(t.n))) }
