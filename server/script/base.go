package script

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openBase replaces the basic functions that must know of protected tables, or that print numbers, or raise errors
// otherwise than Lua does.
func (vm *VM) openBase() {
	vm.register(vm.globals, map[string]func(args) int{
		"assert":         baseAssert,
		"collectgarbage": baseCollectGarbage,
		"error":          baseError,
		"gcinfo":         baseGCInfo,
		"getmetatable":   func(a args) int { return a.push(vm.metatable(a.L, a.any(1))) },
		"ipairs":         vm.baseIpairs,
		"load":           vm.baseLoad,
		"loadstring":     vm.baseLoadString,
		"next":           baseNext,
		"pairs":          basePairs,
		"pcall":          vm.basePcall,
		"rawequal":       baseRawEqual,
		"rawget":         func(a args) int { return a.push(a.table(1).RawGet(a.any(2))) },
		"rawset":         baseRawSet,
		"select":         baseSelect,
		"setmetatable":   baseSetMetatable,
		"tonumber":       baseToNumber,
		"tostring":       vm.baseToString,
		"type":           func(a args) int { return a.push(lua.LString(a.any(1).Type().String())) },
		"unpack":         baseUnpack,
		"xpcall":         vm.baseXpcall,
	})
	vm.concat = vm.L.NewFunction(vm.concatenate)
	vm.length = vm.L.NewFunction(lengthOf)
	vm.modulo = vm.L.NewFunction(vm.moduloOf)
	vm.loopNumber = vm.L.NewFunction(loopNumber)
	vm.ipairsNext = vm.L.NewFunction(ipairsNext)
	vm.globals.RawSetString("_VERSION", lua.LString("Lua 5.1"))
}

// push pushes a function's only result.
func (a args) push(v lua.LValue) int {
	a.L.Push(v)
	return 1
}

func (a args) pushNumber(f float64) int { return a.push(lua.LNumber(f)) }
func (a args) pushString(s string) int  { return a.push(lua.LString(s)) }

// baseToString returns what a metamethod says, whatever that is.
func (vm *VM) baseToString(a args) int {
	v := a.any(1)
	if fn, ok := metamethod(a.L, v, "__tostring").(*lua.LFunction); ok {
		return a.push(vm.call(a.L, fn, v))
	}
	return a.pushString(vm.tostring(a.L, v))
}

// tostring is Lua's function of that name, but that it has to be a string.
func (vm *VM) tostring(L *lua.LState, v lua.LValue) string {
	if lua.LVCanConvToString(v) {
		return text(v)
	}
	if fn, ok := metamethod(L, v, "__tostring").(*lua.LFunction); ok {
		r := vm.call(L, fn, v)
		if !lua.LVCanConvToString(r) {
			raise(L, "'tostring' must return a string to 'print'")
		}
		return text(r)
	}
	switch v := v.(type) {
	case *lua.LTable:
		return fmt.Sprintf("table: %p", v)
	case *lua.LFunction:
		if v.IsG {
			return fmt.Sprintf("function: builtin: %p", v)
		}
	}
	return v.String()
}

func metamethod(L *lua.LState, v lua.LValue, event string) lua.LValue {
	mt, ok := rawMetatable(L, v).(*lua.LTable)
	if !ok {
		return lua.LNil
	}
	return mt.RawGetString(event)
}

// rawMetatable returns a value's metatable, whatever its __metatable field says.
func rawMetatable(L *lua.LState, v lua.LValue) lua.LValue {
	switch v := v.(type) {
	case *lua.LTable:
		return v.Metatable
	case *lua.LUserData:
		return v.Metatable
	}
	return L.GetMetatable(v)
}

// call calls a function from Go and returns its first result. Such calls nest on Go's stack, so they are counted.
func (vm *VM) call(L *lua.LState, fn lua.LValue, values ...lua.LValue) lua.LValue {
	vm.enter(L)
	L.Push(fn)
	for _, v := range values {
		L.Push(v)
	}
	L.Call(len(values), 1)
	vm.nested--
	v := L.Get(-1)
	L.Pop(1)
	return v
}

// enter counts a call from Go to Lua. Who catches errors sets the count back.
func (vm *VM) enter(L *lua.LState) {
	if vm.nested >= maxNested {
		raise(L, "C stack overflow")
	}
	vm.nested++
}

func baseAssert(a args) int {
	v := a.any(1)
	if lua.LVIsFalse(v) {
		raise(a.L, a.optString(2, "assertion failed!"))
	}
	return a.L.GetTop()
}

func baseError(a args) int {
	level := a.optInt(2, 1)
	v := a.L.Get(1)
	s, ok := v.(lua.LString)
	if n, isNumber := v.(lua.LNumber); isNumber {
		s, ok = lua.LString(text(n)), true
	}
	if !ok {
		a.L.Error(v, 0)
		return 0
	}
	if level > 0 {
		if place := a.L.Where(level); place != "" && !strings.HasPrefix(place, "[G]") {
			s = lua.LString(place+" ") + s
		}
	}
	a.L.Error(s, 0)
	return 0
}

