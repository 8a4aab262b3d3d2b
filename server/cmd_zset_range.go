package server

import (
	"bytes"

	"treedis/server/resp"
	"treedis/store"
)

// zrangeBy is what a range of a sorted set goes by.
type zrangeBy uint8

const (
	byRank zrangeBy = iota
	byScore
	byLex
)

// zrange is a range of a sorted set, as the commands of the ZRANGE family have it.
type zrange struct {
	by      zrangeBy
	reverse bool

	start, stop int64 // by rank
	score       store.ScoreRange
	lex         store.LexRange

	// By score and by lex: LIMIT. A negative offset leaves nothing, a negative limit is none.
	offset, limit int64
}

// parseBounds reads the range from args[lo] and args[hi].
func (r *zrange) parseBounds(c *Call, lo, hi int) (ok bool) {
	switch r.by {
	case byRank:
		if r.start, ok = c.int(lo, ""); !ok {
			return false
		}
		r.stop, ok = c.int(hi, "")
		return ok
	case byScore:
		r.score, ok = parseScoreRange(c.args[lo], c.args[hi])
		if !ok {
			c.err("ERR min or max is not a float")
		}
		return ok
	}
	if r.lex.Min, ok = parseLexBound(c.args[lo]); ok {
		r.lex.Max, ok = parseLexBound(c.args[hi])
	}
	if !ok {
		c.err("ERR min or max not valid string range item")
	}
	return ok
}

// parseScoreRange reads bounds of scores: numbers, behind a parenthesis if exclusive.
func parseScoreRange(lo, hi []byte) (r store.ScoreRange, ok bool) {
	lo, r.MinExclusive = bytes.CutPrefix(lo, openParen)
	hi, r.MaxExclusive = bytes.CutPrefix(hi, openParen)
	if r.Min, ok = resp.ParseBound(lo); ok {
		r.Max, ok = resp.ParseBound(hi)
	}
	return r, ok
}

var openParen = []byte("(")

// parseLexBound reads a bound of members: "-", "+", or a string behind "[" or, if exclusive, "(".
func parseLexBound(b []byte) (bound store.LexBound, ok bool) {
	if len(b) == 0 {
		return bound, false
	}
	switch b[0] {
	case '-', '+':
		bound.Infinite = 1
		if b[0] == '-' {
			bound.Infinite = -1
		}
		return bound, len(b) == 1 || b[1] == 0 // it ends at a zero byte
	case '(', '[':
		return store.LexBound{Value: b[1:], Exclusive: b[0] == '('}, true
	}
	return bound, false
}

// indexes returns the indexes from <= i < to of the range in z, without regard for LIMIT. By rank they are counted
// from the end if the range is reverse.
func (r *zrange) indexes(z store.ZSetView) (from, to int) {
	switch r.by {
	case byScore:
		return z.ByScore(r.score)
	case byLex:
		return z.ByLex(r.lex)
	}
	n := int64(z.Len())
	start, stop := r.start, r.stop
	if start < 0 {
		start = max(n+start, 0)
	}
	if stop < 0 {
		stop += n
	}
	stop = min(stop, n-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop) + 1
}

// clip returns the index of the range's first member, from which to go forward or, if it is reverse, backward, and how many
// members it has.
func (r *zrange) clip(z store.ZSetView) (first, n int) {
	from, to := r.indexes(z)
	n = to - from
	first = from
	switch {
	case r.reverse && r.by == byRank:
		return z.Len() - 1 - from, n
	case r.by == byRank:
		return from, n
	case r.reverse:
		first = to - 1
	}
	if r.offset < 0 || r.offset >= int64(n) {
		return 0, 0
	}
	skip := int(r.offset)
	if n -= skip; r.limit >= 0 && r.limit < int64(n) {
		n = int(r.limit)
	}
	if r.reverse {
		return first - skip, n
	}
	return first + skip, n
}

// each calls fn for each of the n members that clip found.
func (r *zrange) each(z store.ZSetView, first, n int, fn func(member []byte, score float64)) {
	cur := z.At(first)
	for range n {
		fn(cur.Member(), cur.Score())
		if r.reverse {
			cur.Prev()
		} else {
			cur.Next()
		}
	}
}

func cmdZRange(c *Call)           { c.zrange(zrange{}, true) }
func cmdZRevRange(c *Call)        { c.zrange(zrange{reverse: true}, false) }
func cmdZRangeByScore(c *Call)    { c.zrange(zrange{by: byScore}, false) }
func cmdZRevRangeByScore(c *Call) { c.zrange(zrange{by: byScore, reverse: true}, false) }
func cmdZRangeByLex(c *Call)      { c.zrange(zrange{by: byLex}, false) }
func cmdZRevRangeByLex(c *Call)   { c.zrange(zrange{by: byLex, reverse: true}, false) }

