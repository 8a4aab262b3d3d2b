// Package longdouble computes as C does in long double, which on the machines Redis is used on is the 80-bit format of the x87: a
// mantissa of 64 bits, exponents up to 2^16384. A big.Float of that precision gives the same digits, and it is exact where
// the C library is: in reading and in printing. INCRBYFLOAT, HINCRBYFLOAT and timeouts are such numbers.
package longdouble

import (
	"bytes"
	"math/big"
	"strconv"
)

const (
	mantissaBits = 64
	maxExp       = 16384  // values are below 2^16384
	minExp       = -16445 // 2^-16446 and below is read as 0
	// maxText is from where Redis refuses to read a number at all.
	maxText = 5 * 1024
	// maxDecimals bounds the decimal exponent of a number that can be in range, given maxText digits around it.
	maxDecimals = 5000
)

// Parse reads a long double as C's strtold does, all of text or nothing: decimal or hexadecimal, or
// an infinity. A number that is too large, or so small that it would be 0, is refused, as is NaN.
func Parse(text []byte) (*big.Float, bool) {
	if len(text) == 0 || len(text) >= maxText {
		return nil, false
	}
	digits := text
	negative := digits[0] == '-'
	if negative || digits[0] == '+' {
		digits = digits[1:]
	}
	var x *big.Float
	switch {
	case bytes.EqualFold(digits, []byte("inf")), bytes.EqualFold(digits, []byte("infinity")):
		x = new(big.Float).SetPrec(mantissaBits).SetInf(false)
	case len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x':
		x = scan(digits[2:], 16, 'p')
	default:
		x = scan(digits, 10, 'e')
	}
	if x == nil {
		return nil, false
	}
	if negative {
		x.Neg(x)
	}
	return x, true
}

// scan reads an unsigned number: digits of the base with or without a point, and an exponent of ten, or
// of two if the base is 16, behind the letter exp. It returns nil if it is none, or out of range.
func scan(text []byte, base int, exp byte) *big.Float {
	mantissa, exponent := text, int64(0)
	for i, c := range text {
		if c|0x20 != exp {
			continue
		}
		e, err := strconv.ParseInt(string(text[i+1:]), 10, 64)
		if err != nil && e == 0 {
			return nil // what is merely out of range has been cut to the range, where it stays out
		}
		mantissa, exponent = text[:i], max(-1<<40, min(e, 1<<40))
		break
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	all := append(append(make([]byte, 0, len(mantissa)), whole...), fraction...)
	if len(all) == 0 {
		return nil
	}
	for _, c := range all {
		if !isDigit(c, base) {
			return nil
		}
	}
	n, ok := new(big.Int).SetString(string(all), base)
	if !ok {
		return nil
	}
	x := new(big.Float).SetPrec(mantissaBits)
	if n.Sign() == 0 {
		return x
	}
	if base == 16 {
		exponent -= int64(4 * len(fraction))
		if exponent < -1<<20 || exponent > 1<<20 {
			return nil
		}
		x.SetMantExp(x.SetInt(n), int(exponent))
	} else {
		exponent -= int64(len(fraction))
		if exponent < -maxDecimals-maxText || exponent > maxDecimals {
			return nil
		}
		scaleByTen(x, n, exponent)
	}
	if e := x.MantExp(nil); e > maxExp || e < minExp {
		return nil
	}
	return x
}

// scaleByTen sets x to n*10^exponent, rounded once.
func scaleByTen(x *big.Float, n *big.Int, exponent int64) {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(exponent, -exponent)), nil)
	if exponent >= 0 {
		x.SetInt(n.Mul(n, power))
		return
	}
	x.Quo(new(big.Float).SetInt(n), new(big.Float).SetInt(power)) // the operands are exact
}

func isDigit(c byte, base int) bool {
	return c-'0' <= 9 || base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f'
}

// Add returns a+b. ok is false if that is infinite, or not a number.
func Add(a, b *big.Float) (sum *big.Float, ok bool) {
	if a.IsInf() || b.IsInf() {
		return nil, false
	}
	sum = new(big.Float).SetPrec(mantissaBits).Add(a, b)
	return sum, sum.MantExp(nil) <= maxExp
}

// Append prints a finite long double without exponent, with at most 17 decimals and no zeroes
// at the end.
func Append(dst []byte, x *big.Float) []byte {
	start := len(dst)
	dst = x.Append(dst, 'f', 17)
	dst = bytes.TrimSuffix(bytes.TrimRight(dst, "0"), []byte("."))
	if string(dst[start:]) == "-0" {
		dst = append(dst[:start], '0')
	}
	return dst
}
