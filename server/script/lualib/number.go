package lualib

import (
	"math"
	"strconv"
	"strings"
)

// NumberPrecision is the number of digits with which Lua 5.1 prints numbers.
const NumberPrecision = 14

// AppendNumber appends f as C's %.<precision>g prints it.
func AppendNumber(dst []byte, f float64, precision int) []byte {
	if i := int64(f); precision == NumberPrecision && float64(i) == f && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10) // much faster
	}
	switch {
	case math.IsNaN(f) && math.Signbit(f):
		return append(dst, "-nan"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, f, 'g', precision, 64)
}

// ToInt64 drops the fraction. What no int64 holds becomes the smallest, as the processors that Redis runs on have it.
func ToInt64(f float64) int64 {
	if f >= -1<<63 && f < 1<<63 {
		return int64(f)
	}
	return math.MinInt64
}

// toUint64 is ToInt64 for unsigned numbers; from 2^64 on, and for NaN, it is what such processors give.
func toUint64(f float64) uint64 {
	if f < 1<<63 {
		return uint64(ToInt64(f))
	}
	return uint64(ToInt64(f-1<<63)) ^ 1<<63
}

// byteAt returns a byte of s, 0 past its end: as C reads a string.
func byteAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return hexDigit(c) >= 0 }

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// hasFold tells whether s goes on at i with a word in lower case, in any case.
func hasFold(s string, i int, word string) bool {
	return len(s)-i >= len(word) && strings.EqualFold(s[i:i+len(word)], word)
}

// ParseNumber reads a whole string as a number, as Lua does when it wants one.
func ParseNumber(s string) (float64, bool) {
	f, n := parseFloat(s)
	if n == 0 {
		return 0, false
	}
	for isSpace(byteAt(s, n)) {
		n++
	}
	return f, byteAt(s, n) == 0
}

// parseFloat reads the longest number that s begins with, as C's strtod does: decimal, hexadecimal, inf or nan, after white
// space. It returns how many bytes that took, 0 if there is none.
func parseFloat(s string) (f float64, n int) {
	i := 0
	for isSpace(byteAt(s, i)) {
		i++
	}
	sign := ""
	if c := byteAt(s, i); c == '-' || c == '+' {
		sign = s[i : i+1]
		i++
	}
	var end int
	text, suffix := "", ""
	switch {
	case hasFold(s, i, "infinity"):
		end, text = i+8, "inf"
	case hasFold(s, i, "inf"):
		end, text = i+3, "inf"
	case hasFold(s, i, "nan"):
		return math.Copysign(math.NaN(), signOf(sign)), nanEnd(s, i+3)
	case byteAt(s, i) == '0' && byteAt(s, i+1)|0x20 == 'x' && digitsFrom(s, i+2, isHex) > i+2:
		end = digitsFrom(s, i+2, isHex)
		if e := exponentFrom(s, end, 'p'); e > end {
			end = e
		} else {
			suffix = "p0"
		}
	default:
		if end = digitsFrom(s, i, isDigit); end == i {
			return 0, 0
		}
		end = exponentFrom(s, end, 'e')
	}
	if text == "" {
		text = s[i:end]
	}
	f, _ = strconv.ParseFloat(sign+text+suffix, 64) // out of range is infinity or zero, as wanted
	return f, end
}

func signOf(sign string) float64 {
	if sign == "-" {
		return -1
	}
	return 1
}

// nanEnd skips what may stand in parentheses behind "nan".
func nanEnd(s string, i int) int {
	if byteAt(s, i) != '(' {
		return i
	}
	for j := i + 1; j < len(s); j++ {
		switch c := s[j]; {
		case c == ')':
			return j + 1
		case !isDigit(c) && c != '_' && (c|0x20 < 'a' || c|0x20 > 'z'):
			return i
		}
	}
	return i
}

// digitsFrom returns where the digits that begin at i end, with at most one point among them; i if there is no digit.
func digitsFrom(s string, i int, digit func(byte) bool) int {
	start, digits := i, 0
	for ; digit(byteAt(s, i)); i++ {
		digits++
	}
	if byteAt(s, i) == '.' {
		j := i + 1
		for ; digit(byteAt(s, j)); j++ {
			digits++
		}
		if digits > 0 {
			i = j
		}
	}
	if digits == 0 {
		return start
	}
	return i
}

// exponentFrom returns where the exponent at i ends, i if there is none.
func exponentFrom(s string, i int, letter byte) int {
	if byteAt(s, i)|0x20 != letter {
		return i
	}
	j := i + 1
	if c := byteAt(s, j); c == '+' || c == '-' {
		j++
	}
	if !isDigit(byteAt(s, j)) {
		return i
	}
	for isDigit(byteAt(s, j)) {
		j++
	}
	return j
}
