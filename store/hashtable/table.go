// Package hashtable is an extendible hash table with copy-on-write pages: the
// point index of the keyspace, and the body of large sets and hashes.
//
// # Structure
//
// The leading bits of a 64-bit hash address a page of up to 24 items through a
// directory of two levels: a root of segments, each an array of up to 512 page
// pointers. A full page splits in two, a full segment splits in two, and only
// the root is ever doubled as a whole; at 10 million items it has 4,096
// entries, so no insertion stalls. Pages that deletions leave nearly empty are
// merged again, and so are segments.
//
// The address takes at most the top 48 bits, so every border between pages is
// a 48-bit number: the cursors of Scan are such borders, positions in hash
// order, and need no state in the table.
//
// # Snapshots
//
// Freeze hands out the table as it stands and begins a new epoch. What carries
// an older epoch is never written again: a write clones the page, and the
// segment and the root on the way to it, at most once each per epoch. A Frozen
// needs no release.
//
// # What is guaranteed
//
//   - A Frozen never changes, and may be read with no lock while the table is
//     written to.
//   - An item present from the first call of a full Scan to its last is visited
//     at least once, whatever is inserted, deleted or frozen in between.
//   - Random is uniform over the items.
//   - Directory and pages together shrink with the items; an empty table holds
//     nothing.
//   - Any hash function works, even a constant one. The table is as fast as its
//     hash is good, and against hostile keys it needs one with a secret seed.
//
// # What is not
//
// A Table has no lock of its own. Methods that do not change it may run beside
// each other; those that do (Set, Delete, Freeze, Ref.Set, Ref.Delete) need it
// to themselves. While All, Pages or Scan visits a Table nothing may change it.
package hashtable

import (
	"unsafe"
)

// Item is what a table holds: a pointer type, whose nil means "no item". Its
// key must not change while it is in a table.
type Item interface {
	comparable
	Key() []byte
}

// Table is a hash table of items, unique by key. The zero value is ready for
// use after Init.
type Table[P Item] struct {
	directory[P]
	hash func([]byte) uint64

	// epoch is the number of snapshots taken. A page, segment or root with a
	// smaller one belongs to a snapshot too.
	epoch     uint64
	rootEpoch uint64
	reserved  uint8 // depth of the pages that Reserve made

	kept int     // bytes of the directory that writes have copied, as snapshots hold the originals
	lost func(P) // told of items that leave the table, but not the snapshots that hold them; may be nil

	counts
}

// counts is what a table keeps count of as it changes.
type counts struct {
	segments int
	pages    int
	overfull int // pages with room for more than pageSlots items
	bytes    int // of all pages and segments
}

// New returns an empty table that uses hash, which must always give the same
// result for the same key.
func New[P Item](hash func(key []byte) uint64) *Table[P] {
	t := new(Table[P])
	t.Init(hash)
	return t
}

// Init makes t an empty table that uses hash. Snapshots of what t held before
// are not affected.
func (t *Table[P]) Init(hash func(key []byte) uint64) {
	*t = Table[P]{hash: hash}
}

// Hash returns the hash of key, as the other methods want it.
func (t *Table[P]) Hash(key []byte) uint64 { return t.hash(key) }

// Bytes returns the memory that the table needs for itself, in bytes, without
// its items and without what only snapshots hold. It costs nothing to ask.
func (t *Table[P]) Bytes() int {
	return int(unsafe.Sizeof(*t)) + len(t.root)*pointerBytes + t.bytes
}

// Kept returns how many bytes of the table writes have copied so far since snapshots hold the originals.
func (t *Table[P]) Kept() int { return t.kept }

// Frozen tells whether there has been a snapshot of the table.
func (t *Table[P]) Frozen() bool { return t.epoch > 0 }

// OnLost sets who is told of each item that is replaced or removed while a snapshot may hold it.
func (t *Table[P]) OnLost(lost func(P)) { t.lost = lost }

// GetMut returns the item with the given key, or nil, and whether it was put
// into the table since the last Freeze. If so no snapshot holds it, and it may
// be changed in place; if not, a changed copy must be Set in its stead.
func (t *Table[P]) GetMut(h uint64, key []byte) (p P, owned bool) {
	r := t.Find(h, key)
	return r.Item(), r.Owned()
}

// Set puts p into the table in place of the item with the same key, which it
// returns, or nil if there was none. h is the hash of p's key.
func (t *Table[P]) Set(h uint64, p P) (old P) {
	r := t.Find(h, p.Key())
	old = r.Item()
	r.Set(p)
	return old
}

// Delete removes the item with the given key and returns it, or nil if there
// was none.
func (t *Table[P]) Delete(h uint64, key []byte) (old P) {
	r := t.Find(h, key)
	old = r.Item()
	r.Delete()
	return old
}

// Freeze returns the table as it now stands, in constant time. From here on no
// item is owned, and the first write to each page costs a copy of that page.
func (t *Table[P]) Freeze() *Frozen[P] {
	t.epoch++
	return &Frozen[P]{directory: t.directory}
}

// Clone returns a table with the same items, none of them owned, in constant time. From here on t
// must not be written to, which leaves it as good as a Frozen; that is how a value that a snapshot
// holds is replaced by one that can be changed.
func (t *Table[P]) Clone() *Table[P] {
	c := *t
	c.epoch++
	c.kept = 0
	return &c
}

