package order

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"unsafe"
)

const (
	// batch is how many changes are queued at most: applying one takes less than a millisecond.
	batch = 1024
	// maxQueued is how many bytes of keys are queued at most, unless one key is longer.
	maxQueued = 1 << 20
)

// change is one queued insertion or deletion.
type change struct {
	prefix uint64 // once sorted: eight bytes of the key, behind what all keys of the batch share
	off    int    // the key, in queue.keys
	n      uint32 // its length
	del    bool
}

// queue is a batch of changes.
type queue struct {
	changes []change
	keys    []byte // the bytes of their keys
}

func (q *queue) push(key []byte, del bool) {
	off := len(q.keys)
	q.keys = append(q.keys, key...)
	if len(key) == 0 {
		q.keys = append(q.keys, 0) // no two changes begin at one offset, which tells their order
	}
	q.changes = append(q.changes, change{off: off, n: uint32(min(len(key), math.MaxUint32)), del: del})
}

func (q *queue) key(c *change) []byte { return q.keys[c.off : c.off+int(c.n)] }

// sort orders the changes by key, and by age where keys are equal. Keys of one keyspace share their
// first bytes, so the eight behind those decide most comparisons.
func (q *queue) sort() {
	shared := q.key(&q.changes[0])
	for i := range q.changes {
		shared = shared[:commonPrefix(shared, q.key(&q.changes[i]))]
	}
	for i := range q.changes {
		c := &q.changes[i]
		c.prefix = leading(q.key(c)[len(shared):])
	}
	slices.SortFunc(q.changes, func(a, b change) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if c := bytes.Compare(q.key(&a), q.key(&b)); c != 0 {
			return c
		}
		return cmp.Compare(a.off, b.off)
	})
}

// leading returns the first eight bytes of p, which it pads with zeroes, as a number that orders as they do.
func leading(p []byte) uint64 {
	if len(p) >= 8 {
		return binary.BigEndian.Uint64(p)
	}
	var b [8]byte
	copy(b[:], p)
	return binary.BigEndian.Uint64(b[:])
}

// all walks the sorted changes, of each key the last one only.
func (q *queue) all() iter.Seq2[[]byte, bool] {
	return func(yield func(key []byte, del bool) bool) {
		for i := range q.changes {
			c := &q.changes[i]
			key := q.key(c)
			if i+1 < len(q.changes) {
				if n := &q.changes[i+1]; n.prefix == c.prefix && bytes.Equal(key, q.key(n)) {
					continue
				}
			}
			if !yield(key, c.del) {
				return
			}
		}
	}
}

// clear empties the queue, and lets go of memory that an unusually large batch took.
func (q *queue) clear() {
	q.changes, q.keys = q.changes[:0], q.keys[:0]
	if cap(q.changes) > 2*batch {
		q.changes = nil
	}
	if cap(q.keys) > 2*maxQueued {
		q.keys = nil
	}
}

// bytes returns the memory of the queue.
func (q *queue) bytes() int { return cap(q.keys) + cap(q.changes)*int(unsafe.Sizeof(change{})) }
