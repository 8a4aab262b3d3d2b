// Package histogram counts durations by magnitude: a high dynamic range histogram, as
// https://hdrhistogram.org describes it, of two significant digits. A value is told within 1/128 of itself,
// whatever its size, in the same classes as those of Redis's latency histograms.
//
// The zero Histogram is empty and ready for use. It is not safe for concurrent use.
package histogram

import "math/bits"

const (
	// Max is the largest value told apart: a second, in nanoseconds. Larger ones count as Max.
	Max = 1_000_000_000

	rowBits = 7
	rowLen  = 1 << rowBits
	rows    = 24 // of which row r > 0 spans [128<<(r-1), 128<<r)
)

// Histogram counts values. Its rows are allocated as they are needed: the calls of a command touch two or three, a
// kilobyte each.
type Histogram struct {
	rows  [rows]*[rowLen]uint64
	total uint64
}

// Record counts a value in [1, Max]; others count as the nearest of these.
func (h *Histogram) Record(v int64) {
	row, column := place(uint64(min(max(v, 1), Max)))
	counts := h.rows[row]
	if counts == nil {
		counts = new([rowLen]uint64)
		h.rows[row] = counts
	}
	counts[column]++
	h.total++
}

// place returns where a value is counted. The first two rows count each value for itself, row r > 1 counts 1<<(r-1)
// values together.
func place(v uint64) (row, column int) {
	shift := max(bits.Len64(v)-rowBits-1, 0)
	v >>= shift
	return shift + int(v>>rowBits), int(v & (rowLen - 1))
}

// highest is the largest value that is counted at a place.
func highest(row, column int) int64 {
	if row == 0 {
		return int64(column)
	}
	shift := row - 1
	return (int64(column)+rowLen+1)<<shift - 1
}

// lowest is the smallest value that is counted at a place.
func lowest(row, column int) int64 {
	if row == 0 {
		return int64(column)
	}
	return (int64(column) + rowLen) << (row - 1)
}

// Total is the number of values counted.
func (h *Histogram) Total() uint64 { return h.total }

// Add counts all that another histogram has counted.
func (h *Histogram) Add(o *Histogram) {
	for r, counts := range o.rows {
		if counts == nil {
			continue
		}
		if h.rows[r] == nil {
			h.rows[r] = new([rowLen]uint64)
		}
		for i, n := range counts {
			h.rows[r][i] += n
		}
	}
	h.total += o.total
}

// Percentile returns the value that p percent of the values do not exceed, as far as they are told apart: the
// largest of its class; for 0 percent the smallest value's class, by its smallest. An empty histogram has 0.
func (h *Histogram) Percentile(p float64) int64 {
	wanted := max(uint64(min(p, 100)/100*float64(h.total)+0.5), 1)
	seen := uint64(0)
	for r, counts := range h.rows {
		if counts == nil {
			continue
		}
		for i, n := range counts {
			if seen += n; seen < wanted {
				continue
			}
			if p == 0 {
				return lowest(r, i)
			}
			return highest(r, i)
		}
	}
	return 0
}

// Step is a point of a cumulative distribution: so many values are at most UpTo.
type Step struct{ UpTo, Count int64 }

// firstStep is where the first step ends; each further one ends at twice as much.
const firstStep = 1024

// Cumulative returns the distribution in steps that double, without those that add nothing. A step ends with the class
// of its bound, and the last one with the largest of all.
func (h *Histogram) Cumulative() (steps []Step) {
	seen, told := uint64(0), uint64(0)
	bound := int64(firstStep)
	for r, counts := range h.rows {
		for i := range rowLen {
			if counts != nil {
				seen += counts[i]
			}
			last := r == rows-1 && i == rowLen-1
			if bound > highest(r, i) && !last {
				continue
			}
			if seen > told {
				steps = append(steps, Step{highest(r, i), int64(seen)})
				told = seen
			}
			bound *= 2
		}
	}
	return steps
}
