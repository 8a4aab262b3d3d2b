package script

import (
	lua "github.com/yuin/gopher-lua"
)

const errYield = "attempt to yield across metamethod/C-call boundary"

// openCoroutine makes coroutines interruptible, and counts how deep they are nested: each takes its share of Go's
// stack.
func (vm *VM) openCoroutine() {
	lib := vm.library("coroutine")
	create, resume, wrap := lib.RawGetString("create"), lib.RawGetString("resume"), lib.RawGetString("wrap")
	status := lib.RawGetString("status")
	yield := lib.RawGetString("yield").(*lua.LFunction)
	vm.register(lib, map[string]func(args) int{
		"create": func(a args) int {
			luaFunction(a)
			vm.delegate(a.L, create)
			vm.attach(a.L.Get(-1))
			return 1
		},
		"status": func(a args) int {
			if _, ok := a.L.Get(1).(*lua.LState); !ok {
				a.fail(1, "coroutine expected")
			}
			return vm.delegate(a.L, status)
		},
		"resume": func(a args) int {
			if _, ok := a.L.Get(1).(*lua.LState); !ok {
				a.fail(1, "coroutine expected")
			}
			vm.resume(a.L, resume)
			if msg, ok := a.L.Get(2).(lua.LString); ok && a.L.Get(1) == lua.LFalse {
				a.L.Replace(2, lua.LString(translate(string(msg))))
			}
			return a.L.GetTop()
		},
		"wrap": func(a args) int {
			luaFunction(a)
			vm.delegate(a.L, wrap)
			inner := a.L.Get(-1).(*lua.LFunction)
			vm.attach(inner.Upvalues[0].Value())
			return a.push(a.L.NewFunction(func(L *lua.LState) int { return vm.resume(L, inner) }))
		},
		// Lua cannot leave a Go function that called it.
		"yield": func(a args) int {
			if vm.nested != vm.resumable {
				a.L.Error(lua.LString(errYield), 0)
			}
			return yield.GFunction(a.L)
		},
	})
}

func luaFunction(a args) {
	if fn, ok := a.L.Get(1).(*lua.LFunction); !ok || fn.IsG {
		a.fail(1, "Lua function expected")
	}
}

// attach makes a coroutine ask whether the script is to go on, as its creator does.
func (vm *VM) attach(v lua.LValue) {
	if thread, ok := v.(*lua.LState); ok && vm.L.Context() != nil {
		thread.SetContext(hook{vm})
	}
}

// resume runs a coroutine until it yields or ends.
func (vm *VM) resume(L *lua.LState, fn lua.LValue) int {
	vm.enter(L)
	outer, depth := vm.resumable, vm.nested
	vm.resumable = depth
	defer func() { vm.nested, vm.resumable = depth-1, outer }()
	return vm.delegate(L, fn)
}

// delegate calls a function of gopher-lua's with the arguments that the running one got.
func (vm *VM) delegate(L *lua.LState, fn lua.LValue) int {
	n := L.GetTop()
	L.Insert(fn, 1)
	L.Call(n, lua.MultRet)
	return L.GetTop()
}
