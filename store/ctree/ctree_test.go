package ctree

import (
	"cmp"
	"math/rand"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// chunk stands for an item of a weight of its own.
type chunk struct{ id, weight int }

func chunkWeight(c chunk) int { return c.weight }

func intTree() Tree[int] { return New(cmp.Compare[int], nil) }

func items[T any](t *Tree[T]) []T {
	return slices.AppendSeq(make([]T, 0, t.Len()), t.All())
}

// same checks the tree and that it holds what model does, read both ways.
func same[T comparable](t *testing.T, model []T, tree *Tree[T]) {
	t.Helper()
	require.NoError(t, tree.Check())
	require.Equal(t, len(model), tree.Len())
	require.True(t, slices.Equal(model, items(tree)))
	back := slices.Collect(tree.Backward())
	slices.Reverse(back)
	require.True(t, slices.Equal(model, back))
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	for _, tree := range []Tree[int]{intTree(), {}} {
		require.NoError(t, tree.Check())
		_, ok := tree.First()
		require.False(t, ok)
		_, ok = tree.Last()
		require.False(t, ok)
		_, ok = tree.PopFirst()
		require.False(t, ok)
		_, ok = tree.PopLast()
		require.False(t, ok)
		_, ok = tree.Get(1)
		require.False(t, ok)
		_, ok = tree.Delete(1)
		require.False(t, ok)
		index, weight, ok := tree.Rank(1)
		require.Equal(t, []any{0, 0, false}, []any{index, weight, ok})
		tree.DeleteRange(0, 0)
		tree.Append()
		atWeight, _ := tree.AtWeight(0)
		for _, c := range []Cursor[int]{tree.SeekIndex(0), tree.SeekLast(), tree.LowerBound(1),
			tree.Search(func(int) bool { return true }), atWeight} {
			require.False(t, c.Valid())
			c.Next()
			require.False(t, c.Valid())
			c.Prev()
			c.Prev()
			require.False(t, c.Valid())
			require.Zero(t, c.Index())
			require.Zero(t, c.Weight())
		}
	}
}

func TestIndexOutOfRangePanics(t *testing.T) {
	t.Parallel()
	tree := intTree()
	tree.Append(1, 2, 3)
	for _, f := range []func(){
		func() { tree.At(3) }, func() { tree.At(-1) }, func() { tree.InsertAt(4, 0) }, func() { tree.DeleteAt(3) },
		func() { tree.SetAt(-1, 0) }, func() { tree.SeekIndex(4) }, func() { tree.DeleteRange(2, 1) },
		func() { tree.DeleteRange(-1, 1) }, func() { tree.DeleteRange(0, 4) },
	} {
		require.Panics(t, f)
	}
	same(t, []int{1, 2, 3}, &tree)
}

func TestOrderedAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range int64(6) {
		rnd := rand.New(rand.NewSource(seed))
		tree, model := intTree(), []int{}
		space := []int{50, 300, 3000, 20_000, 100_000, 100_000}[seed]
		if seed >= 4 { // three levels
			model = rnd.Perm(space)[:15_000]
			for _, x := range model {
				tree.Insert(x)
			}
			slices.Sort(model)
		}
		for step := range 8000 {
			x := rnd.Intn(space)
			at, found := slices.BinarySearch(model, x)
			index, weight, ok := tree.Rank(x)
			require.Equal(t, []any{at, at, found}, []any{index, weight, ok})
			// Grows in the first half and shrinks in the second.
			if rnd.Intn(10) < 7-4*(step/4000) {
				_, replaced := tree.Insert(x)
				require.Equal(t, found, replaced)
				if !found {
					model = slices.Insert(model, at, x)
				}
			} else if found || len(model) > 0 && seed >= 3 {
				if !found {
					x = model[at%len(model)]
					at %= len(model)
				}
				old, ok := tree.Delete(x)
				require.True(t, ok)
				require.Equal(t, x, old)
				model = slices.Delete(model, at, at+1)
			}
			if step%1000 == 0 {
				same(t, model, &tree)
			}
			if step == 4000 {
				checkCursors(t, rnd, model, &tree)
			}
		}
		same(t, model, &tree)
		for len(model) > 0 {
			i := rnd.Intn(len(model))
			require.Equal(t, model[i], tree.DeleteAt(i))
			model = slices.Delete(model, i, i+1)
		}
		same(t, model, &tree)
	}
}

