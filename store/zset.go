package store

import (
	"iter"
	"strconv"

	"treedis/store/ctree"
	"treedis/store/hashtable"
	"treedis/store/listpack"
)

// ZSetView reads a sorted set: members in order of their scores, and of their bytes where scores are equal. The
// zero value is an empty set.
//
// A small one is a listpack of alternating members and scores, as Redis keeps it; a large one is a hash table
// of members and a counted tree of them in order.
type ZSetView struct {
	lp  []byte // nil if the set is absent or large
	set *largeZSet
}

// largeZSet is a sorted set of more members, or longer ones, than a listpack should have. Items are shared with
// clones: see ZSetWriter.
type largeZSet struct {
	members *hashtable.Table[*zitem]
	order   ctree.Tree[zkey]
	bytes   int // of all items
}

func newLargeZSet(hash func([]byte) uint64) *largeZSet {
	return &largeZSet{members: hashtable.New[*zitem](hash), order: ctree.New(compareZKeys, nil)}
}

func (s *largeZSet) clone() object {
	c := &largeZSet{members: s.members.Clone(), order: s.order.Clone(), bytes: s.bytes}
	c.order.SetEpoch(s.order.Epoch() + 1)
	return c
}

// treeBytes is what a member takes in the tree: 19.5 bytes when filled in order, 21.5 when filled at random, at 500k
// members.
const treeBytes = 21

func (s *largeZSet) memory() int { return s.members.Bytes() + s.bytes + s.order.Len()*treeBytes }

func (s *largeZSet) kept() int { return s.members.Kept() + s.order.Kept() }

func (s *largeZSet) find(member []byte) *zitem { return s.members.Get(s.members.Hash(member), member) }

// ZSet returns the view of an entry that holds a sorted set. It is valid until the key is written to. A nil entry
// is an empty set.
func (e *Entry) ZSet() ZSetView {
	switch {
	case e == nil:
		return ZSetView{}
	case e.flat():
		return ZSetView{lp: e.blob()}
	}
	return ZSetView{set: e.object().value.(*largeZSet)}
}

// Len returns the number of members.
func (s ZSetView) Len() int {
	switch {
	case s.set != nil:
		return s.set.order.Len()
	case s.lp == nil:
		return 0
	}
	return listpack.Len(s.lp) / 2
}

// Score returns the score of member, and whether it is in the set.
func (s ZSetView) Score(member []byte) (float64, bool) {
	if s.set != nil {
		if it := s.set.find(member); it != nil {
			return it.score, true
		}
		return 0, false
	}
	pos := flatFind(s.lp, member)
	if pos < 0 {
		return 0, false
	}
	return flatScore(s.lp, listpack.Next(s.lp, pos)), true
}

// Rank returns the index of member in the order, from 0, and whether it is in the set. It takes O(log n).
func (s ZSetView) Rank(member []byte) (int, bool) {
	if s.set != nil {
		it := s.set.find(member)
		if it == nil {
			return 0, false
		}
		index, _, ok := s.set.order.Rank(zkey{it.score, it})
		return index, ok
	}
	if s.lp == nil {
		return 0, false
	}
	for i, pos := 0, listpack.First(s.lp); pos >= 0; i++ {
		if listpack.Equal(s.lp, pos, member) {
			return i, true
		}
		pos = listpack.Next(s.lp, listpack.Next(s.lp, pos))
	}
	return 0, false
}

// All walks members and scores in order. A member is valid until the next step.
func (s ZSetView) All() iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		c := s.At(0) // one for all steps: a loop's own variable would be a new one, on the heap, in each
		for ; c.Valid(); c.Next() {
			if !yield(c.Member(), c.Score()) {
				return
			}
		}
	}
}

// Backward walks members and scores from the last to the first. A member is valid until the next step.
func (s ZSetView) Backward() iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		c := s.At(s.Len() - 1)
		for ; c.Valid(); c.Prev() {
			if !yield(c.Member(), c.Score()) {
				return
			}
		}
	}
}

// Random returns a cursor at a member, each with the same probability; it is not valid if there is none. rnd is
// a source of uniform 64-bit numbers.
func (s ZSetView) Random(rnd func() uint64) ZSetCursor {
	return s.At(below(rnd, s.Len()))
}

