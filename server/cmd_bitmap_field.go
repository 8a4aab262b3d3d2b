package server

import (
	"bytes"

	"treedis/server/resp"
	"treedis/store"
	"treedis/store/bitmap"
)

// fieldOp is one operation of BITFIELD.
type fieldOp struct {
	kind     fieldOpKind
	overflow bitmap.Overflow
	field    bitmap.Field
	value    int64 // to set, or to add
}

type fieldOpKind uint8

const (
	fieldGet fieldOpKind = iota
	fieldSet
	fieldIncrBy
)

func cmdBitField(c *Call)   { c.bitField(false) }
func cmdBitFieldRO(c *Call) { c.bitField(true) }

func (c *Call) bitField(readOnly bool) {
	var few [8]fieldOp
	ops, end, ok := c.fieldOps(few[:0])
	switch {
	case !ok:
	case end == 0:
		c.readFields(ops)
	case readOnly:
		c.err("ERR BITFIELD_RO only supports the GET subcommand")
	default:
		c.changeFields(ops, end)
	}
}

// fieldOps appends the operations to ops. end is the offset behind the last bit that they may write, 0 if they only read.
func (c *Call) fieldOps(ops []fieldOp) (_ []fieldOp, end int64, ok bool) {
	overflow := bitmap.Wrap
	for i := 2; i < len(c.args); {
		op, left := fieldOp{overflow: overflow}, len(c.args)-i-1
		switch {
		case c.is(i, "get") && left >= 2:
		case c.is(i, "set") && left >= 3:
			op.kind = fieldSet
		case c.is(i, "incrby") && left >= 3:
			op.kind = fieldIncrBy
		case c.is(i, "overflow") && left >= 1:
			if overflow, ok = c.overflowMode(i + 1); !ok {
				return nil, 0, false
			}
			i += 2
			continue
		default:
			c.err(errSyntax)
			return nil, 0, false
		}
		if !c.parseField(&op.field, i+1) {
			return nil, 0, false
		}
		i += 3
		if op.kind != fieldGet {
			end = max(end, op.field.End())
			if op.value, ok = c.int(i, ""); !ok {
				return nil, 0, false
			}
			i++
		}
		ops = append(ops, op)
	}
	return ops, end, true
}

func (c *Call) overflowMode(i int) (mode bitmap.Overflow, ok bool) {
	switch {
	case c.is(i, "wrap"):
		return bitmap.Wrap, true
	case c.is(i, "sat"):
		return bitmap.Saturate, true
	case c.is(i, "fail"):
		return bitmap.Fail, true
	}
	c.err("ERR Invalid OVERFLOW type specified")
	return 0, false
}

// parseField reads a field's type from args[i] and its offset from args[i+1].
func (c *Call) parseField(f *bitmap.Field, i int) bool {
	kind := c.args[i]
	if j := bytes.IndexByte(kind, 0); j >= 0 {
		kind = kind[:j] // there C's string ends
	}
	widest := int64(63)
	if len(kind) > 0 && kind[0] == 'i' {
		f.Signed, widest = true, 64
	} else if len(kind) == 0 || kind[0] != 'u' {
		kind = nil
	}
	var bits int64
	ok := kind != nil
	if ok {
		bits, ok = resp.ParseInt(kind[1:])
	}
	if !ok || bits < 1 || bits > widest {
		c.err("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
		return false
	}
	f.Bits = uint8(bits)
	f.Offset, ok = c.fieldOffset(i+1, bits)
	return ok
}

// fieldOffset is bitOffset where a number sign in front counts in fields.
func (c *Call) fieldOffset(i int, bits int64) (int64, bool) {
	digits, counted := bytes.CutPrefix(c.args[i], []byte("#"))
	if !counted {
		return c.bitOffset(i)
	}
	offset, ok := resp.ParseInt(digits)
	offset *= bits // what overflows is found out of range, or else taken for what it has become, as in Redis
	if !ok || !c.bitInRange(offset) {
		c.err(errBitOffset)
		return 0, false
	}
	return offset, true
}

func (c *Call) readFields(ops []fieldOp) {
	e, ok := c.typed(c.args[1], store.String)
	if !ok {
		return
	}
	var scratch [20]byte
	b := bytesOrNone(e, &scratch)
	c.out.Array(len(ops))
	for i := range ops {
		c.out.Int(ops[i].field.Get(b))
	}
}

func (c *Call) changeFields(ops []fieldOp, end int64) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.String)
	if !ok {
		return
	}
	had := 0
	if e != nil {
		had = e.StringLen()
	}
	size := max(had, int((end+7)/8))
	b := c.db.MutableString(key, size)
	if e == nil {
		c.created(key)
	}
	grown := e == nil || size > had
	changes := 0
	c.out.Array(len(ops))
	for i := range ops {
		op := &ops[i]
		old := op.field.Get(b)
		if op.kind == fieldGet {
			c.out.Int(old)
			continue
		}
		from, incr := old, op.value
		if op.kind == fieldSet {
			from, incr = op.value, 0
		}
		value, overflow := op.field.Add(from, incr, op.overflow)
		if overflow && op.overflow == bitmap.Fail {
			c.out.Null()
			continue
		}
		if op.kind == fieldSet {
			c.out.Int(old)
		} else {
			c.out.Int(value)
		}
		op.field.Set(b, value)
		if grown || value != old {
			changes++
		}
	}
	switch {
	case changes > 0:
		c.modified(notifyString, "setbit", key)
		c.dirty += changes - 1
	case grown:
		// All failed, and have left zeroes. Redis forgets to tell its replicas.
		c.dirty++
	}
}
