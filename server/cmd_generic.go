package server

import (
	"bytes"
	"math"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var genericCommands = []row{
	{Spec: command.Spec{Name: "copy", Arity: -3, Flags: command.Write | command.DenyOOM, Categories: command.CatKeyspace,
		Keys: []command.KeySpec{
			command.Key(1, command.RO|command.Access),
			command.Key(2, command.OW|command.Update),
		},
		Since: "6.2.0", Group: "generic", Complexity: "O(N) for N nested elements, O(1) for strings",
		Summary: "Duplicate a value under another key",
		Syntax:  "source:key destination:key@1 [DB destination-db:integer] [REPLACE]"}, run: cmdCopy},
	{Spec: command.Spec{Name: "del", Arity: -2, Flags: command.Write, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 1, command.RM|command.Delete)},
		Since: "1.0.0", Group: "generic", Complexity: "O(1) per string; O(M) per collection of M elements",
		Summary: "Drop keys with their values",
		Syntax:  "key...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:agg_sum"}}, run: cmdDel},
	{Spec: command.Spec{Name: "exists", Arity: -2, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatKeyspace,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RO)},
		Since:      "1.0.0", Group: "generic", Complexity: "O(N), N keys",
		Summary: "Count how many of the given keys are present",
		Syntax:  "key...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:agg_sum"},
		History: []command.Change{{"3.0.3", "several keys"}}}, run: cmdExists},
	{Spec: command.Spec{Name: "keys", Arity: 2, Flags: command.ReadOnly,
		Categories: command.CatKeyspace | command.CatDangerous,
		Since:      "1.0.0", Group: "generic",
		Complexity: "O(N), N keys in the database; with a literal prefix only those that share it",
		Summary:    "List the keys that fit a pattern",
		Syntax:     "pattern:pattern",
		Tips:       []string{"request_policy:all_shards", "nondeterministic_output_order"}}, run: cmdKeys},
	{Spec: command.Spec{Name: "move", Arity: 3, Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since: "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Carry a key over into a different database",
		Syntax:  "key db:integer"}, run: cmdMove},
	{Spec: command.Spec{Name: "randomkey", Arity: 1, Flags: command.ReadOnly | command.TouchesArbitraryKeys,
		Categories: command.CatKeyspace,
		Since:      "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Pick any key of the database",
		Tips:    []string{"request_policy:all_shards", "response_policy:special", "nondeterministic_output"}}, run: cmdRandomKey},
	{Spec: command.Spec{Name: "rename", Arity: 3, Flags: command.Write, Categories: command.CatKeyspace,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.OW|command.Update),
		},
		Since: "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Give a key another name, replacing what bore it",
		Syntax:  "key newkey:key@1"}, run: cmdRename},
	{Spec: command.Spec{Name: "renamenx", Arity: 3, Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.OW|command.Insert),
		},
		Since: "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Give a key another name unless that is taken",
		Syntax:  "key newkey:key@1",
		History: []command.Change{{"3.2.0", "no error if both names are the same"}}}, run: cmdRenameNX},
	{Spec: command.Spec{Name: "scan", Arity: -2, Flags: command.ReadOnly | command.TouchesArbitraryKeys,
		Categories: command.CatKeyspace,
		Since:      "2.8.0", Group: "generic", Complexity: "O(1) per call, O(N) for all N keys",
		Summary: "Walk through the database's keys, a batch at a time",
		Syntax:  "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type^6.0.0]",
		Tips:    []string{"nondeterministic_output", "request_policy:special", "response_policy:special"},
		History: []command.Change{{"6.0.0", "`TYPE`"}}}, run: cmdScan},
	{Spec: command.Spec{Name: "touch", Arity: -2, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatKeyspace,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RO)},
		Since:      "3.2.1", Group: "generic", Complexity: "O(N), N keys",
		Summary: "Refresh the access clocks of keys and count those present",
		Syntax:  "key...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:agg_sum"}}, run: cmdTouch},
	{Spec: command.Spec{Name: "type", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "1.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Tell which kind of value a key holds",
		Syntax:  "key"}, run: cmdType},
	{Spec: command.Spec{Name: "unlink", Arity: -2, Flags: command.Write | command.Fast, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 1, command.RM|command.Delete)},
		Since: "4.0.0", Group: "generic", Complexity: "O(1) per key, O(N) in the background for N allocations",
		Summary: "Drop keys at once and free their values in the background",
		Syntax:  "key...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:agg_sum"}}, run: cmdDel},
}

// cmdDel is DEL and UNLINK: memory is freed by the collector in either case.
func cmdDel(c *Call) {
	deleted := 0
	lazy := c.row.Name == "unlink" || config.LazyfreeLazyUserDel.Get(c.srv.cfg)
	for _, key := range c.args[1:] {
		e := c.peek(key) // an expired key is deleted as such
		if lazy {
			c.srv.freedLazily(e)
		}
		if c.db.Delete(key) {
			deleted++
			c.modified(notifyGeneric, "del", key)
		}
	}
	c.out.Int(int64(deleted))
}

