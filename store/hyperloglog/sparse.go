package hyperloglog

import (
	"slices"
	"strconv"
)

const (
	wideZeroes = 0x40
	valueRun   = 0x80

	maxSparseValue = 32
	maxValueRun    = 4
	maxShortZeroes = 64
)

// run is a run of equal registers in a sparse value.
type run struct {
	length int
	value  uint8
	size   int // in bytes
}

// runAt reads the run at p. One that is cut off is too long for any value.
func runAt(b []byte, p int) run {
	c := b[p]
	switch {
	case c&valueRun != 0:
		return run{length: int(c&3) + 1, value: c>>2&31 + 1, size: 1}
	case c&wideZeroes == 0:
		return run{length: int(c) + 1, size: 1}
	case p+1 == len(b):
		return run{length: registers + 1, size: 1}
	}
	return run{length: int(c&0x3f)<<8 + int(b[p+1]) + 1, size: 2}
}

// appendZeroes appends a run of n registers of zero, nothing if n is 0.
func appendZeroes(dst []byte, n int) []byte {
	switch {
	case n == 0:
		return dst
	case n <= maxShortZeroes:
		return append(dst, byte(n-1))
	}
	return append(dst, byte((n-1)>>8)|wideZeroes, byte(n-1))
}

// appendRun appends a run of n registers, nothing if n is 0. Those that are not zero are 4 at most.
func appendRun(dst []byte, value uint8, n int) []byte {
	switch {
	case value == 0:
		return appendZeroes(dst, n)
	case n == 0:
		return dst
	}
	return append(dst, (value-1)<<2|byte(n-1)|valueRun)
}

// Set makes one register of the value b at least as large as value, and reports whether that changed it. A sparse value is
// returned at its new length, and may have moved, as append has it; if it came to be longer than limit, or cannot
// hold the register, it is made dense. Upon an error it is as it was.
func Set(b []byte, index int, value uint8, limit int) (_ []byte, changed bool, err error) {
	if !IsSparse(b) {
		return b, Raise(b, index, value), nil
	}
	if value > maxSparseValue {
		return promote(b, index, value)
	}
	prev, p, first := headerSize, headerSize, 0
	var r run
	for {
		if p >= len(b) {
			return b, false, ErrCorrupt
		}
		if r = runAt(b, p); index < first+r.length {
			break
		}
		prev, p, first = p, p+r.size, first+r.length
	}
	if r.length > registers {
		return b, false, ErrCorrupt
	}
	if r.value >= value {
		return b, false, nil
	}
	var room [5]byte
	split := appendRun(room[:0], r.value, index-first)
	split = appendRun(split, value, 1)
	split = appendRun(split, r.value, first+r.length-1-index)
	if len(split) > r.size && len(b)+len(split)-r.size > limit {
		return promote(b, index, value)
	}
	b = slices.Replace(b, p, p+r.size, split...)
	b = joinRuns(b, prev)
	Invalidate(b)
	return b, true, nil
}

// joinScan is how many runs Redis looks at for two that can be one: what a run is split into, and its neighbours.
const joinScan = 5

// joinRuns joins runs of equal values around a change. p is the run before the one that changed.
func joinRuns(b []byte, p int) []byte {
	for range joinScan {
		if p >= len(b) {
			break
		}
		r := runAt(b, p)
		if r.value > 0 && p+1 < len(b) {
			next := runAt(b, p+1)
			if next.value == r.value && r.length+next.length <= maxValueRun {
				appendRun(b[:p+1], r.value, r.length+next.length) // in place of the second
				b = slices.Delete(b, p, p+1)
				continue
			}
		}
		p += r.size
	}
	return b
}

// promote makes a sparse value dense and raises a register of it.
func promote(b []byte, index int, value uint8) ([]byte, bool, error) {
	d, err := Dense(make([]byte, 0, DenseSize), b)
	if err != nil {
		return b, false, err
	}
	changed := Raise(d, index, value)
	Invalidate(d)
	return d, changed, nil
}

// AppendRuns prints the runs of a sparse value: z:length, Z:length for the wide form, v:value,length.
func AppendRuns(dst, b []byte) []byte {
	for p := headerSize; p < len(b); {
		r := runAt(b, p)
		switch {
		case r.value > 0:
			dst = append(strconv.AppendInt(append(dst, "v:"...), int64(r.value), 10), ',')
		case r.size == 1:
			dst = append(dst, "z:"...)
		default:
			dst = append(dst, "Z:"...)
		}
		dst = strconv.AppendInt(dst, int64(r.length), 10)
		if p += r.size; p < len(b) {
			dst = append(dst, ' ')
		}
	}
	return dst
}
