package store

import (
	"iter"

	"treedis/store/hashtable"
)

// Snapshot is the contents of all databases at one instant. It needs no lock and no release.
type Snapshot struct {
	dbs []snapshotDB
}

type snapshotDB struct {
	keys    *hashtable.Frozen[*Entry]
	expires int
}

// Snapshot freezes the store, in time that does not depend on the number of keys.
func (s *Store) Snapshot() *Snapshot {
	snap := &Snapshot{dbs: make([]snapshotDB, len(s.dbs))}
	for i, db := range s.dbs {
		snap.dbs[i] = snapshotDB{keys: db.keys.Freeze(), expires: db.expires.Len()}
	}
	return snap
}

// Databases returns the number of databases.
func (s *Snapshot) Databases() int { return len(s.dbs) }

// Len returns the number of keys in database i, and how many of them have an expiry.
func (s *Snapshot) Len(i int) (keys, expires int) { return s.dbs[i].keys.Len(), s.dbs[i].expires }

// All walks the entries of database i, expired ones included, in no particular order. They are
// not to be changed.
func (s *Snapshot) All(i int) iter.Seq[*Entry] { return s.dbs[i].keys.All() }
