package hyperloglog

import "math"

// alphaInf is 1/(2 ln 2).
const alphaInf = 0.721347520444481703680

// histogram counts the registers by their value.
type histogram [registerMax + 1]int32

// Count estimates the number of distinct elements that were added to the value b.
func Count(b []byte) (uint64, error) {
	var h histogram
	if !IsSparse(b) {
		for r := b[headerSize:]; len(r) >= 3; r = r[3:] {
			w := uint32(r[0]) | uint32(r[1])<<8 | uint32(r[2])<<16
			h[w&registerMax]++
			h[w>>6&registerMax]++
			h[w>>12&registerMax]++
			h[w>>18]++
		}
		return h.estimate(), nil
	}
	total := 0
	for p := headerSize; p < len(b) && total <= registers; {
		r := runAt(b, p)
		h[r.value] += int32(r.length)
		total += r.length
		p += r.size
	}
	if total != registers {
		return 0, ErrCorrupt
	}
	return h.estimate(), nil
}

// Count estimates the number of distinct elements in a union.
func (all *Registers) Count() uint64 {
	var h histogram
	for _, v := range all {
		h[v&registerMax]++
	}
	return h.estimate()
}

// estimate is the improved raw estimator of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches", arXiv:1702.01284, algorithm 6.
//
// Products are rounded before they are added: where the compiler may fuse the two, estimates would depend on the machine.
func (h *histogram) estimate() uint64 {
	const m = float64(registers)
	z := m * tau((m-float64(h[rankBits+1]))/m)
	for k := rankBits; k >= 1; k-- {
		z = (z + float64(h[k])) * 0.5
	}
	z += float64(m * sigma(float64(h[0])/m))
	e := math.Round(alphaInf * m * m / z)
	if e >= 1<<63 { // only registers that no hash can set
		return 1 << 63
	}
	return uint64(e)
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for y, z := 1.0, x; ; y += y {
		x *= x
		before := z
		if z += float64(x * y); z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for y, z := 1.0, 1-x; ; {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		if z -= float64(float64((1-x)*(1-x)) * y); z == before {
			return z / 3
		}
	}
}
