package rdb

import (
	"fmt"
	"math"

	"treedis/store"
	"treedis/store/stream"
)

// LoadOptions change how a Loader fills a store. The zero value loads everything.
type LoadOptions struct {
	// DropExpiredAt, if not 0, leaves out keys that have expired at that time (unix ms), as a master
	// does. A replica keeps them until its master deletes them.
	DropExpiredAt int64
	// OnExpired, if set, is told of each key left out; the name is valid during the call.
	OnExpired func(db int, name []byte)
	// Overwrite lets a key replace one that is there. Otherwise it is an error.
	Overwrite bool
	// Bulk is for many keys: strings are gathered and put into the store some at a time, the last of them by End.
	Bulk bool
	// Size is how many bytes the snapshot has, 0 if that is not known. It bounds the room that is made for as many keys
	// as the snapshot announces.
	Size int64
	// EachKey, if set, is called after each key that was loaded; an error ends the loading.
	EachKey func() error
	// SetClock, if set, is told the idle time (seconds) or LFU counter of a key, -1 for
	// unknown.
	SetClock func(e *store.Entry, idle int64, freq int)
	Aux      func(name, value []byte) error // nil: remarks are passed over
	Function func(library []byte) error     // nil: a function library is an error
}

// LoadCounts are what a Loader counts.
type LoadCounts struct {
	Keys    int // loaded
	Expired int // left out because they had expired
}

// Loader is a Sink that fills a store.
type Loader struct {
	LoadOptions
	LoadCounts

	st   *store.Store
	db   *store.DB
	bulk *store.StringBatch // nil unless LoadOptions.Bulk
	room uint64             // keys for which room may still be made
	key  Key                // of the collection being read
	name []byte             // its name
	skip bool               // it is being left out
	list store.ListWriter
	set  store.SetWriter
	hash store.HashWriter
	zset *store.ZSetBuilder
}

// NewLoader returns a Loader into st, which nobody else uses meanwhile.
func NewLoader(st *store.Store, o LoadOptions) *Loader {
	l := &Loader{LoadOptions: o, st: st, db: st.DB(0)}
	l.room = uint64(max(o.Size/leastKeyBytes, unsizedRoom))
	if o.Bulk {
		l.bulk = l.db.NewStringBatch()
	}
	return l
}

const (
	// leastKeyBytes is how many bytes a key takes in a snapshot at least: its type, a length, a letter, a length.
	leastKeyBytes = 4
	// unsizedRoom is for how many keys room is made, at up to 16 bytes each, for a snapshot of unknown size.
	unsizedRoom = 1 << 20
)

// Aux hands on a remark.
func (l *Loader) Aux(name, value []byte) error {
	if l.LoadOptions.Aux == nil {
		return nil
	}
	return l.LoadOptions.Aux(name, value)
}

// Function hands on a function library, which must not be lost.
func (l *Loader) Function(library []byte) error {
	if l.LoadOptions.Function == nil {
		return fmt.Errorf("%w: a function library", ErrUnsupported)
	}
	return l.LoadOptions.Function(library)
}

// SelectDB changes the database.
func (l *Loader) SelectDB(db int) error {
	if db < 0 || db >= l.st.Databases() {
		return fmt.Errorf("%w: database %d of %d", ErrDatabase, db, l.st.Databases())
	}
	if err := l.End(); err != nil {
		return err
	}
	l.db = l.st.DB(db)
	if l.bulk != nil {
		l.bulk = l.db.NewStringBatch()
	}
	return nil
}

// ResizeDB makes room for the keys of the database, as far as the snapshot can hold them.
func (l *Loader) ResizeDB(keys, expires uint64) error {
	keys = min(keys, l.room)
	l.room -= keys
	l.db.Reserve(int(keys), int(min(keys, expires)))
	return nil
}

// End puts what was gathered into the store.
func (l *Loader) End() error {
	if l.bulk == nil {
		return nil
	}
	if key := l.bulk.Flush(l.Overwrite); key != nil {
		return fmt.Errorf("%w: %q", ErrDuplicate, key)
	}
	return nil
}

// expired reports whether a key is left out, and counts it.
func (l *Loader) expired(k *Key) bool {
	if k.ExpireAt != 0 && l.DropExpiredAt != 0 && k.ExpireAt <= l.DropExpiredAt {
		l.Expired++
		if l.OnExpired != nil {
			l.OnExpired(l.db.Index(), k.Name)
		}
		return true
	}
	return false
}

