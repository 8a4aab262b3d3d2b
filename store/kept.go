package store

// What a snapshot costs in memory is what it holds alone: of what writes replace, copy or delete, the originals. It is counted as
// it comes about, from the start on, so that the difference between two moments is what a snapshot taken at the first has come
// to hold at the second. Nothing but writes to what a snapshot may hold pays for that.
//
// Counted are the pages of the tables, entries, and the nodes of large collections; not counted are the elements of those.

// Kept returns how many bytes snapshots have come to hold alone so far. If there is no snapshot any more, some of what is written
// for the first time since the last one counts all the same.
func (s *Store) Kept() (n int) {
	n = s.kept
	for _, db := range s.dbs {
		n += db.keptByTables() + db.keptByWritten()
	}
	return n
}

func (db *DB) keptByTables() int { return db.keys.Kept() + db.expires.Kept() }

// keptByWritten is what the object that was opened last has kept since.
func (db *DB) keptByWritten() int {
	if db.written == nil {
		return 0
	}
	return max(0, db.written.object().value.kept()-db.keptThen)
}

// watchLosses has the store told of entries that only snapshots hold from now on.
func (db *DB) watchLosses() { db.keys.OnLost(db.store.lost) }

// lost counts an entry that leaves the keyspace while a snapshot may hold it. The value of an object is most often cloned, and
// shares all but what is written to; where it is not, whoever gives it up says so.
func (s *Store) lost(e *Entry) {
	if e.flat() {
		s.kept += e.MemoryUsage()
		return
	}
	s.kept += objectHeader + int(e.klen)
	if r, ok := e.object().value.(*rawString); ok {
		s.kept += r.memory()
	}
}

// lostValue counts the value of an object that is deleted while a snapshot may hold it.
func (s *Store) lostValue(e *Entry) {
	if _, whole := e.object().value.(*rawString); !whole {
		s.kept += e.object().value.memory()
	}
}

// lostByFlush is what a snapshot may hold of the keys that are all deleted.
func (db *DB) lostByFlush() int {
	if !db.keys.Frozen() {
		return 0
	}
	return db.entries + db.keys.Bytes() + db.expires.Bytes()
}