func baseCollectGarbage(a args) int {
	switch a.optString(1, "collect") {
	case "count":
		return a.pushNumber(luaMemoryKB())
	case "collect", "stop", "restart", "step", "setpause", "setstepmul":
		return a.pushNumber(0)
	}
	a.fail(1, "invalid option '"+a.string(1)+"'")
	return 0
}

func baseGCInfo(a args) int { return a.pushNumber(luaMemoryKB()) }

// luaMemoryKB stands in for the memory that Lua uses, which is on the same heap as all else. Scripts print it at most.
func luaMemoryKB() float64 {
	var m runtime.MemStats
	m.HeapAlloc = 64 << 10
	return float64(m.HeapAlloc) / 1024
}

func baseNext(a args) int {
	t := a.table(1)
	k, v := t.Next(a.L.Get(2))
	if k == lua.LNil {
		return a.push(lua.LNil)
	}
	a.L.Push(k)
	a.L.Push(v)
	return 2
}

// baseIpairs has an iterator of its own, which every call returns.
func (vm *VM) baseIpairs(a args) int {
	t := a.L.Get(1)
	if _, ok := t.(*lua.LTable); !ok {
		a.typeError(1, "table")
	}
	a.L.Push(vm.ipairsNext)
	a.L.Push(t)
	a.L.Push(lua.LNumber(0))
	return 3
}

func ipairsNext(L *lua.LState) int {
	t, _ := L.Get(1).(*lua.LTable)
	n, _ := L.Get(2).(lua.LNumber)
	if t == nil {
		raise(L, "bad argument #1 to 'for iterator' (table expected, got "+L.Get(1).Type().String()+")")
	}
	v := t.RawGet(n + 1)
	if v == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(n + 1)
	L.Push(v)
	return 2
}

func basePairs(a args) int {
	t := a.L.Get(1)
	if _, ok := t.(*lua.LTable); !ok {
		a.typeError(1, "table")
	}
	a.L.Push(a.vm.globals.RawGetString("next"))
	a.L.Push(t)
	a.L.Push(lua.LNil)
	return 3
}

func baseRawEqual(a args) int {
	return a.push(lua.LBool(a.L.RawEqual(a.any(1), a.any(2))))
}

func baseRawSet(a args) int {
	t := a.ownTable(1)
	a.any(3)
	if a.L.Get(2) == lua.LNil {
		a.L.Error(lua.LString("table index is nil"), 0)
	}
	a.L.RawSet(t, a.L.Get(2), a.L.Get(3))
	return a.push(t)
}

func baseSelect(a args) int {
	n := a.L.GetTop()
	if s, ok := a.L.Get(1).(lua.LString); ok && strings.HasPrefix(string(s), "#") {
		return a.pushNumber(float64(n - 1))
	}
	i := a.int(1)
	switch {
	case i < 0:
		i = n + i
	case i > n:
		i = n
	}
	if i < 1 {
		a.fail(1, "index out of range")
	}
	return n - i
}

func baseSetMetatable(a args) int {
	t := a.ownTable(1)
	mt := a.any(2)
	switch mt.(type) {
	case *lua.LTable, *lua.LNilType:
	default:
		a.typeError(2, "nil or table")
	}
	if metamethod(a.L, t, "__metatable") != lua.LNil {
		raise(a.L, "cannot change a protected metatable")
	}
	if m, ok := mt.(*lua.LTable); ok {
		mt = a.vm.real(m)
	}
	t.Metatable = mt
	return a.push(t)
}

func baseToNumber(a args) int {
	base := a.optInt(2, 10)
	if base == 10 {
		if f, ok := toNumber(a.any(1)); ok {
			return a.pushNumber(f)
		}
		return a.push(lua.LNil)
	}
	s := strings.Trim(a.string(1), blanks)
	if base < 2 || base > 36 {
		a.fail(2, "base out of range")
	}
	if base == 16 {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
	}
	digits, negative := strings.CutPrefix(s, "-")
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.Contains(s, "_") {
		return a.push(lua.LNil)
	}
	if negative {
		return a.pushNumber(float64(-n)) // as strtoul has it
	}
	return a.pushNumber(float64(n))
}

func baseUnpack(a args) int {
	t := a.table(1)
	i := a.optInt(2, 1)
	e := a.optInt(3, -1)
	if a.L.Get(3) == lua.LNil {
		e = tableLen(t)
	}
	if i > e {
		return 0
	}
	n := e - i + 1
	if n <= 0 || n > maxUnpack-a.L.GetTop() {
		raise(a.L, "too many results to unpack")
	}
	for ; i <= e; i++ {
		a.L.Push(t.RawGet(lua.LNumber(i)))
	}
	return n
}

func (vm *VM) baseLoadString(a args) int {
	source := a.string(1)
	return vm.load(a.L, source, a.optString(2, source))
}

// maxChunk bounds what load collects of its function.
const maxChunk = maxString