// zrange is the ZRANGE family. free is set if kind and direction are for options to choose.
func (c *Call) zrange(r zrange, free bool) {
	withScores, ok := c.zrangeArguments(&r, 1, free, false)
	if !ok {
		return
	}
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	z := e.ZSet()
	first, n := r.clip(z)
	c.scoredArray(n, withScores)
	r.each(z, first, n, func(member []byte, score float64) {
		c.scored(member, score, withScores)
	})
}

func cmdZRangeStore(c *Call) {
	var r zrange
	if _, ok := c.zrangeArguments(&r, 2, true, true); !ok {
		return
	}
	e, ok := c.typed(c.args[2], store.ZSet)
	if !ok {
		return
	}
	z := e.ZSet()
	first, n := r.clip(z)
	b := c.db.NewZSetBuilder(n)
	r.each(z, first, n, func(member []byte, score float64) { b.Add(member, score) })
	// Redis asks for room for a number of members that it does not know by score and by lex, and gets a skiplist.
	c.storeZSet("zrangestore", b, r.by != byRank)
}

// zrangeArguments reads what follows the source key at args[key]: two bounds and options.
func (c *Call) zrangeArguments(r *zrange, key int, free, store bool) (withScores, ok bool) {
	r.limit = -1
	byFree, reverseFree := free, free
	for i := key + 3; i < len(c.args); i++ {
		switch {
		case !store && c.is(i, "withscores"):
			withScores = true
		case c.is(i, "limit") && i+2 < len(c.args):
			if r.offset, ok = c.int(i+1, ""); !ok {
				return false, false
			}
			if r.limit, ok = c.int(i+2, ""); !ok {
				return false, false
			}
			i += 2
		case reverseFree && c.is(i, "rev"):
			r.reverse, reverseFree = true, false
		case byFree && c.is(i, "bylex"):
			r.by, byFree = byLex, false
		case byFree && c.is(i, "byscore"):
			r.by, byFree = byScore, false
		default:
			c.err(errSyntax)
			return false, false
		}
	}
	switch {
	case r.limit != -1 && r.by == byRank:
		c.err("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
		return false, false
	case withScores && r.by == byLex:
		c.err("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
		return false, false
	}
	lo, hi := key+1, key+2
	if r.reverse && r.by != byRank {
		lo, hi = hi, lo // given as max and min
	}
	return withScores, r.parseBounds(c, lo, hi)
}

func cmdZCount(c *Call)    { c.zcount(zrange{by: byScore}) }
func cmdZLexCount(c *Call) { c.zcount(zrange{by: byLex}) }

func (c *Call) zcount(r zrange) {
	if !r.parseBounds(c, 2, 3) {
		return
	}
	if e, ok := c.typed(c.args[1], store.ZSet); ok {
		from, to := r.indexes(e.ZSet())
		c.out.Int(int64(to - from))
	}
}

// scoredArray begins an array of n members, each of which is to follow through scored.
func (c *Call) scoredArray(n int, withScores bool) {
	if withScores && c.out.Protocol() == 2 {
		n *= 2
	}
	c.out.Array(n)
}

// scored replies with a member, or with it and its score: a pair in RESP3, which RESP2 has flat.
func (c *Call) scored(member []byte, score float64, withScores bool) {
	if !withScores {
		c.out.Bulk(member)
		return
	}
	if c.out.Protocol() == 3 {
		c.out.Array(2)
	}
	c.out.Bulk(member)
	c.out.Double(score)
}

// storeZSet makes what was gathered the value of the command's destination, args[1], or deletes that if it is nothing,
// and replies with the number of members.
func (c *Call) storeZSet(event string, b *store.ZSetBuilder, large bool) {
	c.storeZSetAt(c.args[1], event, b, large)
}

// storeZSetAt is storeZSet for another key.
func (c *Call) storeZSetAt(key []byte, event string, b *store.ZSetBuilder, large bool) {
	c.out.Int(int64(b.Len()))
	if b.Len() == 0 {
		if c.db.Delete(key) {
			c.modified(notifyGeneric, "del", key)
		}
		return
	}
	if c.lookupWrite(key) == nil {
		c.created(key)
	}
	if large {
		b.StoreLarge(key)
	} else {
		b.Store(key)
	}
	c.modified(notifyZSet, event, key)
}
