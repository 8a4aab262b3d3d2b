package script

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// moduloOf is the operator %: a - floor(a/b)*b, rounded after each step, so that what comes of large numbers and of infinities is
// what C makes of them.
func (vm *VM) moduloOf(L *lua.LState) int {
	left, right := L.Get(1), L.Get(2)
	a, ok1 := toNumber(left)
	b, ok2 := toNumber(right)
	if ok1 && ok2 {
		product := math.Floor(a/b) * b
		L.Push(lua.LNumber(a - product))
		return 1
	}
	fn := metamethod(L, left, "__mod")
	if fn == lua.LNil {
		fn = metamethod(L, right, "__mod")
	}
	if fn == lua.LNil {
		wrong := left
		if ok1 {
			wrong = right
		}
		raise(L, "attempt to perform arithmetic on a "+wrong.Type().String()+" value")
	}
	L.Push(vm.call(L, fn, left, right))
	return 1
}

// loopNumber makes a number of a loop's bound, if it can be one.
func loopNumber(L *lua.LState) int {
	v := L.Get(1)
	if f, ok := toNumber(v); ok {
		v = lua.LNumber(f)
	}
	L.Push(v)
	return 1
}
