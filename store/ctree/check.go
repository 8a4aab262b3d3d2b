package ctree

import (
	"errors"
	"fmt"
)

// ErrInvariant is wrapped by every error that Check returns.
var ErrInvariant = errors.New("ctree: invariant broken")

// Check walks the whole tree and compares every count, weight, key, order, fill
// and epoch with what it should be. It is for tests.
func (t *Tree[T]) Check() error {
	if t.root == nil {
		if t.length != 0 || t.weight != 0 || t.height != 0 {
			return fmt.Errorf("%w: no root for %d items", ErrInvariant, t.length)
		}
		return nil
	}
	if t.root.epoch > t.epoch || t.height > 0 && len(t.root.items) < 2 || t.height >= maxDepth {
		return fmt.Errorf("%w: root of epoch %d, %d entries, height %d", ErrInvariant,
			t.root.epoch, len(t.root.items), t.height)
	}
	c := checker[T]{t: t}
	if err := c.node(t.root, 0, true, true); err != nil {
		return err
	}
	if c.count != t.length || t.weigh != nil && c.weight != t.weight {
		return fmt.Errorf("%w: %d items of weight %d, found %d of %d", ErrInvariant,
			t.length, t.weight, c.count, c.weight)
	}
	return nil
}

// checker counts what it has walked over.
type checker[T any] struct {
	t             *Tree[T]
	count, weight int
	prev          *T
}

func (c *checker[T]) node(n *node[T], d int, first, last bool) error {
	size, least := len(n.items), minItems
	if first || last {
		least = 1
	}
	if size < least || size > maxItems {
		return fmt.Errorf("%w: %d entries at level %d", ErrInvariant, size, d)
	}
	if err := c.shape(n, d); err != nil {
		return err
	}
	for i := range n.items {
		if d == c.t.height {
			if err := c.item(n, i); err != nil {
				return err
			}
			continue
		}
		kid := n.sub.kids[i]
		if kid.epoch > n.epoch {
			return fmt.Errorf("%w: epoch %d below %d", ErrInvariant, kid.epoch, n.epoch)
		}
		count, weight := c.count, c.weight
		if err := c.node(kid, d+1, first && i == 0, last && i == size-1); err != nil {
			return err
		}
		if n.sub.counts[i] != c.count-count {
			return fmt.Errorf("%w: count %d of %d", ErrInvariant, n.sub.counts[i], c.count-count)
		}
		if c.t.weigh != nil && n.sub.weights[i] != c.weight-weight {
			return fmt.Errorf("%w: weight %d of %d", ErrInvariant, n.sub.weights[i], c.weight-weight)
		}
		if c.t.cmp != nil && c.t.cmp(n.items[i], kid.items[0]) != 0 {
			return fmt.Errorf("%w: key %v of %v", ErrInvariant, n.items[i], kid.items[0])
		}
	}
	return nil
}

// shape checks that n has the slices of its level, of the right length.
func (c *checker[T]) shape(n *node[T], d int) error {
	kids, weights := 0, 0
	if d < c.t.height {
		kids = len(n.items)
	}
	if c.t.weigh != nil {
		weights = len(n.items)
	}
	s := n.sub
	if s == nil {
		s = &sub[T]{}
	}
	if len(s.kids) != kids || len(s.counts) != kids || len(s.weights) != weights {
		return fmt.Errorf("%w: %d items with %d children, %d counts, %d weights at level %d of %d", ErrInvariant,
			len(n.items), len(s.kids), len(s.counts), len(s.weights), d, c.t.height)
	}
	return nil
}

func (c *checker[T]) item(n *node[T], i int) error {
	x := &n.items[i]
	if c.t.cmp != nil && c.prev != nil && c.t.cmp(*c.prev, *x) >= 0 {
		return fmt.Errorf("%w: %v before %v", ErrInvariant, *c.prev, *x)
	}
	c.prev = x
	c.count++
	if c.t.weigh != nil {
		if w := c.t.weigh(*x); w != n.sub.weights[i] {
			return fmt.Errorf("%w: item weighs %d, noted %d", ErrInvariant, w, n.sub.weights[i])
		}
		c.weight += n.sub.weights[i]
	}
	return nil
}
