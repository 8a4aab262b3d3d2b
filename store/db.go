package store

import (
	"iter"

	"treedis/store/hashtable"
	"treedis/store/order"
)

// DB is one numbered database.
type DB struct {
	content
	store *Store
	index int
}

// content is what SWAPDB exchanges.
type content struct {
	keys     *hashtable.Table[*Entry] // every key
	expires  *hashtable.Table[*Entry] // the same entries, of keys that have an expiry
	order    *order.Index             // every key, in order
	entries  int                      // memory of the entries, in bytes, as they were counted
	written  *Entry                   // an object that may have been written to since it was counted, nil if there is none
	keptThen int                      // what written had kept when it was opened
}

func newDB(s *Store, index int) *DB {
	db := &DB{store: s, index: index}
	db.Flush()
	return db
}

// Index returns the database's number.
func (db *DB) Index() int { return db.index }

// Len returns the number of keys, expired ones included, as DBSIZE does.
func (db *DB) Len() int { return db.keys.Len() }

// Expires returns the number of keys that have an expiry.
func (db *DB) Expires() int { return db.expires.Len() }

// Flush removes all keys in constant time and returns how many there were.
func (db *DB) Flush() (n int) {
	if db.keys != nil {
		if n = db.keys.Len(); n == 0 {
			return 0
		}
	}
	if db.keys != nil {
		db.store.kept += db.keptByTables() + db.lostByFlush()
	}
	db.content = content{
		keys:    hashtable.New[*Entry](db.store.hash),
		expires: hashtable.New[*Entry](db.store.hash),
		order:   order.New(),
	}
	db.watchLosses()
	return n
}

// Lookup returns the key's entry, nil when there is none or when it has expired at time now (unix
// ms); the latter is told apart by expired.
func (db *DB) Lookup(key []byte, now int64) (e *Entry, expired bool) {
	e = db.keys.Get(db.keys.Hash(key), key)
	if e != nil && e.expiredAt(now) {
		return nil, true
	}
	return e, false
}

func (e *Entry) expiredAt(now int64) bool {
	if e.flags&(flagExpire|flagObject) == 0 {
		return false
	}
	at := e.Expire()
	return at != 0 && at <= now
}

// Peek returns the key's entry, expired or not.
func (db *DB) Peek(key []byte) *Entry { return db.keys.Get(db.keys.Hash(key), key) }

// Delete removes a key, expired or not, and reports whether it was there.
func (db *DB) Delete(key []byte) bool {
	e, owned := db.take(key)
	if e == nil {
		return false
	}
	if !owned && !e.flat() {
		db.store.lostValue(e)
	}
	return true
}

// take removes a key whose value may live on. It returns its entry, nil if there was none, and whether no snapshot holds it.
func (db *DB) take(key []byte) (e *Entry, owned bool) {
	h := db.keys.Hash(key)
	r := db.keys.Find(h, key)
	if e = r.Item(); e == nil {
		return nil, false
	}
	owned = r.Owned()
	r.Delete()
	db.discount(e)
	if e.Expire() != 0 {
		db.expires.Delete(h, key)
	}
	db.order.Delete(key)
	return e, owned
}

// put makes e the entry of its key. old is the entry it replaces, nil when the key is new.
func (db *DB) put(h uint64, e, old *Entry) {
	if old != nil {
		e.clock = old.Clock()
		db.discount(old)
	} else {
		e.clock = db.store.clock
	}
	db.count(e)
	db.keys.Set(h, e)
	switch {
	case old == nil:
		db.added(h, e)
	case e.Expire() != 0:
		db.expires.Set(h, e)
	case old.Expire() != 0:
		db.expires.Delete(h, e.Key())
	}
}

// added tells the other tables of a key that was not there before.
func (db *DB) added(h uint64, e *Entry) {
	if e.Expire() != 0 {
		db.expires.Set(h, e)
	}
	db.order.Insert(e.Key())
}

// Reserve makes room for so many keys, and so many of them with an expiry, in an empty database: up to 16 bytes for each. What
// turns out not to be needed goes with the end of Bulk.
func (db *DB) Reserve(keys, expires int) {
	db.keys.Reserve(keys)
	db.expires.Reserve(expires)
}

