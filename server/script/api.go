package script

import (
	"crypto/sha1"
	"encoding/hex"
	"math"

	"treedis/server/resp"

	lua "github.com/yuin/gopher-lua"
)

// openRedis makes the redis table.
func (vm *VM) openRedis() {
	L := vm.L
	t := L.CreateTable(0, 1)
	for name, fn := range map[string]lua.LGFunction{
		"call":          vm.redisCall,
		"pcall":         vm.redisPcall,
		"setresp":       vm.redisSetResp,
		"sha1hex":       redisSHA1Hex,
		"error_reply":   redisErrorReply,
		"status_reply":  redisStatusReply,
		"set_repl":      vm.redisSetRepl,
		"acl_check_cmd": vm.redisACLCheck,
	} {
		t.RawSetString(name, L.NewFunction(fn))
	}
	if vm.opts.Eval {
		for name, fn := range map[string]lua.LGFunction{
			"breakpoint":         redisBreakpoint,
			"debug":              func(*lua.LState) int { return 0 },
			"replicate_commands": redisReplicateCommands,
		} {
			t.RawSetString(name, L.NewFunction(fn))
		}
	}
	vm.openLog(t)
	vm.openVersion(t)
	for name, n := range map[string]int{
		"REPL_NONE": 0, "REPL_AOF": int(ReplicateAOF), "REPL_SLAVE": int(ReplicateReplicas),
		"REPL_REPLICA": int(ReplicateReplicas), "REPL_ALL": int(ReplicateAll),
	} {
		t.RawSetString(name, lua.LNumber(n))
	}
	vm.globals.RawSetString("redis", t)
	vm.globals.RawSetString("server", t) // as Valkey calls it
	vm.handler = L.NewFunction(vm.errorHandler)
	vm.passOn = L.NewFunction(func(L *lua.LState) int {
		L.Push(named(L, L.Get(1)))
		return 1
	})
	if vm.opts.Eval {
		vm.globals.RawSetString("__redis__err__handler", vm.handler)
	}
}

// openLog puts what is needed to log into the redis table.
func (vm *VM) openLog(t *lua.LTable) {
	t.RawSetString("log", vm.L.NewFunction(vm.redisLog))
	for level, name := range []string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"} {
		t.RawSetString(name, lua.LNumber(level))
	}
}

// openVersion puts the version into the redis table.
func (vm *VM) openVersion(t *lua.LTable) {
	t.RawSetString("REDIS_VERSION", lua.LString(vm.opts.Version))
	t.RawSetString("REDIS_VERSION_NUM", lua.LNumber(vm.opts.VersionNum))
}

func (vm *VM) redisCall(L *lua.LState) int {
	if !vm.command(L) {
		L.Error(L.Get(-1), 0)
	}
	return 1
}

func (vm *VM) redisPcall(L *lua.LState) int {
	vm.command(L)
	return 1
}

// command executes the command in the arguments and pushes its reply. It returns false if that is an error.
func (vm *VM) command(L *lua.LState) bool {
	if vm.run == nil {
		raiseTable(L, "redis.call/pcall can only be called inside a script invocation")
	}
	args, problem := vm.words(L)
	if problem != "" {
		L.SetTop(0)
		L.Push(errorTable(L, problem))
		return false
	}
	reply, refused := vm.run.Host.Call(args)
	vm.forgetWords()
	L.SetTop(0)
	if refused != "" {
		t := errorTable(L, refused)
		t.RawSetString("ignore_error_stats_update", lua.LTrue)
		L.Push(t)
		return false
	}
	d := decoder{L: L, in: reply}
	L.Push(d.value())
	return len(reply) == 0 || reply[0] != '-'
}

// keptArgs bounds the scratch memory that is kept from call to call.
const keptArgs = 64 << 10

// words returns the arguments as a command's words, which are valid until the next call.
func (vm *VM) words(L *lua.LState) (args [][]byte, problem string) {
	n := L.GetTop()
	if n == 0 {
		return nil, "Please specify at least one argument for this redis lib call"
	}
	buf, args := vm.argBytes[:0], vm.args[:0]
	for i := 1; i <= n; i++ {
		start := len(buf)
		switch v := L.Get(i).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			if v != v {
				buf = appendNumber(buf, float64(v)) // with its sign
			} else {
				buf = resp.AppendDouble(buf, float64(v))
			}
		default:
			return nil, "Lua redis lib command arguments must be strings or integers"
		}
		args = append(args, buf[start:len(buf):len(buf)]) // what was there before buf grew stays where it is
	}
	vm.argBytes, vm.args = buf, args
	return args, ""
}

