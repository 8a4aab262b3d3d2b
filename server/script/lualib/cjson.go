package lualib

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// jsonModule is one instance of cjson, with settings of its own.
type jsonModule struct {
	null *lua.LUserData // shared by the instances of a state

	sparseConvert int // a table with too many gaps: 0 is an error, 1 an object
	sparseRatio   int // gaps are too many from this many times the elements; 0 never
	sparseSafe    int // ... and only if the largest index exceeds this
	encodeDepth   int
	decodeDepth   int
	precision     int
	keepBuffer    int // accepted and returned; there is no buffer to keep
	encodeInvalid int // NaN and infinities: 0 is an error, 1 prints them, 2 prints null
	decodeInvalid int // 1 takes every number that C's strtod reads
}

// OpenCJSON registers the global table cjson.
//
// null is a userdata that is only equal to itself; decode gives it for null.
func OpenCJSON(L *lua.LState) {
	null := L.NewUserData()
	null.Metatable = nullMetatable(L)
	L.SetGlobal("cjson", newJSON(L, null))
}

// nullMetatable makes null print as it does in Redis, which scripts have come to compare with.
func nullMetatable(L *lua.LState) *lua.LTable {
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("userdata: (nil)"))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	return mt
}

// newJSON makes an instance with the default settings.
func newJSON(L *lua.LState, null *lua.LUserData) *lua.LTable {
	m := &jsonModule{
		null: null, sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000,
		precision: NumberPrecision, keepBuffer: 1, decodeInvalid: 1,
	}
	lib := L.SetFuncs(L.CreateTable(0, 13), map[string]lua.LGFunction{
		"encode":                  m.encode,
		"decode":                  m.decode,
		"encode_sparse_array":     m.setSparse,
		"encode_max_depth":        integerSetting(&m.encodeDepth, 1, math.MaxInt32),
		"decode_max_depth":        integerSetting(&m.decodeDepth, 1, math.MaxInt32),
		"encode_number_precision": integerSetting(&m.precision, 1, NumberPrecision),
		"encode_keep_buffer":      choiceSetting(&m.keepBuffer, "off", "on"),
		"encode_invalid_numbers":  choiceSetting(&m.encodeInvalid, "off", "on", "null"),
		"decode_invalid_numbers":  choiceSetting(&m.decodeInvalid, "off", "on"),
		"new": func(L *lua.LState) int {
			L.Push(newJSON(L, null))
			return 1
		},
	})
	lib.RawSetString("null", null)
	lib.RawSetString("_NAME", lua.LString("cjson"))
	lib.RawSetString("_VERSION", lua.LString("2.1.0"))
	return lib
}

// oneArgument throws unless there is exactly one.
func oneArgument(L *lua.LState) {
	if L.GetTop() != 1 {
		argError(L, 1, "expected 1 argument")
	}
}

// atMost throws if there are more than n arguments; those that are missing become nil.
func atMost(L *lua.LState, n int) {
	if L.GetTop() > n {
		argError(L, n+1, "found too many arguments")
	}
	L.SetTop(n)
}

func (m *jsonModule) setSparse(L *lua.LState) int {
	atMost(L, 3)
	pushChoice(L, 1, &m.sparseConvert, "off", "on")
	pushInteger(L, 2, &m.sparseRatio, 0, math.MaxInt32)
	pushInteger(L, 3, &m.sparseSafe, 0, math.MaxInt32)
	return 3
}

// integerSetting makes the function that sets a setting, if it has an argument, and returns it.
func integerSetting(setting *int, least, most int) lua.LGFunction {
	return func(L *lua.LState) int {
		atMost(L, 1)
		pushInteger(L, 1, setting, least, most)
		return 1
	}
}

// choiceSetting is integerSetting for one of some words.
func choiceSetting(setting *int, words ...string) lua.LGFunction {
	return func(L *lua.LState) int {
		atMost(L, 1)
		pushChoice(L, 1, setting, words...)
		return 1
	}
}

func pushInteger(L *lua.LState, n int, setting *int, least, most int) {
	if L.Get(n) != lua.LNil {
		value := int(int32(checkInteger(L, n)))
		if value < least || value > most {
			argError(L, 1, fmt.Sprintf("expected integer between %d and %d", least, most))
		}
		*setting = value
	}
	L.Push(lua.LNumber(*setting))
}

// pushChoice takes a boolean for the first two words, and returns those as booleans.
func pushChoice(L *lua.LState, n int, setting *int, words ...string) {
	switch v := L.Get(n).(type) {
	case *lua.LNilType:
	case lua.LBool:
		*setting = 0
		if v {
			*setting = 1
		}
	default:
		*setting = checkWord(L, n, words)
	}
	if *setting > 1 {
		L.Push(lua.LString(words[*setting]))
		return
	}
	L.Push(lua.LBool(*setting == 1))
}

// checkWord returns which of the words argument n is.
func checkWord(L *lua.LState, n int, words []string) int {
	given := checkString(L, n)
	for i, word := range words {
		if word == given {
			return i
		}
	}
	argError(L, n, "invalid option '"+given+"'")
	return 0
}
