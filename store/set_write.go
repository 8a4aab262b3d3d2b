package store

import (
	"strconv"

	"treedis/store/intset"
	"treedis/store/listpack"
)

// intsetMost is the most members that an intset may have, whatever the limit says.
const intsetMost = 1 << 30

// maxIntsetRoom bounds the members that room is made for before they are there.
const maxIntsetRoom = 1 << 12

// SetWriter writes to the set of one key, or to one that has no key yet, and reads it. That of a key is valid until
// the next write to the database by other means, and the key must not change meanwhile.
//
// A set begins as an intset if its first member is an integer, and as a listpack otherwise. It becomes a listpack
// or a hash table, for good, in the cases in which Redis converts it too (Limits).
type SetWriter struct {
	SetView
	store *Store
	m     handle // m.db is nil while the set has no key
	hint  int    // how many members an absent set will get
}

// OpenSet returns write access to the set at key, which must hold a set or nothing. A key that is absent is
// created by the first Add. One whose last member was removed is left to the caller to delete.
func (db *DB) OpenSet(key []byte) SetWriter {
	w := SetWriter{store: db.store, m: db.open(key)}
	w.SetView = w.m.e.Set()
	return w
}

// NewSet returns an empty set without a key, which starts as EncIntset or EncListpack. Building it
// needs the store's lock shared.
func (s *Store) NewSet(enc Encoding) *SetWriter {
	w := &SetWriter{store: s, SetView: SetView{enc: enc, blob: []byte(listpack.Empty)}}
	if enc == EncIntset {
		w.blob = intset.New()
	}
	return w
}

// PutSet makes the set, which is not empty and has no key yet, the value of key, without an expiry, whatever
// the key held. The writer must not be used any more.
func (db *DB) PutSet(key []byte, w *SetWriter) {
	h := db.keys.Hash(key)
	var e *Entry
	if w.large != nil {
		e = newObject(Set, EncHashtable, key, 0, w.large)
	} else {
		e = newFlat(Set, w.enc, key, 0, len(w.blob))
		copy(e.blob(), w.blob)
	}
	db.put(h, e, db.keys.Get(h, key))
}

// setBlob makes b the value.
func (w *SetWriter) setBlob(enc Encoding, b []byte) {
	if w.m.db == nil {
		w.SetView = SetView{blob: b, enc: enc}
		return
	}
	w.m.setFlat(Set, enc, b)
	w.SetView = w.m.e.Set()
}

// setLarge makes a hash table the value.
func (w *SetWriter) setLarge(s *largeSet) {
	if w.m.db != nil {
		w.m.setObject(Set, EncHashtable, s)
	}
	w.SetView = SetView{large: s, enc: EncHashtable}
}

// room returns the blob with room for n more bytes; one without a key finds it by itself as it grows.
func (w *SetWriter) room(n int) []byte {
	if w.m.db == nil {
		return w.blob
	}
	return w.m.reserve(n)
}

// create makes an absent key an empty set that suits the first of hint members, with room for n more bytes.
func (w *SetWriter) create(first []byte, n int) {
	limits, hint := &w.store.limits, max(w.hint, 1)
	v, isInt := canonicalInt(first)
	switch {
	case isInt && hint <= limits.SetIntsetEntries:
		w.m.create(Set, EncIntset, intset.Empty, min(hint, maxIntsetRoom)*intset.Width(v))
	case hint <= limits.SetEntries:
		w.m.create(Set, EncListpack, listpack.Empty, n)
	default:
		w.setLarge(newLargeSet(w.store.hash))
		return
	}
	w.SetView = w.m.e.Set()
}

// absent reports whether there is no value yet.
func (w *SetWriter) absent() bool { return w.large == nil && w.blob == nil }

// Reserve announces that n members will be added: too many for the encoding in use become a hash table at once.
func (w *SetWriter) Reserve(n int) {
	w.hint = n
	if !w.absent() &&
		(w.enc == EncListpack && n > w.store.limits.SetEntries ||
			w.enc == EncIntset && n > w.store.limits.SetIntsetEntries) {
		w.convert()
	}
}

// AddAll adds members, at least one, and returns how many are new. As in Redis the set becomes a hash table if
// there are too many of them for its encoding, though some may turn out to be the same.
func (w *SetWriter) AddAll(members [][]byte) (added int) {
	w.Reserve(len(members))
	if w.absent() {
		size := 0
		if _, isInt := canonicalInt(members[0]); !isInt {
			for _, b := range members {
				size += listpack.EntrySize(b)
			}
		}
		w.create(members[0], size)
	}
	for _, b := range members {
		if w.Add(b) {
			added++
		}
	}
	return added
}

