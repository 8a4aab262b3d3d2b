package server

import "treedis/server/command"

var expireCommands = []row{
	{Spec: command.Spec{Name: "expire", Arity: -3, Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Give a key a number of seconds to live",
		Syntax:  "key seconds:integer condition=[NX | XX | GT | LT]^7.0.0",
		History: []command.Change{{"7.0.0", "`NX`, `XX`, `GT` and `LT`"}}}, run: cmdExpire},
	{Spec: command.Spec{Name: "expireat", Arity: -3, Flags: command.Write | command.Fast,
		Categories: command.CatKeyspace,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "1.2.0", Group: "generic", Complexity: "O(1)",
		Summary: "Let a key expire at a Unix time",
		Syntax:  "key unix-time-seconds:unix-time condition=[NX | XX | GT | LT]^7.0.0",
		History: []command.Change{{"7.0.0", "`NX`, `XX`, `GT` and `LT`"}}}, run: cmdExpireAt},
	{Spec: command.Spec{Name: "expiretime", Arity: 2, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatKeyspace,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "7.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Tell at which Unix time a key expires",
		Syntax:  "key"}, run: cmdExpireTime},
	{Spec: command.Spec{Name: "persist", Arity: 2, Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "2.2.0", Group: "generic", Complexity: "O(1)",
		Summary: "Let a key live without limit again",
		Syntax:  "key"}, run: cmdPersist},
	{Spec: command.Spec{Name: "pexpire", Arity: -3, Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "2.6.0", Group: "generic", Complexity: "O(1)",
		Summary: "Give a key a number of milliseconds to live",
		Syntax:  "key milliseconds:integer condition=[NX | XX | GT | LT]^7.0.0",
		History: []command.Change{{"7.0.0", "`NX`, `XX`, `GT` and `LT`"}}}, run: cmdPExpire},
	{Spec: command.Spec{Name: "pexpireat", Arity: -3, Flags: command.Write | command.Fast,
		Categories: command.CatKeyspace,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "2.6.0", Group: "generic", Complexity: "O(1)",
		Summary: "Let a key expire at a Unix time in milliseconds",
		Syntax:  "key unix-time-milliseconds:unix-time condition=[NX | XX | GT | LT]^7.0.0",
		History: []command.Change{{"7.0.0", "`NX`, `XX`, `GT` and `LT`"}}}, run: cmdPExpireAt},
	{Spec: command.Spec{Name: "pexpiretime", Arity: 2, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatKeyspace,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "7.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Tell at which Unix time in milliseconds a key expires",
		Syntax:  "key"}, run: cmdPExpireTime},
	{Spec: command.Spec{Name: "pttl", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.6.0", Group: "generic", Complexity: "O(1)",
		Summary: "Tell how many milliseconds a key has left",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"2.8.0", "-2 for absent keys"}}}, run: cmdPTTL},
	{Spec: command.Spec{Name: "ttl", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Tell how many seconds a key has left",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"2.8.0", "-2 for absent keys"}}}, run: cmdTTL},
}

func cmdExpire(c *Call)    { c.expire(inSeconds, c.now) }
func cmdPExpire(c *Call)   { c.expire(inMilliseconds, c.now) }
func cmdExpireAt(c *Call)  { c.expire(inSeconds, 0) }
func cmdPExpireAt(c *Call) { c.expire(inMilliseconds, 0) }

// expireCondition is what has to hold for EXPIRE and its kin to change an expiry.
type expireCondition struct{ nx, xx, gt, lt bool }

func (x *expireCondition) parse(c *Call, i int) bool {
	for ; i < len(c.args); i++ {
		switch {
		case c.is(i, "nx"):
			x.nx = true
		case c.is(i, "xx"):
			x.xx = true
		case c.is(i, "gt"):
			x.gt = true
		case c.is(i, "lt"):
			x.lt = true
		default:
			c.err("ERR Unsupported option " + cString(c.args[i]))
			return false
		}
	}
	switch {
	case x.nx && (x.xx || x.gt || x.lt):
		c.err("ERR NX and XX, GT or LT options at the same time are not compatible")
		return false
	case x.gt && x.lt:
		c.err("ERR GT and LT options at the same time are not compatible")
		return false
	}
	return true
}

// holds tells whether an expiry, 0 for none, may become at. No expiry is later than any.
func (x *expireCondition) holds(old, at int64) bool {
	switch {
	case x.nx && old != 0, x.xx && old == 0:
		return false
	case x.gt:
		return old != 0 && at > old
	case x.lt:
		return old == 0 || at < old
	}
	return true
}

// expire is EXPIRE and its kin: args[2] is a time in the given unit after base.
func (c *Call) expire(unit, base int64) {
	key := c.args[1]
	var x expireCondition
	if !x.parse(c, 3) {
		return
	}
	at, ok := c.expiry(2, unit, base)
	if !ok {
		return
	}
	e := c.lookupWrite(key)
	if e == nil || !x.holds(e.Expire(), at) {
		c.out.Int(0)
		return
	}
	if c.isPast(at) {
		c.deletePast(key)
	} else {
		c.expireAt(key, at, c.args[3:]...)
	}
	c.out.Int(1)
}

func cmdTTL(c *Call)         { c.ttl(inSeconds, c.now) }
func cmdPTTL(c *Call)        { c.ttl(inMilliseconds, c.now) }
func cmdExpireTime(c *Call)  { c.ttl(inSeconds, 0) }
func cmdPExpireTime(c *Call) { c.ttl(inMilliseconds, 0) }

// ttl replies with a key's expiry after base, rounded to the unit; -1 if it has none, -2 without a key.
func (c *Call) ttl(unit, base int64) {
	e := c.inspect(c.args[1])
	switch {
	case e == nil:
		c.out.Int(-2)
	case e.Expire() == 0:
		c.out.Int(-1)
	default:
		c.out.Int((max(e.Expire()-base, 0) + unit/2) / unit)
	}
}

func cmdPersist(c *Call) {
	key := c.args[1]
	if e := c.lookupWrite(key); e == nil || e.Expire() == 0 {
		c.out.Int(0)
		return
	}
	c.persist(key)
	c.out.Int(1)
}
