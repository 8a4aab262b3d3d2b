package lualib

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// msgpackNesting is how deep tables are packed; what lies deeper becomes nil.
const msgpackNesting = 16

// OpenCMsgpack registers the global table cmsgpack.
func OpenCMsgpack(L *lua.LState) {
	lib := register(L, "cmsgpack", map[string]lua.LGFunction{
		"pack":         msgpackPack,
		"unpack":       func(L *lua.LState) int { return msgpackUnpack(L, 0, 0) },
		"unpack_one":   func(L *lua.LState) int { return msgpackUnpack(L, 1, optInteger(L, 2, 0)) },
		"unpack_limit": msgpackUnpackLimit,
	})
	lib.RawSetString("_NAME", lua.LString("cmsgpack"))
	lib.RawSetString("_VERSION", lua.LString("lua-cmsgpack 0.4.0"))
	lib.RawSetString("_COPYRIGHT", lua.LString("Copyright (C) 2012, Salvatore Sanfilippo"))
	lib.RawSetString("_DESCRIPTION", lua.LString("MessagePack C implementation for Lua"))
}

func msgpackUnpackLimit(L *lua.LState) int {
	limit := checkInteger(L, 2)
	return msgpackUnpack(L, limit, optInteger(L, 3, 0))
}

// msgpackPack returns its arguments packed, one after the other.
func msgpackPack(L *lua.LState) int {
	n := L.GetTop()
	if n == 0 {
		argError(L, 0, "MessagePack pack needs input.")
	}
	p := msgpackPacker{L: L, limit: maxOutput}
	for i := 1; i <= n; i++ {
		p.value(L.Get(i), 0)
	}
	L.Push(lua.LString(p.out))
	return 1
}

// msgpackPacker is one packing in progress.
type msgpackPacker struct {
	L     *lua.LState
	out   []byte
	limit int // of out
}

func (p *msgpackPacker) value(v lua.LValue, level int) {
	if len(p.out) > p.limit {
		raise(p.L, noMemory)
	}
	switch v := v.(type) {
	case lua.LString:
		p.string(string(v))
	case lua.LNumber:
		p.number(float64(v))
	case lua.LBool:
		if v {
			p.out = append(p.out, 0xc3)
		} else {
			p.out = append(p.out, 0xc2)
		}
	case *lua.LTable:
		if level < msgpackNesting {
			p.table(v, level+1)
			return
		}
		p.out = append(p.out, 0xc0)
	default:
		p.out = append(p.out, 0xc0)
	}
}

func (p *msgpackPacker) string(s string) {
	switch n := len(s); {
	case n < 32:
		p.out = append(p.out, 0xa0|byte(n))
	case n <= math.MaxUint8:
		p.out = append(p.out, 0xd9, byte(n))
	default:
		p.length(0xda, 0xdb, n)
	}
	p.out = append(p.out, s...)
}

// length writes a length in 16 bits or, if that is too little, in 32.
func (p *msgpackPacker) length(short, long byte, n int) {
	if n <= math.MaxUint16 {
		p.out = binary.BigEndian.AppendUint16(append(p.out, short), uint16(n))
		return
	}
	p.out = binary.BigEndian.AppendUint32(append(p.out, long), uint32(n))
}

// number writes an integer if there is no fraction, else the shortest float that holds it.
func (p *msgpackPacker) number(f float64) {
	if i := ToInt64(f); float64(i) == f {
		p.integer(i)
		return
	}
	if single := float32(f); float64(single) == f {
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xca), math.Float32bits(single))
		return
	}
	p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcb), math.Float64bits(f))
}

func (p *msgpackPacker) integer(i int64) {
	switch {
	case i >= -32 && i <= math.MaxInt8:
		p.out = append(p.out, byte(i))
	case i >= 0 && i <= math.MaxUint8:
		p.out = append(p.out, 0xcc, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xcd), uint16(i))
	case i >= 0 && i <= math.MaxUint32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xce), uint32(i))
	case i >= 0:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcf), uint64(i))
	case i >= math.MinInt8:
		p.out = append(p.out, 0xd0, byte(i))
	case i >= math.MinInt16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xd1), uint16(i))
	case i >= math.MinInt32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xd2), uint32(i))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xd3), uint64(i))
	}
}

// table writes an array if the keys are exactly 1 to their number, else a map. An empty table is an array.
func (p *msgpackPacker) table(t *lua.LTable, level int) {
	keys, isArray := tableKeys(t)
	if isArray {
		if p.header(0x90, keys) {
			p.length(0xdc, 0xdd, keys)
		}
		for i := 1; i <= keys; i++ {
			p.value(t.RawGet(lua.LNumber(i)), level)
		}
		return
	}
	if p.header(0x80, keys) {
		p.length(0xde, 0xdf, keys)
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		p.value(k, level)
		p.value(v, level)
	}
}

// header writes the number of elements in one byte with the kind, and tells whether that was not possible.
func (p *msgpackPacker) header(kind byte, n int) (long bool) {
	if n > 15 {
		return true
	}
	p.out = append(p.out, kind|byte(n))
	return false
}

// tableKeys counts the keys of t and tells whether they are 1 to n.
func tableKeys(t *lua.LTable) (n int, isArray bool) {
	isArray = true
	largest := 0.0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		n++
		f, ok := k.(lua.LNumber)
		// C's int is as far as an index may go.
		if !ok || f <= 0 || f > math.MaxInt32 || float64(f) != math.Floor(float64(f)) {
			isArray = false
		}
		largest = max(largest, float64(f))
	}
	return n, isArray && largest == float64(n)
}
