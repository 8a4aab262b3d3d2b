package stream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkLive checks what has to hold for a Live at any time.
func checkLive(t testing.TB, l *Live) {
	t.Helper()
	plain := l.Stream()
	require.NoError(t, plain.Validate())
	first, _ := plain.FirstLive()
	require.Equal(t, first, l.FirstID)
	size := 0
	for ref := range l.nodes.All() {
		require.Equal(t, ref.first, ref.node.First)
		require.LessOrEqual(t, ref.node.epoch, l.epoch)
		live, _ := ref.node.Counts()
		require.Positive(t, live)
		size += cap(ref.node.Listpack)
	}
	require.Equal(t, size, l.bytes)
	for g := range l.groups.All() {
		require.LessOrEqual(t, g.epoch, l.epoch)
		own := map[ID]string{}
		for c := range g.consumers.All() {
			require.LessOrEqual(t, c.epoch, g.epoch)
			for id := range c.pending.All() {
				own[id] = c.name
			}
		}
		require.Len(t, own, g.NumPending())
		for d := range g.pending.All() {
			require.Equal(t, own[d.ID], d.Consumer)
		}
	}
}

// model is a stream as plain Go values.
type model struct {
	ids     []ID
	pending map[ID]Delivery
}

func (m *model) clone() model {
	c := model{slices.Clone(m.ids), map[ID]Delivery{}}
	for id, d := range m.pending {
		c.pending[id] = d
	}
	return c
}

var testGroup = []byte("g")

func requireModel(t testing.TB, l *Live, m *model) {
	t.Helper()
	for _, backward := range []bool{false, true} {
		var ids []ID
		for r := l.Range(ID{}, MaxID, backward); r.Next(); {
			ids = append(ids, r.ID())
			require.Equal(t, 1+int(r.ID().Seq%2), r.NumFields())
			field, value := r.Field()
			require.Equal(t, "f0", string(field))
			require.Equal(t, r.ID().String(), string(value))
		}
		if backward {
			slices.Reverse(ids)
		}
		require.Equal(t, m.ids, ids)
	}
	require.EqualValues(t, len(m.ids), l.Length)
	g := l.Group(testGroup)
	got := map[ID]Delivery{}
	for cur := g.PendingFrom(ID{}); cur.Valid(); cur.Next() {
		got[cur.Item().ID] = cur.Item()
	}
	require.Equal(t, m.pending, got)
}

// entryOf has one field, or a second one that the node's first entry may lack.
func entryOf(id ID) [][]byte {
	p := pairs("f0", id.String())
	if id.Seq%2 == 1 {
		p = append(p, pairs("other", "5")...)
	}
	return p
}

// TestLiveAgainstModel drives a stream at random beside plain values, with clones that must not change.
func TestLiveAgainstModel(t *testing.T) {
	t.Parallel()
	for _, lim := range []Limits{DefaultLimits(), {Entries: 3}, {Bytes: 64}, {Entries: 200}} {
		t.Run(fmt.Sprint(lim), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(1, uint64(lim.Entries)))
			l := NewLive()
			require.True(t, l.CreateGroup(testGroup, ID{}, 0))
			m := model{pending: map[ID]Delivery{}}
			type frozen struct {
				l *Live
				m model
			}
			var clones []frozen
			for step := range 3000 {
				randomStep(t, rnd, l, &m, lim)
				if step%100 == 0 {
					requireModel(t, l, &m)
					checkLive(t, l)
					clones = append(clones, frozen{l, m.clone()})
					l = l.Clone()
				}
				if step%700 == 0 {
					plain := l.Stream()
					for i := range plain.Nodes { // the plain form shares them, and is taken over
						plain.Nodes[i].Listpack = slices.Clone(plain.Nodes[i].Listpack)
					}
					l = FromStream(plain)
				}
			}
			for _, f := range clones {
				requireModel(t, f.l, &f.m)
				checkLive(t, f.l)
			}
		})
	}
}

