package server

import (
	"math"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var objectCommands = []row{
	{Spec: command.Spec{Name: "object", Arity: -2,
		Since: "2.2.3", Group: "generic", Complexity: "by subcommand",
		Summary: "Commands about how values are kept"}},
	{Spec: command.Spec{Name: "object|encoding", Arity: 3, Flags: command.ReadOnly, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(2, command.RO)},
		Since: "2.2.3", Group: "generic", Complexity: "O(1)",
		Summary: "Tell the representation of a value",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"}}, run: cmdObjectEncoding},
	{Spec: command.Spec{Name: "object|freq", Arity: 3, Flags: command.ReadOnly, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(2, command.RO)},
		Since: "4.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Tell how often a key is used, on the logarithmic scale of LFU",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"}}, run: cmdObjectFreq},
	{Spec: command.Spec{Name: "object|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatKeyspace,
		Since:      "6.2.0", Group: "generic", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdObjectHelp},
	{Spec: command.Spec{Name: "object|idletime", Arity: 3, Flags: command.ReadOnly, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(2, command.RO)},
		Since: "2.2.3", Group: "generic", Complexity: "O(1)",
		Summary: "Tell for how many seconds a key has not been used",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"}}, run: cmdObjectIdleTime},
	{Spec: command.Spec{Name: "object|refcount", Arity: 3, Flags: command.ReadOnly, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(2, command.RO)},
		Since: "2.2.3", Group: "generic", Complexity: "O(1)",
		Summary: "Tell how many references a value has",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"}}, run: cmdObjectRefCount},
}

// object returns the entry of args[2], untouched, or replies null.
func (c *Call) object() *store.Entry {
	e := c.peek(c.args[2])
	c.countLookup(e)
	if e == nil {
		c.out.Null()
	}
	return e
}

func cmdObjectEncoding(c *Call) {
	if e := c.object(); e != nil {
		c.out.BulkString(e.Encoding().String())
	}
}

// sharedIntegers is how many small integers Redis keeps once for all keys.
const sharedIntegers = 10000

// cmdObjectRefCount reports what Redis would: values belong to one key each, but for the small integers that it
// shares unless the keys need access clocks of their own.
func cmdObjectRefCount(c *Call) {
	e := c.object()
	if e == nil {
		return
	}
	n, isInt := e.Int()
	if isInt && n >= 0 && n < sharedIntegers && c.srv.sharesIntegers() {
		c.out.Int(math.MaxInt32)
	} else {
		c.out.Int(1)
	}
}

func (s *Server) sharesIntegers() bool {
	policy := config.MaxMemoryPolicy.Get(s.cfg)
	return config.MaxMemory.Get(s.cfg) == 0 || policy&(config.PolicyLRU|config.PolicyLFU) == 0
}

const policyNote = " Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

func cmdObjectIdleTime(c *Call) {
	e := c.object()
	switch {
	case e == nil:
	case c.srv.clock.CountsFrequency():
		c.err("ERR An LFU maxmemory policy is selected, idle time not tracked." + policyNote)
	default:
		c.out.Int(c.srv.clock.Idle(e))
	}
}

func cmdObjectFreq(c *Call) {
	e := c.object()
	switch {
	case e == nil:
	case !c.srv.clock.CountsFrequency():
		c.err("ERR An LFU maxmemory policy is not selected, access frequency not tracked." + policyNote)
	default:
		c.out.Int(int64(c.srv.clock.Frequency(e)))
	}
}

func cmdObjectHelp(c *Call) {
	c.help(
		"ENCODING <key>", "    Name the representation of the value at <key>.",
		"FREQ <key>", "    Tell how often <key> is used, on the logarithmic scale of LFU.",
		"IDLETIME <key>", "    Tell for how many seconds <key> has not been used.",
		"REFCOUNT <key>", "    Tell how many references the value at <key> has.",
	)
}
