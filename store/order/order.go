// Package order is an ordered index of keys: what makes KEYS and SCAN with a literal prefix cost
// O(log n + hits), and ranges over keys possible at all.
//
// It holds its own copy of every key, in blocks of up to 128 sorted keys of which each is stored as
// the length it shares with its predecessor and the rest. Keys of one keyspace share long prefixes,
// so that a block is smaller than pointers to its keys would be, it has nothing for the garbage
// collector to follow, and a search reads one or two cache lines instead of one per comparison. A
// tidwall/btree orders the blocks. Replacing a key's value does not touch the index.
//
// Insertions into the tree one by one would cost as much as all the rest of a SET, nearly all of it
// cache misses. So changes are gathered in sorted runs of 1,024, and once these hold a quarter as many as the
// tree, all runs are merged into it: in order, each block rewritten once for some two dozen changes. The merge goes on a
// few changes at a time, with every further change, so that nobody waits for it; and with Drain when there
// is nothing else to do. Whoever asks for anything ordered reads the tree and the runs side by side.
package order

import (
	"bytes"
	"strings"
	"unsafe"

	"github.com/tidwall/btree"
)

const (
	// share is how many times as many keys the tree holds as wait in runs, when a merge begins: the memory of what
	// waits, and the number of runs, against the number of keys in a block that are rewritten for one change.
	share = 4
	// maxGroup is how many changes are applied to a block at once.
	maxGroup = 256
	// pace is how many changes a merge applies for each that comes in: it ends before as many wait again.
	pace = 2
)

// Index is an ordered set of keys. Insert, Delete and Drain need the caller's exclusive lock; Ascend needs it
// shared.
type Index struct {
	blocks *btree.BTreeG[*block] // by separator; the first one's is ""
	n      int                   // keys in blocks
	bytes  int                   // memory of blocks, and of the runs below

	// Changes that the tree does not hold yet, the oldest first: those of merge, of runs, of queue.
	merge   *merge // of runs into the tree, in progress; nil if there is none
	runs    []*run
	queue   queue
	waiting int     // changes in runs
	merging int     // changes in runs of merge
	credit  int     // changes that the merge may apply
	sealer  *sealer // makes runs while keys are loaded in bulk; nil otherwise

	pivot   block // for searches by exclusive holders
	rewrite rewriter
}

// New returns an empty index.
func New() *Index {
	x := &Index{
		blocks: btree.NewBTreeGOptions(func(a, b *block) bool { return a.sep < b.sep }, btree.Options{NoLocks: true}),
	}
	x.add(&block{})
	return x
}

// Insert adds a key, of which a copy is made. Adding one that is there changes nothing.
func (x *Index) Insert(key []byte) { x.enqueue(key, false) }

// Delete removes a key. Removing one that is not there changes nothing.
func (x *Index) Delete(key []byte) { x.enqueue(key, true) }

func (x *Index) enqueue(key []byte, del bool) {
	x.queue.push(key, del)
	if x.queue.full() {
		if x.sealer != nil {
			x.sealer.take(&x.queue)
			return
		}
		x.seal()
		if x.merge == nil && x.waiting >= x.n/share {
			x.beginMerge()
		}
	}
	if x.merge != nil {
		if x.credit += pace; x.credit >= maxGroup/16 {
			x.step()
		}
	}
}

// Bulk begins, or ends, the loading of many keys: in between they are gathered only, and no more than Insert and Delete may be
// called. Whoever begins it must end it.
func (x *Index) Bulk(on bool) {
	if x.sealer != nil {
		x.addRuns(x.sealer.end()...)
		x.sealer = nil
	}
	if on {
		x.sealer = new(sealer)
	}
}

// Drain applies up to limit changes to the tree, and reports whether there are more.
func (x *Index) Drain(limit int) (more bool) {
	x.credit = limit
	for x.credit > 0 && (x.merge != nil || x.beginMerge()) {
		x.step()
	}
	x.credit = 0
	return x.Pending()
}

// Len returns the number of keys, for which it applies all changes.
func (x *Index) Len() int {
	for x.Drain(1 << 20) {
	}
	return x.n
}

// Pending reports whether Drain would find something to do.
func (x *Index) Pending() bool { return x.merge != nil || len(x.runs) > 0 || len(x.queue.changes) > 0 }

// seal makes a run of the queue.
func (x *Index) seal() {
	if r := x.queue.seal(); r != nil {
		x.addRuns(r)
	}
}

func (x *Index) addRuns(runs ...*run) {
	for _, r := range runs {
		x.bytes += r.bytes()
		x.waiting += r.n
	}
	x.runs = append(x.runs, runs...)
}

// beginMerge begins to merge all that waits, and reports whether there is anything.
func (x *Index) beginMerge() bool {
	x.seal()
	if len(x.runs) == 0 {
		return false
	}
	x.merge = newMerge(x.runs, nil, nil)
	x.merging = x.waiting
	x.runs, x.waiting = nil, 0
	return true
}