// Add makes b a member and reports whether it was none. b must not be a slice that the view gave out.
func (w *SetWriter) Add(b []byte) bool {
	if w.absent() {
		w.create(b, listpack.EntrySize(b))
	}
	switch {
	case w.large != nil:
		return w.large.add(b)
	case w.enc == EncIntset:
		return w.addToIntset(b)
	}
	return w.addToListpack(b)
}

// addToIntset adds b to an intset, which turns into something else if b is no integer, or one too many.
func (w *SetWriter) addToIntset(b []byte) bool {
	v, isInt := canonicalInt(b)
	if !isInt {
		if w.fitsListpack(b) {
			w.toListpack(b)
			return true
		}
		w.convert()
		return w.large.add(b)
	}
	is := w.blob
	if cap(is)-len(is) < intset.Width(v) {
		if intset.Contains(is, v) {
			return false
		}
		is = w.room(intset.Width(v))
	}
	is, added := intset.Add(is, v)
	if !added {
		return false
	}
	w.setBlob(EncIntset, is)
	if intset.Len(w.blob) > min(w.store.limits.SetIntsetEntries, intsetMost) {
		w.convert()
	}
	return true
}

// fitsListpack reports whether the intset's members, and b, may become a listpack.
func (w *SetWriter) fitsListpack(b []byte) bool {
	limits := &w.store.limits
	n := intset.Len(w.blob)
	longest, size := 0, 0
	if n > 0 {
		for _, v := range [2]int64{intset.Get(w.blob, 0), intset.Get(w.blob, n-1)} {
			var scratch [listpack.IntBufSize]byte
			longest = max(longest, len(strconv.AppendInt(scratch[:0], v, 10)))
			size = max(size, listpack.EmptySize+n*listpack.EntrySizeInt(v))
		}
	}
	return n < limits.SetEntries && max(len(b), longest) <= limits.SetValue &&
		listpack.SafeToAdd(nil, size+len(b))
}

// toListpack makes an intset, and b, a listpack.
func (w *SetWriter) toListpack(b []byte) {
	size := listpack.EmptySize + listpack.EntrySize(b)
	for _, v := range intset.All(w.blob) {
		size += listpack.EntrySizeInt(v)
	}
	lp := listpack.New(size)
	for _, v := range intset.All(w.blob) {
		lp = listpack.AppendInt(lp, v)
	}
	w.setBlob(EncListpack, listpack.Append(lp, b))
}

func (w *SetWriter) addToListpack(b []byte) bool {
	if w.find(b) >= 0 {
		return false
	}
	limits := &w.store.limits
	if listpack.Len(w.blob) < limits.SetEntries && len(b) <= limits.SetValue &&
		listpack.SafeToAdd(w.blob, len(b)) {
		w.setBlob(EncListpack, listpack.Append(w.room(listpack.EntrySize(b)), b))
		return true
	}
	w.convert()
	return w.large.add(b)
}

// convert makes the set a hash table.
func (w *SetWriter) convert() {
	large := newLargeSet(w.store.hash)
	for b := range w.All() {
		large.add(b)
	}
	w.setLarge(large)
}

// AddSet adds the members of another set for which keep returns true, of any if it is nil, and returns how many
// are new. Large sets share members rather than copying them.
func (w *SetWriter) AddSet(from SetView, keep func([]byte) bool) (added int) {
	if from.large == nil {
		for b := range from.All() {
			if (keep == nil || keep(b)) && w.Add(b) {
				added++
			}
		}
		return added
	}
	for items := range from.large.Pages() {
		for _, m := range items {
			if keep != nil && !keep(m.Key()) {
				continue
			}
			if w.large != nil && w.large.share(m) || w.large == nil && w.Add(m.Key()) {
				added++
			}
		}
	}
	return added
}

// CompactInts makes the set an intset if all its members are integers, and not too many for one.
func (w *SetWriter) CompactInts() {
	if w.enc == EncIntset || w.Len() > min(w.store.limits.SetIntsetEntries, intsetMost) {
		return
	}
	is := intset.New()
	for b := range w.All() {
		v, ok := canonicalInt(b)
		if !ok {
			return
		}
		is, _ = intset.Add(is, v)
	}
	w.setBlob(EncIntset, is)
}

// Remove makes b no member and reports whether it was one.
func (w *SetWriter) Remove(b []byte) bool {
	switch {
	case w.large != nil:
		return w.large.remove(b)
	case w.blob == nil:
		return false
	case w.enc == EncIntset:
		v, isInt := canonicalInt(b)
		if !isInt {
			return false
		}
		is, removed := intset.Remove(w.blob, v)
		if removed {
			w.setBlob(EncIntset, is)
		}
		return removed
	}
	pos := w.find(b)
	if pos < 0 {
		return false
	}
	w.removeAt(pos)
	return true
}

// removeAt removes the element of the listpack at pos.
func (w *SetWriter) removeAt(pos int) {
	lp, _ := listpack.Delete(w.blob, pos)
	w.setBlob(EncListpack, lp)
}