func randomStep(t *testing.T, rnd *rand.Rand, l *Live, m *model, lim Limits) {
	pick := func() ID {
		if len(m.ids) == 0 || rnd.IntN(5) == 0 {
			return ID{rnd.Uint64N(l.LastID.Ms + 2), rnd.Uint64N(3)}
		}
		return m.ids[rnd.IntN(len(m.ids))]
	}
	switch op := rnd.IntN(20); {
	case op < 10:
		id := ID{l.LastID.Ms + rnd.Uint64N(3), l.LastID.Seq + rnd.Uint64N(3)}
		if !l.LastID.Less(id) {
			require.ErrorIs(t, l.Append(id, entryOf(id), lim), ErrOrder)
			return
		}
		require.NoError(t, l.Append(id, entryOf(id), lim))
		m.ids = append(m.ids, id)
	case op < 13:
		id := pick()
		i, found := slices.BinarySearchFunc(m.ids, id, ID.Compare)
		require.Equal(t, found, l.Has(id))
		require.Equal(t, found, l.Delete(id))
		if found {
			m.ids = slices.Delete(m.ids, i, i+1)
		}
	case op < 14:
		randomTrim(t, rnd, l, m)
	case op < 18:
		deliver(rnd, l, m, pick())
	default:
		id := pick()
		_, was := m.pending[id]
		require.Equal(t, was, l.OpenGroup(testGroup).Acknowledge(id))
		delete(m.pending, id)
	}
}

func randomTrim(t *testing.T, rnd *rand.Rand, l *Live, m *model) {
	trim := Trim{ByID: rnd.IntN(2) == 0, Approx: rnd.IntN(3) == 0}
	keep := len(m.ids) - rnd.IntN(8)
	if keep < 0 {
		keep = 0
	}
	trim.MaxLen = uint64(keep)
	trim.MinID = MaxID
	if drop := len(m.ids) - keep; drop < len(m.ids) {
		trim.MinID = m.ids[drop]
	}
	n := int(l.Trim(trim))
	if trim.Approx {
		require.LessOrEqual(t, n, len(m.ids)-keep)
	} else {
		require.Equal(t, len(m.ids)-keep, n)
	}
	m.ids = m.ids[n:]
}

func deliver(rnd *rand.Rand, l *Live, m *model, id ID) {
	g := l.OpenGroup(testGroup)
	name := fmt.Sprint("consumer", rnd.IntN(4))
	if rnd.IntN(10) == 0 {
		g.DeleteConsumer([]byte(name))
		for id, d := range m.pending {
			if d.Consumer == name {
				delete(m.pending, id)
			}
		}
		return
	}
	g.CreateConsumer([]byte(name), 1)
	d := Delivery{ID: id, Time: int64(rnd.IntN(100)), Count: 1, Consumer: name}
	g.SetPending(d)
	m.pending[id] = d
}

func TestLiveRanges(t *testing.T) {
	t.Parallel()
	l := NewLive()
	for ms := uint64(10); ms <= 200; ms += 10 {
		require.NoError(t, l.Append(ID{ms, 0}, entryOf(ID{ms, 0}), Limits{Entries: 4}))
	}
	for _, ms := range []uint64{10, 50, 60, 70, 80, 120, 200} { // a whole node among them
		require.True(t, l.Delete(ID{ms, 0}))
	}
	require.EqualValues(t, 4, l.Nodes())
	for _, test := range []struct{ from, to, first, last, n uint64 }{
		{0, 300, 20, 190, 13},
		{20, 190, 20, 190, 13},
		{21, 189, 30, 180, 11},
		{45, 85, 0, 0, 0},
		{40, 90, 40, 90, 2},
		{191, 300, 0, 0, 0},
		{0, 19, 0, 0, 0},
		{100, 99, 0, 0, 0},
		{130, 130, 130, 130, 1},
	} {
		for _, backward := range []bool{false, true} {
			var ids []uint64
			for r := l.Range(ID{test.from, 0}, ID{test.to, math.MaxUint64}, backward); r.Next(); {
				ids = append(ids, r.ID().Ms)
			}
			require.Len(t, ids, int(test.n), test)
			if backward {
				slices.Reverse(ids)
			}
			if test.n > 0 {
				require.Equal(t, test.first, ids[0])
				require.Equal(t, test.last, ids[len(ids)-1])
			}
		}
	}
	first, ok := l.FirstKept()
	require.True(t, ok)
	require.Equal(t, ID{10, 0}, first)
	checkLive(t, l)
}

