package main

import (
	"math"
	"slices"
)

// median returns the middle of the values, the mean of the two middle ones if their number is even, and NaN of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// quantile returns the smallest value that a share q of all values, 0 < q <= 1, does not exceed; the zero value of none. It sorts them.
func quantile[V ~int64 | ~float64](values []V, q float64) V {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	at := int(math.Ceil(q*float64(len(values)))) - 1
	return values[min(max(at, 0), len(values)-1)]
}

// ratios divides the values of rounds run one after the other and returns the least and the greatest quotient.
func ratios(ours, theirs []float64) (least, greatest float64) {
	least, greatest = math.Inf(1), math.Inf(-1)
	for i := range min(len(ours), len(theirs)) {
		r := ours[i] / theirs[i]
		least, greatest = min(least, r), max(greatest, r)
	}
	return least, greatest
}
