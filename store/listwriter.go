package store

import (
	"treedis/store/listpack"
	"treedis/store/quicklist"
)

// ListWriter is write access to one list. It is valid until the next write to the database by other
// means. Elements that are passed in must not point into the list.
//
// A list is small, a listpack in its entry, until a write takes it past the limit of
// list-max-listpack-size, and again once what is removed leaves one chunk of half that limit. These
// are Redis's rules, of which there is one more: that something may be added counts, even
// if Set or Insert finds out then that nothing is.
//
// A list from which everything was removed stays, as an empty one, until its key is deleted.
type ListWriter struct{ m handle }

// OpenList returns write access to key, which is a list or absent. An absent key becomes one at the first push.
func (db *DB) OpenList(key []byte) ListWriter { return ListWriter{db.open(key)} }

func (w *ListWriter) limit() quicklist.Limit {
	return quicklist.ParseLimit(w.m.db.store.limits.ListSize)
}

// large returns the list if it is a large one, otherwise nil.
func (w *ListWriter) large() *quicklist.List {
	if w.m.e == nil || w.m.e.flat() {
		return nil
	}
	return w.m.e.object().value.(largeList).List
}

// List returns the list as it is now, valid until the next write.
func (w *ListWriter) List() ListView {
	if w.m.e == nil {
		return ListView{}
	}
	return w.m.e.List()
}

// Len returns the number of elements.
func (w *ListWriter) Len() int { return w.List().Len() }

// Push adds elements at one end, one after the other: the last of them comes to be the head, or the tail.
func (w *ListWriter) Push(front bool, vs ...[]byte) {
	l := w.grow(vs...)
	for _, v := range vs {
		switch {
		case l != nil && front:
			l.PushFront(v)
		case l != nil:
			l.PushBack(v)
		case front:
			w.put(listpack.Prepend(w.room(len(v)), v))
		default:
			w.put(listpack.Append(w.room(len(v)), v))
		}
	}
}

// PushFront is Push at the head.
func (w *ListWriter) PushFront(vs ...[]byte) { w.Push(true, vs...) }

// PushBack is Push at the tail.
func (w *ListWriter) PushBack(vs ...[]byte) { w.Push(false, vs...) }

// Pop removes the element at one end of a list that is not empty, and returns it. It is valid until the next
// write to any list of the store that removes elements.
func (w *ListWriter) Pop(front bool) []byte {
	v := w.pop(front)
	w.shrink()
	return v
}

// PopFront is Pop at the head.
func (w *ListWriter) PopFront() []byte { return w.Pop(true) }

// PopBack is Pop at the tail.
func (w *ListWriter) PopBack() []byte { return w.Pop(false) }

// Rotate pops an element at one end and pushes it at the other, or the same, as one change.
func (w *ListWriter) Rotate(fromFront, toFront bool) []byte {
	v := w.pop(fromFront)
	w.Push(toFront, v)
	w.shrink()
	return v
}

// pop removes an element. It is copied to the store's scratch, as its place is about to be overwritten.
func (w *ListWriter) pop(front bool) []byte {
	dst := w.m.db.store.scratch[:0]
	if cap(dst) > maxScratch {
		dst = nil
	}
	if l := w.large(); l == nil {
		lp := w.m.e.blob()
		pos := listpack.First(lp)
		if !front {
			pos = listpack.Last(lp)
		}
		dst = listpack.AppendValue(dst, lp, pos)
		lp, _ = listpack.Delete(lp, pos)
		w.put(lp)
	} else if front {
		dst = l.PopFront(dst)
	} else {
		dst = l.PopBack(dst)
	}
	w.m.db.store.scratch = dst
	return dst
}

// maxScratch bounds the memory in bytes that the store keeps between writes.
const maxScratch = 64 << 10

// Set replaces element i by v, and reports whether there is such an element.
func (w *ListWriter) Set(i int, v []byte) bool {
	l := w.grow(v)
	if i < 0 || i >= w.Len() {
		return false
	}
	if l != nil {
		l.Set(i, v)
	} else {
		lp := w.room(len(v))
		w.put(listpack.Replace(lp, listpack.Seek(lp, i), v))
	}
	w.shrink()
	return true
}

