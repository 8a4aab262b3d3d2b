// Package quicklist keeps a long list as a sequence of chunks, each a listpack
// (store/listpack) of bounded size.
//
// The first and the last chunk are at hand; those between them lie in a counted
// copy-on-write tree (store/ctree), weighed by their elements:
//
//	head  [mid ... mid]  tail
//
// so pushing and popping at the ends touches the tree only once in a chunk, and
// an index is found in O(log n). Where chunks are begun, split and merged is as
// in the quicklist of Redis 7.2, because it can be seen from outside: a list
// of a single small chunk is reported, and kept, as a plain listpack.
//
// Clone takes constant time. Every chunk carries the epoch that it was made in,
// a list the epoch it writes in; a chunk of an older epoch is copied before it is
// written to. A list that has been cloned must not be written to again, only its
// clones may; it can then be read by other goroutines without a lock.
//
// Guarantees: no chunk is empty but that of an empty list; chunks keep to the
// Limit unless a single element passes it, or Set has replaced one by a
// longer one. Reading allocates nothing and writes nothing. Not guaranteed:
// nothing is locked here; indexes are not checked; bytes passed in must not point
// into the list, and bytes handed out are valid until the next write to it.
package quicklist

import (
	"treedis/store/ctree"
	"treedis/store/listpack"
)

// List is a list of byte strings. New and FromListpack make one.
type List struct {
	head  *chunk             // never nil
	mid   ctree.Tree[*chunk] // what lies between head and tail
	bytes int                // memory of mid's chunks
	tail  *chunk             // nil: head is the only chunk
	epoch uint64             // of the chunks that may be written to
	kept  int                // bytes of chunks that were copied since the list was cloned
	opts  Options
}

// Options say when a chunk is full.
type Options struct {
	Limit Limit
	// Plain is the size in bytes from which an element gets a chunk of its own that is
	// no listpack, whose own limit is 4 GB; 0 means 1 GiB.
	Plain int
}

const defaultPlain = 1 << 30

// New returns an empty list.
func New(o Options) *List { return FromListpack(listpack.New(0), o) }

// FromListpack returns a list of one chunk, for which it takes over the blob.
func FromListpack(lp []byte, o Options) *List {
	if o.Plain == 0 {
		o.Plain = defaultPlain
	}
	l := &List{mid: ctree.New(nil, (*chunk).len), epoch: 1, opts: o}
	l.mid.SetEpoch(l.epoch)
	l.head = &chunk{epoch: l.epoch, blob: lp}
	return l
}

// Clone returns a list with the same elements to be written to in place of l, as said above.
func (l *List) Clone() *List {
	c := *l
	c.epoch++
	c.kept = 0
	c.mid = l.mid.Clone()
	c.mid.SetEpoch(c.epoch)
	return &c
}

// Kept returns how many bytes writes have copied since the list was cloned, as what it was cloned from holds the originals.
func (l *List) Kept() int { return l.kept + l.mid.Kept() }

// Len returns the number of elements.
func (l *List) Len() int {
	n := l.head.len() + l.mid.Weight()
	if l.tail != nil {
		n += l.tail.len()
	}
	return n
}

// Index returns element i, 0 <= i < Len. An integer is formatted into scratch.
func (l *List) Index(i int, scratch *[listpack.IntBufSize]byte) []byte {
	ci, off := l.seek(i)
	return l.at(ci).get(off, scratch)
}

// Listpack returns the blob of a list that is a single listpack.
func (l *List) Listpack() (lp []byte, ok bool) {
	if l.tail != nil || l.head.plain {
		return nil, false
	}
	return l.head.blob, true
}

// PushFront adds v before the first element.
func (l *List) PushFront(v []byte) {
	if !l.fits(l.head, len(v)) {
		l.insert(0, l.newChunk(v))
		return
	}
	l.head = l.own(l.head, len(v))
	l.head.blob = listpack.Prepend(l.head.blob, v)
}

// PushBack adds v behind the last element.
func (l *List) PushBack(v []byte) {
	last := l.last()
	if !l.fits(*last, len(v)) {
		l.insert(l.chunks(), l.newChunk(v))
		return
	}
	c := l.own(*last, len(v))
	c.blob = listpack.Append(c.blob, v)
	*last = c
}

// PopFront removes the first element of a list that has one, and appends it to dst.
func (l *List) PopFront(dst []byte) []byte {
	dst = l.head.appendTo(dst, 0)
	if l.head.len() == 1 {
		l.remove(0)
	} else {
		l.head = l.own(l.head, 0)
		l.head.delete(0, 1)
	}
	return dst
}

// PopBack removes the last element of a list that has one, and appends it to dst.
func (l *List) PopBack(dst []byte) []byte {
	last := l.last()
	n := (*last).len()
	dst = (*last).appendTo(dst, n-1)
	if n == 1 {
		l.remove(l.chunks() - 1)
	} else {
		*last = l.own(*last, 0)
		(*last).delete(n-1, 1)
	}
	return dst
}

// Trim keeps the elements from index start up to end, 0 <= start <= end <= Len.
func (l *List) Trim(start, end int) {
	n := l.Len()
	switch {
	case start == end:
		l.clear()
		return
	case end < n:
		l.dropBack(n - end)
	}
	if start > 0 {
		l.dropFront(start)
	}
}

// dropFront removes the first n elements, fewer than all.
func (l *List) dropFront(n int) {
	if h := l.head.len(); n >= h {
		n -= h
		if w := l.mid.Weight(); n < w {
			cur, off := l.mid.AtWeight(n)
			l.dropMid(0, cur.Index())
			n = off
		} else {
			l.dropMid(0, l.mid.Len())
			n -= w
		}
		l.remove(0)
	}
	if n > 0 {
		l.head = l.own(l.head, 0)
		l.head.delete(0, n)
	}
}

// dropBack removes the last n elements, fewer than all.
func (l *List) dropBack(n int) {
	if l.tail != nil && n >= l.tail.len() {
		n -= l.tail.len()
		if w := l.mid.Weight(); n < w {
			cur, off := l.mid.AtWeight(w - n - 1)
			n = cur.Item().len() - off - 1
			l.dropMid(cur.Index()+1, l.mid.Len())
		} else {
			l.dropMid(0, l.mid.Len())
			n -= w
		}
		l.remove(l.chunks() - 1)
	}
	if n > 0 {
		last := l.last()
		*last = l.own(*last, 0)
		(*last).delete((*last).len()-n, n)
	}
}
