package listpack

import (
	"encoding/binary"
	"math"
	"strconv"
)

// First bytes of the encodings whose tag fills the whole byte.
const (
	tagStr32 = 0xF0
	tagInt16 = 0xF1
	tagInt24 = 0xF2
	tagInt32 = 0xF3
	tagInt64 = 0xF4
)

// First bytes of the encodings that share theirs with a value or a length.
const (
	tagStr6  = 0x80
	tagInt13 = 0xC0
	tagStr12 = 0xE0
)

const maxIntSize = 9 // tagInt64 and its eight bytes

// IntBufSize is the room that any int64 takes in decimal form.
const IntBufSize = 20

// Get returns the element at pos as bytes. A string is returned where it lies
// in the blob and must not be written to; an integer is formatted into scratch.
func Get(lp []byte, pos int, scratch *[IntBufSize]byte) []byte {
	str, n, isInt := Value(lp, pos)
	if isInt {
		return strconv.AppendInt(scratch[:0], n, 10)
	}
	return str
}

// AppendValue appends the element at pos to dst, integers in decimal form.
func AppendValue(dst, lp []byte, pos int) []byte {
	str, n, isInt := Value(lp, pos)
	if isInt {
		return strconv.AppendInt(dst, n, 10)
	}
	return append(dst, str...)
}

// Value returns the element at pos as it is stored: either a string, where it
// lies in the blob, or an integer.
func Value(lp []byte, pos int) (str []byte, n int64, isInt bool) {
	p := lp[pos:]
	switch b := p[0]; {
	case b < tagStr6:
		return nil, int64(b), true
	case b < tagInt13:
		stop := 1 + int(b&0x3F)
		return p[1:stop:stop], 0, false
	case b < tagStr12:
		// The shift pair extends the sign from bit 12.
		return nil, int64(int16(uint16(b)<<8|uint16(p[1]))<<3) >> 3, true
	case b < tagStr32:
		stop := 2 + int(b&0x0F)<<8 + int(p[1])
		return p[2:stop:stop], 0, false
	case b == tagStr32:
		stop := 5 + int(binary.LittleEndian.Uint32(p[1:]))
		return p[5:stop:stop], 0, false
	case b == tagInt16:
		return nil, int64(int16(binary.LittleEndian.Uint16(p[1:]))), true
	case b == tagInt24:
		return nil, int64(int32(uint32(p[1])<<8|uint32(p[2])<<16|uint32(p[3])<<24) >> 8), true
	case b == tagInt32:
		return nil, int64(int32(binary.LittleEndian.Uint32(p[1:]))), true
	default:
		return nil, int64(binary.LittleEndian.Uint64(p[1:])), true
	}
}

// Int returns the element at pos as an integer, and whether it is one. It also
// reads integers that a foreign writer has stored as strings.
func Int(lp []byte, pos int) (int64, bool) {
	str, n, isInt := Value(lp, pos)
	if isInt {
		return n, true
	}
	return ParseInt(str)
}

// ParseInt reads the canonical decimal form of an int64 and reports whether b
// is one: no sign but a minus, no leading zeros, nothing around the digits. It
// follows that formatting the number gives b back.
func ParseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > IntBufSize {
		return 0, false
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	digits, limit := b, uint64(math.MaxInt64)
	if b[0] == '-' {
		digits, limit = b[1:], 1<<63
	}
	// Nineteen digits cannot overflow a uint64, and no int64 has more.
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' {
		return 0, false
	}
	var v uint64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	if v > limit {
		return 0, false
	}
	if limit == 1<<63 {
		return -int64(v), true // wraps to MinInt64 by itself
	}
	return int64(v), true
}

// EntrySize returns the bytes that elem takes in a blob, backlen included: what
// a blob grows by when elem is inserted.
func EntrySize(elem []byte) int {
	if v, ok := ParseInt(elem); ok {
		return EntrySizeInt(v)
	}
	return withBacklen(strHeaderSize(len(elem)) + len(elem))
}

