package store

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// zitem is a member of a large sorted set and its score: one allocation without pointers, on which the
// hash table and the tree share a pointer:
//
//	score 8 | length uvarint | member
//
// A member of 16 bytes takes 32 bytes so, with 17 to 23 for its place in the tree and 13 in the table.
type zitem struct{ score float64 }

const zitemHeader = int(unsafe.Sizeof(zitem{}))

func newZItem(member []byte, score float64) *zitem {
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(member)))
	// The allocator aligns only multiples of 8 to 8 bytes.
	buf := make([]byte, (zitemHeader+n+len(member)+7)&^7)
	copy(buf[zitemHeader:], length[:n])
	copy(buf[zitemHeader+n:], member)
	it := (*zitem)(unsafe.Pointer(unsafe.SliceData(buf)))
	it.score = score
	return it
}

// Key returns the member.
func (it *zitem) Key() []byte {
	p := unsafe.Add(unsafe.Pointer(it), zitemHeader)
	n := uint64(*(*byte)(p))
	if n < 0x80 {
		return unsafe.Slice((*byte)(unsafe.Add(p, 1)), int(n))
	}
	n &= 0x7f
	for shift := 7; ; shift += 7 {
		p = unsafe.Add(p, 1)
		b := *(*byte)(p)
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return unsafe.Slice((*byte)(unsafe.Add(p, 1)), int(n))
		}
	}
}

// zkey is an item's place in the order. It has the score beside the pointer, so that a search looks at
// the items themselves only where scores are equal: one cache miss a level instead of seven.
type zkey struct {
	score float64
	item  *zitem
}

// compareZKeys orders by score, then by the bytes of the member.
func compareZKeys(a, b zkey) int {
	switch {
	case a.score < b.score:
		return -1
	case a.score > b.score:
		return 1
	case a.item == b.item:
		return 0
	}
	return bytes.Compare(a.item.Key(), b.item.Key())
}
