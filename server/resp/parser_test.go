package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// feed gives the parser input in pieces of the given size, as a connection would, and returns the requests as text, with the
// error's text at the end if there is one.
func feed(p *Parser, input string, piece int) (requests []string) {
	var buf []byte
	for len(input) > 0 {
		n := min(piece, len(input))
		// A new slice each time: the parser may not rely on where the bytes were.
		buf = append(append([]byte{}, buf...), input[:n]...)
		input = input[n:]
		for {
			args, n, err := p.Next(buf)
			if err != nil {
				return append(requests, err.Error())
			}
			if n == 0 {
				break
			}
			if len(args) > 0 {
				requests = append(requests, fmt.Sprintf("%q", args))
			}
			buf = buf[n:]
		}
	}
	return requests
}

type parserCase struct {
	name   string
	input  string
	want   []string
	setup  Parser
	server bool // the real server answers the same error
}

func parserCases() []parserCase {
	long := strings.Repeat("a", MaxInline)
	return []parserCase{
		{name: "multibulk", input: "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n", want: []string{`["GET" "x"]`}},
		{name: "pipeline", input: "*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nPING\r\n", want: []string{`["PING"]`, `["PING"]`, `["PING"]`}},
		{name: "empty argument", input: "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", want: []string{`["ECHO" ""]`}},
		{name: "three-digit lengths", input: "*2\r\n$4\r\nECHO\r\n$100\r\n" + long[:100] + "\r\n", want: []string{`["ECHO" "` + long[:100] + `"]`}},
		{name: "bytes after an argument are not looked at", input: "*1\r\n$4\r\nPINGxy", want: []string{`["PING"]`}},
		{name: "LF after CR is not looked at", input: "*1\rx$4\rxPING\r\n", want: []string{`["PING"]`}},
		{name: "empty lines", input: "\r\n\n\r\nPING\n", want: []string{`["PING"]`}},
		{name: "blank line", input: "  \t \r\nPING\r\n", want: []string{`["PING"]`}},
		{name: "no arguments", input: "*0\r\n*-1\r\n*-10\r\nPING\r\n", want: []string{`["PING"]`}},
		{name: "inline quotes", input: `set "a \x41\n\"" 'b \' \n' c"d"` + "\r\n", want: []string{`["set" "a A\n\"" "b ' \\n" "cd"]`}},
		{name: "inline, a quote within a word", input: "a'b'\r\n", want: []string{`["ab"]`}},
		{name: "inline, bad hex", input: `"\xg1\x4"` + "\r\n", want: []string{`["xg1x4"]`}},
		{name: "inline of 64 KB", input: long + "\n", want: []string{fmt.Sprintf("%q", []string{long})}},

		{name: "unbalanced", input: "set \"\"\"test-key\"\"\" test-value\r\n", want: []string{"Protocol error: unbalanced quotes in request"}, server: true},
		{name: "unterminated", input: "set 'a\r\n", want: []string{"Protocol error: unbalanced quotes in request"}, server: true},
		{name: "escape at the end", input: "\"a\\\r\n", want: []string{"Protocol error: unbalanced quotes in request"}, server: true},
		{name: "endless inline", input: long + "a", want: []string{"Protocol error: too big inline request"}, server: true},
		{name: "NUL hides the line end", input: "\x00\n" + long, want: []string{"Protocol error: too big inline request"}, server: true},
		{name: "endless count", input: "*" + long, want: []string{"Protocol error: too big mbulk count string"}, server: true},
		{name: "NUL in the count", input: "*\x00\r\n" + long, want: []string{"Protocol error: too big mbulk count string"}, server: true},
		{name: "count too large", input: "*3000000000\r\n", want: []string{"Protocol error: invalid multibulk length"}, server: true},
		{name: "count above the limit", input: "*2147483648\r\n", want: []string{"Protocol error: invalid multibulk length"}, server: true},
		{name: "count at the limit", input: "*2147483647\r\n"},
		{name: "count not a number", input: "*x\r\n", want: []string{"Protocol error: invalid multibulk length"}, server: true},
		{name: "count with leading zero", input: "*01\r\n", want: []string{"Protocol error: invalid multibulk length"}, server: true},
		{name: "count empty", input: "*\r\n", want: []string{"Protocol error: invalid multibulk length"}, server: true},
		{name: "no dollar", input: "*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", want: []string{"Protocol error: expected '$', got 'f'"}, server: true},
		{name: "line end for a dollar", input: "*1\r\n\r\nPING\r\n", want: []string{"Protocol error: expected '$', got '\r'"}},
		{name: "negative bulk", input: "*2\r\n$3\r\nGET\r\n$-10\r\n", want: []string{"Protocol error: invalid bulk length"}, server: true},
		{name: "bulk not a number", input: "*2\r\n$3\r\nGET\r\n$blabla\r\n", want: []string{"Protocol error: invalid bulk length"}, server: true},
		{name: "bulk empty", input: "*1\r\n$\r\n", want: []string{"Protocol error: invalid bulk length"}, server: true},
		{name: "bulk above the limit", input: "*2\r\n$3\r\nGET\r\n$536870913\r\n", want: []string{"Protocol error: invalid bulk length"}, server: true},
		{name: "bulk at the limit", input: "*2\r\n$3\r\nGET\r\n$536870912\r\n"},
		{name: "bulk above a lower limit", input: "*1\r\n$17\r\n", setup: Parser{MaxBulk: 16}, want: []string{"Protocol error: invalid bulk length"}},
		{name: "endless bulk length", input: "*1\r\n$" + long, want: []string{"Protocol error: too big bulk count string"}, server: true},

		{name: "unauthenticated, 10 arguments", input: "*10\r\n" + strings.Repeat("$1\r\na\r\n", 10), setup: Parser{Unauthenticated: true}, want: []string{`["a" "a" "a" "a" "a" "a" "a" "a" "a" "a"]`}},
		{name: "unauthenticated, 11 arguments", input: "*11\r\n", setup: Parser{Unauthenticated: true}, want: []string{"Protocol error: unauthenticated multibulk length"}},
		{name: "unauthenticated, 16384 bytes", input: "*1\r\n$16384\r\n" + long[:16384] + "\r\n", setup: Parser{Unauthenticated: true}, want: []string{fmt.Sprintf("%q", []string{long[:16384]})}},
		{name: "unauthenticated, 16385 bytes", input: "*1\r\n$16385\r\n", setup: Parser{Unauthenticated: true}, want: []string{"Protocol error: unauthenticated bulk length"}},

		{name: "master, inline", input: "PING\r\n", setup: Parser{Master: true}, want: []string{ErrInlineFromMaster.Error()}},
		{name: "master, empty line", input: "\n*1\r\n$4\r\nPING\r\n", setup: Parser{Master: true}, want: []string{`["PING"]`}},
		{name: "master, a bulk of any length", input: "*1\r\n$5368709120\r\n", setup: Parser{Master: true}},
	}
}

