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
//
// The first members are gathered in a draft, whose memory is used again; most sets end as that.
type ZSetBuilder struct {
	db      *DB
	draft   *zdraft // nil once there are too many members for it
	members *hashtable.Table[*zitem]
	items   []*zitem
	longest int
	bytes   int
}

// reserveMax bounds what a builder reserves on the word of a caller, who may have it from a damaged file.
const reserveMax = 1 << 16

// NewZSetBuilder returns an empty builder, for about n members, of sets in this database.
func (db *DB) NewZSetBuilder(n int) *ZSetBuilder {
	b := &ZSetBuilder{db: db}
	if n <= maxDraft {
		b.draft = db.store.newDraft()
	} else {
		b.outgrow(n)
	}
	return b
}

// outgrow makes what was gathered items of a large set, with room for about n.
func (b *ZSetBuilder) outgrow(n int) {
	b.members = hashtable.New[*zitem](b.db.store.hash)
	b.items = make([]*zitem, 0, min(n, reserveMax))
	if b.draft == nil {
		return
	}
	for i := range b.draft.items {
		d := &b.draft.items[i]
		it := newZItem(b.draft.member(d), d.score)
		b.members.Set(d.hash, it)
		b.items = append(b.items, it)
	}
	b.Release()
}

// Release gives back memory that the builder works in. A builder that is stored needs none; others may be released, and are not
// used afterwards.
func (b *ZSetBuilder) Release() {
	if b.draft != nil {
		b.db.store.releaseDraft(b.draft)
		b.draft = nil
	}
}

// Len returns the number of members.
func (b *ZSetBuilder) Len() int {
	if b.draft != nil {
		return len(b.draft.items)
	}
	return len(b.items)
}

// Add adds member with a score, which is not NaN. If it is there already nothing changes, and the result is its
// score, to be changed in place, if wanted, before the next Add; otherwise it is nil. None is added after All.
func (b *ZSetBuilder) Add(member []byte, score float64) (have *float64) {
	hash := b.db.store.hash(member)
	if b.draft != nil && b.draft.full(member) {
		b.outgrow(2 * maxDraft)
	}
	if b.draft != nil {
		have = b.draft.add(hash, member, score)
	} else {
		have = b.addItem(hash, member, score)
	}
	if have == nil {
		b.longest = max(b.longest, len(member))
		b.bytes += len(member)
	}
	return have
}

func (b *ZSetBuilder) addItem(hash uint64, member []byte, score float64) (have *float64) {
	place := b.members.Find(hash, member)
	if it := place.Item(); it != nil {
		return &it.score
	}
	it := newZItem(member, score)
	place.Set(it)
	b.items = append(b.items, it)
	return nil
}

// All walks members and scores in order.
func (b *ZSetBuilder) All() iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		if b.draft != nil {
			b.draft.all(yield)
			return
		}
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
	if !large && b.Len() <= limits.ZSetEntries && b.longest <= limits.ZSetValue && b.bytes <= listpack.SafeBytes {
		e = b.flat(key, expire)
	} else {
		if b.draft != nil {
			b.outgrow(len(b.draft.items))
		}
		e = newObject(ZSet, EncSkiplist, key, expire, b.large())
	}
	h := b.db.keys.Hash(key)
	b.db.put(h, e, b.db.keys.Get(h, key))
	b.Release()
}

// flat returns an entry with the members in a listpack.
func (b *ZSetBuilder) flat(key []byte, expire int64) *Entry {
	var lp []byte
	if b.draft != nil {
		lp = b.draft.listpack[:0]
	}
	lp = append(lp, listpack.Empty...)
	for member, score := range b.All() {
		lp = appendFlatPair(lp, member, score)
	}
	e := newFlat(ZSet, EncListpack, key, expire, len(lp))
	copy(e.blob(), lp)
	if b.draft != nil {
		b.draft.listpack = lp
	}
	return e
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
