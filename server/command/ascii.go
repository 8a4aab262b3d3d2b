package command

// lower folds ASCII capitals only: the protocol compares names byte by byte, so that Unicode's
// foldings (as in bytes.EqualFold) must not match.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// equalFold compares two words without regard to ASCII case.
func equalFold[A, B []byte | string](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
