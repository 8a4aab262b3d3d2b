package server

import (
	"treedis/server/command"
	"treedis/store"
)

var setCommands = []row{
	{Spec: command.Spec{Name: "sadd", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatSet,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "1.0.0", Group: "set", Complexity: "O(N), N members",
		Summary: "Put members into a set and count the new ones",
		Syntax:  "key member...",
		History: []command.Change{{"2.4.0", "several members"}}}, run: cmdSAdd},
	{Spec: command.Spec{Name: "scard", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "1.0.0", Group: "set", Complexity: "O(1)",
		Summary: "Count the members of a set",
		Syntax:  "key"}, run: cmdSCard},
	{Spec: command.Spec{Name: "sdiff", Arity: -2, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 1, command.RO|command.Access)},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members in all sets",
		Summary: "List what the first set has and the others lack",
		Syntax:  "key...",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdSDiff},
	{Spec: command.Spec{Name: "sdiffstore", Arity: -3, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSet,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.KeyRange(2, -1, 1, command.RO|command.Access),
		},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members in all sets",
		Summary: "Store what the first set has and the others lack",
		Syntax:  "destination:key key@1..."}, run: cmdSDiffStore},
	{Spec: command.Spec{Name: "sinter", Arity: -2, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 1, command.RO|command.Access)},
		Since: "1.0.0", Group: "set", Complexity: "O(N*M), N members of the smallest of M sets",
		Summary: "List what all sets have in common",
		Syntax:  "key...",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdSInter},
	{Spec: command.Spec{Name: "sintercard", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys: []command.KeySpec{command.KeyNum(1, command.RO|command.Access)}, FindKeys: command.CountedKeys(0, 1),
		Since: "7.0.0", Group: "set", Complexity: "O(N*M), N members of the smallest of M sets",
		Summary: "Count what all sets have in common, up to a limit",
		Syntax:  "numkeys:integer key... [LIMIT limit:integer]"}, run: cmdSInterCard},
	{Spec: command.Spec{Name: "sinterstore", Arity: -3, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSet,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Update),
			command.KeyRange(2, -1, 1, command.RO|command.Access),
		},
		Since: "1.0.0", Group: "set", Complexity: "O(N*M), N members of the smallest of M sets",
		Summary: "Store what all sets have in common",
		Syntax:  "destination:key key@1..."}, run: cmdSInterStore},
	{Spec: command.Spec{Name: "sismember", Arity: 3, Flags: command.ReadOnly | command.Fast, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "1.0.0", Group: "set", Complexity: "O(1)",
		Summary: "Tell whether a set has a member",
		Syntax:  "key member"}, run: cmdSIsMember},
	{Spec: command.Spec{Name: "smembers", Arity: 2, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members in the set",
		Summary: "List the members of a set",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdSMembers},
	{Spec: command.Spec{Name: "smismember", Arity: -3, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "6.2.0", Group: "set", Complexity: "O(N), N members asked about",
		Summary: "Tell of several members whether a set has them",
		Syntax:  "key member..."}, run: cmdSMIsMember},
	{Spec: command.Spec{Name: "smove", Arity: 4, Flags: command.Write | command.Fast, Categories: command.CatSet,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.RW|command.Insert),
		},
		Since: "1.0.0", Group: "set", Complexity: "O(1)",
		Summary: "Take a member out of one set and put it into another",
		Syntax:  "source:key destination:key@1 member"}, run: cmdSMove},
	{Spec: command.Spec{Name: "spop", Arity: -2, Flags: command.Write | command.Fast, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Access|command.Delete)},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members taken; O(1) without a count",
		Summary: "Take members out of a set at random",
		Syntax:  "key [count:integer^3.2.0]",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"3.2.0", "count"}}}, run: cmdSPop},
	{Spec: command.Spec{Name: "srandmember", Arity: -2, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members asked for; O(1) without a count",
		Summary: "Pick members of a set at random",
		Syntax:  "key [count:integer^2.6.0]",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"2.6.0", "count"}}}, run: cmdSRandMember},
	{Spec: command.Spec{Name: "srem", Arity: -3, Flags: command.Write | command.Fast, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members",
		Summary: "Drop members of a set, and the set with its last one",
		Syntax:  "key member...",
		History: []command.Change{{"2.4.0", "several members"}}}, run: cmdSRem},
	{Spec: command.Spec{Name: "sscan", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.8.0", Group: "set", Complexity: "O(1) per call, O(N) for all N members",
		Summary: "Walk through a set, a batch at a time",
		Syntax:  "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		Tips:    []string{"nondeterministic_output"}}, run: cmdSScan},
	{Spec: command.Spec{Name: "sunion", Arity: -2, Flags: command.ReadOnly, Categories: command.CatSet,
		Keys:  []command.KeySpec{command.KeyRange(1, -1, 1, command.RO|command.Access)},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members in all sets",
		Summary: "List what any of the sets has",
		Syntax:  "key...",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdSUnion},
	{Spec: command.Spec{Name: "sunionstore", Arity: -3, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSet,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.KeyRange(2, -1, 1, command.RO|command.Access),
		},
		Since: "1.0.0", Group: "set", Complexity: "O(N), N members in all sets",
		Summary: "Store what any of the sets has",
		Syntax:  "destination:key key@1..."}, run: cmdSUnionStore},
}

// setAt looks up the set at args[1] for reading; that of an absent key is empty. It replies WRONGTYPE, and returns false,
// if the key holds another type.
func (c *Call) setAt() (store.SetView, bool) {
	e, ok := c.typed(c.args[1], store.Set)
	if !ok {
		return store.SetView{}, false
	}
	return e.Set(), true
}

func cmdSAdd(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Set)
	if !ok {
		return
	}
	w := c.db.OpenSet(key)
	added := w.AddAll(c.args[2:])
	if e == nil {
		c.created(key)
	}
	if added > 0 {
		c.modified(notifySet, "sadd", key)
		c.dirty += added - 1
	}
	c.out.Int(int64(added))
}

