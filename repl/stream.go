package repl

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
)

const (
	// readChunk is the free space that fill makes before it reads.
	readChunk = 64 << 10
	// maxLine bounds inline commands and the header lines of arrays and bulks, as
	// PROTO_INLINE_MAX_SIZE does.
	maxLine = 64 << 10
	// maxArgs bounds the announced number of arguments, as Redis does.
	maxArgs = math.MaxInt32
	// keepBuffer is the buffer that is kept when all of it has been consumed; a
	// larger one was for one large command.
	keepBuffer = 1 << 20
)

// span is a range of bytes, relative to the first byte not yet discarded.
type span struct{ from, to int }

// rawCommand is a parsed command: its arguments are args[first:first+argc] of the
// parser, and it ends where to says. argc is 0 for an empty line or array.
type rawCommand struct {
	first, argc int
	to          int
}

// parser cuts a stream of commands, as arrays of bulks or inline, into commands,
// without copying them: a command stays in the buffer, and its raw bytes with
// it, until it is discarded. Progress within a command is remembered, so each
// byte is looked at once however small the pieces that arrive.
//
// Nothing is allocated on account of an announced length: the buffer grows as
// bytes arrive.
type parser struct {
	maxBuffer int  // most undiscarded bytes, 0 for any number
	noInline  bool // an inline command that is not an empty line is an error

	buf  []byte // buf[base:] has not been discarded
	base int
	pos  int // parsed up to here, relative to base

	left int // arguments of the command in progress still to come, -1 between commands
	bulk int // length of the argument in progress, -1 before its header
	argc int // arguments of the command in progress that are complete

	args []span
	cmds []rawCommand // complete commands not yet discarded
}

func newParser(maxBuffer int, noInline bool) *parser {
	return &parser{maxBuffer: maxBuffer, noInline: noInline, left: -1, bulk: -1}
}

// fill reads once from src and parses what came. It returns the number of bytes read.
func (p *parser) fill(src io.Reader) (int, error) {
	if p.base > 0 {
		n := copy(p.buf, p.buf[p.base:])
		p.buf, p.base = p.buf[:n], 0
	}
	if len(p.buf) == 0 && cap(p.buf) > keepBuffer {
		p.buf = nil
	}
	if cap(p.buf)-len(p.buf) < readChunk {
		grown := make([]byte, len(p.buf), max(2*len(p.buf), len(p.buf)+readChunk))
		copy(grown, p.buf)
		p.buf = grown
	}
	n, err := src.Read(p.buf[len(p.buf):cap(p.buf)])
	p.buf = p.buf[:len(p.buf)+n]
	if n > 0 {
		if perr := p.parse(); perr != nil {
			return n, perr
		}
	}
	return n, err
}

// feed adds bytes that were read elsewhere, and parses them.
func (p *parser) feed(b []byte) error {
	p.buf = append(p.buf, b...)
	return p.parse()
}

// parse cuts off every complete command.
func (p *parser) parse() error {
	if p.maxBuffer > 0 && len(p.buf)-p.base > p.maxBuffer {
		return fmt.Errorf("%w: %w: %d bytes buffered", ErrProtocol, ErrTooBig, len(p.buf)-p.base)
	}
	for {
		done, err := p.step()
		if err != nil || !done {
			return err
		}
	}
}

// step parses one element: a header line, an argument or an inline command. It
// reports false when the element is not complete yet.
func (p *parser) step() (bool, error) {
	switch {
	case p.left < 0:
		return p.begin()
	case p.bulk < 0:
		return p.bulkHeader()
	}
	if len(p.buf)-p.base-p.pos < p.bulk+2 {
		return false, nil
	}
	p.args = append(p.args, span{p.pos, p.pos + p.bulk})
	p.pos += p.bulk + 2 // Redis does not look at these two bytes either
	p.bulk = -1
	p.argc++
	if p.left--; p.left == 0 {
		p.finish()
	}
	return true, nil
}

// begin parses the first line of a command.
func (p *parser) begin() (bool, error) {
	line, ok, err := p.line()
	if !ok {
		return false, err
	}
	if len(line) == 0 || line[0] != '*' {
		return true, p.inline(line)
	}
	n, err := strconv.ParseInt(string(line[1:]), 10, 64)
	if err != nil || n > maxArgs {
		return false, fmt.Errorf("%w: invalid multibulk length %q", ErrProtocol, clip(line[1:]))
	}
	if p.left = int(n); n <= 0 {
		p.finish()
	}
	return true, nil
}

