package quicklist

import (
	"unsafe"

	"treedis/store/listpack"
)

// The chunks are numbered from 0, the head, to chunks()-1, the tail if there is one.

// Chunks returns the number of chunks.
func (l *List) Chunks() int { return l.chunks() }

// Bytes returns the memory that the list takes, in bytes. It looks at every chunk.
func (l *List) Bytes() int {
	n := int(unsafe.Sizeof(*l)) + l.head.bytes()
	if l.tail != nil {
		n += l.tail.bytes()
	}
	for c := range l.mid.All() {
		n += int(unsafe.Sizeof(c)) + c.bytes()
	}
	return n
}

func (c *chunk) bytes() int { return int(unsafe.Sizeof(*c)) + cap(c.blob) }

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
		l.mid.SetAt(ci-1, c)
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
			l.mid.InsertAt(0, l.head)
		}
		l.head = c
	case ci == l.chunks():
		if l.tail != nil {
			l.mid.Append(l.tail)
		}
		l.tail = c
	default:
		l.mid.InsertAt(ci-1, c)
	}
}

// remove takes chunk ci out.
func (l *List) remove(ci int) {
	switch {
	case ci == 0:
		if first, ok := l.mid.PopFirst(); ok {
			l.head = first
		} else if l.tail != nil {
			l.head, l.tail = l.tail, nil
		} else {
			l.clear()
		}
	case ci <= l.mid.Len():
		l.mid.DeleteAt(ci - 1)
	default:
		l.tail, _ = l.mid.PopLast()
	}
}

func (l *List) empty() bool { return l.tail == nil && l.head.len() == 0 }

// clear removes all elements.
func (l *List) clear() {
	l.mid.DeleteRange(0, l.mid.Len())
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
