package aof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	// readSize is the window through which a file is read.
	readSize = 256 << 10
	// maxLine bounds annotations and the lines before arguments, as in Redis.
	maxLine = 1024
	// maxArgs bounds the announced number of arguments, as in a client's request.
	maxArgs = 1 << 31
	// growStep bounds what is set aside for an argument before its bytes have come.
	growStep = 1 << 20
	// keepBuffer is the largest buffer that is kept for the next command.
	keepBuffer = 1 << 20
)

// Record is a command, or an annotation, of a file. Its bytes are valid until the next
// call of Reader.Next.
type Record struct {
	Args       [][]byte // nil for an annotation
	Annotation []byte   // the line without its end, from '#' on
	Start, End int64    // the record's bytes within the file
	Lines      int      // lines that it takes up, as redis-check-aof counts them
}

// Reader cuts a file into records.
type Reader struct {
	br   *bufio.Reader
	off  int64 // of the next byte
	buf  []byte
	ends []int // of the arguments in buf
	args [][]byte
	err  error
}

// NewReader reads what follows in br, which stands at the given offset of its file.
func NewReader(br *bufio.Reader, offset int64) *Reader { return &Reader{br: br, off: offset} }

// Offset is where the next record begins.
func (r *Reader) Offset() int64 { return r.off }

// Next returns the next record. The error is io.EOF behind the last; it wraps
// ErrTruncated where the file ends within a record, and ErrFormat where something else
// stands.
func (r *Reader) Next() (Record, error) {
	if r.err != nil {
		return Record{}, r.err
	}
	rec := Record{Start: r.off}
	r.err = r.record(&rec)
	if r.err == nil {
		rec.End = r.off
	}
	return rec, r.err
}

func (r *Reader) record(rec *Record) error {
	switch first, err := r.br.Peek(1); {
	case err != nil:
		return err
	case first[0] != '#' && first[0] != '*': // even if the file ends here
		return r.badFormat("a command", nil)
	}
	line, err := r.line()
	if err != nil {
		return err
	}
	rec.Lines = 1
	if line[0] == '#' {
		rec.Annotation = trimEnd(line)
		return nil
	}
	return r.command(rec, line)
}

func (r *Reader) command(rec *Record, line []byte) error {
	n, err := strconv.ParseInt(string(trimEnd(line)[1:]), 10, 64)
	if err != nil || n < 1 || n > maxArgs {
		return r.badFormat("a number of arguments", line)
	}
	if cap(r.buf) > keepBuffer {
		r.buf = nil
	}
	r.buf, r.ends = r.buf[:0], r.ends[:0]
	for range n {
		if err := r.argument(); err != nil {
			return err
		}
	}
	rec.Lines += int(2 * n)
	r.args = r.args[:0]
	from := 0
	for _, end := range r.ends {
		r.args = append(r.args, r.buf[from:end:end])
		from = end
	}
	rec.Args = r.args
	return nil
}

// argument appends the next argument to buf.
func (r *Reader) argument() error {
	if first, err := r.br.Peek(1); err == nil && first[0] != '$' {
		return r.badFormat("an argument", nil)
	}
	line, err := r.line()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(trimEnd(line)[1:]), 10, 64)
	if err != nil || n < 0 {
		return r.badFormat("an argument's length", line)
	}
	for n > 0 {
		step := int(min(n, growStep))
		from := len(r.buf)
		r.buf = append(r.buf, make([]byte, step)...)
		if err := r.full(r.buf[from:]); err != nil {
			return err
		}
		n -= int64(step)
	}
	r.ends = append(r.ends, len(r.buf))
	var end [2]byte
	return r.full(end[:]) // whose value Redis does not look at either
}

// full reads all of p.
func (r *Reader) full(p []byte) error {
	n, err := io.ReadFull(r.br, p)
	r.off += int64(n)
	return r.truncated(err)
}

// line reads a line with its end, which is not empty.
func (r *Reader) line() ([]byte, error) {
	line, err := r.br.ReadSlice('\n')
	r.off += int64(len(line))
	if len(line) > maxLine || errors.Is(err, bufio.ErrBufferFull) {
		return nil, r.badFormat("a line", line)
	}
	return line, r.truncated(err)
}

// truncated makes the file's end an error of its own.
func (r *Reader) truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: at offset %d", ErrTruncated, r.off)
	}
	return err
}

func (r *Reader) badFormat(want string, line []byte) error {
	return fmt.Errorf("%w: at offset %d: expected %s, found %q", ErrFormat, r.off-int64(len(line)), want, line[:min(len(line), 64)])
}

func trimEnd(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }
