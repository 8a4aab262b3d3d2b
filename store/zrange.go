package store

import (
	"bytes"

	"treedis/store/listpack"
)

// ScoreRange is a range of scores. Its bounds are no NaN; infinite ones are the floating-point infinities.
type ScoreRange struct {
	Min, Max                   float64
	MinExclusive, MaxExclusive bool
}

// reached reports whether a score is not below the range.
func (r *ScoreRange) reached(score float64) bool {
	return score > r.Min || score == r.Min && !r.MinExclusive
}

// passed reports whether a score is above the range.
func (r *ScoreRange) passed(score float64) bool {
	return score > r.Max || score == r.Max && r.MaxExclusive
}

// LexBound is an end of a LexRange: a string, or below or above all strings.
type LexBound struct {
	Value     []byte
	Exclusive bool
	Infinite  int // -1: below all strings, +1: above all, 0: at Value
}

// compare tells where a member is relative to the bound: negative if below it.
func (b *LexBound) compare(member []byte) int {
	if b.Infinite != 0 {
		return -b.Infinite
	}
	return bytes.Compare(member, b.Value)
}

// LexRange is a range of members by their bytes. As in Redis it makes sense for a set whose members all have
// the same score; in another the range that comes out is unspecified.
type LexRange struct{ Min, Max LexBound }

func (r *LexRange) reached(member []byte) bool {
	c := r.Min.compare(member)
	return c > 0 || c == 0 && !r.Min.Exclusive
}

func (r *LexRange) passed(member []byte) bool {
	c := r.Max.compare(member)
	return c > 0 || c == 0 && r.Max.Exclusive
}

// ByScore returns the range of indexes, from <= i < to, whose scores are in r, in O(log n). to-from is their
// number.
func (s ZSetView) ByScore(r ScoreRange) (from, to int) {
	if s.set == nil {
		return s.flatRange(func(member, score int) (reached, passed bool) {
			v := flatScore(s.lp, score)
			return r.reached(v), r.passed(v)
		})
	}
	c := s.set.order.Search(func(k zkey) bool { return r.reached(k.score) })
	from = c.Index()
	c = s.set.order.Search(func(k zkey) bool { return r.passed(k.score) })
	return from, max(from, c.Index())
}

// FromScore returns a cursor at the first member whose score is not below the range, in O(log n). It is not valid if there is none.
func (s ZSetView) FromScore(r ScoreRange) (c ZSetCursor) {
	if s.set == nil {
		from, _ := s.ByScore(r)
		return s.At(from)
	}
	c.pos, c.large = -1, true
	c.tree = s.set.order.Search(func(k zkey) bool { return r.reached(k.score) })
	return c
}

// ByLex is ByScore for members in the range r.
func (s ZSetView) ByLex(r LexRange) (from, to int) {
	if s.set == nil {
		var scratch [listpack.IntBufSize]byte
		return s.flatRange(func(member, score int) (reached, passed bool) {
			v := listpack.Get(s.lp, member, &scratch)
			return r.reached(v), r.passed(v)
		})
	}
	c := s.set.order.Search(func(k zkey) bool { return r.reached(k.item.Key()) })
	from = c.Index()
	c = s.set.order.Search(func(k zkey) bool { return r.passed(k.item.Key()) })
	return from, max(from, c.Index())
}

// flatRange returns the indexes of the first element that is reached and of the first behind it that is
// passed. look is given the positions of member and score.
func (s ZSetView) flatRange(look func(member, score int) (reached, passed bool)) (from, to int) {
	if s.lp == nil {
		return 0, 0
	}
	from, i := -1, 0
	for pos := listpack.First(s.lp); pos >= 0; i++ {
		score := listpack.Next(s.lp, pos)
		reached, passed := look(pos, score)
		if reached && from < 0 {
			from = i
		}
		if from >= 0 && passed {
			return from, i
		}
		pos = listpack.Next(s.lp, score)
	}
	if from < 0 {
		from = i
	}
	return from, i
}