// TestLiveCloneWhileWriting is for the race detector: a stream that was cloned is read with no lock.
func TestLiveCloneWhileWriting(t *testing.T) {
	t.Parallel()
	l := NewLive()
	l.CreateGroup(testGroup, ID{}, 0)
	var wg sync.WaitGroup
	defer wg.Wait()
	next := uint64(1)
	for range 20 {
		for range 50 {
			id := ID{next, 0}
			next++
			require.NoError(t, l.Append(id, entryOf(id), Limits{Entries: 7}))
			g := l.OpenGroup(testGroup)
			g.CreateConsumer([]byte("c"), 1)
			g.OpenConsumer([]byte("c")).SeenTime++
			g.SetPending(Delivery{ID: id, Count: 1, Consumer: "c"})
			if next%3 == 0 {
				l.Delete(ID{next / 2, 0})
				g.Acknowledge(ID{next / 2, 0})
			}
		}
		frozen := l
		want := frozen.Length
		l = l.Clone()
		wg.Go(func() {
			n := uint64(0)
			for it := frozen.Stream().Iter(); it.Next(); {
				n++
			}
			if n != want || frozen.Stream().Validate() != nil {
				t.Errorf("a clone has changed: %d entries, not %d", n, want)
			}
		})
	}
}

func TestIDNeighbours(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]ID{
		{{0, 0}, {0, 1}},
		{{0, math.MaxUint64}, {1, 0}},
		{{7, 3}, {7, 4}},
		{{math.MaxUint64, math.MaxUint64 - 1}, MaxID},
	} {
		next, ok := pair[0].Next()
		require.True(t, ok)
		require.Equal(t, pair[1], next)
		prev, ok := pair[1].Prev()
		require.True(t, ok)
		require.Equal(t, pair[0], prev)
	}
	_, ok := MaxID.Next()
	require.False(t, ok)
	_, ok = ID{}.Prev()
	require.False(t, ok)
}

// TestLag follows the counters of a group through deletions, as Redis has them.
func TestLag(t *testing.T) {
	t.Parallel()
	l := NewLive()
	l.CreateGroup(testGroup, ID{}, UnknownEntriesRead)
	lag := func(want int64, known bool) {
		t.Helper()
		got, ok := l.Lag(l.Group(testGroup))
		require.Equal(t, known, ok)
		if known {
			require.Equal(t, want, got)
		}
	}
	lag(0, true)
	for ms := uint64(1); ms <= 5; ms++ {
		require.NoError(t, l.Append(ID{ms, 0}, pairs("f", "v"), DefaultLimits()))
	}
	lag(5, true)
	g := l.OpenGroup(testGroup)
	require.True(t, l.Advance(g, ID{1, 0}))
	require.False(t, l.Advance(g, ID{1, 0}))
	require.EqualValues(t, 1, g.EntriesRead)
	lag(4, true)
	l.Delete(ID{3, 0})
	lag(0, false)
	l.Advance(g, ID{2, 0})
	require.EqualValues(t, UnknownEntriesRead, g.EntriesRead)
	l.Advance(g, ID{5, 0})
	require.EqualValues(t, 5, g.EntriesRead)
	lag(0, true)
}

func TestRadixNodes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ids  []ID
		want int
	}{
		{nil, 1},
		{[]ID{{1, 0}}, 2},
		{[]ID{{1, 0}, {1, 1}}, 4},            // a run, a fork, two leaves
		{[]ID{{1, 0}, {1, 1}, {1, 2}}, 5},    // three leaves
		{[]ID{{1, 0}, {2, 0}}, 6},            // runs behind the fork
		{[]ID{{1, 0}, {1, 256}, {2, 0}}, 10}, // two forks, a run before each and before each leaf
		{[]ID{{0, 0}, MaxID}, 5},             // a fork at the root
	} {
		l := NewLive()
		for _, id := range test.ids {
			l.nodes.Append(nodeRef{first: id})
		}
		require.Equal(t, test.want, l.RadixNodes(), test.ids)
	}
}
