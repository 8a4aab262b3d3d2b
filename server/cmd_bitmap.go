package server

import (
	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var bitmapCommands = []row{
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
	if offset < 0 || !c.c.isMaster && offset>>3 >= config.ProtoMaxBulkLen.Get(c.srv.cfg) {
		c.err(errBitOffset)
		return 0, false
	}
	return offset, true
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
	var b []byte
	if e != nil {
		var scratch [20]byte
		b = e.Bytes(&scratch)
	}
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
