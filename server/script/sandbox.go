package script

import (
	"slices"

	"treedis/server/script/lualib"

	lua "github.com/yuin/gopher-lua"
)

const errReadOnly = "Attempt to modify a readonly table"

// open builds the global variables and protects them.
func (vm *VM) open() {
	L := vm.L
	for _, lib := range []lua.LGFunction{lua.OpenBase, lua.OpenTable, lua.OpenString, lua.OpenMath, lua.OpenCoroutine} {
		L.Push(L.NewFunction(lib))
		L.Call(0, 0)
	}
	vm.globals = L.Get(lua.GlobalsIndex).(*lua.LTable)
	for _, open := range []func(*lua.LState){
		lualib.OpenCJSON, lualib.OpenCMsgpack, lualib.OpenStruct, lualib.OpenBit,
	} {
		open(L)
	}
	vm.openBase()
	vm.openTable()
	vm.openString()
	vm.openMath()
	vm.openCoroutine()
	vm.openRedis()
	vm.dropUnknownGlobals()
	vm.protect()
}

// allowedGlobals are all global variables that there are.
var allowedGlobals = []string{
	"string", "cjson", "bit", "cmsgpack", "math", "table", "struct", "coroutine", "redis", "server", "_G", "_VERSION",
	"assert", "collectgarbage", "error", "gcinfo", "getfenv", "getmetatable", "ipairs", "load", "loadstring",
	"newproxy", "next", "pairs", "pcall", "rawequal", "rawget", "rawset", "select", "setfenv", "setmetatable",
	"tonumber", "tostring", "type", "unpack", "xpcall", "__redis__err__handler", "os",
}

func (vm *VM) dropUnknownGlobals() {
	var drop []lua.LValue
	vm.globals.ForEach(func(k, _ lua.LValue) {
		if !slices.Contains(allowedGlobals, k.String()) {
			drop = append(drop, k)
		}
	})
	for _, k := range drop {
		vm.globals.RawSet(k, lua.LNil)
	}
}

// protect hides the tables that can be reached from the global variables behind read-only facades. Lua has nothing to
// keep a table from being written to, but for keys that it lacks: so the facade has none.
func (vm *VM) protect() {
	L := vm.L
	vm.public = L.CreateTable(0, 1)
	vm.facades[vm.globals] = vm.public
	vm.readonly[vm.public] = vm.globals
	vm.refuse = L.NewFunction(func(L *lua.LState) int {
		raise(L, errReadOnly)
		return 0
	})
	vm.facade(vm.globals, vm.public)
	missing := L.CreateTable(0, 1)
	missing.RawSetString("__index", L.NewFunction(missingGlobal))
	vm.globals.Metatable = missing
	missingFacade := L.CreateTable(0, 1)
	vm.facade(missing, missingFacade)
	if mt, ok := L.GetMetatable(lua.LString("")).(*lua.LTable); ok {
		f := L.CreateTable(0, 1)
		vm.facade(mt, f)
	}
	L.Env = vm.public
	L.G.Global = vm.public
}

// facade makes f the read-only view of t, and of the tables that t holds.
func (vm *VM) facade(t, f *lua.LTable) {
	vm.facades[t], vm.readonly[f] = f, t
	mt := vm.L.CreateTable(0, 1)
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", vm.refuse)
	f.Metatable = mt
	var keys []lua.LValue
	t.ForEach(func(k, v lua.LValue) {
		if _, ok := v.(*lua.LTable); ok {
			keys = append(keys, k)
		}
	})
	for _, k := range keys {
		inner := t.RawGet(k).(*lua.LTable)
		if vm.readonly[inner] != nil {
			continue
		}
		view := vm.facades[inner]
		if view == nil {
			view = vm.L.CreateTable(0, 1)
			vm.facade(inner, view)
		}
		t.RawSet(k, view)
	}
}

// missingGlobal is the __index of the global variables.
func missingGlobal(L *lua.LState) int {
	if L.GetTop() != 2 {
		raise(L, "Wrong number of arguments to luaProtectedTableError")
	}
	key := L.Get(2)
	if !lua.LVCanConvToString(key) {
		raise(L, "Second argument to luaProtectedTableError must be a string or number")
	}
	raise(L, "Script attempted to access nonexistent global variable '"+text(key)+"'")
	return 0
}

// real returns the table behind a facade, or t itself.
func (vm *VM) real(t *lua.LTable) *lua.LTable {
	if t.Metatable != lua.LNil {
		if r := vm.readonly[t]; r != nil {
			return r
		}
	}
	return t
}

// writable raises an error if t is protected.
func (vm *VM) writable(L *lua.LState, t *lua.LTable) {
	if t.Metatable != lua.LNil && vm.readonly[t] != nil {
		L.Error(lua.LString(errReadOnly), 0) // Lua gives no place for what a library function does
	}
}

// metatable returns what getmetatable shows of a value: for a protected table what the table itself has.
func (vm *VM) metatable(L *lua.LState, v lua.LValue) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		v = vm.real(t)
	}
	mt := L.GetMetatable(v)
	if t, ok := mt.(*lua.LTable); ok {
		if f := vm.facades[t]; f != nil {
			return f
		}
	}
	return mt
}
