// Package intset keeps a small set of integers in one flat byte blob, in the
// layout that Redis 7.2 uses in memory, in RDB files and in DUMP payloads:
//
//	blob  encoding:uint32le count:uint32le member*
//
// encoding is the size of a member in bytes: 2, 4 or 8. Members are signed,
// little endian, ascending and distinct. The blob starts with 2 and moves to
// the next encoding when a member needs it; it never moves back.
//
// Guarantees: the functions are pure but for the blob they are given; those
// that only read allocate nothing and write nothing, so any number of them may
// share a blob. Those that change a blob return the one to use from then on: it
// is the same memory when its capacity allows, and new memory otherwise, so the
// argument must not be used again.
//
// Not guaranteed: blobs are not checked here. A blob must come from New or have
// passed Validate. The spare capacity of a blob is taken as its own, so a slice
// of a larger buffer has to be clipped or cloned first.
package intset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"

	"treedis/store/internal/flat"
)

// ErrCorrupt is wrapped by every error Validate returns: the bytes are not an
// intset.
var ErrCorrupt = errors.New("intset: corrupt")

const headerSize = 8

// Empty is the set without members, to be copied to where it is to grow.
const Empty = "\x02\x00\x00\x00\x00\x00\x00\x00"

// New returns an empty set.
func New() []byte { return []byte(Empty) }

// Len returns the number of members.
func Len(is []byte) int { return int(binary.LittleEndian.Uint32(is[4:])) }

// Get returns the member at index i of the ascending order, 0 <= i < Len.
func Get(is []byte, i int) int64 { return get(is, i, width(is)) }

// Contains reports whether v is a member.
func Contains(is []byte, v int64) bool {
	_, ok := Find(is, v)
	return ok
}

// Find returns the index of v, or the index it would have, and whether it is a
// member.
func Find(is []byte, v int64) (i int, ok bool) {
	w := width(is)
	lo, hi := 0, Len(is)
	if hi == 0 || v > get(is, hi-1, w) {
		return hi, false // members often come in ascending order
	}
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch m := get(is, mid, w); {
		case m < v:
			lo = mid + 1
		case m > v:
			hi = mid
		default:
			return mid, true
		}
	}
	return lo, false
}

// Add makes v a member and reports whether it was not one before.
func Add(is []byte, v int64) (out []byte, added bool) {
	if w := Width(v); w > width(is) {
		return upgrade(is, v, w), true
	}
	i, ok := Find(is, v)
	if ok {
		return is, false
	}
	w := width(is)
	is = flat.Splice(is, headerSize+i*w, 0, w)
	put(is, i, w, v)
	setLen(is, Len(is)+1)
	return is, true
}

// Remove makes v no member and reports whether it was one before.
func Remove(is []byte, v int64) (out []byte, removed bool) {
	i, ok := Find(is, v)
	if !ok {
		return is, false
	}
	w := width(is)
	is = flat.Splice(is, headerSize+i*w, w, 0)
	setLen(is, Len(is)-1)
	return is, true
}

// All walks index and member in ascending order. The set must not be changed
// meanwhile.
func All(is []byte) iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		w := width(is)
		for i := range Len(is) {
			if !yield(i, get(is, i, w)) {
				return
			}
		}
	}
}

// Validate checks bytes of unknown origin: the header only, after which no
// function of this package can panic on the blob, or the order of the members
// too when deep is set. As in Redis an empty set is not valid: it would be a
// key without a value. Errors wrap ErrCorrupt.
func Validate(is []byte, deep bool) error {
	if len(is) < headerSize {
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(is))
	}
	enc, n := binary.LittleEndian.Uint32(is), binary.LittleEndian.Uint32(is[4:])
	if enc != 2 && enc != 4 && enc != 8 {
		return fmt.Errorf("%w: encoding %d", ErrCorrupt, enc)
	}
	if uint64(len(is)-headerSize) != uint64(n)*uint64(enc) {
		return fmt.Errorf("%w: %d members of %d bytes in %d", ErrCorrupt, n, enc, len(is))
	}
	if n == 0 {
		return fmt.Errorf("%w: no members", ErrCorrupt)
	}
	if !deep {
		return nil
	}
	for i := 1; i < int(n); i++ {
		if Get(is, i-1) >= Get(is, i) {
			return fmt.Errorf("%w: member %d out of order", ErrCorrupt, i)
		}
	}
	return nil
}

// upgrade moves the members to width w and adds v, which needs it and so goes
// before or behind all of them.
func upgrade(is []byte, v int64, w int) []byte {
	n, old := Len(is), width(is)
	is = flat.Splice(is, len(is), 0, (n+1)*w-n*old)
	first := 0
	if v < 0 {
		first = 1
	}
	// From the last to the first, for the new places lie behind the old ones.
	for i := n - 1; i >= 0; i-- {
		put(is, i+first, w, get(is, i, old))
	}
	put(is, n*(1-first), w, v)
	binary.LittleEndian.PutUint32(is, uint32(w))
	setLen(is, n+1)
	return is
}

func width(is []byte) int { return int(is[0]) }

// Width returns the bytes that v takes in a set of its own, which is the least that a member takes beside it.
func Width(v int64) int {
	switch {
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return 2
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return 4
	default:
		return 8
	}
}

func setLen(is []byte, n int) { binary.LittleEndian.PutUint32(is[4:], uint32(n)) }

// get returns the member at index i when each takes w bytes.
func get(is []byte, i, w int) int64 {
	p := is[headerSize+i*w:]
	switch w {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(p)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(p)))
	default:
		return int64(binary.LittleEndian.Uint64(p))
	}
}

// put writes v at index i when each member takes w bytes.
func put(is []byte, i, w int, v int64) {
	p := is[headerSize+i*w:]
	switch w {
	case 2:
		binary.LittleEndian.PutUint16(p, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(p, uint32(v))
	default:
		binary.LittleEndian.PutUint64(p, uint64(v))
	}
}
