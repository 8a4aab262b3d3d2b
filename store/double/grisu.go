package double

import (
	"math"
	"math/bits"
)

// The digits come from Grisu2, Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with
// Integers", 2010: they read back to the same value but are not always the fewest that do. strconv's are, which tells
// them apart for one double in a thousand or so, and for more of those that have a short decimal halfway to
// their neighbour. Redis prints by Grisu2, so that is where these bytes have to come from.

const (
	// A power of ten is chosen that brings the product's exponent into these bounds: its whole part then has at
	// most 32 bits, and at least 4 bits remain above the fraction to multiply it by ten.
	minExponent = -60
	maxExponent = -32

	firstPower = -348 // of powers
	powerStep  = 8
	maxDigits  = 18
)

// power returns the index of the power of ten by which to multiply a significand of 64 bits with exponent e. Several may
// do; which is found first matters for the digits.
func power(e int) int {
	guess := int(-float64(e+len(powers)) * math.Ln2 / math.Ln10)
	i := (guess - firstPower) / powerStep
	for {
		switch scaled := e + powerExponent(i) + 64; {
		case scaled < minExponent:
			i++
		case scaled > maxExponent:
			i--
		default:
			return i
		}
	}
}

// powerExponent returns the binary exponent of powers[i], as an integer of 64 bits.
func powerExponent(i int) int { return (firstPower+powerStep*i)*217706>>16 - 63 }

// mul returns the upper half of a product, rounded.
func mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi + lo>>63
}

// shortest writes the decimal digits of f, positive and finite, and returns how many there are: f = digits * 10^k.
func shortest(digits *[maxDigits]byte, f float64) (n, k int) {
	b := math.Float64bits(f)
	m, e := b&(1<<52-1), int(b>>52)
	if e == 0 {
		e = 1 // denormal
	} else {
		m |= 1 << 52
	}
	e -= 1023 + 52

	// The value and its bounds, halfway to its neighbours, as significands with one exponent. The lower neighbour
	// of a power of two is half as far away.
	high := 2*m + 1
	shift := bits.LeadingZeros64(high)
	high <<= shift
	exponent := e - 1 - shift
	low := (2*m - 1) << shift
	if m == 1<<52 {
		low = (4*m - 1) << (shift - 1)
	}
	value := m << (shift + 1)

	i := power(exponent)
	exponent += powerExponent(i) + 64
	// Each product is off by up to one: the interval shrinks by as much.
	high, low, value = mul(high, powers[i])-1, mul(low, powers[i])+1, mul(value, powers[i])
	n, k = generate(digits, high, high-low, high-value, -exponent)
	return n, k - firstPower - powerStep*i
}

// generate writes the digits of high, a fixed-point number with the given bits behind the point, until what is left is within
// delta. gap is how far below high the value is.
func generate(digits *[maxDigits]byte, high, delta, gap uint64, fraction int) (n, kappa int) {
	one := uint64(1) << fraction
	whole, part := uint32(high>>fraction), high&(one-1)
	kappa = len(tens) - 1
	for tens[kappa] > whole {
		kappa--
	}
	for ; kappa >= 0; kappa-- {
		ten := tens[kappa]
		d := whole / ten
		digits[n] = '0' + byte(d)
		n++
		whole -= d * ten
		if rest := uint64(whole)<<fraction + part; rest <= delta {
			round(&digits[n-1], delta, rest, uint64(ten)<<fraction, gap)
			return n, kappa
		}
	}
	for {
		part, delta, gap = part*10, delta*10, gap*10
		digits[n] = '0' + byte(part>>fraction)
		n++
		part &= one - 1
		if part < delta {
			round(&digits[n-1], delta, part, one, gap)
			return n, kappa
		}
		kappa--
	}
}

// round lowers the last digit, worth step, for as long as that stays within delta and comes closer to the value.
func round(digit *byte, delta, rest, step, gap uint64) {
	for rest < gap && delta-rest >= step && (rest+step < gap || gap-rest > rest+step-gap) {
		*digit--
		rest += step
	}
}

var tens = [...]uint32{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// powers are the significands of 10^-348, 10^-340 … 10^340, of 64 bits, rounded.
var powers = [...]uint64{
	0xfa8fd5a0081c0288, 0xbaaee17fa23ebf76, 0x8b16fb203055ac76, 0xcf42894a5dce35ea,
	0x9a6bb0aa55653b2d, 0xe61acf033d1a45df, 0xab70fe17c79ac6ca, 0xff77b1fcbebcdc4f,
	0xbe5691ef416bd60c, 0x8dd01fad907ffc3c, 0xd3515c2831559a83, 0x9d71ac8fada6c9b5,
	0xea9c227723ee8bcb, 0xaecc49914078536d, 0x823c12795db6ce57, 0xc21094364dfb5637,
	0x9096ea6f3848984f, 0xd77485cb25823ac7, 0xa086cfcd97bf97f4, 0xef340a98172aace5,
	0xb23867fb2a35b28e, 0x84c8d4dfd2c63f3b, 0xc5dd44271ad3cdba, 0x936b9fcebb25c996,
	0xdbac6c247d62a584, 0xa3ab66580d5fdaf6, 0xf3e2f893dec3f126, 0xb5b5ada8aaff80b8,
	0x87625f056c7c4a8b, 0xc9bcff6034c13053, 0x964e858c91ba2655, 0xdff9772470297ebd,
	0xa6dfbd9fb8e5b88f, 0xf8a95fcf88747d94, 0xb94470938fa89bcf, 0x8a08f0f8bf0f156b,
	0xcdb02555653131b6, 0x993fe2c6d07b7fac, 0xe45c10c42a2b3b06, 0xaa242499697392d3,
	0xfd87b5f28300ca0e, 0xbce5086492111aeb, 0x8cbccc096f5088cc, 0xd1b71758e219652c,
	0x9c40000000000000, 0xe8d4a51000000000, 0xad78ebc5ac620000, 0x813f3978f8940984,
	0xc097ce7bc90715b3, 0x8f7e32ce7bea5c70, 0xd5d238a4abe98068, 0x9f4f2726179a2245,
	0xed63a231d4c4fb27, 0xb0de65388cc8ada8, 0x83c7088e1aab65db, 0xc45d1df942711d9a,
	0x924d692ca61be758, 0xda01ee641a708dea, 0xa26da3999aef774a, 0xf209787bb47d6b85,
	0xb454e4a179dd1877, 0x865b86925b9bc5c2, 0xc83553c5c8965d3d, 0x952ab45cfa97a0b3,
	0xde469fbd99a05fe3, 0xa59bc234db398c25, 0xf6c69a72a3989f5c, 0xb7dcbf5354e9bece,
	0x88fcf317f22241e2, 0xcc20ce9bd35c78a5, 0x98165af37b2153df, 0xe2a0b5dc971f303a,
	0xa8d9d1535ce3b396, 0xfb9b7cd9a4a7443c, 0xbb764c4ca7a44410, 0x8bab8eefb6409c1a,
	0xd01fef10a657842c, 0x9b10a4e5e9913129, 0xe7109bfba19c0c9d, 0xac2820d9623bf429,
	0x80444b5e7aa7cf85, 0xbf21e44003acdd2d, 0x8e679c2f5e44ff8f, 0xd433179d9c8cb841,
	0x9e19db92b4e31ba9, 0xeb96bf6ebadf77d9, 0xaf87023b9bf0ee6b,
}