// checkCursors compares what all ways of seeking lead to.
func checkCursors(t *testing.T, rnd *rand.Rand, model []int, tree *Tree[int]) {
	for range 300 {
		x := rnd.Intn(model[len(model)-1] + 2)
		at, _ := slices.BinarySearch(model, x)
		for _, c := range []Cursor[int]{
			tree.LowerBound(x), tree.SeekIndex(at), tree.Search(func(y int) bool { return y >= x }),
		} {
			require.Equal(t, at, c.Index())
			require.Equal(t, at, c.Weight())
			i := at
			for range rnd.Intn(300) {
				require.Equal(t, i < len(model), c.Valid())
				if !c.Valid() {
					break
				}
				require.Equal(t, model[i], c.Item())
				require.Equal(t, i, c.Index())
				c.Next()
				i++
			}
			for range rnd.Intn(600) {
				c.Prev()
				i--
				require.Equal(t, i >= 0, c.Valid())
				if !c.Valid() {
					c.Next()
					require.Equal(t, model[0], c.Item())
					break
				}
				require.Equal(t, model[i], c.Item())
			}
		}
		if at < len(model) {
			require.Equal(t, model[at], tree.At(at))
			got, ok := tree.Get(model[at])
			require.True(t, ok)
			require.Equal(t, model[at], got)
		}
	}
}

func TestPositionsAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range int64(6) {
		rnd := rand.New(rand.NewSource(seed))
		tree, model := New(nil, chunkWeight), []chunk{}
		for step := range 5000 {
			n := len(model)
			c := chunk{step, rnd.Intn(5)} // an item may weigh nothing
			at := rnd.Intn(n + 1)
			op := rnd.Intn(20)
			switch {
			case op < 9 || n == 0:
				if op < 2 {
					at = n
				} else if op < 4 {
					at = 0
				}
				tree.InsertAt(at, c)
				model = slices.Insert(model, at, c)
			case op < 13:
				at %= n
				require.Equal(t, model[at], tree.SetAt(at, c))
				model[at] = c
			case op < 16:
				at %= n
				require.Equal(t, model[at], tree.DeleteAt(at))
				model = slices.Delete(model, at, at+1)
			case op == 16:
				got, _ := tree.PopFirst()
				require.Equal(t, model[0], got)
				model = slices.Delete(model, 0, 1)
			case op == 17:
				got, _ := tree.PopLast()
				require.Equal(t, model[n-1], got)
				model = model[:n-1]
			case step%97 == 0:
				to := at + rnd.Intn(n-at+1)
				tree.DeleteRange(at, to)
				model = slices.Delete(model, at, to)
			default:
				more := make([]chunk, rnd.Intn(100))
				for i := range more {
					more[i] = chunk{-i, rnd.Intn(3)}
				}
				tree.Append(more...)
				model = append(model, more...)
			}
			if step%250 == 0 {
				same(t, model, &tree)
			}
		}
		same(t, model, &tree)
		checkWeights(t, model, &tree)
	}
}

func checkWeights(t *testing.T, model []chunk, tree *Tree[chunk]) {
	w := 0
	for i, c := range model {
		for off := range c.weight {
			cur, got := tree.AtWeight(w + off)
			require.Equal(t, c, cur.Item())
			require.Equal(t, off, got)
			require.Equal(t, i, cur.Index())
			require.Equal(t, w, cur.Weight())
		}
		w += c.weight
	}
	require.Equal(t, w, tree.Weight())
	cur, _ := tree.AtWeight(w)
	require.False(t, cur.Valid())
	require.Equal(t, len(model), cur.Index())
	first, _ := tree.AtWeight(-1)
	require.Equal(t, 0, first.Weight())
}

// Trees of every small size are cut at every place, large ones at random.
func TestDeleteRange(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewSource(1))
	for _, n := range []int{1, 2, 63, 64, 65, 128, 129, 200, 4096, 4097, 20_000} {
		model := make([]int, n)
		for i := range model {
			model[i] = i
		}
		for round := range 16 {
			tree := intTree()
			if round%2 == 0 {
				tree.Append(model...)
			} else {
				for _, i := range rnd.Perm(n) {
					tree.Insert(i)
				}
			}
			snap := tree.Clone()
			tree.SetEpoch(1)
			left, next := slices.Clone(model), n
			for len(left) > 0 {
				i := rnd.Intn(len(left))
				j := i + 1 + rnd.Intn(len(left)-i)
				tree.DeleteRange(i, j)
				left = slices.Delete(left, i, j)
				require.NoError(t, tree.Check())
				require.True(t, slices.Equal(left, items(&tree)))
				if rnd.Intn(3) == 0 {
					tree.Insert(next)
					left = append(left, next)
					next++
				}
				if n > 1000 && round > 3 {
					break
				}
			}
			require.True(t, slices.Equal(model, items(&snap)))
		}
	}
}