// Draw calls fn for n random members, each time any of them with the same probability. The set must not be empty.
// The member is valid during the call only.
func (s ZSetView) Draw(n int, rnd func() uint64, fn func(member []byte, score float64)) {
	if s.set == nil && n > 1 {
		at := positions(s.lp, s.Len(), 1)
		c := ZSetCursor{lp: s.lp}
		for range n {
			c.pos = at[below(rnd, len(at))]
			fn(c.Member(), c.Score())
		}
		return
	}
	var c ZSetCursor
	for range n {
		c = s.Random(rnd)
		fn(c.Member(), c.Score())
	}
}

// Sample calls fn for n distinct members, n <= Len, every choice of them with the same probability, in no
// particular order. The member is valid during the call only.
func (s ZSetView) Sample(n int, rnd func() uint64, fn func(member []byte, score float64)) {
	if s.set == nil || n >= s.Len()/sampleWalk {
		pick := sampler{n: n, total: s.Len(), rnd: rnd}
		c := s.At(0)
		for ; c.Valid(); c.Next() {
			if pick.take() {
				fn(c.Member(), c.Score())
			}
		}
		return
	}
	seen := make(map[int]struct{}, n)
	var c ZSetCursor
	for len(seen) < n {
		i := below(rnd, s.Len())
		if _, again := seen[i]; !again {
			seen[i] = struct{}{}
			c = s.At(i)
			fn(c.Member(), c.Score())
		}
	}
}

// Scan visits the members of one stretch of the hash order, from cursor, and returns the cursor of the next, 0
// at the end. A member present throughout a whole iteration is visited at least once. A small set is visited as
// a whole, in order. The member is valid during the call only.
func (s ZSetView) Scan(cursor uint64, fn func(member []byte, score float64)) uint64 {
	if s.set != nil {
		return s.set.members.Scan(cursor, func(it *zitem) { fn(it.Key(), it.score) })
	}
	c := s.At(0)
	for ; c.Valid(); c.Next() {
		fn(c.Member(), c.Score())
	}
	return 0
}

// At returns a cursor at index i. It is not valid if i is out of range.
func (s ZSetView) At(i int) (c ZSetCursor) {
	c.pos = -1
	switch {
	case uint(i) >= uint(s.Len()):
	case s.set != nil:
		c.large = true
		c.tree = s.set.order.SeekIndex(i)
	default:
		c.lp, c.pos = s.lp, listpack.Seek(s.lp, 2*i)
	}
	return c
}

// ZSetCursor is a place in a sorted set: at a member, or beyond either end. It belongs to one goroutine, and a
// write to the set invalidates it.
type ZSetCursor struct {
	large bool
	tree  ctree.Cursor[zkey]

	lp      []byte
	pos     int // of the member; -1: not valid
	scratch [listpack.IntBufSize]byte
}

// Valid reports whether the cursor is at a member.
func (c *ZSetCursor) Valid() bool {
	if c.large {
		return c.tree.Valid()
	}
	return c.pos >= 0
}

// Member returns the member. It is valid until the cursor moves, and must not be changed.
func (c *ZSetCursor) Member() []byte {
	if c.large {
		return c.tree.Item().item.Key()
	}
	return listpack.Get(c.lp, c.pos, &c.scratch)
}

// Score returns the member's score.
func (c *ZSetCursor) Score() float64 {
	if c.large {
		return c.tree.Item().score
	}
	return flatScore(c.lp, listpack.Next(c.lp, c.pos))
}

// Next moves to the next member. The cursor must be valid.
func (c *ZSetCursor) Next() {
	if c.large {
		c.tree.Next()
		return
	}
	c.pos = listpack.Next(c.lp, listpack.Next(c.lp, c.pos))
}

// Prev moves to the previous member. The cursor must be valid.
func (c *ZSetCursor) Prev() {
	if c.large {
		c.tree.Prev()
		return
	}
	if c.pos = listpack.Prev(c.lp, c.pos); c.pos >= 0 {
		c.pos = listpack.Prev(c.lp, c.pos)
	}
}

// flatFind returns the position of member in a flat sorted set, or -1.
func flatFind(lp, member []byte) int {
	if lp == nil {
		return -1
	}
	return listpack.Find(lp, listpack.First(lp), member, 1)
}

// flatScore returns the score at pos of a flat sorted set.
func flatScore(lp []byte, pos int) float64 {
	text, n, isInt := listpack.Value(lp, pos)
	if isInt {
		return float64(n)
	}
	f, _ := strconv.ParseFloat(string(text), 64) // written by appendFlatScore
	return f
}