// SetExpire sets the key's expiry in unix ms, 0 to remove it, and reports whether the key exists.
func (db *DB) SetExpire(key []byte, at int64) bool {
	h := db.keys.Hash(key)
	e, owned := db.keys.GetMut(h, key)
	if e == nil {
		return false
	}
	had := e.Expire()
	if had == at {
		return true
	}
	if !owned || !e.hasExpirySlot() {
		db.discount(e)
		e = e.copyAs(e.Key(), at)
		db.count(e)
		db.keys.Set(h, e)
		if at != 0 {
			db.expires.Set(h, e)
		}
	} else {
		e.setExpire(at)
		if had == 0 {
			db.expires.Set(h, e)
		}
	}
	if at == 0 {
		db.expires.Delete(h, key)
	}
	return true
}

// copyAs returns a writable entry with e's value, clock and type under another key and expiry. A
// value outside the entry is cloned, since a snapshot may hold it.
func (e *Entry) copyAs(key []byte, expire int64) *Entry {
	var c *Entry
	if e.flat() {
		v := e.blob()
		c = newFlat(e.Type(), e.Encoding(), key, expire, len(v))
		copy(c.blob(), v)
	} else {
		c = newObject(e.Type(), e.Encoding(), key, expire, e.object().value.clone())
	}
	c.clock = e.Clock()
	return c
}

// Rename moves src's value and expiry to dst, replacing what was there, and reports whether src
// exists. The two keys must differ.
func (db *DB) Rename(src, dst []byte) bool {
	e := db.Peek(src)
	if e == nil {
		return false
	}
	c := e.copyAs(dst, e.Expire())
	db.take(src)
	h := db.keys.Hash(dst)
	db.put(h, c, db.keys.Get(h, dst))
	c.clock = e.Clock() // it goes with the value
	return true
}

// MoveTo moves the entry e of this database, with its expiry, to database to, which must not hold its key.
func (db *DB) MoveTo(e *Entry, to *DB) {
	c := e.copyAs(e.Key(), e.Expire())
	to.put(to.keys.Hash(e.Key()), c, nil)
	c.clock = e.Clock()
	db.take(e.Key())
}

// CopyTo copies the entry e of this database to key dst of database to, replacing what is there.
// The copies share no state.
func (db *DB) CopyTo(e *Entry, to *DB, dst []byte) {
	if !e.flat() {
		// Both the original and the copy are written to from now on, so both must be clones of
		// something that is not.
		h := db.keys.Hash(e.Key())
		db.put(h, e.copyAs(e.Key(), e.Expire()), e)
	}
	h := to.keys.Hash(dst)
	to.put(h, e.copyAs(dst, e.Expire()), to.keys.Get(h, dst))
}

// TouchMax is how many keys Touch takes at most.
const TouchMax = hashtable.TouchMax

// Touch brings what is known of up to TouchMax keys into the processor's cache, for less than their lookups would
// wait for it one by one. Its result means nothing.
func (db *DB) Touch(keys [][]byte) int {
	var hashes [TouchMax]uint64
	for i, key := range keys {
		hashes[i] = db.keys.Hash(key)
	}
	return db.keys.Touch(hashes[:len(keys)])
}

// Random returns an entry, each with the same probability, nil if there is none. rnd is a source of
// uniform 64-bit numbers.
func (db *DB) Random(rnd func() uint64) *Entry { return db.keys.Random(rnd) }

// Sample calls fn for up to n entries at random, which lie together; of those that have an expiry if expiring is set.
func (db *DB) Sample(rnd func() uint64, n int, expiring bool, fn func(*Entry)) {
	if expiring {
		db.expires.Some(rnd, n, fn)
	} else {
		db.keys.Some(rnd, n, fn)
	}
}

// RandomExpiring is Random among the keys that have an expiry.
func (db *DB) RandomExpiring(rnd func() uint64) *Entry { return db.expires.Random(rnd) }

// Scan visits the keys of one stretch of the hash order, from cursor, and returns the cursor of the
// next, 0 at the end. A key present throughout a whole iteration is visited at least once.
func (db *DB) Scan(cursor uint64, fn func(*Entry)) uint64 { return db.keys.Scan(cursor, fn) }

// ScanExpiring is Scan over the keys that have an expiry.
func (db *DB) ScanExpiring(cursor uint64, fn func(*Entry)) uint64 {
	return db.expires.Scan(cursor, fn)
}

