package server

import (
	"math"

	"treedis/store"
)

func cmdLLen(c *Call) {
	e, ok := c.typed(c.args[1], store.List)
	switch {
	case !ok:
	case e == nil:
		c.out.Int(0)
	default:
		c.out.Int(int64(e.List().Len()))
	}
}

func cmdLIndex(c *Call) {
	e, ok := c.typed(c.args[1], store.List)
	if !ok {
		return
	}
	if e == nil {
		c.out.Null()
		return
	}
	index, ok := c.int(2, "")
	if !ok {
		return
	}
	l := e.List()
	i, ok := listIndex(index, l.Len())
	if !ok {
		c.out.Null()
		return
	}
	var scratch [20]byte
	c.out.Bulk(l.Index(i, &scratch))
}

// listIndex turns an index, which counts from the end of n elements if negative, into one from the beginning.
func listIndex(index int64, n int) (i int, ok bool) {
	if index < 0 {
		index += int64(n)
	}
	return int(index), index >= 0 && index < int64(n)
}

func cmdLRange(c *Call) {
	start, end, ok := c.listBounds()
	if !ok {
		return
	}
	e, ok := c.typed(c.args[1], store.List)
	if !ok {
		return
	}
	if e == nil {
		c.out.Array(0)
		return
	}
	l := e.List()
	from, to := clampRange(start, end, l.Len())
	c.listRange(l, from, to-from, false)
}

// listBounds parses args[2] and args[3], the indexes of LRANGE and LTRIM.
func (c *Call) listBounds() (start, end int64, ok bool) {
	if start, ok = c.int(2, ""); ok {
		end, ok = c.int(3, "")
	}
	return start, end, ok
}

// clampRange turns an inclusive range, whose negative ends count from the end of n elements, into a slice's bounds:
// 0, 0 for an empty one.
func clampRange(start, end int64, n int) (from, to int) {
	size := int64(n)
	if start < 0 {
		start = max(start+size, 0)
	}
	if end < 0 {
		end += size
	}
	if start > end || start >= size {
		return 0, 0
	}
	return int(start), int(min(end, size-1) + 1)
}

// lposOptions are the options of LPOS.
type lposOptions struct {
	rank   int64 // of the first match wanted, at least 1
	back   bool  // ranks count from the tail
	count  int64 // matches wanted; 0: all, -1: one, not in an array
	maxLen int64 // elements to look at, 0: all
}

func (o *lposOptions) parse(c *Call) (ok bool) {
	*o = lposOptions{rank: 1, count: -1}
	for i := 3; i < len(c.args); i++ {
		last := i == len(c.args)-1
		switch {
		case !last && c.is(i, "rank"):
			i++
			if o.rank, ok = c.int(i, ""); !ok {
				return false
			}
			switch o.rank {
			case math.MinInt64:
				c.err("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
				return false
			case 0:
				c.err("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
					"or use negative to start from the end of the list")
				return false
			}
		case !last && c.is(i, "count"):
			i++
			if o.count, ok = c.intRange(i, 0, math.MaxInt64, "ERR COUNT can't be negative"); !ok {
				return false
			}
		case !last && c.is(i, "maxlen"):
			i++
			if o.maxLen, ok = c.intRange(i, 0, math.MaxInt64, "ERR MAXLEN can't be negative"); !ok {
				return false
			}
		default:
			c.err(errSyntax)
			return false
		}
	}
	if o.rank < 0 {
		o.rank, o.back = -o.rank, true
	}
	return true
}

func cmdLPos(c *Call) {
	var o lposOptions
	if !o.parse(c) {
		return
	}
	e, ok := c.typed(c.args[1], store.List)
	switch {
	case !ok:
	case e != nil:
		c.lpos(e.List(), c.args[2], &o)
	case o.count >= 0:
		c.out.Array(0)
	default:
		c.out.Null()
	}
}

// lpos replies with the index of the first element wanted that equals v, or an array of them if o.count was given.
func (c *Call) lpos(l store.ListView, v []byte, o *lposOptions) {
	n := int64(l.Len())
	limit, start := n, 0
	if o.maxLen > 0 {
		limit = min(n, o.maxLen)
	}
	if o.back {
		start = int(n) - 1
	}
	mark := c.out.DeferArray()
	it := l.Iter(start, o.back)
	found, wanted := 0, max(o.count, -o.count) // -1 is 1
	for i, rank := int64(0), int64(1); i < limit && it.Next(); i++ {
		if !it.Equal(v) {
			continue
		}
		if rank++; rank <= o.rank {
			continue
		}
		index := i
		if o.back {
			index = n - 1 - i
		}
		if o.count < 0 {
			c.out.Truncate(int(mark))
		}
		c.out.Int(index)
		if found++; int64(found) == wanted {
			break
		}
	}
	switch {
	case o.count >= 0:
		c.out.SetArrayLen(mark, found)
	case found == 0:
		c.out.Truncate(int(mark))
		c.out.Null()
	}
}
