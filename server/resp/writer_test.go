package resp

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		write        func(w *Writer)
		resp2, resp3 string // resp3 is empty where it is the same
	}{
		{"ok", func(w *Writer) { w.OK() }, "+OK\r\n", ""},
		{"simple", func(w *Writer) { w.Simple("a\r\nb") }, "+a  b\r\n", ""},
		{"error", func(w *Writer) { w.Error("ERR a\r\nb\r\n") }, "-ERR a  b\r\n", ""},
		{"int", func(w *Writer) { w.Int(-12); w.Int(math.MinInt64) }, ":-12\r\n:-9223372036854775808\r\n", ""},
		{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\n")); w.BulkString("") }, "$3\r\na\r\n\r\n$0\r\n\r\n", ""},
		{"bulk int", func(w *Writer) { w.BulkInt(7); w.BulkInt(10); w.BulkInt(-1) }, "$1\r\n7\r\n$2\r\n10\r\n$2\r\n-1\r\n", ""},
		{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"aggregates", func(w *Writer) { w.Array(1); w.Map(6); w.Set(3); w.Push(12) }, "*1\r\n*12\r\n*3\r\n*12\r\n", "*1\r\n%6\r\n~3\r\n>12\r\n"},
		{"attribute", func(w *Writer) { w.Attribute(2) }, "", "|2\r\n"},
		{"double", func(w *Writer) { w.Double(1.5) }, "$3\r\n1.5\r\n", ",1.5\r\n"},
		{"human double", func(w *Writer) { w.HumanDouble(1e20) }, "$21\r\n100000000000000000000\r\n", ",100000000000000000000\r\n"},
		{"score", func(w *Writer) { w.ScoreBulk(math.Inf(1)) }, "$3\r\ninf\r\n", ""},
		{"big number", func(w *Writer) { w.BigNumber([]byte("123")) }, "$3\r\n123\r\n", "(123\r\n"},
		{"bool", func(w *Writer) { w.Bool(true); w.Bool(false) }, ":1\r\n:0\r\n", "#t\r\n#f\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("txt", "abc") }, "$3\r\nabc\r\n", "=7\r\ntxt:abc\r\n"},
		{"verbatim, short format", func(w *Writer) { w.Verbatim("x", "") }, "$0\r\n\r\n", "=4\r\nx  :\r\n"},
		{"raw", func(w *Writer) { w.RawBytes([]byte("+a\r\n")); w.RawString("+b\r\n") }, "+a\r\n+b\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var w Writer
			require.Equal(t, 2, w.Protocol())
			c.write(&w)
			require.Equal(t, c.resp2, string(w.Bytes()))
			require.Equal(t, len(c.resp2), w.Len())
			w.Reset()
			w.SetProtocol(3)
			require.Equal(t, 3, w.Protocol())
			c.write(&w)
			if c.resp3 == "" {
				c.resp3 = c.resp2
			}
			require.Equal(t, c.resp3, string(w.Bytes()))
		})
	}
}

func TestDeferredLengths(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 9, 10, 99, 100, 1000, 12345} {
		for _, protocol := range []int{2, 3} {
			var got, want Writer
			got.SetProtocol(protocol)
			want.SetProtocol(protocol)
			got.OK()
			want.OK()
			outer := got.DeferArray()
			want.Array(4)
			for i, kind := range []struct {
				open func(*Writer) Mark
				set  func(*Writer, Mark, int)
				now  func(*Writer, int)
			}{
				{(*Writer).DeferArray, (*Writer).SetArrayLen, (*Writer).Array},
				{(*Writer).DeferMap, (*Writer).SetMapLen, (*Writer).Map},
				{(*Writer).DeferSet, (*Writer).SetSetLen, (*Writer).Set},
				{(*Writer).DeferPush, (*Writer).SetPushLen, (*Writer).Push},
			} {
				m := kind.open(&got)
				kind.now(&want, n)
				for range n {
					got.Int(int64(i))
					want.Int(int64(i))
				}
				kind.set(&got, m, n)
			}
			got.SetArrayLen(outer, 4)
			require.Equal(t, string(want.Bytes()), string(got.Bytes()), "%d elements", n)
		}
	}
	var w Writer
	m := w.DeferArray()
	w.Int(1)
	w.SetNullArray(m)
	require.Equal(t, "*-1\r\n", string(w.Bytes()))
}

func TestAppendCommand(t *testing.T) {
	t.Parallel()
	want := "*2\r\n$3\r\nDEL\r\n$0\r\n\r\n"
	require.Equal(t, want, string(AppendCommand(nil, []byte("DEL"), nil)))
	require.Equal(t, want, string(AppendCommandStrings(nil, "DEL", "")))
}

func TestAppendDouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "-0"}, {1, "1"}, {-1, "-1"}, {0.1, "0.1"}, {-0.5, "-0.5"}, {3.14159, "3.14159"},
		{math.Inf(1), "inf"}, {math.Inf(-1), "-inf"}, {math.NaN(), "nan"},
		{1 << 53, "9007199254740992"}, {1 << 62, "4611686018427387904"}, {-(1 << 62), "-4611686018427387904"},
		{1e18, "1000000000000000000"}, {1e19, "1e+19"}, {1 << 63, "9223372036854776000"}, {1.5e19, "1.5e+19"},
		{1e20, "1e+20"}, {1e21, "1e+21"}, {1.7976931348623157e308, "1.7976931348623157e+308"}, {5e-324, "5e-324"},
		{0.001, "0.001"}, {0.0001, "0.0001"}, {0.000001, "0.000001"}, {0.0000001, "1e-7"}, {1.5e-7, "1.5e-7"}, {0.00012345678901, "1.2345678901e-4"}, {0.0012345678901, "0.0012345678901"},
		{1234.5, "1234.5"}, {123456789.123456789, "1.2345678912345679e+8"}, {1706777777.123456, "1706777777.123456"}, {-1.5e-10, "-1.5e-10"}, {1e-10, "1e-10"}, {0.30000000000000004, "0.30000000000000004"},
		{2.2250738585072014e-308, "2.2250738585072014e-308"},
	} {
		require.Equal(t, c.want, string(AppendDouble(nil, c.f)))
	}
}

func FuzzAppendDouble(f *testing.F) {
	f.Add(1.5)
	f.Add(1e-7)
	f.Fuzz(func(t *testing.T, v float64) {
		text := AppendDouble(nil, v)
		require.LessOrEqual(t, len(text), MaxDoubleLen)
		back, err := strconv.ParseFloat(string(text), 64)
		require.NoError(t, err)
		if !math.IsNaN(v) {
			require.Equal(t, v, back)
			again, ok := ParseFloat(text)
			require.True(t, ok)
			require.Equal(t, v, again)
		}
	})
}

func TestAppendHuman(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		0: "0", 1: "1", 1.5: "1.5", 100: "100", 1e-18: "0", -1e-20: "0", 0.1: "0.10000000000000001", -3: "-3", 1e22: "10000000000000000000000",
		math.Inf(-1): "-inf",
	} {
		require.Equal(t, want, string(AppendHuman(nil, f)))
	}
}

func TestParseInt(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808", "999999999999999999"} {
		want, err := strconv.ParseInt(s, 10, 64)
		require.NoError(t, err)
		got, ok := ParseInt([]byte(s))
		require.True(t, ok, s)
		require.Equal(t, want, got)
	}
	for _, s := range []string{
		"", "-", "+1", "01", "-0", "00", " 1", "1 ", "1.0", "a", "1a", "0x1", "9223372036854775808", "-9223372036854775809",
		"18446744073709551616", "99999999999999999999", "18446744073709551615", "-99999999999999999999", "999999999999999999999",
	} {
		_, ok := ParseInt([]byte(s))
		require.False(t, ok, s)
	}
}

func FuzzParseInt(f *testing.F) {
	f.Add("18446744073709551615")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseInt([]byte(s))
		want, err := strconv.ParseInt(s, 10, 64)
		canonical := err == nil && strconv.FormatInt(want, 10) == s
		require.Equal(t, canonical, ok, "%q", s)
		if ok {
			require.Equal(t, want, got)
		}
	})
}

func TestParseFloat(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]float64{
		"0": 0, "-0": 0, "1": 1, "+1": 1, "1.5": 1.5, ".5": .5, "5.": 5, "1e3": 1000, "1E-3": .001, "inf": math.Inf(1), "+inf": math.Inf(1),
		"-inf": math.Inf(-1), "Infinity": math.Inf(1), "-INFINITY": math.Inf(-1), "0x10": 16, "0x1p4": 16, "0X1.8": 1.5, "-0xa.8P1": -21,
		"0e10": 0, "0x0p5": 0, "0.0e-999": 0, "5e-324": 5e-324, "000123": 123, "123456789012345678901234567890": 123456789012345678901234567890,
		"999999999999999": 999999999999999, "1e-320": 1e-320,
	} {
		got, ok := ParseFloat([]byte(s))
		require.True(t, ok, s)
		require.Equal(t, want, got, s)
	}
	for _, s := range []string{
		"", " 1", "1 ", "nan", "NaN", "-nan", "nan(1)", "1e400", "-1e400", "1e-400", "0x1p-2000", "0x1p5000", "1_000", "0x_1p1", "0x", "0xp1",
		"1e", "1e+", ".", "+", "-", "e5", "abc", "1a", "1\x00", "infi", "0b1", "0o7", "1p4", "0x1p", strings.Repeat("9", 400),
	} {
		_, ok := ParseFloat([]byte(s))
		require.False(t, ok, s)
	}
}

func TestParseBound(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]float64{
		"": 0, "1": 1, " \t1.5": 1.5, "-inf": math.Inf(-1), "1e400": math.Inf(1), "-1e400": math.Inf(-1), "1e-400": 0, "0x1p-5000": 0,
		"7\x00x": 7, "\x00x": 0, "0x1p5000": math.Inf(1),
	} {
		got, ok := ParseBound([]byte(s))
		require.True(t, ok, "%q", s)
		require.Equal(t, want, got, "%q", s)
	}
	for _, s := range []string{" ", "1 ", "nan", "x", "1_0", "(1", "0x_1p5000"} {
		_, ok := ParseBound([]byte(s))
		require.False(t, ok, "%q", s)
	}
}
