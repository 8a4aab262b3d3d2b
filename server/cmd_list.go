package server

import (
	"treedis/server/command"
	"treedis/store"
)

var listCommands = []row{
	{Spec: command.Spec{Name: "lindex", Arity: 3, Flags: command.ReadOnly, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "list", Complexity: "O(N), N elements on the way; O(1) at the ends",
		Summary: "Read the element at an index of a list",
		Syntax:  "key index:integer"}, run: cmdLIndex},
	{Spec: command.Spec{Name: "linsert", Arity: 5, Flags: command.Write | command.DenyOOM, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since: "2.2.0", Group: "list", Complexity: "O(N), N elements up to the pivot",
		Summary: "Put an element before or behind the first that equals a pivot",
		Syntax:  "key where=<BEFORE | AFTER> pivot element"}, run: cmdLInsert},
	{Spec: command.Spec{Name: "llen", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "1.0.0", Group: "list", Complexity: "O(1)",
		Summary: "Count the elements of a list",
		Syntax:  "key"}, run: cmdLLen},
	{Spec: command.Spec{Name: "lmove", Arity: 5, Flags: command.Write | command.DenyOOM, Categories: command.CatList,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.RW|command.Insert),
		},
		Since: "6.2.0", Group: "list", Complexity: "O(1)",
		Summary: "Move an element from an end of one list to an end of another",
		Syntax:  "source:key destination:key@1 wherefrom=<LEFT | RIGHT> whereto=<LEFT | RIGHT>"}, run: cmdLMove},
	{Spec: command.Spec{Name: "lmpop", Arity: -4, Flags: command.Write, Categories: command.CatList,
		Keys:     []command.KeySpec{command.KeyNum(1, command.RW|command.Access|command.Delete)},
		FindKeys: command.CountedKeys(0, 1),
		Since:    "7.0.0", Group: "list", Complexity: "O(N+M), N keys, M elements popped",
		Summary: "Pop elements off the first list that has any",
		Syntax:  "numkeys:integer key... where=<LEFT | RIGHT> [COUNT count:integer]"}, run: cmdLMPop},
	{Spec: command.Spec{Name: "lpop", Arity: -2, Flags: command.Write | command.Fast, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Access|command.Delete)},
		Since: "1.0.0", Group: "list", Complexity: "O(N), N elements popped",
		Summary: "Pop elements off the head of a list",
		Syntax:  "key [count:integer^6.2.0]",
		History: []command.Change{{"6.2.0", "count"}}}, run: cmdLPop},
	{Spec: command.Spec{Name: "lpos", Arity: -3, Flags: command.ReadOnly, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "6.0.6", Group: "list", Complexity: "O(N), N elements compared",
		Summary: "Find where in a list an element occurs",
		Syntax:  "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]"}, run: cmdLPos},
	{Spec: command.Spec{Name: "lpush", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatList,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "1.0.0", Group: "list", Complexity: "O(N), N elements",
		Summary: "Push elements onto the head of a list",
		Syntax:  "key element...",
		History: []command.Change{{"2.4.0", "several elements"}}}, run: cmdLPush},
	{Spec: command.Spec{Name: "lpushx", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatList,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "2.2.0", Group: "list", Complexity: "O(N), N elements",
		Summary: "Push elements onto the head of a list if there is one",
		Syntax:  "key element...",
		History: []command.Change{{"4.0.0", "several elements"}}}, run: cmdLPushX},
	{Spec: command.Spec{Name: "lrange", Arity: 4, Flags: command.ReadOnly, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.0", Group: "list", Complexity: "O(S+N), S elements to skip from the nearer end, N returned",
		Summary: "Read the elements between two indexes of a list",
		Syntax:  "key start:integer stop:integer"}, run: cmdLRange},
	{Spec: command.Spec{Name: "lrem", Arity: 4, Flags: command.Write, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "1.0.0", Group: "list", Complexity: "O(N+M), N elements in the list, M dropped",
		Summary: "Drop elements of a list that equal a value",
		Syntax:  "key count:integer element"}, run: cmdLRem},
	{Spec: command.Spec{Name: "lset", Arity: 4, Flags: command.Write | command.DenyOOM, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "1.0.0", Group: "list", Complexity: "O(N), N elements in the list; O(1) at the ends",
		Summary: "Replace the element at an index of a list",
		Syntax:  "key index:integer element"}, run: cmdLSet},
	{Spec: command.Spec{Name: "ltrim", Arity: 4, Flags: command.Write, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "1.0.0", Group: "list", Complexity: "O(N), N elements dropped",
		Summary: "Keep only the elements between two indexes of a list",
		Syntax:  "key start:integer stop:integer"}, run: cmdLTrim},
	{Spec: command.Spec{Name: "rpop", Arity: -2, Flags: command.Write | command.Fast, Categories: command.CatList,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Access|command.Delete)},
		Since: "1.0.0", Group: "list", Complexity: "O(N), N elements popped",
		Summary: "Pop elements off the tail of a list",
		Syntax:  "key [count:integer^6.2.0]",
		History: []command.Change{{"6.2.0", "count"}}}, run: cmdRPop},
	{Spec: command.Spec{Name: "rpoplpush", Arity: 3, Flags: command.Write | command.DenyOOM, Categories: command.CatList,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Delete),
			command.Key(2, command.RW|command.Insert),
		},
		Since: "1.2.0", Group: "list", Complexity: "O(1)",
		Summary: "Move the tail of one list to the head of another",
		Syntax:  "source:key destination:key@1",
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`LMOVE` from `RIGHT` to `LEFT`"}, run: cmdRPopLPush},
	{Spec: command.Spec{Name: "rpush", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatList,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "1.0.0", Group: "list", Complexity: "O(N), N elements",
		Summary: "Push elements onto the tail of a list",
		Syntax:  "key element...",
		History: []command.Change{{"2.4.0", "several elements"}}}, run: cmdRPush},
	{Spec: command.Spec{Name: "rpushx", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatList,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "2.2.0", Group: "list", Complexity: "O(N), N elements",
		Summary: "Push elements onto the tail of a list if there is one",
		Syntax:  "key element...",
		History: []command.Change{{"4.0.0", "several elements"}}}, run: cmdRPushX},
}

