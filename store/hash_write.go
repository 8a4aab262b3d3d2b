package store

import "treedis/store/listpack"

// HashWriter writes to the hash of one key, and reads it. It is valid until the next write to the
// database by other means, and its key must not change meanwhile.
//
// A hash begins as a listpack and becomes a hash table, for good, when it passes a limit (Limits) in the cases
// in which Redis converts it too.
type HashWriter struct {
	HashView
	m handle
}

// OpenHash returns write access to the hash at key, which must hold a hash or nothing. A key that is absent
// is created by the first Set. One whose last field was deleted is left to the caller to delete.
func (db *DB) OpenHash(key []byte) HashWriter {
	w := HashWriter{m: db.open(key)}
	w.refresh()
	return w
}

func (w *HashWriter) refresh() { w.HashView = w.m.e.Hash() }

func (w *HashWriter) limits() *Limits { return &w.m.db.store.limits }

// Reserve announces that n fields will be Set: too many for a listpack become a hash table at once, even while the key
// is absent otherwise.
func (w *HashWriter) Reserve(n int) {
	if w.large == nil && n > w.limits().HashEntries {
		w.convert()
	}
}

// SetAll writes fields, given as names and values in turn, and returns how many are new. As in Redis the hash becomes
// a hash table if there are too many for a listpack, though some may turn out to be the same field.
func (w *HashWriter) SetAll(pairs [][]byte) (created int) {
	w.Reserve(len(pairs) / 2)
	if w.large == nil {
		w.makeRoom(pairs)
	}
	for i := 0; i < len(pairs); i += 2 {
		if w.Set(pairs[i], pairs[i+1]) {
			created++
		}
	}
	return created
}

// makeRoom prepares for all of the pairs at once, so that a new key is allocated once.
func (w *HashWriter) makeRoom(pairs [][]byte) {
	size := 0
	for _, b := range pairs {
		if len(b) > w.limits().HashValue {
			w.convert()
			return
		}
		size += listpack.EntrySize(b)
	}
	switch {
	case !listpack.SafeToAdd(w.lp, size):
		w.convert()
	case w.lp == nil:
		w.create(size)
	}
}

// create makes an absent key an empty hash with room for n more bytes.
func (w *HashWriter) create(n int) {
	w.m.create(Hash, EncListpack, listpack.Empty, n)
	w.refresh()
}

// Set writes a field, and reports whether it is new. Neither slice may be one that the view gave out.
func (w *HashWriter) Set(name, value []byte) (created bool) {
	limits := w.limits()
	if w.large == nil && max(len(name), len(value)) > limits.HashValue {
		w.convert()
	}
	if w.large != nil {
		return w.large.set(name, value)
	}
	created = w.setPair(name, value)
	if w.Len() > limits.HashEntries {
		w.convert()
	}
	return created
}

// setPair writes a field in the listpack.
func (w *HashWriter) setPair(name, value []byte) (created bool) {
	lp := w.lp
	size := listpack.EntrySize(value)
	if pos := w.find(name); pos >= 0 {
		pos = listpack.Next(lp, pos)
		end := listpack.Next(lp, pos)
		if end < 0 {
			end = len(lp) - 1
		}
		if more := size - (end - pos); more > 0 {
			lp = w.m.reserve(more)
		}
		lp = listpack.Replace(lp, pos, value)
	} else {
		created = true
		size += listpack.EntrySize(name)
		if lp == nil {
			w.create(size)
		}
		lp = listpack.Append(listpack.Append(w.m.reserve(size), name), value)
	}
	w.m.setFlat(Hash, EncListpack, lp)
	w.refresh()
	return created
}

// Delete removes a field and reports whether it was there.
func (w *HashWriter) Delete(name []byte) bool {
	if w.large != nil {
		return w.large.delete(name)
	}
	pos := w.find(name)
	if pos < 0 {
		return false
	}
	lp, _ := listpack.DeleteRange(w.lp, pos, 2)
	w.m.setFlat(Hash, EncListpack, lp)
	w.refresh()
	return true
}

// convert makes the hash a hash table.
func (w *HashWriter) convert() {
	large := newLargeHash(w.m.db.store.hash)
	for name, value := range w.All() {
		large.set(name, value)
	}
	w.m.setObject(Hash, EncHashtable, large)
	w.refresh()
}
