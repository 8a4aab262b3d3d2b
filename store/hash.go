package store

import (
	"iter"
	"strconv"

	"treedis/store/hashtable"
	"treedis/store/listpack"
)

// HashView reads a hash: small ones as a listpack of fields and values in turn, in the order in which they
// were added, large ones as a hash table. The zero value is an empty hash. Slices that it gives out are valid
// until the key is written to and must not be changed.
type HashView struct {
	lp    []byte
	large *largeHash // nil: lp
}

// largeHash is a hash of more fields, or longer ones, than a listpack should have.
type largeHash struct {
	hashtable.Table[*field]
	bytes int // of all fields
}

func newLargeHash(hash func([]byte) uint64) *largeHash {
	h := &largeHash{}
	h.Init(hash)
	return h
}

func (h *largeHash) clone() object { return &largeHash{Table: *h.Clone(), bytes: h.bytes} }

func (h *largeHash) memory() int { return h.Table.Bytes() + h.bytes }

func (h *largeHash) kept() int { return h.Table.Kept() }

// set writes a field and reports whether it is new.
func (h *largeHash) set(name, value []byte) (created bool) {
	r := h.Find(h.Hash(name), name)
	if old := r.Item(); old != nil {
		if r.Owned() && old.replace(value) {
			return false
		}
		h.bytes -= old.memory()
	}
	created = r.Item() == nil
	f := newField(name, value)
	h.bytes += f.memory()
	r.Set(f)
	return created
}

func (h *largeHash) delete(name []byte) bool {
	f := h.Delete(h.Hash(name), name)
	if f == nil {
		return false
	}
	h.bytes -= f.memory()
	return true
}

// Hash returns the view of an entry that holds a hash. A nil entry is an empty hash.
func (e *Entry) Hash() HashView {
	switch {
	case e == nil:
		return HashView{}
	case e.flat():
		return HashView{lp: e.blob()}
	}
	return HashView{large: e.object().value.(*largeHash)}
}

// Len returns the number of fields.
func (h HashView) Len() int {
	switch {
	case h.large != nil:
		return h.large.Len()
	case h.lp == nil:
		return 0
	}
	return listpack.Len(h.lp) / 2
}

// Listpack returns the blob of a small hash, fields and values in turn, or nil.
func (h HashView) Listpack() []byte { return h.lp }

// find returns the position of a field in the listpack, or -1.
func (h HashView) find(name []byte) int {
	if h.lp == nil {
		return -1
	}
	return listpack.Find(h.lp, listpack.First(h.lp), name, 1)
}

// Get returns a field's value; an integer may be formatted into scratch.
func (h HashView) Get(name []byte, scratch *[listpack.IntBufSize]byte) (value []byte, ok bool) {
	if h.large != nil {
		f := h.large.Get(h.large.Hash(name), name)
		if f == nil {
			return nil, false
		}
		return f.value(), true
	}
	pos := h.find(name)
	if pos < 0 {
		return nil, false
	}
	return listpack.Get(h.lp, listpack.Next(h.lp, pos), scratch), true
}

// Has reports whether there is such a field.
func (h HashView) Has(name []byte) bool {
	if h.large != nil {
		return h.large.Get(h.large.Hash(name), name) != nil
	}
	return h.find(name) >= 0
}

// ValueLen returns the length of a field's value in bytes, 0 if there is no such field.
func (h HashView) ValueLen(name []byte) int {
	var scratch [listpack.IntBufSize]byte
	value, _ := h.Get(name, &scratch)
	return len(value)
}

// All walks fields and values, each valid until the next. The hash must not be changed meanwhile.
func (h HashView) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		switch {
		case h.large != nil:
			for items := range h.large.Pages() {
				for _, f := range items {
					if !yield(f.Key(), f.value()) {
						return
					}
				}
			}
		case h.lp != nil:
			yieldPairs(h.lp, yield)
		}
	}
}

// yieldPairs walks the pairs of a listpack.
func yieldPairs(lp []byte, yield func(name, value []byte) bool) {
	var scratch []byte // made for the first integer, for both the field's and the value's text
	text := func(pos, at int) []byte {
		str, n, isInt := listpack.Value(lp, pos)
		if !isInt {
			return str
		}
		if scratch == nil {
			scratch = make([]byte, 2*listpack.IntBufSize)
		}
		return strconv.AppendInt(scratch[at:at], n, 10)
	}
	for pos := listpack.First(lp); pos >= 0; pos = listpack.Next(lp, pos) {
		name := text(pos, 0)
		pos = listpack.Next(lp, pos)
		if !yield(name, text(pos, listpack.IntBufSize)) {
			return
		}
	}
}

// Random returns a field and its value, each field with the same probability. The hash must not be empty.
func (h HashView) Random(rnd func() uint64) (name, value []byte) {
	h.Draw(1, rnd, func(n, v []byte) { name, value = n, v })
	return name, value
}

// Draw calls fn for n random fields, each time any of them with the same probability. The hash must not
// be empty.
func (h HashView) Draw(n int, rnd func() uint64, fn func(name, value []byte)) {
	if h.large != nil {
		for range n {
			f := h.large.Random(rnd)
			fn(f.Key(), f.value())
		}
		return
	}
	pair := func(pos int) { fn(element(h.lp, pos), element(h.lp, listpack.Next(h.lp, pos))) }
	size := h.Len()
	if n == 1 {
		pair(listpack.Seek(h.lp, 2*below(rnd, size)))
		return
	}
	at := positions(h.lp, size, 1)
	for range n {
		pair(at[below(rnd, size)])
	}
}

// Sample calls fn for n distinct fields, n <= Len, every choice of them with the same probability, in no
// particular order.
func (h HashView) Sample(n int, rnd func() uint64, fn func(name, value []byte)) {
	if h.large != nil {
		sampleTable(&h.large.Table, n, rnd, func(f *field) { fn(f.Key(), f.value()) })
		return
	}
	s := sampler{n: n, total: h.Len(), rnd: rnd}
	for name, value := range h.All() {
		if s.take() {
			fn(name, value)
		}
	}
}

// Scan calls fn for the fields of one stretch of a large hash, from cursor, and returns the cursor of the
// next, 0 at the end; of a small one for all fields. A field present throughout a whole iteration
// is visited at least once, also when the hash becomes large meanwhile.
func (h HashView) Scan(cursor uint64, fn func(name, value []byte)) (next uint64) {
	if h.large != nil {
		return h.large.Scan(cursor, func(f *field) { fn(f.Key(), f.value()) })
	}
	for name, value := range h.All() {
		fn(name, value)
	}
	return 0
}