func TestParser(t *testing.T) {
	t.Parallel()
	for _, c := range parserCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pieces := []int{1, 2, 3, 7, 16, 1 << 20}
			if len(c.input) > 4096 {
				pieces = []int{1000, 4097, 1 << 20}
			}
			for _, piece := range pieces {
				p := c.setup
				got := feed(&p, c.input, piece)
				require.Equal(t, c.want, got, "pieces of %d", piece)
			}
		})
	}
}

// A request in many pieces must not cost a search from its start for each.
func TestParserKeepsItsPlace(t *testing.T) {
	t.Parallel()
	const args, size = 1000, 100
	input := fmt.Sprintf("*%d\r\n", args) + strings.Repeat(fmt.Sprintf("$%d\r\n%s\r\n", size, strings.Repeat("x", size)), args)
	var p Parser
	for i := 1; i < len(input); i++ {
		_, n, err := p.Next([]byte(input[:i])[:i:i])
		require.NoError(t, err)
		require.Zero(t, n)
		require.LessOrEqual(t, i-p.pos, size+len("$100\r\n")+2)
		if i > 200 && i%97 != 0 {
			i += 40
		}
	}
	got, n, err := p.Next([]byte(input))
	require.NoError(t, err)
	require.Equal(t, len(input), n)
	require.Len(t, got, args)

	inline := strings.Repeat("x", 1000)
	_, n, err = p.Next([]byte(inline))
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, len(inline), p.scanned)
}