func (vm *VM) forgetWords() {
	if cap(vm.argBytes) > keptArgs {
		vm.argBytes = nil
	}
	if cap(vm.args) > keptArgs/24 {
		vm.args = nil
	}
}

func (vm *VM) redisLog(L *lua.LState) int {
	n := L.GetTop()
	if n < 2 {
		raiseTable(L, "redis.log() requires two arguments or more.")
	}
	level, ok := toNumber(L.Get(1))
	if !ok {
		raiseTable(L, "First argument must be a number (log level).")
	}
	if level < 0 || int(level) > 3 {
		raiseTable(L, "Invalid debug level.")
	}
	if !vm.opts.Enabled(int(level)) {
		return 0
	}
	var line []byte
	for i := 2; i <= n; i++ {
		if v := L.Get(i); lua.LVCanConvToString(v) {
			if i > 2 {
				line = append(line, ' ')
			}
			line = append(line, text(v)...)
		}
	}
	vm.opts.Log(int(level), string(line))
	return 0
}

func (vm *VM) redisSetResp(L *lua.LState) int {
	if L.GetTop() != 1 {
		raiseTable(L, "redis.setresp() requires one argument.")
	}
	n, _ := toNumber(L.Get(1))
	if v := int(n); v != 2 && v != 3 {
		raiseTable(L, "RESP version must be 2 or 3.")
	}
	if vm.run != nil {
		vm.run.protocol = int(n)
		vm.run.Host.SetProtocol(int(n))
	}
	return 0
}

func redisSHA1Hex(L *lua.LState) int {
	if L.GetTop() != 1 {
		raiseTable(L, "wrong number of arguments")
	}
	s := ""
	if v := L.Get(1); lua.LVCanConvToString(v) {
		s = text(v)
	}
	L.Push(lua.LString(SHA1(s)))
	return 1
}

// SHA1 returns the hexadecimal digest by which a script is known.
func SHA1(source string) string {
	sum := sha1.Sum([]byte(source))
	return hex.EncodeToString(sum[:])
}

func redisErrorReply(L *lua.LState) int {
	s, ok := L.Get(1).(lua.LString)
	if L.GetTop() != 1 || !ok {
		L.Push(errorTable(L, "wrong number or type of arguments"))
		return 1
	}
	msg := string(s)
	if len(msg) == 0 || msg[0] != '-' {
		msg = "-" + msg
	}
	L.Push(errorTable(L, msg))
	return 1
}

func redisStatusReply(L *lua.LState) int {
	s, ok := L.Get(1).(lua.LString)
	if L.GetTop() != 1 || !ok {
		L.Push(errorTable(L, "wrong number or type of arguments"))
		return 1
	}
	t := L.CreateTable(0, 1)
	t.RawSetString("ok", s)
	L.Push(t)
	return 1
}

func (vm *VM) redisSetRepl(L *lua.LState) int {
	if L.GetTop() != 1 {
		raiseTable(L, "redis.set_repl() requires one argument.")
	}
	n, _ := toNumber(L.Get(1))
	if to := Replication(n); math.IsNaN(n) || to&^ReplicateAll != 0 {
		raiseTable(L, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	if vm.run != nil {
		vm.run.Host.SetReplication(Replication(n))
	}
	return 0
}

func (vm *VM) redisACLCheck(L *lua.LState) int {
	args, problem := vm.words(L)
	if problem != "" {
		raiseTable(L, problem)
	}
	if vm.run == nil {
		raiseTable(L, "redis.acl_check_cmd can only be called inside a script invocation")
	}
	allowed, found := vm.run.Host.Allowed(args)
	if !found {
		raiseTable(L, "Invalid command passed to redis.acl_check_cmd()")
	}
	L.Push(lua.LBool(allowed))
	return 1
}

// redisBreakpoint tells that no debugger is there.
func redisBreakpoint(L *lua.LState) int {
	L.Push(lua.LFalse)
	return 1
}

func redisReplicateCommands(L *lua.LState) int {
	L.Push(lua.LTrue)
	return 1
}
