package script

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// ErrSyntax is what Compile's errors wrap; their text is Lua's message.
var ErrSyntax = errors.New("syntax error")

// syntaxError is a message of the compiler.
type syntaxError string

func (e syntaxError) Error() string { return string(e) }
func (e syntaxError) Unwrap() error { return ErrSyntax }

// Function is a compiled text. It belongs to the VM that compiled it.
type Function struct {
	*lua.LFunction
	// Straight is set if it takes a bounded number of steps, so that nothing need stop it.
	Straight bool
}

// Compile compiles a source text. The chunk's name is how messages refer to it, without Lua's leading "@".
func (vm *VM) Compile(source, chunk string) (Function, error) {
	proto, straight, err := compile(source, chunk)
	if err != nil {
		return Function{}, err
	}
	vm.link(proto)
	fn := vm.L.NewFunctionFromProto(proto)
	fn.Env = vm.public
	return Function{fn, straight}, nil
}

// compile parses and compiles. What the libraries do not catch must not end the server.
func compile(source, chunk string) (proto *lua.FunctionProto, straight bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			proto, err = nil, syntaxError(fmt.Sprintf("%s: %v", chunk, p))
		}
	}()
	if strings.HasPrefix(source, "#") { // as luaL_loadbuffer's caller has it: only files may have one
		return nil, false, syntaxError(chunk + ":1: unexpected symbol near '#'")
	}
	stmts, err := parse.Parse(strings.NewReader(source), chunk)
	if err != nil {
		return nil, false, parseError(err, source, chunk)
	}
	if straight, err = rewrite(stmts); err != nil {
		return nil, false, syntaxError(chunk + ": " + err.Error())
	}
	proto, err = lua.Compile(stmts, chunk)
	if err != nil {
		var c *lua.CompileError
		if errors.As(err, &c) {
			return nil, false, syntaxError(fmt.Sprintf("%s:%d: %s", chunk, c.Line, c.Message))
		}
		return nil, false, syntaxError(err.Error())
	}
	return proto, straight, nil
}

// parseError words an error of the parser as Lua does, as far as it is known what it expected.
func parseError(err error, source, chunk string) error {
	var p *parse.Error
	if !errors.As(err, &p) {
		return syntaxError(chunk + ": " + err.Error())
	}
	line, token := p.Pos.Line, "'"+p.Token+"'"
	if line == parse.EOF {
		line, token = 1+strings.Count(source, "\n"), "'<eof>'"
	}
	msg := p.Message
	switch {
	case strings.HasPrefix(msg, "syntax error"), strings.HasPrefix(msg, "parse error"), msg == "":
		msg = "unexpected symbol"
	case msg == "unterminated string":
		msg = "unfinished string"
	}
	return syntaxError(fmt.Sprintf("%s:%d: %s near %s", chunk, line, msg, token))
}

// link puts the VM's own functions in the places of a compiled text that rewrite left for them.
func (vm *VM) link(p *lua.FunctionProto) {
	for i, c := range p.Constants {
		switch c {
		case concatMark:
			p.Constants[i] = vm.concat
		case lengthMark:
			p.Constants[i] = vm.length
		case moduloMark:
			p.Constants[i] = vm.modulo
		case loopMark:
			p.Constants[i] = vm.loopNumber
		}
	}
	for _, inner := range p.FunctionPrototypes {
		vm.link(inner)
	}
}
