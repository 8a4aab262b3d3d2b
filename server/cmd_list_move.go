package server

import (
	"bytes"

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

func cmdRPopLPush(c *Call) { c.moveOrNull(false, true) }

func cmdLMove(c *Call) {
	from, ok := c.listEnd(3)
	if !ok {
		return
	}
	to, ok := c.listEnd(4)
	if !ok {
		return
	}
	c.moveOrNull(from, to)
}

func (c *Call) moveOrNull(fromFront, toFront bool) {
	if !c.listMove(fromFront, toFront) {
		c.out.Null()
	}
}

// listMove moves an element from an end of the list at args[1] to an end of the one at args[2], which may be
// the same. fromFront and toFront say which ends. It returns false, and replies nothing, if there is no element.
func (c *Call) listMove(fromFront, toFront bool) bool {
	src, dst := c.args[1], c.args[2]
	e, ok := c.typedWrite(src, store.List)
	if !ok {
		return true
	}
	if e == nil {
		return false
	}
	d, ok := c.typedWrite(dst, store.List)
	if !ok {
		return true
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
	return true
}

func cmdLMPop(c *Call) {
	keys, front, count, ok := c.mpopArguments(1, "left", "right")
	if ok && !c.popFirstOf(keys, front, count) {
		c.out.NullArray()
	}
}

// popFirstOf pops up to count elements off the first of the lists at keys that has any, and replies with its key and
// the elements. It returns false, and replies nothing, if there is none.
func (c *Call) popFirstOf(keys [][]byte, front bool, count int64) bool {
	for _, key := range keys {
		e, ok := c.typedWrite(key, store.List)
		if !ok {
			return true
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
		return true
	}
	return false
}
