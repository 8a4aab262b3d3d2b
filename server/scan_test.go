package server

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// callWith is a call with the given words, of the named command, for tests of argument parsing.
func callWith(t *testing.T, name string, args ...string) *Call {
	ss := newSession(t)
	c := &Call{srv: ss.s, c: ss.c, row: &row{}, out: ss.c.out}
	c.row.Name = name
	c.args = words(name)
	for _, a := range args {
		c.args = append(c.args, []byte(a))
	}
	return c
}

func TestScanCursor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"", 0, true}, {"+7", 7, true}, {"-1", math.MaxUint64, true}, {"007", 7, true},
		{"18446744073709551615", math.MaxUint64, true}, {"18446744073709551616", 0, false},
		{"12\x00x", 12, true}, {"\x00", 0, true}, {" 1", 0, false}, {"1 ", 0, false}, {"x", 0, false}, {"-", 0, false}, {"+-1", 0, false},
	} {
		call := callWith(t, "scan", c.text)
		got, ok := call.scanCursor(1)
		require.Equal(t, c.ok, ok, "%q", c.text)
		if ok {
			require.Equal(t, c.want, got, "%q", c.text)
		} else {
			require.Equal(t, "-ERR invalid cursor\r\n", string(call.out.Buf))
		}
	}
}

func TestScanOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		words []string
		err   string
	}{
		{"scan", []string{"MATCH", "a*", "count", "5", "Type", "string"}, ""},
		{"sscan", []string{"type", "string"}, "-" + errSyntax},
		{"scan", []string{"count", "0"}, "-" + errSyntax},
		{"scan", []string{"count", "x"}, "-" + errNotInteger},
		{"scan", []string{"count"}, "-" + errSyntax},
		{"scan", []string{"match"}, "-" + errSyntax},
		{"scan", []string{"foo", "bar"}, "-" + errSyntax},
	} {
		call := callWith(t, c.name, c.words...)
		o, ok := call.scanOptions(1)
		require.Equal(t, c.err == "", ok, c.words)
		if !ok {
			require.Equal(t, c.err+"\r\n", string(call.out.Buf))
			continue
		}
		require.Equal(t, scanOptions{count: 5, pattern: []byte("a*"), typeName: []byte("string")}, o)
	}
	o, _ := callWith(t, "scan", "match", "*").scanOptions(1)
	require.Equal(t, scanOptions{count: 10}, o)
}

func TestScanReply(t *testing.T) {
	t.Parallel()
	c := callWith(t, "scan")
	c.out.Simple("before")
	steps := 0
	c.scanReply(5, 10, func(cursor uint64) (uint64, int, int) {
		steps++
		for range 6 {
			c.out.Int(int64(cursor))
		}
		return cursor + 12345, 6, 6
	})
	require.Equal(t, 2, steps)
	require.Equal(t, "+before\r\n*2\r\n$5\r\n24695\r\n*12\r\n:5\r\n:5\r\n:5\r\n:5\r\n:5\r\n:5\r\n:12350\r\n:12350\r\n:12350\r\n:12350\r\n:12350\r\n:12350\r\n", string(c.out.Buf))
}

func TestExpiryArgument(t *testing.T) {
	t.Parallel()
	const invalid = "-ERR invalid expire time in 'set' command"
	for _, c := range []struct {
		text       string
		unit, base int64
		positive   bool
		want       int64
		err        string
	}{
		{"10", inSeconds, 0, true, 10000, ""}, {"10", inMilliseconds, 5, true, 15, ""}, {"-3", inSeconds, 5000, false, 2000, ""},
		{"0", inSeconds, 5000, true, 0, invalid}, {"-1", inMilliseconds, 0, true, 0, invalid}, {"0", inSeconds, 5000, false, 5000, ""},
		{"x", inSeconds, 0, true, 0, "-" + errNotInteger},
		{"9223372036854775807", inMilliseconds, 0, true, math.MaxInt64, ""},
		{"9223372036854775807", inMilliseconds, 1, false, 0, invalid},
		{"9223372036854775807", inSeconds, 0, false, 0, invalid}, {"9223372036854775", inSeconds, 0, false, 9223372036854775000, ""},
		{"-9223372036854775808", inMilliseconds, 1, false, math.MinInt64 + 1, ""},
		{"-9223372036854776", inSeconds, 1, false, 0, invalid},
	} {
		call := callWith(t, "set", c.text)
		parse := call.expiry
		if c.positive {
			parse = call.positiveExpiry
		}
		at, ok := parse(1, c.unit, c.base)
		require.Equal(t, c.err == "", ok, c.text)
		if ok {
			require.Equal(t, c.want, at, c.text)
		} else {
			require.Equal(t, c.err+"\r\n", string(call.out.Buf), c.text)
		}
	}
}
