package ctree

// own makes all nodes of the path down to level d the tree's own, cloning
// those of older epochs.
func (t *Tree[T]) own(p *path[T], d int) {
	if t.root.epoch < t.epoch {
		t.root = t.cloned(t.root)
	}
	p.at[0].n = t.root
	for u := range d {
		p.at[u+1].n = t.ownKid(p.at[u].n, p.at[u].i)
	}
}

// ownKid returns the child at i of n, made the tree's own.
func (t *Tree[T]) ownKid(n *node[T], i int) *node[T] {
	kid := n.sub.kids[i]
	if kid.epoch < t.epoch {
		kid = t.cloned(kid)
		n.sub.kids[i] = kid
	}
	return kid
}

// grow adds to the counts and weights above level d.
func (t *Tree[T]) grow(p *path[T], d, count, weight int) {
	t.length += count
	for u := range d {
		p.at[u].n.sub.counts[p.at[u].i] += count
	}
	if t.weigh == nil {
		return
	}
	t.weight += weight
	for u := range d {
		p.at[u].n.sub.weights[p.at[u].i] += weight
	}
}

// rekey notes in the nodes above level d that what is below them may start
// with another item.
func (t *Tree[T]) rekey(p *path[T], d int) {
	for u := d - 1; u >= 0; u-- {
		if kid := p.at[u+1].n; len(kid.items) > 0 {
			p.at[u].n.items[p.at[u].i] = kid.items[0]
		}
		if p.at[u].i > 0 {
			return
		}
	}
}

// setHere puts x in the place of the item that the path leads to.
func (t *Tree[T]) setHere(p *path[T], x T) (old T) {
	t.own(p, t.height)
	leaf := p.at[t.height]
	old, leaf.n.items[leaf.i] = leaf.n.items[leaf.i], x
	if t.weigh != nil {
		w := t.weigh(x)
		t.grow(p, t.height, 0, w-leaf.n.sub.weights[leaf.i])
		leaf.n.sub.weights[leaf.i] = w
	}
	if leaf.i == 0 {
		t.rekey(p, t.height)
	}
	return old
}

// insertHere puts x before the item that the path leads to.
func (t *Tree[T]) insertHere(p *path[T], x T) {
	if t.root == nil {
		t.root = t.newNode(false)
	}
	t.own(p, t.height)
	e := entry[T]{item: x, weight: t.weightOf(x)}
	w := e.weight
	d := t.height
	for ; len(p.at[d].n.items) == maxItems; d-- {
		left, k := p.at[d].n, p.at[d].i
		at := t.splitPoint(p, d)
		right := t.split(left, at)
		if k >= at && at > 0 {
			t.put(right, k-at, e)
		} else {
			t.put(left, k, e)
		}
		e = entryOf(right)
		if d == 0 {
			t.root = t.newNode(true)
			t.put(t.root, 0, entryOf(left))
			t.put(t.root, 1, e)
			t.height++
			t.grow(p, 0, 1, w)
			return
		}
		// The parent's entry tells of left only; grow counts x in above it.
		p.at[d-1].n.set(p.at[d-1].i, entryOf(left))
		p.at[d-1].i++
	}
	t.put(p.at[d].n, p.at[d].i, e)
	if d < t.height {
		p.at[d].i-- // back to the child that was split
	}
	t.grow(p, d, 1, w)
	if p.at[d].i == 0 {
		t.rekey(p, d)
	}
}

// splitPoint returns where to split the full node at level d, for an entry that
// goes where the path leads to. At both ends of a level the node is left as it
// is and a new one begun, so that filling a tree from an end fills its leaves.
func (t *Tree[T]) splitPoint(p *path[T], d int) int {
	i := p.at[d].i
	if i == maxItems && p.last(d) {
		return i
	}
	// A leaf begun at the front pushes the one before it to its parent's 1.
	front := min(1, t.height-d)
	if i == front && p.first(d) {
		return i
	}
	return maxItems / 2
}

