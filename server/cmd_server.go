package server

import "treedis/server/command"

var serverCommands = []row{
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
