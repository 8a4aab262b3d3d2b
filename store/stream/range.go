package stream

import "treedis/store/ctree"

// Range walks the live entries of a stream between two IDs, in either direction.
// The stream must not change meanwhile.
//
//	for r := l.Range(from, to, false); r.Next(); {
//		for range r.NumFields() {
//			field, value := r.Field()
//		}
//	}
type Range struct {
	cur      ctree.Cursor[nodeRef] // the node after it, in the direction of the walk
	it       Iter
	from, to ID
	backward bool
	inNode   bool
}

// Range returns a walk from the entry with the ID from, or behind it, to the one
// with the ID to, or before it; or from to to from if backward.
func (l *Live) Range(from, to ID, backward bool) (r Range) {
	r.from, r.to, r.backward = from, to, backward
	r.it.pos = -1
	if backward {
		r.cur = l.seek(to)
		return r
	}
	r.cur = l.seek(from)
	if !r.cur.Valid() {
		r.cur = l.nodes.SeekIndex(0)
	}
	return r
}

// Next moves to the next entry and reports whether there is one. Fields of the
// entry before it that were not read are passed over.
func (r *Range) Next() bool {
	if r.backward {
		return r.previous()
	}
	for {
		for r.inNode && r.it.Next() {
			switch {
			case r.to.Less(r.it.id):
				return false
			case !r.it.id.Less(r.from):
				return true
			}
		}
		if r.inNode = r.cur.Valid(); !r.inNode {
			return false
		}
		r.it.open(r.cur.Item().node.Node)
		r.cur.Next()
	}
}

func (r *Range) previous() bool {
	for {
		for r.inNode && r.it.back() {
			switch {
			case r.it.id.Less(r.from):
				return false
			case !r.it.deleted && !r.to.Less(r.it.id):
				return true
			}
		}
		if r.inNode = r.cur.Valid(); !r.inNode {
			return false
		}
		r.it.openLast(r.cur.Item().node.Node)
		r.cur.Prev()
	}
}

// ID returns the ID of the current entry.
func (r *Range) ID() ID { return r.it.id }

// NumFields returns the number of fields of the current entry.
func (r *Range) NumFields() int { return int(r.it.numFields) }

// Field returns the next field of the current entry, as Iter.Field does.
func (r *Range) Field() (field, value []byte) { return r.it.Field() }