// InsertBefore puts v before the first element that equals pivot, and reports whether there is one.
func (w *ListWriter) InsertBefore(pivot, v []byte) bool { return w.insert(pivot, v, false) }

// InsertAfter puts v behind the first element that equals pivot, and reports whether there is one.
func (w *ListWriter) InsertAfter(pivot, v []byte) bool { return w.insert(pivot, v, true) }

func (w *ListWriter) insert(pivot, v []byte, after bool) bool {
	if w.m.e == nil {
		return false
	}
	if l := w.grow(v); l != nil {
		return l.Insert(pivot, v, after)
	}
	lp := w.m.e.blob()
	pos := listpack.Find(lp, listpack.First(lp), pivot, 0)
	if pos < 0 {
		return false
	}
	lp = w.room(len(v))
	if after {
		w.put(listpack.InsertAfter(lp, pos, v))
	} else {
		w.put(listpack.InsertBefore(lp, pos, v))
	}
	return true
}

// Remove removes elements that equal v and returns their number: the first count ones, the last -count
// ones, or all if count is 0.
func (w *ListWriter) Remove(count int, v []byte) (removed int) {
	backward := count < 0
	limit := max(count, -count)
	if limit <= 0 { // -count of the smallest integer is itself
		limit = w.Len()
	}
	if l := w.large(); l != nil {
		removed = l.Remove(v, limit, backward)
		w.shrink()
	} else if w.m.e != nil {
		var lp []byte
		if lp, removed = quicklist.RemoveEqual(w.m.e.blob(), v, limit, backward); removed > 0 {
			w.put(lp)
		}
	}
	return removed
}

// Trim keeps the elements from index start up to end, 0 <= start <= end <= Len.
func (w *ListWriter) Trim(start, end int) {
	n := w.Len()
	if end-start == n {
		return
	}
	if l := w.large(); l != nil {
		l.Trim(start, end)
		w.shrink()
		return
	}
	lp := w.m.e.blob()
	if end < n {
		lp, _ = listpack.DeleteRange(lp, listpack.Seek(lp, end), n-end)
	}
	if start > 0 {
		lp, _ = listpack.DeleteRange(lp, listpack.First(lp), start)
	}
	w.put(lp)
}

// grow makes the list large if adding vs would take it past the limit. It returns the list if it is large.
func (w *ListWriter) grow(vs ...[]byte) *quicklist.List {
	if l := w.large(); l != nil {
		return l
	}
	bytes, count := listpack.EmptySize, len(vs)
	if w.m.e != nil {
		bytes = len(w.m.e.blob())
		count += listpack.Len(w.m.e.blob())
	}
	for _, v := range vs {
		bytes += len(v)
	}
	limit := w.limit()
	if !limit.Exceeded(bytes, count) {
		return nil
	}
	o := quicklist.Options{Limit: limit, Plain: w.m.db.store.limits.ListPlain}
	l := quicklist.New(o)
	if w.m.e != nil {
		l = quicklist.FromListpack(listpack.Clone(w.m.e.blob()), o)
	}
	w.m.setObject(List, EncQuicklist, largeList{l})
	return l
}

// shrink makes a large list small if it is one chunk of at most half the limit.
func (w *ListWriter) shrink() {
	l := w.large()
	if l == nil {
		return
	}
	if lp, ok := l.Listpack(); ok && w.limit().Half(len(lp), listpack.Len(lp)) {
		w.put(lp)
	}
}

// room returns the listpack of a small list, which may be absent, with room for an element of n bytes.
func (w *ListWriter) room(n int) []byte {
	extra := listpack.EntryBound(n)
	if w.m.e == nil {
		w.m.create(List, EncListpack, listpack.Empty, extra)
		return w.m.e.blob()
	}
	return w.m.reserve(extra)
}

// put makes lp the list, as a small one.
func (w *ListWriter) put(lp []byte) { w.m.setFlat(List, EncListpack, lp) }
