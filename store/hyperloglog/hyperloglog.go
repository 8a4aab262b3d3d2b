// Package hyperloglog estimates how many distinct elements were added to a value, which is a string in the very
// bytes that Redis keeps: what one adds to, the other counts.
//
//	"HYLL" | encoding, 1 byte | 3 bytes unused | cached estimate, 8 bytes little endian | registers
//
// The highest bit of the cached estimate tells that it is out of date. There are 2^14 registers. Dense, each takes 6 bits,
// from the low end of the bytes. Sparse, they are runs:
//
//	00llllll           l+1 registers of zero
//	01llllll llllllll  the same, up to 2^14
//	1vvvvvll           l+1 registers of v+1
//
// A value begins sparse, and becomes dense when a register exceeds 32 or the runs a limit. The standard error of an
// estimate is 1.04/sqrt(2^14) = 0.81%.
//
// All functions are pure, and safe on any bytes that Check has accepted: runs that are damaged are reported as ErrCorrupt.
package hyperloglog

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

var (
	// ErrNotHyperLogLog is for a string that is none.
	ErrNotHyperLogLog = errors.New("hyperloglog: not a HyperLogLog")
	// ErrCorrupt is for runs that do not make up all registers.
	ErrCorrupt = errors.New("hyperloglog: corrupt registers")
)

const (
	indexBits    = 14
	rankBits     = 64 - indexBits // bits of a hash that are left to look for the first 1 in
	registers    = 1 << indexBits
	registerBits = 6
	registerMax  = 1<<registerBits - 1

	headerSize = 16
	// DenseSize is the length of a dense value in bytes.
	DenseSize = headerSize + registers*registerBits/8

	magic           = "HYLL"
	encodingAt      = 4
	cacheAt         = 8
	staleAt         = 15
	stale      byte = 0x80

	dense  = 0
	sparse = 1

	hashSeed = 0xadc83b19
)

// Registers is all registers of a value, or of the union of several.
type Registers [registers]uint8

// New appends an empty value, which is sparse, to dst.
func New(dst []byte) []byte {
	dst = append(append(dst, magic...), sparse)
	dst = append(dst, make([]byte, headerSize-len(magic)-1)...)
	return appendZeroes(dst, registers)
}

// Check tells whether b may be a value. It does not look at the registers.
func Check(b []byte) error {
	if len(b) < headerSize || string(b[:len(magic)]) != magic || b[encodingAt] > sparse ||
		b[encodingAt] == dense && len(b) != DenseSize {
		return ErrNotHyperLogLog
	}
	return nil
}

// IsSparse reports which encoding a value has.
func IsSparse(b []byte) bool { return b[encodingAt] == sparse }

// Cached returns the estimate that lies in the value, unless it is out of date.
func Cached(b []byte) (n uint64, ok bool) {
	return binary.LittleEndian.Uint64(b[cacheAt:]), b[staleAt]&stale == 0
}

// SetCached puts the estimate in the value.
func SetCached(b []byte, n uint64) { binary.LittleEndian.PutUint64(b[cacheAt:], n) }

// Invalidate marks the cached estimate as out of date.
func Invalidate(b []byte) { b[staleAt] |= stale }

// Place returns the register that an element belongs to, and the value it asks for: the place of the first 1 in the
// rest of its hash, from 1.
func Place(element []byte) (index int, value uint8) {
	h := murmur64(element, hashSeed)
	index = int(h & (registers - 1))
	return index, uint8(bits.TrailingZeros64(h>>indexBits|1<<rankBits) + 1)
}

// Get returns one register of a dense value.
func Get(b []byte, index int) uint8 {
	r := b[headerSize:]
	at, shift := index*registerBits/8, uint(index*registerBits&7)
	v := r[at] >> shift
	if shift > 8-registerBits {
		v |= r[at+1] << (8 - shift)
	}
	return v & registerMax
}

// Put sets one register of a dense value.
func Put(b []byte, index int, value uint8) {
	r := b[headerSize:]
	at, shift := index*registerBits/8, uint(index*registerBits&7)
	r[at] = r[at]&^byte(registerMax<<shift) | value<<shift
	if shift > 8-registerBits {
		r[at+1] = r[at+1]&^byte(registerMax>>(8-shift)) | value>>(8-shift)
	}
}

// Raise makes one register of a dense value at least as large as value, and reports whether that changed it.
func Raise(b []byte, index int, value uint8) bool {
	if Get(b, index) >= value {
		return false
	}
	Put(b, index, value)
	return true
}

// Merge raises the registers in all to those of the value b.
func Merge(all *Registers, b []byte) error {
	if !IsSparse(b) {
		for i, r := 0, b[headerSize:]; i < registers; i, r = i+4, r[3:] {
			// Four registers are three bytes.
			w := uint32(r[0]) | uint32(r[1])<<8 | uint32(r[2])<<16
			all[i] = max(all[i], uint8(w&registerMax))
			all[i+1] = max(all[i+1], uint8(w>>6&registerMax))
			all[i+2] = max(all[i+2], uint8(w>>12&registerMax))
			all[i+3] = max(all[i+3], uint8(w>>18))
		}
		return nil
	}
	at := 0
	for p := headerSize; p < len(b); {
		r := runAt(b, p)
		if at+r.length > registers {
			return ErrCorrupt
		}
		if r.value > 0 {
			for i := at; i < at+r.length; i++ {
				all[i] = max(all[i], r.value)
			}
		}
		at += r.length
		p += r.size
	}
	if at != registers {
		return ErrCorrupt
	}
	return nil
}

// Dense appends the value b in the dense encoding to dst.
func Dense(dst, b []byte) ([]byte, error) {
	if !IsSparse(b) {
		return append(dst, b...), nil
	}
	var all Registers
	if err := Merge(&all, b); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, b[:headerSize]...)
	dst[start+encodingAt] = dense
	for i := 0; i < registers; i += 4 {
		w := uint32(all[i]) | uint32(all[i+1])<<6 | uint32(all[i+2])<<12 | uint32(all[i+3])<<18
		dst = append(dst, byte(w), byte(w>>8), byte(w>>16))
	}
	return dst, nil
}

// Union raises the registers of the value b, which is changed in place and may have moved, as in Set, to those in all. It is
// made dense beforehand if toDense is set.
func Union(b []byte, all *Registers, toDense bool, limit int) ([]byte, error) {
	var err error
	if toDense && IsSparse(b) {
		if b, err = Dense(make([]byte, 0, DenseSize), b); err != nil {
			return nil, err
		}
	}
	var have Registers // spares Set the search for the registers that stay
	if err = Merge(&have, b); err != nil {
		return nil, err
	}
	for i, v := range all {
		if v > have[i] {
			if b, _, err = Set(b, i, v, limit); err != nil {
				return nil, err
			}
		}
	}
	Invalidate(b)
	return b, nil
}

// murmur64 is MurmurHash64A, reading little endian.
func murmur64(b []byte, seed uint64) uint64 {
	const m = 0xc6a4a7935bd1e995
	const r = 47
	h := seed ^ uint64(len(b))*m
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		k ^= k >> r
		h = (h ^ k*m) * m
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		h = (h ^ binary.LittleEndian.Uint64(tail[:])) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}
