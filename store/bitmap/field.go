package bitmap

import (
	"encoding/binary"
	"math"
)

// Field is an integer of 1 to 64 bits, unsigned ones of 63 at most, at a bit offset of a string.
type Field struct {
	Signed bool
	Bits   uint8
	Offset int64
}

// End returns the offset of the bit behind the field.
func (f Field) End() int64 { return f.Offset + int64(f.Bits) }

// window is how many bytes a field of 64 bits may touch.
const window = 9

// Get returns the field's value. Bits beyond the end of b count as 0.
func (f Field) Get(b []byte) int64 {
	var w [window]byte
	if at := f.Offset >> 3; at < int64(len(b)) {
		copy(w[:], b[at:])
	}
	shift := uint(f.Offset & 7)
	v := binary.BigEndian.Uint64(w[:])<<shift | uint64(w[8])>>(8-shift)
	if f.Signed {
		return int64(v) >> (64 - f.Bits)
	}
	return int64(v >> (64 - f.Bits))
}

// Set makes the low bits of v the field's value. The field must lie within b.
func (f Field) Set(b []byte, v int64) {
	b = b[f.Offset>>3:]
	b = b[:min(len(b), window)]
	var w [window]byte
	copy(w[:], b)
	shift := uint(f.Offset & 7)
	mask := uint64(math.MaxUint64) << (64 - f.Bits)
	value := uint64(v) << (64 - f.Bits)
	head := binary.BigEndian.Uint64(w[:])
	binary.BigEndian.PutUint64(w[:], head&^(mask>>shift)|value>>shift)
	w[8] = w[8]&^byte(mask<<(8-shift)) | byte(value<<(8-shift))
	copy(b, w[:])
}

// Overflow is what becomes of a value that its field is too narrow for.
type Overflow uint8

// Wrap keeps the low bits, Saturate the nearest value that fits, and Fail leaves the field alone.
const (
	Wrap Overflow = iota
	Saturate
	Fail
)

// Add returns value+incr as the field holds it, and whether that overflows; with Fail the result of an overflow has no
// meaning. The value need not fit: with an increment of 0 this is how it is made to.
func (f Field) Add(value, incr int64, mode Overflow) (result int64, overflow bool) {
	limit, overflow := f.limit(value, incr)
	switch {
	case overflow && mode == Saturate:
		return limit, true
	case f.Signed:
		return (value + incr) << (64 - f.Bits) >> (64 - f.Bits), overflow
	}
	return int64(uint64(value+incr) << (64 - f.Bits) >> (64 - f.Bits)), overflow
}

// limit returns whether value+incr overflows, and if so the end of the field's range that Redis saturates it to.
//
// That is the wrong end for a negative value to be set in an unsigned field, and for one so far below a signed field that
// the distance to its maximum overflows itself.
func (f Field) limit(value, incr int64) (limit int64, overflow bool) {
	if !f.Signed {
		top := uint64(1)<<f.Bits - 1
		switch {
		case uint64(value) > top || incr > 0 && incr > int64(top-uint64(value)):
			return int64(top), true
		case incr < 0 && incr < -value:
			return 0, true
		}
		return 0, false
	}
	top := int64(math.MaxInt64) >> (64 - f.Bits)
	bottom := -top - 1
	up, down := top-value, bottom-value
	narrow := f.Bits < 64
	switch {
	case value > top || narrow && incr > up || value >= 0 && incr > 0 && incr > up:
		return top, true
	case value < bottom || narrow && incr < down || value < 0 && incr < 0 && incr < down:
		return bottom, true
	}
	return 0, false
}
