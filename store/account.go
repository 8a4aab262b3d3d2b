package store

// The memory of the data is counted as it changes: what eviction works by must be known at any moment, and fall with each
// key that goes, which the heap of a collected language does not do. Counted is what was allocated, the rounding of the
// allocator included.
//
// A flat entry takes the same memory as long as it is in a database. What an object takes changes with every write to
// its value, of which there are many kinds; so the one that was opened for writing last is counted again when the
// next is opened. Until then Bytes looks at it.

// Bytes returns the memory that all databases take, in bytes. It costs a few nanoseconds for each.
func (s *Store) Bytes() (n int) {
	for _, db := range s.dbs {
		n += db.Bytes()
	}
	return n
}

// Bytes returns the memory of the database's keys, values and indexes, in bytes. Of the index of their order that is the
// mean memory of a change times the number of keys: a deletion takes memory there, until it is merged with the
// insertion that it undoes.
func (db *DB) Bytes() int {
	n := db.keys.Len()
	if n == 0 {
		return 0
	}
	return db.entries + db.unsettled() + db.keys.Bytes() + db.expires.Bytes() + db.order.Share(n)
}

// OverheadBytes returns how much of Bytes is neither key nor value: by the tables and the order of the keys, and by the table of
// those that expire.
func (db *DB) OverheadBytes() (keys, expires int) {
	if db.keys.Len() == 0 {
		return 0, 0
	}
	return db.keys.Bytes() + db.order.Share(db.keys.Len()), db.expires.Bytes()
}

// count adds an entry that has been put into the database, and may be written to through the handle that put it.
func (db *DB) count(e *Entry) {
	if e.flat() {
		db.entries += e.MemoryUsage()
		return
	}
	db.settle()
	db.entries += e.recount()
	db.written, db.keptThen = e, e.object().value.kept()
}

// discount subtracts an entry that leaves the database.
func (db *DB) discount(e *Entry) {
	if e.flat() {
		db.entries -= e.MemoryUsage()
		return
	}
	db.entries -= e.counted()
	if db.written == e {
		db.store.kept += db.keptByWritten()
		db.written = nil
	}
}

// opened notes that an object is about to be written to.
func (db *DB) opened(e *Entry) {
	if db.written != e {
		db.settle()
		db.written, db.keptThen = e, e.object().value.kept()
	}
}

// settle counts again what was written to.
func (db *DB) settle() {
	if e := db.written; e != nil {
		db.entries -= e.counted()
		db.entries += e.recount()
		db.store.kept += db.keptByWritten()
		db.written = nil
	}
}

// unsettled is what settle would add.
func (db *DB) unsettled() int {
	if e := db.written; e != nil {
		return roundCount(e.MemoryUsage()) - e.counted()
	}
	return 0
}

// countUnit is what an object's memory is noted in, so that 32 bits are enough.
const countUnit = 16

func roundCount(n int) int { return n / countUnit * countUnit }

// counted returns the memory that an object was counted with. Objects have no use for vlen.
func (e *Entry) counted() int { return int(e.vlen) * countUnit }

func (e *Entry) recount() int {
	e.vlen = uint32(e.MemoryUsage() / countUnit)
	return e.counted()
}

// allocated is the memory of a slice whose capacity the allocator was asked for exactly, and which is too large for a
// flat value: it comes in whole pages, or in steps of less than an eighth.
func allocated(n int) int {
	const page = 8 << 10
	if n > 4*page {
		return (n + page - 1) &^ (page - 1)
	}
	return itemRoom(n)
}
