// Package store is the keyspace: numbered databases of keys with typed values, an expiry and an
// access clock each. It knows no network, no replication and no files.
//
// Guarantees:
//   - Point operations are O(1): a hash table of copy-on-write pages (store/hashtable).
//   - Keys can be walked in order from a prefix: an ordered index beside the table (store/order).
//   - Snapshot freezes all databases at once without copying them. It is then read without any
//     lock while writes go on: whatever a write would change is first copied, page by page, entry
//     by entry, node by node.
//   - Expiry is logical: Lookup does not see an expired key. Deleting it is the caller's business,
//     since a deletion must be logged.
//
// The store does not lock. Methods that change anything need the caller's exclusive lock; the others
// need it shared; a Snapshot's methods need none.
package store

import (
	"hash/maphash"
	"slices"
	"sync"
)

// Options configure a Store.
type Options struct {
	Databases int    // number of databases, at least 1
	Limits    Limits // encoding thresholds
}

// Store is a set of numbered databases.
type Store struct {
	dbs    []*DB
	limits Limits
	hash   func([]byte) uint64 // of keys and members, secretly seeded
	clock  uint32              // access clock of keys to come
	kept   int                 // see Kept; what the tables and the object written last have yet to add is not in it

	scratch []byte    // an element that was popped
	drafts  sync.Pool // of *zdraft, which readers use too
}

// New returns an empty store.
func New(opts Options) *Store {
	seed := maphash.MakeSeed()
	s := &Store{limits: opts.Limits, hash: func(b []byte) uint64 { return maphash.Bytes(seed, b) }}
	for i := range max(opts.Databases, 1) {
		s.dbs = append(s.dbs, newDB(s, i))
	}
	return s
}

// Databases returns the number of databases.
func (s *Store) Databases() int { return len(s.dbs) }

// DB returns database i, which must be in range. A *DB stays valid, and numbered i, as long as the store.
func (s *Store) DB(i int) *DB { return s.dbs[i] }

// Limits returns the encoding thresholds.
func (s *Store) Limits() Limits { return s.limits }

// SetLimits changes the encoding thresholds for the writes that follow.
func (s *Store) SetLimits(l Limits) { s.limits = l }

// SetClock sets the access clock that new keys start with.
func (s *Store) SetClock(c uint32) { s.clock = c }

// Swap exchanges the contents of databases i and j.
func (s *Store) Swap(i, j int) {
	s.dbs[i].content, s.dbs[j].content = s.dbs[j].content, s.dbs[i].content
}

// Flush empties every database and returns how many keys there were. It takes constant time: the
// collector frees the contents in its own time.
func (s *Store) Flush() (n int) {
	for _, db := range s.dbs {
		n += db.Flush()
	}
	return n
}

// Bulk begins, or ends, the loading of many keys, which is faster then. What it leaves to do for TidyOrder makes
// walks in order slower until that is done.
func (s *Store) Bulk(on bool) {
	for _, db := range s.dbs {
		db.order.Bulk(on)
		if !on {
			db.keys.Refit()
			db.expires.Refit()
		}
	}
}

// TidyOrder applies up to limit of the changes that the index of the keys' order has gathered, and reports whether
// there are more. Nothing but the speed of walks in order depends on it.
func (s *Store) TidyOrder(limit int) (more bool) {
	for _, db := range s.dbs {
		if db.order.Pending() {
			return db.order.Drain(limit) || s.orderPending()
		}
	}
	return false
}

func (s *Store) orderPending() bool {
	return slices.ContainsFunc(s.dbs, func(db *DB) bool { return db.order.Pending() })
}

// Adopt takes over all contents of another store, which must have as many databases and is not used
// afterwards.
func (s *Store) Adopt(other *Store) {
	s.hash = other.hash
	for i, db := range s.dbs {
		s.kept += db.keptByTables()
		db.content = other.dbs[i].content
		db.watchLosses()
	}
}

// Len returns the number of keys in all databases, expired ones included.
func (s *Store) Len() (n int) {
	for _, db := range s.dbs {
		n += db.Len()
	}
	return n
}
