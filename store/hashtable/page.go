package hashtable

import (
	"bytes"
	"math/bits"
)

const (
	// pageSlots is the number of items at which a page splits. With 24 the tags
	// and the header of a page fill one cache line.
	pageSlots = 24

	// pageStep is the step in which the room of a page grows. A page starts at
	// about 12 items and splits at 24: always holding room for 24 would cost 16
	// bytes an item on average, growing by four costs 13.
	pageStep = 4

	pointerBytes    = 8
	pageHeaderBytes = 64
)

// page holds the items whose hashes share the first depth bits, densely and in
// no order. Header and slots are one allocation (see newPage) which fits a size
// class of the allocator exactly. Only a page that may not split any further
// has more than pageSlots items; those beyond have neither tag nor owned bit.
type page[P Item] struct {
	epoch uint64                // of its creation; if older than the table's, the page is immutable
	owned uint32                // bit i: the item in slot i was put in during epoch
	depth uint8                 // number of leading hash bits that all items share
	tags  [pageSlots / 8]uint64 // a byte of hash for each slot, 0 if unused
	slots []P
}

// A byte repeated in a word, for comparing eight tags at once.
const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// The rooms a page can have: header and slots in one allocation.
type (
	page4[P Item] struct {
		page[P]
		room [4]P
	}
	page8[P Item] struct {
		page[P]
		room [8]P
	}
	page12[P Item] struct {
		page[P]
		room [12]P
	}
	page16[P Item] struct {
		page[P]
		room [16]P
	}
	page20[P Item] struct {
		page[P]
		room [20]P
	}
	page24[P Item] struct {
		page[P]
		room [24]P
	}
)

// roomFor returns the room of a page made for n items.
func roomFor(n int) int {
	if n > pageSlots {
		return n + n/4
	}
	return max(1, (n+pageStep-1)/pageStep) * pageStep
}

// newPage returns an empty page with room for at least n items.
func newPage[P Item](n int, epoch uint64, depth uint8) (pg *page[P]) {
	switch room := roomFor(n); room {
	case 4:
		b := new(page4[P])
		pg, b.slots = &b.page, b.room[:0]
	case 8:
		b := new(page8[P])
		pg, b.slots = &b.page, b.room[:0]
	case 12:
		b := new(page12[P])
		pg, b.slots = &b.page, b.room[:0]
	case 16:
		b := new(page16[P])
		pg, b.slots = &b.page, b.room[:0]
	case 20:
		b := new(page20[P])
		pg, b.slots = &b.page, b.room[:0]
	case 24:
		b := new(page24[P])
		pg, b.slots = &b.page, b.room[:0]
	default:
		pg = &page[P]{slots: make([]P, 0, room)}
	}
	pg.epoch, pg.depth = epoch, depth
	return pg
}

// bytes is the memory the page takes without its items.
func (pg *page[P]) bytes() int { return pageHeaderBytes + cap(pg.slots)*pointerBytes }

// find returns the slot of key, or -1. Eight tags are compared at once; of the
// slots whose tag matches, one in 256 by chance, the keys are.
func (pg *page[P]) find(h uint64, key []byte) int {
	for w, tags := range pg.tags {
		for m := matching(tags, h); m != 0; m &= m - 1 {
			i := w*8 + firstByte(m)
			if i >= len(pg.slots) {
				return -1
			}
			if bytes.Equal(pg.slots[i].Key(), key) {
				return i
			}
		}
	}
	for i := pageSlots; i < len(pg.slots); i++ {
		if bytes.Equal(pg.slots[i].Key(), key) {
			return i
		}
	}
	return -1
}

// matching returns a word with the high bit set of each byte of tags that is the
// tag of h, and now and then, by the borrow, of one that follows such a byte and
// differs by one: the comparison of keys sorts it out.
func matching(tags, h uint64) uint64 {
	x := tags ^ uint64(uint8(h))*eachByte
	return (x - eachByte) &^ x & highBits
}

// firstByte is the index of the first byte whose high bit is set.
func firstByte(m uint64) int { return bits.TrailingZeros64(m) / 8 }

// push adds an item, for which there must be room; owned is all ones or zero.
func (pg *page[P]) push(p P, tag uint8, owned uint32) {
	i := len(pg.slots)
	pg.slots = append(pg.slots, p)
	pg.setTag(i, tag)
	pg.owned |= owned & ownedBit(i)
}

// remove takes out the item in slot i and moves the last one, whose tag is
// given, to its place.
func (pg *page[P]) remove(i int, lastTag uint8) {
	var none P
	last := len(pg.slots) - 1
	pg.owned = pg.owned&^ownedBit(i) | pg.owned>>last&1<<i
	pg.setTag(i, lastTag)
	pg.slots[i] = pg.slots[last]
	pg.owned &^= ownedBit(last)
	pg.setTag(last, 0)
	pg.slots[last] = none
	pg.slots = pg.slots[:last]
}

func (pg *page[P]) tag(i int) uint8 { return uint8(pg.tags[i/8] >> (i % 8 * 8)) }

func (pg *page[P]) setTag(i int, tag uint8) {
	if i < pageSlots {
		w, shift := &pg.tags[i/8], i%8*8
		*w = *w&^(0xff<<shift) | uint64(tag)<<shift
	}
}

// ownedBit is the bit of slot i in page.owned, none for those without one.
func ownedBit(i int) uint32 { return 1 << i & (1<<pageSlots - 1) }

// copyFor returns a copy with room for n items. In a new epoch it owns none.
func (pg *page[P]) copyFor(epoch uint64, n int) *page[P] {
	c := newPage[P](n, epoch, pg.depth)
	c.tags = pg.tags
	c.slots = append(c.slots, pg.slots...)
	if epoch == pg.epoch {
		c.owned = pg.owned
	}
	return c
}

// ownedMask is all ones if the item in slot i was put in during epoch, or zero.
func (pg *page[P]) ownedMask(i int, epoch uint64) uint32 {
	if epoch != pg.epoch {
		return 0
	}
	return -(pg.owned >> i & 1)
}
