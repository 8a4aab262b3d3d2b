package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openString replaces the string functions.
func (vm *VM) openString() {
	lib := vm.library("string")
	vm.register(lib, map[string]func(args) int{
		"byte":    stringByte,
		"char":    stringChar,
		"dump":    func(a args) int { a.function(1); return a.pushString("\x1bLua") },
		"find":    func(a args) int { return stringFind(a, true) },
		"format":  stringFormat,
		"gmatch":  stringGmatch,
		"gsub":    stringGsub,
		"len":     func(a args) int { return a.pushNumber(float64(len(a.string(1)))) },
		"lower":   func(a args) int { return a.pushString(mapASCII(a.string(1), 'A', 'Z')) },
		"match":   func(a args) int { return stringFind(a, false) },
		"rep":     stringRep,
		"reverse": stringReverse,
		"sub":     stringSub,
		"upper":   func(a args) int { return a.pushString(mapASCII(a.string(1), 'a', 'z')) },
	})
	lib.RawSetString("gfind", lib.RawGetString("gmatch"))
	lib.RawSetString("__index", lua.LNil) // gopher-lua takes the library for the metatable too
	methods := vm.L.CreateTable(0, 16)
	methods.RawSetString("__index", lib)
	vm.L.SetMetatable(lua.LString(""), methods)
}

// mapASCII changes the case of the letters from lo to hi.
func mapASCII(s string, lo, hi byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= lo && c <= hi {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

// position makes a position that may count from the end one from the start.
func position(pos, n int) int {
	if pos < 0 {
		return max(0, n+pos+1)
	}
	return pos
}

func stringByte(a args) int {
	s := a.string(1)
	from := position(a.optInt(2, 1), len(s))
	to := min(position(a.optInt(3, from), len(s)), len(s))
	from = max(from, 1)
	if from > to {
		return 0
	}
	if to-from >= maxUnpack {
		raise(a.L, "string slice too long")
	}
	for i := from; i <= to; i++ {
		a.L.Push(lua.LNumber(s[i-1]))
	}
	return to - from + 1
}

func stringChar(a args) int {
	b := make([]byte, a.L.GetTop())
	for i := range b {
		c := a.int(i + 1)
		if c < 0 || c > 255 {
			a.fail(i+1, "invalid value")
		}
		b[i] = byte(c)
	}
	return a.pushString(string(b))
}

func stringRep(a args) int {
	s, n := a.string(1), a.int(2)
	if n <= 0 || s == "" {
		return a.pushString("")
	}
	a.vm.checkSize(a.L, len(s)*min(n, maxString/len(s)+1))
	return a.pushString(strings.Repeat(s, n))
}

func stringReverse(a args) int {
	s := a.string(1)
	b := make([]byte, len(s))
	for i := range b {
		b[i] = s[len(s)-1-i]
	}
	return a.pushString(string(b))
}

func stringSub(a args) int {
	s := a.string(1)
	from := max(position(a.int(2), len(s)), 1)
	to := min(position(a.optInt(3, -1), len(s)), len(s))
	if from > to {
		return a.pushString("")
	}
	return a.pushString(s[from-1 : to])
}

// stringFind is find, and match.
func stringFind(a args, find bool) int {
	s, pat := a.string(1), a.string(2)
	init := position(a.optInt(3, 1), len(s)) - 1
	init = min(max(init, 0), len(s))
	if find && (lua.LVAsBool(a.L.Get(4)) || !strings.ContainsAny(pat, patternSpecials)) {
		i := strings.Index(s[init:], pat)
		if i < 0 {
			return a.push(lua.LNil)
		}
		a.pushNumber(float64(init + i + 1))
		a.pushNumber(float64(init + i + len(pat)))
		return 2
	}
	rest, anchored := strings.CutPrefix(pat, "^")
	m := matcher{L: a.L, src: s, pat: rest}
	for ; init <= len(s); init++ {
		m.level = 0
		if e := m.match(init, 0); e >= 0 {
			if !find {
				return m.pushCaptures(true, init, e)
			}
			a.pushNumber(float64(init + 1))
			a.pushNumber(float64(e))
			return 2 + m.pushCaptures(false, init, e)
		}
		if anchored {
			break
		}
	}
	return a.push(lua.LNil)
}

func stringGmatch(a args) int {
	s, pat := a.string(1), a.string(2)
	at := 0
	return a.push(a.L.NewFunction(func(L *lua.LState) int {
		m := matcher{L: L, src: s, pat: pat}
		for ; at <= len(s); at++ {
			m.level = 0
			if e := m.match(at, 0); e >= 0 {
				start := at
				at = e
				if e == start {
					at++
				}
				return m.pushCaptures(true, start, e)
			}
		}
		L.Push(lua.LNil)
		return 1
	}))
}

func stringGsub(a args) int {
	s, pat := a.string(1), a.string(2)
	repl := a.L.Get(3)
	switch repl.(type) {
	case lua.LString, lua.LNumber, *lua.LTable, *lua.LFunction:
	default:
		a.fail(3, "string/function/table expected")
	}
	limit := a.optInt(4, len(s)+1)
	rest, anchored := strings.CutPrefix(pat, "^")
	m := matcher{L: a.L, src: s, pat: rest}
	var b strings.Builder
	at, n := 0, 0
	for n < limit {
		m.level = 0
		e := m.match(at, 0)
		if e >= 0 {
			n++
			a.replacement(&m, &b, repl, at, e)
			a.vm.checkSize(a.L, b.Len())
		}
		switch {
		case e > at:
			at = e
		case at < len(s):
			b.WriteByte(s[at])
			at++
		default:
			at++
		}
		if at > len(s) || anchored {
			break
		}
	}
	if at < len(s) {
		b.WriteString(s[at:])
	}
	a.pushString(b.String())
	a.pushNumber(float64(n))
	return 2
}

// replacement appends what takes the place of the match from s to e.
func (a args) replacement(m *matcher, b *strings.Builder, repl lua.LValue, s, e int) {
	var v lua.LValue
	switch r := repl.(type) {
	case *lua.LTable:
		v = a.L.GetTable(r, m.capture(0, s, e))
	case *lua.LFunction:
		captures := make([]lua.LValue, max(m.level, 1))
		for i := range captures {
			captures[i] = m.capture(i, s, e)
		}
		v = a.vm.call(a.L, r, captures...)
	default:
		a.template(m, b, text(r), s, e)
		return
	}
	switch {
	case lua.LVIsFalse(v):
		b.WriteString(m.src[s:e])
	case lua.LVCanConvToString(v):
		b.WriteString(text(v))
	default:
		raise(a.L, "invalid replacement value (a "+v.Type().String()+")")
	}
}

// template appends a replacement string, with the captures in the places of %0 to %9.
func (a args) template(m *matcher, b *strings.Builder, t string, s, e int) {
	for i := 0; i < len(t); i++ {
		if t[i] != '%' {
			b.WriteByte(t[i])
			continue
		}
		i++
		switch {
		case i == len(t):
			b.WriteByte(0) // C's string ends there
		case t[i] == '0':
			b.WriteString(m.src[s:e])
		case t[i] >= '1' && t[i] <= '9':
			b.WriteString(text(m.capture(int(t[i]-'1'), s, e)))
		default:
			b.WriteByte(t[i])
		}
	}
}
