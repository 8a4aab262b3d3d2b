package server

import (
	"treedis/server/command"
	"treedis/server/config"
)

var configCommands = []row{
	{Spec: command.Spec{Name: "config", Arity: -2,
		Since: "2.0.0", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about the configuration"}},
	{Spec: command.Spec{Name: "config|get", Arity: -3,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
		Since: "2.0.0", Group: "server", Complexity: "O(N), N patterns",
		Summary: "Read the settings that fit patterns",
		Syntax:  "parameter...",
		History: []command.Change{{"7.0.0", "several patterns"}}}, run: cmdConfigGet},
	{Spec: command.Spec{Name: "config|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "5.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "config|resetstat", Arity: 2,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
		Since: "2.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Set the counters of INFO back to zero",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdConfigResetStat},
	{Spec: command.Spec{Name: "config|rewrite", Arity: 2,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
		Since: "2.8.0", Group: "server", Complexity: "O(1)",
		Summary: "Write the settings in force back to the configuration file",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdConfigRewrite},
	{Spec: command.Spec{Name: "config|set", Arity: -4,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
		Since: "2.0.0", Group: "server", Complexity: "O(N), N settings",
		Summary: "Change settings while the server runs",
		Syntax:  "data=<parameter value>...",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		History: []command.Change{{"7.0.0", "several settings"}}}, run: cmdConfigSet},
}

func cmdConfigGet(c *Call) {
	patterns := make([]string, 0, len(c.args)-2)
	for _, a := range c.args[2:] {
		patterns = append(patterns, string(a))
	}
	pairs := c.srv.cfg.Get(patterns...)
	c.out.Map(len(pairs))
	for _, p := range pairs {
		c.out.BulkString(p.Name)
		c.out.BulkString(p.Value)
	}
}

func cmdConfigSet(c *Call) {
	pairs := make([]string, 0, len(c.args)-2)
	for i, a := range c.args[2:] {
		if pairs = append(pairs, string(a)); i%2 == 1 && config.Sensitive(pairs[i-1]) {
			c.redact(i + 2)
		}
	}
	by := config.Caller{Loading: !c.srv.loading.is(loadNone), Local: isLocal(c.c.addr)}
	if err := c.srv.cfg.Set(by, pairs...); err != nil {
		c.err(err.Error())
		return
	}
	c.out.OK()
}

func cmdConfigRewrite(c *Call) { c.rewriteConfig(false) }

// rewriteConfig is CONFIG REWRITE; with all it writes what has its default too.
func (c *Call) rewriteConfig(all bool) {
	if err := c.srv.cfg.Rewrite(config.RewriteOptions{Users: c.srv.userLines(), All: all}); err != nil {
		c.srv.logger.warningf("CONFIG REWRITE failed: %v", err)
		c.err(err.Error())
		return
	}
	c.srv.logger.noticef("CONFIG REWRITE executed with success.")
	c.out.OK()
}

func cmdConfigResetStat(c *Call) {
	s := c.srv
	s.master.ResetStats()
	s.stats.reset(s.trafficSinceStart())
	s.persist.saves = 0
	c.out.OK()
}