// EntryBound returns the most bytes that an element of n bytes takes in a blob: a cheaper bound of
// EntrySize, which has to look at the element.
func EntryBound(n int) int { return withBacklen(strHeaderSize(n) + n) }

// EntrySizeInt returns the bytes that v takes in a blob, backlen included.
func EntrySizeInt(v int64) int {
	var buf [maxIntSize]byte
	return withBacklen(len(appendInt(buf[:0], v)))
}

// appendInt appends the smallest encoding of v, without its backlen.
func appendInt(dst []byte, v int64) []byte {
	switch {
	case v >= 0 && v <= 127:
		return append(dst, byte(v))
	case v >= -4096 && v <= 4095:
		return append(dst, tagInt13|byte(v>>8)&0x1F, byte(v))
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return append(dst, tagInt16, byte(v), byte(v>>8))
	case v >= -1<<23 && v < 1<<23:
		return append(dst, tagInt24, byte(v), byte(v>>8), byte(v>>16))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return binary.LittleEndian.AppendUint32(append(dst, tagInt32), uint32(v))
	default:
		return binary.LittleEndian.AppendUint64(append(dst, tagInt64), uint64(v))
	}
}

// strHeaderSize returns the bytes that stand before a string of n bytes.
func strHeaderSize(n int) int {
	switch {
	case n < 1<<6:
		return 1
	case n < 1<<12:
		return 2
	default:
		return 5
	}
}

// putStr writes the encoding of s to dst, which has the room, and returns its
// size.
func putStr(dst, s []byte) int {
	hdr := strHeaderSize(len(s))
	switch hdr {
	case 1:
		dst[0] = tagStr6 | byte(len(s))
	case 2:
		dst[0] = tagStr12 | byte(len(s)>>8)
		dst[1] = byte(len(s))
	default:
		dst[0] = tagStr32
		binary.LittleEndian.PutUint32(dst[1:], uint32(len(s)))
	}
	return hdr + copy(dst[hdr:], s)
}

// encodedSize returns the size of encoding+data of the entry at pos.
func encodedSize(lp []byte, pos int) int {
	p := lp[pos:]
	switch b := p[0]; {
	case b < tagStr6:
		return 1
	case b < tagInt13:
		return 1 + int(b&0x3F)
	case b < tagStr12:
		return 2
	case b < tagStr32:
		return 2 + int(b&0x0F)<<8 + int(p[1])
	case b == tagStr32:
		return 5 + int(binary.LittleEndian.Uint32(p[1:]))
	case b < tagInt32:
		return 2 + int(b-tagStr32) // 3 and 4 bytes: tag and a 16 or 24 bit integer
	case b == tagInt32:
		return 5
	default:
		return maxIntSize
	}
}

// skip returns the offset behind the entry at pos: the next entry or the end.
func skip(lp []byte, pos int) int { return pos + withBacklen(encodedSize(lp, pos)) }

// backlenSize returns the bytes that the backlen of an entry of enc bytes
// takes. Above one byte Redis leaves the largest value of each width to the
// next one, and a reader of its blobs has to do the same.
func backlenSize(enc int) int {
	switch {
	case enc < 1<<7:
		return 1
	case enc < 1<<14-1:
		return 2
	case enc < 1<<21-1:
		return 3
	case enc < 1<<28-1:
		return 4
	default:
		return 5
	}
}

func withBacklen(enc int) int { return enc + backlenSize(enc) }

// putBacklen writes the backlen of an entry of enc bytes to dst: the high
// groups first, every byte but the first marked with the top bit.
func putBacklen(dst []byte, enc int) {
	n := backlenSize(enc)
	for i := n - 1; i > 0; i-- {
		dst[i] = byte(enc) | 0x80
		enc >>= 7
	}
	dst[0] = byte(enc)
}

// readBacklen reads the backlen whose last byte is at off. It returns -1 when
// there are more than five bytes of it, which no validated blob has.
func readBacklen(lp []byte, off int) int {
	v := 0
	for shift := 0; shift <= 28; shift += 7 {
		b := lp[off]
		v |= int(b&0x7F) << shift
		if b < 0x80 {
			return v
		}
		off--
	}
	return -1
}