func TestFilledFromEitherEnd(t *testing.T) {
	t.Parallel()
	const n = 64 * 64 * 3
	up, down, bulk := intTree(), intTree(), intTree()
	all := make([]int, n)
	for i := range n {
		all[i] = i
		up.Insert(i)
		down.Insert(n - 1 - i)
	}
	for rest := all; len(rest) > 0; {
		k := min(len(rest), 1000)
		bulk.Append(rest[:k]...)
		rest = rest[k:]
	}
	for _, tree := range []*Tree[int]{&up, &down, &bulk} {
		same(t, all, tree)
		leaves := 0
		for c := tree.SeekIndex(0); c.Valid(); c.nextLeaf() {
			leaves++
		}
		require.Equal(t, n/maxItems, leaves)
	}
	for i := range n { // a queue drained from the front
		x, ok := up.PopFirst()
		require.True(t, ok)
		require.Equal(t, i, x)
		if i%100 == 0 {
			require.NoError(t, up.Check())
		}
	}
	require.NoError(t, up.Check())
}

func TestReplaceReturnsOld(t *testing.T) {
	t.Parallel()
	tree := New(func(a, b chunk) int { return cmp.Compare(a.id, b.id) }, chunkWeight)
	for i := range 1000 {
		tree.Insert(chunk{i, 1})
	}
	for i := range 1000 {
		old, replaced := tree.Insert(chunk{i, 3})
		require.True(t, replaced)
		require.Equal(t, chunk{i, 1}, old)
	}
	require.NoError(t, tree.Check())
	require.Equal(t, 3000, tree.Weight())
	first, _ := tree.First()
	require.Equal(t, chunk{0, 3}, first)
	last, _ := tree.Last()
	require.Equal(t, chunk{999, 3}, last)
	index, weight, ok := tree.Rank(chunk{id: 500})
	require.Equal(t, []any{500, 1500, true}, []any{index, weight, ok})
}

// mutate makes one random change to an ordered tree.
func mutate(rnd *rand.Rand, tree *Tree[int]) {
	switch op := rnd.Intn(100); {
	case op < 55:
		tree.Insert(rnd.Intn(20_000))
	case op < 92 && tree.Len() > 0:
		tree.DeleteAt(rnd.Intn(tree.Len()))
	case op < 95:
		tree.PopFirst()
	case op == 95 && tree.Len() > 0:
		i := rnd.Intn(tree.Len())
		tree.DeleteRange(i, min(tree.Len(), i+rnd.Intn(20)))
	default:
		last, _ := tree.Last()
		tree.Append(last+1, last+2, last+3)
	}
}

func TestClonesKeepTheirContent(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewSource(1))
	tree := intTree()
	for range 3000 {
		tree.Insert(rnd.Intn(20_000))
	}
	type snapshot struct {
		tree Tree[int]
		want []int
	}
	var snaps []snapshot
	for epoch := range uint64(60) {
		for range rnd.Intn(400) {
			mutate(rnd, &tree)
		}
		require.NoError(t, tree.Check())
		snaps = append(snaps, snapshot{tree.Clone(), items(&tree)})
		tree.SetEpoch(epoch + 1)
	}
	for _, s := range snaps {
		require.Greater(t, s.tree.Len(), 2000)
		same(t, s.want, &s.tree)
	}
	// A clone may be written to as well, once it is in a later epoch.
	a, b := snaps[30].tree.Clone(), snaps[30].tree.Clone()
	a.SetEpoch(1000)
	b.SetEpoch(1000)
	for range 3000 {
		mutate(rnd, &a)
		mutate(rnd, &b)
	}
	require.NoError(t, a.Check())
	require.NoError(t, b.Check())
	for _, s := range snaps {
		same(t, s.want, &s.tree)
	}
}

func TestClonesAreReadWhileWriting(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewSource(2))
	tree := intTree()
	for i := range 5000 {
		tree.Insert(i * 3)
	}
	var readers sync.WaitGroup
	for epoch := range uint64(20) {
		snap, want := tree.Clone(), items(&tree)
		tree.SetEpoch(epoch + 1)
		readers.Go(func() {
			for range 3 {
				if !slices.Equal(want, items(&snap)) || snap.Check() != nil {
					t.Errorf("clone of epoch %d has changed", epoch)
				}
			}
		})
		for range 300 {
			mutate(rnd, &tree)
		}
	}
	readers.Wait()
	require.NoError(t, tree.Check())
}

func TestSetEpochDoesNotGoBack(t *testing.T) {
	t.Parallel()
	tree := intTree()
	tree.SetEpoch(5)
	tree.SetEpoch(3)
	require.EqualValues(t, 5, tree.Epoch())
}

func TestReadingDoesNotAllocate(t *testing.T) {
	tree := intTree()
	for i := range 10_000 {
		tree.Insert(i * 2)
	}
	bound, sum := 5000, 0
	require.Zero(t, testing.AllocsPerRun(20, func() {
		bound++
		tree.Get(bound)
		index, _, _ := tree.Rank(bound)
		tree.At(index)
		c := tree.Search(func(x int) bool { return x > bound })
		for ; c.Valid() && c.Item() < bound+200; c.Next() {
			sum += c.Index()
		}
		for x := range tree.Backward() {
			sum += x
		}
		tree.Insert(bound &^ 1) // replaces
	}))
}
