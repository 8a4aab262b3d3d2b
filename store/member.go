package store

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// member is an element of a large set: one allocation without pointers, reached by the address of its
// first byte.
//
//	uvarint length | bytes
//
// It is immutable, so that several sets, and snapshots of them, may hold the same one.
type member struct{ first byte }

// newMember returns a member with the given bytes.
func newMember(b []byte) *member {
	buf := newItem(uvarintSize(len(b)) + len(b))
	copy(buf[binary.PutUvarint(buf, uint64(len(b))):], b)
	return (*member)(unsafe.Pointer(unsafe.SliceData(buf)))
}

// Key returns the bytes.
func (m *member) Key() []byte {
	n, off := m.uvarint(0)
	return m.at(off, n)
}

// size returns the bytes in use.
func (m *member) size() int {
	n, off := m.uvarint(0)
	return off + n
}

// memory returns the bytes allocated.
func (m *member) memory() int { return itemRoom(m.size()) }

// at returns the n bytes from offset off.
func (m *member) at(off, n int) []byte {
	if n == 0 {
		return nil // off may be the end of the allocation, and a pointer there belongs to a neighbour
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(m), off)), n)
}

// uvarint reads the number at offset off, and returns with it the offset of what follows.
func (m *member) uvarint(off int) (n, next int) {
	b := *(*byte)(unsafe.Add(unsafe.Pointer(m), off))
	if b < 0x80 {
		return int(b), off + 1
	}
	for shift := 0; ; shift += 7 {
		b := *(*byte)(unsafe.Add(unsafe.Pointer(m), off))
		off++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, off
		}
	}
}

// field is an element of a large hash, laid out like a member with a value behind it.
//
//	uvarint length | field | uvarint length | value
//
// The allocation has itemRoom of the bytes in use. Only one that no snapshot holds may be written to.
type field struct{ member }

// newField returns a field with the given name and value.
func newField(name, value []byte) *field {
	buf := newItem(fieldSize(len(name), len(value)))
	off := binary.PutUvarint(buf, uint64(len(name)))
	off += copy(buf[off:], name)
	off += binary.PutUvarint(buf[off:], uint64(len(value)))
	copy(buf[off:], value)
	return (*field)(unsafe.Pointer(unsafe.SliceData(buf)))
}

// value returns the value.
func (f *field) value() []byte {
	n, off := f.uvarint(f.member.size())
	return f.at(off, n)
}

// memory returns the bytes allocated.
func (f *field) memory() int {
	n, off := f.uvarint(f.member.size())
	return itemRoom(off + n)
}

// replace writes another value in place of the old one and reports whether that was possible: the
// allocation must be the one that the new size asks for.
func (f *field) replace(value []byte) bool {
	from := f.member.size()
	n, off := f.uvarint(from)
	end := from + uvarintSize(len(value)) + len(value)
	if itemRoom(end) != itemRoom(off+n) {
		return false
	}
	dst := f.at(from, end-from)
	copy(dst[uvarintSize(len(value)):], value) // first, since value may be the old one
	binary.PutUvarint(dst, uint64(len(value)))
	return true
}

func fieldSize(name, value int) int {
	return uvarintSize(name) + name + uvarintSize(value) + value
}

// newItem returns n bytes with itemRoom behind them.
func newItem(n int) []byte { return make([]byte, itemRoom(n))[:n] }

// itemRoom is the allocation made for an item of n bytes. Up to 512 bytes it takes the steps of the
// allocator's size classes and so wastes nothing; above it wastes no more than an eighth. Since it
// follows from the size nobody needs to note it.
func itemRoom(n int) int {
	switch {
	case n <= 32:
		return (n + 7) &^ 7
	case n <= 256:
		return (n + 15) &^ 15
	}
	step := 1 << (bits.Len(uint(n-1)) - 4)
	return (n + step - 1) &^ (step - 1)
}

// uvarintSize is the bytes that encoding/binary's uvarint takes for n.
func uvarintSize(n int) int { return (bits.Len(uint(n|1)) + 6) / 7 }
