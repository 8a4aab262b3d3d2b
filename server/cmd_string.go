package server

import (
	"strconv"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var stringCommands = []row{
	{Spec: command.Spec{Name: "append", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "2.0.0", Group: "string", Complexity: "O(1) amortized",
		Summary: "Add to the end of a string",
		Syntax:  "key value"}, run: cmdAppend},
	{Spec: command.Spec{Name: "decr", Arity: 2, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Take one from an integer, which counts as 0 if absent",
		Syntax:  "key"}, run: cmdDecr},
	{Spec: command.Spec{Name: "decrby", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Take a number from an integer, which counts as 0 if absent",
		Syntax:  "key decrement:integer"}, run: cmdDecrBy},
	{Spec: command.Spec{Name: "get", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Read a string",
		Syntax:  "key"}, run: cmdGet},
	{Spec: command.Spec{Name: "getdel", Arity: 2, Flags: command.Write | command.Fast, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Access|command.Delete)},
		Since: "6.2.0", Group: "string", Complexity: "O(1)",
		Summary: "Read a string and drop its key",
		Syntax:  "key"}, run: cmdGetDel},
	{Spec: command.Spec{Name: "getex", Arity: -2, Flags: command.Write | command.Fast, Categories: command.CatString,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Update).Note("writes in so far as it sets the expiry"),
		},
		Since: "6.2.0", Group: "string", Complexity: "O(1)",
		Summary: "Read a string and change when it expires",
		Syntax: "key expiration=[EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | " +
			"PXAT unix-time-milliseconds:unix-time | PERSIST]"}, run: cmdGetEx},
	{Spec: command.Spec{Name: "getrange", Arity: 4, Flags: command.ReadOnly, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.4.0", Group: "string", Complexity: "O(N), N bytes returned",
		Summary: "Read a part of a string",
		Syntax:  "key start:integer end:integer"}, run: cmdGetRange},
	{Spec: command.Spec{Name: "getset", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Write a string and tell its old value",
		Syntax:  "key value",
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`SET` with `GET`"}, run: cmdGetSet},
	{Spec: command.Spec{Name: "incr", Arity: 2, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Add one to an integer, which counts as 0 if absent",
		Syntax:  "key"}, run: cmdIncr},
	{Spec: command.Spec{Name: "incrby", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Add a number to an integer, which counts as 0 if absent",
		Syntax:  "key increment:integer"}, run: cmdIncrBy},
	{Spec: command.Spec{Name: "incrbyfloat", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "2.6.0", Group: "string", Complexity: "O(1)",
		Summary: "Add a number to a floating-point value, which counts as 0 if absent",
		Syntax:  "key increment:double"}, run: cmdIncrByFloat},
	{Spec: command.Spec{Name: "lcs", Arity: -3, Flags: command.ReadOnly, Categories: command.CatString,
		Keys:  []command.KeySpec{command.KeyRange(1, 1, 1, command.RO|command.Access)},
		Since: "7.0.0", Group: "string", Complexity: "O(N*M), N and M bytes of the strings",
		Summary: "Find the longest sequence of bytes that two strings share",
		Syntax:  "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]"}, run: cmdLCS},
	{Spec: command.Spec{Name: "mget", Arity: -2, Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 1, command.RO|command.Access)},
		Since: "1.0.0", Group: "string", Complexity: "O(N), N keys",
		Summary: "Read several strings at once",
		Syntax:  "key...",
		Tips:    []string{"request_policy:multi_shard"}}, run: cmdMGet},
	{Spec: command.Spec{Name: "mset", Arity: -3, Flags: command.Write | command.DenyOOM, Categories: command.CatString,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 2, command.OW|command.Update)},
		Since: "1.0.1", Group: "string", Complexity: "O(N), N keys",
		Summary: "Write several strings at once",
		Syntax:  "data=<key value>...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:all_succeeded"}}, run: cmdMSet},
	{Spec: command.Spec{Name: "msetnx", Arity: -3, Flags: command.Write | command.DenyOOM, Categories: command.CatString,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 2, command.OW|command.Insert)},
		Since: "1.0.1", Group: "string", Complexity: "O(N), N keys",
		Summary: "Write several strings at once unless one of the keys is taken",
		Syntax:  "data=<key value>..."}, run: cmdMSetNX},
	{Spec: command.Spec{Name: "psetex", Arity: 4, Flags: command.Write | command.DenyOOM, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.OW|command.Update)},
		Since: "2.6.0", Group: "string", Complexity: "O(1)",
		Summary: "Write a string that lives for some milliseconds",
		Syntax:  "key milliseconds:integer value",
		Doc:     command.Deprecated, DeprecatedSince: "2.6.12", ReplacedBy: "`SET` with `PX`"}, run: cmdPSetEx},
	{Spec: command.Spec{Name: "set", Arity: -3, Flags: command.Write | command.DenyOOM, Categories: command.CatString,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Update|command.VariableFlags).Note("reads the old value with GET only"),
		},
		FindKeys: command.SetKeys,
		Since:    "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Write a string, whatever the key held before",
		Syntax: "key value condition=[NX | XX]^2.6.12 [GET^6.2.0] expiration=[EX seconds:integer^2.6.12 | PX " +
			"milliseconds:integer^2.6.12 | EXAT unix-time-seconds:unix-time^6.2.0 | PXAT " +
			"unix-time-milliseconds:unix-time^6.2.0 | KEEPTTL^6.0.0]",
		History: []command.Change{
			{"2.6.12", "`EX`, `PX`, `NX` and `XX`"},
			{"6.0.0", "`KEEPTTL`"},
			{"6.2.0", "`GET`, `EXAT` and `PXAT`"},
			{"7.0.0", "`NX` together with `GET`"},
		}}, run: cmdSet},
	{Spec: command.Spec{Name: "setex", Arity: 4, Flags: command.Write | command.DenyOOM, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.OW|command.Update)},
		Since: "2.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Write a string that lives for some seconds",
		Syntax:  "key seconds:integer value",
		Doc:     command.Deprecated, DeprecatedSince: "2.6.12", ReplacedBy: "`SET` with `EX`"}, run: cmdSetEx},
	{Spec: command.Spec{Name: "setnx", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.OW|command.Insert)},
		Since:      "1.0.0", Group: "string", Complexity: "O(1)",
		Summary: "Write a string unless the key is taken",
		Syntax:  "key value",
		Doc:     command.Deprecated, DeprecatedSince: "2.6.12", ReplacedBy: "`SET` with `NX`"}, run: cmdSetNX},
	{Spec: command.Spec{Name: "setrange", Arity: 4, Flags: command.Write | command.DenyOOM,
		Categories: command.CatString,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "2.2.0", Group: "string", Complexity: "O(M), M bytes written",
		Summary: "Overwrite a part of a string, which grows as needed",
		Syntax:  "key offset:integer value"}, run: cmdSetRange},
	{Spec: command.Spec{Name: "strlen", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "2.2.0", Group: "string", Complexity: "O(1)",
		Summary: "Tell how many bytes a string has",
		Syntax:  "key"}, run: cmdStrlen},
	{Spec: command.Spec{Name: "substr", Arity: 4, Flags: command.ReadOnly, Categories: command.CatString,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "string", Complexity: "O(N), N bytes returned",
		Summary: "Read a part of a string, under the older name",
		Syntax:  "key start:integer end:integer",
		Doc:     command.Deprecated, DeprecatedSince: "2.0.0", ReplacedBy: "`GETRANGE`"}, run: cmdGetRange},
}

