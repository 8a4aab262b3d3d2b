// Package lualib is the four libraries that Redis 7.2 gives to scripts besides Lua's own: cjson, cmsgpack, struct and bit,
// written for gopher-lua.
//
// Formats, settings, limits and error texts are those of the libraries in Redis 7.2.4. What differs: the fields of an object
// are encoded in the order in which they were set, where Redis has the order of its hash table.
//
// No input makes them panic. Nesting is bounded as by Lua's C stack there, what is decoded takes memory in
// proportion to what is read, and no result grows past maxOutput, since a small table that holds itself in many places
// can stand for one of any size.
package lualib

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	// maxOutput is the largest string an encoder makes, in bytes: what Redis takes for one argument at most.
	maxOutput = 512 << 20
	// maxSlots is how many stack slots a C function may use in Lua 5.1: it bounds nesting and the number of results.
	maxSlots = 8000
	// noMemory is Lua's own word for an allocation that failed.
	noMemory = "not enough memory"
)

// register makes the functions a global table, and returns it.
func register(L *lua.LState, name string, functions map[string]lua.LGFunction) *lua.LTable {
	lib := L.SetFuncs(L.CreateTable(0, len(functions)), functions)
	L.SetGlobal(name, lib)
	return lib
}

// raise throws an error. Before it stands where the script is, if it was a script that called.
func raise(L *lua.LState, format string, args ...any) {
	where := L.Where(1)
	switch {
	case where == "", strings.HasPrefix(where, "[G]"):
		where = ""
	default:
		where += " "
	}
	L.Error(lua.LString(where+fmt.Sprintf(format, args...)), 0)
}

// argError throws the error of argument n, and names the function as the script called it.
func argError(L *lua.LState, n int, message string) {
	name := "?"
	if frame, ok := L.GetStack(0); ok {
		if _, err := L.GetInfo("n", frame, lua.LNil); err == nil && frame.Name != "" && frame.Name[0] != '(' {
			name = frame.Name
		}
	}
	raise(L, "bad argument #%d to '%s' (%s)", n, name, message)
}

// typeError throws the error of an argument n that is not what was wanted.
func typeError(L *lua.LState, n int, want string) {
	argError(L, n, want+" expected, got "+typeName(L, n))
}

// typeName names the type of argument n.
func typeName(L *lua.LState, n int) string {
	if n > L.GetTop() {
		return "no value"
	}
	return L.Get(n).Type().String()
}

// checkString returns argument n, a string or a number.
func checkString(L *lua.LState, n int) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return string(AppendNumber(nil, float64(v), NumberPrecision))
	}
	typeError(L, n, "string")
	return ""
}

// toNumber returns v as a number, if it is one or a string that reads as one.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return ParseNumber(string(v))
	}
	return 0, false
}

// checkNumber returns argument n, a number or a string that reads as one.
func checkNumber(L *lua.LState, n int) float64 {
	f, ok := toNumber(L.Get(n))
	if !ok {
		typeError(L, n, "number")
	}
	return f
}

// checkInteger returns argument n without its fraction.
func checkInteger(L *lua.LState, n int) int64 { return ToInt64(checkNumber(L, n)) }

// optInteger is checkInteger for an argument that may be missing.
func optInteger(L *lua.LState, n int, missing int64) int64 {
	if L.Get(n) == lua.LNil {
		return missing
	}
	return checkInteger(L, n)
}
