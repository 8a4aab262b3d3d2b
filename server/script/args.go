package script

import (
	"treedis/server/script/lualib"

	lua "github.com/yuin/gopher-lua"
)

// args are the arguments of a library function, whose name its error messages give.
type args struct {
	vm   *VM
	L    *lua.LState
	name string
}

// fail raises an error about argument n.
func (a args) fail(n int, msg string) {
	name := a.name
	if calledFromGo(a.L) {
		name = "?"
	}
	raise(a.L, "bad argument #"+itoa(n)+" to '"+name+"' ("+msg+")")
}

func (a args) typeError(n int, want string) {
	got := "no value"
	if n <= a.L.GetTop() {
		got = a.L.Get(n).Type().String()
	}
	a.fail(n, want+" expected, got "+got)
}

func (a args) any(n int) lua.LValue {
	if n > a.L.GetTop() {
		a.fail(n, "value expected")
	}
	return a.L.Get(n)
}

// table returns a table to read: what is behind it if it is protected.
func (a args) table(n int) *lua.LTable {
	t, ok := a.L.Get(n).(*lua.LTable)
	if !ok {
		a.typeError(n, "table")
	}
	return a.vm.real(t)
}

// ownTable returns a table to change, and refuses one that is protected.
func (a args) ownTable(n int) *lua.LTable {
	t, ok := a.L.Get(n).(*lua.LTable)
	if !ok {
		a.typeError(n, "table")
	}
	a.vm.writable(a.L, t)
	return t
}

func (a args) function(n int) *lua.LFunction {
	fn, ok := a.L.Get(n).(*lua.LFunction)
	if !ok {
		a.typeError(n, "function")
	}
	return fn
}

func (a args) number(n int) float64 {
	f, ok := toNumber(a.L.Get(n))
	if !ok {
		a.typeError(n, "number")
	}
	return f
}

func (a args) int(n int) int { return int(lualib.ToInt64(a.number(n))) }

func (a args) optInt(n, otherwise int) int {
	if a.L.Get(n) == lua.LNil {
		return otherwise
	}
	return a.int(n)
}

func (a args) string(n int) string {
	v := a.L.Get(n)
	if !lua.LVCanConvToString(v) {
		a.typeError(n, "string")
	}
	return text(v)
}

func (a args) optString(n int, otherwise string) string {
	if a.L.Get(n) == lua.LNil {
		return otherwise
	}
	return a.string(n)
}

// register puts functions into a library's table. Each gets its arguments, and returns how many results it pushed.
func (vm *VM) register(lib *lua.LTable, functions map[string]func(args) int) {
	for name, fn := range functions {
		lib.RawSetString(name, vm.L.NewFunction(func(L *lua.LState) int { return fn(args{vm, L, name}) }))
	}
}

// library returns the table of a library that gopher-lua made.
func (vm *VM) library(name string) *lua.LTable { return vm.globals.RawGetString(name).(*lua.LTable) }
