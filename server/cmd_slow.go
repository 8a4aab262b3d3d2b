package server

import (
	"math"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/histogram"
	"treedis/server/latency"
)

// latencyFlags and latencyTips are those of most subcommands of LATENCY.
const latencyFlags = command.Admin | command.NoScript | command.Loading | command.Stale

var latencyTips = []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"}

var slowCommands = []row{
	{Spec: command.Spec{Name: "latency", Arity: -2,
		Since: "2.8.13", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about what held the server up"}},
	{Spec: command.Spec{Name: "latency|doctor", Arity: 2,
		Flags: latencyFlags,
		Since: "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "Sum up the events, with advice",
		Tips:    latencyTips}, run: cmdLatencyDoctor},
	{Spec: command.Spec{Name: "latency|graph", Arity: 3,
		Flags: latencyFlags,
		Since: "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "Draw the samples of an event",
		Syntax:  "event",
		Tips:    latencyTips}, run: cmdLatencyGraph},
	{Spec: command.Spec{Name: "latency|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "latency|histogram", Arity: -2,
		Flags: latencyFlags,
		Since: "7.0.0", Group: "server", Complexity: "O(N), N commands with a histogram",
		Summary: "Tell how long commands took, as a cumulative distribution",
		Syntax:  "[command...]",
		Tips:    latencyTips}, run: cmdLatencyHistogram},
	{Spec: command.Spec{Name: "latency|history", Arity: 3,
		Flags: latencyFlags,
		Since: "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "List the samples of an event with their times",
		Syntax:  "event",
		Tips:    latencyTips}, run: cmdLatencyHistory},
	{Spec: command.Spec{Name: "latency|latest", Arity: 2,
		Flags: latencyFlags,
		Since: "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "Show the last sample of each event",
		Tips:    latencyTips}, run: cmdLatencyLatest},
	{Spec: command.Spec{Name: "latency|reset", Arity: -2,
		Flags: latencyFlags,
		Since: "2.8.13", Group: "server", Complexity: "O(1)",
		Summary: "Forget the samples of the events given, or of all",
		Syntax:  "[event...]",
		Tips:    []string{"request_policy:all_nodes", "response_policy:agg_sum"}}, run: cmdLatencyReset},
	{Spec: command.Spec{Name: "slowlog", Arity: -2,
		Since: "2.2.12", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about the slow log"}},
	{Spec: command.Spec{Name: "slowlog|get", Arity: -2,
		Flags: command.Admin | command.Loading | command.Stale,
		Since: "2.2.12", Group: "server", Complexity: "O(N), N entries returned",
		Summary: "Show the latest slow commands: id, unix time, microseconds, words, address and name of the client",
		Syntax:  "[count:integer]",
		Tips:    []string{"request_policy:all_nodes", "nondeterministic_output"},
		History: []command.Change{{"4.0.0", "the client's address and name"}}}, run: cmdSlowlogGet},
	{Spec: command.Spec{Name: "slowlog|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "6.2.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "slowlog|len", Arity: 2,
		Flags: command.Admin | command.Loading | command.Stale,
		Since: "2.2.12", Group: "server", Complexity: "O(1)",
		Summary: "Count the entries of the slow log",
		Tips:    []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"}}, run: cmdSlowlogLen},
	{Spec: command.Spec{Name: "slowlog|reset", Arity: 2,
		Flags: command.Admin | command.Loading | command.Stale,
		Since: "2.2.12", Group: "server", Complexity: "O(N), N entries",
		Summary: "Empty the slow log",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdSlowlogReset},
}

func cmdSlowlogGet(c *Call) {
	count := int64(10)
	switch len(c.args) {
	case 2:
	case 3:
		var ok bool
		if count, ok = c.intRange(2, -1, math.MaxInt64, "ERR count should be greater than or equal to -1"); !ok {
			return
		}
	default:
		c.wrongSubcommand()
		return
	}
	entries := c.srv.slow.log.Latest(count)
	c.out.Array(len(entries))
	for _, e := range entries {
		c.out.Array(6)
		c.out.Int(e.ID)
		c.out.Int(e.Time)
		c.out.Int(e.Micros)
		c.out.Array(len(e.Args))
		for _, a := range e.Args {
			c.out.Bulk(a)
		}
		c.out.BulkString(e.Addr)
		c.out.BulkString(e.Name)
	}
}

func cmdSlowlogLen(c *Call) { c.out.Int(int64(c.srv.slow.log.Len())) }

func cmdSlowlogReset(c *Call) {
	c.srv.slow.log.Reset()
	c.out.OK()
}

func cmdLatencyDoctor(c *Call) {
	s := c.srv
	c.out.Verbatim("txt", latency.Report(s.slow.events.Events(), latency.Settings{
		Threshold:  config.LatencyMonitorThreshold.Get(s.cfg),
		SlowMicros: config.SlowlogLogSlowerThan.Get(s.cfg),
		HZ:         config.HZ.Get(s.cfg),
	}, c.now/1000))
}

func cmdLatencyGraph(c *Call) {
	e, ok := c.srv.slow.events.Event(string(c.args[2]))
	if !ok {
		c.err("ERR No samples available for event '" + cString(c.args[2]) + "'")
		return
	}
	c.out.Verbatim("txt", e.Graph(c.now/1000))
}

func cmdLatencyHistory(c *Call) {
	e, _ := c.srv.slow.events.Event(string(c.args[2]))
	c.out.Array(len(e.Samples))
	for _, sample := range e.Samples {
		c.out.Array(2)
		c.out.Int(sample.Time)
		c.out.Int(sample.Millis)
	}
}

func cmdLatencyLatest(c *Call) {
	events := c.srv.slow.events.Events()
	c.out.Array(len(events))
	for _, e := range events {
		c.out.Array(4)
		c.out.BulkString(e.Name)
		c.out.Int(e.Latest().Time)
		c.out.Int(e.Latest().Millis)
		c.out.Int(e.Worst)
	}
}

func cmdLatencyReset(c *Call) {
	names := c.args[2:]
	n := c.srv.slow.events.Reset(func(name string) bool {
		for _, a := range names {
			if equalFold(a, name) {
				return true
			}
		}
		return len(names) == 0
	})
	c.out.Int(int64(n))
}

func cmdLatencyHistogram(c *Call) {
	mark, n := c.out.DeferMap(), 0
	add := func(r *row) {
		if h := c.srv.stats.latency(r); h.Total() > 0 {
			c.out.BulkString(r.Name)
			c.writeHistogram(h)
			n++
		}
	}
	if len(c.args) == 2 {
		for r := range c.srv.table.All() {
			add(r)
		}
	}
	for _, name := range c.args[2:] {
		r := c.srv.table.Find(name)
		if r == nil {
			continue
		}
		add(r)
		for _, sub := range r.Subcommands() {
			add(c.srv.table.Row(sub.ID()))
		}
	}
	c.out.SetMapLen(mark, n)
}

func (c *Call) writeHistogram(h *histogram.Histogram) {
	c.out.Map(2)
	c.out.BulkString("calls")
	c.out.Int(int64(h.Total()))
	c.out.BulkString("histogram_usec")
	steps := h.Cumulative()
	c.out.Map(len(steps))
	for _, step := range steps {
		c.out.Int(step.UpTo / 1000)
		c.out.Int(step.Count)
	}
}
