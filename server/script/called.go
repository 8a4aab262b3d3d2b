package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// notCallable is what gopher-lua says when something that is no function is called.
const notCallable = "attempt to call a non-function object"

// named is run by error handlers, while the frames are still there: it lets the error of calling what cannot be called tell what
// that was, as Lua does. Everything else it leaves as it is.
func named(L *lua.LState, raised lua.LValue) lua.LValue {
	s, ok := raised.(lua.LString)
	if !ok || !strings.HasSuffix(string(s), notCallable) {
		return raised
	}
	for level := 1; ; level++ {
		frame, found := L.GetStack(level)
		if !found {
			return raised
		}
		v, err := L.GetInfo("fl", frame, lua.LNil)
		if fn, isFn := v.(*lua.LFunction); err == nil && isFn && !fn.IsG {
			if what := calledAt(L, frame, fn.Proto); what != "" {
				return lua.LString(strings.TrimSuffix(string(s), notCallable) + "attempt to call " + what)
			}
			return raised
		}
	}
}

// calledAt describes what was called on the current line of a function. It is "" unless just one call there is of a value
// that is no function: gopher-lua tells the line, but not the instruction.
func calledAt(L *lua.LState, frame *lua.Debug, p *lua.FunctionProto) (what string) {
	for _, call := range p.DbgCalls {
		if p.DbgSourcePositions[call.Pc] != frame.CurrentLine {
			continue
		}
		op, a := opcode(p.Code[call.Pc])
		if op != lua.OP_CALL && op != lua.OP_TAILCALL {
			continue
		}
		name, v := L.GetLocal(frame, a+1)
		if name == "" || v == nil || isCallable(L, v) {
			continue
		}
		if what != "" {
			return ""
		}
		what = "a " + v.Type().String() + " value"
		if kind := kindOf(p, call.Pc, a); kind != "" {
			what = kind + " '" + call.Name + "' (" + what + ")"
		}
	}
	return what
}

func isCallable(L *lua.LState, v lua.LValue) bool {
	_, ok := v.(*lua.LFunction)
	return ok || metamethod(L, v, "__call") != lua.LNil
}

// kindOf tells what kind of thing the instruction put into register a that did so last before pc; "" if it has no name.
func kindOf(p *lua.FunctionProto, pc, a int) string {
	for pc--; pc >= 0; pc-- {
		op, to := opcode(p.Code[pc])
		if to != a {
			continue
		}
		switch op {
		case lua.OP_GETGLOBAL:
			return "global"
		case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
			return "field"
		case lua.OP_SELF:
			return "method"
		case lua.OP_GETUPVAL:
			return "upvalue"
		case lua.OP_MOVE, lua.OP_MOVEN:
			return "local"
		}
		return ""
	}
	return ""
}

// opcode takes the operation and the first operand out of an instruction.
func opcode(instruction uint32) (op, a int) {
	return int(instruction >> 26), int(instruction>>18) & 0xff
}
