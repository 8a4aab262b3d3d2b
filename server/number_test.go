package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseLongDouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"0", "0"}, {"-0", "0"}, {"1", "1"}, {"+1.50", "1.5"}, {".5", "0.5"}, {"5.", "5"}, {"1e3", "1000"}, {"1E-3", "0.001"},
		{"3.0e0001", "30"}, {"0x10", "16"}, {"0x1.8", "1.5"}, {"0X1p-1", "0.5"}, {"-0xA", "-10"},
		// The digits of 64-bit mantissas.
		{"0.1", "0.1"}, {"3.3", "3.3"}, {"1.123456789123456789", "1.12345678912345679"},
		{"9223372036854775807", "9223372036854775807"}, {"18446744073709551615", "18446744073709551615"},
		{"18446744073709551617", "18446744073709551616"}, {"1e-18", "0"}, {"-1e-18", "0"}, {"1e-4940", "0"},
		{"0e99999999999999999999", "0"}, {"0x0p99999999999999999999", "0"},
	} {
		x, ok := parseLongDouble([]byte(c.text))
		require.True(t, ok, c.text)
		require.Equal(t, c.want, string(appendLongDouble(nil, x)), c.text)
	}
	for _, text := range []string{
		"", " 1", "1 ", "-", "+", ".", "1e", "1e+", "e5", "0x", "0xg", "0x.p1", "1.2.3", "1_0", "1e1_0", "nan", "infin", "1p5", "0b1", "--1",
		"1\x00", "1e4933", "1e-4952", "1e99999999999999999999", "1e-99999999999999999999", "0x1p16384", strings.Repeat("1", 5120), "1e-", "1e+-5",
	} {
		_, ok := parseLongDouble([]byte(text))
		require.False(t, ok, "%q", text)
	}
	for _, text := range []string{"inf", "-Infinity", "+INF"} {
		x, ok := parseLongDouble([]byte(text))
		require.True(t, ok && x.IsInf(), text)
	}
}

func TestAddLongDouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{"0.1", "0.2", "0.3"}, {"5.0e3", "2.0e2", "5200"}, {"1.23", "-1.23", "0"}, {"-0.5", "0.3", "-0.2"},
		{"10.50", "0.1", "10.6"}, {"1", "17179869184", "17179869185"}, {"999999999.5", "0.1", "999999999.59999999997671694"},
		{"1e300", "1", "1000000000000000000008997324079559193870523944273290747938260082321265646596180935755849152083750497190350372508614274835903592556184672983913096260520748646287327135641843653294084255107606016789726652932370030551382947620994540294772781889620606179267611627097410650567187386105690089424915104006144"},
		{"1.1e4932", "1.1e4932", ""}, {"inf", "1", ""}, {"1", "-inf", ""}, {"inf", "-inf", ""},
	} {
		a, _ := parseLongDouble([]byte(c.a))
		b, _ := parseLongDouble([]byte(c.b))
		sum, ok := addLongDouble(a, b)
		require.Equal(t, c.want != "", ok, "%s %s", c.a, c.b)
		if ok {
			require.Equal(t, c.want, string(appendLongDouble(nil, sum)), "%s %s", c.a, c.b)
		}
	}
}
