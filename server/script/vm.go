// Package script runs Lua scripts as Redis does: the sandbox, the redis.* functions, the conversions between Lua's
// values and replies. It knows no sockets and no commands: what a script asks for goes to its Host.
//
// A VM is Lua 5.1 on gopher-lua, with the functions of the standard library that differ from PUC's Lua replaced. It
// runs one script at a time; its owner sees to that.
//
// A script that does not end is stopped through its Run. One that recurses without end, or makes a string or a
// table that is too large, gets an error.
package script

import (
	lua "github.com/yuin/gopher-lua"
)

// Host is the server as a script sees it.
type Host interface {
	// Call executes a command and returns its reply, as RESP of the version in force. The reply is valid until the next
	// call. refused is the error with which the command was refused before it ran, "" if it did run; it begins with
	// "-" and its code, or has none.
	Call(args [][]byte) (reply []byte, refused string)
	// SetProtocol chooses the version of the replies that Call returns, 2 or 3.
	SetProtocol(version int)
	// SetReplication chooses who gets the effects of the commands that follow.
	SetReplication(to Replication)
	// Allowed reports whether the user may execute a command. found is false if there is no such command.
	Allowed(args [][]byte) (allowed, found bool)
}

// Replication is a set of those who get the effects of a script's commands.
type Replication int

// The values of redis.REPL_*.
const (
	ReplicateAOF      Replication = 1
	ReplicateReplicas Replication = 2
	ReplicateAll                  = ReplicateAOF | ReplicateReplicas
)

// Options are what a VM needs from outside.
type Options struct {
	// Log writes to the server's log what a script passes to redis.log, at one of Redis's levels, 0 for debug to 3 for
	// warning. Enabled tells whether a level is logged at all.
	Log     func(level int, text string)
	Enabled func(level int) bool
	// Version is what redis.REDIS_VERSION says, VersionNum its number.
	Version    string
	VersionNum int
	// Rand is the generator behind math.random.
	Rand *Rand
	// Eval makes the global variables and functions that EVAL's scripts have and libraries of functions have not.
	Eval bool
}

// Limits of a VM. PUC's Lua has the same but for the last two, which there depend on the machine's memory.
const (
	maxCalls      = 20000     // nested calls of Lua functions
	maxNested     = 200       // nested calls of Lua from Go: pcall, coroutines, callbacks of library functions
	maxRegistry   = 1 << 20   // values on the stack
	firstRegistry = 1 << 9    // of them at first
	growRegistry  = 1 << 14   // how it grows
	maxUnpack     = 8000      // values that unpack returns
	maxString     = 512 << 20 // bytes
	largeString   = 1 << 20   // bytes, from which on it is asked before a string is made whether the script may go on
)

// What a VM takes, in bytes: a new one; a value on the stack; a table that scripts see protected, and what they see of it.
const (
	newVMBytes     = 96 << 10
	valueBytes     = 16
	protectedBytes = 200
)

// VM is a Lua state with Redis's sandbox.
type VM struct {
	L    *lua.LState
	opts Options

	globals    *lua.LTable                 // the real table of the global variables
	public     *lua.LTable                 // what scripts take for it
	readonly   map[*lua.LTable]*lua.LTable // what scripts see of protected tables -> the tables themselves
	facades    map[*lua.LTable]*lua.LTable // the reverse
	atFirst    int                         // how many of them a new VM has
	refuse     *lua.LFunction              // raises the error of writing to what is protected
	concat     *lua.LFunction
	length     *lua.LFunction
	modulo     *lua.LFunction
	loopNumber *lua.LFunction
	ipairsNext *lua.LFunction
	handler    *lua.LFunction // turns what was raised into an Error's table
	passOn     *lua.LFunction // a handler that changes next to nothing: without one gopher-lua words a trace of the stack
	run        *Run
	nested     int // calls of Lua from Go that are under way
	resumable  int // nested, as it was when the running coroutine was resumed; -1 for none
	loading    loading
	args       [][]byte // scratch of redis.call
	argBytes   []byte   // scratch of redis.call
}

// New returns a VM.
func New(opts Options) *VM {
	vm := &VM{opts: opts, readonly: map[*lua.LTable]*lua.LTable{}, facades: map[*lua.LTable]*lua.LTable{}}
	vm.L = lua.NewState(lua.Options{
		SkipOpenLibs: true, CallStackSize: maxCalls, MinimizeStackMemory: true,
		RegistrySize: firstRegistry, RegistryMaxSize: maxRegistry, RegistryGrowStep: growRegistry,
	})
	vm.open()
	vm.atFirst = len(vm.readonly)
	return vm
}

// Memory returns what the VM takes by itself, in bytes: what it took when it was new, and what runs have left behind since, on its stack, in
// its scratch buffers, and as protected tables. It is for when no script runs. A VM that is nil takes nothing.
func (vm *VM) Memory() int64 {
	if vm == nil {
		return 0
	}
	return int64(newVMBytes + valueBytes*vm.L.GetTop() + protectedBytes*(len(vm.readonly)-vm.atFirst) +
		cap(vm.argBytes) + sliceBytes*cap(vm.args))
}

const sliceBytes = 24 // of one that is an argument

// SetGlobal sets a global variable of all scripts.
func (vm *VM) SetGlobal(name string, v lua.LValue) { vm.globals.RawSetString(name, v) }

// Strings makes an array of strings, such as KEYS.
func (vm *VM) Strings(words [][]byte) *lua.LTable {
	t := vm.L.CreateTable(len(words), 0)
	for i, w := range words {
		t.RawSetInt(i+1, lua.LString(w))
	}
	return t
}
