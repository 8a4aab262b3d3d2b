package store

// Sibling returns an empty store of one database, in which a value can be built before it is known whether s
// shall have it: Take moves values from it.
func (s *Store) Sibling() *Store {
	sib := &Store{limits: s.limits, hash: s.hash, clock: s.clock}
	sib.dbs = []*DB{newDB(sib, 0)}
	return sib
}

// Take moves the key that the entry e of a sibling has, with value and expiry, to this database, in place of what
// the key holds here. The sibling must not be used any more.
func (db *DB) Take(e *Entry) {
	h := db.keys.Hash(e.Key())
	db.put(h, e, db.keys.Get(h, e.Key()))
}
