package quicklist

import (
	"bytes"

	"treedis/store/listpack"
)

// Set replaces element i, 0 <= i < Len, by v.
func (l *List) Set(i int, v []byte) {
	ci, off := l.seek(i)
	c := l.at(ci)
	if c.plain || len(v) >= l.opts.Plain {
		// The neighbours decide where the new element goes, as if it were inserted.
		l.insertAt(ci, off, v, true)
		l.deleteAt(ci, off)
		return
	}
	c = l.own(c, len(v))
	c.blob = listpack.Replace(c.blob, listpack.Seek(c.blob, off), v)
	l.set(ci, c)
}

// Insert puts v before the first element that equals pivot, or behind it if after, and reports whether
// there is one.
func (l *List) Insert(pivot, v []byte, after bool) bool {
	for ci := range l.chunks() {
		if off := l.at(ci).find(pivot); off >= 0 {
			l.insertAt(ci, off, v, after)
			return true
		}
	}
	return false
}

// Remove removes the first elements that equal v, at most limit of them, or the last ones if backward,
// and returns their number.
func (l *List) Remove(v []byte, limit int, backward bool) (removed int) {
	ci, step := 0, 1
	if backward {
		ci, step = l.chunks()-1, -1
	}
	for ; ci >= 0 && ci < l.chunks() && removed < limit; ci += step {
		c := l.at(ci)
		if c.find(v) < 0 {
			continue
		}
		n := 1
		if !c.plain {
			c = l.own(c, 0)
			c.blob, n = RemoveEqual(c.blob, v, limit-removed, backward)
		}
		removed += n
		if c.plain || c.len() == 0 {
			l.remove(ci)
			if !backward {
				ci--
			}
		} else {
			l.set(ci, c)
		}
	}
	return removed
}

// deleteAt removes the element at off of chunk ci.
func (l *List) deleteAt(ci, off int) {
	c := l.at(ci)
	if c.len() == 1 {
		l.remove(ci)
		return
	}
	c = l.own(c, 0)
	c.delete(off, 1)
	l.set(ci, c)
}

// insertAt puts v before or behind the element at off of chunk ci. If the chunk is full, v goes to the end
// of a neighbour that is not, or the chunk is split.
func (l *List) insertAt(ci, off int, v []byte, after bool) {
	c := l.at(ci)
	at, next := off, ci // where v goes in c, and which chunk is begun if that is an end
	if after {
		at, next = off+1, ci+1
	}
	atEnd := after && at == c.len() || !after && at == 0
	switch {
	case l.fits(c, len(v)):
		l.put(ci, at, v)
	case len(v) >= l.opts.Plain:
		if !atEnd {
			l.split(ci, at)
			next = ci + 1
		}
		l.insert(next, l.newChunk(v))
	case atEnd && after && next < l.chunks() && l.fits(l.at(next), len(v)):
		l.put(next, 0, v)
	case atEnd && !after && ci > 0 && l.fits(l.at(ci-1), len(v)):
		l.put(ci-1, l.at(ci-1).len(), v)
	case atEnd:
		l.insert(next, l.newChunk(v))
	case after:
		l.split(ci, at)
		l.put(ci+1, 0, v)
		l.mergeAround(ci)
	default:
		l.split(ci, at)
		l.put(ci, at, v)
		l.mergeAround(ci + 1)
	}
}

// put inserts v at index at of chunk ci.
func (l *List) put(ci, at int, v []byte) {
	c := l.own(l.at(ci), len(v))
	if at == c.len() {
		c.blob = listpack.Append(c.blob, v)
	} else {
		c.blob = listpack.InsertBefore(c.blob, listpack.Seek(c.blob, at), v)
	}
	l.set(ci, c)
}

// split moves the elements of chunk ci from index at on, 0 < at < its length, to a new chunk behind it.
func (l *List) split(ci, at int) {
	c := l.at(ci)
	right := &chunk{epoch: l.epoch, blob: bytes.Clone(c.blob)}
	right.delete(0, at)
	c = l.own(c, 0)
	c.delete(at, c.len()-at)
	l.set(ci, c)
	l.insert(ci+1, right)
}

// mergeAround merges the chunks around ci where two fit in one, those further away first.
func (l *List) mergeAround(ci int) {
	if l.merge(ci - 2) {
		ci--
	}
	l.merge(ci + 1)
	if l.merge(ci - 1) {
		ci--
	}
	l.merge(ci)
}

// merge moves the elements of chunk ci+1 to the end of ci if both exist and they fit.
func (l *List) merge(ci int) bool {
	if ci < 0 || ci+1 >= l.chunks() {
		return false
	}
	a, b := l.at(ci), l.at(ci+1)
	if a.plain || b.plain || l.opts.Limit.Exceeded(len(a.blob)+len(b.blob)-listpack.EmptySize, a.len()+b.len()) {
		return false
	}
	a = l.own(a, len(b.blob))
	a.blob = listpack.Merge(a.blob, b.blob)
	l.set(ci, a)
	l.remove(ci + 1)
	return true
}
