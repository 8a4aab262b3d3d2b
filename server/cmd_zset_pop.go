package server

import (
	"math"
	"strconv"

	"treedis/store"
)

// zend is an end of a sorted set, from which members are popped.
type zend uint8

const (
	zmin zend = iota
	zmax
)

// event returns the event of popping from the end.
func (z zend) event() string { return [...]string{"zpopmin", "zpopmax"}[z] }

// word returns the command that pops from the end, as it is logged.
func (z zend) word() []byte {
	if z == zmax {
		return wordZPopMax
	}
	return wordZPopMin
}

func cmdZPopMin(c *Call) { c.zpop(zmin) }
func cmdZPopMax(c *Call) { c.zpop(zmax) }

func (c *Call) zpop(end zend) {
	if len(c.args) > 3 {
		c.err(errSyntax)
		return
	}
	count, counted := int64(1), len(c.args) == 3
	if counted {
		var ok bool
		if count, ok = c.intRange(2, 0, math.MaxInt64, errNotPositive); !ok {
			return
		}
	}
	e, ok := c.typedWrite(c.args[1], store.ZSet)
	if !ok {
		return
	}
	n := int(min(count, int64(e.ZSet().Len())))
	if n == 0 {
		c.out.Array(0)
		return
	}
	// A single pop without count is a flat pair in RESP3 too.
	nested := counted && c.out.Protocol() == 3
	if nested {
		c.out.Array(n)
	} else {
		c.out.Array(2 * n)
	}
	c.zpopMembers(c.args[1], end, n, nested)
}

// zpopMembers pops n > 0 members of the sorted set at key, which has as many, and replies with each and its score, as an
// array if nested.
func (c *Call) zpopMembers(key []byte, end zend, n int, nested bool) {
	w := c.db.OpenZSet(key)
	z := w.View()
	r, first := zrange{}, 0
	if end == zmax {
		r.reverse, first = true, z.Len()-1
	}
	r.each(z, first, n, func(member []byte, score float64) {
		if nested {
			c.out.Array(2)
		}
		c.out.Bulk(member)
		c.out.Double(score)
	})
	from := 0
	if end == zmax {
		from = z.Len() - n
	}
	w.RemoveRange(from, from+n)
	c.lost(notifyZSet, end.event(), key, n, w.Len())
}

// zmpopArguments reads the arguments of ZMPOP and BZMPOP from the number of keys at args[i] on.
func (c *Call) zmpopArguments(i int) (keys [][]byte, end zend, count int64, ok bool) {
	keys, lowest, count, ok := c.mpopArguments(i, "min", "max")
	if !lowest {
		end = zmax
	}
	return keys, end, count, ok
}

func cmdZMPop(c *Call) {
	keys, end, count, ok := c.zmpopArguments(1)
	if ok && !c.zmpopFirstOf(keys, end, count) {
		c.out.NullArray()
	}
}

// zmpopFirstOf pops up to count members of the first of the sorted sets at keys that has any. It returns false, and
// replies nothing, if there is none.
func (c *Call) zmpopFirstOf(keys [][]byte, end zend, count int64) bool {
	for _, key := range keys {
		e, ok := c.typedWrite(key, store.ZSet)
		if !ok {
			return true
		}
		if e != nil {
			c.zmpopFrom(key, end, int(min(count, int64(e.ZSet().Len()))))
			return true
		}
	}
	return false
}

// zmpopFrom pops n > 0 members of the sorted set at key, which has as many, and replies as ZMPOP does. It is logged as
// ZPOPMIN or ZPOPMAX.
func (c *Call) zmpopFrom(key []byte, end zend, n int) {
	c.out.Array(2)
	c.out.Bulk(key)
	c.out.Array(n)
	c.zpopMembers(key, end, n, true)
	var digits [20]byte
	c.rewrite(end.word(), key, strconv.AppendInt(digits[:0], int64(n), 10))
}
