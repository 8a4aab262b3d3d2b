package ctree

// step is a place in a node.
type step[T any] struct {
	n *node[T]
	i int
}

// path leads from the root, at[0], to an item in a leaf, at[height]. The last
// index may be the length of the leaf: behind its last item.
type path[T any] struct {
	at [maxDepth]step[T]
}

// locate leads to x, or to where it belongs, and reports whether it is there.
func (t *Tree[T]) locate(p *path[T], x T) bool {
	n := t.root
	if n == nil {
		return false
	}
	for d := range t.height {
		// The child wanted is the last whose first item is not behind x.
		lo, hi := 1, len(n.items)
		for lo < hi {
			mid := int(uint(lo+hi) >> 1)
			if t.cmp(n.items[mid], x) <= 0 {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		p.at[d] = step[T]{n, lo - 1}
		n = n.sub.kids[lo-1]
	}
	lo, hi := 0, len(n.items)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch c := t.cmp(n.items[mid], x); {
		case c < 0:
			lo = mid + 1
		case c > 0:
			hi = mid
		default:
			p.at[t.height] = step[T]{n, mid}
			return true
		}
	}
	p.at[t.height] = step[T]{n, lo}
	return false
}

// locateFunc leads to the first item for which reached is true, or behind the
// last item of the leaf before it.
func (t *Tree[T]) locateFunc(p *path[T], reached func(T) bool) {
	n := t.root
	for d := 0; n != nil; d++ {
		lo, hi := 0, len(n.items)
		if d < t.height {
			lo = 1
		}
		for lo < hi {
			mid := int(uint(lo+hi) >> 1)
			if reached(n.items[mid]) {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		if d == t.height {
			p.at[d] = step[T]{n, lo}
			return
		}
		p.at[d] = step[T]{n, lo - 1}
		n = n.sub.kids[lo-1]
	}
}

// locateIndex leads to the item at index i, or behind the last one.
func (t *Tree[T]) locateIndex(p *path[T], i int) {
	n, below := t.root, t.length
	if n == nil {
		return
	}
	for d := range t.height {
		counts := n.sub.counts
		k := 0
		if 2*i <= below {
			for ; i >= counts[k]; k++ {
				i -= counts[k]
			}
		} else { // from the nearer end
			k = len(counts) - 1
			from := below - counts[k]
			for from > i {
				k--
				from -= counts[k]
			}
			i -= from
		}
		p.at[d] = step[T]{n, k}
		n, below = n.sub.kids[k], counts[k]
	}
	p.at[t.height] = step[T]{n, i}
}

// before returns the number of items in front of the path, and their weight.
func (t *Tree[T]) before(p *path[T]) (index, weight int) {
	if t.root == nil {
		return 0, 0
	}
	for d := range t.height + 1 {
		n, w := p.at[d].n.totals(0, p.at[d].i)
		index, weight = index+n, weight+w
	}
	return index, weight
}

// first and last report whether the node at level d is the first or last of it.
func (p *path[T]) first(d int) bool {
	for u := range d {
		if p.at[u].i != 0 {
			return false
		}
	}
	return true
}

func (p *path[T]) last(d int) bool {
	for u := range d {
		if p.at[u].i != len(p.at[u].n.items)-1 {
			return false
		}
	}
	return true
}

// Cursor is a place in a tree: at an item, before the first or behind the last.
// It belongs to one goroutine, and a write to its tree invalidates it.
type Cursor[T any] struct {
	items  []T // the leaf at the end of path, whose index there is not kept
	i      int
	height int
	path   path[T]
}

// SeekIndex returns a cursor at index i, behind the last item for i = Len.
func (t *Tree[T]) SeekIndex(i int) (c Cursor[T]) {
	if i != t.length {
		t.mustHave(i)
	}
	t.locateIndex(&c.path, i)
	c.start(t)
	return c
}

// SeekLast returns a cursor at the last item.
func (t *Tree[T]) SeekLast() (c Cursor[T]) {
	t.locateIndex(&c.path, max(t.length-1, 0))
	c.start(t)
	return c
}

// LowerBound returns a cursor at the first item that is not before x.
func (t *Tree[T]) LowerBound(x T) (c Cursor[T]) {
	t.locate(&c.path, x)
	c.start(t)
	return c
}

// Search returns a cursor at the first item for which reached is true, where it
// must be true for all items behind one for which it is.
func (t *Tree[T]) Search(reached func(T) bool) (c Cursor[T]) {
	t.locateFunc(&c.path, reached)
	c.start(t)
	return c
}

// AtWeight returns a cursor at the item that the unit of weight w, counted from
// 0, belongs to, and the units of this item before it. With w beyond the weight
// of the tree the cursor is behind the last item.
func (t *Tree[T]) AtWeight(w int) (c Cursor[T], offset int) {
	w = max(w, 0)
	switch {
	case w >= t.Weight():
		return t.SeekIndex(t.length), 0
	case t.weigh == nil:
		return t.SeekIndex(w), 0
	}
	n := t.root
	for d := 0; ; d++ {
		k := 0
		for ; w >= n.sub.weights[k]; k++ {
			w -= n.sub.weights[k]
		}
		c.path.at[d] = step[T]{n, k}
		if d == t.height {
			c.start(t)
			return c, w
		}
		n = n.sub.kids[k]
	}
}

// start takes the leaf over from the path. A place behind a leaf's last item
// becomes the first of the next leaf.
func (c *Cursor[T]) start(t *Tree[T]) {
	if t.root == nil {
		return
	}
	c.height = t.height
	leaf := &c.path.at[c.height]
	c.items, c.i = leaf.n.items, leaf.i
	if c.i == len(c.items) {
		c.nextLeaf()
	}
}

// Valid reports whether the cursor is at an item.
func (c *Cursor[T]) Valid() bool { return uint(c.i) < uint(len(c.items)) }

// Item returns the item at the cursor, which is valid.
func (c *Cursor[T]) Item() T { return c.items[c.i] }

// Next moves to the next item, at most behind the last.
func (c *Cursor[T]) Next() {
	if c.i++; c.i >= len(c.items) {
		c.nextLeaf()
	}
}

// Prev moves to the previous item, at most before the first.
func (c *Cursor[T]) Prev() {
	if c.i--; c.i < 0 {
		c.prevLeaf()
	}
}

// Index returns the number of items before the cursor.
func (c *Cursor[T]) Index() int {
	n := max(c.i, 0)
	for d := range c.height {
		s := &c.path.at[d]
		n += sum(s.n.sub.counts[:s.i])
	}
	return n
}

// Weight returns the weight of the items before the cursor.
func (c *Cursor[T]) Weight() int {
	if len(c.items) == 0 {
		return 0
	}
	_, w := c.path.at[c.height].n.totals(0, max(c.i, 0))
	for d := range c.height {
		_, below := c.path.at[d].n.totals(0, c.path.at[d].i)
		w += below
	}
	return w
}

func (c *Cursor[T]) nextLeaf() {
	for d := c.height - 1; d >= 0; d-- {
		s := &c.path.at[d]
		if s.i+1 < len(s.n.items) {
			s.i++
			c.descend(d, false)
			c.i = 0
			return
		}
	}
	c.i = len(c.items)
}

func (c *Cursor[T]) prevLeaf() {
	for d := c.height - 1; d >= 0; d-- {
		s := &c.path.at[d]
		if s.i > 0 {
			s.i--
			c.descend(d, true)
			c.i = len(c.items) - 1
			return
		}
	}
	c.i = -1
}

// descend goes from the place at level d to the first or last leaf below it.
func (c *Cursor[T]) descend(d int, toLast bool) {
	n := c.path.at[d].n.sub.kids[c.path.at[d].i]
	for d++; d <= c.height; d++ {
		i := 0
		if toLast {
			i = len(n.items) - 1
		}
		c.path.at[d] = step[T]{n, i}
		if d < c.height {
			n = n.sub.kids[i]
		}
	}
	c.items = n.items
}
