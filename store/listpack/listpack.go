// Package listpack keeps a sequence of small elements in one flat byte blob,
// in the layout that Redis 7.2 uses in memory, in RDB files and in DUMP
// payloads: a blob from one can be handed to the other unchanged.
//
//	blob   total:uint32le count:uint16le entry* 0xFF
//	entry  encoding+data backlen
//
// total is the length of the whole blob in bytes; count is the number of
// entries, or 65535 when it must be found by walking. The first byte of an
// entry tells its encoding:
//
//	0xxxxxxx                  integer 0..127
//	10xxxxxx                  string of up to 63 bytes, which follow
//	110xxxxx x                13 bit signed integer
//	1110xxxx x                string of up to 4095 bytes
//	11110000 xxxx             string of up to 2^32-1 bytes, length uint32le
//	11110001 .. 11110100      signed integer of 2, 3, 4 or 8 bytes, little endian
//	11111111                  end of the blob
//
// backlen holds the size of encoding+data in groups of seven bits, laid out to
// be read from its last byte towards its first, so that a blob can be walked
// from its tail. An element that is the canonical decimal form of an int64 is
// always stored as an integer, in the smallest encoding that holds it.
//
// Guarantees: the functions are pure but for the blob they are given; those
// that only read allocate nothing and write nothing, so any number of them may
// share a blob. Those that change a blob return the one to use from then on: it
// is the same memory when its capacity allows, and new memory otherwise, so the
// argument must not be used again. The length of a blob is always its total.
//
// Not guaranteed: positions are byte offsets of entries, and any change at or
// before a position invalidates it unless the function says otherwise. Blobs
// and positions are not checked here: a blob must come from New or have passed
// Validate with deep set, and a position from a function of this package. The
// spare capacity of a blob is taken as its own, so a slice of a larger buffer
// has to be clipped or cloned first. An element to be stored must not point
// into the blob it goes into.
package listpack

import (
	"encoding/binary"
	"math"
	"slices"
)

const (
	headerSize   = 6
	countUnknown = math.MaxUint16
	end          = 0xFF

	// EmptySize is the size in bytes of a blob without elements.
	EmptySize = headerSize + 1

	// Empty is the blob without elements, to be copied to where it is to grow.
	Empty = "\x07\x00\x00\x00\x00\x00\xff"

	// MaxBytes is the largest total the header can tell.
	MaxBytes = math.MaxUint32

	// SafeBytes is the size beyond which a blob should not be grown, the limit
	// Redis keeps to stay well clear of overflowing the header.
	SafeBytes = 1 << 30
)

// New returns an empty blob with room for at least capHint bytes in all, the
// seven of header and end included.
func New(capHint int) []byte {
	lp := make([]byte, EmptySize, max(capHint, EmptySize))
	lp[headerSize] = end
	setTotal(lp)
	return lp
}

// SafeToAdd reports whether a blob may grow by add bytes without passing
// SafeBytes.
func SafeToAdd(lp []byte, add int) bool {
	return add <= SafeBytes && len(lp)+add <= SafeBytes
}

// Bytes returns the size of the blob in bytes, which is also its length.
func Bytes(lp []byte) int { return len(lp) }

// Len returns the number of elements: at once while there are fewer than
// 65535, by a walk over all of them otherwise. Unlike Redis it does not note
// the count it has found in the header, so that readers may share a blob.
func Len(lp []byte) int {
	if n := count(lp); n != countUnknown {
		return n
	}
	n := 0
	for pos := First(lp); pos >= 0; pos = Next(lp, pos) {
		n++
	}
	return n
}

// First returns the position of the first element, or -1 when there is none.
func First(lp []byte) int { return at(lp, headerSize) }

// Last returns the position of the last element, or -1 when there is none.
func Last(lp []byte) int { return Prev(lp, len(lp)-1) }

// Next returns the position after pos, or -1 when pos is the last.
func Next(lp []byte, pos int) int { return at(lp, skip(lp, pos)) }

// Prev returns the position before pos, or -1 when pos is the first.
func Prev(lp []byte, pos int) int {
	if pos <= headerSize {
		return -1
	}
	enc := readBacklen(lp, pos-1)
	return pos - enc - backlenSize(enc)
}

// Seek returns the position of the element at index: 0 is the first, -1 the
// last. It returns -1 when index is out of range. It walks from the nearer
// end when the count is known.
func Seek(lp []byte, index int) int {
	fromTail := index < 0
	if n := count(lp); n != countUnknown {
		if index < 0 {
			index += n
		}
		if index < 0 || index >= n {
			return -1
		}
		if fromTail = index > n/2; fromTail {
			index -= n
		}
	}
	if fromTail {
		pos := Last(lp)
		for ; index < -1 && pos >= 0; index++ {
			pos = Prev(lp, pos)
		}
		return pos
	}
	pos := First(lp)
	for ; index > 0 && pos >= 0; index-- {
		pos = Next(lp, pos)
	}
	return pos
}

// Clone returns a copy that shares nothing with lp and has no spare capacity
// but what the allocator rounds up to.
func Clone(lp []byte) []byte { return slices.Clone(lp) }

// at turns the offset of an entry or of the end byte into a position.
func at(lp []byte, off int) int {
	if lp[off] == end {
		return -1
	}
	return off
}

func count(lp []byte) int { return int(binary.LittleEndian.Uint16(lp[4:])) }

// addCount changes the count in the header by delta. Once it has reached
// 65535 it stays there: it takes a walk to know better.
func addCount(lp []byte, delta int) {
	if n := count(lp); n != countUnknown {
		setCount(lp, n+delta)
	}
}

func setCount(lp []byte, n int) {
	binary.LittleEndian.PutUint16(lp[4:], uint16(min(n, countUnknown)))
}

func setTotal(lp []byte) { binary.LittleEndian.PutUint32(lp, uint32(len(lp))) }
