package quicklist

import (
	"unsafe"

	"treedis/store/listpack"
)

// The chunks are numbered from 0, the head, to chunks()-1, the tail if there is one.

// Chunks returns the number of chunks.
func (l *List) Chunks() int { return l.chunks() }

// Bytes returns the memory that the list takes, in bytes.
func (l *List) Bytes() int {
	n := int(unsafe.Sizeof(*l)) + l.head.bytes() + l.bytes
	if l.tail != nil {
		n += l.tail.bytes()
	}
	return n + l.mid.Len()*int(unsafe.Sizeof(l.head))
}

func (c *chunk) bytes() int { return int(unsafe.Sizeof(*c)) + cap(c.blob) }

// enter counts the memory of a chunk that comes to mid, and leave that of one that goes. What is in mid is changed by way of set.
func (l *List) enter(c *chunk) *chunk {
	if n := c.bytes(); c.counted != n { // otherwise a snapshot may have the chunk too
		c.counted = n
	}
	l.bytes += c.counted
	return c
}

func (l *List) leave(c *chunk) *chunk {
	l.bytes -= c.counted
	return c
}

// dropMid takes a range of chunks out of mid.
func (l *List) dropMid(from, to int) {
	if from == 0 && to == l.mid.Len() {
		l.bytes = 0
	} else {
		for i := from; i < to; i++ {
			l.leave(l.mid.At(i))
		}
	}
	l.mid.DeleteRange(from, to)
}

func (l *List) chunks() int {
	n := 1 + l.mid.Len()
	if l.tail != nil {
		n++
	}
	return n
}

// last returns where the last chunk stands.
func (l *List) last() **chunk {
	if l.tail != nil {
		return &l.tail
	}
	return &l.head
}

func (l *List) at(ci int) *chunk {
	switch {
	case ci == 0:
		return l.head
	case ci <= l.mid.Len():
		return l.mid.At(ci - 1)
	}
	return l.tail
}

// set puts c in the place of chunk ci, which may be c itself with another number of elements.
func (l *List) set(ci int, c *chunk) {
	switch {
	case ci == 0:
		l.head = c
	case ci <= l.mid.Len():
		l.leave(l.mid.At(ci - 1))
		l.mid.SetAt(ci-1, l.enter(c))
	default:
		l.tail = c
	}
}

// insert puts c before chunk ci, behind the last one if that is their number. It replaces the empty
// chunk of an empty list.
func (l *List) insert(ci int, c *chunk) {
	switch {
	case l.empty():
		l.head = c
	case ci == 0:
		if l.tail == nil {
			l.tail = l.head
		} else {
			l.mid.InsertAt(0, l.enter(l.head))
		}
		l.head = c
	case ci == l.chunks():
		if l.tail != nil {
			l.mid.Append(l.enter(l.tail))
		}
		l.tail = c
	default:
		l.mid.InsertAt(ci-1, l.enter(c))
	}
}

// remove takes chunk ci out.
func (l *List) remove(ci int) {
	switch {
	case ci == 0:
		if first, ok := l.mid.PopFirst(); ok {
			l.head = l.leave(first)
		} else if l.tail != nil {
			l.head, l.tail = l.tail, nil
		} else {
			l.clear()
		}
	case ci <= l.mid.Len():
		l.leave(l.mid.At(ci - 1))
		l.mid.DeleteAt(ci - 1)
	default:
		last, ok := l.mid.PopLast()
		if l.tail = nil; ok {
			l.tail = l.leave(last)
		}
	}
}

func (l *List) empty() bool { return l.tail == nil && l.head.len() == 0 }

// clear removes all elements.
func (l *List) clear() {
	l.dropMid(0, l.mid.Len())
	l.head = &chunk{epoch: l.epoch, blob: listpack.New(0)}
	l.tail = nil
}

// seek returns the chunk that has element i, and the element's index in it.
func (l *List) seek(i int) (ci, off int) {
	if i < l.head.len() {
		return 0, i
	}
	i -= l.head.len()
	if w := l.mid.Weight(); i >= w {
		return l.chunks() - 1, i - w
	}
	cur, off := l.mid.AtWeight(i)
	return cur.Index() + 1, off
}
