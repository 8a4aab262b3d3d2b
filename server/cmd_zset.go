package server

import (
	"treedis/server/command"
	"treedis/store"
)

var sortedSetCommands = []row{
	{Spec: command.Spec{Name: "zadd", Arity: -4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "1.2.0", Group: "sorted-set", Complexity: "O(log(N)) per member, N members in the sorted set",
		Summary: "Put members into a sorted set or change their scores",
		Syntax: "key condition=[NX | XX]^3.0.2 comparison=[GT | LT]^6.2.0 [change=CH^3.0.2] [increment=INCR^3.0.2] " +
			"data=<score:double member>...",
		History: []command.Change{
			{"2.4.0", "several members"},
			{"3.0.2", "`XX`, `NX`, `CH` and `INCR`"},
			{"6.2.0", "`GT` and `LT`"},
		}}, run: cmdZAdd},
	{Spec: command.Spec{Name: "zcard", Arity: 2, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO)},
		Since:      "1.2.0", Group: "sorted-set", Complexity: "O(1)",
		Summary: "Count the members of a sorted set",
		Syntax:  "key"}, run: cmdZCard},
	{Spec: command.Spec{Name: "zcount", Arity: 4, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "2.0.0", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Count the members whose scores lie in a range",
		Syntax:  "key min:double max:double"}, run: cmdZCount},
	{Spec: command.Spec{Name: "zdiff", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys: []command.KeySpec{command.KeyNum(1, command.RO|command.Access)}, FindKeys: command.CountedKeys(0, 1),
		Since: "6.2.0", Group: "sorted-set",
		Complexity: "O(L+(N-K)*log(N)), L members in all, N in the first, K in the result",
		Summary:    "List what the first sorted set has and the others lack",
		Syntax:     "numkeys:integer key... [WITHSCORES]"}, run: cmdZDiff},
	{Spec: command.Spec{Name: "zdiffstore", Arity: -4, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSortedSet,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.KeyNum(2, command.RO|command.Access),
		},
		FindKeys: command.CountedKeys(1, 2),
		Since:    "6.2.0", Group: "sorted-set",
		Complexity: "O(L+(N-K)*log(N)), L members in all, N in the first, K in the result",
		Summary:    "Store what the first sorted set has and the others lack",
		Syntax:     "destination:key numkeys:integer key@1..."}, run: cmdZDiffStore},
	{Spec: command.Spec{Name: "zincrby", Arity: 4, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Update)},
		Since:      "1.2.0", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Add to the score of a member",
		Syntax:  "key increment:integer member"}, run: cmdZIncrBy},
	{Spec: command.Spec{Name: "zinter", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys: []command.KeySpec{command.KeyNum(1, command.RO|command.Access)}, FindKeys: command.CountedKeys(0, 1),
		Since: "6.2.0", Group: "sorted-set",
		Complexity: "O(N*K)+O(M*log(M)), N members of the smallest of K sets, M in the result",
		Summary:    "List what all sorted sets have in common, with combined scores",
		Syntax:     "numkeys:integer key... [WEIGHTS weight:integer...] [aggregate=AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]"}, run: cmdZInter},
	{Spec: command.Spec{Name: "zintercard", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys: []command.KeySpec{command.KeyNum(1, command.RO|command.Access)}, FindKeys: command.CountedKeys(0, 1),
		Since: "7.0.0", Group: "sorted-set", Complexity: "O(N*K), N members of the smallest of K sets",
		Summary: "Count what all sorted sets have in common, up to a limit",
		Syntax:  "numkeys:integer key... [LIMIT limit:integer]"}, run: cmdZInterCard},
	{Spec: command.Spec{Name: "zinterstore", Arity: -4, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSortedSet,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.KeyNum(2, command.RO|command.Access),
		},
		FindKeys: command.CountedKeys(1, 2),
		Since:    "2.0.0", Group: "sorted-set",
		Complexity: "O(N*K)+O(M*log(M)), N members of the smallest of K sets, M in the result",
		Summary:    "Store what all sorted sets have in common, with combined scores",
		Syntax: "destination:key numkeys:integer key@1... [WEIGHTS weight:integer...] [aggregate=AGGREGATE <SUM | " +
			"MIN | MAX>]"}, run: cmdZInterStore},
	{Spec: command.Spec{Name: "zlexcount", Arity: 4, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "2.8.9", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Count the members that lie between two strings",
		Syntax:  "key min max"}, run: cmdZLexCount},
	{Spec: command.Spec{Name: "zmpop", Arity: -4, Flags: command.Write, Categories: command.CatSortedSet,
		Keys:     []command.KeySpec{command.KeyNum(1, command.RW|command.Access|command.Delete)},
		FindKeys: command.CountedKeys(0, 1),
		Since:    "7.0.0", Group: "sorted-set", Complexity: "O(K)+O(M*log(N)), K keys, M members popped of N",
		Summary: "Pop lowest or highest members of the first sorted set that has any",
		Syntax:  "numkeys:integer key... where=<MIN | MAX> [COUNT count:integer]"}, run: cmdZMPop},
	{Spec: command.Spec{Name: "zmscore", Arity: -3, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "6.2.0", Group: "sorted-set", Complexity: "O(N), N members asked about",
		Summary: "Read the scores of several members",
		Syntax:  "key member..."}, run: cmdZMScore},
	{Spec: command.Spec{Name: "zpopmax", Arity: -2, Flags: command.Write | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Delete)},
		Since:      "5.0.0", Group: "sorted-set", Complexity: "O(log(N)*M), M members popped of N",
		Summary: "Pop the highest members of a sorted set",
		Syntax:  "key [count:integer]"}, run: cmdZPopMax},
	{Spec: command.Spec{Name: "zpopmin", Arity: -2, Flags: command.Write | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Access|command.Delete)},
		Since:      "5.0.0", Group: "sorted-set", Complexity: "O(log(N)*M), M members popped of N",
		Summary: "Pop the lowest members of a sorted set",
		Syntax:  "key [count:integer]"}, run: cmdZPopMin},
	{Spec: command.Spec{Name: "zrandmember", Arity: -2, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "6.2.0", Group: "sorted-set", Complexity: "O(N), N members returned",
		Summary: "Pick members of a sorted set at random",
		Syntax:  "key options=[count:integer [WITHSCORES]]",
		Tips:    []string{"nondeterministic_output"}}, run: cmdZRandMember},
	{Spec: command.Spec{Name: "zrange", Arity: -4, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)+M), M members returned of N",
		Summary: "List members by rank, by score or by name, either way round",
		Syntax: "key start stop sortby=[BYSCORE | BYLEX]^6.2.0 [REV^6.2.0] [limit=LIMIT <offset:integer " +
			"count:integer>^6.2.0] [WITHSCORES]",
		History: []command.Change{{"6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`"}}}, run: cmdZRange},
	{Spec: command.Spec{Name: "zrangebylex", Arity: -4, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)+M), M members returned of N",
		Summary: "List the members that lie between two strings",
		Syntax:  "key min max [limit=LIMIT <offset:integer count:integer>]",
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` by `BYLEX`"}, run: cmdZRangeByLex},
	{Spec: command.Spec{Name: "zrangebyscore", Arity: -4, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.0.5", Group: "sorted-set", Complexity: "O(log(N)+M), M members returned of N",
		Summary: "List the members whose scores lie in a range",
		Syntax:  "key min:double max:double [WITHSCORES^2.0.0] [limit=LIMIT <offset:integer count:integer>]",
		History: []command.Change{{"2.0.0", "`WITHSCORES`"}},
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` by `BYSCORE`"}, run: cmdZRangeByScore},
	{Spec: command.Spec{Name: "zrangestore", Arity: -5, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSortedSet,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.Key(2, command.RO|command.Access),
		},
		Since: "6.2.0", Group: "sorted-set", Complexity: "O(log(N)+M), M members stored of N",
		Summary: "Store a range of one sorted set as another",
		Syntax:  "dst:key src:key@1 min max sortby=[BYSCORE | BYLEX] [REV] [limit=LIMIT <offset:integer count:integer>]"}, run: cmdZRangeStore},
	{Spec: command.Spec{Name: "zrank", Arity: -3, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "2.0.0", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Tell a member's position, counted from the lowest score",
		Syntax:  "key member [WITHSCORE]",
		History: []command.Change{{"7.2.0", "`WITHSCORE`"}}}, run: cmdZRank},
	{Spec: command.Spec{Name: "zrem", Arity: -3, Flags: command.Write | command.Fast, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "1.2.0", Group: "sorted-set", Complexity: "O(M*log(N)), M members dropped of N",
		Summary: "Drop members of a sorted set, and the set with its last one",
		Syntax:  "key member...",
		History: []command.Change{{"2.4.0", "several members"}}}, run: cmdZRem},
	{Spec: command.Spec{Name: "zremrangebylex", Arity: 4, Flags: command.Write, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)+M), M members dropped of N",
		Summary: "Drop the members that lie between two strings",
		Syntax:  "key min max"}, run: cmdZRemRangeByLex},
	{Spec: command.Spec{Name: "zremrangebyrank", Arity: 4, Flags: command.Write, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "2.0.0", Group: "sorted-set", Complexity: "O(log(N)+M), M members dropped of N",
		Summary: "Drop the members between two positions",
		Syntax:  "key start:integer stop:integer"}, run: cmdZRemRangeByRank},
	{Spec: command.Spec{Name: "zremrangebyscore", Arity: 4, Flags: command.Write, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)+M), M members dropped of N",
		Summary: "Drop the members whose scores lie in a range",
		Syntax:  "key min:double max:double"}, run: cmdZRemRangeByScore},
	{Spec: command.Spec{Name: "zrevrange", Arity: -4, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "1.2.0", Group: "sorted-set", Complexity: "O(log(N)+M), M members returned of N",
		Summary: "List the members between two positions, highest score first",
		Syntax:  "key start:integer stop:integer [WITHSCORES]",
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` with `REV`"}, run: cmdZRevRange},
	{Spec: command.Spec{Name: "zrevrangebylex", Arity: -4, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.8.9", Group: "sorted-set", Complexity: "O(log(N)+M), M members returned of N",
		Summary: "List the members that lie between two strings, last first",
		Syntax:  "key max min [limit=LIMIT <offset:integer count:integer>]",
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` by `BYLEX` with `REV`"}, run: cmdZRevRangeByLex},
	{Spec: command.Spec{Name: "zrevrangebyscore", Arity: -4, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.2.0", Group: "sorted-set", Complexity: "O(log(N)+M), M members returned of N",
		Summary: "List the members whose scores lie in a range, highest first",
		Syntax:  "key max:double min:double [WITHSCORES] [limit=LIMIT <offset:integer count:integer>]",
		History: []command.Change{{"2.1.6", "exclusive bounds"}},
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`ZRANGE` by `BYSCORE` with `REV`"}, run: cmdZRevRangeByScore},
	{Spec: command.Spec{Name: "zrevrank", Arity: -3, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "2.0.0", Group: "sorted-set", Complexity: "O(log(N)), N members in the sorted set",
		Summary: "Tell a member's position, counted from the highest score",
		Syntax:  "key member [WITHSCORE]",
		History: []command.Change{{"7.2.0", "`WITHSCORE`"}}}, run: cmdZRevRank},
	{Spec: command.Spec{Name: "zscan", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.8.0", Group: "sorted-set", Complexity: "O(1) per call, O(N) for all N members",
		Summary: "Walk through a sorted set, a batch at a time",
		Syntax:  "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		Tips:    []string{"nondeterministic_output"}}, run: cmdZScan},
	{Spec: command.Spec{Name: "zscore", Arity: 3, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatSortedSet,
		Keys:       []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since:      "1.2.0", Group: "sorted-set", Complexity: "O(1)",
		Summary: "Read a member's score",
		Syntax:  "key member"}, run: cmdZScore},
	{Spec: command.Spec{Name: "zunion", Arity: -3, Flags: command.ReadOnly, Categories: command.CatSortedSet,
		Keys: []command.KeySpec{command.KeyNum(1, command.RO|command.Access)}, FindKeys: command.CountedKeys(0, 1),
		Since: "6.2.0", Group: "sorted-set", Complexity: "O(N)+O(M*log(M)), N members in all sets, M in the result",
		Summary: "List what any of the sorted sets has, with combined scores",
		Syntax:  "numkeys:integer key... [WEIGHTS weight:integer...] [aggregate=AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]"}, run: cmdZUnion},
	{Spec: command.Spec{Name: "zunionstore", Arity: -4, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSortedSet,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.KeyNum(2, command.RO|command.Access),
		},
		FindKeys: command.CountedKeys(1, 2),
		Since:    "2.0.0", Group: "sorted-set", Complexity: "O(N)+O(M*log(M)), N members in all sets, M in the result",
		Summary: "Store what any of the sorted sets has, with combined scores",
		Syntax: "destination:key numkeys:integer key@1... [WEIGHTS weight:integer...] [aggregate=AGGREGATE <SUM | " +
			"MIN | MAX>]"}, run: cmdZUnionStore},
}

func cmdZCard(c *Call) {
	if e, ok := c.typed(c.args[1], store.ZSet); ok {
		c.out.Int(int64(e.ZSet().Len()))
	}
}

func cmdZScore(c *Call) {
	if e, ok := c.typed(c.args[1], store.ZSet); ok {
		c.scoreOrNull(e.ZSet().Score(c.args[2]))
	}
}

func cmdZMScore(c *Call) {
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	z, members := e.ZSet(), c.args[2:]
	c.out.Array(len(members))
	for _, m := range members {
		c.scoreOrNull(z.Score(m))
	}
}

func (c *Call) scoreOrNull(score float64, ok bool) {
	if ok {
		c.out.Double(score)
	} else {
		c.out.Null()
	}
}

func cmdZRank(c *Call)    { c.zrank(false) }
func cmdZRevRank(c *Call) { c.zrank(true) }

func (c *Call) zrank(reverse bool) {
	withScore := len(c.args) == 4
	switch {
	case len(c.args) > 4:
		c.wrongArity()
		return
	case withScore && !c.is(3, "withscore"):
		c.err(errSyntax)
		return
	}
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	z := e.ZSet()
	rank, ok := z.Rank(c.args[2])
	if reverse {
		rank = z.Len() - 1 - rank
	}
	switch {
	case ok && withScore:
		score, _ := z.Score(c.args[2])
		c.out.Array(2)
		c.out.Int(int64(rank))
		c.out.Double(score)
	case ok:
		c.out.Int(int64(rank))
	case withScore:
		c.out.NullArray()
	default:
		c.out.Null()
	}
}
