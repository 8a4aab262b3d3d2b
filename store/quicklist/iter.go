package quicklist

import (
	"bytes"

	"treedis/store/ctree"
	"treedis/store/listpack"
)

// Iter walks elements in either direction. The list must not change meanwhile.
//
//	for it := l.Iter(0, false); it.Next(); {
//		v := it.Value(&scratch)
//	}
type Iter struct {
	blob     []byte // the chunk's
	plain    bool
	backward bool
	fresh    bool // pos is of the element that Next will come to
	pos      int  // of the current element, -1: none
	ci       int  // the chunk's number
	list     *List
	cur      ctree.Cursor[*chunk] // at the chunk, if it is in the tree
}

// Iter returns an iterator whose first element is the one at index i, and which goes towards the head if
// backward. There is none if i is out of range.
func (l *List) Iter(i int, backward bool) (it Iter) {
	it = Iter{list: l, backward: backward, fresh: true, pos: -1}
	if i < 0 || i >= l.Len() {
		return it
	}
	ci, off := l.seek(i)
	it.ci = ci
	if ci > 0 && ci <= l.mid.Len() {
		it.cur = l.mid.SeekIndex(ci - 1)
	}
	it.enter()
	if !it.plain {
		it.pos = listpack.Seek(it.blob, off)
	}
	return it
}

// IterListpack returns an iterator over a single listpack, like List.Iter.
func IterListpack(lp []byte, i int, backward bool) Iter {
	it := Iter{blob: lp, backward: backward, fresh: true, pos: -1}
	if i >= 0 {
		it.pos = listpack.Seek(lp, i)
	}
	return it
}

// Next moves to the next element and reports whether there is one.
func (it *Iter) Next() bool {
	switch {
	case it.fresh:
		it.fresh = false
		return it.pos >= 0
	case it.pos < 0:
		return false
	case it.plain:
		it.pos = -1
	case it.backward:
		it.pos = listpack.Prev(it.blob, it.pos)
	default:
		it.pos = listpack.Next(it.blob, it.pos)
	}
	return it.pos >= 0 || it.list != nil && it.nextChunk()
}

// nextChunk moves to the first element, in the iterator's direction, of the next chunk.
func (it *Iter) nextChunk() bool {
	step, end := 1, it.list.chunks()
	if it.backward {
		step, end = -1, -1
	}
	if it.ci += step; it.ci == end {
		return false
	}
	switch mid := it.list.mid.Len(); {
	case it.ci == 0 || it.ci > mid:
	case it.backward && it.ci == mid:
		it.cur = it.list.mid.SeekLast()
	case it.backward:
		it.cur.Prev()
	case it.ci == 1:
		it.cur = it.list.mid.SeekIndex(0)
	default:
		it.cur.Next()
	}
	it.enter()
	return true
}

// enter sets the iterator to the first element of chunk ci.
func (it *Iter) enter() {
	var c *chunk
	switch l := it.list; {
	case it.ci == 0:
		c = l.head
	case it.ci <= l.mid.Len():
		c = it.cur.Item()
	default:
		c = l.tail
	}
	it.blob, it.plain = c.blob, c.plain
	switch {
	case c.plain:
		it.pos = 0
	case it.backward:
		it.pos = listpack.Last(c.blob)
	default:
		it.pos = listpack.First(c.blob)
	}
}

// Value returns the current element. An integer is formatted into scratch.
func (it *Iter) Value(scratch *[listpack.IntBufSize]byte) []byte {
	if it.plain {
		return it.blob
	}
	return listpack.Get(it.blob, it.pos, scratch)
}

// Equal reports whether the current element is v.
func (it *Iter) Equal(v []byte) bool {
	if it.plain {
		return bytes.Equal(it.blob, v)
	}
	return listpack.Equal(it.blob, it.pos, v)
}
