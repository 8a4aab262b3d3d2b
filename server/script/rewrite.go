package script

import (
	"errors"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	lua "github.com/yuin/gopher-lua"
)

// maxSyntaxDepth bounds the nesting of a source text, and with it the stack that compiling takes. PUC's Lua allows 200
// levels, but does not count operators that associate to the left.
const maxSyntaxDepth = 5000

var errTooDeep = errors.New("chunk has too many syntax levels")

// concatMark stands for the concatenation function in a syntax tree: a constant that link replaces.
const concatMark = lua.LString("\x00concat\x00")

// Others stand for the length operator, the modulo operator, and what makes a number of a loop's bound.
const (
	lengthMark = lua.LString("\x00length\x00")
	moduloMark = lua.LString("\x00modulo\x00")
	loopMark   = lua.LString("\x00loop\x00")
)

// rewrite changes a syntax tree where gopher-lua's operators differ from Lua's: a concatenation becomes a call of a
// function that prints numbers as Lua does and bounds the result; the length operator sees beyond the array part of a table; modulo computes as C does; a loop's bounds may be strings; and
// numerals with a leading zero are decimal.
// straight is set if what is left does a bounded number of steps.
func rewrite(stmts []ast.Stmt) (straight bool, err error) {
	r := rewriter{straight: true}
	r.stmts(stmts)
	return r.straight, r.err
}

type rewriter struct {
	depth    int
	straight bool // no loop and no function so far, nor a variable by which there may be some
	err      error
}

// winding are the global variables by which a text without loops may execute others.
var winding = map[string]bool{
	"_G": true, "coroutine": true, "getfenv": true, "load": true, "loadstring": true, "setfenv": true,
	"setmetatable": true, "xpcall": true,
}

func (r *rewriter) enter() bool {
	r.depth++
	if r.depth > maxSyntaxDepth {
		r.err = errTooDeep
	}
	return r.err == nil
}

func (r *rewriter) leave() { r.depth-- }

func (r *rewriter) stmts(list []ast.Stmt) {
	if r.enter() {
		for _, s := range list {
			r.stmt(s)
		}
	}
	r.leave()
}

func (r *rewriter) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, e := range s.Lhs {
			if at, ok := e.(*ast.AttrGetExpr); ok {
				r.key(at.Key)
			}
		}
		r.exprs(s.Lhs)
		r.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		r.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.stmts(s.Stmts)
	case *ast.WhileStmt:
		r.straight = false
		s.Condition = r.expr(s.Condition)
		r.stmts(s.Stmts)
	case *ast.RepeatStmt:
		r.straight = false
		s.Condition = r.expr(s.Condition)
		r.stmts(s.Stmts)
	case *ast.IfStmt:
		s.Condition = r.expr(s.Condition)
		r.stmts(s.Then)
		r.stmts(s.Else)
	case *ast.NumberForStmt:
		r.straight = false
		s.Init, s.Limit, s.Step = bound(r.expr(s.Init)), bound(r.expr(s.Limit)), bound(r.expr(s.Step))
		r.stmts(s.Stmts)
	case *ast.GenericForStmt:
		r.straight = false
		r.exprs(s.Exprs)
		r.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		r.straight = false
		s.Name.Func, s.Name.Receiver = r.expr(s.Name.Func), r.expr(s.Name.Receiver)
		r.stmts(s.Func.Stmts)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	case *ast.GotoStmt:
		r.straight = false
	}
}

// key looks at where something is assigned to in a table. An element far behind the others takes tens of megabytes, so who makes
// many must be watched.
func (r *rewriter) key(e ast.Expr) {
	if _, constant := e.(*ast.StringExpr); e != nil && !constant {
		r.straight = false
	}
}

