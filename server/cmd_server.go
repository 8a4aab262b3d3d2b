package server

import "treedis/server/command"

var serverCommands = []row{
	{Spec: command.Spec{Name: "memory", Arity: -2,
		Since: "4.0.0", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about memory"}},
	{Spec: command.Spec{Name: "memory|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "4.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "memory|usage", Arity: -3, Flags: command.ReadOnly,
		Keys:  []command.KeySpec{command.Key(2, command.RO)},
		Since: "4.0.0", Group: "server", Complexity: "O(N), N samples",
		Summary: "Estimate the bytes a key takes up",
		Syntax:  "key [SAMPLES count:integer]"}, run: cmdMemoryUsage},
	{Spec: command.Spec{Name: "time", Arity: 1, Flags: command.Loading | command.Stale | command.Fast,
		Since: "2.6.0", Group: "server", Complexity: "O(1)",
		Summary: "Tell the server's time in seconds and microseconds",
		Tips:    []string{"nondeterministic_output"}}, run: cmdTime, local: true},
}

func cmdTime(c *Call) {
	usec := c.srv.opts.Now().UnixMicro()
	if c.c.isScript { // for which time stands still
		usec = c.now * 1000
	}
	c.out.Array(2)
	c.out.BulkInt(usec / 1e6)
	c.out.BulkInt(usec % 1e6)
}

// cmdMemoryUsage accepts SAMPLES and has no use for it: the figure is not estimated from samples.
func cmdMemoryUsage(c *Call) {
	for i := 3; i < len(c.args); i += 2 {
		if !c.is(i, "samples") || i+1 == len(c.args) {
			c.err(errSyntax)
			return
		}
		n, ok := c.int(i+1, "")
		if !ok {
			return
		}
		if n < 0 {
			c.err(errSyntax)
			return
		}
	}
	e := c.peek(c.args[2])
	if e == nil {
		c.out.Null()
		return
	}
	c.out.Int(int64(e.MemoryUsage()))
}
