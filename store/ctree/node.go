package ctree

import "unsafe"

const (
	// maxItems is the most a node holds. At 100k pointers 32, 64 and 128 are
	// within a tenth of each other at finding and inserting; a write after a
	// snapshot, which copies a path, takes 3.3, 4.5 and 5.7 us, and the bytes
	// kept beside an item are 4.9, 3.1 and 2.3.
	maxItems = 64

	// minItems is the least a node holds that is not at an end of its level.
	minItems = maxItems / 4

	// mergeItems is the most that two neighbours are merged up to. What lies
	// between it and maxItems keeps merges and splits from taking turns.
	mergeItems = maxItems * 3 / 4

	// maxDepth bounds the levels. A root splits when it has 64 children, of
	// which 62 hold at least 16 each, and so on down: a 13th level would take
	// 62*16^11 items, nearly 2^50.
	maxDepth = 12
)

// node is a leaf or an inner node; the level it is found on tells which.
type node[T any] struct {
	epoch uint64
	items []T     // of a leaf: its items; else the first item below each child
	sub   *sub[T] // nil in the leaves of a tree whose items all weigh 1
}

// sub has what goes with each of a node's items, in slices as long as items or
// nil.
type sub[T any] struct {
	kids    []*node[T] // inner nodes only
	counts  []int      // inner nodes only: the items below each child
	weights []int      // weighted trees only: the weight of each item or child
}

// entry is one place of a node. Of a leaf's entry only item and weight count.
type entry[T any] struct {
	item   T
	kid    *node[T]
	count  int
	weight int
}

// newNode returns an empty node of the tree's epoch.
func (t *Tree[T]) newNode(inner bool) *node[T] {
	n := &node[T]{epoch: t.epoch}
	if inner || t.weigh != nil {
		n.sub = &sub[T]{}
	}
	return n
}

// cloned returns a copy of n, of the tree's epoch.
func (t *Tree[T]) cloned(n *node[T]) *node[T] {
	c := &node[T]{epoch: t.epoch, items: copied(n.items)}
	if s := n.sub; s != nil {
		c.sub = &sub[T]{copied(s.kids), copied(s.counts), copied(s.weights)}
	}
	t.kept += c.bytes()
	return c
}

// bytes is the memory that n takes.
func (n *node[T]) bytes() int {
	b := int(unsafe.Sizeof(*n)) + cap(n.items)*int(unsafe.Sizeof(*new(T)))
	if s := n.sub; s != nil {
		b += int(unsafe.Sizeof(*s)) + 8*(cap(s.kids)+cap(s.counts)+cap(s.weights))
	}
	return b
}

// put inserts e before the entry at i.
func (t *Tree[T]) put(n *node[T], i int, e entry[T]) {
	n.items = inserted(n.items, i, e.item)
	if e.kid != nil {
		n.sub.kids = inserted(n.sub.kids, i, e.kid)
		n.sub.counts = inserted(n.sub.counts, i, e.count)
	}
	if t.weigh != nil {
		n.sub.weights = inserted(n.sub.weights, i, e.weight)
	}
}

// set overwrites the entry at i, which is a child's.
func (n *node[T]) set(i int, e entry[T]) {
	n.items[i] = e.item
	n.sub.kids[i] = e.kid
	n.sub.counts[i] = e.count
	if n.sub.weights != nil {
		n.sub.weights[i] = e.weight
	}
}

// cut removes the entries from i up to j.
func (n *node[T]) cut(i, j int) {
	n.items = without(n.items, i, j)
	if s := n.sub; s != nil {
		s.kids = without(s.kids, i, j)
		s.counts = without(s.counts, i, j)
		s.weights = without(s.weights, i, j)
	}
}

// split moves the entries from at on to a new node.
func (t *Tree[T]) split(n *node[T], at int) *node[T] {
	right := t.newNode(n.inner())
	n.items, right.items = parted(n.items, at)
	if s, r := n.sub, right.sub; s != nil {
		s.kids, r.kids = parted(s.kids, at)
		s.counts, r.counts = parted(s.counts, at)
		s.weights, r.weights = parted(s.weights, at)
	}
	return right
}

// join appends the entries of b.
func (n *node[T]) join(b *node[T]) {
	n.items = append(extended(n.items, len(b.items)), b.items...)
	if s, r := n.sub, b.sub; s != nil {
		s.kids = append(extended(s.kids, len(r.kids)), r.kids...)
		s.counts = append(extended(s.counts, len(r.counts)), r.counts...)
		s.weights = append(extended(s.weights, len(r.weights)), r.weights...)
	}
}

func (n *node[T]) inner() bool { return n.sub != nil && n.sub.kids != nil }

// totals returns the items and the weight below the entries from i up to j.
func (n *node[T]) totals(i, j int) (count, weight int) {
	count = j - i
	if n.inner() {
		count = sum(n.sub.counts[i:j])
	}
	if n.sub == nil || n.sub.weights == nil {
		return count, count
	}
	return count, sum(n.sub.weights[i:j])
}

// entryOf returns the entry for n in its parent. n is not empty.
func entryOf[T any](n *node[T]) entry[T] {
	count, weight := n.totals(0, len(n.items))
	return entry[T]{n.items[0], n, count, weight}
}

func sum(s []int) int {
	n := 0
	for _, v := range s {
		n += v
	}
	return n
}

// room is the capacity that n entries get: a fourth more than n, up to a full
// node. A leaf filled one by one moves ten times on its way to 64; at random
// inserts the spare room is an eighth on the average.
func room(n int) int { return max(n, min(n+n/4+1, maxItems)) }

// resized returns s in memory for n entries and some more.
func resized[E any](s []E, n int) []E {
	// append rounds the capacity up to a size class, which make does not.
	out := append([]E(nil), make([]E, room(n))...)
	return out[:copy(out, s)]
}

// extended returns s with room for extra more.
func extended[E any](s []E, extra int) []E {
	if len(s)+extra <= cap(s) {
		return s
	}
	return resized(s, len(s)+extra)
}

func inserted[E any](s []E, i int, v E) []E {
	s = extended(s, 1)
	s = s[:len(s)+1]
	copy(s[i+1:], s[i:])
	s[i] = v
	return s
}

// without removes s[i:j] and gives memory back when most of it is unused, but
// for the little that a small node could.
func without[E any](s []E, i, j int) []E {
	if s == nil {
		return nil
	}
	n := i + copy(s[i:], s[j:])
	clear(s[n:])
	if s = s[:n]; n < cap(s)/2 && cap(s) > 8 {
		return resized(s, n)
	}
	return s
}

// parted returns s[:at] and s[at:] in memory of their own.
func parted[E any](s []E, at int) (left, right []E) {
	switch {
	case s == nil:
		return nil, nil
	case at == 0:
		return resized(s[:0], 0), s
	case at == len(s):
		return s, resized(s[:0], 0)
	}
	return resized(s[:at], at), resized(s[at:], len(s)-at)
}

func copied[E any](s []E) []E {
	if s == nil {
		return nil
	}
	return append(make([]E, 0, cap(s)), s...)
}
