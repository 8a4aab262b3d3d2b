package listpack

import "bytes"

// Equal reports whether the element at pos is elem, without formatting it.
func Equal(lp []byte, pos int, elem []byte) bool {
	str, n, isInt := Value(lp, pos)
	if !isInt {
		return bytes.Equal(str, elem)
	}
	v, ok := ParseInt(elem)
	return ok && v == n
}

// Find returns the position of the first element at or after from that equals
// elem, or -1. After every element it looks at it passes over gap others: 1
// finds a field among field and value pairs. from may be -1, for an empty blob.
func Find(lp []byte, from int, elem []byte, gap int) int {
	if from < 0 {
		return -1
	}
	want, wantInt := ParseInt(elem)
	for pos := from; ; {
		str, n, isInt := Value(lp, pos)
		if isInt {
			if wantInt && n == want {
				return pos
			}
		} else if len(str) == len(elem) && bytes.Equal(str, elem) {
			return pos
		}
		for range gap + 1 {
			if pos = skip(lp, pos); lp[pos] == end {
				return -1
			}
		}
	}
}
