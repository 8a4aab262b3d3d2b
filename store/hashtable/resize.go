package hashtable

import (
	"math/bits"
	"slices"
)

// mergeMax is the number of items up to which two neighbouring pages are
// merged: half a page, so that as many insertions pass before the next split.
const mergeMax = pageSlots / 2

// writeRoot makes the root writable.
func (t *Table[P]) writeRoot() {
	if t.rootEpoch != t.epoch {
		t.kept += len(t.root) * pointerBytes
		t.root, t.rootEpoch = slices.Clone(t.root), t.epoch
	}
}

// putSegment makes s the segment of h and of all hashes that share its first
// s.depth bits. The root must be writable.
func (t *Table[P]) putSegment(h uint64, s *segment[P]) {
	n := t.span(s)
	i := int(h>>(64-t.bits)) &^ (n - 1)
	for j := range t.root[i : i+n] {
		t.root[i+j] = s
	}
}

// segmentForWrite returns the segment of h, made writable.
func (t *Table[P]) segmentForWrite(h uint64) *segment[P] {
	s := t.segment(h)
	if s.epoch == t.epoch {
		return s
	}
	t.writeRoot()
	c := *s
	c.epoch, c.pages = t.epoch, slices.Clone(s.pages)
	t.kept += s.bytes()
	t.putSegment(h, &c)
	return &c
}

// split replaces pg, the page of h, by two that are one bit deeper, and returns
// the one that h belongs to, with room for one more item.
func (t *Table[P]) split(h uint64, pg *page[P]) *page[P] {
	s := t.segmentForWrite(h)
	if pg.depth == s.depth+s.bits {
		s = t.deepen(h, s)
	}
	bit := hashBit(pg.depth)
	var array [pageSlots]uint64
	hashes, ones := array[:0], 0
	for _, p := range pg.slots {
		g := t.hash(p.Key())
		hashes = append(hashes, g)
		if g&bit != 0 {
			ones++
		}
	}
	zeros := len(pg.slots) - ones
	if h&bit != 0 {
		ones++
	} else {
		zeros++
	}
	zero, one := newPage[P](zeros, t.epoch, pg.depth+1), newPage[P](ones, t.epoch, pg.depth+1)
	for i, p := range pg.slots {
		half := zero
		if hashes[i]&bit != 0 {
			half = one
		}
		half.push(p, uint8(hashes[i]), pg.ownedMask(i, t.epoch))
	}
	t.count(pg, -1)
	t.count(zero, 1)
	t.count(one, 1)
	s.put(h&^bit, zero)
	s.put(h|bit, one)
	if h&bit != 0 {
		return one
	}
	return zero
}

// deepen makes the segment s of h, which is writable, address one bit more. It
// returns the segment that takes its place.
func (t *Table[P]) deepen(h uint64, s *segment[P]) *segment[P] {
	if s.bits == segmentBits {
		s = t.splitSegment(h, s)
	}
	t.countSegment(s, -1)
	s.pages = doubled(s.pages)
	s.bits++
	t.countSegment(s, 1)
	return s
}

// splitSegment replaces the segment s of h by its halves and returns that of h.
func (t *Table[P]) splitSegment(h uint64, s *segment[P]) *segment[P] {
	t.writeRoot()
	if s.depth == t.bits {
		t.root = doubled(t.root)
		t.bits++
	}
	bit := hashBit(s.depth)
	mid := len(s.pages) / 2
	zero, one := *s, *s
	zero.pages, one.pages = slices.Clone(s.pages[:mid]), slices.Clone(s.pages[mid:])
	t.countSegment(s, -1)
	for _, half := range []*segment[P]{&zero, &one} {
		half.depth++
		half.bits--
		half.tighten()
		t.countSegment(half, 1)
	}
	t.putSegment(h&^bit, &zero)
	t.putSegment(h|bit, &one)
	if h&bit != 0 {
		return &one
	}
	return &zero
}

// reserveFill is the number of items that a page is to hold on average once a table is as full as Reserve was told.
const reserveFill = 20

// Reserve makes an empty table one that n items fill with few splits, which takes up to 16 bytes an item. If fewer come, Refit
// gives the rest back.
func (t *Table[P]) Reserve(n int) {
	if t.n > 0 || n <= reserveFill {
		return
	}
	t.clear()
	depth := uint8(bits.Len(uint((n - 1) / reserveFill)))
	t.reserved = depth
	inRoot := max(depth, segmentBits) - segmentBits
	t.bits, t.rootEpoch = inRoot, t.epoch
	t.root = make([]*segment[P], 1<<inRoot)
	for i := range t.root {
		s := &segment[P]{epoch: t.epoch, depth: inRoot, bits: depth - inRoot}
		s.pages = make([]*page[P], 1<<s.bits)
		for j := range s.pages {
			s.pages[j] = newPage[P](n>>depth, t.epoch, depth)
			t.count(s.pages[j], 1)
		}
		t.countSegment(s, 1)
		t.root[i] = s
	}
}

// Refit brings a table that Reserve made much too large to the size that its items have given it by themselves.
func (t *Table[P]) Refit() {
	if t.reserved == 0 || t.n >= t.pages*mergeMax/2 {
		return
	}
	old := t.directory
	t.clear()
	for p := range old.All() {
		t.Set(t.hash(p.Key()), p)
	}
}

// mergePages merges the page of h with its neighbour if both hold few items,
// and reports whether they did.
func (t *Table[P]) mergePages(h uint64) bool {
	s := t.segment(h)
	pg := s.pages[s.index(h)]
	if pg.depth == s.depth || len(pg.slots) > mergeMax {
		return false
	}
	other := s.pages[s.index(h^hashBit(pg.depth-1))]
	if other.depth != pg.depth || len(pg.slots)+len(other.slots) > mergeMax {
		return false
	}
	both := newPage[P](len(pg.slots)+len(other.slots), t.epoch, pg.depth-1)
	for _, half := range []*page[P]{pg, other} {
		for i, p := range half.slots {
			both.push(p, half.tag(i), half.ownedMask(i, t.epoch))
		}
		t.count(half, -1)
	}
	t.count(both, 1)
	s = t.segmentForWrite(h)
	s.put(h, both)
	if pg.depth == s.depth+s.bits {
		t.countSegment(s, -1)
		s.tighten()
		t.countSegment(s, 1)
	}
	return true
}

// mergeSegments merges the segment of h with its neighbour if the result is at
// most half as large as a segment can be, and reports whether they were.
func (t *Table[P]) mergeSegments(h uint64) bool {
	s := t.segment(h)
	if s.depth == 0 || s.bits > segmentBits-2 {
		return false
	}
	bit := hashBit(s.depth - 1)
	zero, one := t.segment(h&^bit), t.segment(h|bit)
	if zero.depth != one.depth || max(zero.bits, one.bits) > segmentBits-2 {
		return false
	}
	both := &segment[P]{epoch: t.epoch, depth: s.depth - 1, bits: max(zero.bits, one.bits) + 1}
	both.pages = make([]*page[P], 0, 1<<both.bits)
	for _, half := range []*segment[P]{zero, one} {
		pages := half.pages
		for b := half.bits + 1; b < both.bits; b++ {
			pages = doubled(pages)
		}
		both.pages = append(both.pages, pages...)
		t.countSegment(half, -1)
	}
	t.countSegment(both, 1)
	t.writeRoot()
	t.putSegment(h, both)
	for allPaired(t.root) {
		t.root = halved(t.root)
		t.bits--
	}
	return true
}
