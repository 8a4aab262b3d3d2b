package server

import (
	"math"

	"treedis/store"
)

// randomCount parses args[2] as the count of HRANDFIELD and SRANDMEMBER: n distinct elements, or, if it is negative,
// n elements of which some may be the same.
func (c *Call) randomCount() (n int, repeat, ok bool) {
	count, ok := c.int(2, "")
	if !ok {
		return 0, false, false
	}
	if count == math.MinInt64 {
		c.err("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return 0, false, false
	}
	if count < 0 {
		return int(-count), true, true
	}
	return int(count), false, true
}

func cmdHRandField(c *Call) {
	if len(c.args) == 2 {
		if h, ok := c.hash(); !ok {
			return
		} else if h.Len() == 0 {
			c.out.Null()
		} else {
			field, _ := h.Random(c.srv.random)
			c.out.Bulk(field)
		}
		return
	}
	n, repeat, ok := c.randomCount()
	if !ok {
		return
	}
	values := len(c.args) == 4 && c.is(3, "withvalues")
	switch {
	case len(c.args) > 3 && !values:
		c.err(errSyntax)
		return
	case values && n > math.MaxInt64/2:
		c.err("ERR value is out of range")
		return
	}
	if h, ok := c.hash(); ok {
		c.randomFields(h, n, repeat, values)
	}
}

// randomFields replies with n fields of a hash: in RESP2 a flat array, in RESP3 one of pairs if values are wanted.
func (c *Call) randomFields(h store.HashView, n int, repeat, values bool) {
	size := h.Len()
	if size == 0 {
		n = 0
	} else if !repeat {
		n = min(n, size)
	}
	flat := c.out.Protocol() == 2
	if values && flat {
		c.out.Array(2 * n)
	} else {
		c.out.Array(n)
	}
	reply := func(field, value []byte) {
		if values && !flat {
			c.out.Array(2)
		}
		c.out.Bulk(field)
		if values {
			c.out.Bulk(value)
		}
	}
	switch {
	case n == 0:
	case repeat:
		c.inBatches(n, func(n int) { h.Draw(n, c.srv.random, reply) })
	default:
		h.Sample(n, c.srv.random, reply)
	}
}
