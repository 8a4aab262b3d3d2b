package order

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"unsafe"
)

const (
	maxKeys  = 128  // a block with more is split
	maxBytes = 4096 // likewise
	minKeys  = 32   // a block with less is merged with its successor, if that is small too
	fullKeys = 96   // what is split leaves as many at most, and so room for insertions
)

// block is a run of sorted keys:
//
//	shared uvarint | rest uvarint | rest bytes, for each key
//
// where a key is the first shared bytes of its predecessor, and rest. The first key shares nothing.
type block struct {
	sep  string // not above any key of the block, above all keys of the blocks before
	data []byte
	n    int // keys
}

// bytes returns the memory of the block, and of its place in the tree, which is two thirds full.
func (b *block) bytes() int { return cap(b.data) + len(b.sep) + int(unsafe.Sizeof(*b)) + 11 }

// entry decodes the entry of a block's data at off.
func entry(data []byte, off int) (shared int, rest []byte, next int) {
	s, i := uvarint(data[off:])
	off += i
	r, i := uvarint(data[off:])
	off += i
	return s, data[off : off+r], off + r
}

func uvarint(p []byte) (v, n int) {
	if p[0] < 0x80 {
		return int(p[0]), 1
	}
	u, n := binary.Uvarint(p)
	return int(u), n
}

func appendEntry(dst []byte, shared int, rest []byte) []byte {
	dst = appendUvarint(dst, uint64(shared))
	dst = appendUvarint(dst, uint64(len(rest)))
	return append(dst, rest...)
}

// appendUvarint is binary.AppendUvarint, inlined where one byte is enough, which it nearly always is.
func appendUvarint(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return binary.AppendUvarint(dst, v)
}

// keys walks the keys. Each is valid until the next one.
func (b *block) keys() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var key []byte
		for off := 0; off < len(b.data); {
			shared, rest, next := entry(b.data, off)
			key = append(key[:shared], rest...)
			if !yield(key) {
				return
			}
			off = next
		}
	}
}

// set makes n keys, encoded in data, the block's content. data is copied: into the memory that is there if it
// fits, otherwise with an eighth to spare, so that blocks stay tight.
func (b *block) set(data []byte, n int) {
	if cap(b.data) < len(data) || cap(b.data) > 2*len(data)+64 {
		b.data = make([]byte, 0, len(data)+len(data)/8)
	}
	b.data, b.n = append(b.data[:0], data...), n
}

// append adds the keys of next, which are above b's.
func (b *block) append(next *block) {
	if next.n == 0 {
		return
	}
	var last []byte
	for last = range b.keys() {
	}
	_, first, off := entry(next.data, 0)
	shared := commonPrefix(last, first)
	b.data = appendEntry(b.data, shared, first[shared:])
	b.data = append(b.data, next.data[off:]...)
	b.n += next.n
}

// builder encodes keys that come in order.
type builder struct {
	data []byte
	n    int
	last []byte // key
}

func (w *builder) add(key []byte) {
	shared := commonPrefix(w.last, key)
	w.data = appendEntry(w.data, shared, key[shared:])
	w.last = append(w.last[:0], key...)
	w.n++
}

func (w *builder) reset() { w.data, w.n, w.last = w.data[:0], 0, w.last[:0] }

// commonPrefix returns how many bytes a and b begin with alike.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < n; i++ {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
