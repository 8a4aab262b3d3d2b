package store

import (
	"iter"
	"strconv"

	"treedis/store/hashtable"
	"treedis/store/intset"
	"treedis/store/listpack"
)

// SetView reads a set: small ones of integers as an intset, other small ones as a listpack in the order in
// which members were added, large ones as a hash table. The zero value is an empty set. Slices that it gives out
// are valid until the key is written to and must not be changed.
type SetView struct {
	blob  []byte // by enc; nil if the set is absent or large
	large *largeSet
	enc   Encoding // of blob
}

// largeSet is a set of more members, or longer ones, than a listpack should have.
type largeSet struct {
	hashtable.Table[*member]
	bytes int // of all members
}

func newLargeSet(hash func([]byte) uint64) *largeSet {
	s := &largeSet{}
	s.Init(hash)
	return s
}

func (s *largeSet) clone() object { return &largeSet{Table: *s.Clone(), bytes: s.bytes} }

func (s *largeSet) memory() int { return s.Table.Bytes() + s.bytes }

func (s *largeSet) kept() int { return s.Table.Kept() }

// add makes b a member and reports whether it was none.
func (s *largeSet) add(b []byte) bool {
	r := s.Find(s.Hash(b), b)
	if r.Item() != nil {
		return false
	}
	s.put(r, newMember(b))
	return true
}

// share is add for a member of another set: members are immutable, so both hold the same one.
func (s *largeSet) share(m *member) bool {
	key := m.Key()
	r := s.Find(s.Hash(key), key)
	if r.Item() != nil {
		return false
	}
	s.put(r, m)
	return true
}

func (s *largeSet) put(r hashtable.Ref[*member], m *member) {
	s.bytes += m.memory()
	r.Set(m)
}

func (s *largeSet) remove(b []byte) bool {
	m := s.Delete(s.Hash(b), b)
	if m == nil {
		return false
	}
	s.bytes -= m.memory()
	return true
}

// Set returns the view of an entry that holds a set. A nil entry is an empty set.
func (e *Entry) Set() SetView {
	switch {
	case e == nil:
		return SetView{}
	case e.flat():
		return SetView{blob: e.blob(), enc: e.Encoding()}
	}
	return SetView{large: e.object().value.(*largeSet), enc: EncHashtable}
}

// Len returns the number of members.
func (s SetView) Len() int {
	switch {
	case s.large != nil:
		return s.large.Len()
	case s.blob == nil:
		return 0
	case s.enc == EncIntset:
		return intset.Len(s.blob)
	}
	return listpack.Len(s.blob)
}

// Intset returns the blob of a set held as an intset, or nil.
func (s SetView) Intset() []byte {
	if s.enc == EncIntset {
		return s.blob
	}
	return nil
}

// Listpack returns the blob of a set held as a listpack, or nil.
func (s SetView) Listpack() []byte {
	if s.enc == EncListpack {
		return s.blob
	}
	return nil
}

// Has reports whether b is a member.
func (s SetView) Has(b []byte) bool {
	switch {
	case s.large != nil:
		return s.large.Get(s.large.Hash(b), b) != nil
	case s.blob == nil:
		return false
	case s.enc == EncIntset:
		n, ok := canonicalInt(b)
		return ok && intset.Contains(s.blob, n)
	}
	return s.find(b) >= 0
}

// find returns the position of a member in the listpack, or -1.
func (s SetView) find(b []byte) int {
	return listpack.Find(s.blob, listpack.First(s.blob), b, 0)
}

// All walks the members, each valid until the next. The set must not be changed meanwhile.
func (s SetView) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		switch {
		case s.large != nil:
			for items := range s.large.Pages() {
				for _, m := range items {
					if !yield(m.Key()) {
						return
					}
				}
			}
		case s.blob == nil:
		case s.enc == EncIntset:
			scratch := make([]byte, 0, listpack.IntBufSize)
			for _, n := range intset.All(s.blob) {
				if !yield(strconv.AppendInt(scratch, n, 10)) {
					return
				}
			}
		default:
			yieldElements(s.blob, yield)
		}
	}
}

// yieldElements walks the elements of a listpack.
func yieldElements(lp []byte, yield func([]byte) bool) {
	var scratch []byte // made for the first integer
	for pos := listpack.First(lp); pos >= 0; pos = listpack.Next(lp, pos) {
		b, n, isInt := listpack.Value(lp, pos)
		if isInt {
			if scratch == nil {
				scratch = make([]byte, 0, listpack.IntBufSize)
			}
			b = strconv.AppendInt(scratch, n, 10)
		}
		if !yield(b) {
			return
		}
	}
}

// Random returns a member, each with the same probability. The set must not be empty.
func (s SetView) Random(rnd func() uint64) (m []byte) {
	s.Draw(1, rnd, func(b []byte) { m = b })
	return m
}

// Draw calls fn for n random members, each time any of them with the same probability. The set must not
// be empty.
func (s SetView) Draw(n int, rnd func() uint64, fn func([]byte)) {
	switch {
	case s.large != nil:
		for range n {
			fn(s.large.Random(rnd).Key())
		}
	case s.enc == EncIntset:
		for range n {
			fn(s.intAt(below(rnd, intset.Len(s.blob))))
		}
	case n == 1:
		fn(element(s.blob, listpack.Seek(s.blob, below(rnd, s.Len()))))
	default:
		at := positions(s.blob, s.Len(), 0)
		for range n {
			fn(element(s.blob, at[below(rnd, len(at))]))
		}
	}
}

func (s SetView) intAt(i int) []byte {
	return strconv.AppendInt(nil, intset.Get(s.blob, i), 10)
}

// Sample calls fn for n distinct members, n <= Len, every choice of them with the same probability, in no
// particular order.
func (s SetView) Sample(n int, rnd func() uint64, fn func([]byte)) {
	if s.large != nil {
		sampleTable(&s.large.Table, n, rnd, func(m *member) { fn(m.Key()) })
		return
	}
	pick := sampler{n: n, total: s.Len(), rnd: rnd}
	for b := range s.All() {
		if pick.take() {
			fn(b)
		}
	}
}

// Scan calls fn for the members of one stretch of a large set, from cursor, and returns the cursor of the
// next, 0 at the end; of a small one for all members. A member present throughout a whole iteration is
// visited at least once, also when the set becomes large meanwhile.
func (s SetView) Scan(cursor uint64, fn func([]byte)) (next uint64) {
	if s.large != nil {
		return s.large.Scan(cursor, func(m *member) { fn(m.Key()) })
	}
	for b := range s.All() {
		fn(b)
	}
	return 0
}
