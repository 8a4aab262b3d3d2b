package resp

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"treedis/store/double"
)

// MaxDoubleLen bounds the text AppendDouble makes.
const MaxDoubleLen = double.MaxLen

// ParseInt reads a decimal int64 the one way Redis writes it: no plus sign, no leading zero, no space, no "-0".
func ParseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	digits, neg := b, false
	if b[0] == '-' {
		neg, digits = true, b[1:]
	}
	if len(digits) == 0 || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	var v uint64
	for _, c := range digits {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		// 20 digits can pass 2^64 by one step only, which the division catches.
		if v > (math.MaxUint64-uint64(c))/10 {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	switch {
	case neg && v <= 1<<63:
		return -int64(v), true
	case !neg && v <= math.MaxInt64:
		return int64(v), true
	}
	return 0, false
}

// ParseFloat reads what C's strtod reads, and nothing around it: decimal or hexadecimal, with or without exponent, "inf" or
// "infinity" in any case and with either sign. NaN, overflow, underflow to zero and surrounding blanks are refused.
func ParseFloat(b []byte) (float64, bool) {
	v, inRange, ok := strtod(b)
	return v, ok && inRange
}

// ParseBound is ParseFloat as Redis reads the bounds of score ranges: it takes overflow for infinite and underflow for zero,
// skips blanks in front, ends at a zero byte, and reads nothing as 0.
func ParseBound(b []byte) (float64, bool) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, true
	}
	v, _, ok := strtod(bytes.TrimLeft(b, " \t\n\v\f\r"))
	return v, ok
}

// strtod reads a double. inRange is false if it is too large, or so small that it is 0.
func strtod(b []byte) (v float64, inRange, ok bool) {
	if v, ok := parseSmallDecimal(b); ok {
		return v, true, true
	}
	// Go takes digit separators, which strtod does not.
	if len(b) == 0 || bytes.IndexByte(b, '_') >= 0 {
		return 0, false, false
	}
	s := string(b)
	if hex, exp := hexFloat(b); hex && !exp {
		s += "p0" // Go wants the exponent that strtod leaves optional
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return v, false, errors.Is(err, strconv.ErrRange)
	}
	return v, v != 0 || !hasNonZeroDigit(b), !math.IsNaN(v)
}

// parseSmallDecimal reads plain integers below 2^53, the bulk of all scores, without a conversion to string.
func parseSmallDecimal(b []byte) (float64, bool) {
	if len(b) == 0 || len(b) > 15 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	return float64(v), true
}

// hexFloat tells whether b is a hexadecimal number, and whether it has a binary exponent.
func hexFloat(b []byte) (hex, exp bool) {
	if b[0] == '-' || b[0] == '+' {
		b = b[1:]
	}
	if len(b) < 3 || b[0] != '0' || b[1]|0x20 != 'x' {
		return false, false
	}
	return true, bytes.ContainsAny(b, "pP")
}

// hasNonZeroDigit tells whether a number's significand, in the base it is written in, is other than zero.
func hasNonZeroDigit(b []byte) bool {
	hex, _ := hexFloat(b)
	for _, c := range b {
		lower := c | 0x20
		switch {
		case c >= '1' && c <= '9':
			return true
		case hex && lower >= 'a' && lower <= 'f':
			return true
		case !hex && lower == 'e', hex && lower == 'p':
			return false
		}
	}
	return false
}

// AppendDouble appends a double as Redis 7.2 prints scores and RESP doubles. See package double for the text.
func AppendDouble(dst []byte, f float64) []byte { return double.Append(dst, f) }

// AppendHuman appends a double in plain notation with at most 17 decimals and no trailing zeros, as INCRBYFLOAT-like replies
// and GEOPOS coordinates are printed.
func AppendHuman(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return AppendDouble(dst, f)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', 17, 64)
	dst = bytes.TrimRight(dst, "0")
	dst = bytes.TrimSuffix(dst, []byte("."))
	if string(dst[start:]) == "-0" {
		dst = append(dst[:start], '0')
	}
	return dst
}
