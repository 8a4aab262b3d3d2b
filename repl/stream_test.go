package repl

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// seeded is a reader of reproducible random bytes.
type seeded struct{ r *rand.ChaCha8 }

func newSeeded(seed byte) seeded { return seeded{rand.NewChaCha8([32]byte{seed})} }

func (s seeded) Read(p []byte) (int, error) { return s.r.Read(p) }

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

// parseAll reads src to its end and returns every command, as %q of its
// arguments, with the raw bytes all commands took.
func parseAll(p *parser, src io.Reader) (cmds []string, raw []byte, err error) {
	for {
		_, err = p.fill(src)
		n := len(p.cmds)
		if n > 0 && (n > 3 || err != nil || len(p.buf)%2 == 0) { // discard at odd times
			for _, c := range p.cmds {
				cmds = append(cmds, fmt.Sprintf("%q", p.arguments(nil, c)))
			}
			raw = append(raw, p.raw(p.cmds[n-1].to)...)
			p.discard(n)
		}
		if err != nil {
			return cmds, raw, err
		}
	}
}

func TestParser(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("b", 200<<10)
	input := "*1\r\n$4\r\nPING\r\n" + "\n" + "\r\n" + "*0\r\n" + "*-1\r\n" +
		"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\na\r\nb\n\r\n" +
		"  inline  word a\ta \r\n" +
		"*2\r\n$1\r\nx\r\n$204800\r\n" + big + "\r\n" +
		"*1\n$1\nz\r\n"
	want := []string{
		`["PING"]`, `[]`, `[]`, `[]`, `[]`, `["SET" "" "a\r\nb\n"]`, `["inline" "word" "a" "a"]`,
		fmt.Sprintf("[\"x\" %q]", big), `["z"]`,
	}
	for name, src := range map[string]io.Reader{
		"at once":      strings.NewReader(input),
		"byte by byte": iotest.OneByteReader(strings.NewReader(input)),
		"by halves":    iotest.HalfReader(strings.NewReader(input)),
	} {
		cmds, raw, err := parseAll(newParser(0, false), src)
		require.Equal(t, io.EOF, err, name)
		require.Equal(t, want, cmds, name)
		require.Equal(t, input, string(raw), name)
	}
}

func TestParserKeepsWhatIsNotDiscarded(t *testing.T) {
	t.Parallel()
	p := newParser(0, true)
	require.NoError(t, p.feed([]byte("*1\r\n$1\r\na\r\n*2\r\n$1\r\nb\r\n$2\r\ncc\r\n*1\r\n$3\r\nd")))
	require.Len(t, p.cmds, 2)
	p.discard(1)
	require.Equal(t, "cc", string(p.word(p.cmds[0], 1)))
	require.Nil(t, p.word(p.cmds[0], 2))
	_, err := p.fill(strings.NewReader("dd\r\n"))
	require.NoError(t, err)
	require.Len(t, p.cmds, 2)
	require.Equal(t, "ddd", string(p.word(p.cmds[1], 0)))
	require.Equal(t, p.cmds[0].to, p.startOf(1))
	p.discard(2)
	require.Empty(t, p.raw(0))
	require.Empty(t, p.args)
}

func TestParserErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		input    string
		noInline bool
		max      int
	}{
		{input: "*x\r\n"}, {input: "*99999999999\r\n"}, {input: "*1\r\n:1\r\n"}, {input: "*1\r\n\r\n"},
		{input: "*1\r\n$x\r\n"}, {input: "*1\r\n$-1\r\n"}, {input: "*1\r\n$99999999999999999999\r\n"},
		{input: "*1\r\n$9223372036854775807\r\n"},
		{input: "PING\r\n", noInline: true},
		{input: strings.Repeat("x", maxLine+2)},
		{input: "*1\r\n$2000\r\n", max: 1000},
		{input: "*1\r\n$900\r\n" + strings.Repeat("x", 1200), max: 1000},
	} {
		_, _, err := parseAll(newParser(c.max, c.noInline), strings.NewReader(c.input))
		require.ErrorIs(t, err, ErrProtocol, "%.30q", c.input)
	}
}

func TestParserLetsGoOfALargeBuffer(t *testing.T) {
	t.Parallel()
	p := newParser(0, true)
	large := appendCommand(nil, "SET", strings.Repeat("x", 4<<20))
	src := bytes.NewReader(large)
	for len(p.cmds) == 0 {
		_, err := p.fill(src)
		require.NoError(t, err)
	}
	p.discard(1)
	_, err := p.fill(strings.NewReader("\n"))
	require.NoError(t, err)
	require.LessOrEqual(t, cap(p.buf), keepBuffer)
}

func FuzzParser(f *testing.F) {
	f.Add([]byte("*1\r\n$4\r\nPING\r\n\nGET a\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, input []byte, piece uint8) {
		want, raw, err := parseAll(newParser(1<<20, false), bytes.NewReader(input))
		require.True(t, bytes.HasPrefix(input, raw))
		src := bytes.NewReader(input)
		p := newParser(1<<20, false)
		var got []string
		for {
			_, perr := p.fill(io.LimitReader(src, int64(piece)+1))
			for _, c := range p.cmds {
				got = append(got, fmt.Sprintf("%q", p.arguments(nil, c)))
			}
			p.discard(len(p.cmds))
			if perr != nil && (perr != io.EOF || src.Len() == 0) {
				require.Equal(t, err.Error(), perr.Error())
				break
			}
		}
		require.Equal(t, want, got)
	})
}
