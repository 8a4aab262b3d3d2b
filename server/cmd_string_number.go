package server

import (
	"math"
	"math/big"

	"treedis/server/longdouble"
	"treedis/server/resp"
	"treedis/store"
)

func cmdIncr(c *Call) { c.increment(1) }
func cmdDecr(c *Call) { c.increment(-1) }

func cmdIncrBy(c *Call) {
	if by, ok := c.int(2, ""); ok {
		c.increment(by)
	}
}

func cmdDecrBy(c *Call) {
	by, ok := c.int(2, "")
	if !ok {
		return
	}
	if by == math.MinInt64 {
		c.err("ERR decrement would overflow")
		return
	}
	c.increment(-by)
}

// increment adds to the integer at args[1].
func (c *Call) increment(by int64) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.String)
	if !ok {
		return
	}
	var n int64
	if e != nil {
		if n, ok = integer(e); !ok {
			c.err(errNotInteger)
			return
		}
	}
	sum := n + by
	if by < 0 && sum > n || by > 0 && sum < n {
		c.err(errOverflow)
		return
	}
	c.db.SetInt(key, sum, store.KeepTTL)
	if e == nil {
		c.created(key)
	}
	c.modified(notifyString, "incrby", key)
	c.out.Int(sum)
}

// integer returns the value of a string that is an integer, however it is kept.
func integer(e *store.Entry) (int64, bool) {
	if n, ok := e.Int(); ok {
		return n, true
	}
	return resp.ParseInt(e.Bytes(new([20]byte)))
}

func cmdIncrByFloat(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.String)
	if !ok {
		return
	}
	n := new(big.Float)
	if e != nil {
		if n, ok = longdouble.Parse(e.Bytes(new([20]byte))); !ok {
			c.err(errNotFloat)
			return
		}
	}
	by, ok := longdouble.Parse(c.args[2])
	if !ok {
		c.err(errNotFloat)
		return
	}
	sum, ok := longdouble.Add(n, by)
	if !ok {
		c.err(errNaNOrInf)
		return
	}
	text := longdouble.Append(nil, sum)
	c.db.SetText(key, text, store.KeepTTL)
	if e == nil {
		c.created(key)
	}
	c.modified(notifyString, "incrbyfloat", key)
	c.out.Bulk(text)
	// The result goes to the log, not the sum: precision and notation are then the same everywhere.
	c.rewrite(wordSet, key, text, wordKeepTTL)
}
