package lualib

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// wide returns a table of n levels that stands for 2^n leaves.
func wide(L *lua.LState, n int) lua.LValue {
	var v lua.LValue = lua.LNumber(1)
	for range n {
		t := L.NewTable()
		t.Append(v)
		t.Append(v)
		v = t
	}
	return v
}

// thrown calls a function and returns the message that it throws. Any other panic is a failure.
func thrown(t testing.TB, L *lua.LState, fn lua.LGFunction) string {
	L.Push(L.NewFunction(fn))
	err := L.PCall(0, lua.MultRet, nil)
	L.SetTop(0)
	if err == nil {
		return ""
	}
	var e *lua.ApiError
	require.True(t, errors.As(err, &e), "%v", err)
	require.Equal(t, lua.ApiErrorRun, e.Type, "%v", err)
	return e.Object.String()
}

// TestOutputIsBounded encodes small tables that stand for more than memory holds.
func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	L := newState(t)
	require.Equal(t, noMemory, thrown(t, L, func(L *lua.LState) int {
		e := jsonEncoder{m: &jsonModule{encodeDepth: 1000, precision: 14}, L: L, limit: limit}
		e.value(wide(L, 100), 0)
		return 0
	}))
	require.Equal(t, noMemory, thrown(t, L, func(L *lua.LState) int {
		e := jsonEncoder{m: &jsonModule{encodeDepth: 1000, precision: 14}, L: L, limit: limit}
		sparse := L.NewTable()
		sparse.RawSetH(lua.LNumber(2000000000), lua.LTrue)
		e.value(sparse, 0)
		return 0
	}))
	require.Equal(t, noMemory, thrown(t, L, func(L *lua.LState) int {
		level := wide(L, 1)
		for range msgpackNesting {
			next := L.NewTable()
			for range 100 {
				next.Append(level)
			}
			level = next
		}
		p := msgpackPacker{L: L, limit: limit}
		p.value(level, 0)
		return 0
	}))
}

// TestUnpackMakesNoRoomForWhatIsOnlyAnnounced reads lengths of 2^32 and keys that a table would stretch to.
func TestUnpackMakesNoRoomForWhatIsOnlyAnnounced(t *testing.T) {
	t.Parallel()
	L := newState(t)
	for text, want := range map[string]string{
		"\xdd\xff\xff\xff\xff\x01":                                  "Missing bytes in input.",
		"\xdf\xff\xff\xff\xff\x01\x01":                              "Missing bytes in input.",
		"\xdb\xff\xff\xff\xff\x01":                                  "Missing bytes in input.",
		"\x81\xce\x03\x00\x00\x00\x01":                              noMemory, // a key of 50 million
		strings.Repeat("\x81\xce\x00\x7f\x00\x00\x01", 2):           noMemory,
		strings.Repeat("\xdd\x7f\xff\xff\xff", 3000):                "Missing bytes in input.",
		"\x81" + strings.Repeat("\xdd\x7f\xff\xff\xff", 3) + "\x01": "Missing bytes in input.",
	} {
		require.Equal(t, want, thrown(t, L, func(L *lua.LState) int {
			L.Push(lua.LString(text))
			return msgpackUnpack(L, 0, 0)
		}), "%q", text)
	}
}

func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5e3,-0x1p3,null,true],"b":"\u00e9\ud83d\ude00\n"}`, `[nan,+inf,"`, "[1]\x00x", `{"a":`, `[[[[[[`, `"\ud800\u`,
	} {
		f.Add(seed)
	}
	L := newState(f)
	f.Fuzz(func(t *testing.T, text string) {
		L.SetGlobal("text", lua.LString(text))
		// What can be decoded can be encoded, and decodes to the same again.
		require.Empty(t, thrown(t, L, func(L *lua.LState) int {
			err := L.DoString(`
				local j = cjson.new()
				j.encode_invalid_numbers(true)
				local ok, v = pcall(j.decode, text)
				if not ok then return end
				j.encode_number_precision(14)
				local once = j.encode(v)
				assert(j.encode(j.decode(once)) == once, once)`)
			if err != nil {
				L.RaiseError("%v", err)
			}
			return 0
		}))
	})
}

func FuzzMsgpackUnpack(f *testing.F) {
	for _, seed := range []string{
		"\x93\x01\xc0\x03", "\x82\x01\xa1a\xa1b\xc0", "\xca\x3f\x80\x00\x00\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00",
		"\xdd\xff\xff\xff\xff", "\xdf\x00\x00\x00\x01\xd3\xff\xff\xff\xff\xff\xff\xff\xff\xc3", "\x81\xce\x00\xff\xff\xff\x01",
	} {
		f.Add(seed)
	}
	L := newState(f)
	f.Fuzz(func(t *testing.T, text string) {
		thrown(t, L, func(L *lua.LState) int {
			L.Push(lua.LString(text))
			return msgpackUnpack(L, 0, 0)
		})
		var value lua.LValue
		if thrown(t, L, func(L *lua.LState) int {
			L.Push(lua.LString(text))
			msgpackUnpack(L, 1, 0)
			value = L.Get(3)
			return 0
		}) != "" {
			return
		}
		// What was unpacked can be packed.
		require.Empty(t, thrown(t, L, func(L *lua.LState) int {
			L.Push(value)
			return msgpackPack(L)
		}))
	})
}

func FuzzStructUnpack(f *testing.F) {
	for _, seed := range [][2]string{
		{"bBhHiIlLT", "0123456789012345678901234567890123456789"}, {">!4bi3fdx", "0123456789012345678901234567890"},
		{"Bc0s", "\x02abcd\x00"}, {"!16i32 i9", strings.Repeat("\x80", 64)}, {"c99999999999", ""},
	} {
		f.Add(seed[0], seed[1], 1)
	}
	L := newState(f)
	f.Fuzz(func(t *testing.T, format, data string, start int) {
		thrown(t, L, func(L *lua.LState) int {
			L.Push(lua.LString(format))
			L.Push(lua.LString(data))
			L.Push(lua.LNumber(start))
			return structUnpack(L)
		})
		for _, fn := range []lua.LGFunction{structSize, structPack} {
			thrown(t, L, func(L *lua.LState) int {
				L.Push(lua.LString(format))
				for range 5 {
					L.Push(lua.LString(data))
				}
				return fn(L)
			})
		}
	})
}