func cmdGet(c *Call) { c.get() }

// get replies with the string at args[1], or null, and returns false if it holds another type.
func (c *Call) get() (e *store.Entry, ok bool) {
	e, ok = c.typed(c.args[1], store.String)
	switch {
	case !ok:
	case e == nil:
		c.out.Null()
	default:
		c.bulk(e)
	}
	return e, ok
}

// bulk replies with a string value.
func (c *Call) bulk(e *store.Entry) {
	var scratch [20]byte
	c.out.Bulk(e.Bytes(&scratch))
}

func cmdStrlen(c *Call) {
	e, ok := c.typed(c.args[1], store.String)
	switch {
	case !ok:
	case e == nil:
		c.out.Int(0)
	default:
		c.out.Int(int64(e.StringLen()))
	}
}

// cmdGetRange is GETRANGE and SUBSTR.
func cmdGetRange(c *Call) {
	start, ok := c.int(2, "")
	if !ok {
		return
	}
	end, ok := c.int(3, "")
	if !ok {
		return
	}
	e, ok := c.typed(c.args[1], store.String)
	if !ok {
		return
	}
	var scratch [20]byte
	var text []byte
	if e != nil {
		text = e.Bytes(&scratch)
	}
	from, to := byteRange(start, end, len(text))
	c.out.Bulk(text[from:to])
}

