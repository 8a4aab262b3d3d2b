package server

import (
	"treedis/server/command"
	"treedis/server/glob"
)

var commandCommands = []row{
	{Spec: command.Spec{Name: "command", Arity: -1, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "2.8.13", Group: "server", Complexity: "O(N), N commands",
		Summary: "Describe every command",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdCommand, local: true},
	{Spec: command.Spec{Name: "command|count", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "Count the commands"}, run: cmdCommandCount, local: true},
	{Spec: command.Spec{Name: "command|docs", Arity: -2, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.0.0", Group: "server", Complexity: "O(N), N commands asked for",
		Summary: "Document the commands given, or all",
		Syntax:  "[command-name...]",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdCommandDocs, local: true},
	{Spec: command.Spec{Name: "command|getkeys", Arity: -3, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "2.8.13", Group: "server", Complexity: "O(N), N arguments",
		Summary: "Pick the keys out of a full command",
		Syntax:  "command [arg...]"}, run: cmdCommandGetKeys, local: true},
	{Spec: command.Spec{Name: "command|getkeysandflags", Arity: -3, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.0.0", Group: "server", Complexity: "O(N), N arguments",
		Summary: "Pick the keys out of a full command and tell how each is used",
		Syntax:  "command [arg...]"}, run: cmdCommandGetKeysAndFlags, local: true},
	{Spec: command.Spec{Name: "command|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "5.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "command|info", Arity: -2, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "2.8.13", Group: "server", Complexity: "O(N), N commands asked for",
		Summary: "Describe the commands given, or all",
		Syntax:  "[command-name...]",
		Tips:    []string{"nondeterministic_output_order"},
		History: []command.Change{{"7.0.0", "all commands if none is given"}}}, run: cmdCommandInfo, local: true},
	{Spec: command.Spec{Name: "command|list", Arity: -2, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.0.0", Group: "server", Complexity: "O(N), N commands",
		Summary: "List the names of commands, perhaps filtered",
		Syntax:  "[filterby=FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern:pattern>]",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdCommandList, local: true},
}

func cmdCommand(c *Call) {
	mark, n := c.out.DeferArray(), 0
	for r := range c.srv.table.Commands() {
		r.WriteInfo(c.out)
		n++
	}
	c.out.SetArrayLen(mark, n)
}

func cmdCommandCount(c *Call) {
	n := int64(0)
	for range c.srv.table.Commands() {
		n++
	}
	c.out.Int(n)
}

func cmdCommandInfo(c *Call) {
	if len(c.args) == 2 {
		cmdCommand(c)
		return
	}
	c.out.Array(len(c.args) - 2)
	for _, name := range c.args[2:] {
		if r := c.srv.table.Find(name); r != nil {
			r.WriteInfo(c.out)
		} else {
			c.out.NullArray()
		}
	}
}

func cmdCommandDocs(c *Call) {
	mark, n := c.out.DeferMap(), 0
	add := func(r *row) {
		c.out.BulkString(r.Name)
		r.WriteDocs(c.out)
		n++
	}
	if len(c.args) == 2 {
		for r := range c.srv.table.Commands() {
			add(r)
		}
	}
	for _, name := range c.args[2:] {
		if r := c.srv.table.Find(name); r != nil {
			add(r)
		}
	}
	c.out.SetMapLen(mark, n)
}

func cmdCommandList(c *Call) {
	wanted := func(*row) bool { return true }
	if len(c.args) > 2 {
		var ok bool
		if wanted, ok = c.commandFilter(); !ok {
			c.err(errSyntax)
			return
		}
	}
	mark, n := c.out.DeferArray(), 0
	for r := range c.srv.table.All() {
		if wanted(r) {
			c.out.BulkString(r.Name)
			n++
		}
	}
	c.out.SetArrayLen(mark, n)
}

// commandFilter parses the FILTERBY of COMMAND LIST.
func (c *Call) commandFilter() (wanted func(*row) bool, ok bool) {
	if len(c.args) != 5 || !c.is(2, "filterby") {
		return nil, false
	}
	arg := c.args[4]
	switch {
	case c.is(3, "module"):
		return func(*row) bool { return false }, true // there are none
	case c.is(3, "aclcat"):
		category, known := command.CategoryByName(arg)
		return func(r *row) bool { return known && r.Categories.Has(category) }, true
	case c.is(3, "pattern"):
		return func(r *row) bool { return glob.MatchFold(arg, []byte(r.Name)) }, true
	}
	return nil, false
}

func cmdCommandGetKeys(c *Call) {
	c.getKeys(func(key []byte, _ command.KeyFlags) { c.out.Bulk(key) })
}

func cmdCommandGetKeysAndFlags(c *Call) {
	c.getKeys(func(key []byte, flags command.KeyFlags) {
		c.out.Array(2)
		c.out.Bulk(key)
		command.WriteKeyFlags(c.out, flags)
	})
}

// getKeys replies with what write makes of each key of the command in the arguments.
func (c *Call) getKeys(write func(key []byte, flags command.KeyFlags)) {
	args := c.args[2:]
	r, _ := c.srv.table.Lookup(args)
	if r == nil {
		c.err("ERR " + command.ErrInvalidTarget.Error())
		return
	}
	keys, err := r.GetKeys(args)
	if err != nil {
		c.err("ERR " + err.Error())
		return
	}
	c.out.Array(len(keys))
	for _, k := range keys {
		write(args[k.Pos], k.Flags)
	}
}
