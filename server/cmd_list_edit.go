package server

import "treedis/store"

func cmdLSet(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.List)
	if !ok {
		return
	}
	if e == nil {
		c.err(errNoSuchKey)
		return
	}
	index, ok := c.int(2, "")
	if !ok {
		return
	}
	w := c.db.OpenList(key)
	i, ok := listIndex(index, w.Len())
	if !ok {
		i = -1
	}
	if !w.Set(i, c.args[3]) {
		c.err(errOutOfRange)
		return
	}
	c.modified(notifyList, "lset", key)
	c.out.OK()
}

func cmdLInsert(c *Call) {
	key, pivot, v := c.args[1], c.args[3], c.args[4]
	after := c.is(2, "after")
	if !after && !c.is(2, "before") {
		c.err(errSyntax)
		return
	}
	e, ok := c.typedWrite(key, store.List)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0)
		return
	}
	w := c.db.OpenList(key)
	if after {
		ok = w.InsertAfter(pivot, v)
	} else {
		ok = w.InsertBefore(pivot, v)
	}
	if !ok {
		c.out.Int(-1)
		return
	}
	c.modified(notifyList, "linsert", key)
	c.out.Int(int64(w.Len()))
}

func cmdLRem(c *Call) {
	key := c.args[1]
	count, ok := c.int(2, "")
	if !ok {
		return
	}
	e, ok := c.typedWrite(key, store.List)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0)
		return
	}
	w := c.db.OpenList(key)
	removed := w.Remove(int(count), c.args[3])
	c.lost(notifyList, "lrem", key, removed, w.Len())
	c.out.Int(int64(removed))
}

func cmdLTrim(c *Call) {
	key := c.args[1]
	start, end, ok := c.listBounds()
	if !ok {
		return
	}
	e, ok := c.typedWrite(key, store.List)
	if !ok {
		return
	}
	if e != nil {
		w := c.db.OpenList(key)
		size := w.Len()
		from, to := clampRange(start, end, size)
		w.Trim(from, to)
		// The event is sent even if nothing was removed, but then nothing is logged.
		c.modified(notifyList, "ltrim", key)
		c.dirty += size - (to - from) - 1
		c.deleteIfEmpty(key, to == from)
	}
	c.out.OK()
}
