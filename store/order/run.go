package order

import (
	"bytes"
	"slices"
	"unsafe"
)

// restartEvery is how many changes of a run share no bytes with what is before them: a search looks at as many, and at a
// few of those that do not.
const restartEvery = 64

// run is a sequence of changes, sorted by key, each key once:
//
//	shared uvarint | rest<<1 + delete uvarint | rest bytes, for each change
//
// where a key is the first shared bytes of its predecessor, and rest. It is not changed any more.
type run struct {
	data     []byte
	restarts []uint32 // offsets of the changes that share nothing
	n        int      // changes
}

func (r *run) bytes() int {
	return cap(r.data) + 4*cap(r.restarts) + int(unsafe.Sizeof(run{})) + int(unsafe.Sizeof(r))
}

// entry decodes the change at off.
func (r *run) entry(off int) (shared int, rest []byte, del bool, next int) {
	s, i := uvarint(r.data[off:])
	off += i
	l, i := uvarint(r.data[off:])
	off += i
	return s, r.data[off : off+l>>1], l&1 != 0, off + l>>1
}

// seek returns the offset of a change that shares nothing, before which all keys are below start.
func (r *run) seek(start []byte) int {
	i, _ := slices.BinarySearchFunc(r.restarts, start, func(off uint32, start []byte) int {
		_, key, _, _ := r.entry(int(off))
		return bytes.Compare(key, start)
	})
	if i > 0 {
		i--
	}
	return int(r.restarts[i])
}

// first and last return the least and the greatest key.
func (r *run) first() []byte {
	_, key, _, _ := r.entry(0)
	return key
}

func (r *run) last() []byte {
	c := cursor{run: r, off: int(r.restarts[len(r.restarts)-1])}
	for c.next() {
	}
	return c.key
}

// runWriter writes a run.
type runWriter struct {
	run
	prev []byte // key
}

func (w *runWriter) add(key []byte, del bool) {
	shared := 0
	if w.n%restartEvery == 0 {
		w.restarts = append(w.restarts, uint32(len(w.data)))
	} else {
		shared = commonPrefix(w.prev, key)
	}
	l := uint64(len(key)-shared) << 1
	if del {
		l |= 1
	}
	w.data = appendUvarint(w.data, uint64(shared))
	w.data = appendUvarint(w.data, l)
	w.data = append(w.data, key[shared:]...)
	w.prev = key
	w.n++
}

// finish returns the run, with memory that fits it.
func (w *runWriter) finish() *run {
	return &run{data: bytes.Clone(w.data), restarts: slices.Clone(w.restarts), n: w.n}
}

// cursor walks a run.
type cursor struct {
	run *run
	off int    // behind the change it is at
	key []byte // the change's key, in memory of the cursor's own
	del bool
	age int // the place of its run: the higher, the younger
}

// next moves on, and reports whether there is another change.
func (c *cursor) next() bool {
	if c.off >= len(c.run.data) {
		return false
	}
	shared, rest, del, next := c.run.entry(c.off)
	c.key = append(c.key[:shared], rest...)
	c.del, c.off = del, next
	return true
}