func (r *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

// expr returns what an expression becomes.
func (r *rewriter) expr(e ast.Expr) ast.Expr {
	if e == nil || !r.enter() {
		return e
	}
	defer r.leave()
	switch e := e.(type) {
	case *ast.NumberExpr:
		e.Value = numeral(e.Value)
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			r.key(f.Key)
			f.Key, f.Value = r.expr(f.Key), r.expr(f.Value)
		}
	case *ast.FuncCallExpr:
		e.Func, e.Receiver = r.expr(e.Func), r.expr(e.Receiver)
		r.exprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
		if e.Operator == "%" {
			return markCall(moduloMark, []ast.Expr{single(e.Lhs), e.Rhs})
		}
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
		return length(e)
	case *ast.IdentExpr:
		if winding[e.Value] {
			r.straight = false
		}
	case *ast.FunctionExpr:
		r.straight = false
		r.stmts(e.Stmts)
	case *ast.StringConcatOpExpr:
		return r.concatenation(e)
	}
	return e
}

// maxConcat is how many operands one call of the concatenation function gets, so that they fit its caller's registers.
const maxConcat = 50

// concatenation makes a call of a chain of operators.
func (r *rewriter) concatenation(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	for {
		operands = append(operands, r.expr(e.Lhs))
		next, ok := e.Rhs.(*ast.StringConcatOpExpr)
		if !ok {
			operands = append(operands, r.expr(e.Rhs))
			break
		}
		e = next
	}
	last := operands[len(operands)-1]
	for rest := operands[:len(operands)-1]; len(rest) > 0; {
		n := min(len(rest), maxConcat)
		last = concatCall(append(rest[len(rest)-n:len(rest):len(rest)], last))
		rest = rest[:len(rest)-n]
	}
	return last
}

// length makes of #x a call of the length function, or if x is a variable of
//
//	#x ~= longestArray and #x or length(x)
//
// for the call costs ten times as much as the operator.
func length(e *ast.UnaryLenOpExpr) ast.Expr {
	call := markCall(lengthMark, []ast.Expr{e.Expr})
	if _, ok := e.Expr.(*ast.IdentExpr); !ok {
		return call
	}
	full := &ast.NumberExpr{Value: strconv.Itoa(longestArray)}
	short := &ast.RelationalOpExpr{Operator: "~=", Lhs: e, Rhs: full}
	either := &ast.LogicalOpExpr{Operator: "and", Lhs: short, Rhs: e}
	whole := &ast.LogicalOpExpr{Operator: "or", Lhs: either, Rhs: call}
	setPlace(e.Line(), full, short, either, whole)
	return whole
}

// bound makes of a loop's bound a number: a string will do, too.
func bound(e ast.Expr) ast.Expr {
	switch e.(type) {
	case nil, *ast.NumberExpr, *ast.UnaryLenOpExpr, *ast.UnaryMinusOpExpr, *ast.ArithmeticOpExpr, *ast.LogicalOpExpr:
		return e // a number already, or next to always
	}
	return markCall(loopMark, []ast.Expr{e})
}

func setPlace(line int, exprs ...ast.Expr) {
	for _, e := range exprs {
		e.SetLine(line)
		e.SetLastLine(line)
	}
}

func concatCall(operands []ast.Expr) ast.Expr { return markCall(concatMark, operands) }

// markCall makes a call of the function that a mark stands for.
func markCall(mark lua.LString, operands []ast.Expr) ast.Expr {
	fn := &ast.StringExpr{Value: string(mark)}
	call := &ast.FuncCallExpr{Func: fn, Args: operands, AdjustRet: true}
	setPlace(operands[0].Line(), fn, call)
	single(operands[len(operands)-1])
	return call
}

// single lets only the one value of a last operand count.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// numeral returns a decimal numeral without leading zeros, which gopher-lua takes for octal.
func numeral(s string) string {
	if len(s) < 2 || s[0] != '0' || s[1] < '0' || s[1] > '9' {
		return s
	}
	if s = strings.TrimLeft(s, "0"); s == "" || s[0] < '0' || s[0] > '9' {
		s = "0" + s
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		return "0" + s
	}
	return s
}
