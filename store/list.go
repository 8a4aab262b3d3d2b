package store

import (
	"iter"

	"treedis/store/listpack"
	"treedis/store/quicklist"
)

// largeList is a list that is not a single small listpack.
type largeList struct{ *quicklist.List }

func (l largeList) clone() object { return largeList{l.List.Clone()} }

func (l largeList) memory() int { return l.Bytes() }

func (l largeList) kept() int { return l.Kept() }

// ListView is the value of a list, to be read. The zero value is an empty list.
type ListView struct {
	blob  []byte          // a small list's listpack
	large *quicklist.List // or a large one
}

// ListIter walks the elements of a list; see quicklist.Iter.
type ListIter = quicklist.Iter

// List returns the value of a list.
func (e *Entry) List() ListView {
	if e.flat() {
		return ListView{blob: e.blob()}
	}
	return ListView{large: e.object().value.(largeList).List}
}

// Len returns the number of elements.
func (l ListView) Len() int {
	switch {
	case l.large != nil:
		return l.large.Len()
	case l.blob != nil:
		return listpack.Len(l.blob)
	}
	return 0
}

// Nodes returns the number of chunks that the elements lie in.
func (l ListView) Nodes() int {
	if l.large != nil {
		return l.large.Chunks()
	}
	return 1
}

// Index returns element i, 0 <= i < Len, valid until the list is written to. An integer is formatted into
// scratch.
func (l ListView) Index(i int, scratch *[20]byte) []byte {
	if l.large != nil {
		return l.large.Index(i, scratch)
	}
	return listpack.Get(l.blob, listpack.Seek(l.blob, i), scratch)
}

// Iter returns an iterator whose first element is the one at index i, and which goes towards the head if
// backward.
func (l ListView) Iter(i int, backward bool) ListIter {
	switch {
	case l.large != nil:
		return l.large.Iter(i, backward)
	case l.blob == nil:
		i = -1
	}
	return quicklist.IterListpack(l.blob, i, backward)
}

// All walks the elements from head to tail. Each is valid until the next.
func (l ListView) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var scratch [20]byte
		for it := l.Iter(0, false); it.Next(); {
			if !yield(it.Value(&scratch)) {
				return
			}
		}
	}
}
