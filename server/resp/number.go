package resp

import (
	"bytes"
	"math"
	"strconv"
)

// MaxDoubleLen bounds the text AppendDouble makes: sign, 17 digits, point, "e+308".
const MaxDoubleLen = 32

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
	if v, ok := parseSmallDecimal(b); ok {
		return v, true
	}
	// Go takes digit separators, which strtod does not.
	if len(b) == 0 || bytes.IndexByte(b, '_') >= 0 {
		return 0, false
	}
	s := string(b)
	if hex, exp := hexFloat(b); hex && !exp {
		s += "p0" // Go wants the exponent that strtod leaves optional
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) {
		return 0, false
	}
	if v == 0 && hasNonZeroDigit(b) {
		return 0, false
	}
	return v, true
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

// AppendDouble appends a double as Redis 7.2 prints scores and RESP doubles: integers up to 2^62 in full, everything else as
// the shortest digits that read back to the same value, in exponent form from where fpconv chooses it; "inf", "-inf", "nan", "-0".
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case f == 0 && math.Signbit(f):
		return append(dst, "-0"...)
	}
	const exact = 1 << 62
	if f >= -exact && f <= exact {
		if i := int64(f); float64(i) == f {
			return strconv.AppendInt(dst, i, 10)
		}
	}
	return appendShortest(dst, f)
}

// appendShortest lays out the shortest decimal digits of f, finite and not zero, as fpconv does: value = digits * 10^k.
func appendShortest(dst []byte, f float64) []byte {
	var sci [MaxDoubleLen]byte
	text := strconv.AppendFloat(sci[:0], math.Abs(f), 'e', -1, 64) // d[.ddd]e±xx
	e := bytes.IndexByte(text, 'e')
	point := atoiSigned(text[e+1:]) // the power of ten of the first digit
	digits := text[:e]
	if len(digits) > 1 {
		digits[1], digits = digits[0], digits[1:] // "d.ddd" -> "dddd", in place
	}
	n := len(digits)
	k := point - n + 1
	exp := point
	if exp < 0 {
		exp = -exp
	}
	if f < 0 {
		dst = append(dst, '-')
	}
	switch {
	case k >= 0 && exp < n+7:
		dst = append(dst, digits...)
		for ; k > 0; k-- {
			dst = append(dst, '0')
		}
		return dst
	case k < 0 && (k > -7 || exp < 4):
		whole := n + k
		if whole > 0 {
			dst = append(dst, digits[:whole]...)
			dst = append(dst, '.')
			return append(dst, digits[whole:]...)
		}
		dst = append(dst, '0', '.')
		for ; whole < 0; whole++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if n > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	if point < 0 {
		dst = append(dst, 'e', '-')
	} else {
		dst = append(dst, 'e', '+')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// atoiSigned reads the exponent that strconv printed, "+05" or "-308".
func atoiSigned(b []byte) int {
	v := 0
	for _, c := range b[1:] {
		v = v*10 + int(c-'0')
	}
	if b[0] == '-' {
		return -v
	}
	return v
}

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