// byteRange turns an inclusive range, whose negative ends count from the end of n bytes, into a slice's bounds.
func byteRange(start, end int64, n int) (from, to int) {
	if start < 0 && end < 0 && start > end {
		return 0, 0
	}
	size := int64(n)
	if start < 0 {
		start = max(start+size, 0)
	}
	if end < 0 {
		end = max(end+size, 0)
	}
	end = min(end, size-1)
	if start > end {
		return 0, 0
	}
	return int(start), int(end + 1)
}

func cmdMGet(c *Call) {
	c.out.Array(len(c.args) - 1)
	for _, key := range c.args[1:] {
		if e := c.lookup(key); e != nil && e.Type() == store.String {
			c.bulk(e)
		} else {
			c.out.Null()
		}
	}
}

func cmdGetDel(c *Call) {
	key := c.args[1]
	if e, ok := c.get(); !ok || e == nil {
		return
	}
	c.db.Delete(key)
	c.rewrite(wordDel, key)
	c.modified(notifyGeneric, "del", key)
}

func cmdAppend(c *Call) {
	key, val := c.args[1], c.args[2]
	e, ok := c.typedWrite(key, store.String)
	if !ok {
		return
	}
	n := len(val)
	if e == nil {
		c.db.SetString(key, val, 0)
		c.created(key)
	} else {
		had := e.StringLen()
		if n += had; !c.checkStringLength(had, len(val)) {
			return
		}
		copy(c.db.MutableString(key, n)[had:], val)
	}
	c.modified(notifyString, "append", key)
	c.out.Int(int64(n))
}

func cmdSetRange(c *Call) {
	key, val := c.args[1], c.args[3]
	offset, ok := c.int(2, "")
	if !ok {
		return
	}
	if offset < 0 {
		c.err(errOffsetRange)
		return
	}
	e, ok := c.typedWrite(key, store.String)
	if !ok {
		return
	}
	had := 0
	if e != nil {
		had = e.StringLen()
	}
	if len(val) == 0 {
		c.out.Int(int64(had))
		return
	}
	if !c.checkStringLength(int(offset), len(val)) {
		return
	}
	n := max(had, int(offset)+len(val))
	copy(c.db.MutableString(key, n)[offset:], val)
	if e == nil {
		c.created(key)
	}
	c.modified(notifyString, "setrange", key)
	c.out.Int(int64(n))
}

// checkStringLength replies with an error, and returns false, if a string of size+more bytes is longer than a
// client may make it. What the master did is not questioned.
func (c *Call) checkStringLength(size, more int) bool {
	total := int64(size) + int64(more)
	if !c.c.isMaster && (total > config.ProtoMaxBulkLen.Get(c.srv.cfg) || total < int64(size)) {
		c.err(errStringTooLong)
		return false
	}
	return true
}

// appendInt formats a number for rewrite.
func appendInt(scratch *[20]byte, n int64) []byte { return strconv.AppendInt(scratch[:0], n, 10) }
