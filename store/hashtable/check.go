package hashtable

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrInvalid is wrapped by all errors that Check returns.
var ErrInvalid = errors.New("hashtable: invariant broken")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// Check walks the whole table and returns an error if an invariant is broken.
func (t *Table[P]) Check() error {
	if t.n == 0 && t.reserved == 0 {
		if t.root != nil || t.counts != (counts{}) {
			return invalid("the empty table holds memory")
		}
		return nil
	}
	if len(t.root) != 1<<t.bits || t.rootEpoch > t.epoch {
		return invalid("root of %d entries, %d bits, epoch %d", len(t.root), t.bits, t.rootEpoch)
	}
	sum := Table[P]{hash: t.hash, epoch: t.epoch}
	for i := 0; i < len(t.root); {
		s := t.root[i]
		if s.depth > t.bits || i%t.span(s) != 0 {
			return invalid("segment at %d of depth %d below a root of %d bits", i, s.depth, t.bits)
		}
		for j := range t.span(s) {
			if t.root[i+j] != s {
				return invalid("segment at %d is not at %d", i, i+j)
			}
		}
		if s.epoch > t.rootEpoch {
			return invalid("segment of epoch %d below a root of %d", s.epoch, t.rootEpoch)
		}
		if err := t.checkSegment(uint64(i)<<(64-t.bits), s, &sum); err != nil {
			return err
		}
		i += t.span(s)
	}
	if allPaired(t.root) {
		return invalid("root of %d bits could be halved", t.bits)
	}
	if sum.n != t.n || sum.counts != t.counts {
		return invalid("counted %d %+v, are %d %+v", t.n, t.counts, sum.n, sum.counts)
	}
	return nil
}

// checkSegment checks s, whose first hash is h, and adds it up in sum.
func (t *Table[P]) checkSegment(h uint64, s *segment[P], sum *Table[P]) error {
	sum.countSegment(s, 1)
	if len(s.pages) != 1<<s.bits || s.bits > segmentBits {
		return invalid("segment of %d entries, %d bits", len(s.pages), s.bits)
	}
	if s.depth > 0 {
		if other := t.segment(h ^ hashBit(s.depth-1)); other.depth == s.depth && max(s.bits, other.bits) < segmentBits-1 {
			return invalid("segments at %x could be merged", h)
		}
	}
	for i := 0; i < len(s.pages); {
		pg := s.pages[i]
		if pg.depth < s.depth || pg.depth > s.depth+s.bits || i%s.span(pg) != 0 {
			return invalid("page at %d of depth %d in a segment of %d+%d", i, pg.depth, s.depth, s.bits)
		}
		for j := range s.span(pg) {
			if s.pages[i+j] != pg {
				return invalid("page at %d is not at %d", i, i+j)
			}
		}
		if pg.epoch > s.epoch {
			return invalid("page of epoch %d in a segment of %d", pg.epoch, s.epoch)
		}
		if i&s.span(pg) == 0 && pg.depth > max(s.depth, t.reserved) {
			other := s.pages[i+s.span(pg)]
			if other.depth == pg.depth && len(pg.slots)+len(other.slots) <= mergeMax {
				return invalid("pages at %d could be merged", i)
			}
		}
		if err := t.checkPage(h|uint64(i)<<(64-s.bits)>>s.depth, pg); err != nil {
			return err
		}
		sum.n += len(pg.slots)
		sum.count(pg, 1)
		i += s.span(pg)
	}
	if allPaired(s.pages) {
		return invalid("segment of %d bits could be halved", s.bits)
	}
	return nil
}

// checkPage checks pg, whose first hash is h.
func (t *Table[P]) checkPage(h uint64, pg *page[P]) error {
	var none P
	if pg.depth > maxDepth || pg.owned>>min(len(pg.slots), pageSlots) != 0 {
		return invalid("page of depth %d, %d items, owned %b", pg.depth, len(pg.slots), pg.owned)
	}
	for i, p := range pg.slots {
		if p == none {
			return invalid("nil in slot %d", i)
		}
		g := t.hash(p.Key())
		if g&^(hashBit(pg.depth)<<1-1) != h {
			return invalid("hash %x in the page of %x/%d", g, h, pg.depth)
		}
		if i < pageSlots && pg.tag(i) != uint8(g) {
			return invalid("tag %x of hash %x", pg.tag(i), g)
		}
		for _, q := range pg.slots[:i] {
			if bytes.Equal(p.Key(), q.Key()) {
				return invalid("key %q twice", p.Key())
			}
		}
	}
	for i := len(pg.slots); i < pageSlots; i++ {
		if pg.tag(i) != 0 || i < cap(pg.slots) && pg.slots[:cap(pg.slots)][i] != none {
			return invalid("slot %d is not empty", i)
		}
	}
	return nil
}
