// Package double prints float64 values the way Redis 7.2 does, where the bytes matter: in replies, and in the
// listpacks of sorted sets that DUMP and snapshots hand out as they are.
//
// What it prints reads back to the same value; NaN is no exception but in its payload.
package double

import (
	"math"
	"strconv"
)

// MaxLen bounds the text Append makes: sign, 17 digits, point, "e+308".
const MaxLen = 32

// maxInt is the largest magnitude up to which Redis takes a double for an integer.
const maxInt = 1 << 62

// Int returns f as an integer, if it is one of at most 2^62 either way. Negative zero is 0.
func Int(f float64) (int64, bool) {
	if !(f >= -maxInt && f <= maxInt) {
		return 0, false
	}
	i := int64(f)
	return i, float64(i) == f
}

// Append appends a double as Redis 7.2 prints scores and RESP doubles: integers up to 2^62 in full, everything else as
// few digits as Grisu2 finds that read back to the same value, in exponent form from where fpconv chooses it; "inf", "-inf",
// "nan", "-0".
func Append(dst []byte, f float64) []byte {
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
	if i, ok := Int(f); ok {
		return strconv.AppendInt(dst, i, 10)
	}
	return appendShortest(dst, f)
}

// appendShortest lays out the digits of f, finite and not zero, as fpconv does.
func appendShortest(dst []byte, f float64) []byte {
	var room [maxDigits]byte
	n, k := shortest(&room, math.Abs(f))
	digits := room[:n]
	point := k + n - 1 // the power of ten of the first digit
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