func (p *parser) bulkHeader() (bool, error) {
	line, ok, err := p.line()
	if !ok {
		return false, err
	}
	if len(line) == 0 || line[0] != '$' {
		return false, fmt.Errorf("%w: expected '$', got %q", ErrProtocol, clip(line))
	}
	n, err := strconv.ParseInt(string(line[1:]), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt-2 || p.maxBuffer > 0 && n > int64(p.maxBuffer) {
		return false, fmt.Errorf("%w: invalid bulk length %q", ErrProtocol, clip(line[1:]))
	}
	p.bulk = int(n)
	return true, nil
}

// inline parses a command of words, or an empty line, which is a sign of life.
func (p *parser) inline(line []byte) error {
	words := bytes.Fields(line)
	if p.noInline && len(words) > 0 {
		return fmt.Errorf("%w: inline command %q", ErrProtocol, clip(line))
	}
	if len(words) > 0 {
		// Fields returns parts of line, whose place in the buffer is known.
		start := p.pos - lineEnd(p.buf[p.base:p.base+p.pos]) - len(line)
		at := 0
		for _, w := range words {
			at += bytes.Index(line[at:], w)
			p.args = append(p.args, span{start + at, start + at + len(w)})
			at += len(w)
		}
	}
	p.argc = len(words)
	p.finish()
	return nil
}

// lineEnd is the length of the line terminator that b ends with.
func lineEnd(b []byte) int {
	if len(b) > 1 && b[len(b)-2] == '\r' {
		return 2
	}
	return 1
}

// line returns the next line without its end, and moves past it.
func (p *parser) line() ([]byte, bool, error) {
	rest := p.buf[p.base+p.pos:]
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		if len(rest) > maxLine {
			return nil, false, fmt.Errorf("%w: %w: line of more than %d bytes", ErrProtocol, ErrTooBig, maxLine)
		}
		return nil, false, nil
	}
	p.pos += i + 1
	if i > 0 && rest[i-1] == '\r' {
		i--
	}
	return rest[:i], true, nil
}

// finish records the command that ends at pos.
func (p *parser) finish() {
	p.cmds = append(p.cmds, rawCommand{first: len(p.args) - p.argc, argc: p.argc, to: p.pos})
	p.left, p.bulk, p.argc = -1, -1, 0
}

// arguments appends the arguments of a command to dst. They are valid until the
// command is discarded or more is read.
func (p *parser) arguments(dst [][]byte, c rawCommand) [][]byte {
	b := p.buf[p.base:]
	for _, s := range p.args[c.first : c.first+c.argc] {
		dst = append(dst, b[s.from:s.to:s.to])
	}
	return dst
}

// word returns one argument of a command, nil if it has fewer.
func (p *parser) word(c rawCommand, i int) []byte {
	if i >= c.argc {
		return nil
	}
	s := p.args[c.first+i]
	return p.buf[p.base+s.from : p.base+s.to]
}

// startOf is where command i begins.
func (p *parser) startOf(i int) int {
	if i == 0 {
		return 0
	}
	return p.cmds[i-1].to
}

// raw returns the first n undiscarded bytes.
func (p *parser) raw(n int) []byte { return p.buf[p.base : p.base+n] }

// discard drops the first n commands and their bytes.
func (p *parser) discard(n int) {
	if n == 0 {
		return
	}
	last := p.cmds[n-1]
	args := last.first + last.argc
	p.base += last.to
	p.pos -= last.to
	p.args = p.args[:copy(p.args, p.args[args:])]
	for i := range p.args {
		p.args[i].from -= last.to
		p.args[i].to -= last.to
	}
	p.cmds = p.cmds[:copy(p.cmds, p.cmds[n:])]
	for i := range p.cmds {
		p.cmds[i].first -= args
		p.cmds[i].to -= last.to
	}
	if p.base == len(p.buf) {
		p.buf, p.base = p.buf[:0], 0
	}
}

// clip shortens input for an error text.
func clip(b []byte) []byte { return b[:min(len(b), 64)] }

// appendCommand appends a command as an array of bulks.
func appendCommand(dst []byte, args ...string) []byte {
	dst = append(dst, '*')
	dst = strconv.AppendInt(dst, int64(len(args)), 10)
	dst = append(dst, '\r', '\n')
	for _, a := range args {
		dst = append(dst, '$')
		dst = strconv.AppendInt(dst, int64(len(a)), 10)
		dst = append(dst, '\r', '\n')
		dst = append(dst, a...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}

// equalFold compares a command word with a name in lower case.
func equalFold(word []byte, name string) bool {
	if len(word) != len(name) {
		return false
	}
	for i, c := range word {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}
