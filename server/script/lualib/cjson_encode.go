package lualib

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// encode returns its one argument as JSON.
func (m *jsonModule) encode(L *lua.LState) int {
	oneArgument(L)
	e := jsonEncoder{m: m, L: L, slots: 1, limit: maxOutput}
	e.value(L.Get(1), 0)
	L.Push(lua.LString(e.out))
	return 1
}

// jsonEncoder is one encoding in progress.
type jsonEncoder struct {
	m     *jsonModule
	L     *lua.LState
	out   []byte
	limit int // of out
	slots int // of the stack, as many as Redis's encoder would hold now
}

func (e *jsonEncoder) fail(v lua.LValue, reason string) {
	raise(e.L, "Cannot serialise %s: %s", v.Type(), reason)
}

func (e *jsonEncoder) value(v lua.LValue, depth int) {
	if len(e.out) > e.limit {
		raise(e.L, noMemory)
	}
	switch v := v.(type) {
	case lua.LString:
		e.string(string(v))
	case lua.LNumber:
		e.number(v)
	case lua.LBool:
		e.out = append(e.out, v.String()...)
	case *lua.LTable:
		e.table(v, depth+1)
	case *lua.LNilType:
		e.out = append(e.out, "null"...)
	default:
		if v != e.m.null {
			e.fail(v, "type not supported")
		}
		e.out = append(e.out, "null"...)
	}
}

func (e *jsonEncoder) number(n lua.LNumber) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		switch e.m.encodeInvalid {
		case 0:
			e.fail(n, "must not be NaN or Inf")
		case 1:
			if math.IsNaN(f) {
				f = math.NaN() // one without a sign
			}
		default:
			e.out = append(e.out, "null"...)
			return
		}
	}
	e.out = AppendNumber(e.out, f, e.m.precision)
}

func (e *jsonEncoder) string(s string) {
	e.out = append(e.out, '"')
	plain := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != '/' && c != 0x7f {
			continue
		}
		e.out = append(e.out, s[plain:i]...)
		plain = i + 1
		e.escape(c)
	}
	e.out = append(e.out, s[plain:]...)
	e.out = append(e.out, '"')
}

func (e *jsonEncoder) escape(c byte) {
	switch c {
	case '"', '\\', '/':
	case '\b':
		c = 'b'
	case '\t':
		c = 't'
	case '\n':
		c = 'n'
	case '\f':
		c = 'f'
	case '\r':
		c = 'r'
	default:
		e.out = fmt.Appendf(e.out, `\u%04x`, c)
		return
	}
	e.out = append(e.out, '\\', c)
}

func (e *jsonEncoder) table(t *lua.LTable, depth int) {
	if depth > e.m.encodeDepth || e.slots+3 > maxSlots {
		raise(e.L, "Cannot serialise, excessive nesting (%d)", depth)
	}
	if n := e.arrayLength(t); n > 0 {
		e.array(t, n, depth)
	} else {
		e.object(t, depth)
	}
}

// arrayLength returns the largest index of a table of which all keys are positive integers, and 0 if it is another, an
// empty, or one to be encoded as an object because of its gaps.
func (e *jsonEncoder) arrayLength(t *lua.LTable) int {
	var largest, items int32
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		n, ok := k.(lua.LNumber)
		f := float64(n)
		if !ok || f < 1 || math.Floor(f) != f {
			return 0
		}
		// Redis counts with C's int: what does not fit is no index at all.
		if f > float64(largest) {
			largest = math.MinInt32
			if f <= math.MaxInt32 {
				largest = int32(f)
			}
		}
		items++
	}
	if e.m.sparseRatio > 0 && largest > items*int32(e.m.sparseRatio) && int(largest) > e.m.sparseSafe {
		if e.m.sparseConvert == 0 {
			e.fail(t, "excessively sparse array")
		}
		return 0
	}
	return int(largest)
}

func (e *jsonEncoder) array(t *lua.LTable, n, depth int) {
	e.out = append(e.out, '[')
	e.slots++
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.out = append(e.out, ',')
		}
		e.value(t.RawGet(lua.LNumber(i)), depth)
	}
	e.slots--
	e.out = append(e.out, ']')
}

func (e *jsonEncoder) object(t *lua.LTable, depth int) {
	e.out = append(e.out, '{')
	e.slots += 2
	first := true
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		switch k := k.(type) {
		case lua.LNumber:
			e.out = append(e.out, '"')
			e.number(k)
			e.out = append(e.out, '"')
		case lua.LString:
			e.string(string(k))
		default:
			e.fail(k, "table key must be a number or string")
		}
		e.out = append(e.out, ':')
		e.value(v, depth)
	}
	e.slots -= 2
	e.out = append(e.out, '}')
}