// step applies the changes of one block, and pays for them.
func (x *Index) step() {
	m := x.merge
	b := x.floor(m.key())
	next := x.after(b)
	w := &x.rewrite
	w.begin(b)
	for applied := 0; m.valid() && applied < maxGroup && (next == nil || string(m.key()) < next.sep); applied++ {
		w.apply(m.key(), m.deletes())
		m.next()
		x.credit--
	}
	if !m.valid() {
		x.bytes -= m.bytes()
		x.merge, x.merging = nil, 0
	}
	data, n := w.end()
	x.n += n - b.n
	x.replace(b, next, data, n)
}

// replace gives block b new content, and splits or merges it if it has too many or too few keys then. data is
// copied.
func (x *Index) replace(b, next *block, data []byte, n int) {
	if n > maxKeys || len(data) > maxBytes && n > 1 {
		x.split(b, data, n)
		return
	}
	x.set(b, data, n)
	switch {
	case n >= minKeys:
	case n == 0 && b.sep != "":
		x.remove(b)
	case next != nil && n+next.n <= maxKeys/2 && len(data)+len(next.data) <= maxBytes/2:
		x.bytes -= b.bytes()
		b.append(next)
		x.bytes += b.bytes()
		x.remove(next)
	}
}

// split distributes keys evenly over b and new blocks behind it.
func (x *Index) split(b *block, data []byte, n int) {
	parts := max((n+fullKeys-1)/fullKeys, (len(data)+maxBytes-1)/maxBytes)
	each := (n + parts - 1) / parts
	var w builder
	whole := block{data: data}
	into := b
	for key := range whole.keys() {
		if w.n > 0 && (w.n == each || len(w.data) > maxBytes) {
			x.set(into, w.data, w.n)
			into = &block{sep: separator(w.last, key)}
			x.add(into)
			w.reset()
		}
		w.add(key)
	}
	x.set(into, w.data, w.n)
}

// add puts a block into the tree, remove takes one out, and set gives one of the tree other content.
func (x *Index) add(b *block) {
	x.blocks.Set(b)
	x.bytes += b.bytes()
}

func (x *Index) remove(b *block) {
	x.bytes -= b.bytes()
	x.blocks.Delete(b)
}

func (x *Index) set(b *block, data []byte, n int) {
	x.bytes -= b.bytes()
	b.set(data, n)
	x.bytes += b.bytes()
}

// floor returns the block in which key belongs.
func (x *Index) floor(key []byte) (b *block) {
	x.pivot.sep = unsafe.String(unsafe.SliceData(key), len(key))
	x.blocks.Descend(&x.pivot, func(f *block) bool { b = f; return false })
	x.pivot.sep = ""
	return b
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
	start := prefix
	if bytes.Compare(from, start) > 0 {
		start = from
	}
	m := x.changes(prefix, start)
	ended := false
	// until hands out the keys of the changes that are below key, and reports whether key itself was deleted.
	until := func(key []byte, all bool) (deleted bool) {
		for m.valid() && !ended {
			c := -1
			if !all {
				c = bytes.Compare(m.key(), key)
			}
			if c > 0 {
				return false
			}
			if c == 0 {
				deleted = m.deletes()
				m.next()
				return deleted
			}
			if !m.deletes() && !fn(m.key()) {
				ended = true
			}
			m.next()
		}
		return false
	}
	x.ascendTree(prefix, start, func(key []byte) bool {
		deleted := until(key, false)
		if !ended && !deleted && !fn(key) {
			ended = true
		}
		return !ended
	})
	until(nil, true)
}

// ascendTree is Ascend for what the tree holds.
func (x *Index) ascendTree(prefix, start []byte, fn func(key []byte) bool) {
	// The first block is the last one whose separator is not above start.
	var first *block
	x.blocks.Descend(&block{sep: string(start)}, func(f *block) bool { first = f; return false })
	x.blocks.Ascend(first, func(b *block) bool {
		for key := range b.keys() {
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

// changes returns what waits among the keys that begin with prefix and are not below start. It changes nothing.
func (x *Index) changes(prefix, start []byte) *merge {
	runs := x.runs
	if x.merge != nil {
		// What it has applied already does no harm: it is in the tree.
		runs = append(x.merge.runs[:len(x.merge.runs):len(x.merge.runs)], runs...)
	}
	if r := x.queue.matching(prefix); r != nil {
		runs = append(runs[:len(runs):len(runs)], r)
	}
	return newMerge(runs, prefix, start)
}

// Bytes returns the memory that the index takes.
func (x *Index) Bytes() int { return x.bytes + x.queue.bytes() }

// Share returns the memory of n keys: as many times the mean memory of a key in the tree and of a change that waits.
func (x *Index) Share(n int) int {
	records := x.n + x.waiting + x.merging + len(x.queue.changes)
	if records == 0 {
		return 0
	}
	return int(float64(x.bytes+x.queue.used()) / float64(records) * float64(n))
}

// separator returns the shortest string that is above prev and not above key.
func separator(prev, key []byte) string {
	return strings.Clone(string(key[:commonPrefix(prev, key)+1]))
}
