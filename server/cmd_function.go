package server

import (
	"context"
	"errors"
	"time"

	"treedis/rdb"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/function"
	"treedis/server/glob"
)

// functionLoadLimit is how long a library may take to register its functions.
const functionLoadLimit = 500 * time.Millisecond

var errFunctionLoad = errors.New("FUNCTION LOAD timeout")

// allShards are the tips for commands that a cluster's client sends to all masters.
var allShards = []string{"request_policy:all_shards", "response_policy:all_succeeded"}

var functionCommands = []row{
	{Spec: command.Spec{Name: "fcall", Arity: -3, Flags: evalFlags | command.MayReplicate,
		Categories: command.CatScripting,
		Keys:       scriptKeys("what a function does with its keys is unknown: the worst is assumed", command.RW|command.Access|command.Update),
		Since:      "7.0.0", Group: "scripting", Complexity: "by the function",
		Summary: "Call a function",
		Syntax:  "function numkeys:integer [key@0...] [arg...]"}, run: cmdFCall, flagsOf: fcallFlagsOf},
	{Spec: command.Spec{Name: "fcall_ro", Arity: -3, Flags: evalFlags | command.ReadOnly,
		Categories: command.CatScripting,
		Keys:       scriptKeys("what a function does with its keys is unknown: that it reads them is assumed", command.RO|command.Access),
		Since:      "7.0.0", Group: "scripting", Complexity: "by the function",
		Summary: "Call a function that changes nothing",
		Syntax:  "function numkeys:integer [key@0...] [arg...]"}, run: cmdFCallRO, flagsOf: fcallFlagsOf},
	{Spec: command.Spec{Name: "function", Arity: -2,
		Since: "7.0.0", Group: "scripting", Complexity: "by subcommand",
		Summary: "Commands about libraries of functions"}},
	{Spec: command.Spec{Name: "function|delete", Arity: 3, Flags: command.NoScript | command.Write,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(1)",
		Summary: "Remove a library with its functions",
		Syntax:  "library-name", Tips: allShards}, run: cmdFunctionDelete},
	{Spec: command.Spec{Name: "function|dump", Arity: 2, Flags: command.NoScript,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(N), N functions",
		Summary: "Export all libraries in serialized form"}, run: cmdFunctionDump},
	{Spec: command.Spec{Name: "function|flush", Arity: -2, Flags: command.NoScript | command.Write,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(N), N functions deleted",
		Summary: "Remove all libraries",
		Syntax:  "flush-type=[ASYNC | SYNC]", Tips: allShards}, run: cmdFunctionFlush},
	{Spec: command.Spec{Name: "function|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "function|kill", Arity: 2, Flags: command.NoScript | command.AllowBusy,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(1)",
		Summary: "End the function that runs",
		Tips:    []string{"request_policy:all_shards", "response_policy:one_succeeded"}}, run: cmdFunctionKill},
	{Spec: command.Spec{Name: "function|list", Arity: -2, Flags: command.NoScript,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(N), N functions",
		Summary: "Tell which libraries there are",
		Syntax:  "[LIBRARYNAME library-name-pattern] [WITHCODE]",
		Tips:    []string{"nondeterministic_output_order"}}, run: cmdFunctionList},
	{Spec: command.Spec{Name: "function|load", Arity: -3, Flags: command.NoScript | command.Write | command.DenyOOM,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(1), without the time to compile",
		Summary: "Add a library",
		Syntax:  "[REPLACE] function-code", Tips: allShards}, run: cmdFunctionLoad},
	{Spec: command.Spec{Name: "function|restore", Arity: -3, Flags: command.NoScript | command.Write | command.DenyOOM,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(N), N functions in the payload",
		Summary: "Import libraries from their serialized form",
		Syntax:  "serialized-value policy=[FLUSH | APPEND | REPLACE]", Tips: allShards}, run: cmdFunctionRestore},
	{Spec: command.Spec{Name: "function|stats", Arity: 2, Flags: command.NoScript | command.AllowBusy,
		Categories: command.CatScripting,
		Since:      "7.0.0", Group: "scripting", Complexity: "O(1)",
		Summary: "Tell what runs, and how many functions there are",
		Tips:    []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"}}, run: cmdFunctionStats},
}

// fcallFlagsOf are the command flags of an FCALL, by what its function declares.
func fcallFlagsOf(s *Server, r *row, args [][]byte) command.Flags {
	if f := s.functions.Function(args[1]); f != nil {
		return commandFlags(r, f.Flags)
	}
	return r.Flags
}

func cmdFCall(c *Call)   { c.fcall(false) }
func cmdFCallRO(c *Call) { c.fcall(true) }

func (c *Call) fcall(readOnly bool) {
	f := c.srv.functions.Function(c.args[1])
	if f == nil {
		c.err("ERR Function not found")
		return
	}
	numKeys, ok := c.numKeys("ERR Bad number of keys provided")
	if !ok {
		return
	}
	r := c.startScript(f.Name, f.Flags, readOnly)
	if r == nil {
		return
	}
	defer r.end()
	r.eval = false
	vm := c.srv.functions.VM()
	v, err := vm.Do(&r.Run, f.Callback, vm.Strings(c.args[3:3+numKeys]), vm.Strings(c.args[3+numKeys:]))
	if err != nil {
		c.scriptError(err.Reply(r.Name), err.Counted)
		return
	}
	vm.Reply(c.out, &r.Run, v, c.scriptError)
}

func cmdFunctionLoad(c *Call) {
	last, replace := len(c.args)-1, false
	for i := 2; i < last; i++ {
		if !c.is(i, "replace") {
			c.err("ERR Unknown option given: " + string(c.args[i]))
			return
		}
		replace = true
	}
	ctx := c.srv.life
	if !c.c.isMaster { // what it sends the others have already
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, functionLoadLimit, errFunctionLoad)
		defer cancel()
	}
	name, err := c.srv.functions.Load(ctx, string(c.args[last]), replace)
	if err != nil {
		c.err("ERR " + err.Error())
		return
	}
	c.dirty++
	c.out.BulkString(name)
}

func cmdFunctionDelete(c *Call) {
	if !c.srv.functions.Delete(string(c.args[2])) {
		c.err("ERR Library not found")
		return
	}
	c.dirty++
	c.out.OK()
}

// cmdFunctionFlush takes ASYNC and SYNC for the same: the collector frees what is removed.
func cmdFunctionFlush(c *Call) {
	switch {
	case len(c.args) > 3:
		c.wrongSubcommand()
		return
	case len(c.args) == 3 && !c.is(2, "sync") && !c.is(2, "async"):
		c.err("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
		return
	}
	c.srv.functions = c.srv.newFunctions()
	c.dirty++
	c.out.OK()
}

func cmdFunctionDump(c *Call) {
	opts := rdb.WriterOptions{Compress: config.RDBCompression.Get(c.srv.cfg)}
	c.out.Bulk(rdb.AppendFunctions(nil, opts, c.srv.functions.Sources()))
}

func cmdFunctionRestore(c *Call) {
	flush, replace := false, false
	if len(c.args) > 4 {
		c.wrongSubcommand()
		return
	}
	if len(c.args) == 4 {
		flush, replace = c.is(3, "flush"), c.is(3, "replace")
		if !flush && !replace && !c.is(3, "append") {
			c.err("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
			return
		}
	}
	s := c.srv
	restored := s.functions.Sibling()
	err := rdb.ReadFunctions(c.args[2], rdb.ReaderOptions{SkipChecksum: s.debug.skipChecksum}, func(source []byte) error {
		_, err := restored.Load(s.life, string(source), false)
		return err
	})
	if err == nil && !flush {
		err = s.functions.Join(restored, replace)
	}
	if err != nil {
		c.err("ERR " + restoreError(err))
		return
	}
	if flush {
		s.functions = restored
	}
	c.dirty++
	c.out.OK()
}

// restoreError words an error of FUNCTION RESTORE for the client.
func restoreError(err error) string {
	var format *rdb.Error
	switch {
	case errors.Is(err, rdb.ErrDump):
		return rdb.ErrDump.Error()
	case errors.Is(err, rdb.ErrNotFunction):
		return rdb.ErrNotFunction.Error()
	case errors.Is(err, rdb.ErrUnsupported):
		return "Pre-GA function format not supported"
	case errors.As(err, &format):
		return "Failed loading library payload"
	}
	return err.Error()
}

// functionListing are the options of FUNCTION LIST.
type functionListing struct {
	pattern          []byte
	filter, withCode bool
}

func (o *functionListing) parse(c *Call) (ok bool) {
	for i := 2; i < len(c.args); i++ {
		switch {
		case !o.withCode && c.is(i, "withcode"):
			o.withCode = true
		case !o.filter && c.is(i, "libraryname"):
			if i++; i == len(c.args) {
				c.err("ERR library name argument was not given")
				return false
			}
			o.pattern, o.filter = c.args[i], true
		default:
			c.err("ERR Unknown argument " + string(c.args[i]))
			return false
		}
	}
	return true
}

func cmdFunctionList(c *Call) {
	var o functionListing
	if !o.parse(c) {
		return
	}
	length, n := c.out.DeferArray(), 0
	for _, lib := range c.srv.functions.Libraries() {
		if !o.filter || glob.MatchFold(o.pattern, []byte(lib.Name)) {
			c.replyLibrary(lib, o.withCode)
			n++
		}
	}
	c.out.SetArrayLen(length, n)
}

func (c *Call) replyLibrary(lib *function.Library, withCode bool) {
	fields := 3
	if withCode {
		fields++
	}
	c.out.Map(fields)
	c.out.BulkString("library_name")
	c.out.BulkString(lib.Name)
	c.out.BulkString("engine")
	c.out.BulkString(function.Engine)
	c.out.BulkString("functions")
	c.out.Array(len(lib.Functions))
	for _, f := range lib.Functions {
		c.out.Map(3)
		c.out.BulkString("name")
		c.out.BulkString(f.Name)
		c.out.BulkString("description")
		if f.Described {
			c.out.BulkString(f.Description)
		} else {
			c.out.Null()
		}
		c.out.BulkString("flags")
		names := f.Flags.Names()
		c.out.Set(len(names))
		for _, name := range names {
			c.out.Simple(name)
		}
	}
	if withCode {
		c.out.BulkString("library_code")
		c.out.BulkString(lib.Source)
	}
}

func cmdFunctionStats(c *Call) {
	s := c.srv
	r := s.scripts.run
	if r != nil && r.eval {
		c.err(errBusyEval)
		return
	}
	c.out.Map(2)
	c.out.BulkString("running_script")
	if r == nil {
		c.out.Null()
	} else {
		c.out.Map(3)
		c.out.BulkString("name")
		c.out.BulkString(r.Name)
		c.out.BulkString("command")
		c.out.Array(len(r.call.args))
		for _, arg := range r.call.args {
			c.out.Bulk(arg)
		}
		c.out.BulkString("duration_ms")
		c.out.Int((s.mono() - r.began).Milliseconds())
	}
	libraries, functions := s.functions.Len()
	c.out.BulkString("engines")
	c.out.Map(1)
	c.out.BulkString(function.Engine)
	c.out.Map(2)
	c.out.BulkString("libraries_count")
	c.out.Int(int64(libraries))
	c.out.BulkString("functions_count")
	c.out.Int(int64(functions))
}

func cmdFunctionKill(c *Call) { c.killScript(false) }
