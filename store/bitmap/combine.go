package bitmap

import (
	"crypto/subtle"
	"encoding/binary"
)

// Op is a bitwise operation on several strings.
type Op uint8

// The operations. Not takes one string.
const (
	And Op = iota
	Or
	Xor
	Not
)

// chunk is how many bytes are combined at a time: with the part of one source they fit the first-level cache, so that
// the result crosses the memory bus once, however many sources there are.
const chunk = 16 << 10

// Combine sets dst, which is as long as the longest source and overlaps none of them, to the operation on the sources. Those
// that are shorter count as filled up with zeroes.
func Combine(dst []byte, op Op, sources [][]byte) {
	for from := 0; from < len(dst); from += chunk {
		part := dst[from:min(from+chunk, len(dst))]
		n := copy(part, tailFrom(sources[0], from))
		clear(part[n:])
		if op == Not {
			invert(part)
			continue
		}
		for _, src := range sources[1:] {
			combine(part, op, tailFrom(src, from))
		}
	}
}

func tailFrom(b []byte, from int) []byte { return b[min(from, len(b)):] }

// combine sets dst to the operation on it and src, whose excess is ignored.
func combine(dst []byte, op Op, src []byte) {
	n := min(len(dst), len(src))
	src = src[:n]
	switch op {
	case And:
		clear(dst[n:])
		and(dst[:n], src)
	case Or:
		or(dst[:n], src)
	case Xor:
		subtle.XORBytes(dst, dst[:n], src)
	}
}

func and(dst, src []byte) {
	for len(dst) >= 16 && len(src) >= 16 {
		a, b := binary.LittleEndian.Uint64(dst), binary.LittleEndian.Uint64(dst[8:])
		binary.LittleEndian.PutUint64(dst, a&binary.LittleEndian.Uint64(src))
		binary.LittleEndian.PutUint64(dst[8:], b&binary.LittleEndian.Uint64(src[8:]))
		dst, src = dst[16:], src[16:]
	}
	for i, c := range src {
		dst[i] &= c
	}
}

func or(dst, src []byte) {
	for len(dst) >= 16 && len(src) >= 16 {
		a, b := binary.LittleEndian.Uint64(dst), binary.LittleEndian.Uint64(dst[8:])
		binary.LittleEndian.PutUint64(dst, a|binary.LittleEndian.Uint64(src))
		binary.LittleEndian.PutUint64(dst[8:], b|binary.LittleEndian.Uint64(src[8:]))
		dst, src = dst[16:], src[16:]
	}
	for i, c := range src {
		dst[i] |= c
	}
}

func invert(dst []byte) {
	for len(dst) >= 8 {
		binary.LittleEndian.PutUint64(dst, ^binary.LittleEndian.Uint64(dst))
		dst = dst[8:]
	}
	for i := range dst {
		dst[i] = ^dst[i]
	}
}
