package script

import (
	"strconv"
	"strings"

	"treedis/server/resp"

	"treedis/server/script/lualib"

	lua "github.com/yuin/gopher-lua"
)

// decoder makes Lua values of a reply. It trusts the reply: the server made it.
type decoder struct {
	L  *lua.LState
	in []byte
}

func (d *decoder) line() []byte {
	for i := 0; i+1 < len(d.in); i++ {
		if d.in[i] == '\r' && d.in[i+1] == '\n' {
			line := d.in[:i]
			d.in = d.in[i+2:]
			return line
		}
	}
	line := d.in
	d.in = nil
	return line
}

// bytes takes n bytes and the line end after them.
func (d *decoder) bytes(n int64) []byte {
	b := d.in[:min(n, int64(len(d.in)))]
	d.in = d.in[min(n+2, int64(len(d.in))):]
	return b
}

func (d *decoder) value() lua.LValue {
	line := d.line()
	if len(line) == 0 {
		return lua.LNil
	}
	text := line[1:]
	switch resp.Type(line[0]) {
	case resp.TypeInt:
		n, _ := resp.ParseInt(text)
		return lua.LNumber(n)
	case resp.TypeStatus:
		return d.single("ok", lua.LString(text))
	case resp.TypeError:
		t := errorTable(d.L, string(line))
		t.RawSetString("ignore_error_stats_update", lua.LTrue)
		return t
	case resp.TypeNull:
		return lua.LNil
	case resp.TypeBool:
		return lua.LBool(string(text) == "t")
	case resp.TypeDouble:
		f, _ := strconv.ParseFloat(string(text), 64)
		return d.single("double", lua.LNumber(f))
	case resp.TypeBigNumber:
		return d.single("big_number", lua.LString(text))
	}
	n, _ := resp.ParseInt(text)
	if n < 0 {
		return lua.LFalse
	}
	return d.sized(resp.Type(line[0]), n)
}

// sized makes a value whose header announced n bytes or elements.
func (d *decoder) sized(t resp.Type, n int64) lua.LValue {
	switch t {
	case resp.TypeBulk:
		return lua.LString(d.bytes(n))
	case resp.TypeVerbatim:
		b := d.bytes(n)
		v := d.L.CreateTable(0, 2)
		v.RawSetString("format", lua.LString(b[:min(3, len(b))]))
		v.RawSetString("string", lua.LString(b[min(4, len(b)):]))
		return d.single("verbatim_string", v)
	case resp.TypeMap:
		m := d.L.CreateTable(0, int(n))
		for range n {
			k := d.value()
			set(d.L, m, k, d.value())
		}
		return d.single("map", m)
	case resp.TypeSet:
		s := d.L.CreateTable(0, int(n))
		for range n {
			set(d.L, s, d.value(), lua.LTrue)
		}
		return d.single("set", s)
	case resp.TypeAttribute:
		for range 2 * n {
			d.value()
		}
		return d.value()
	}
	a := d.L.CreateTable(int(n), 0)
	for i := range int(n) {
		a.RawSetInt(i+1, d.value())
	}
	return a
}

// set is an assignment to a table's field, but that a nil key is passed over.
func set(L *lua.LState, t *lua.LTable, k, v lua.LValue) {
	if k != lua.LNil {
		L.RawSet(t, k, v)
	}
}

func (d *decoder) single(key string, v lua.LValue) *lua.LTable {
	t := d.L.CreateTable(0, 1)
	t.RawSetString(key, v)
	return t
}

// Reply appends the value that a script returned to out, as a reply of the protocol that out has. An error reply is
// appended by fail, which is given its text and whether the error was counted before.
func (vm *VM) Reply(out *resp.Writer, r *Run, v lua.LValue, fail func(text string, counted bool)) {
	e := encoder{vm: vm, out: out, fail: fail, resp3: r.protocol == 3}
	e.value(v, 0)
}

// maxReplyDepth bounds how deep the tables of a reply may be nested. PUC's Lua has a stack of this many values, of which a
// level of nesting takes four at most.
const maxReplyDepth = 8000 / 4

type encoder struct {
	vm    *VM
	out   *resp.Writer
	fail  func(text string, counted bool)
	resp3 bool // the script speaks RESP3
}

func (e *encoder) value(v lua.LValue, depth int) {
	if depth > maxReplyDepth {
		e.fail("ERR reached lua stack limit", false)
		return
	}
	switch v := v.(type) {
	case lua.LString:
		e.out.BulkString(string(v))
	case lua.LNumber:
		e.out.Int(lualib.ToInt64(float64(v)))
	case lua.LBool:
		switch {
		case e.resp3:
			e.out.Bool(bool(v))
		case bool(v):
			e.out.Int(1)
		default:
			e.out.Null()
		}
	case *lua.LTable:
		e.table(e.vm.real(v), depth)
	default:
		e.out.Null()
	}
}

// table appends what a table stands for: of the fields that say so the first that there is counts.
func (e *encoder) table(t *lua.LTable, depth int) {
	if _, ok := t.RawGetString("err").(lua.LString); ok {
		err := tableError(t)
		e.fail(err.Text, err.Counted)
		return
	}
	if s, ok := t.RawGetString("ok").(lua.LString); ok {
		s, _, _ := strings.Cut(string(s), "\x00")
		e.out.Simple(s)
		return
	}
	if f, ok := t.RawGetString("double").(lua.LNumber); ok {
		e.out.Double(float64(f))
		return
	}
	if s, ok := t.RawGetString("big_number").(lua.LString); ok {
		e.out.BigNumber([]byte(noLineEnds.Replace(string(s))))
		return
	}
	if e.verbatim(t) {
		return
	}
	if m, ok := t.RawGetString("map").(*lua.LTable); ok {
		e.pairs(e.vm.real(m), true, depth)
		return
	}
	if s, ok := t.RawGetString("set").(*lua.LTable); ok {
		e.pairs(e.vm.real(s), false, depth)
		return
	}
	mark, n := e.out.DeferArray(), 0
	for v := element(t, 1); v != lua.LNil; v = element(t, n+1) {
		e.value(v, depth+1)
		n++
	}
	e.out.SetArrayLen(mark, n)
}

var noLineEnds = strings.NewReplacer("\r", " ", "\n", " ")

func (e *encoder) verbatim(t *lua.LTable) bool {
	v, ok := t.RawGetString("verbatim_string").(*lua.LTable)
	if !ok {
		return false
	}
	v = e.vm.real(v)
	format, ok1 := v.RawGetString("format").(lua.LString)
	s, ok2 := v.RawGetString("string").(lua.LString)
	if ok1 && ok2 {
		e.out.Verbatim(string(format), string(s))
	}
	return ok1 && ok2
}

// pairs appends a map, or the keys of a set.
func (e *encoder) pairs(t *lua.LTable, values bool, depth int) {
	mark, n := e.out.DeferMap(), 0
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		e.value(k, depth+1)
		if values {
			e.value(v, depth+1)
		}
		n++
	}
	if values {
		e.out.SetMapLen(mark, n)
	} else {
		e.out.SetSetLen(mark, n)
	}
}