func cmdSRem(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Set)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0)
		return
	}
	w := c.db.OpenSet(key)
	removed := 0
	for _, m := range c.args[2:] {
		if w.Remove(m) {
			removed++
		}
	}
	c.lost(notifySet, "srem", key, removed, w.Len())
	c.out.Int(int64(removed))
}

func cmdSMove(c *Call) {
	from, to, m := c.args[1], c.args[2], c.args[3]
	src, dst := c.lookupWrite(from), c.lookupWrite(to)
	if src == nil {
		c.out.Int(0)
		return
	}
	if !c.checkType(src, store.Set) || !c.checkType(dst, store.Set) {
		return
	}
	if src == dst {
		c.replyFlag(src.Set().Has(m))
		return
	}
	w := c.db.OpenSet(from)
	if !w.Remove(m) {
		c.out.Int(0)
		return
	}
	c.modified(notifySet, "srem", from)
	c.deleteIfEmpty(from, w.Len() == 0)
	w = c.db.OpenSet(to)
	added := w.Add(m)
	if dst == nil {
		c.created(to)
	}
	if added {
		c.modified(notifySet, "sadd", to)
	}
	c.out.Int(1)
}

func cmdSIsMember(c *Call) {
	if s, ok := c.setAt(); ok {
		c.replyFlag(s.Has(c.args[2]))
	}
}

func cmdSMIsMember(c *Call) {
	s, ok := c.setAt()
	if !ok {
		return
	}
	c.out.Array(len(c.args) - 2)
	for _, m := range c.args[2:] {
		c.replyFlag(s.Has(m))
	}
}

func cmdSCard(c *Call) {
	if s, ok := c.setAt(); ok {
		c.out.Int(int64(s.Len()))
	}
}

func cmdSMembers(c *Call) {
	if s, ok := c.setAt(); ok {
		c.replySet(s)
	}
}

// replySet replies with all members.
func (c *Call) replySet(s store.SetView) {
	c.out.Set(s.Len())
	for m := range s.All() {
		c.out.Bulk(m)
	}
}

func cmdSScan(c *Call) {
	e, cursor, o, ok := c.scanKey(store.Set)
	if !ok {
		return
	}
	s := e.Set()
	c.scanReply(cursor, o.count, func(cursor uint64) (next uint64, seen, replies int) {
		next = s.Scan(cursor, func(m []byte) {
			seen++
			if o.match(m) {
				c.out.Bulk(m)
				replies++
			}
		})
		return next, seen, replies
	})
}
