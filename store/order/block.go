package order

import (
	"encoding/binary"
)

const (
	maxKeys  = 128  // a block with more is split
	maxBytes = 4096 // likewise
	minKeys  = 32   // a block with less is merged with its successor, if that is small too
	bulkKeys = 96   // a block that is built in bulk has as many, which leaves room for insertions
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

// entry decodes the entry at off.
func (b *block) entry(off int) (shared int, rest []byte, next int) {
	s, i := uvarint(b.data[off:])
	off += i
	r, i := uvarint(b.data[off:])
	off += i
	return s, b.data[off : off+r], off + r
}

func uvarint(p []byte) (v, n int) {
	if p[0] < 0x80 {
		return int(p[0]), 1
	}
	u, n := binary.Uvarint(p)
	return int(u), n
}

func appendEntry(dst []byte, shared int, rest []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(shared))
	dst = binary.AppendUvarint(dst, uint64(len(rest)))
	return append(dst, rest...)
}

// place is where a key is, or would be inserted.
type place struct {
	off    int  // the first entry that is not below the key; len(data) if there is none
	shared int  // bytes that the key shares with the entry before off
	match  int  // bytes that the key shares with the entry at off
	found  bool // the entry at off is the key
}

// seek finds key's place without rebuilding the keys before it: an entry that shares more with
// its predecessor than the key does stands to the key as the predecessor does.
func (b *block) seek(key []byte) place {
	match := 0 // bytes that key shares with the entry before off, which is below key
	for off := 0; off < len(b.data); {
		shared, rest, next := b.entry(off)
		switch {
		case shared > match:
			off = next
			continue
		case shared < match:
			return place{off: off, shared: match, match: shared}
		}
		tail := key[match:]
		more := commonPrefix(rest, tail)
		switch {
		case more == len(tail) && more == len(rest):
			return place{off: off, shared: match, match: len(key), found: true}
		case more == len(tail), more < len(rest) && rest[more] > tail[more]:
			return place{off: off, shared: match, match: match + more}
		}
		match += more
		off = next
	}
	return place{off: len(b.data), shared: match}
}

// insert adds key at its place, and shortens the entry that follows to what it doesn't share.
func (b *block) insert(at place, key []byte) {
	var scratch [64]byte
	mid := appendEntry(scratch[:0], at.shared, key[at.shared:])
	end := at.off
	if at.off < len(b.data) {
		shared, rest, next := b.entry(at.off)
		mid = appendEntry(mid, at.match, rest[at.match-shared:])
		end = next
	}
	b.splice(at.off, end, mid)
	b.n++
}

// remove deletes the entry at its place, and completes the entry that follows by what it shared.
func (b *block) remove(at place) {
	shared, rest, next := b.entry(at.off)
	var mid []byte
	end := next
	if next < len(b.data) {
		shared2, rest2, next2 := b.entry(next)
		if shared2 > shared {
			full := append(append([]byte(nil), rest[:shared2-shared]...), rest2...)
			mid = appendEntry(nil, shared, full)
			end = next2
		}
	}
	b.splice(at.off, end, mid)
	b.n--
}

// splice replaces data[from:to] by mid. Capacity grows by an eighth, so that blocks stay tight.
func (b *block) splice(from, to int, mid []byte) {
	n := len(b.data) + len(mid) - (to - from)
	if n > cap(b.data) {
		grown := append([]byte(nil), make([]byte, n+n/8)...)[:n]
		copy(grown, b.data[:from])
		copy(grown[from:], mid)
		copy(grown[from+len(mid):], b.data[to:])
		b.data = grown
		return
	}
	old := b.data
	b.data = b.data[:n]
	copy(b.data[from+len(mid):], old[to:])
	copy(b.data[from:], mid)
}

// split moves the upper half of the keys to a new block, which it returns. When the last insertion
// was at the end, only the last key moves: keys that arrive in order leave full blocks behind.
func (b *block) split(last place) *block {
	half := b.n / 2
	if _, _, next := b.entry(last.off); next == len(b.data) {
		half = b.n - 1
	}
	var prev, key []byte
	off := 0
	for range half {
		shared, rest, next := b.entry(off)
		prev = append(prev[:shared], rest...)
		off = next
	}
	shared, rest, next := b.entry(off)
	key = append(append(key, prev[:shared]...), rest...)
	right := &block{sep: separator(prev, key), n: b.n - half}
	right.data = append(appendEntry(make([]byte, 0, len(b.data)-off+len(key)), 0, key), b.data[next:]...)
	b.data = append(make([]byte, 0, off+off/8), b.data[:off]...)
	b.n = half
	return right
}

// append adds the keys of next, which are above b's.
func (b *block) append(next *block) {
	if next.n == 0 {
		return
	}
	var last []byte
	for off := 0; off < len(b.data); {
		shared, rest, n := b.entry(off)
		last = append(last[:shared], rest...)
		off = n
	}
	_, first, off := next.entry(0)
	shared := commonPrefix(last, first)
	b.data = appendEntry(b.data, shared, first[shared:])
	b.data = append(b.data, next.data[off:]...)
	b.n += next.n
}

// builder writes the keys of a block in order.
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

// finish returns the block that was built, with memory of its own that fits it.
func (w *builder) finish(sep string) *block {
	return &block{sep: sep, n: w.n, data: append(make([]byte, 0, len(w.data)+len(w.data)/8), w.data...)}
}