func cmdLPush(c *Call)  { c.push(true, false) }
func cmdRPush(c *Call)  { c.push(false, false) }
func cmdLPushX(c *Call) { c.push(true, true) }
func cmdRPushX(c *Call) { c.push(false, true) }

// push adds args[2:] to the list at args[1], at its head if front. With onlyIfThere an absent list stays so.
func (c *Call) push(front, onlyIfThere bool) {
	key, elements := c.args[1], c.args[2:]
	e, ok := c.typedWrite(key, store.List)
	if !ok {
		return
	}
	if e == nil && onlyIfThere {
		c.out.Int(0)
		return
	}
	w := c.db.OpenList(key)
	c.pushTo(&w, key, e == nil, front, elements...)
	c.dirty += len(elements) - 1
	c.out.Int(int64(w.Len()))
}

// pushTo adds elements to the list at key, which is new if created, and says so.
func (c *Call) pushTo(w *store.ListWriter, key []byte, created, front bool, elements ...[]byte) {
	w.Push(front, elements...)
	if created {
		c.created(key)
	}
	c.modified(notifyList, atEnd(front, "lpush", "rpush"), key)
}

// atEnd returns what goes with the head, or the tail, of a list.
func atEnd[T any](front bool, head, tail T) T {
	if front {
		return head
	}
	return tail
}

func cmdLPop(c *Call) { c.pop(true) }
func cmdRPop(c *Call) { c.pop(false) }

// pop removes one element, or with args[2] up to so many, from the list at args[1], from its head if front.
func (c *Call) pop(front bool) {
	key, count := c.args[1], int64(0)
	counted := len(c.args) == 3
	if len(c.args) > 3 {
		c.wrongArity()
		return
	}
	if counted {
		n, ok := c.intRange(2, 0, 1<<63-1, errNotPositive)
		if !ok {
			return
		}
		count = n
	}
	e, ok := c.typedWrite(key, store.List)
	switch {
	case !ok:
	case e == nil && counted:
		c.out.NullArray()
	case e == nil:
		c.out.Null()
	case !counted:
		w := c.db.OpenList(key)
		c.out.Bulk(w.Pop(front))
		c.popped(&w, key, front, 1)
	case count == 0:
		c.out.Array(0)
	default:
		w := c.db.OpenList(key)
		c.popRange(&w, key, front, count)
	}
}

// popRange removes up to count elements from an end of the list at key, replies with an array of them, and
// returns their number.
func (c *Call) popRange(w *store.ListWriter, key []byte, front bool, count int64) int {
	size := w.Len()
	n := int(min(count, int64(size)))
	if front {
		c.listRange(w.List(), 0, n, false)
		w.Trim(n, size)
	} else {
		c.listRange(w.List(), size-1, n, true)
		w.Trim(0, size-n)
	}
	c.popped(w, key, front, n)
	return n
}

// popped says that n elements were popped off the list at key, which is deleted if it is empty now.
func (c *Call) popped(w *store.ListWriter, key []byte, front bool, n int) {
	c.lost(notifyList, atEnd(front, "lpop", "rpop"), key, n, w.Len())
}

// listRange replies with an array of n elements of a list, from index from on, towards the head if backward.
func (c *Call) listRange(l store.ListView, from, n int, backward bool) {
	var scratch [20]byte
	c.out.Array(n)
	for it := l.Iter(from, backward); n > 0 && it.Next(); n-- {
		c.out.Bulk(it.Value(&scratch))
	}
}