// All walks all entries in no particular order. The database must not be changed meanwhile.
func (db *DB) All() iter.Seq[*Entry] { return db.keys.All() }

// Ascend walks the keys that begin with prefix and are not below from, in order, expired ones
// included, until fn returns false. The key is valid during the call only; the database must not
// be changed meanwhile.
func (db *DB) Ascend(prefix, from []byte, fn func(key []byte) bool) {
	db.order.Ascend(prefix, from, fn)
}

// handle is write access to the value of one key.
type handle struct {
	db  *DB
	key []byte
	h   uint64
	e   *Entry // nil: the key is absent. Otherwise the key's own entry, and not held by a snapshot
}

// open returns write access to key, whose value must not have expired. The handle is valid until
// the next write to the database by other means; key must not change meanwhile.
func (db *DB) open(key []byte) handle {
	m := handle{db: db, key: key, h: db.keys.Hash(key)}
	e, owned := db.keys.GetMut(m.h, key)
	if e != nil && !owned {
		c := e.copyAs(key, e.Expire())
		db.put(m.h, c, e)
		e = c
	}
	if e != nil && !e.flat() {
		db.opened(e)
	}
	m.e = e
	return m
}

// create gives a key that is absent a flat value, with room for more bytes behind it.
func (m *handle) create(t Type, enc Encoding, value string, more int) {
	e := newFlat(t, enc, m.key, 0, len(value)+more)
	copy(e.blob(), value)
	m.db.put(m.h, e, nil)
	m.e = e
	m.resize(len(value))
}

// setFlat makes b the key's flat value. b may be the entry's own blob, changed in place and possibly
// grown within its capacity, or any other bytes, which are copied.
func (m *handle) setFlat(t Type, enc Encoding, b []byte) {
	if m.e != nil && m.e.flat() {
		own := m.e.blob()
		if fits := len(b) <= cap(own); fits && (sameStart(own, b) || len(b) == 0 || cap(own)-len(b) < 64+len(b)) {
			full := own[:cap(own)]
			if !sameStart(own, b) {
				copy(full, b)
			}
			m.resize(len(b))
			m.e.setMeta(t, enc)
			return
		}
	}
	var expire int64
	if m.e != nil {
		expire = m.e.Expire()
	}
	e := newFlat(t, enc, m.key, expire, len(b))
	copy(e.blob(), b)
	m.db.put(m.h, e, m.e)
	m.e = e
}

// resize sets the length of a flat value, which must fit its capacity. Slack is counted up to
// 65535 bytes; an entry that would hide more is trimmed by setFlat's callers replacing it.
func (m *handle) resize(n int) {
	e := m.e
	room := int(e.vlen) + int(e.slack)
	e.vlen = uint32(n)
	e.slack = uint16(min(room-n, 1<<16-1))
	m.db.entries -= room - n - int(e.slack)
}

func sameStart(a, b []byte) bool {
	return cap(a) > 0 && cap(b) > 0 && &a[:1][0] == &b[:1][0]
}

// reserve makes room for extra more bytes behind the flat value, and returns the value with that
// capacity. Growth follows the allocator's size classes, an eighth apart, so that appending is
// amortized O(1).
func (m *handle) reserve(extra int) []byte {
	b := m.e.blob()
	if cap(b)-len(b) >= extra {
		return b
	}
	old := m.e
	n := len(b)
	e := newFlat(old.Type(), old.Encoding(), m.key, old.Expire(), max(n+extra, min(n+n/8, maxFlatValue)))
	copy(e.blob(), b)
	m.db.put(m.h, e, old)
	m.e = e
	m.resize(n)
	return e.blob()
}

// setObject makes v the key's value.
func (m *handle) setObject(t Type, enc Encoding, v object) {
	if m.e != nil && !m.e.flat() {
		m.e.setMeta(t, enc)
		m.e.object().value = v
		return
	}
	var expire int64
	if m.e != nil {
		expire = m.e.Expire()
	}
	e := newObject(t, enc, m.key, expire, v)
	m.db.put(m.h, e, m.e)
	m.e = e
}

// TableStats describes the shape of a hash table.
type TableStats = hashtable.Stats

// TableStats describes the tables of the keys and of those that have an expiry. It walks them.
func (db *DB) TableStats() (keys, expires TableStats) { return db.keys.Stats(), db.expires.Stats() }