// Frozen is a snapshot of a table. It never changes and is safe for concurrent
// use, with no lock, while the table is written to.
type Frozen[P Item] struct {
	directory[P]
}

// Ref is the place of a key in a table, with or without an item in it: the
// result of one probe, from which the item can be read, put, replaced and
// removed without another. It is void as soon as the table changes, through
// the Ref itself or otherwise.
type Ref[P Item] struct {
	t    *Table[P]
	page *page[P] // nil if the table is empty
	hash uint64
	slot int // in page, or -1 if the key is absent
}

// Find returns the place of key, whose hash is h. It changes nothing.
func (t *Table[P]) Find(h uint64, key []byte) Ref[P] {
	if len(t.root) == 0 {
		return Ref[P]{t: t, hash: h, slot: -1}
	}
	pg := t.page(h)
	return Ref[P]{t: t, page: pg, hash: h, slot: pg.find(h, key)}
}

// Item returns the item, or nil if the key is absent.
func (r Ref[P]) Item() (p P) {
	if r.slot >= 0 {
		p = r.page.slots[r.slot]
	}
	return p
}

// Owned reports whether there is an item that was put in since the last Freeze,
// and so may be changed in place.
func (r Ref[P]) Owned() bool {
	return r.slot >= 0 && r.page.epoch == r.t.epoch && r.page.owned>>r.slot&1 != 0
}

// Set puts p, which must have the key that the place was looked up by, in place
// of the item if there is one.
func (r Ref[P]) Set(p P) {
	if r.slot < 0 {
		r.t.insert(r.hash, r.page, p)
		return
	}
	pg := r.page
	if pg.epoch != r.t.epoch {
		pg = r.t.rewrite(r.hash, pg, len(pg.slots))
	}
	r.t.lose(pg, r.slot)
	pg.slots[r.slot] = p
	pg.owned |= ownedBit(r.slot)
}

// lose tells of the item in a slot, which is about to leave the table.
func (t *Table[P]) lose(pg *page[P], slot int) {
	if t.lost != nil && pg.owned>>slot&1 == 0 {
		t.lost(pg.slots[slot])
	}
}

// Delete removes the item, if there is one.
func (r Ref[P]) Delete() {
	if r.slot >= 0 {
		r.t.remove(r.hash, r.page, r.slot)
	}
}

// insert puts in an item whose key is known to be absent. pg is the page of h.
func (t *Table[P]) insert(h uint64, pg *page[P], p P) {
	t.n++
	if pg == nil {
		pg = t.plant()
	}
	for len(pg.slots) >= pageSlots && int(pg.depth) < t.depthLimit() {
		pg = t.split(h, pg)
	}
	if pg.epoch != t.epoch || len(pg.slots) == cap(pg.slots) {
		pg = t.rewrite(h, pg, len(pg.slots)+1)
	}
	pg.push(p, uint8(h), ^uint32(0))
}

// remove takes an item out. pg is the page of h.
func (t *Table[P]) remove(h uint64, pg *page[P], slot int) {
	t.n--
	if t.n == 0 {
		if t.lost != nil && (pg.epoch != t.epoch || pg.owned>>slot&1 == 0) {
			t.lost(pg.slots[slot])
		}
		t.clear()
		return
	}
	if pg.epoch != t.epoch {
		pg = t.rewrite(h, pg, len(pg.slots))
	}
	t.lose(pg, slot)
	last := len(pg.slots) - 1
	tag := uint8(0)
	if last < pageSlots {
		tag = pg.tag(last)
	} else {
		tag = uint8(t.hash(pg.slots[last].Key()))
	}
	pg.remove(slot, tag)
	if t.mergePages(h) {
		for t.mergeSegments(h) || t.mergePages(h) {
		}
	} else if cap(pg.slots)-roomFor(len(pg.slots)) >= 2*pageStep {
		t.rewrite(h, pg, len(pg.slots))
	}
}

// plant gives an empty table its first page.
func (t *Table[P]) plant() *page[P] {
	pg := newPage[P](1, t.epoch, 0)
	s := &segment[P]{epoch: t.epoch, pages: []*page[P]{pg}}
	t.count(pg, 1)
	t.countSegment(s, 1)
	t.root, t.bits, t.rootEpoch = []*segment[P]{s}, 0, t.epoch
	return pg
}

// clear drops everything. The epoch stays: snapshots are told apart by it.
func (t *Table[P]) clear() {
	*t = Table[P]{hash: t.hash, epoch: t.epoch, lost: t.lost, kept: t.kept}
}

// rewrite replaces pg, the page of h, by a copy of this epoch with room for at
// least n items.
func (t *Table[P]) rewrite(h uint64, pg *page[P], n int) *page[P] {
	c := pg.copyFor(t.epoch, n)
	if pg.epoch != t.epoch {
		t.kept += pg.bytes()
	}
	t.count(pg, -1)
	t.count(c, 1)
	t.segmentForWrite(h).put(h, c)
	return c
}

func (t *Table[P]) count(pg *page[P], sign int) {
	t.pages += sign
	t.bytes += sign * pg.bytes()
	if cap(pg.slots) > pageSlots {
		t.overfull += sign
	}
}

func (t *Table[P]) countSegment(s *segment[P], sign int) {
	t.segments += sign
	t.bytes += sign * s.bytes()
}
