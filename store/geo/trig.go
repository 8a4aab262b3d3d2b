package geo

import "math"

// Redis's distances come from the sine, cosine and arc sine of the C library, which are almost always the double nearest to the true
// value. Those of package math are one off now and then, and with them the last digit of a distance that STOREDIST makes a score.
// The functions here compute to about 65 bits and then round once.

// long is a number as the sum of two doubles, of which lo is at most half a unit in the last place of hi.
type long struct{ hi, lo float64 }

// sum returns a + b, without the bits that |a| < |b| would lose.
func sum(a, b float64) long {
	s := a + b
	return long{s, b - (s - a)}
}

func (x long) mul(y long) long {
	p := float64(x.hi * y.hi)
	return sum(p, math.FMA(x.hi, y.hi, -p)+float64(x.hi*y.lo)+float64(x.lo*y.hi))
}

// under returns x + y for an x that is at least as large.
func (x long) under(y long) long {
	s := sum(x.hi, y.hi)
	return sum(s.hi, s.lo+x.lo+y.lo)
}

// What the series need to more than a double's precision.
var (
	half       = long{-0.5, 0}
	sixth      = long{-0x1.5555555555555p-3, -0x1.5555555555555p-57} // 1/3!
	fourth     = long{0x1.5555555555555p-5, 0x1.5555555555555p-59}   // 1/4!
	fifth      = long{0x1.1111111111111p-7, 0x1.1111111111111p-63}   // 1/5!
	quarterArc = long{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54}   // pi/2
)

// turn splits an angle of less than 2 pi into quarters of a turn and what is left, at most pi/4.
func turn(x float64) (rest long, quarters int) {
	k := math.RoundToEven(x / quarterArc.hi)
	return sum(math.FMA(-k, quarterArc.hi, x), float64(-k*quarterArc.lo)), int(k)
}

// sineOf and cosineOf are Taylor's series for |x| <= pi/4. Their later terms are small enough for doubles.
func sineOf(x long) long {
	square := x.mul(x)
	z := square.hi
	tail := -1.0/5040 + z*(1.0/362880+z*(-1.0/39916800+z*(1.0/6227020800+z*(-1.0/1307674368000+z*(1.0/355687428096000+z*(-1.0/121645100408832000))))))
	series := sixth.under(square.mul(fifth.under(long{hi: float64(tail * z)})))
	return x.under(x.mul(square.mul(series)))
}

func cosineOf(x long) long {
	square := x.mul(x)
	z := square.hi
	tail := -1.0/720 + z*(1.0/40320+z*(-1.0/3628800+z*(1.0/479001600+z*(-1.0/87178291200+z*(1.0/20922789888000+z*(-1.0/6402373705728000))))))
	series := half.under(square.mul(fourth.under(long{hi: float64(tail * z)})))
	return long{hi: 1}.under(square.mul(series))
}

// longSin returns the sine of an angle of less than 2 pi.
func longSin(x float64) long {
	rest, quarters := turn(x)
	var s long
	if quarters&1 == 0 {
		s = sineOf(rest)
	} else {
		s = cosineOf(rest)
	}
	if quarters&2 != 0 {
		return long{-s.hi, -s.lo}
	}
	return s
}

func sin(x float64) float64 { return longSin(x).hi }

// cos returns the cosine of an angle of less than pi.
func cos(x float64) float64 {
	rest, quarters := turn(x)
	switch quarters & 3 {
	case 0:
		return cosineOf(rest).hi
	case 1:
		return -sineOf(rest).hi
	case 2:
		return -cosineOf(rest).hi
	}
	return sineOf(rest).hi
}

// asin returns the arc sine. One step of Newton's method mends what package math has got wrong, but near 1, where the step divides by next
// to nothing.
func asin(x float64) float64 {
	y := math.Asin(x)
	if !(math.Abs(x) < 0.998) || y == 0 {
		return y
	}
	s := longSin(y)
	return y + ((x-s.hi)-s.lo)/math.Cos(y)
}
