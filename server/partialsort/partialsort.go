// Package partialsort sorts a range of a slice without sorting the rest, with the order of equal elements that Redis gives them.
package partialsort

// Sort puts the elements from index lo to hi in the places where sorting all of a would put them, in a time that grows with
// their number.
//
// It is the quicksort of J. L. Bentley and M. D. McIlroy, "Engineering a sort function" (1993), that leaves out partitions beyond
// the range. It is not stable: which of equal elements come first follows from the choice of pivots, which is theirs,
// and so is the same as in Redis.
func Sort[T any](a []T, lo, hi int, cmp func(x, y *T) int) {
	for {
		n := len(a)
		if n < 7 {
			for i := 1; i < n; i++ {
				for j := i; j > 0 && cmp(&a[j-1], &a[j]) > 0; j-- {
					a[j-1], a[j] = a[j], a[j-1]
				}
			}
			return
		}
		p := pivot(a, cmp)
		a[0], a[p] = a[p], a[0]
		below, above := partition(a, cmp)
		inRange := func(from, to int) bool { // to excluded
			return to-from > 1 && !(lo < from && hi < from || lo >= to && hi >= to)
		}
		if inRange(0, below) {
			Sort(a[:below], lo, hi, cmp)
		}
		if !inRange(n-above, n) {
			return
		}
		a, lo, hi = a[n-above:], lo-(n-above), hi-(n-above)
	}
}

// pivot returns the index of the middle element, of the median of three, or of that of three such medians.
func pivot[T any](a []T, cmp func(x, y *T) int) int {
	n := len(a)
	first, middle, last := 0, n/2, n-1
	if n == 7 {
		return middle
	}
	if n > 40 {
		d := n / 8
		first = median(a, first, first+d, first+2*d, cmp)
		middle = median(a, middle-d, middle, middle+d, cmp)
		last = median(a, last-2*d, last-d, last, cmp)
	}
	return median(a, first, middle, last, cmp)
}

// median returns which of three indexes has the median.
func median[T any](a []T, i, j, k int, cmp func(x, y *T) int) int {
	if cmp(&a[i], &a[j]) < 0 {
		switch {
		case cmp(&a[j], &a[k]) < 0:
			return j
		case cmp(&a[i], &a[k]) < 0:
			return k
		}
		return i
	}
	switch {
	case cmp(&a[j], &a[k]) > 0:
		return j
	case cmp(&a[i], &a[k]) < 0:
		return i
	}
	return k
}

// partition puts the elements below a[0] to the front, those above it to the end, and those equal to it in between. It returns
// how many are below and above.
//
// While it runs equal ones gather at both ends:  equal | below | unknown | above | equal.
func partition[T any](a []T, cmp func(x, y *T) int) (below, above int) {
	n := len(a)
	equalTo, unknown := 1, 1
	last, equalFrom := n-1, n-1
	for {
		for unknown <= last {
			r := cmp(&a[unknown], &a[0])
			if r > 0 {
				break
			}
			if r == 0 {
				a[equalTo], a[unknown] = a[unknown], a[equalTo]
				equalTo++
			}
			unknown++
		}
		for unknown <= last {
			r := cmp(&a[last], &a[0])
			if r < 0 {
				break
			}
			if r == 0 {
				a[last], a[equalFrom] = a[equalFrom], a[last]
				equalFrom--
			}
			last--
		}
		if unknown > last {
			break
		}
		a[unknown], a[last] = a[last], a[unknown]
		unknown++
		last--
	}
	below, above = unknown-equalTo, equalFrom-last
	swapRuns(a, 0, unknown, min(equalTo, below))
	swapRuns(a, unknown, n, min(above, n-1-equalFrom))
	return below, above
}

// swapRuns exchanges the n elements from index from on with the n before index to.
func swapRuns[T any](a []T, from, to, n int) {
	for i := range n {
		a[from+i], a[to-n+i] = a[to-n+i], a[from+i]
	}
}
