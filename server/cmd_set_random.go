package server

import (
	"math"

	"treedis/store"
)

func cmdSRandMember(c *Call) {
	if len(c.args) > 3 {
		c.err(errSyntax)
		return
	}
	if len(c.args) == 2 {
		if s, ok := c.setAt(); !ok {
			return
		} else if s.Len() == 0 {
			c.out.Null()
		} else {
			c.out.Bulk(s.Random(c.srv.random))
		}
		return
	}
	n, repeat, ok := c.randomCount()
	if !ok {
		return
	}
	s, ok := c.setAt()
	if !ok {
		return
	}
	if s.Len() == 0 {
		n = 0
	}
	switch {
	case n == 0:
		c.out.Array(0)
	case repeat:
		c.out.Array(n)
		c.inBatches(n, func(n int) { s.Draw(n, c.srv.random, c.out.Bulk) })
	default:
		n = min(n, s.Len())
		c.out.Array(n)
		s.Sample(n, c.srv.random, c.out.Bulk)
	}
}

func cmdSPop(c *Call) {
	switch len(c.args) {
	case 2:
		c.popMember()
	case 3:
		c.popMembers()
	default:
		c.err(errSyntax)
	}
}

// popMember is SPOP without a count. It is logged as the SREM of what it popped.
func (c *Call) popMember() {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Set)
	if !ok {
		return
	}
	if e == nil {
		c.out.Null()
		return
	}
	var scratch [64]byte
	w := c.db.OpenSet(key)
	m := w.Pop(c.srv.random, scratch[:0])
	c.rewrite(wordSRem, key, m)
	c.modified(notifySet, "spop", key)
	c.deleteIfEmpty(key, w.Len() == 0)
	c.out.Bulk(m)
}

// popMembers is SPOP with a count. Unless the whole set goes, it is logged as SREMs.
func (c *Call) popMembers() {
	count, ok := c.intRange(2, 0, math.MaxInt64, errNotPositive)
	if !ok {
		return
	}
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Set)
	if !ok {
		return
	}
	if e == nil || count == 0 {
		c.out.Set(0)
		return
	}
	s := e.Set()
	if count >= int64(s.Len()) {
		c.dirty += s.Len() - 1
		c.replySet(s)
		c.modified(notifySet, "spop", key)
		c.deleteIfEmpty(key, true)
		c.rewrite(c.srv.deletionWord(), key)
		return
	}
	c.out.Set(int(count))
	log := removals{c: c, key: key}
	w := c.db.OpenSet(key)
	w.PopN(int(count), c.srv.random, func(m []byte) {
		c.out.Bulk(m)
		log.add(m)
	})
	log.flush()
	c.dirty += int(count) - 1
	c.modified(notifySet, "spop", key)
}

// removalBatch is the most members that one logged SREM removes.
const removalBatch = 1024

// removals logs members popped as SREMs.
type removals struct {
	c     *Call
	key   []byte
	words [][]byte
}

// add takes over a member that is the last reply written, whose copy there lasts as long as the call: m
// itself may be gone with the next one.
func (r *removals) add(m []byte) {
	if len(r.words) == 2+removalBatch {
		r.flush()
	}
	if len(r.words) == 0 {
		r.words = append(r.words, wordSRem, r.key)
	}
	const lineEnd = 2
	end := len(r.c.out.Buf) - lineEnd
	r.words = append(r.words, r.c.out.Buf[end-len(m):end])
}

func (r *removals) flush() {
	if len(r.words) > 0 {
		r.c.rewrite(r.words...)
		r.words = r.words[:0]
	}
}
