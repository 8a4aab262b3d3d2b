package store

// StringBatch adds strings to a database some at a time: their lookups, which are cache misses for the most part, then
// wait side by side. Nothing else may use the database between Add and Flush.
type StringBatch struct {
	db     *DB
	n      int
	hashes [TouchMax]uint64
	items  [TouchMax]*Entry
}

// NewStringBatch returns an empty batch for the database.
func (db *DB) NewStringBatch() *StringBatch { return &StringBatch{db: db} }

// Full reports whether Flush must be called before the next Add.
func (b *StringBatch) Full() bool { return b.n == len(b.items) }

// Add gathers a string, with its expiry in unix ms, 0 for none, as SetString would put it into the database. It returns its
// entry.
func (b *StringBatch) Add(key, val []byte, expire int64) *Entry {
	e := newString(key, val, expire)
	e.clock = b.db.store.clock
	b.hashes[b.n], b.items[b.n] = b.db.keys.Hash(key), e
	b.n++
	return e
}

// Flush puts what was gathered into the database. With overwrite it replaces keys that are there. Without, it returns the
// first such key, and leaves out what was gathered after it.
func (b *StringBatch) Flush(overwrite bool) (there []byte) {
	n := b.n
	b.n = 0
	db := b.db
	db.keys.TouchPages(b.hashes[:n])
	for i, h := range b.hashes[:n] {
		e := b.items[i]
		at := db.keys.Find(h, e.Key())
		old := at.Item()
		switch {
		case old == nil:
			at.Set(e)
			db.count(e)
			db.added(h, e)
		case !overwrite:
			return e.Key()
		default:
			clock := e.clock
			db.put(h, e, old)
			e.clock = clock
		}
	}
	clear(b.items[:n])
	return nil
}

// newString returns the entry of a string. As in Redis a canonical 64-bit integer is held as such.
func newString(key, val []byte, expire int64) *Entry {
	if n, ok := canonicalInt(val); ok {
		e := newFlat(String, EncInt, key, expire, intBytes)
		e.setInt(n)
		return e
	}
	b, e := newText(textEncoding(val), key, expire, len(val))
	copy(b, val)
	return e
}

// newText returns a new entry of a string of n bytes, which the caller fills in.
func newText(enc Encoding, key []byte, expire int64, n int) ([]byte, *Entry) {
	if n > maxFlatValue {
		r := &rawString{make([]byte, n)}
		return r.b, newObject(String, enc, key, expire, r)
	}
	e := newFlat(String, enc, key, expire, n)
	return e.blob(), e
}