// deleteHere removes the item that the path leads to.
func (t *Tree[T]) deleteHere(p *path[T]) (old T) {
	t.own(p, t.height)
	leaf := p.at[t.height]
	old = leaf.n.items[leaf.i]
	t.remove(p, t.height, leaf.i, leaf.i+1)
	return old
}

// remove takes the entries from i up to j out of the node at level d, which is
// the tree's own.
func (t *Tree[T]) remove(p *path[T], d, i, j int) {
	n := p.at[d].n
	count, weight := n.totals(i, j)
	n.cut(i, j)
	t.grow(p, d, -count, -weight)
	if i == 0 {
		t.rekey(p, d)
	}
	if len(n.items) < minItems {
		t.refill(p, d)
	}
}

// refill restores the minimum from level d up.
func (t *Tree[T]) refill(p *path[T], d int) {
	for ; d > 0 && len(p.at[d].n.items) < minItems; d-- {
		parent, k := p.at[d-1].n, p.at[d-1].i
		if len(p.at[d].n.items) == 0 {
			parent.cut(k, k+1)
			if k == 0 {
				t.rekey(p, d-1)
			}
			continue
		}
		if p.first(d) || p.last(d) {
			break
		}
		t.rebalance(parent, k)
	}
	for t.height > 0 && len(t.root.items) == 1 {
		t.root = t.root.sub.kids[0]
		t.height--
	}
	if len(t.root.items) == 0 {
		t.root, t.height = nil, 0
	}
}

// rebalance merges the child at k of n with a neighbour, or shares their
// entries out evenly. A node that is at no end of its level has a neighbour.
func (t *Tree[T]) rebalance(n *node[T], k int) {
	if k == len(n.items)-1 {
		k--
	}
	left, right := t.ownKid(n, k), n.sub.kids[k+1]
	left.join(right)
	if both := len(left.items); both > mergeItems {
		n.set(k+1, entryOf(t.split(left, both/2)))
	} else {
		n.cut(k+1, k+2)
	}
	n.set(k, entryOf(left))
}

// DeleteRange removes the items from index i up to j, 0 <= i <= j <= Len.
// Whatever lies wholly between is dropped without being looked at.
func (t *Tree[T]) DeleteRange(i, j int) {
	if i < 0 || j < i || j > t.length {
		panic("ctree: range out of range")
	}
	for i < j {
		var p path[T]
		t.locateIndex(&p, i)
		// Go up as long as all that is below the node goes.
		d := t.height
		for d > 0 && p.at[d].i == 0 {
			if up := p.at[d-1]; up.n.sub.counts[up.i] > j-i {
				break
			}
			d--
		}
		from, to, left := p.at[d].i, p.at[d].i, j-i
		for to < len(p.at[d].n.items) && left > 0 {
			n, _ := p.at[d].n.totals(to, to+1)
			if n > left {
				break
			}
			to, left = to+1, left-n
		}
		t.own(&p, d)
		t.remove(&p, d, from, to)
		j = i + left
	}
}

// Append puts items behind the last one, full leaves at a time. In an ordered
// tree they must be ascending, and behind the last one.
func (t *Tree[T]) Append(items ...T) {
	for len(items) > 0 {
		var p path[T]
		t.locateIndex(&p, t.length)
		leaf := p.at[t.height]
		if t.root == nil || leaf.i == maxItems {
			t.insertHere(&p, items[0])
			items = items[1:]
			continue
		}
		t.own(&p, t.height)
		n, w := p.at[t.height].n, 0
		more := items[:min(len(items), maxItems-leaf.i)]
		n.items = append(extended(n.items, len(more)), more...)
		if t.weigh != nil {
			n.sub.weights = extended(n.sub.weights, len(more))
			for _, x := range more {
				n.sub.weights = append(n.sub.weights, t.weigh(x))
				w += n.sub.weights[len(n.sub.weights)-1]
			}
		}
		t.grow(&p, t.height, len(more), w)
		items = items[len(more):]
	}
}
