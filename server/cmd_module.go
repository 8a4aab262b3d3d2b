package server

import "treedis/server/command"

// moduleCommands answer truthfully that there are no modules: those of Redis are native code that calls into its own.
var moduleCommands = []row{
	{Spec: command.Spec{Name: "module", Arity: -2,
		Since: "4.0.0", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about modules"}},
	{Spec: command.Spec{Name: "module|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "5.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "module|list", Arity: 2, Flags: command.Admin | command.NoScript,
		Since: "4.0.0", Group: "server", Complexity: "O(N), N modules",
		Summary: "List the modules, of which there are none",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdModuleList, local: true},
	{Spec: command.Spec{Name: "module|load", Arity: -3,
		Flags: command.NoAsyncLoading | command.Admin | command.NoScript | command.Protected,
		Since: "4.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Load a module, which this server refuses",
		Syntax:  "path [arg...]"}, run: cmdModuleLoad},
	{Spec: command.Spec{Name: "module|loadex", Arity: -3,
		Flags: command.NoAsyncLoading | command.Admin | command.NoScript | command.Protected,
		Since: "7.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Load a module with settings, which this server refuses",
		Syntax:  "path [configs=CONFIG... <name value>...] [ARGS args...]"}, run: cmdModuleLoad},
	{Spec: command.Spec{Name: "module|unload", Arity: 3,
		Flags: command.NoAsyncLoading | command.Admin | command.NoScript | command.Protected,
		Since: "4.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Unload a module",
		Syntax:  "name"}, run: cmdModuleUnload},
}

func cmdModuleList(c *Call) { c.out.Array(0) }

func cmdModuleLoad(c *Call) {
	c.srv.logger.warningf("Module %s failed to load: this server runs no modules.", c.args[2])
	c.err("ERR Error loading the extension. Please check the server logs.")
}

func cmdModuleUnload(c *Call) {
	c.err("ERR Error unloading module: no such module with that name")
}
