package resp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Value is one reply.
type Value struct {
	Type Type
	// Null is set for RESP2's null bulk and null array and for RESP3's null; nothing else is then.
	Null bool
	// Str is the text of a status, an error, a bulk, a verbatim string (without its format) or a number.
	Str []byte
	// Int is the value of an integer, and 1 or 0 of a boolean.
	Int int64
	// Double is the value of a double.
	Double float64
	// Elems are the elements of an array, a set or a push, and the keys and values, in turn, of a map.
	Elems []Value
}

// IsError tells whether the reply is an error, of either form.
func (v Value) IsError() bool { return v.Type == TypeError || v.Type == TypeBulkError }

// String returns the text of a reply that has one; aggregates are shown in brackets.
func (v Value) String() string {
	switch {
	case v.Null:
		return "(nil)"
	case v.Elems != nil:
		return fmt.Sprint(v.Elems)
	}
	return string(v.Str)
}

// Strings returns the texts of an aggregate's elements.
func (v Value) Strings() ([]string, error) {
	switch v.Type {
	case TypeArray, TypeSet, TypePush, TypeMap:
	default:
		return nil, fmt.Errorf("%w: %q", ErrReplyNotValue, byte(v.Type))
	}
	texts := make([]string, len(v.Elems))
	for i, e := range v.Elems {
		texts[i] = e.String()
	}
	return texts, nil
}

// Reader reads replies. It refuses those beyond its limits, so that a peer cannot make it allocate what it has not sent.
type Reader struct {
	R *bufio.Reader
	// MaxBulk bounds one string, in bytes; 0 stands for DefaultMaxBulk.
	MaxBulk int64
	// MaxElems bounds all the elements of one reply, nested ones included; 0 stands for a million.
	MaxElems int
}

const (
	defaultMaxElems = 1 << 20
	maxDepth        = 32
)

// NewReader returns a reader with the default limits.
func NewReader(r io.Reader) *Reader { return &Reader{R: bufio.NewReader(r)} }

// Read reads one reply. Attributes before it are skipped. An error reply is a Value, not an error.
func (r *Reader) Read() (Value, error) {
	budget := r.MaxElems
	if budget == 0 {
		budget = defaultMaxElems
	}
	return r.read(&budget, 0)
}

func (r *Reader) read(budget *int, depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, ErrReplyTooDeep
	}
	line, err := r.line()
	if err != nil {
		return Value{}, err
	}
	if len(line) == 0 {
		return Value{}, fmt.Errorf("%w: empty line", ErrReplySyntax)
	}
	v := Value{Type: Type(line[0])}
	text := line[1:]
	switch v.Type {
	case TypeStatus, TypeError, TypeBigNumber:
		v.Str = bytes.Clone(text)
	case TypeInt, TypeBool, TypeDouble, TypeNull:
		err = v.scalar(text)
	case TypeBulk, TypeBulkError, TypeVerbatim:
		err = r.bulk(&v, text)
	case TypeArray, TypeSet, TypePush, TypeMap:
		err = r.aggregate(&v, text, budget, depth)
	case TypeAttribute:
		if err = r.aggregate(&v, text, budget, depth); err == nil {
			return r.read(budget, depth+1)
		}
	default:
		err = fmt.Errorf("%w: type %q", ErrReplySyntax, line[0])
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// scalar sets a value that its line holds whole.
func (v *Value) scalar(text []byte) error {
	ok := true
	switch v.Type {
	case TypeInt:
		v.Int, ok = ParseInt(text)
	case TypeBool:
		ok = len(text) == 1 && (text[0] == 't' || text[0] == 'f')
		if ok && text[0] == 't' {
			v.Int = 1
		}
	case TypeDouble:
		f, err := strconv.ParseFloat(string(text), 64)
		v.Double, ok = f, err == nil || math.IsInf(f, 0)
	case TypeNull:
		v.Null, ok = true, len(text) == 0
		return syntaxUnless(ok, text)
	}
	v.Str = bytes.Clone(text)
	return syntaxUnless(ok, text)
}

func syntaxUnless(ok bool, text []byte) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%w: %.32q", ErrReplySyntax, text)
}

// bulk reads the bytes that a bulk's header announces. They are allocated as they come, 1 MB at first.
func (r *Reader) bulk(v *Value, header []byte) error {
	size, ok := ParseInt(header)
	if !ok || size < -1 {
		return syntaxUnless(false, header)
	}
	if size == -1 {
		v.Null = true
		return nil
	}
	limit := r.MaxBulk
	if limit == 0 {
		limit = DefaultMaxBulk
	}
	if size > limit {
		return fmt.Errorf("%w: a string of %d bytes", ErrReplyTooBig, size)
	}
	var buf bytes.Buffer
	buf.Grow(int(min(size+2, 1<<20)))
	if _, err := io.CopyN(&buf, r.R, size+2); err != nil {
		return unexpectedEOF(err)
	}
	data := buf.Bytes()
	if data[size] != '\r' || data[size+1] != '\n' {
		return fmt.Errorf("%w: a string without line end", ErrReplySyntax)
	}
	v.Str = data[:size]
	if v.Type == TypeVerbatim {
		if size < 4 || v.Str[3] != ':' {
			return fmt.Errorf("%w: verbatim string without format", ErrReplySyntax)
		}
		v.Str = v.Str[4:]
	}
	return nil
}

// aggregate reads the elements that an aggregate's header announces.
func (r *Reader) aggregate(v *Value, header []byte, budget *int, depth int) error {
	n, ok := ParseInt(header)
	if !ok || n < -1 {
		return syntaxUnless(false, header)
	}
	if n == -1 {
		v.Null = true
		return nil
	}
	if n > int64(*budget) {
		return fmt.Errorf("%w: %d elements", ErrReplyTooBig, n)
	}
	if v.Type == TypeMap || v.Type == TypeAttribute {
		n *= 2
	}
	if *budget -= int(n); *budget < 0 {
		return fmt.Errorf("%w: %d elements", ErrReplyTooBig, n)
	}
	v.Elems = make([]Value, 0, min(n, 64))
	for range n {
		e, err := r.read(budget, depth+1)
		if err != nil {
			return unexpectedEOF(err)
		}
		v.Elems = append(v.Elems, e)
	}
	return nil
}

// line reads a line and drops its end. It is valid until the next read.
func (r *Reader) line() ([]byte, error) {
	line, err := r.R.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return r.longLine(bytes.Clone(line))
	case err != nil && len(line) > 0:
		return nil, unexpectedEOF(err)
	case err != nil:
		return nil, err
	}
	return trimLineEnd(line)
}

// longLine goes on with a line that fills the buffer, up to MaxInline: errors may quote an argument.
func (r *Reader) longLine(line []byte) ([]byte, error) {
	for {
		more, err := r.R.ReadSlice('\n')
		line = append(line, more...)
		switch {
		case len(line) > MaxInline:
			return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrReplyTooBig, MaxInline)
		case err == nil:
			return trimLineEnd(line)
		case err != bufio.ErrBufferFull:
			return nil, unexpectedEOF(err)
		}
	}
}

func trimLineEnd(line []byte) ([]byte, error) {
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, fmt.Errorf("%w: a line without CR", ErrReplySyntax)
	}
	return line[:len(line)-2], nil
}

// unexpectedEOF is err, where the end of input cuts a reply short.
func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
