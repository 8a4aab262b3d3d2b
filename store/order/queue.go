package order

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"unsafe"
)

const (
	// runKeys is how many changes make a run: sorting them takes less than a tenth of a millisecond.
	runKeys = 1 << indexBits
	// runBytes is how many bytes of keys make a run, unless one key is longer.
	runBytes = 256 << 10
)

// change is one queued insertion or deletion.
type change struct {
	off uint32 // the key, in queue.keys
	n   uint32 // its length
	del bool
}

// queue holds the youngest changes, unsorted.
type queue struct {
	changes []change
	keys    []byte // the bytes of their keys
	places  []place
}

// place stands for a change in sorting: bits of its key that order as the key does, and below them its index in
// queue.changes.
type place uint64

const (
	indexBits = 10
	indexMask = 1<<indexBits - 1
)

func (p place) index() int { return int(p & indexMask) }

func (q *queue) push(key []byte, del bool) {
	q.changes = append(q.changes, change{off: uint32(len(q.keys)), n: uint32(len(key)), del: del})
	q.keys = append(q.keys, key...)
}

func (q *queue) full() bool { return len(q.changes) >= runKeys || len(q.keys) >= runBytes }

// key returns the key of the change with an index.
func (q *queue) key(i int) []byte {
	c := &q.changes[i]
	return q.keys[c.off : c.off+c.n]
}

// seal returns the changes as a run, nil if there are none, and empties the queue.
func (q *queue) seal() *run {
	if len(q.changes) == 0 {
		return nil
	}
	q.places = q.sorted(q.places[:0], nil)
	r := q.run(q.places)
	q.changes, q.keys = q.changes[:0], q.keys[:0]
	if cap(q.keys) > 2*runBytes {
		q.keys = nil // an unusually long key was there
	}
	return r
}

// matching returns a run of the changes to keys that begin with prefix, nil if there are none. It changes nothing.
func (q *queue) matching(prefix []byte) *run {
	if found := q.sorted(nil, prefix); len(found) > 0 {
		return q.run(found)
	}
	return nil
}

// sorted appends to places those of the changes to keys that begin with prefix, ordered by key, and by age where keys
// are equal. Keys of one keyspace share their first bytes; those behind them decide most comparisons, and make this a
// sort of integers, in a third of the time.
func (q *queue) sorted(places []place, prefix []byte) []place {
	var shared []byte
	for i := range q.changes {
		key := q.key(i)
		if !bytes.HasPrefix(key, prefix) {
			continue
		}
		if len(places) == 0 {
			shared = key
		}
		shared = shared[:commonPrefix(shared, key)]
		places = append(places, place(i))
	}
	for i, p := range places {
		places[i] = place(lead(q.key(p.index()), len(shared)))&^indexMask | p
	}
	slices.Sort(places)
	for i := 0; i < len(places); {
		j := i + 1
		for j < len(places) && places[j]|indexMask == places[i]|indexMask {
			j++
		}
		if j > i+1 {
			q.compareWhole(places[i:j])
		}
		i = j
	}
	return places
}

// compareWhole sorts places whose keys' leading bits are alike.
func (q *queue) compareWhole(places []place) {
	slices.SortFunc(places, func(a, b place) int {
		if c := bytes.Compare(q.key(a.index()), q.key(b.index())); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
}

// run encodes sorted changes, of each key the last one only.
func (q *queue) run(sorted []place) *run {
	var w runWriter
	for i, p := range sorted {
		key := q.key(p.index())
		if i+1 < len(sorted) && bytes.Equal(key, q.key(sorted[i+1].index())) {
			continue
		}
		w.add(key, q.changes[p.index()].del)
	}
	return w.finish()
}

// bytes returns the memory of the queue.
func (q *queue) bytes() int {
	return cap(q.keys) + cap(q.changes)*int(unsafe.Sizeof(change{})) + cap(q.places)*int(unsafe.Sizeof(place(0)))
}

// used returns how much of that the changes take that are in the queue.
func (q *queue) used() int { return len(q.keys) + len(q.changes)*int(unsafe.Sizeof(change{})) }

// lead returns eight bytes of key from off, padded with zeroes, as a number that orders as they do.
func lead(key []byte, off int) uint64 {
	if len(key) >= off+8 {
		return binary.BigEndian.Uint64(key[off:])
	}
	if off >= len(key) {
		return 0
	}
	var b [8]byte
	copy(b[:], key[off:])
	return binary.BigEndian.Uint64(b[:])
}
