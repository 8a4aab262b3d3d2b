package server

import (
	"math/big"
	"strconv"

	"treedis/server/longdouble"
	"treedis/server/resp"
	"treedis/store"
)

func cmdHSet(c *Call) {
	if created, ok := c.setFields(); ok {
		c.out.Int(int64(created))
	}
}

func cmdHMSet(c *Call) {
	if _, ok := c.setFields(); ok {
		c.out.OK()
	}
}

// setFields writes the fields of HSET and returns how many are new.
func (c *Call) setFields() (created int, ok bool) {
	key, pairs := c.args[1], c.args[2:]
	if len(pairs)%2 != 0 {
		c.wrongArity()
		return 0, false
	}
	e, ok := c.typedWrite(key, store.Hash)
	if !ok {
		return 0, false
	}
	w := c.db.OpenHash(key)
	created = w.SetAll(pairs)
	c.hashModified(key, e == nil, "hset")
	c.dirty += len(pairs)/2 - 1
	return created, true
}

// hashModified says that fields were written.
func (c *Call) hashModified(key []byte, created bool, event string) {
	if created {
		c.created(key)
	}
	c.modified(notifyHash, event, key)
}

func cmdHSetNX(c *Call) {
	key, field := c.args[1], c.args[2]
	e, ok := c.typedWrite(key, store.Hash)
	if !ok {
		return
	}
	if e.Hash().Has(field) {
		c.out.Int(0)
		return
	}
	w := c.db.OpenHash(key)
	w.SetAll(c.args[2:])
	c.hashModified(key, e == nil, "hset")
	c.out.Int(1)
}

func cmdHDel(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Hash)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0)
		return
	}
	w := c.db.OpenHash(key)
	deleted := 0
	for _, field := range c.args[2:] {
		if w.Delete(field) {
			deleted++
		}
	}
	c.lost(notifyHash, "hdel", key, deleted, w.Len())
	c.out.Int(int64(deleted))
}

func cmdHIncrBy(c *Call) {
	key, field := c.args[1], c.args[2]
	by, ok := c.int(3, "")
	if !ok {
		return
	}
	e, ok := c.typedWrite(key, store.Hash)
	if !ok {
		return
	}
	var scratch [20]byte
	n := int64(0)
	if value, ok := e.Hash().Get(field, &scratch); ok {
		if n, ok = resp.ParseInt(value); !ok {
			c.err("ERR hash value is not an integer")
			return
		}
	}
	sum := n + by
	if by < 0 && sum > n || by > 0 && sum < n {
		c.err(errOverflow)
		return
	}
	w := c.db.OpenHash(key)
	w.Set(field, strconv.AppendInt(scratch[:0], sum, 10))
	c.hashModified(key, e == nil, "hincrby")
	c.out.Int(sum)
}

func cmdHIncrByFloat(c *Call) {
	key, field := c.args[1], c.args[2]
	by, ok := longdouble.Parse(c.args[3])
	if !ok {
		c.err(errNotFloat)
		return
	}
	if by.IsInf() {
		c.err("ERR value is NaN or Infinity")
		return
	}
	e, ok := c.typedWrite(key, store.Hash)
	if !ok {
		return
	}
	var scratch [20]byte
	n := new(big.Float)
	if value, ok := e.Hash().Get(field, &scratch); ok {
		if n, ok = longdouble.Parse(value); !ok {
			c.err("ERR hash value is not a float")
			return
		}
	}
	sum, ok := longdouble.Add(n, by)
	if !ok {
		c.err(errNaNOrInf)
		return
	}
	text := longdouble.Append(nil, sum)
	w := c.db.OpenHash(key)
	w.Set(field, text)
	c.hashModified(key, e == nil, "hincrbyfloat")
	// The sum is logged, so that no replica's arithmetic or printing can differ.
	c.rewrite(wordHSet, key, field, text)
	c.out.Bulk(text)
}
