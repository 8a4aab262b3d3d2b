package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"
)

// Reply is one reply as it came over the wire.
//
// Shapes: '+', '-', ':', '$', '_', ',', '#', '(', '=' and '!' carry Text; '*', '~', '>' and '%' carry Elems, a map its keys
// and values in turn; a null bulk or array has Null set. Format: the RESP3 specification, of which RESP2 is a subset.
type Reply struct {
	Kind  byte
	Text  string
	Elems []Reply
	Null  bool
	Raw   []byte // exactly the bytes received, nested replies included

	start, end int
}

// IsError reports whether the reply is an error.
func (r Reply) IsError() bool { return r.Kind == '-' || r.Kind == '!' }

// Int returns the number that the reply carries, or 0.
func (r Reply) Int() int64 {
	n, _ := strconv.ParseInt(r.Text, 10, 64)
	return n
}

// Texts returns the texts of the reply's elements.
func (r Reply) Texts() []string {
	out := make([]string, len(r.Elems))
	for i, e := range r.Elems {
		out[i] = e.Text
	}
	return out
}

// ErrProtocol is wrapped by the error for bytes that are no RESP.
var ErrProtocol = errors.New("not a RESP reply")

// Conn is a raw RESP connection, for one goroutine. It speaks RESP2 until HELLO 3 is sent through it.
type Conn struct {
	net.Conn
	br      *bufio.Reader
	raw     []byte
	out     []byte
	timeout time.Duration
}

// Dial connects to an address.
func Dial(addr string) (*Conn, error) {
	c, err := net.DialTimeout("tcp", addr, Patience)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c, br: bufio.NewReaderSize(c, 64<<10), timeout: Patience}, nil
}

// Dial connects to the server until the test ends.
func (s *Server) Dial(t T) *Conn {
	t.Helper()
	c, err := Dial(s.Addr())
	if err != nil {
		t.Fatalf("connecting to %v: %v", s.Kind, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// DialProto connects with the given protocol version, 2 or 3.
func (s *Server) DialProto(t T, proto int) *Conn {
	t.Helper()
	c := s.Dial(t)
	if proto == 3 {
		if r := c.Must(t, "HELLO", "3"); r.IsError() {
			t.Fatalf("%v: HELLO 3: %s", s.Kind, r.Text)
		}
	}
	return c
}

// AppendCommand appends a command in RESP, as clients send it.
func AppendCommand(dst []byte, args ...string) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(args)), 10), "\r\n"...)
	for _, a := range args {
		dst = append(strconv.AppendInt(append(dst, '$'), int64(len(a)), 10), "\r\n"...)
		dst = append(append(dst, a...), "\r\n"...)
	}
	return dst
}

// Send writes one command.
func (c *Conn) Send(args ...string) error {
	c.out = AppendCommand(c.out[:0], args...)
	_, err := c.Write(c.out)
	return err
}

// Do sends a command and reads one reply.
func (c *Conn) Do(args ...string) (Reply, error) {
	if err := c.Send(args...); err != nil {
		return Reply{}, err
	}
	return c.Read1()
}

// Must is Do for the test's own goroutine: a broken connection ends the test. An error reply is returned as any other.
func (c *Conn) Must(t T, args ...string) Reply {
	t.Helper()
	r, err := c.Do(args...)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return r
}

// OK is Must for commands that must not fail: an error reply ends the test.
func (c *Conn) OK(t T, args ...string) Reply {
	t.Helper()
	r := c.Must(t, args...)
	if r.IsError() {
		t.Fatalf("%q: %s", args, r.Text)
	}
	return r
}

// Pipeline sends all commands in one write and reads as many replies.
func (c *Conn) Pipeline(cmds ...[]string) ([]Reply, error) {
	c.out = c.out[:0]
	for _, args := range cmds {
		c.out = AppendCommand(c.out, args...)
	}
	// The writer must not wait for a server that itself waits for its replies to be read.
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(c.out)
		written <- err
	}()
	out := make([]Reply, 0, len(cmds))
	for range cmds {
		r, err := c.Read1()
		if err != nil {
			c.Close()
			<-written
			return out, err
		}
		out = append(out, r)
	}
	return out, <-written
}

// SetPatience bounds how long a reply is awaited from now on; Patience by default.
func (c *Conn) SetPatience(d time.Duration) { c.timeout = d }

// Read1 reads one reply. Errors: those of the network, io.ErrUnexpectedEOF for a reply cut short, ErrProtocol.
func (c *Conn) Read1() (Reply, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return Reply{}, err
	}
	c.raw = c.raw[:0]
	r, err := c.parse()
	if err != nil {
		if len(c.raw) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Reply{}, err
	}
	r.own(slices.Clone(c.raw))
	return r, nil
}

// own gives the reply and all within it their slices of the bytes received.
func (r *Reply) own(raw []byte) {
	r.Raw = raw[r.start:r.end:r.end]
	for i := range r.Elems {
		r.Elems[i].own(raw)
	}
}

func (c *Conn) line() (string, error) {
	line, err := c.br.ReadSlice('\n')
	c.raw = append(c.raw, line...)
	if err != nil {
		return "", err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return "", fmt.Errorf("%w: line %q", ErrProtocol, line)
	}
	return string(line[:len(line)-2]), nil
}

func (c *Conn) parse() (Reply, error) {
	r := Reply{start: len(c.raw)}
	line, err := c.line()
	if err != nil {
		return r, err
	}
	r.Kind, r.Text = line[0], line[1:]
	switch r.Kind {
	case '+', '-', ':', '_', ',', '#', '(':
		r.Null = r.Kind == '_'
	case '$', '=', '!':
		err = c.parseBulk(&r)
	case '*', '~', '>', '%':
		err = c.parseElems(&r)
	default:
		err = fmt.Errorf("%w: line %q", ErrProtocol, line)
	}
	r.end = len(c.raw)
	return r, err
}

func (c *Conn) length(r *Reply) (int, error) {
	n, err := strconv.Atoi(r.Text)
	if err != nil || n < -1 || n > 1<<29 {
		return 0, fmt.Errorf("%w: length %q", ErrProtocol, r.Text)
	}
	r.Text, r.Null = "", n == -1
	return max(n, 0), nil
}

func (c *Conn) parseBulk(r *Reply) error {
	n, err := c.length(r)
	if err != nil || r.Null {
		return err
	}
	at := len(c.raw)
	c.raw = slices.Grow(c.raw, n+2)[:at+n+2]
	if _, err := io.ReadFull(c.br, c.raw[at:]); err != nil {
		return err
	}
	if string(c.raw[at+n:]) != "\r\n" {
		return fmt.Errorf("%w: a bulk of %d bytes ends in %q", ErrProtocol, n, c.raw[at+n:])
	}
	r.Text = string(c.raw[at : at+n])
	return nil
}

func (c *Conn) parseElems(r *Reply) error {
	n, err := c.length(r)
	if r.Kind == '%' {
		n *= 2
	}
	for ; n > 0 && err == nil; n-- {
		var e Reply
		e, err = c.parse()
		r.Elems = append(r.Elems, e)
	}
	return err
}
