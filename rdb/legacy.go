package rdb

import (
	"encoding/binary"
	"math"
)

// Layouts that Redis no longer writes. All integers are little endian unless it
// says otherwise.
//
// A ziplist, the small collections of Redis before 7.0:
//
//	total:uint32 tail:uint32 count:uint16 entry* 0xFF
//	entry  prev encoding data
//
// total is the size of the whole, tail the offset of the last entry, count the
// number of entries or 65535 when it must be found by walking. prev is the size
// of the entry before, in one byte below 254, otherwise 254 and a uint32. The
// encodings:
//
//	00xxxxxx           string of up to 63 bytes
//	01xxxxxx x         string of up to 16383 bytes, the length big endian
//	10000000 xxxx      string, the length a uint32 in big endian
//	11000000           int16      11010000  int32      11100000  int64
//	11110000           int24      11111110  int8
//	1111xxxx           x-1, for x in 1..13
//
// A zipmap, the small hashes of Redis before 2.6:
//
//	count:byte (length field length free:byte value unused*)* 0xFF
//
// count is the number of pairs, or 254 when it must be found by walking. A
// length is one byte below 254, otherwise 254 and a uint32. free is the number
// of unused bytes behind the value.

const (
	ziplistHeader = 4 + 4 + 2
	zipmapHeader  = 1
	blobEnd       = 0xFF

	ziplistCountUnknown = math.MaxUint16
	bigLength           = 254
	zipmapCountUnknown  = bigLength
)

// ziplistEntry is one entry: a string or an integer.
type ziplistEntry struct {
	str   []byte
	num   int64
	isInt bool
	prev  uint32 // size of the entry before
	size  int    // of this one, all parts of it
}

// ziplistAt reads the entry at pos, which lies before the end byte. ok is false
// when the entry does not.
func ziplistAt(blob []byte, pos int) (e ziplistEntry, ok bool) {
	p := blob[pos : len(blob)-1]
	prev, head := lengthPrefix(p)
	if head == 0 || head == len(p) {
		return e, false
	}
	e.prev = prev
	enc, p := p[head], p[head+1:]
	data := uint64(0)
	switch {
	case enc < 0x40:
		data = uint64(enc)
	case enc < 0x80:
		if len(p) < 1 {
			return e, false
		}
		data, p, head = uint64(enc&0x3F)<<8|uint64(p[0]), p[1:], head+1
	case enc < 0xC0:
		if len(p) < 4 {
			return e, false
		}
		data, p, head = uint64(binary.BigEndian.Uint32(p)), p[4:], head+4
	default:
		width, valid := ziplistIntWidth(enc)
		if !valid {
			return e, false
		}
		data, e.isInt = uint64(width), true
	}
	if data > uint64(len(p)) {
		return e, false
	}
	e.size = head + 1 + int(data)
	e.str = p[:data:data]
	if e.isInt {
		e.num = ziplistInt(enc, e.str)
	}
	return e, true
}

// ziplistIntWidth returns the bytes an integer of this encoding takes.
func ziplistIntWidth(enc byte) (width int, ok bool) {
	switch enc {
	case 0xC0:
		return 2, true
	case 0xD0:
		return 4, true
	case 0xE0:
		return 8, true
	case 0xF0:
		return 3, true
	case 0xFE:
		return 1, true
	default:
		return 0, enc >= 0xF1 && enc <= 0xFD
	}
}

// ziplistInt reads an integer of this encoding.
func ziplistInt(enc byte, p []byte) int64 {
	switch len(p) {
	case 0:
		return int64(enc&0x0F) - 1
	case 1:
		return int64(int8(p[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(p)))
	case 3:
		return int64(int32(uint32(p[0])<<8|uint32(p[1])<<16|uint32(p[2])<<24) >> 8)
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(p)))
	default:
		return int64(binary.LittleEndian.Uint64(p))
	}
}

// checkZiplist checks a ziplist and returns the number of its entries.
func checkZiplist(blob []byte) (n int, err error) {
	end := len(blob) - 1
	if end < ziplistHeader || blob[end] != blobEnd ||
		uint64(binary.LittleEndian.Uint32(blob)) != uint64(len(blob)) {
		return 0, corruptf("ziplist without proper header or end")
	}
	last := ziplistHeader
	prev := 0
	for pos := ziplistHeader; pos < end; n++ {
		e, ok := ziplistAt(blob, pos)
		if !ok || blob[pos] == blobEnd || uint64(e.prev) != uint64(prev) {
			return 0, corruptf("broken ziplist entry %d", n)
		}
		last, prev = pos, e.size
		pos += e.size
	}
	if n > 0 && uint64(binary.LittleEndian.Uint32(blob[4:])) != uint64(last) {
		return 0, corruptf("ziplist tail offset is wrong")
	}
	if count := int(binary.LittleEndian.Uint16(blob[8:])); count != ziplistCountUnknown && count != n {
		return 0, corruptf("ziplist has %d entries, header says %d", n, count)
	}
	return n, nil
}

// zipmapAt reads the field, or the value when value is set, at pos, which lies
// before the end byte. size counts all parts of it. ok is false when it does not
// lie there as a whole.
func zipmapAt(blob []byte, pos int, value bool) (str []byte, size int, ok bool) {
	p := blob[pos : len(blob)-1]
	n, head := lengthPrefix(p)
	if head == 0 {
		return nil, 0, false
	}
	unused := 0
	if value {
		if head == len(p) {
			return nil, 0, false
		}
		unused = int(p[head])
		head++
	}
	if uint64(head)+uint64(n)+uint64(unused) > uint64(len(p)) {
		return nil, 0, false
	}
	end := head + int(n)
	return p[head:end:end], end + unused, true
}

// checkZipmap checks a zipmap and returns the number of fields and values.
func checkZipmap(blob []byte) (n int, err error) {
	end := len(blob) - 1
	if end < zipmapHeader || blob[end] != blobEnd {
		return 0, corruptf("zipmap without proper header or end")
	}
	for pos := zipmapHeader; pos < end; n++ {
		_, size, ok := zipmapAt(blob, pos, n%2 == 1)
		if !ok {
			return 0, corruptf("broken zipmap entry %d", n/2)
		}
		pos += size
	}
	switch {
	case n == 0:
		return 0, corruptf("zipmap without entries")
	case n%2 != 0:
		return 0, corruptf("zipmap field without a value")
	}
	if count := int(blob[0]); count < zipmapCountUnknown && count != n/2 {
		return 0, corruptf("zipmap has %d entries, header says %d", n/2, count)
	}
	return n, nil
}

// lengthPrefix reads a length of one byte, or of five behind the mark 254, and
// returns the bytes it takes: 0 when p is too short or the mark is unknown.
func lengthPrefix(p []byte) (n uint32, head int) {
	switch {
	case len(p) > 0 && p[0] < bigLength:
		return uint32(p[0]), 1
	case len(p) >= 5 && p[0] == bigLength:
		return binary.LittleEndian.Uint32(p[1:]), 5
	default:
		return 0, 0
	}
}
