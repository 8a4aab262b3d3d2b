package server

import (
	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var bitmapCommands = []row{
	{Spec: command.Spec{Name: "bitcount", Arity: -2, Flags: command.ReadOnly, Categories: command.CatBitmap,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.6.0", Group: "bitmap", Complexity: "O(N), N bytes examined",
		Summary: "Count the 1 bits of a string, or of a part of it",
		Syntax:  "key range=[start:integer end:integer unit=[BYTE | BIT]^7.0.0]",
		History: []command.Change{{"7.0.0", "`BYTE` and `BIT`"}}}, run: cmdBitCount},
	{Spec: command.Spec{Name: "bitfield", Arity: -2, Flags: command.Write | command.DenyOOM,
		Categories: command.CatBitmap,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Update|command.VariableFlags).Note("reads or writes, as its operations say"),
		},
		FindKeys: command.BitfieldKeys,
		Since:    "3.2.0", Group: "bitmap", Complexity: "O(1) per operation",
		Summary: "Read, set and increment integers of any width inside a string",
		Syntax: "key operation=[get-block=GET <encoding offset:integer> | write=<[overflow-block=OVERFLOW <WRAP | " +
			"SAT | FAIL>] write-operation=<set-block=SET <encoding offset:integer value:integer> | " +
			"incrby-block=INCRBY <encoding offset:integer increment:integer>>>]..."}, run: cmdBitField},
	{Spec: command.Spec{Name: "bitfield_ro", Arity: -2, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatBitmap,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "6.0.0", Group: "bitmap", Complexity: "O(1) per operation",
		Summary: "Read integers of any width inside a string",
		Syntax:  "key [get-block=GET... <encoding offset:integer>]"}, run: cmdBitFieldRO},
	{Spec: command.Spec{Name: "bitop", Arity: -4, Flags: command.Write | command.DenyOOM, Categories: command.CatBitmap,
		Keys: []command.KeySpec{
			command.Key(2, command.OW|command.Update),
			command.KeyRange(3, -1, 1, command.RO|command.Access),
		},
		Since: "2.6.0", Group: "bitmap", Complexity: "O(N), N bytes of the longest string",
		Summary: "Combine strings bit by bit and keep the outcome under another key",
		Syntax:  "operation=<AND | OR | XOR | NOT> destkey:key key@1..."}, run: cmdBitOp},
	{Spec: command.Spec{Name: "bitpos", Arity: -3, Flags: command.ReadOnly, Categories: command.CatBitmap,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.8.7", Group: "bitmap", Complexity: "O(N), N bytes examined",
		Summary: "Look for the first bit of a string that is 0, or that is 1",
		Syntax:  "key bit:integer range=[start:integer end-unit-block=[end:integer unit=[BYTE | BIT]^7.0.0]]",
		History: []command.Change{{"7.0.0", "`BYTE` and `BIT`"}}}, run: cmdBitPos},
	{Spec: command.Spec{Name: "getbit", Arity: 3, Flags: command.ReadOnly | command.Fast, Categories: command.CatBitmap,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.2.0", Group: "bitmap", Complexity: "O(1)",
		Summary: "Read one bit of a string",
		Syntax:  "key offset:integer"}, run: cmdGetBit},
	{Spec: command.Spec{Name: "setbit", Arity: 4, Flags: command.Write | command.DenyOOM, Categories: command.CatBitmap,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since: "2.2.0", Group: "bitmap", Complexity: "O(1)",
		Summary: "Write one bit of a string, which grows as needed, and tell its old value",
		Syntax:  "key offset:integer value:integer"}, run: cmdSetBit},
}

const errBitOffset = "ERR bit offset is not an integer or out of range"

// bitOffset parses args[i] as the offset of a bit, which must lie in a string that a client may make.
func (c *Call) bitOffset(i int) (offset int64, ok bool) {
	offset, ok = c.int(i, errBitOffset)
	if !ok {
		return 0, false
	}
	if !c.bitInRange(offset) {
		c.err(errBitOffset)
		return 0, false
	}
	return offset, true
}

// bitInRange reports whether there may be a bit at an offset. What the master did is not questioned.
func (c *Call) bitInRange(offset int64) bool {
	return offset >= 0 && (c.c.isMaster || offset>>3 < config.ProtoMaxBulkLen.Get(c.srv.cfg))
}

func cmdSetBit(c *Call) {
	key := c.args[1]
	offset, ok := c.bitOffset(2)
	if !ok {
		return
	}
	on, ok := c.intRange(3, 0, 1, "ERR bit is not an integer or out of range")
	if !ok {
		return
	}
	e, ok := c.typedWrite(key, store.String)
	if !ok {
		return
	}
	at, mask := int(offset>>3), byte(0x80)>>(offset&7)
	had := 0
	if e != nil {
		had = e.StringLen()
	}
	b := c.db.MutableString(key, max(had, at+1))
	if e == nil {
		c.created(key)
	}
	old := b[at]&mask != 0
	if at >= had || old != (on == 1) {
		if b[at] &^= mask; on == 1 {
			b[at] |= mask
		}
		c.modified(notifyString, "setbit", key)
	}
	c.replyBit(old)
}

func cmdGetBit(c *Call) {
	offset, ok := c.bitOffset(2)
	if !ok {
		return
	}
	e, ok := c.typed(c.args[1], store.String)
	if !ok {
		return
	}
	var scratch [20]byte
	b := bytesOrNone(e, &scratch)
	at, mask := offset>>3, byte(0x80)>>(offset&7)
	c.replyBit(at < int64(len(b)) && b[at]&mask != 0)
}

func (c *Call) replyBit(on bool) {
	if on {
		c.out.Int(1)
	} else {
		c.out.Int(0)
	}
}

// bytesOrNone returns the value of a string, nothing if it is absent. An integer is formatted into scratch.
func bytesOrNone(e *store.Entry, scratch *[20]byte) []byte {
	if e == nil {
		return nil
	}
	return e.Bytes(scratch)
}
