package script

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// text returns a string or a number as Lua prints it; "" for other values.
func text(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		var room [32]byte
		return string(appendNumber(room[:0], float64(v)))
	}
	return ""
}

// appendNumber appends a number as C's "%.14g" prints it.
func appendNumber(dst []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendNonFinite(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'g', 14, 64)
}

// appendNonFinite appends an infinity or a NaN, with its sign, as glibc prints them.
func appendNonFinite(dst []byte, f float64) []byte {
	if math.Signbit(f) {
		dst = append(dst, '-')
	}
	if math.IsNaN(f) {
		return append(dst, "nan"...)
	}
	return append(dst, "inf"...)
}

// toNumber converts as Lua's arithmetic does: a number is one, and so is a string that holds nothing else.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return parseNumber(string(v))
	}
	return 0, false
}

const blanks = " \t\n\v\f\r"

// parseNumber reads a number as C's strtod does, with blanks around it.
func parseNumber(s string) (float64, bool) {
	s = strings.Trim(s, blanks)
	if s == "" || strings.ContainsAny(s, "_") {
		return 0, false
	}
	unsigned := strings.TrimLeft(s, "+-")
	if len(s)-len(unsigned) > 1 {
		return 0, false
	}
	if strings.HasPrefix(unsigned, "0x") || strings.HasPrefix(unsigned, "0X") {
		if !strings.ContainsAny(s, "pP") {
			s += "p0" // which strtod does not ask for
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !isRange(err) {
		return 0, false
	}
	return f, true
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

// toInt64 converts a double as the machines do that Redis runs on: what is out of range is the least integer.
func toInt64(f float64) int64 {
	if !(f >= -1<<63 && f < 1<<63) {
		return math.MinInt64
	}
	return int64(f)
}
