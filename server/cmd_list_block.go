package server

import (
	"treedis/server/command"
	"treedis/server/resp"
	"treedis/store"
)

var blockingListCommands = []row{
	{Spec: command.Spec{Name: "blmove", Arity: 6, Flags: command.Write | command.DenyOOM | command.Blocking,
		Categories: command.CatList,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.RW|command.Insert),
		},
		Since: "6.2.0", Group: "list", Complexity: "O(1)",
		Summary: "Move an element from an end of one list to an end of another, waiting for one if need be",
		Syntax:  "source:key destination:key@1 wherefrom=<LEFT | RIGHT> whereto=<LEFT | RIGHT> timeout:double"}, run: cmdBLMove},
	{Spec: command.Spec{Name: "blmpop", Arity: -5, Flags: command.Write | command.Blocking, Categories: command.CatList,
		Keys:     []command.KeySpec{command.KeyNum(2, command.RW|command.Access|command.Delete)},
		FindKeys: command.CountedKeys(0, 2),
		Since:    "7.0.0", Group: "list", Complexity: "O(N+M), N keys, M elements popped",
		Summary: "Pop elements off the first list that has any, waiting for one if need be",
		Syntax:  "timeout:double numkeys:integer key... where=<LEFT | RIGHT> [COUNT count:integer]"}, run: cmdBLMPop},
	{Spec: command.Spec{Name: "blpop", Arity: -3, Flags: command.Write | command.Blocking, Categories: command.CatList,
		Keys:  []command.KeySpec{command.KeyRange(1, -2, 1, command.RW|command.Access|command.Delete)},
		Since: "2.0.0", Group: "list", Complexity: "O(N), N keys",
		Summary: "Pop the head off the first list that has one, waiting for it if need be",
		Syntax:  "key... timeout:double",
		History: []command.Change{{"6.0.0", "fractional timeouts"}}}, run: cmdBLPop},
	{Spec: command.Spec{Name: "brpop", Arity: -3, Flags: command.Write | command.Blocking, Categories: command.CatList,
		Keys:  []command.KeySpec{command.KeyRange(1, -2, 1, command.RW|command.Access|command.Delete)},
		Since: "2.0.0", Group: "list", Complexity: "O(N), N keys",
		Summary: "Pop the tail off the first list that has one, waiting for it if need be",
		Syntax:  "key... timeout:double",
		History: []command.Change{{"6.0.0", "fractional timeouts"}}}, run: cmdBRPop},
	{Spec: command.Spec{Name: "brpoplpush", Arity: 4, Flags: command.Write | command.DenyOOM | command.Blocking,
		Categories: command.CatList,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.RW|command.Insert),
		},
		Since: "2.2.0", Group: "list", Complexity: "O(1)",
		Summary: "Move the tail of one list to the head of another, waiting for it if need be",
		Syntax:  "source:key destination:key@1 timeout:double",
		History: []command.Change{{"6.0.0", "fractional timeouts"}},
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`BLMOVE` from `RIGHT` to `LEFT`"}, run: cmdBRPopLPush},
}

func cmdBLPop(c *Call) { c.blockingPop(true) }
func cmdBRPop(c *Call) { c.blockingPop(false) }

// blockingPop pops one element off the first list that has any, or waits for one.
func (c *Call) blockingPop(front bool) {
	last := len(c.args) - 1
	timeout, ok := c.timeoutSeconds(last)
	if !ok {
		return
	}
	keys := c.args[1:last]
	for _, key := range keys {
		e, ok := c.typedWrite(key, store.List)
		if !ok {
			return
		}
		if e == nil {
			continue
		}
		w := c.db.OpenList(key)
		c.out.Array(2)
		c.out.Bulk(key)
		c.out.Bulk(w.Pop(front))
		c.popped(&w, key, front, 1)
		c.rewrite(atEnd(front, wordLPop, wordRPop), key)
		return
	}
	c.blockOnKeys(keys, keyWants{value: store.List}, timeout, (*resp.Writer).NullArray)
}

func cmdBLMPop(c *Call) {
	keys, front, count, ok := c.mpopArguments(2, "left", "right")
	if !ok {
		return
	}
	timeout, ok := c.timeoutSeconds(1)
	if ok && !c.popFirstOf(keys, front, count) {
		c.blockOnKeys(keys, keyWants{value: store.List}, timeout, (*resp.Writer).NullArray)
	}
}

func cmdBLMove(c *Call) {
	from, ok := c.listEnd(3)
	if !ok {
		return
	}
	to, ok := c.listEnd(4)
	if !ok {
		return
	}
	c.blockingMove(5, from, to, wordLMove, c.args[1], c.args[2], c.args[3], c.args[4])
}

func cmdBRPopLPush(c *Call) {
	c.blockingMove(3, false, true, wordRPopLPush, c.args[1], c.args[2])
}

// blockingMove is listMove that waits if there is nothing to move; the timeout is args[i]. It is logged as logged.
func (c *Call) blockingMove(i int, fromFront, toFront bool, logged ...[]byte) {
	timeout, ok := c.timeoutSeconds(i)
	if !ok {
		return
	}
	if !c.listMove(fromFront, toFront) {
		c.blockOnKeys(c.args[1:2], keyWants{value: store.List}, timeout, (*resp.Writer).Null)
	} else if c.dirty > 0 {
		c.rewrite(logged...)
	}
}
