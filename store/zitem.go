package store

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// zitem is a member of a large sorted set with its score: one allocation without pointers, that the hash table and
// the tree both point to.
//
//	score float64 | uvarint length | member
//
// Its memory of 16 bytes at least has room for the struct. A member of 16 bytes takes 32.
type zitem struct {
	score float64
	member
}

func newZItem(m []byte, score float64) *zitem {
	buf := newItem(zitemSize(len(m)))
	text := buf[unsafe.Offsetof(zitem{}.member):]
	copy(text[binary.PutUvarint(text, uint64(len(m))):], m)
	it := (*zitem)(unsafe.Pointer(unsafe.SliceData(buf)))
	it.score = score
	return it
}

func zitemSize(n int) int { return int(unsafe.Offsetof(zitem{}.member)) + uvarintSize(n) + n }

// memory returns the bytes allocated.
func (it *zitem) memory() int { return itemRoom(zitemSize(len(it.Key()))) }

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
