package server

import (
	"math"

	"treedis/server/resp"
	"treedis/store"
)

// zaddOptions are the options of ZADD.
type zaddOptions struct {
	nx, xx, gt, lt bool
	ch, incr       bool
}

// parse reads the option at args[i], if it is one.
func (o *zaddOptions) parse(c *Call, i int) bool {
	switch {
	case c.is(i, "nx"):
		o.nx = true
	case c.is(i, "xx"):
		o.xx = true
	case c.is(i, "gt"):
		o.gt = true
	case c.is(i, "lt"):
		o.lt = true
	case c.is(i, "ch"):
		o.ch = true
	case c.is(i, "incr"):
		o.incr = true
	default:
		return false
	}
	return true
}

// conditional reports whether the options ask for the score that a member has.
func (o *zaddOptions) conditional() bool { return o.nx || o.xx || o.gt || o.lt || o.incr }

// conflict returns the error for options that exclude each other, or "".
func (o *zaddOptions) conflict(pairs int) string {
	switch {
	case o.nx && o.xx:
		return "ERR XX and NX options at the same time are not compatible"
	case o.gt && o.nx, o.lt && o.nx, o.gt && o.lt:
		return "ERR GT, LT, and/or NX options at the same time are not compatible"
	case o.incr && pairs > 1:
		return "ERR INCR option supports a single increment-element pair"
	}
	return ""
}

// apply returns the score that a member with the score have is given, if it had one. skip is set if the options
// leave it alone.
func (o *zaddOptions) apply(score, have float64, had bool) (result float64, skip bool) {
	if !had {
		return score, o.xx
	}
	if o.nx {
		return score, true
	}
	if o.incr {
		score += have
	}
	return score, o.lt && score >= have || o.gt && score <= have
}

func cmdZAdd(c *Call)    { c.zadd(zaddOptions{}) }
func cmdZIncrBy(c *Call) { c.zadd(zaddOptions{incr: true}) }

func (c *Call) zadd(o zaddOptions) {
	i := 2
	for i < len(c.args) && o.parse(c, i) {
		i++
	}
	pairs := c.args[i:]
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		c.err(errSyntax)
		return
	}
	if text := o.conflict(len(pairs) / 2); text != "" {
		c.err(text)
		return
	}
	var few [16]float64
	scores := few[:0]
	for i := 0; i < len(pairs); i += 2 {
		score, ok := resp.ParseFloat(pairs[i])
		if !ok {
			c.err(errNotFloat)
			return
		}
		scores = append(scores, score)
	}
	e, ok := c.typedWrite(c.args[1], store.ZSet)
	if !ok {
		return
	}
	var r zaddResult
	if e != nil || !o.xx {
		r = c.zaddPairs(&o, e == nil, pairs, scores)
	}
	switch {
	case r.nan:
		c.err("ERR resulting score is not a number (NaN)")
	case o.incr:
		c.scoreOrNull(r.score, r.processed)
	case o.ch:
		c.out.Int(int64(r.added + r.updated))
	default:
		c.out.Int(int64(r.added))
	}
}

// zaddResult is what ZADD did.
type zaddResult struct {
	added, updated int
	score          float64 // of the last member
	processed      bool    // the options did not leave it alone
	nan            bool
}

// zaddPairs gives the members of the pairs the scores that have been parsed from them.
func (c *Call) zaddPairs(o *zaddOptions, absent bool, pairs [][]byte, scores []float64) (r zaddResult) {
	key := c.args[1]
	w := c.db.OpenZSet(key)
	w.Reserve(len(scores), len(pairs[1]))
	for i, score := range scores {
		member := pairs[2*i+1]
		if o.conditional() {
			have, had := w.Score(member)
			var skip bool
			if score, skip = o.apply(score, have, had); math.IsNaN(score) {
				r.nan = true
				return r
			} else if skip {
				continue
			}
		}
		added, updated := w.Set(member, score)
		if added {
			r.added++
		} else if updated {
			r.updated++
		}
		r.score, r.processed = score, true
	}
	if r.added+r.updated > 0 {
		if absent {
			c.created(key)
		}
		event := "zadd"
		if o.incr {
			event = "zincr"
		}
		c.modified(notifyZSet, event, key)
		c.dirty += r.added + r.updated - 1
	}
	return r
}

func cmdZRem(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.ZSet)
	if !ok {
		return
	}
	removed := 0
	if e != nil {
		w := c.db.OpenZSet(key)
		for _, m := range c.args[2:] {
			if w.Remove(m) {
				removed++
			}
		}
		c.lost(notifyZSet, "zrem", key, removed, w.Len())
	}
	c.out.Int(int64(removed))
}

func cmdZRemRangeByRank(c *Call)  { c.zremRange("zremrangebyrank", zrange{by: byRank}) }
func cmdZRemRangeByScore(c *Call) { c.zremRange("zremrangebyscore", zrange{by: byScore}) }
func cmdZRemRangeByLex(c *Call)   { c.zremRange("zremrangebylex", zrange{by: byLex}) }

func (c *Call) zremRange(event string, r zrange) {
	if !r.parseBounds(c, 2, 3) {
		return
	}
	key := c.args[1]
	e, ok := c.typedWrite(key, store.ZSet)
	if !ok {
		return
	}
	from, to := r.indexes(e.ZSet())
	if from < to {
		w := c.db.OpenZSet(key)
		w.RemoveRange(from, to)
		c.lost(notifyZSet, event, key, to-from, w.Len())
	}
	c.out.Int(int64(to - from))
}