func (vm *VM) baseLoad(a args) int {
	fn, name := a.function(1), a.optString(2, "=(load)")
	var source strings.Builder
	for source.Len() < maxChunk {
		piece := vm.call(a.L, fn)
		if piece != lua.LNil && !lua.LVCanConvToString(piece) {
			raise(a.L, "reader function must return a string")
		}
		if text(piece) == "" {
			break
		}
		source.WriteString(text(piece))
	}
	return vm.load(a.L, source.String(), name)
}

// load pushes the function that a source text is, or nil and a message.
func (vm *VM) load(L *lua.LState, source, name string) int {
	fn, err := vm.Compile(source, chunkName(name))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(fn.LFunction)
	return 1
}

// chunkName returns how messages refer to a chunk.
func chunkName(name string) string {
	const room = 60 // LUA_IDSIZE
	if name != "" && (name[0] == '=' || name[0] == '@') {
		return name[1:min(len(name), room)]
	}
	line, _, cut := strings.Cut(name, "\n")
	if limit := room - len(`[string "..."]`) - 1; len(line) > limit || cut {
		line = line[:min(len(line), limit)] + "..."
	}
	return `[string "` + line + `"]`
}

// basePcall is pcall, but that an error's table is caught as its text, as in the days before errors were tables.
func (vm *VM) basePcall(a args) int {
	fn := a.any(1)
	L := a.L
	if _, ok := fn.(*lua.LFunction); !ok && metamethod(L, fn, "__call") == lua.LNil {
		L.Push(lua.LFalse)
		return 1 + a.pushString("attempt to call a "+fn.Type().String()+" value")
	}
	err := vm.protected(L, L.GetTop()-1)
	if err != nil {
		v := vm.caught(err)
		if t, ok := v.(*lua.LTable); ok {
			if msg := L.GetField(t, "err"); lua.LVCanConvToString(msg) {
				v = msg
			}
		}
		L.Push(lua.LFalse)
		L.Push(v)
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

func (vm *VM) baseXpcall(a args) int {
	fn, handler := a.any(1), a.any(2)
	L := a.L
	L.SetTop(0)
	L.Push(fn)
	depth, oldRun := vm.nested, vm.run
	vm.enter(L)
	h := L.NewFunction(func(L *lua.LState) int {
		v := L.Get(1)
		if s, ok := v.(lua.LString); ok {
			v = lua.LString(translate(string(s)))
		}
		if err := L.CallByParam(lua.P{Fn: handler, NRet: 1, Protect: true, Handler: vm.passOn}, v); err != nil {
			L.Push(lua.LString("error in error handling"))
		}
		return 1
	})
	err := L.PCall(0, lua.MultRet, h)
	vm.nested, vm.run = depth, oldRun
	if err != nil {
		L.SetTop(0)
		L.Push(lua.LFalse)
		if api, ok := err.(*lua.ApiError); ok {
			L.Push(api.Object)
		} else {
			L.Push(lua.LString(err.Error()))
		}
		return 2
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// protected calls the function below the topmost n values, and leaves its results. After an error it leaves nothing.
func (vm *VM) protected(L *lua.LState, n int) error {
	depth := vm.nested
	vm.enter(L)
	err := L.PCall(n, lua.MultRet, vm.passOn)
	vm.nested = depth
	return err
}

// caught returns the value that an error was raised with.
func (vm *VM) caught(err error) lua.LValue {
	api, ok := err.(*lua.ApiError)
	if !ok {
		return lua.LString(err.Error())
	}
	if s, ok := api.Object.(lua.LString); ok {
		return lua.LString(translate(string(s)))
	}
	return api.Object
}

// concatenate is the operator "..".
func (vm *VM) concatenate(L *lua.LState) int {
	n := L.GetTop()
	size := 0
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 24
		default:
			return vm.concatenateOthers(L)
		}
	}
	vm.checkSize(L, size)
	if n == 2 {
		if a, ok := L.Get(1).(lua.LString); ok {
			if b, ok := L.Get(2).(lua.LString); ok {
				L.Push(a + b)
				return 1
			}
		}
	}
	var b strings.Builder
	b.Grow(size)
	var room [32]byte
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			b.WriteString(string(v))
		case lua.LNumber:
			b.Write(appendNumber(room[:0], float64(v)))
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// concatenateOthers is the operator with operands that need a metamethod, from the right.
func (vm *VM) concatenateOthers(L *lua.LState) int {
	right := L.Get(-1)
	for i := L.GetTop() - 1; i >= 1; i-- {
		left := L.Get(i)
		if lua.LVCanConvToString(left) && lua.LVCanConvToString(right) {
			l, r := text(left), text(right)
			vm.checkSize(L, len(l)+len(r))
			right = lua.LString(l + r)
			continue
		}
		fn := metamethod(L, left, "__concat")
		if fn == lua.LNil {
			fn = metamethod(L, right, "__concat")
		}
		if fn == lua.LNil {
			wrong := left
			if lua.LVCanConvToString(left) {
				wrong = right
			}
			raise(L, "attempt to concatenate a "+wrong.Type().String()+" value")
		}
		right = vm.call(L, fn, left, right)
	}
	L.Push(right)
	return 1
}
