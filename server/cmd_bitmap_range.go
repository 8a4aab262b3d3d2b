package server

import (
	"treedis/store"
	"treedis/store/bitmap"
)

// bitRange is the part of a string that BITCOUNT and BITPOS look at, as the command has it.
type bitRange struct {
	start, end int64 // inclusive, negative ones from the end
	inBits     bool  // otherwise in bytes
}

// parseUnit reads args[i], BIT or BYTE, if there is one.
func (r *bitRange) parseUnit(c *Call, i int) bool {
	switch {
	case i >= len(c.args):
	case c.is(i, "bit"):
		r.inBits = true
	case !c.is(i, "byte"):
		c.err(errSyntax)
		return false
	}
	return true
}

// bounds returns the range as bits from <= i < to of a string of n bytes.
func (r *bitRange) bounds(n int) (from, to int64) {
	size := int64(n)
	if r.inBits {
		size *= 8
	}
	start, end := r.start, r.end
	if start < 0 {
		start = max(size+start, 0)
	}
	if end < 0 {
		end = max(size+end, 0)
	}
	end = min(end, size-1)
	if start > end {
		return 0, 0
	}
	if r.inBits {
		return start, end + 1
	}
	return start * 8, (end + 1) * 8
}

func cmdBitCount(c *Call) {
	e, ok := c.typed(c.args[1], store.String)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0) // whatever follows
		return
	}
	var scratch [20]byte
	b := e.Bytes(&scratch)
	switch len(c.args) {
	case 2:
		c.out.Int(bitmap.Count(b))
		return
	case 4, 5:
	default:
		c.err(errSyntax)
		return
	}
	var r bitRange
	if r.start, ok = c.int(2, ""); !ok {
		return
	}
	if r.end, ok = c.int(3, ""); !ok {
		return
	}
	if r.start < 0 && r.end < 0 && r.start > r.end {
		c.out.Int(0) // whatever the unit is
		return
	}
	if r.parseUnit(c, 4) {
		from, to := r.bounds(len(b))
		c.out.Int(bitmap.CountRange(b, from, to))
	}
}

func cmdBitPos(c *Call) {
	bit, ok := c.int(2, "")
	if !ok {
		return
	}
	if bit != 0 && bit != 1 {
		c.err("ERR The bit argument must be 1 or 0.")
		return
	}
	e := c.lookup(c.args[1])
	if e == nil {
		c.out.Int(-bit) // zeroes without end
		return
	}
	if !c.checkType(e, store.String) {
		return
	}
	r, ok := c.bitPosRange()
	if !ok {
		return
	}
	var scratch [20]byte
	b := e.Bytes(&scratch)
	from, to := r.bounds(len(b))
	at := bitmap.Find(b, from, to, bit == 1)
	if at < 0 && bit == 0 && from < to && len(c.args) < 5 {
		at = to // without an end the string goes on with zeroes
	}
	c.out.Int(at)
}

// bitPosRange reads the range of BITPOS.
func (c *Call) bitPosRange() (r bitRange, ok bool) {
	r.end = -1
	if len(c.args) > 6 {
		c.err(errSyntax)
		return r, false
	}
	if len(c.args) >= 4 {
		if r.start, ok = c.int(3, ""); !ok {
			return r, false
		}
	}
	if !r.parseUnit(c, 5) {
		return r, false
	}
	if len(c.args) >= 5 {
		if r.end, ok = c.int(4, ""); !ok {
			return r, false
		}
	}
	return r, true
}

func cmdBitOp(c *Call) {
	var op bitmap.Op
	switch {
	case c.is(1, "and"):
		op = bitmap.And
	case c.is(1, "or"):
		op = bitmap.Or
	case c.is(1, "xor"):
		op = bitmap.Xor
	case c.is(1, "not"):
		op = bitmap.Not
	default:
		c.err(errSyntax)
		return
	}
	if op == bitmap.Not && len(c.args) != 4 {
		c.err("ERR BITOP NOT must be called with a single source key.")
		return
	}
	target, keys := c.args[2], c.args[3:]
	var few [8][]byte
	sources, longest := few[:0], 0
	for _, key := range keys {
		e, ok := c.typed(key, store.String)
		if !ok {
			return
		}
		b := bytesOrNone(e, new([20]byte))
		sources = append(sources, b)
		longest = max(longest, len(b))
	}
	switch {
	case longest > 0:
		result := make([]byte, longest)
		bitmap.Combine(result, op, sources)
		if c.lookupWrite(target) == nil {
			c.created(target)
		}
		c.db.SetRaw(target, result)
		c.modified(notifyString, "set", target)
	case c.db.Delete(target):
		c.modified(notifyGeneric, "del", target)
	}
	c.out.Int(int64(longest))
}
