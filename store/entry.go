package store

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"unsafe"
)

// Entry is a key with its value, expiry and access clock. Flat entries (strings and small
// collections) are one allocation without pointers, so that the garbage collector never looks
// inside a million of them:
//
//	header 16 | expiry 8, if flagExpire | key | value | slack
//
// The others are an objectEntry, which begins with the same header.
//
// An entry that a snapshot holds is never changed but for its access clock, which is atomic. The
// keyspace table knows which entries those are; see DB.open.
type Entry struct {
	clock uint32 // access clock: LRU seconds, or LFU minutes and counter; atomic
	meta  uint8  // type << 4 | encoding
	flags uint8
	slack uint16 // bytes of the allocation behind the value; more than 65535 are not counted
	klen  uint32
	vlen  uint32
}

const (
	headerSize = int(unsafe.Sizeof(Entry{}))
	expirySize = 8

	objectHeader = int(unsafe.Sizeof(objectEntry{}))

	flagExpire uint8 = 1 << 0 // an expiry slot follows the header
	flagObject uint8 = 1 << 1 // the entry is an objectEntry

	// maxFlatValue bounds what lies inside an entry: past it, the copy that RENAME or a new
	// expiry makes of the whole entry would cost more than the pointer saves.
	maxFlatValue = 16 << 10
)

// objectEntry is the entry of a value that has pointers, or is large.
type objectEntry struct {
	Entry
	key    *byte // klen bytes
	expire int64 // unix ms, 0: none
	value  object
}

// object is a value that lives outside its entry.
type object interface {
	// clone returns a writable value that shares what it can with the receiver. The receiver is
	// only read, and is never written to again.
	clone() object
	// memory returns the bytes that the value takes, as near as that is known without a look at
	// each element.
	memory() int
	// kept returns how many bytes writes have copied since the value was cloned, as snapshots hold the originals.
	kept() int
}

func (e *Entry) object() *objectEntry { return (*objectEntry)(unsafe.Pointer(e)) }

func (e *Entry) flat() bool { return e.flags&flagObject == 0 }

// at returns the n bytes of a flat entry from offset off, with capacity c.
func (e *Entry) at(off, n, c int) []byte {
	if c == 0 {
		return nil // off may be the end of the allocation, and a pointer there belongs to a neighbour
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(e), off)), c)[:n]
}

func (e *Entry) keyOffset() int {
	return headerSize + int(e.flags&flagExpire)*expirySize
}

// Key returns the key. It must not be changed.
func (e *Entry) Key() []byte {
	if e.flat() {
		n := int(e.klen)
		return e.at(e.keyOffset(), n, n)
	}
	return unsafe.Slice(e.object().key, int(e.klen))
}

// blob returns a flat entry's value; its capacity includes the slack.
func (e *Entry) blob() []byte {
	n := int(e.vlen)
	return e.at(e.keyOffset()+int(e.klen), n, n+int(e.slack))
}

// FlatLen returns the length in bytes of a value that lies in its entry, 0 for others.
func (e *Entry) FlatLen() int {
	if e.flat() {
		return int(e.vlen)
	}
	return 0
}

// Type returns the value's type.
func (e *Entry) Type() Type { return Type(e.meta >> 4) }

// Encoding returns how the value is laid out.
func (e *Entry) Encoding() Encoding { return Encoding(e.meta & 15) }

func (e *Entry) setMeta(t Type, enc Encoding) { e.meta = uint8(t)<<4 | uint8(enc) }

// Expire returns the time at which the key expires in unix milliseconds, 0 for never.
func (e *Entry) Expire() int64 {
	switch {
	case !e.flat():
		return e.object().expire
	case e.flags&flagExpire != 0:
		return int64(binary.LittleEndian.Uint64(e.at(headerSize, expirySize, expirySize)))
	}
	return 0
}

// setExpire stores the expiry in an entry that has room for it.
func (e *Entry) setExpire(at int64) {
	if !e.flat() {
		e.object().expire = at
		return
	}
	binary.LittleEndian.PutUint64(e.at(headerSize, expirySize, expirySize), uint64(at))
}

// hasExpirySlot reports whether setExpire may be called.
func (e *Entry) hasExpirySlot() bool { return e.flags&(flagExpire|flagObject) != 0 }

// Clock returns the access clock; the server gives it its meaning.
func (e *Entry) Clock() uint32 { return atomic.LoadUint32(&e.clock) }

// SetClock sets the access clock. It may be called under the shared lock, and for entries that
// a snapshot holds.
func (e *Entry) SetClock(c uint32) {
	if atomic.LoadUint32(&e.clock) != c {
		atomic.StoreUint32(&e.clock, c)
	}
}

// newFlat returns a flat entry with room for a value of vlen bytes, rounded up to the allocator's
// size class. The value is zeroed.
func newFlat(t Type, enc Encoding, key []byte, expire int64, vlen int) *Entry {
	off := headerSize
	if expire != 0 {
		off += expirySize
	}
	used := off + len(key) + vlen
	// The allocator aligns only multiples of 8 to 8 bytes.
	buf := append([]byte(nil), make([]byte, (used+7)&^7)...)
	buf = buf[:cap(buf)]
	e := (*Entry)(unsafe.Pointer(unsafe.SliceData(buf)))
	e.setMeta(t, enc)
	e.klen, e.vlen = uint32(len(key)), uint32(vlen)
	e.slack = uint16(min(len(buf)-used, math.MaxUint16))
	if expire != 0 {
		e.flags = flagExpire
		e.setExpire(expire)
	}
	copy(buf[off:], key)
	return e
}

// newObject returns an entry for a value outside of it. The key is copied.
func newObject(t Type, enc Encoding, key []byte, expire int64, v object) *Entry {
	o := &objectEntry{expire: expire, value: v}
	o.setMeta(t, enc)
	o.flags, o.klen = flagObject, uint32(len(key))
	o.key = unsafe.SliceData(append([]byte(nil), key...))
	return &o.Entry
}

// MemoryUsage returns the bytes of the entry: the allocation of a flat one, header, key and value of
// another.
func (e *Entry) MemoryUsage() int {
	if e.flat() {
		return e.keyOffset() + int(e.klen) + int(e.vlen) + int(e.slack)
	}
	return objectHeader + int(e.klen) + e.object().value.memory()
}