// admit decides whether a key is loaded.
func (l *Loader) admit(k *Key) (bool, error) {
	if l.expired(k) {
		return false, nil
	}
	if err := l.End(); err != nil {
		return false, err
	}
	if l.db.Peek(k.Name) != nil {
		if !l.Overwrite {
			return false, ErrDuplicate
		}
		l.db.Delete(k.Name)
	}
	l.Keys++
	return true, nil
}

// loaded hands on what is known of the last access to a key that is whole.
// e is its entry, nil if that has to be looked up.
func (l *Loader) loaded(k *Key, name []byte, e *store.Entry) error {
	if l.SetClock != nil && (k.Idle >= 0 || k.Freq >= 0) {
		if e == nil {
			e = l.db.Peek(name)
		}
		l.SetClock(e, k.Idle, k.Freq)
	}
	if l.EachKey == nil {
		return nil
	}
	return l.EachKey()
}

// String loads a string.
func (l *Loader) String(k *Key, v []byte) error {
	if l.bulk != nil {
		return l.gather(k, v)
	}
	if ok, err := l.admit(k); !ok {
		return err
	}
	return l.loaded(k, k.Name, l.db.SetString(k.Name, v, k.ExpireAt))
}

// gather adds a string to those that are put into the store together.
func (l *Loader) gather(k *Key, v []byte) error {
	if l.expired(k) {
		return nil
	}
	if l.bulk.Full() {
		if err := l.End(); err != nil {
			return err
		}
	}
	l.Keys++
	return l.loaded(k, k.Name, l.bulk.Add(k.Name, v, k.ExpireAt))
}

// begin prepares for a collection, and reports whether it is loaded.
func (l *Loader) begin(k *Key) (bool, error) {
	ok, err := l.admit(k)
	l.skip = !ok
	l.key = *k
	l.name = append(l.name[:0], k.Name...)
	return ok, err
}

// BeginList opens a list.
func (l *Loader) BeginList(k *Key, _ uint64) error {
	if ok, err := l.begin(k); !ok {
		return err
	}
	l.list = l.db.OpenList(l.name)
	return nil
}

// ListItem appends to the open list.
func (l *Loader) ListItem(v []byte) error {
	if !l.skip {
		l.list.PushBack(v)
	}
	return nil
}

// BeginSet opens a set.
func (l *Loader) BeginSet(k *Key, n uint64) error {
	if ok, err := l.begin(k); !ok {
		return err
	}
	l.set = l.db.OpenSet(l.name)
	l.set.Reserve(int(min(n, math.MaxInt32)))
	return nil
}

// SetMember adds to the open set.
func (l *Loader) SetMember(m []byte) error {
	if !l.skip && !l.set.Add(m) {
		return ErrDuplicate
	}
	return nil
}

// BeginHash opens a hash.
func (l *Loader) BeginHash(k *Key, n uint64) error {
	if ok, err := l.begin(k); !ok {
		return err
	}
	l.hash = l.db.OpenHash(l.name)
	l.hash.Reserve(int(min(n, math.MaxInt32)))
	return nil
}

// HashField adds to the open hash.
func (l *Loader) HashField(f, v []byte) error {
	if !l.skip && !l.hash.Set(f, v) {
		return ErrDuplicate
	}
	return nil
}

// BeginZSet opens a sorted set.
func (l *Loader) BeginZSet(k *Key, n uint64) error {
	if ok, err := l.begin(k); !ok {
		return err
	}
	l.zset = l.db.NewZSetBuilder(int(min(n, 1<<20)))
	return nil
}

// ZSetMember adds to the open sorted set.
func (l *Loader) ZSetMember(m []byte, score float64) error {
	switch {
	case l.skip:
	case math.IsNaN(score):
		return fmt.Errorf("%w: a score that is not a number", ErrCorrupt)
	case l.zset.Add(m, score) != nil:
		return ErrDuplicate
	}
	return nil
}

// Stream loads a stream.
func (l *Loader) Stream(k *Key, s *stream.Stream) error {
	if ok, err := l.admit(k); !ok {
		return err
	}
	l.db.PutStream(k.Name, s, k.ExpireAt)
	return l.loaded(k, k.Name, nil)
}

// EndKey closes a collection.
func (l *Loader) EndKey() error {
	if l.skip {
		return nil
	}
	if l.zset != nil {
		l.zset.Load(l.name, l.key.ExpireAt)
		l.zset = nil
	} else if l.key.ExpireAt != 0 {
		l.db.SetExpire(l.name, l.key.ExpireAt)
	}
	return l.loaded(&l.key, l.name, nil)
}
