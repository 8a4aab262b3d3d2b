// Package bitmap operates on byte strings as arrays of bits. Bit 0 is the most significant one of the first byte.
//
// All functions are pure, keep none of their arguments, and work a word at a time.
package bitmap

import (
	"encoding/binary"
	"math/bits"
)

// Count returns the number of 1 bits in b.
func Count(b []byte) int64 {
	n := 0
	var n1, n2, n3 int // sums that do not wait for each other
	for len(b) >= 32 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		n1 += bits.OnesCount64(binary.LittleEndian.Uint64(b[8:]))
		n2 += bits.OnesCount64(binary.LittleEndian.Uint64(b[16:]))
		n3 += bits.OnesCount64(binary.LittleEndian.Uint64(b[24:]))
		b = b[32:]
	}
	n += n1 + n2 + n3
	for len(b) >= 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for _, c := range b {
		n += bits.OnesCount8(c)
	}
	return int64(n)
}

// CountRange returns the number of 1 bits among those at from <= i < to, which lie within b.
func CountRange(b []byte, from, to int64) int64 {
	if from >= to {
		return 0
	}
	first, last := from>>3, (to-1)>>3
	head, tail := headMask(from), tailMask(to)
	if first == last {
		return int64(bits.OnesCount8(b[first] & head & tail))
	}
	n := bits.OnesCount8(b[first]&head) + bits.OnesCount8(b[last]&tail)
	return int64(n) + Count(b[first+1:last])
}

// Find returns the index of the first bit that is as wanted, true for 1, among those at from <= i < to, which lie
// within b. It returns -1 if there is none.
func Find(b []byte, from, to int64, wanted bool) int64 {
	if from >= to {
		return -1
	}
	var flip byte // makes what is looked for a 1
	if !wanted {
		flip = 0xff
	}
	first, last := from>>3, (to-1)>>3
	head, tail := headMask(from), tailMask(to)
	if first == last {
		return firstOne((b[first]^flip)&head&tail, first)
	}
	if c := (b[first] ^ flip) & head; c != 0 {
		return firstOne(c, first)
	}
	if i := skip(b[first+1:last], flip); i >= 0 {
		at := first + 1 + int64(i)
		return firstOne(b[at]^flip, at)
	}
	return firstOne((b[last]^flip)&tail, last)
}

// skip returns the index of the first byte of b that is not c, -1 if there is none.
func skip(b []byte, c byte) int {
	word := uint64(c) * 0x0101010101010101
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if x := binary.LittleEndian.Uint64(b[i:]) ^ word; x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] != c {
			return i
		}
	}
	return -1
}

// firstOne returns the index of the first 1 of byte number at, -1 if it is zero.
func firstOne(c byte, at int64) int64 {
	if c == 0 {
		return -1
	}
	return at*8 + int64(bits.LeadingZeros8(c))
}

// headMask has the bits of the byte of bit from that are not before it.
func headMask(from int64) byte { return 0xff >> (from & 7) }

// tailMask has the bits of the byte of bit to-1 that are not behind it.
func tailMask(to int64) byte { return 0xff << (7 - (to-1)&7) }
