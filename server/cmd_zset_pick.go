package server

import (
	"math"
	"strconv"

	"treedis/server/resp"
	"treedis/store"
)

func cmdZRandMember(c *Call) {
	if len(c.args) > 2 {
		c.zrandMembers()
		return
	}
	e, ok := c.typed(c.args[1], store.ZSet)
	switch {
	case !ok:
	case e == nil:
		c.out.Null()
	default:
		cur := e.ZSet().Random(c.srv.random)
		c.out.Bulk(cur.Member())
	}
}

// zrandMembers is ZRANDMEMBER with a count: distinct members, or if it is negative that many draws.
func (c *Call) zrandMembers() {
	count, ok := c.int(2, "")
	if !ok {
		return
	}
	withScores := len(c.args) == 4
	switch {
	case count == math.MinInt64:
		c.err("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return
	case len(c.args) > 4 || withScores && !c.is(3, "withscores"):
		c.err(errSyntax)
		return
	case withScores && (count < -(math.MaxInt64/2) || count > math.MaxInt64/2):
		c.err("ERR value is out of range")
		return
	}
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	if e == nil || count == 0 {
		c.out.Array(0)
		return
	}
	z := e.ZSet()
	reply := func(member []byte, score float64) { c.scored(member, score, withScores) }
	switch n := int(min(count, int64(z.Len()))); {
	case count < 0:
		c.scoredArray(int(-count), withScores)
		c.inBatches(int(-count), func(n int) { z.Draw(n, c.srv.random, reply) })
	case n == z.Len():
		c.scoredArray(n, withScores)
		for member, score := range z.Backward() { // the order in which Redis walks it
			reply(member, score)
		}
	default:
		c.scoredArray(n, withScores)
		z.Sample(n, c.srv.random, reply)
	}
}

func cmdZScan(c *Call) {
	e, cursor, opts, ok := c.scanKey(store.ZSet)
	if !ok {
		return
	}
	z := e.ZSet()
	appendScore := resp.AppendDouble
	if e.Encoding() == store.EncSkiplist {
		appendScore = appendScanScore
	}
	c.scanReply(cursor, opts.count, func(cursor uint64) (next uint64, seen, replies int) {
		next = z.Scan(cursor, func(member []byte, score float64) {
			seen++
			if opts.match(member) {
				var text [resp.MaxDoubleLen]byte
				c.out.Bulk(member)
				c.out.Bulk(appendScore(text[:0], score))
				replies += 2
			}
		})
		return next, seen, replies
	})
}

// appendScanScore prints a score of a large set the way ZSCAN alone does, with 17 digits as C's %.17g.
func appendScanScore(dst []byte, score float64) []byte {
	if math.IsInf(score, 0) {
		return resp.AppendDouble(dst, score)
	}
	return strconv.AppendFloat(dst, score, 'g', 17, 64)
}
