package server

import (
	"treedis/server/command"
	"treedis/server/resp"
	"treedis/store"
)

var blockingZSetCommands = []row{
	{Spec: command.Spec{Name: "bzmpop", Arity: -5, Flags: command.Write | command.Blocking,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.KeyNum(2, command.RW|command.Access|command.Delete)},
		FindKeys:   command.CountedKeys(0, 2),
		Since:      "7.0.0", Group: "sorted-set", Complexity: "O(K)+O(M*log(N)), K keys, M members popped of N",
		Summary: "Pop lowest or highest members of the first sorted set that has any, waiting if need be",
		Syntax:  "timeout:double numkeys:integer key... where=<MIN | MAX> [COUNT count:integer]"}, run: cmdBZMPop},
	{Spec: command.Spec{Name: "bzpopmax", Arity: -3, Flags: command.Write | command.Blocking | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.KeyRange(1, -2, 1, command.RW|command.Access|command.Delete)},
		Since:      "5.0.0", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Pop the highest member of the first sorted set that has one, waiting for it if need be",
		Syntax:  "key... timeout:double",
		History: []command.Change{{"6.0.0", "fractional timeouts"}}}, run: cmdBZPopMax},
	{Spec: command.Spec{Name: "bzpopmin", Arity: -3, Flags: command.Write | command.Blocking | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.KeyRange(1, -2, 1, command.RW|command.Access|command.Delete)},
		Since:      "5.0.0", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Pop the lowest member of the first sorted set that has one, waiting for it if need be",
		Syntax:  "key... timeout:double",
		History: []command.Change{{"6.0.0", "fractional timeouts"}}}, run: cmdBZPopMin},
}

func cmdBZPopMin(c *Call) { c.blockingZPop(zmin) }
func cmdBZPopMax(c *Call) { c.blockingZPop(zmax) }

// blockingZPop pops one member off the first sorted set that has any, or waits for one.
func (c *Call) blockingZPop(end zend) {
	last := len(c.args) - 1
	timeout, ok := c.timeoutSeconds(last)
	if !ok {
		return
	}
	keys := c.args[1:last]
	for _, key := range keys {
		e, ok := c.typedWrite(key, store.ZSet)
		if !ok {
			return
		}
		if e == nil {
			continue
		}
		c.out.Array(3)
		c.out.Bulk(key)
		c.zpopMembers(key, end, 1, false)
		c.rewrite(end.word(), key)
		return
	}
	c.blockOnKeys(keys, keyWants{value: store.ZSet}, timeout, (*resp.Writer).NullArray)
}

func cmdBZMPop(c *Call) {
	keys, end, count, ok := c.zmpopArguments(2)
	if !ok {
		return
	}
	timeout, ok := c.timeoutSeconds(1)
	if ok && !c.zmpopFirstOf(keys, end, count) {
		c.blockOnKeys(keys, keyWants{value: store.ZSet}, timeout, (*resp.Writer).NullArray)
	}
}
