package server

import (
	"strings"

	"treedis/server/command"
	"treedis/server/config"
)

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
	if c.allowed(config.EnableModuleCommand, "module") {
		c.err("ERR Error loading the extension: this server runs no modules")
	}
}

func cmdModuleUnload(c *Call) {
	if c.allowed(config.EnableModuleCommand, "module") {
		c.err("ERR Error unloading module: no such module with that name")
	}
}

// allowed replies that a protected command is not for this client, unless its directive says otherwise.
func (c *Call) allowed(by config.Enum[config.Allowance], name string) bool {
	switch by.Get(c.srv.cfg) {
	case config.AllowYes:
		return true
	case config.AllowLocal:
		if c.c.conn == nil || isLocal(c.c.conn.RemoteAddr()) {
			return true
		}
	}
	c.err("ERR " + strings.ToUpper(name) + " command not allowed. If the enable-" + name + "-command option is set to \"local\", you can run it " +
		"from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.")
	return false
}
