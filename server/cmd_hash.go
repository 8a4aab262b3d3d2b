package server

import (
	"treedis/server/command"
	"treedis/store"
)

var hashCommands = []row{
	{Spec: command.Spec{Name: "hdel", Arity: -3, Flags: command.Write | command.Fast, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "2.0.0", Group: "hash", Complexity: "O(N), N fields",
		Summary: "Drop fields of a hash, and the hash with its last one",
		Syntax:  "key field...",
		History: []command.Change{{"2.4.0", "several fields"}}}, run: cmdHDel},
	{Spec: command.Spec{Name: "hexists", Arity: 3, Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "2.0.0", Group: "hash", Complexity: "O(1)",
		Summary: "Tell whether a hash has a field",
		Syntax:  "key field"}, run: cmdHExists},
	{Spec: command.Spec{Name: "hget", Arity: 3, Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.0.0", Group: "hash", Complexity: "O(1)",
		Summary: "Read one field of a hash",
		Syntax:  "key field"}, run: cmdHGet},
	{Spec: command.Spec{Name: "hgetall", Arity: 2, Flags: command.ReadOnly, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.0.0", Group: "hash", Complexity: "O(N), N fields in the hash",
		Summary: "Read a whole hash, fields and values",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdHGetAll},
	{Spec: command.Spec{Name: "hincrby", Arity: 4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatHash,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "2.0.0", Group: "hash", Complexity: "O(1)",
		Summary: "Add an integer to a field, which counts as 0 if absent",
		Syntax:  "key field increment:integer"}, run: cmdHIncrBy},
	{Spec: command.Spec{Name: "hincrbyfloat", Arity: 4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatHash,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "2.6.0", Group: "hash", Complexity: "O(1)",
		Summary: "Add a floating-point number to a field, which counts as 0 if absent",
		Syntax:  "key field increment:double"}, run: cmdHIncrByFloat},
	{Spec: command.Spec{Name: "hkeys", Arity: 2, Flags: command.ReadOnly, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.0.0", Group: "hash", Complexity: "O(N), N fields in the hash",
		Summary: "List the fields of a hash",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdHKeys},
	{Spec: command.Spec{Name: "hlen", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "2.0.0", Group: "hash", Complexity: "O(1)",
		Summary: "Count the fields of a hash",
		Syntax:  "key"}, run: cmdHLen},
	{Spec: command.Spec{Name: "hmget", Arity: -3, Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.0.0", Group: "hash", Complexity: "O(N), N fields",
		Summary: "Read several fields of a hash",
		Syntax:  "key field..."}, run: cmdHMGet},
	{Spec: command.Spec{Name: "hmset", Arity: -4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatHash,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "2.0.0", Group: "hash", Complexity: "O(N), N fields",
		Summary: "Write several fields of a hash",
		Syntax:  "key data=<field value>...",
		Doc:     command.Deprecated, DeprecatedSince: "4.0.0", ReplacedBy: "`HSET`"}, run: cmdHMSet},
	{Spec: command.Spec{Name: "hrandfield", Arity: -2, Flags: command.ReadOnly, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "6.2.0", Group: "hash", Complexity: "O(N), N fields returned",
		Summary: "Pick fields of a hash at random",
		Syntax:  "key options=[count:integer [WITHVALUES]]",
		Tips:    []string{"nondeterministic_output"}}, run: cmdHRandField},
	{Spec: command.Spec{Name: "hscan", Arity: -3, Flags: command.ReadOnly, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.8.0", Group: "hash", Complexity: "O(1) per call, O(N) for all N fields",
		Summary: "Walk through a hash, a batch at a time",
		Syntax:  "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		Tips:    []string{"nondeterministic_output"}}, run: cmdHScan},
	{Spec: command.Spec{Name: "hset", Arity: -4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatHash,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "2.0.0", Group: "hash", Complexity: "O(N), N fields",
		Summary: "Write fields of a hash and count the new ones",
		Syntax:  "key data=<field value>...",
		History: []command.Change{{"4.0.0", "several fields"}}}, run: cmdHSet},
	{Spec: command.Spec{Name: "hsetnx", Arity: 4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatHash,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "2.0.0", Group: "hash", Complexity: "O(1)",
		Summary: "Write a field of a hash unless it is there already",
		Syntax:  "key field value"}, run: cmdHSetNX},
	{Spec: command.Spec{Name: "hstrlen", Arity: 3, Flags: command.ReadOnly | command.Fast, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "3.2.0", Group: "hash", Complexity: "O(1)",
		Summary: "Tell how long a field's value is",
		Syntax:  "key field"}, run: cmdHStrLen},
	{Spec: command.Spec{Name: "hvals", Arity: 2, Flags: command.ReadOnly, Categories: command.CatHash,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.0.0", Group: "hash", Complexity: "O(N), N fields in the hash",
		Summary: "List the values of a hash",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdHVals},
}

// hash looks up the hash at args[1] for reading; that of an absent key is empty. It replies WRONGTYPE, and returns false,
// if the key holds another type.
func (c *Call) hash() (store.HashView, bool) {
	e, ok := c.typed(c.args[1], store.Hash)
	if !ok {
		return store.HashView{}, false
	}
	return e.Hash(), true
}

func cmdHGet(c *Call) {
	if h, ok := c.hash(); ok {
		c.replyField(h, c.args[2])
	}
}

func cmdHMGet(c *Call) {
	h, ok := c.hash()
	if !ok {
		return
	}
	c.out.Array(len(c.args) - 2)
	for _, field := range c.args[2:] {
		c.replyField(h, field)
	}
}

// replyField replies with a field's value, or null.
func (c *Call) replyField(h store.HashView, field []byte) {
	var scratch [20]byte
	if value, ok := h.Get(field, &scratch); ok {
		c.out.Bulk(value)
	} else {
		c.out.Null()
	}
}

func cmdHExists(c *Call) {
	if h, ok := c.hash(); ok {
		c.replyFlag(h.Has(c.args[2]))
	}
}

// replyFlag replies with 1 or 0.
func (c *Call) replyFlag(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	c.out.Int(n)
}

func cmdHLen(c *Call) {
	if h, ok := c.hash(); ok {
		c.out.Int(int64(h.Len()))
	}
}

func cmdHStrLen(c *Call) {
	if h, ok := c.hash(); ok {
		c.out.Int(int64(h.ValueLen(c.args[2])))
	}
}

func cmdHGetAll(c *Call) {
	h, ok := c.hash()
	if !ok {
		return
	}
	c.out.Map(h.Len())
	for field, value := range h.All() {
		c.out.Bulk(field)
		c.out.Bulk(value)
	}
}

func cmdHKeys(c *Call) {
	h, ok := c.hash()
	if !ok {
		return
	}
	c.out.Array(h.Len())
	for field := range h.All() {
		c.out.Bulk(field)
	}
}

func cmdHVals(c *Call) {
	h, ok := c.hash()
	if !ok {
		return
	}
	c.out.Array(h.Len())
	for _, value := range h.All() {
		c.out.Bulk(value)
	}
}

func cmdHScan(c *Call) {
	e, cursor, o, ok := c.scanKey(store.Hash)
	if !ok {
		return
	}
	h := e.Hash()
	c.scanReply(cursor, o.count, func(cursor uint64) (next uint64, seen, replies int) {
		next = h.Scan(cursor, func(field, value []byte) {
			seen++
			if o.match(field) {
				c.out.Bulk(field)
				c.out.Bulk(value)
				replies += 2
			}
		})
		return next, seen, replies
	})
}
