// Package order is an ordered index of keys: what makes KEYS and SCAN with a literal prefix cost
// O(log n + hits), and ranges over keys possible at all.
//
// It holds its own copy of every key, in blocks of up to 128 sorted keys of which each is stored as
// the length it shares with its predecessor and the rest. Keys of one keyspace share long prefixes,
// so that a block is smaller than pointers to its keys would be, it has nothing for the garbage
// collector to follow, and a search reads one or two cache lines instead of one per comparison. A
// tidwall/btree orders the blocks. Replacing a key's value does not touch the index.
//
// Changes are queued and applied in sorted batches, since neighbours then find their block in the
// cache; whoever asks for anything ordered applies the rest first.
package order

import (
	"bytes"
	"strings"
	"sync"
	"unsafe"

	"github.com/tidwall/btree"
)

// Index is an ordered set of keys. Insert, Delete and Len need the caller's exclusive lock; Ascend needs
// it shared.
type Index struct {
	blocks *btree.BTreeG[*block] // by separator; the first one's is ""
	n      int                   // keys in blocks

	mu    sync.Mutex // held by Ascend while it applies the queue, against others that do the same
	queue queue
	bulk  bool // changes are queued without end: see Bulk

	pivot block // for searches by exclusive holders
}

// New returns an empty index.
func New() *Index {
	x := &Index{
		blocks: btree.NewBTreeGOptions(func(a, b *block) bool { return a.sep < b.sep }, btree.Options{NoLocks: true}),
	}
	x.blocks.Set(&block{})
	return x
}

// Insert adds a key, of which a copy is made. Adding one that is there changes nothing.
func (x *Index) Insert(key []byte) { x.enqueue(key, false) }

// Delete removes a key. Removing one that is not there changes nothing.
func (x *Index) Delete(key []byte) { x.enqueue(key, true) }

func (x *Index) enqueue(key []byte, del bool) {
	x.queue.push(key, del)
	if !x.bulk && (len(x.queue.changes) >= batch || len(x.queue.keys) >= maxQueued) {
		x.drain()
	}
}

// Bulk begins, or ends, the loading of many keys: in between changes are only queued, and at the end they
// are applied as one batch, which takes a third of the time of many.
func (x *Index) Bulk(on bool) {
	if x.bulk = on; !on {
		x.drain()
	}
}

// Len returns the number of keys.
func (x *Index) Len() int {
	x.drain()
	return x.n
}

// drain applies the queue. Of several changes of one key the last one counts.
func (x *Index) drain() {
	if len(x.queue.changes) == 0 {
		return
	}
	x.queue.sort()
	if x.n == 0 {
		x.build()
	} else {
		for key, del := range x.queue.all() {
			if del {
				x.remove(key)
			} else {
				x.add(key)
			}
		}
	}
	x.queue.clear()
}

// build makes the blocks of an empty index from the sorted queue.
func (x *Index) build() {
	x.blocks.Clear()
	var w builder
	sep := ""
	for key, del := range x.queue.all() {
		if del {
			continue
		}
		if w.n > 0 && (w.n == bulkKeys || len(w.data) > maxBytes) {
			next := separator(w.last, key)
			x.blocks.Load(w.finish(sep))
			w, sep = builder{data: w.data[:0], last: w.last[:0]}, next
		}
		w.add(key)
		x.n++
	}
	x.blocks.Load(w.finish(sep))
}

// floor returns the block in which key belongs.
func (x *Index) floor(key []byte) (b *block) {
	x.pivot.sep = unsafe.String(unsafe.SliceData(key), len(key))
	x.blocks.Descend(&x.pivot, func(f *block) bool { b = f; return false })
	x.pivot.sep = ""
	return b
}

func (x *Index) add(key []byte) {
	b := x.floor(key)
	at := b.seek(key)
	if at.found {
		return
	}
	b.insert(at, key)
	x.n++
	if b.n > maxKeys || len(b.data) > maxBytes && b.n > 1 {
		x.blocks.Set(b.split(at))
	}
}

func (x *Index) remove(key []byte) {
	b := x.floor(key)
	at := b.seek(key)
	if !at.found {
		return
	}
	b.remove(at)
	x.n--
	if b.n >= minKeys {
		return
	}
	if b.n == 0 && b.sep != "" {
		x.blocks.Delete(b)
		return
	}
	if next := x.after(b); next != nil && b.n+next.n <= maxKeys/2 && len(b.data)+len(next.data) <= maxBytes/2 {
		b.append(next)
		x.blocks.Delete(next)
	}
}

// after returns the block behind b, nil if there is none.
func (x *Index) after(b *block) (next *block) {
	x.blocks.Ascend(b, func(f *block) bool {
		if f == b {
			return true
		}
		next = f
		return false
	})
	return next
}

// Ascend calls fn with the keys that begin with prefix and are not below from, in order, until it
// returns false. The slice is valid during the call only.
func (x *Index) Ascend(prefix, from []byte, fn func(key []byte) bool) {
	x.mu.Lock()
	x.drain()
	x.mu.Unlock()

	start := prefix
	if bytes.Compare(from, start) > 0 {
		start = from
	}
	// The first block is the last one whose separator is not above start.
	var first *block
	x.blocks.Descend(&block{sep: string(start)}, func(f *block) bool { first = f; return false })
	var key []byte
	x.blocks.Ascend(first, func(b *block) bool {
		key = key[:0]
		for off := 0; off < len(b.data); {
			shared, rest, next := b.entry(off)
			key = append(key[:shared], rest...)
			off = next
			if bytes.Compare(key, start) < 0 {
				continue
			}
			if !bytes.HasPrefix(key, prefix) || !fn(key) {
				return false
			}
		}
		return true
	})
}

// Bytes returns the memory that the index takes.
func (x *Index) Bytes() (n int) {
	x.blocks.Scan(func(b *block) bool {
		n += cap(b.data) + len(b.sep) + int(unsafe.Sizeof(block{})) + 11 // a slot of the tree, two thirds full
		return true
	})
	return n + x.queue.bytes()
}

// separator returns the shortest string that is above prev and not above key.
func separator(prev, key []byte) string {
	return strings.Clone(string(key[:commonPrefix(prev, key)+1]))
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
