package stream

import "treedis/store/listpack"

// Flags of an entry, the first of its elements.
const (
	flagDeleted    = 1 << 0
	flagSameFields = 1 << 1
)

// Iter walks the live entries of a stream from the first to the last. The
// stream must not change meanwhile.
//
//	for it := s.Iter(); it.Next(); {
//		for range it.NumFields() {
//			field, value := it.Field()
//		}
//	}
type Iter struct {
	nodes []Node // those not begun yet

	lp           []byte
	pos          int // next element to be read, -1 at the end of the node
	base         ID
	masterFields int64
	masterPos    int // of the first field of the master entry

	id        ID
	flagsPos  int  // of the current entry
	tail      int  // going backward: the count of the entry before the current one
	inEntry   bool // the current entry has not been passed over
	deleted   bool
	same      bool
	numFields int64
	left      int64 // fields of the current entry not read yet
	fieldPos  int   // next field of the master entry, for entries that share them

	fieldBuf, valueBuf [listpack.IntBufSize]byte
}

// Iter returns an iterator that stands before the first entry.
func (s *Stream) Iter() Iter { return Iter{nodes: s.Nodes, pos: -1} }

// Iter returns an iterator over this node alone.
func (n Node) Iter() Iter {
	it := Iter{pos: -1}
	it.open(n)
	return it
}

// Next moves to the next live entry and reports whether there is one. Fields of
// the entry before it that were not read are passed over.
func (it *Iter) Next() bool {
	for it.advance() {
		if !it.deleted {
			return true
		}
	}
	return false
}

// ID returns the ID of the current entry.
func (it *Iter) ID() ID { return it.id }

// NumFields returns the number of fields of the current entry.
func (it *Iter) NumFields() int { return int(it.numFields) }

// Field returns the next field of the current entry. It may be called at most
// NumFields times per entry. The slices are valid until the next call of any
// method and must not be written to.
func (it *Iter) Field() (field, value []byte) {
	it.left--
	if it.same {
		field = listpack.Get(it.lp, it.fieldPos, &it.fieldBuf)
		it.fieldPos = listpack.Next(it.lp, it.fieldPos)
	} else {
		field = listpack.Get(it.lp, it.pos, &it.fieldBuf)
		it.pos = listpack.Next(it.lp, it.pos)
	}
	value = listpack.Get(it.lp, it.pos, &it.valueBuf)
	it.pos = listpack.Next(it.lp, it.pos)
	return field, value
}

// open begins a node: its master entry is read.
func (it *Iter) open(n Node) {
	it.lp, it.base = n.Listpack, n.First
	pos := listpack.First(it.lp)
	pos = listpack.Next(it.lp, pos) // live
	pos = listpack.Next(it.lp, pos) // deleted
	it.masterFields, _ = listpack.Int(it.lp, pos)
	it.masterPos = listpack.Next(it.lp, pos)
	it.pos = it.pass(it.masterPos, it.masterFields+1) // the 0 at its end too
	it.inEntry = false
}

// openLast begins a node from its end, for back.
func (it *Iter) openLast(n Node) {
	it.open(n)
	it.tail = listpack.Last(it.lp)
}

// advance moves to the next entry, deleted or not.
func (it *Iter) advance() bool {
	if it.inEntry {
		it.finish()
	}
	for it.pos < 0 {
		if len(it.nodes) == 0 {
			return false
		}
		it.open(it.nodes[0])
		it.nodes = it.nodes[1:]
	}
	it.enter()
	return true
}

// back moves to the entry before, deleted or not, in a node that was opened with
// openLast.
func (it *Iter) back() bool {
	count, _ := listpack.Int(it.lp, it.tail)
	if count == 0 {
		return false // that of the master entry
	}
	pos := it.tail
	for range count {
		pos = listpack.Prev(it.lp, pos)
	}
	it.tail = listpack.Prev(it.lp, pos)
	it.pos = pos
	it.enter()
	return true
}

// enter reads the beginning of the entry at pos.
func (it *Iter) enter() {
	it.flagsPos = it.pos
	flags, ms, seq := it.int(), it.int(), it.int()
	it.id = ID{Ms: it.base.Ms + uint64(ms), Seq: it.base.Seq + uint64(seq)}
	it.deleted, it.same = flags&flagDeleted != 0, flags&flagSameFields != 0
	it.numFields, it.fieldPos = it.masterFields, it.masterPos
	if !it.same {
		it.numFields = it.int()
	}
	it.left = it.numFields
	it.inEntry = true
}

// finish passes over what is left of the current entry and over its count.
func (it *Iter) finish() {
	n := it.left
	if !it.same {
		n *= 2
	}
	it.pos = it.pass(it.pos, n+1)
	it.inEntry = false
}

func (it *Iter) pass(pos int, n int64) int {
	for ; n > 0; n-- {
		pos = listpack.Next(it.lp, pos)
	}
	return pos
}

func (it *Iter) int() int64 {
	n, _ := listpack.Int(it.lp, it.pos)
	it.pos = listpack.Next(it.lp, it.pos)
	return n
}
