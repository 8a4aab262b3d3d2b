package store

import (
	"bytes"

	"treedis/store/double"
	"treedis/store/listpack"
)

// ZSetWriter is write access to the sorted set at one key, which holds a sorted set or nothing. It is valid
// until the next write to the database by other means, and its reads until its own next write.
//
// An item that a snapshot may hold is never changed: the hash table knows which those are, and a score that
// changes makes a new item of one of them. Others are changed in place.
type ZSetWriter struct{ handle }

// OpenZSet returns write access to key, which is not changed before the first member is set; its value must not
// have expired. A set that has lost its last member stays, empty, until the caller deletes the key.
func (db *DB) OpenZSet(key []byte) ZSetWriter { return ZSetWriter{db.open(key)} }

// View returns the set for reading.
func (w *ZSetWriter) View() ZSetView {
	if w.e == nil {
		return ZSetView{}
	}
	return w.e.ZSet()
}

// Len returns the number of members.
func (w *ZSetWriter) Len() int { return w.View().Len() }

// Score returns the score of member, and whether it is in the set.
func (w *ZSetWriter) Score(member []byte) (float64, bool) { return w.View().Score(member) }

// Reserve announces that n members are to be set. More than a small set may hold make it a large one at
// once, as Redis does. For an absent key, first is the length of the first member, which does likewise.
func (w *ZSetWriter) Reserve(n, first int) {
	limits := &w.db.store.limits
	switch {
	case w.e == nil && (n > limits.ZSetEntries || first > limits.ZSetValue):
		w.setObject(ZSet, EncSkiplist, newLargeZSet(w.db.store.hash))
	case w.e != nil && w.e.flat() && n > limits.ZSetEntries:
		w.enlarge()
	}
}

// Set gives member a score, which is not NaN. added tells that it was not in the set, updated that it had another
// score.
func (w *ZSetWriter) Set(member []byte, score float64) (added, updated bool) {
	if w.e == nil {
		if len(member) <= w.db.store.limits.ZSetValue && w.db.store.limits.ZSetEntries > 0 {
			w.setFlat(ZSet, EncListpack, appendFlatPair(listpack.New(0), member, score))
			return true, false
		}
		w.setObject(ZSet, EncSkiplist, newLargeZSet(w.db.store.hash))
	}
	if !w.e.flat() {
		return w.large().set(member, score)
	}
	lp := w.e.blob()
	pos := flatFind(lp, member)
	if pos >= 0 {
		if flatScore(lp, listpack.Next(lp, pos)) == score {
			return false, false
		}
	} else if limits := &w.db.store.limits; listpack.Len(lp)/2 >= limits.ZSetEntries || len(member) > limits.ZSetValue ||
		!listpack.SafeToAdd(lp, len(member)) {
		w.enlarge()
		return w.large().set(member, score)
	}
	w.putFlat(pos, member, score)
	return pos < 0, pos >= 0
}

// putFlat puts a pair in its place in a flat set, and removes the one at old if that is not negative.
func (w *ZSetWriter) putFlat(old int, member []byte, score float64) {
	var scratch [double.MaxLen]byte
	text := appendFlatScore(scratch[:0], score)
	lp := w.reserve(listpack.EntrySize(member) + listpack.EntrySize(text))
	if old >= 0 {
		lp, _ = listpack.DeleteRange(lp, old, 2)
	}
	if pos := flatPlace(lp, member, score); pos >= 0 {
		lp = listpack.InsertBefore(lp, pos, member)
		lp = listpack.InsertAfter(lp, pos, text)
	} else {
		lp = listpack.Append(listpack.Append(lp, member), text)
	}
	w.setFlat(ZSet, EncListpack, lp)
}

// flatPlace returns the position of the first pair that is behind the given one, -1 if there is none.
func flatPlace(lp, member []byte, score float64) int {
	var scratch [listpack.IntBufSize]byte
	for pos := listpack.First(lp); pos >= 0; {
		at := listpack.Next(lp, pos)
		s := flatScore(lp, at)
		if s > score || s == score && bytes.Compare(listpack.Get(lp, pos, &scratch), member) > 0 {
			return pos
		}
		pos = listpack.Next(lp, at)
	}
	return -1
}

// appendFlatPair adds a pair behind the last one of a flat set.
func appendFlatPair(lp, member []byte, score float64) []byte {
	var scratch [double.MaxLen]byte
	return listpack.Append(listpack.Append(lp, member), appendFlatScore(scratch[:0], score))
}

// appendFlatScore prints a score as Redis does for a listpack, where negative zero is 0.
func appendFlatScore(dst []byte, score float64) []byte {
	return double.Append(dst, score+0)
}

// Remove removes member, and reports whether it was there.
func (w *ZSetWriter) Remove(member []byte) bool {
	switch {
	case w.e == nil:
		return false
	case !w.e.flat():
		return w.large().remove(member)
	}
	lp := w.e.blob()
	pos := flatFind(lp, member)
	if pos < 0 {
		return false
	}
	lp, _ = listpack.DeleteRange(lp, pos, 2)
	w.setFlat(ZSet, EncListpack, lp)
	return true
}

// RemoveRange removes the members at indexes from <= i < to, which lie within the set. With At this pops members
// from either end; with ByScore and ByLex it removes those in a range.
func (w *ZSetWriter) RemoveRange(from, to int) {
	if from >= to {
		return
	}
	if !w.e.flat() {
		w.large().removeRange(from, to)
		return
	}
	lp := w.e.blob()
	lp, _ = listpack.DeleteRange(lp, listpack.Seek(lp, 2*from), 2*(to-from))
	w.setFlat(ZSet, EncListpack, lp)
}

func (w *ZSetWriter) large() *largeZSet { return w.e.object().value.(*largeZSet) }

// enlarge makes the flat set a large one.
func (w *ZSetWriter) enlarge() {
	s := newLargeZSet(w.db.store.hash)
	for member, score := range w.View().All() {
		it := newZItem(member, score)
		s.members.Set(s.members.Hash(member), it)
		s.order.Append(zkey{score, it})
		s.bytes += it.memory()
	}
	w.setObject(ZSet, EncSkiplist, s)
}

func (s *largeZSet) set(member []byte, score float64) (added, updated bool) {
	place := s.members.Find(s.members.Hash(member), member)
	it := place.Item()
	switch {
	case it == nil:
		it = newZItem(member, score)
		place.Set(it)
		s.order.Insert(zkey{score, it})
		s.bytes += it.memory()
		return true, false
	case it.score == score:
		return false, false
	}
	s.order.Delete(zkey{it.score, it})
	if place.Owned() {
		it.score = score
	} else {
		it = newZItem(it.Key(), score)
		place.Set(it)
	}
	s.order.Insert(zkey{score, it})
	return false, true
}

func (s *largeZSet) remove(member []byte) bool {
	it := s.members.Delete(s.members.Hash(member), member)
	if it == nil {
		return false
	}
	s.order.Delete(zkey{it.score, it})
	s.bytes -= it.memory()
	return true
}

func (s *largeZSet) removeRange(from, to int) {
	c := s.order.SeekIndex(from)
	for range to - from {
		it := c.Item().item
		s.members.Delete(s.members.Hash(it.Key()), it.Key())
		s.bytes -= it.memory()
		c.Next()
	}
	s.order.DeleteRange(from, to)
}
