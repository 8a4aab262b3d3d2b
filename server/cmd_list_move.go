package server

import (
	"bytes"
	"math"

	"treedis/store"
)

// listEnd parses args[i] as an end of a list.
func (c *Call) listEnd(i int) (front, ok bool) {
	front = c.is(i, "left")
	if !front && !c.is(i, "right") {
		c.err(errSyntax)
		return false, false
	}
	return front, true
}

func cmdRPopLPush(c *Call) { c.listMove(false, true) }

func cmdLMove(c *Call) {
	from, ok := c.listEnd(3)
	if !ok {
		return
	}
	to, ok := c.listEnd(4)
	if !ok {
		return
	}
	c.listMove(from, to)
}

// listMove moves an element from an end of the list at args[1] to an end of the one at args[2], which may be
// the same. fromFront and toFront say which ends.
func (c *Call) listMove(fromFront, toFront bool) {
	src, dst := c.args[1], c.args[2]
	e, ok := c.typedWrite(src, store.List)
	if !ok {
		return
	}
	if e == nil {
		c.out.Null()
		return
	}
	d, ok := c.typedWrite(dst, store.List)
	if !ok {
		return
	}
	from := c.db.OpenList(src)
	if bytes.Equal(src, dst) {
		c.out.Bulk(from.Rotate(fromFront, toFront))
		c.modified(notifyList, atEnd(toFront, "lpush", "rpush"), dst)
	} else {
		v := from.Pop(fromFront)
		c.out.Bulk(v)
		to := c.db.OpenList(dst)
		c.pushTo(&to, dst, d == nil, toFront, v)
	}
	c.dirty-- // the move counts as one change
	c.popped(&from, src, fromFront, 1)
}

func cmdLMPop(c *Call) {
	numKeys, ok := c.intRange(1, 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return
	}
	if numKeys > int64(len(c.args)-3) {
		c.err(errSyntax)
		return
	}
	where := 2 + int(numKeys)
	front, ok := c.listEnd(where)
	if !ok {
		return
	}
	count, given := int64(1), false
	for i := where + 1; i < len(c.args); i++ {
		if given || i == len(c.args)-1 || !c.is(i, "count") {
			c.err(errSyntax)
			return
		}
		given = true
		i++
		if count, ok = c.intRange(i, 1, math.MaxInt64, "ERR count should be greater than 0"); !ok {
			return
		}
	}
	c.popFirstOf(c.args[2:where], front, count)
}

// popFirstOf pops up to count elements off the first of the lists at keys that has any, and replies with its key and
// the elements.
func (c *Call) popFirstOf(keys [][]byte, front bool, count int64) {
	for _, key := range keys {
		e, ok := c.typedWrite(key, store.List)
		if !ok {
			return
		}
		if e == nil {
			continue
		}
		c.out.Array(2)
		c.out.Bulk(key)
		w := c.db.OpenList(key)
		n := c.popRange(&w, key, front, count)
		var scratch [20]byte
		c.rewrite(atEnd(front, wordLPop, wordRPop), key, appendInt(&scratch, int64(n)))
		return
	}
	c.out.NullArray()
}
