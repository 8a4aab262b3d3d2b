package lualib

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// maxGaps is how many empty elements the tables of one unpack may be given: gopher-lua stores a table with one large index as
// an array up to there, of 16 bytes an element.
const maxGaps = 8 << 20

// msgpackUnpack returns the values packed in its first argument: all, or at most limit of them from an offset. In
// the second case the place where the next one begins precedes them, -1 at the end.
func msgpackUnpack(L *lua.LState, limit, offset int64) int {
	text := checkString(L, 1)
	all := limit == 0 && offset == 0
	if offset < 0 || limit < 0 {
		// Redis prints the length for the limit here.
		raise(L, "Invalid request to unpack with offset of %d and limit of %d.", int32(offset), int32(len(text)))
	}
	if offset > int64(len(text)) {
		raise(L, "Start offset %d greater than input length %d.", int32(offset), len(text))
	}
	if all {
		limit = math.MaxInt32
	}
	u := msgpackUnpacker{L: L, rest: text[offset:], slots: 1}
	if all {
		u.slots = L.GetTop()
	}
	var values []lua.LValue
	for int64(len(values)) < limit && u.rest != "" {
		values = append(values, u.value())
		u.slots++
	}
	pushed := len(values)
	if !all {
		next := len(text) - len(u.rest)
		if u.rest == "" {
			next = -1
		}
		L.Push(lua.LNumber(next))
		pushed++
	}
	for _, v := range values {
		L.Push(v)
	}
	return pushed
}

// msgpackUnpacker is one unpacking in progress.
type msgpackUnpacker struct {
	L     *lua.LState
	rest  string
	slots int // of the stack, as many as Redis's decoder would hold now
	gaps  int

	pending []lua.LValue // of the containers that are not yet complete
}

// take returns the next n bytes.
func (u *msgpackUnpacker) take(n int) string {
	if n > len(u.rest) {
		raise(u.L, "Missing bytes in input.")
	}
	s := u.rest[:n]
	u.rest = u.rest[n:]
	return s
}

// uint reads an integer of up to 8 bytes, the most significant first.
func (u *msgpackUnpacker) uint(size int) uint64 {
	var b [8]byte
	copy(b[8-size:], u.take(size))
	return binary.BigEndian.Uint64(b[:])
}

// checkSlots throws if Redis had no room on the stack for n more values.
func (u *msgpackUnpacker) checkSlots(n int, why string) {
	if u.slots+n > maxSlots {
		raise(u.L, "stack overflow (%s)", why)
	}
}

func (u *msgpackUnpacker) value() lua.LValue {
	if u.rest == "" {
		u.take(1)
	}
	u.checkSlots(1, "too many return values at once; use unpack_one or unpack_limit instead.")
	kind := u.take(1)[0]
	switch {
	case kind < 0x80:
		return lua.LNumber(kind)
	case kind < 0x90:
		return u.table(int(kind & 0x0f))
	case kind < 0xa0:
		return u.array(int(kind & 0x0f))
	case kind < 0xc0:
		return lua.LString(u.take(int(kind & 0x1f)))
	case kind >= 0xe0:
		return lua.LNumber(int8(kind))
	}
	return u.long(kind)
}

// long reads a value of which the first byte tells nothing but its type.
func (u *msgpackUnpacker) long(kind byte) lua.LValue {
	switch kind {
	case 0xc0:
		return lua.LNil
	case 0xc2, 0xc3:
		return lua.LBool(kind == 0xc3)
	case 0xca:
		return lua.LNumber(math.Float32frombits(uint32(u.uint(4))))
	case 0xcb:
		return lua.LNumber(math.Float64frombits(u.uint(8)))
	case 0xcc, 0xcd, 0xce:
		return lua.LNumber(u.uint(1 << (kind - 0xcc)))
	case 0xcf: // Redis has no unsigned integers of that size
		return lua.LNumber(int64(u.uint(8)))
	case 0xd0:
		return lua.LNumber(int8(u.uint(1)))
	case 0xd1:
		return lua.LNumber(int16(u.uint(2)))
	case 0xd2:
		return lua.LNumber(int32(u.uint(4)))
	case 0xd3:
		return lua.LNumber(int64(u.uint(8)))
	case 0xd9, 0xda, 0xdb:
		return lua.LString(u.take(int(u.uint(1 << (kind - 0xd9)))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2 << (kind - 0xdc))))
	case 0xde, 0xdf:
		return u.table(int(u.uint(2 << (kind - 0xde))))
	}
	raise(u.L, "Bad data format in input.")
	return lua.LNil
}

// array reads n elements. They are kept aside until all are there: their number is only a claim before, and claims within
// claims would take room for each.
func (u *msgpackUnpacker) array(n int) lua.LValue {
	u.slots++
	u.checkSlots(1, "in function mp_decode_to_lua_array")
	u.slots++
	base := len(u.pending)
	for range n {
		v := u.value()
		u.pending = append(u.pending, v)
	}
	t := u.L.CreateTable(n, 0)
	for i, v := range u.pending[base:] {
		if v != lua.LNil {
			t.RawSetInt(i+1, v)
		}
	}
	u.pending = u.pending[:base]
	u.slots -= 2
	return t
}

// table reads n keys with their values.
func (u *msgpackUnpacker) table(n int) lua.LValue {
	base := len(u.pending)
	u.slots++
	for range n {
		k := u.value()
		u.slots++
		v := u.value()
		u.slots--
		checkKey(u.L, k)
		u.pending = append(u.pending, k, v)
	}
	u.slots--
	t := u.L.CreateTable(0, n)
	for i := base; i < len(u.pending); i += 2 {
		u.set(t, u.pending[i], u.pending[i+1])
	}
	u.pending = u.pending[:base]
	return t
}

// checkKey throws unless a table may have the key.
func checkKey(L *lua.LState, k lua.LValue) {
	if k == lua.LNil {
		L.Error(lua.LString("table index is nil"), 0)
	}
	if n, ok := k.(lua.LNumber); ok && math.IsNaN(float64(n)) {
		L.Error(lua.LString("table index is NaN"), 0)
	}
}

// set is t[k] = v, unless that would stretch the table too far.
func (u *msgpackUnpacker) set(t *lua.LTable, k, v lua.LValue) {
	if n, ok := k.(lua.LNumber); ok && n > 0 && n < lua.LNumber(lua.MaxArrayIndex) {
		if gap := int(n) - t.MaxN(); gap > 1 {
			if u.gaps += gap; u.gaps > maxGaps {
				raise(u.L, noMemory)
			}
		}
	}
	if v != lua.LNil || t.RawGet(k) != lua.LNil {
		t.RawSet(k, v)
	}
}
