package script

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Run is one run of a script: who serves it, and what may stop it.
type Run struct {
	Host Host
	// Name is how error messages call the script: its SHA1, or a function's name.
	Name string
	// Yield is called on the script's goroutine some time after Interrupt was, between two instructions. What it returns,
	// if not "", ends the script as an error that it cannot catch.
	Yield func() string

	protocol    int // that redis.setresp chose, 0 for none
	interrupted atomic.Bool
	killed      string // what Yield returned
}

// Interrupt makes the script call Yield soon. It is safe for concurrent use.
func (r *Run) Interrupt() { r.interrupted.Store(true) }

// hook is asked by gopher-lua at every instruction, as a context, whether the script is to go on. It costs 4 ns.
type hook struct{ vm *VM }

var _ context.Context = hook{}

func (h hook) Deadline() (time.Time, bool) { return time.Time{}, false }
func (h hook) Value(any) any               { return nil }
func (h hook) Err() error                  { return nil }

func (h hook) Done() <-chan struct{} {
	r := h.vm.run
	if r == nil || !r.interrupted.Load() {
		return nil
	}
	h.vm.yield(r)
	return nil
}

// checkSize raises an error if a string of that size is too large, or if the script is to end: one without loops is asked
// nowhere else, and a few lines make gigabytes.
func (vm *VM) checkSize(L *lua.LState, size int) {
	if size > maxString {
		raise(L, "not enough memory")
	}
	if r := vm.run; size >= largeString && r != nil && r.interrupted.Load() {
		vm.yield(r)
	}
}

// yield lets the owner do what Interrupt asked for. A run that was killed is interrupted for ever: pcall must not
// save it.
func (vm *VM) yield(r *Run) {
	if r.killed == "" {
		r.interrupted.Store(false)
		if r.killed = r.Yield(); r.killed == "" {
			return
		}
		r.interrupted.Store(true)
	}
	L := vm.L
	if L.G.CurrentThread != nil {
		L = L.G.CurrentThread
	}
	L.Error(errorTable(L, r.killed), 0)
}

// Error is an error that ended a script.
type Error struct {
	Text string // code and message, without the leading "-"
	// Source and Line are where it was raised; "" if that is not known.
	Source, Line string
	// Counted is set for the error of a command, which was counted as that.
	Counted bool
}

// Error returns the text for the client, for a script that is called name.
func (e *Error) Reply(name string) string {
	if e.Source == "" || e.Line == "" {
		return e.Text
	}
	return e.Text + " script: " + name + ", on " + e.Source + ":" + e.Line + "."
}

func (e *Error) Error() string { return e.Text }

// Do calls a function and returns its first result.
func (vm *VM) Do(r *Run, fn Function, args ...lua.LValue) (lua.LValue, *Error) {
	L, hooked := vm.L, !fn.Straight
	vm.run, vm.nested, vm.resumable = r, 0, -1
	if hooked {
		L.SetContext(hook{vm})
	}
	L.Push(fn.LFunction)
	for _, a := range args {
		L.Push(a)
	}
	err := L.PCall(len(args), 1, vm.handler)
	if hooked {
		L.RemoveContext()
	}
	vm.run = nil
	if err != nil {
		L.SetTop(0)
		L.G.CurrentThread = L
		return lua.LNil, vm.errorOf(err)
	}
	v := L.Get(-1)
	L.SetTop(0)
	return v, nil
}

// errorOf makes an Error of what PCall returned: normally the table that the handler made.
func (vm *VM) errorOf(err error) *Error {
	api, ok := err.(*lua.ApiError)
	if !ok {
		return &Error{Text: "ERR " + err.Error()}
	}
	t, ok := api.Object.(*lua.LTable)
	if !ok {
		return &Error{Text: "ERR " + translate(text(api.Object))}
	}
	return tableError(t)
}

// tableError reads an error's table.
func tableError(t *lua.LTable) *Error {
	e := &Error{Text: field(t, "err"), Source: field(t, "source"), Line: field(t, "line")}
	e.Counted = t.RawGetString("ignore_error_stats_update") == lua.LTrue
	return e
}

func field(t *lua.LTable, key string) string {
	v := t.RawGetString(key)
	if !lua.LVCanConvToString(v) {
		return ""
	}
	return text(v)
}

// errorHandler turns what was raised into a table, and adds where that was.
func (vm *VM) errorHandler(L *lua.LState) int {
	raised := named(L, L.Get(1))
	t, ok := raised.(*lua.LTable)
	if !ok {
		t = L.CreateTable(0, 1)
		t.RawSetString("err", lua.LString("ERR "+vm.message(L, raised)))
	}
	if source, line, ok := where(L); ok {
		vm.writableError(t)
		t.RawSetString("source", lua.LString(source))
		t.RawSetString("line", lua.LNumber(line))
	}
	L.Push(t)
	return 1
}

func (vm *VM) writableError(t *lua.LTable) {
	if vm.readonly[t] != nil {
		t.Metatable = lua.LNil
	}
}

// where returns the place of the innermost Lua function.
func where(L *lua.LState) (source string, line int, ok bool) {
	for level := 1; level < 8; level++ {
		dbg, found := L.GetStack(level)
		if !found {
			return "", 0, false
		}
		fn, err := L.GetInfo("fSl", dbg, lua.LNil)
		if err != nil {
			return "", 0, false
		}
		if f, isFn := fn.(*lua.LFunction); isFn && !f.IsG {
			return "@" + dbg.Source, dbg.CurrentLine, true
		}
	}
	return "", 0, false
}

// raise raises an error with the place where the Lua code stands; without one if it is no Lua code that called.
func raise(L *lua.LState, msg string) {
	if calledFromGo(L) {
		L.Error(lua.LString(msg), 0)
	}
	L.RaiseError("%s", msg)
}

// calledFromGo reports whether the running function was called by a library function, such as pcall, which knows no name for it.
func calledFromGo(L *lua.LState) bool {
	dbg, ok := L.GetStack(1)
	if !ok {
		return false
	}
	fn, err := L.GetInfo("f", dbg, lua.LNil)
	f, isFn := fn.(*lua.LFunction)
	return err == nil && isFn && f.IsG
}

// errorTable makes the table of an error: of "-CODE message", or of a message without a code.
func errorTable(L *lua.LState, msg string) *lua.LTable {
	code := "ERR"
	if rest, ok := strings.CutPrefix(msg, "-"); ok {
		msg = rest
		if c, m, found := strings.Cut(rest, " "); found {
			code, msg = c, m
		}
	}
	t := L.CreateTable(0, 2)
	t.RawSetString("err", lua.LString(code+" "+strings.Trim(msg, "\r\n")))
	return t
}

// raiseTable raises an error as a table, without a place in its text.
func raiseTable(L *lua.LState, msg string) { L.Error(errorTable(L, msg), 0) }

// message returns the text of what was raised.
func (vm *VM) message(L *lua.LState, v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return translate(string(s))
	}
	return vm.tostring(L, v)
}

func itoa(n int) string { return strconv.Itoa(n) }
