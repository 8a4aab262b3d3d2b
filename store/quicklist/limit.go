package quicklist

import "math"

// Limit is how much a listpack may hold, as list-max-listpack-size says it.
type Limit struct {
	Bytes int
	Count int
}

// safeBytes bounds the listpacks of a limit that counts elements, as in Redis.
const safeBytes = 8192

// ParseLimit returns the limit that the directive list-max-listpack-size sets: a positive
// number is one of elements, and -1 to -5 stand for 4 to 64 KB.
func ParseLimit(directive int) Limit {
	if directive >= 0 {
		return Limit{Bytes: safeBytes, Count: max(directive, 1)}
	}
	return Limit{Bytes: 2048 << min(-directive, 5), Count: math.MaxInt}
}

// Exceeded reports whether a listpack of so many bytes and elements is too large.
func (l Limit) Exceeded(bytes, count int) bool { return bytes > l.Bytes || count > l.Count }

// Half reports whether so many bytes and elements are at most half of the limit. Below that
// a list that shrinks becomes a single listpack again; the distance keeps one that hovers
// around the limit from being converted over and over.
func (l Limit) Half(bytes, count int) bool {
	if l.Count != math.MaxInt {
		return count <= l.Count/2
	}
	return bytes <= l.Bytes/2
}
