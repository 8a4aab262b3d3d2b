// Package ctree is a counted, copy-on-write B+tree: an ordered sequence that
// finds items by order, by index and by weight in O(log n). Sorted sets, long
// lists and streams are kept in it.
//
// Items lie in the leaves. An inner node knows of each child its first item,
// its number of items and their weight, so a descent reads one node a level.
//
// # Copies
//
// Every node carries the epoch it was made in, and a tree the epoch it writes
// in. A node of an older epoch is cloned before it is written to, so Clone only
// copies the header. The rule: whoever clones a tree sets its epoch to a larger
// one before writing to it again. The clone then never changes, and other
// goroutines may read it without a lock while the original is written to. The
// clone may be written to as well once its epoch, too, has been set to a larger
// one than it was cloned in.
// Copies are shallow: an item that is a pointer is shared, and what it points
// at has to follow the same rule.
//
// # Guarantees
//
// Reading allocates nothing and writes nothing, so any number of goroutines may
// read one tree. A write touches the nodes of one path, at most two siblings a
// level besides, and costs O(log n) amortized. Nodes other than those at the
// two ends of a level are at least a quarter full; leaves have memory for about
// a fourth more than they hold. Filled from either end, leaves become full.
//
// # Not guaranteed
//
// Nothing is locked here. Writes invalidate the cursors of the tree, though not
// those of its clones. The order is what the caller's comparison and positions
// make it: setting items by position in an ordered tree must keep it. An index
// out of range panics, as with a slice.
package ctree

import "iter"

// Tree is an ordered sequence of items. The zero value is an empty tree of
// items without order that weigh 1; New makes others.
type Tree[T any] struct {
	cmp   func(a, b T) int
	weigh func(T) int

	root   *node[T] // nil when there are no items
	height int      // levels of inner nodes above the leaves
	length int
	weight int // stays 0 while weigh is nil
	epoch  uint64
	kept   int // bytes of nodes that were cloned, as clones of the tree hold the originals
}

// New returns an empty tree. cmp orders the items: negative when a is before b,
// zero when they are the same; it may be nil for a tree used by position only.
// weigh gives an item's weight, not negative; nil means 1 for each, at no cost.
// It is asked once, when the item is put into the tree: an item that comes to
// weigh something else has to be put in again with SetAt.
func New[T any](cmp func(a, b T) int, weigh func(T) int) Tree[T] {
	return Tree[T]{cmp: cmp, weigh: weigh}
}

// Clone returns a copy that shares all nodes, in constant time. See the
// package's rule about epochs.
func (t *Tree[T]) Clone() Tree[T] {
	c := *t
	c.kept = 0
	return c
}

// Kept returns how many bytes of nodes writes have copied so far since clones hold the originals.
func (t *Tree[T]) Kept() int { return t.kept }

// SetEpoch sets the epoch that the tree writes in. Epochs do not go back: a
// smaller one is ignored.
func (t *Tree[T]) SetEpoch(e uint64) { t.epoch = max(t.epoch, e) }

// Epoch returns the epoch that the tree writes in.
func (t *Tree[T]) Epoch() uint64 { return t.epoch }

// Len returns the number of items.
func (t *Tree[T]) Len() int { return t.length }

// Weight returns the weight of all items.
func (t *Tree[T]) Weight() int {
	if t.weigh == nil {
		return t.length
	}
	return t.weight
}

// Get returns the item that compares equal to x.
func (t *Tree[T]) Get(x T) (item T, ok bool) {
	var p path[T]
	if !t.locate(&p, x) {
		return item, false
	}
	leaf := &p.at[t.height]
	return leaf.n.items[leaf.i], true
}

// Rank returns the number of items before x and their weight, and whether x is
// in the tree.
func (t *Tree[T]) Rank(x T) (index, weight int, ok bool) {
	var p path[T]
	ok = t.locate(&p, x)
	index, weight = t.before(&p)
	return index, weight, ok
}

// At returns the item at index i, 0 <= i < Len.
func (t *Tree[T]) At(i int) T {
	t.mustHave(i)
	var p path[T]
	t.locateIndex(&p, i)
	leaf := &p.at[t.height]
	return leaf.n.items[leaf.i]
}

// First returns the first item.
func (t *Tree[T]) First() (item T, ok bool) {
	if t.length == 0 {
		return item, false
	}
	return t.root.items[0], true // keys are first items, at every level
}

// Last returns the last item.
func (t *Tree[T]) Last() (item T, ok bool) {
	n := t.root
	if n == nil {
		return item, false
	}
	for range t.height {
		n = n.sub.kids[len(n.sub.kids)-1]
	}
	return n.items[len(n.items)-1], true
}

// Insert puts x in its place, or in the place of the item that compares equal
// to it, which is returned.
func (t *Tree[T]) Insert(x T) (old T, replaced bool) {
	var p path[T]
	if t.locate(&p, x) {
		return t.setHere(&p, x), true
	}
	t.insertHere(&p, x)
	return old, false
}

// Delete removes the item that compares equal to x.
func (t *Tree[T]) Delete(x T) (old T, ok bool) {
	var p path[T]
	if !t.locate(&p, x) {
		return old, false
	}
	return t.deleteHere(&p), true
}

// InsertAt puts x before the item at index i, 0 <= i <= Len.
func (t *Tree[T]) InsertAt(i int, x T) {
	if i != t.length {
		t.mustHave(i)
	}
	var p path[T]
	t.locateIndex(&p, i)
	t.insertHere(&p, x)
}

// SetAt puts x in the place of the item at index i, which is returned.
func (t *Tree[T]) SetAt(i int, x T) (old T) {
	t.mustHave(i)
	var p path[T]
	t.locateIndex(&p, i)
	return t.setHere(&p, x)
}

// DeleteAt removes the item at index i, which is returned.
func (t *Tree[T]) DeleteAt(i int) (old T) {
	t.mustHave(i)
	var p path[T]
	t.locateIndex(&p, i)
	return t.deleteHere(&p)
}

// PopFirst removes the first item.
func (t *Tree[T]) PopFirst() (item T, ok bool) {
	if t.length == 0 {
		return item, false
	}
	return t.DeleteAt(0), true
}

// PopLast removes the last item.
func (t *Tree[T]) PopLast() (item T, ok bool) {
	if t.length == 0 {
		return item, false
	}
	return t.DeleteAt(t.length - 1), true
}

// All walks the items in order.
func (t *Tree[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for c := t.SeekIndex(0); c.Valid(); c.nextLeaf() {
			for _, x := range c.items {
				if !yield(x) {
					return
				}
			}
		}
	}
}

// Backward walks the items from the last to the first.
func (t *Tree[T]) Backward() iter.Seq[T] {
	return func(yield func(T) bool) {
		for c := t.SeekLast(); c.Valid(); c.prevLeaf() {
			for i := len(c.items) - 1; i >= 0; i-- {
				if !yield(c.items[i]) {
					return
				}
			}
		}
	}
}

func (t *Tree[T]) mustHave(i int) {
	if uint(i) >= uint(t.length) {
		panic("ctree: index out of range")
	}
}

func (t *Tree[T]) weightOf(x T) int {
	if t.weigh == nil {
		return 1
	}
	return t.weigh(x)
}
