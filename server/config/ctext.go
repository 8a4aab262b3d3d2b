package config

import (
	"math"
	"strconv"
	"strings"
)

// The number formats here are those of Redis's util.c and of the C library
// functions it calls, so that what one accepts the other does.

// strtoll is C's, for a whole string: leading blanks and a sign are allowed, a
// string without digits is zero if it is empty, and overflow saturates. ok is
// false when something is left after the digits; overflow reports saturation.
func strtoll(s string, base int) (n int64, overflow, ok bool) {
	t := strings.TrimLeft(s, " \t\n\v\f\r")
	neg := false
	if t != "" && (t[0] == '-' || t[0] == '+') {
		neg = t[0] == '-'
		t = t[1:]
	}
	if t == "" {
		return 0, false, s == ""
	}
	for i := 0; i < len(t); i++ {
		if t[i] < '0' || int(t[i]-'0') >= base {
			return 0, false, false
		}
	}
	if neg {
		t = "-" + t
	}
	n, err := strconv.ParseInt(t, base, 64)
	return n, err != nil, true
}

// ParseMemory is memtoull: digits and a unit, where k, m and g are powers of
// 1000 and kb, mb and gb powers of 1024. Numbers past 64 bits saturate, and
// the product with the unit wraps, as there.
func ParseMemory(s string) (uint64, bool) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	var mul uint64
	switch strings.ToLower(s[i:]) {
	case "", "b":
		mul = 1
	case "k":
		mul = 1000
	case "kb":
		mul = 1 << 10
	case "m":
		mul = 1000 * 1000
	case "mb":
		mul = 1 << 20
	case "g":
		mul = 1000 * 1000 * 1000
	case "gb":
		mul = 1 << 30
	default:
		return 0, false
	}
	if i >= 128 { // the length of memtoull's digit buffer
		return 0, false
	}
	var v uint64
	if i > 0 {
		var err error
		if v, err = strconv.ParseUint(s[:i], 10, 64); err != nil {
			v = math.MaxUint64
		}
	}
	return v * mul, true
}

// formatMemory writes a size as CONFIG REWRITE does: in the largest of gb, mb
// and kb that divides it.
func formatMemory(n uint64) string {
	for _, u := range [...]struct {
		size uint64
		name string
	}{{1 << 30, "gb"}, {1 << 20, "mb"}, {1 << 10, "kb"}} {
		if n != 0 && n%u.size == 0 {
			return strconv.FormatUint(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatUint(n, 10)
}

// formatPercentile writes six decimals at most, without trailing zeros.
func formatPercentile(f float64) string {
	s := strconv.FormatFloat(f, 'f', 6, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// splitSpaces is sdssplitlen on a space, with no words in an empty text. It is
// how CONFIG SET cuts the value of a directive of several arguments: two
// spaces in a row hold an empty word, and there are no quotes.
func splitSpaces(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, " ")
}