func TestParserNeed(t *testing.T) {
	t.Parallel()
	var p Parser
	for _, c := range []struct {
		buf  string
		need int
	}{
		{"*2\r", 0}, {"*2\r\n", 0}, {"*2\r\n$3\r\nSET\r\n$10", 0}, {"*2\r\n$3\r\nSET\r\n$1000\r\n", 1002},
		{"*2\r\n$3\r\nSET\r\n$1000\r\nabc", 999},
	} {
		_, n, err := p.Next([]byte(c.buf))
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, c.need, p.Need(len(c.buf)), c.buf)
	}
	p.Reset()
	require.Zero(t, p.Need(0))
	require.Equal(t, []string{`["PING"]`}, feed(&p, "*1\r\n$4\r\nPING\r\n", 100))
}

// The parser must not allocate once it is warm.
func TestParserAllocs(t *testing.T) {
	var p Parser
	buf := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$3\r\nabc\r\n")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, n, err := p.Next(buf); n != len(buf) || err != nil {
			panic("request not read")
		}
	}))
}

func TestSplitArgs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		want []string // nil for an error
	}{
		{"", []string{}}, {"a\x00b", []string{"a"}}, {"a\vb \fc", []string{"a\vb", "c"}}, {`""`, []string{""}},
		{`"a" "b"`, []string{"a", "b"}}, {`"a"b`, nil}, {`'a'b`, nil}, {`a"b c"`, []string{"ab c"}}, {`'it\'s'`, []string{"it's"}},
		{`"\a\b\q\\"`, []string{"\a\bq\\"}}, {`"\xFf"`, []string{"\xff"}}, {`"abc`, nil}, {`'\`, nil},
	} {
		words, ok := SplitArgs(nil, []byte(c.line))
		require.Equal(t, c.want != nil, ok, "%q", c.line)
		got := []string{}
		for _, w := range words {
			got = append(got, string(w))
		}
		if ok {
			require.Equal(t, c.want, got, "%q", c.line)
		}
	}
}

// TestProtocolErrorsAgainstRedis sends the refused requests to a real server and compares its answer.
func TestProtocolErrorsAgainstRedis(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "redis-server is not installed")
		t.Skip("redis-server is not installed")
	}
	socket := t.TempDir() + "/redis.sock"
	server := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", t.TempDir())
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, time.Millisecond)
	for _, c := range parserCases() {
		if !c.server {
			continue
		}
		conn, err := net.Dial("unix", socket)
		require.NoError(t, err)
		_, err = io.WriteString(conn, c.input)
		require.NoError(t, err)
		v, err := NewReader(conn).Read()
		require.NoError(t, err)
		require.Equal(t, "ERR "+c.want[0], v.String(), c.name)
		conn.Close()
	}
}

func FuzzParser(f *testing.F) {
	for _, c := range parserCases() {
		if len(c.input) < 1000 {
			f.Add([]byte(c.input), uint8(3), c.setup.Unauthenticated)
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, piece uint8, unauthenticated bool) {
		whole := Parser{Unauthenticated: unauthenticated}
		pieces := Parser{Unauthenticated: unauthenticated}
		require.Equal(t, feed(&whole, string(input), max(1, len(input))), feed(&pieces, string(input), int(piece)+1))
	})
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("*2\r\n$1\r\na\r\n%1\r\n:1\r\n_\r\n"))
	f.Add([]byte("=7\r\ntxt:abc\r\n|1\r\n+a\r\n+b\r\n>1\r\n#t\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		r := NewReader(strings.NewReader(string(input)))
		for {
			if _, err := r.Read(); err != nil {
				return
			}
		}
	})
}

func BenchmarkParser(b *testing.B) {
	var p Parser
	buf := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$3\r\nabc\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, n, err := p.Next(buf); n == 0 || err != nil {
			b.Fatal(n, err)
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("e", 10000)
	for _, c := range []struct {
		in   string
		want Value
		err  error
	}{
		{in: "+OK\r\n", want: Value{Type: TypeStatus, Str: []byte("OK")}},
		{in: "-ERR x\r\n", want: Value{Type: TypeError, Str: []byte("ERR x")}},
		{in: "-" + big + "\r\n", want: Value{Type: TypeError, Str: []byte(big)}},
		{in: "-" + strings.Repeat(big, 7) + "\r\n", err: ErrReplyTooBig},
		{in: ":-5\r\n", want: Value{Type: TypeInt, Int: -5, Str: []byte("-5")}},
		{in: "$-1\r\n", want: Value{Type: TypeBulk, Null: true}},
		{in: "$0\r\n\r\n", want: Value{Type: TypeBulk, Str: []byte{}}},
		{in: "$3\r\nabc\r\n", want: Value{Type: TypeBulk, Str: []byte("abc")}},
		{in: "$3\r\nabcd\r\n", err: ErrReplySyntax},
		{in: "$3\r\nab", err: io.ErrUnexpectedEOF},
		{in: "$536870913\r\n", err: ErrReplyTooBig},
		{in: "*-1\r\n", want: Value{Type: TypeArray, Null: true}},
		{in: "*2\r\n:1\r\n*0\r\n", want: Value{Type: TypeArray, Elems: []Value{{Type: TypeInt, Int: 1, Str: []byte("1")}, {Type: TypeArray, Elems: []Value{}}}}},
		{in: "*2\r\n:1\r\n", err: io.ErrUnexpectedEOF},
		{in: "*2000000\r\n", err: ErrReplyTooBig},
		{in: "%600000\r\n", err: ErrReplyTooBig},
		{in: strings.Repeat("*1\r\n", 50), err: ErrReplyTooDeep},
		{in: "_\r\n", want: Value{Type: TypeNull, Null: true}},
		{in: "#t\r\n", want: Value{Type: TypeBool, Int: 1, Str: []byte("t")}},
		{in: ",1.5\r\n", want: Value{Type: TypeDouble, Double: 1.5, Str: []byte("1.5")}},
		{in: "(123456789012345678901\r\n", want: Value{Type: TypeBigNumber, Str: []byte("123456789012345678901")}},
		{in: "=7\r\ntxt:abc\r\n", want: Value{Type: TypeVerbatim, Str: []byte("abc")}},
		{in: "=3\r\nabc\r\n", err: ErrReplySyntax},
		{in: "|1\r\n+a\r\n+b\r\n+OK\r\n", want: Value{Type: TypeStatus, Str: []byte("OK")}},
		{in: "+OK\n", err: ErrReplySyntax},
		{in: "?\r\n", err: ErrReplySyntax},
		{in: "\r\n", err: ErrReplySyntax},
		{in: "", err: io.EOF},
	} {
		got, err := (&Reader{R: bufio.NewReaderSize(strings.NewReader(c.in), 64)}).Read()
		if c.err != nil {
			require.True(t, errors.Is(err, c.err), "%.40q: %v", c.in, err)
			continue
		}
		require.NoError(t, err, "%.40q", c.in)
		require.Equal(t, c.want, got, "%.40q", c.in)
	}
}
