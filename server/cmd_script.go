package server

import (
	"treedis/server/command"
	"treedis/server/resp"
	"treedis/server/script"
)

const evalFlags = command.NoScript | command.SkipMonitor | command.NoMandatoryKeys | command.Stale

// scriptKeys are the keys of a script: nobody knows what it does with them.
func scriptKeys(note string, flags command.KeyFlags) []command.KeySpec {
	k := command.KeyNum(2, flags)
	if note != "" {
		k = k.Note(note)
	}
	return []command.KeySpec{k}
}

var scriptCommands = []row{
	{Spec: command.Spec{Name: "eval", Arity: -3, Flags: evalFlags | command.MayReplicate,
		Categories: command.CatScripting,
		Keys:       scriptKeys("what a script does with its keys is unknown: the worst is assumed", command.RW|command.Access|command.Update),
		Since:      "2.6.0", Group: "scripting", Complexity: "by the script",
		Summary: "Run a Lua script",
		Syntax:  "script numkeys:integer [key...] [arg...]"}, run: cmdEval, flagsOf: evalFlagsOf},
	{Spec: command.Spec{Name: "evalsha", Arity: -3, Flags: evalFlags | command.MayReplicate,
		Categories: command.CatScripting,
		Keys:       scriptKeys("", command.RW|command.Access|command.Update),
		Since:      "2.6.0", Group: "scripting", Complexity: "by the script",
		Summary: "Run a Lua script that the server knows",
		Syntax:  "sha1 numkeys:integer [key...] [arg...]"}, run: cmdEvalSHA, flagsOf: evalSHAFlagsOf},
	{Spec: command.Spec{Name: "evalsha_ro", Arity: -3, Flags: evalFlags | command.ReadOnly,
		Categories: command.CatScripting,
		Keys:       scriptKeys("", command.RO|command.Access),
		Since:      "7.0.0", Group: "scripting", Complexity: "by the script",
		Summary: "Run a Lua script that the server knows and that changes nothing",
		Syntax:  "sha1 numkeys:integer [key...] [arg...]"}, run: cmdEvalSHARO, flagsOf: evalSHAFlagsOf},
	{Spec: command.Spec{Name: "eval_ro", Arity: -3, Flags: evalFlags | command.ReadOnly,
		Categories: command.CatScripting,
		Keys:       scriptKeys("what a script does with its keys is unknown: that it reads them is assumed", command.RO|command.Access),
		Since:      "7.0.0", Group: "scripting", Complexity: "by the script",
		Summary: "Run a Lua script that changes nothing",
		Syntax:  "script numkeys:integer [key...] [arg...]"}, run: cmdEvalRO, flagsOf: evalFlagsOf},
	{Spec: command.Spec{Name: "script", Arity: -2,
		Since: "2.6.0", Group: "scripting", Complexity: "by subcommand",
		Summary: "Commands about Lua scripts"}},
	{Spec: command.Spec{Name: "script|debug", Arity: 3, Flags: command.NoScript,
		Categories: command.CatScripting,
		Since:      "3.2.0", Group: "scripting", Complexity: "O(1)",
		Summary: "Choose whether scripts of this connection are debugged",
		Syntax:  "mode=<YES | SYNC | NO>"}, run: cmdScriptDebug},
	{Spec: command.Spec{Name: "script|exists", Arity: -3, Flags: command.NoScript,
		Categories: command.CatScripting,
		Since:      "2.6.0", Group: "scripting", Complexity: "O(N), N digests",
		Summary: "Tell which scripts the server knows",
		Syntax:  "sha1...",
		Tips:    []string{"request_policy:all_shards", "response_policy:agg_logical_and"}}, run: cmdScriptExists},
	{Spec: command.Spec{Name: "script|flush", Arity: -2, Flags: command.NoScript,
		Categories: command.CatScripting,
		Since:      "2.6.0", Group: "scripting", Complexity: "O(N), N scripts known",
		Summary: "Forget all scripts",
		Syntax:  "flush-type=[ASYNC | SYNC]^6.2.0",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		History: []command.Change{{"6.2.0", "`ASYNC` and `SYNC`"}}}, run: cmdScriptFlush},
	{Spec: command.Spec{Name: "script|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatScripting,
		Since:      "5.0.0", Group: "scripting", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "script|kill", Arity: 2, Flags: command.NoScript | command.AllowBusy,
		Categories: command.CatScripting,
		Since:      "2.6.0", Group: "scripting", Complexity: "O(1)",
		Summary: "End the script that runs",
		Tips:    []string{"request_policy:all_shards", "response_policy:one_succeeded"}}, run: cmdScriptKill},
	{Spec: command.Spec{Name: "script|load", Arity: 3, Flags: command.NoScript | command.Stale,
		Categories: command.CatScripting,
		Since:      "2.6.0", Group: "scripting", Complexity: "O(N), N bytes of the script",
		Summary: "Compile a script and keep it, without running it",
		Syntax:  "script",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdScriptLoad},
}

// evalFlagsOf are the command flags of an EVAL, by what its script declares.
func evalFlagsOf(s *Server, r *row, args [][]byte) command.Flags {
	if known := s.scriptBySource(args[1]); known != nil {
		return commandFlags(r, known.flags)
	}
	flags, _, err := script.ParseShebang(string(args[1]))
	if err != nil {
		return r.Flags
	}
	return commandFlags(r, flags)
}

func evalSHAFlagsOf(s *Server, r *row, args [][]byte) command.Flags {
	if known := s.scriptBySHA(args[1]); known != nil {
		return commandFlags(r, known.flags)
	}
	return r.Flags
}

// commandFlags are the flags of a command that runs a script with the given ones.
func commandFlags(r *row, flags script.Flags) command.Flags {
	if flags.Has(script.Compat) {
		return r.Flags
	}
	f := r.Flags &^ (command.Stale | command.DenyOOM | command.Write | command.MayReplicate)
	if flags&(script.AllowOOM|script.NoWrites) == 0 {
		f |= command.DenyOOM
	}
	if !flags.Has(script.NoWrites) {
		f |= command.Write
	}
	if flags.Has(script.AllowStale) {
		f |= command.Stale
	}
	return f
}

func cmdEval(c *Call)      { c.eval(false, false) }
func cmdEvalRO(c *Call)    { c.eval(false, true) }
func cmdEvalSHA(c *Call)   { c.eval(true, false) }
func cmdEvalSHARO(c *Call) { c.eval(true, true) }

func (c *Call) eval(bySHA, readOnly bool) {
	if bySHA && len(c.args[1]) != 40 {
		c.err(errNoScript)
		return
	}
	numKeys, ok := c.numKeys(errNotInteger)
	if !ok {
		return
	}
	sc := c.findScript(bySHA)
	if sc == nil {
		return
	}
	r := c.startScript(sc.sha, sc.flags, readOnly)
	if r == nil {
		return
	}
	defer r.end()
	vm := c.srv.scripts.vm
	vm.SetGlobal("KEYS", vm.Strings(c.args[3:3+numKeys]))
	vm.SetGlobal("ARGV", vm.Strings(c.args[3+numKeys:]))
	v, err := vm.Do(&r.Run, sc.fn)
	if err != nil {
		c.scriptError(err.Reply(r.Name), err.Counted)
		return
	}
	vm.Reply(c.out, &r.Run, v, c.scriptError)
}

// numKeys reads how many of the arguments are keys. It replies with notInteger if that is no number.
func (c *Call) numKeys(notInteger string) (int, bool) {
	n, ok := resp.ParseInt(c.args[2])
	switch {
	case !ok:
		c.err(notInteger)
	case n > int64(len(c.args)-3):
		c.err("ERR Number of keys can't be greater than number of args")
	case n < 0:
		c.err("ERR Number of keys can't be negative")
	default:
		return int(n), true
	}
	return 0, false
}

// findScript returns the script that is asked for, or replies with an error and returns nil.
func (c *Call) findScript(bySHA bool) *cachedScript {
	if bySHA {
		sc := c.srv.scriptBySHA(c.args[1])
		if sc == nil {
			c.err(errNoScript)
		}
		return sc
	}
	sc, text := c.srv.loadScript(c.args[1])
	if text != "" {
		c.err(text)
	}
	return sc
}

// scriptError replies with the error of a script. counted is set if it is a command's, which was counted as such.
func (c *Call) scriptError(text string, counted bool) {
	c.failed = true
	c.out.Error(text)
	if !counted {
		c.srv.countError(c, text)
	}
}

func cmdScriptLoad(c *Call) {
	sc, text := c.srv.loadScript(c.args[2])
	if text != "" {
		c.err(text)
		return
	}
	c.out.BulkString(sc.sha)
}

func cmdScriptExists(c *Call) {
	c.out.Array(len(c.args) - 2)
	for _, sha := range c.args[2:] {
		known := int64(0)
		if c.srv.scriptBySHA(sha) != nil {
			known = 1
		}
		c.out.Int(known)
	}
}

// cmdScriptFlush takes ASYNC and SYNC for the same: the collector frees what is forgotten.
func cmdScriptFlush(c *Call) {
	if len(c.args) > 3 || len(c.args) == 3 && !c.is(2, "sync") && !c.is(2, "async") {
		c.err("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		return
	}
	c.srv.flushScripts()
	c.out.OK()
}

// cmdScriptDebug refuses to debug: there is no debugger.
func cmdScriptDebug(c *Call) {
	switch {
	case c.is(2, "no"):
		c.out.OK()
	case c.is(2, "yes"), c.is(2, "sync"):
		c.err("ERR The Lua debugger is not supported")
	default:
		c.err("ERR Use SCRIPT DEBUG YES/SYNC/NO")
	}
}

func cmdScriptKill(c *Call) { c.killScript(true) }