func cmdExists(c *Call) {
	present := 0
	for _, key := range c.args[1:] {
		if c.inspect(key) != nil {
			present++
		}
	}
	c.out.Int(int64(present))
}

// cmdTouch updates the access clock even for a client that asked for NO-TOUCH.
func cmdTouch(c *Call) {
	touched := 0
	for _, key := range c.args[1:] {
		if e := c.inspect(key); e != nil {
			c.srv.clock.Touch(e)
			touched++
		}
	}
	c.out.Int(int64(touched))
}

func cmdType(c *Call) {
	if e := c.inspect(c.args[1]); e != nil {
		c.out.Simple(e.Type().String())
	} else {
		c.out.Simple("none")
	}
}

// randomTries is how often RANDOMKEY draws an expired key before it looks for one that is not.
const randomTries = 100

func cmdRandomKey(c *Call) {
	for range randomTries {
		e := c.db.Random(c.srv.random)
		if e == nil {
			c.out.Null()
			return
		}
		if !c.expired(e) {
			c.out.Bulk(e.Key())
			return
		}
		c.srv.expireOnAccess(c, e.Key())
	}
	for e := range c.db.All() {
		if !c.expired(e) {
			c.out.Bulk(e.Key())
			return
		}
	}
	c.out.Null()
}

func cmdRename(c *Call) {
	if c.rename(false) != renameFailed {
		c.out.OK()
	}
}

func cmdRenameNX(c *Call) {
	switch c.rename(true) {
	case renamed:
		c.out.Int(1)
	case notRenamed:
		c.out.Int(0)
	}
}

type renameResult uint8

const (
	renameFailed renameResult = iota // an error was replied
	notRenamed                       // both names are the same, or the new one is taken
	renamed
)

func (c *Call) rename(onlyIfFree bool) renameResult {
	from, to := c.args[1], c.args[2]
	e := c.lookupWrite(from)
	if e == nil {
		c.err(errNoSuchKey)
		return renameFailed
	}
	expires := e.Expire() != 0
	if bytes.Equal(from, to) || c.lookupWrite(to) != nil && onlyIfFree {
		return notRenamed
	}
	c.db.Rename(from, to)
	if expires {
		c.gaveExpiry(c.db, to)
	}
	c.created(to)
	c.srv.keyChanged(c.db, to)
	c.modified(notifyGeneric, "rename_from", from)
	c.srv.notify(notifyGeneric, "rename_to", to, c.db)
	return renamed
}

func cmdMove(c *Call) {
	to, ok := c.database(2, "")
	if !ok {
		return
	}
	if to == c.db {
		c.err(errSameObject)
		return
	}
	key := c.args[1]
	e := c.lookupWrite(key)
	if e == nil || c.lookupWriteIn(to, key) != nil {
		c.out.Int(0)
		return
	}
	expires := e.Expire() != 0
	c.db.MoveTo(e, to)
	if expires {
		c.gaveExpiry(to, key)
	}
	c.createdIn(to, key)
	c.srv.keyChanged(to, key)
	c.modified(notifyGeneric, "move_from", key)
	c.srv.notify(notifyGeneric, "move_to", key, to)
	c.out.Int(1)
}

func cmdCopy(c *Call) {
	to, replace := c.db, false
	for i := 3; i < len(c.args); i++ {
		switch {
		case c.is(i, "replace"):
			replace = true
		case c.is(i, "db") && i+1 < len(c.args):
			i++
			var ok bool
			if to, ok = c.database(i, ""); !ok {
				return
			}
		default:
			c.err(errSyntax)
			return
		}
	}
	from, key := c.args[1], c.args[2]
	if to == c.db && bytes.Equal(from, key) {
		c.err(errSameObject)
		return
	}
	e := c.lookup(from)
	if e == nil || c.lookupWriteIn(to, key) != nil && !replace {
		c.out.Int(0)
		return
	}
	expires := e.Expire() != 0
	c.db.CopyTo(e, to, key)
	if expires {
		c.gaveExpiry(to, key)
	}
	c.createdIn(to, key)
	c.modifiedIn(to, notifyGeneric, "copy_to", key)
	c.out.Int(1)
}

// database parses args[i] as the number of a database. What is no number is answered with text, or if that is
// empty as Redis words it by default.
func (c *Call) database(i int, text string) (*store.DB, bool) {
	n, ok := c.databaseNumber(i, text)
	if !ok {
		return nil, false
	}
	db := c.databaseAt(n)
	if db == nil {
		c.err(errDBIndex)
	}
	return db, db != nil
}

// databaseNumber is database before it is known whether there is one of that number.
func (c *Call) databaseNumber(i int, text string) (int64, bool) {
	n, ok := c.int(i, text)
	if ok && (n < math.MinInt32 || n > math.MaxInt32) {
		if ok = false; text == "" {
			text = "ERR value is out of range, value must between -2147483648 and 2147483647"
		}
		c.err(text)
	}
	return n, ok
}

// databaseAt returns database n, nil if there is none.
func (c *Call) databaseAt(n int64) *store.DB {
	if n < 0 || n >= int64(c.srv.store.Databases()) {
		return nil
	}
	return c.srv.store.DB(int(n))
}
