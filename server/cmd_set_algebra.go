package server

import (
	"cmp"
	"math"
	"slices"

	"treedis/store"
)

// operands looks up the sets at the given keys, nil for those absent. It replies WRONGTYPE, and returns false, if a
// key holds another type. As in Redis the look-ups of commands that store are those of readers too.
func (c *Call) operands(keys [][]byte) ([]*store.Entry, bool) {
	sets := make([]*store.Entry, len(keys))
	for i, key := range keys {
		e, ok := c.typed(key, store.Set)
		if !ok {
			return nil, false
		}
		sets[i] = e
	}
	return sets, true
}

func bySize(a, b *store.Entry) int { return cmp.Compare(a.Set().Len(), b.Set().Len()) }

// storeSet makes a set the value of key, or deletes the key if the set is empty, and replies with its size.
func (c *Call) storeSet(key []byte, w *store.SetWriter, event string) {
	n := w.Len()
	if n == 0 {
		if c.db.Delete(key) {
			c.modified(notifyGeneric, "del", key)
		}
	} else {
		isNew := c.lookupWrite(key) == nil
		c.db.PutSet(key, w)
		if isNew {
			c.created(key)
		}
		c.modified(notifySet, event, key)
	}
	c.out.Int(int64(n))
}

// intersect calls fn for the members that all sets have, until it returns false: each member of the smallest set is
// looked up in the others.
func intersect(sets []*store.Entry, fn func([]byte) bool) {
	smallest := sets[0].Set()
	for m := range smallest.All() {
		if inAll(sets, m) && !fn(m) {
			return
		}
	}
}

// inAll reports whether m, a member of the first set, is one of the others too.
func inAll(sets []*store.Entry, m []byte) bool {
	for _, e := range sets[1:] {
		if e != sets[0] && !e.Set().Has(m) {
			return false
		}
	}
	return true
}

// interOperands is operands for intersections: the smallest set first, and none if one of them is absent.
func (c *Call) interOperands(keys [][]byte) ([]*store.Entry, bool) {
	sets, ok := c.operands(keys)
	if !ok {
		return nil, false
	}
	if slices.Contains(sets, nil) {
		return nil, true
	}
	slices.SortStableFunc(sets, bySize)
	return sets, true
}

func cmdSInter(c *Call) {
	sets, ok := c.interOperands(c.args[1:])
	if !ok {
		return
	}
	if sets == nil {
		c.out.Set(0)
		return
	}
	n, mark := 0, c.out.DeferSet()
	intersect(sets, func(m []byte) bool {
		c.out.Bulk(m)
		n++
		return true
	})
	c.out.SetSetLen(mark, n)
}

func cmdSInterCard(c *Call) {
	n, ok := c.intRange(1, 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return
	}
	if n > int64(len(c.args)-2) {
		c.err("ERR Number of keys can't be greater than number of args")
		return
	}
	limit := int64(0)
	for i := 2 + int(n); i < len(c.args); i += 2 {
		if i == len(c.args)-1 || !c.is(i, "limit") {
			c.err(errSyntax)
			return
		}
		if limit, ok = c.intRange(i+1, 0, math.MaxInt64, "ERR LIMIT can't be negative"); !ok {
			return
		}
	}
	sets, ok := c.interOperands(c.args[2 : 2+n])
	if !ok {
		return
	}
	found := int64(0)
	if sets != nil {
		intersect(sets, func([]byte) bool {
			found++
			return found != limit
		})
	}
	c.out.Int(found)
}

func cmdSInterStore(c *Call) {
	sets, ok := c.interOperands(c.args[2:])
	if !ok {
		return
	}
	// The result starts with the encoding of the smallest set, as far as that goes.
	w := c.srv.store.NewSet(store.EncListpack)
	if sets != nil {
		if sets[0].Encoding() == store.EncIntset {
			w = c.srv.store.NewSet(store.EncIntset)
		}
		w.AddSet(sets[0].Set(), func(m []byte) bool { return inAll(sets, m) })
		w.CompactInts()
	}
	c.storeSet(c.args[1], w, "sinterstore")
}

// union returns a set, without a key, of what any of the sets has.
func (c *Call) union(sets []*store.Entry) *store.SetWriter {
	w := c.srv.store.NewSet(store.EncIntset)
	for _, e := range sets {
		w.AddSet(e.Set(), nil)
	}
	return w
}

func cmdSUnion(c *Call) {
	sets, ok := c.operands(c.args[1:])
	if !ok {
		return
	}
	if len(sets) == 1 {
		c.replySet(sets[0].Set())
		return
	}
	c.replySet(c.union(sets).SetView)
}

func cmdSUnionStore(c *Call) {
	if sets, ok := c.operands(c.args[2:]); ok {
		c.storeSet(c.args[1], c.union(sets), "sunionstore")
	}
}

// difference makes ready to subtract the other sets from the first. Either of two ways costs less:
//
//   - bySearch, each member of the first set is looked up in the others, the largest first: as many look-ups as the
//     first set has members, times the number of sets, or about half of that.
//   - otherwise all members of all sets are taken in turn: added from the first, removed for the others.
//
// Absent sets are left out. If nothing can remain it returns no sets.
func difference(sets []*store.Entry) (rest []*store.Entry, bySearch bool) {
	if sets[0] == nil || slices.Contains(sets[1:], sets[0]) {
		return nil, true
	}
	sets = slices.DeleteFunc(sets, func(e *store.Entry) bool { return e == nil })
	search, removal := len(sets)*sets[0].Set().Len()/2, 0
	for _, e := range sets {
		removal += e.Set().Len()
	}
	if search > removal {
		return sets, false
	}
	slices.SortStableFunc(sets[1:], func(a, b *store.Entry) int { return bySize(b, a) })
	return sets, true
}

// inNone reports whether m, a member of the first set, is none of the others.
func inNone(sets []*store.Entry, m []byte) bool {
	for _, e := range sets[1:] {
		if e.Set().Has(m) {
			return false
		}
	}
	return true
}

// subtract returns a set, without a key, of what the first set has and the others lack.
func (c *Call) subtract(sets []*store.Entry, bySearch bool) *store.SetWriter {
	w := c.srv.store.NewSet(store.EncIntset)
	switch {
	case sets == nil:
	case bySearch:
		w.AddSet(sets[0].Set(), func(m []byte) bool { return inNone(sets, m) })
	default:
		w.AddSet(sets[0].Set(), nil)
		for _, e := range sets[1:] {
			for m := range e.Set().All() {
				w.Remove(m)
			}
			if w.Len() == 0 {
				break
			}
		}
	}
	return w
}

func cmdSDiff(c *Call) {
	sets, ok := c.operands(c.args[1:])
	if !ok {
		return
	}
	sets, bySearch := difference(sets)
	if !bySearch || sets == nil {
		c.replySet(c.subtract(sets, bySearch).SetView)
		return
	}
	n, mark := 0, c.out.DeferSet()
	for m := range sets[0].Set().All() {
		if inNone(sets, m) {
			c.out.Bulk(m)
			n++
		}
	}
	c.out.SetSetLen(mark, n)
}

func cmdSDiffStore(c *Call) {
	if sets, ok := c.operands(c.args[2:]); ok {
		sets, bySearch := difference(sets)
		c.storeSet(c.args[1], c.subtract(sets, bySearch), "sdiffstore")
	}
}
