package store

import (
	"iter"
	"slices"

	"treedis/store/hashtable"
	"treedis/store/listpack"
)

// ZSetBuilder gathers members, in whatever order, for a sorted set that is then stored as a whole: the result of
// an operation on several sets, or a set that is loaded. It is faster than setting them one by one, and its
// source may be the key it replaces. It is part of no database until Store.
type ZSetBuilder struct {
	db      *DB
	members *hashtable.Table[*zitem]
	items   []*zitem
	longest int
	bytes   int
}

// reserveMax bounds what a builder reserves on the word of a caller, who may have it from a damaged file.
const reserveMax = 1 << 16

// NewZSetBuilder returns an empty builder, for about n members, of sets in this database.
func (db *DB) NewZSetBuilder(n int) *ZSetBuilder {
	return &ZSetBuilder{
		db: db, members: hashtable.New[*zitem](db.store.hash),
		items: make([]*zitem, 0, max(0, min(n, reserveMax))),
	}
}

// Len returns the number of members.
func (b *ZSetBuilder) Len() int { return len(b.items) }

// Add adds member with a score, which is not NaN. If it is there already nothing changes, and the result is its
// score, to be changed in place if wanted; otherwise it is nil.
func (b *ZSetBuilder) Add(member []byte, score float64) (have *float64) {
	place := b.members.Find(b.members.Hash(member), member)
	if it := place.Item(); it != nil {
		return &it.score
	}
	it := newZItem(member, score)
	place.Set(it)
	b.items = append(b.items, it)
	b.longest = max(b.longest, len(member))
	b.bytes += len(member)
	return nil
}

// All walks members and scores in order.
func (b *ZSetBuilder) All() iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		for _, k := range b.sorted() {
			if !yield(k.item.Key(), k.score) {
				return
			}
		}
	}
}

// Store makes what was gathered, at least one member, the value of key, whatever that held, without expiry. It
// is kept as small set if it can be, as Redis does with results of set operations.
func (b *ZSetBuilder) Store(key []byte) { b.store(key, 0, false) }

// StoreLarge is Store without regard for how small the set is.
func (b *ZSetBuilder) StoreLarge(key []byte) { b.store(key, 0, true) }

// Load is Store with an expiry in unix ms, 0 for none.
func (b *ZSetBuilder) Load(key []byte, expire int64) { b.store(key, expire, false) }

func (b *ZSetBuilder) store(key []byte, expire int64, large bool) {
	limits := &b.db.store.limits
	var e *Entry
	if !large && len(b.items) <= limits.ZSetEntries && b.longest <= limits.ZSetValue && b.bytes <= listpack.SafeBytes {
		lp := listpack.New(b.bytes + 12*len(b.items))
		for _, k := range b.sorted() {
			lp = appendFlatPair(lp, k.item.Key(), k.score)
		}
		e = newFlat(ZSet, EncListpack, key, expire, len(lp))
		copy(e.blob(), lp)
	} else {
		e = newObject(ZSet, EncSkiplist, key, expire, b.large())
	}
	h := b.db.keys.Hash(key)
	b.db.put(h, e, b.db.keys.Get(h, key))
}

// sorted returns the items in order. Sources are mostly sorted themselves, ascending or, as Redis writes large
// sets to snapshots, descending: slices.SortFunc finds both out in one pass.
func (b *ZSetBuilder) sorted() []zkey {
	keys := make([]zkey, len(b.items))
	for i, it := range b.items {
		keys[i] = zkey{it.score, it}
	}
	slices.SortFunc(keys, compareZKeys)
	return keys
}

func (b *ZSetBuilder) large() *largeZSet {
	s := newLargeZSet(b.db.store.hash)
	s.members = b.members
	s.order.Append(b.sorted()...)
	for _, it := range b.items {
		s.bytes += it.memory()
	}
	return s
}
