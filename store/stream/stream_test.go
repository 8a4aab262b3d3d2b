package stream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/listpack"
)

func pairs(elems ...string) [][]byte {
	var out [][]byte
	for _, e := range elems {
		out = append(out, []byte(e))
	}
	return out
}

// entries lists a stream's live entries as text.
func entries(s *Stream) []string {
	var out []string
	for it := s.Iter(); it.Next(); {
		line := it.ID().String()
		for range it.NumFields() {
			f, v := it.Field()
			line += fmt.Sprintf(" %s=%s", f, v)
		}
		out = append(out, line)
	}
	return out
}

// markDeleted flags an entry as deleted, the way XDEL leaves it.
func markDeleted(t *testing.T, n *Node, index int) {
	t.Helper()
	live, deleted := n.Counts()
	lp := n.Listpack
	pos := listpack.First(lp)
	lp = listpack.ReplaceInt(lp, pos, int64(live-1))
	pos = listpack.Next(lp, listpack.First(lp))
	lp = listpack.ReplaceInt(lp, pos, int64(deleted+1))
	n.Listpack = lp
	it := n.Iter()
	for range index {
		require.True(t, it.advance())
	}
	if it.inEntry {
		it.finish()
	}
	flags, _ := listpack.Int(lp, it.pos)
	n.Listpack = listpack.ReplaceInt(lp, it.pos, flags|flagDeleted)
}

func TestID(t *testing.T) {
	t.Parallel()
	ids := []ID{{}, {0, 1}, {0, math.MaxUint64}, {1, 0}, {1, 1}, {math.MaxUint64, 0}, {math.MaxUint64, math.MaxUint64}}
	for i, a := range ids {
		for j, b := range ids {
			require.Equal(t, i < j, a.Less(b))
			require.Equal(t, a.Compare(b), -b.Compare(a))
		}
		require.Equal(t, a, DecodeID(a.AppendBinary(nil)))
		require.Equal(t, i == 0, a.IsZero())
	}
	require.Equal(t, "18446744073709551615-7", ID{math.MaxUint64, 7}.String())
}

func TestAppend(t *testing.T) {
	t.Parallel()
	s, lim := &Stream{}, DefaultLimits()
	require.ErrorIs(t, s.Append(ID{}, pairs("a", "b"), lim), ErrOrder)
	require.NoError(t, s.Append(ID{1, 0}, pairs("a", "b"), lim))
	require.ErrorIs(t, s.Append(ID{1, 0}, pairs("a", "b"), lim), ErrOrder)
	require.ErrorIs(t, s.Append(ID{2, 0}, pairs("a"), lim), ErrPairs)
	require.ErrorIs(t, s.Append(ID{2, 0}, nil, lim), ErrPairs)
	require.NoError(t, s.Append(ID{2, 5}, pairs("a", "-7"), lim))
	require.NoError(t, s.Append(ID{2, 6}, pairs("a", "c", "12", "d"), lim))
	require.NoError(t, s.Append(ID{math.MaxUint64, 0}, pairs("", ""), lim))
	require.NoError(t, s.Validate())
	require.Equal(t, []string{"1-0 a=b", "2-5 a=-7", "2-6 a=c 12=d", "18446744073709551615-0 ="}, entries(s))
	require.Equal(t, ID{1, 0}, s.FirstID)
	require.Equal(t, ID{math.MaxUint64, 0}, s.LastID)
	require.EqualValues(t, 4, s.EntriesAdded)
	require.Len(t, s.Nodes, 1)
}

func TestNodeLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lim   Limits
		value int // bytes
		nodes int
	}{
		{Limits{}, 10, 1},
		{Limits{Entries: 100}, 10, 3},
		{Limits{Entries: 1}, 10, 250},
		{Limits{Bytes: 4096}, 1000, 63}, // four fit
		{Limits{Bytes: 1}, 10, 250},
		{DefaultLimits(), 1, 3},
	} {
		s := &Stream{}
		for i := range uint64(250) {
			require.NoError(t, s.Append(ID{Ms: i + 1}, [][]byte{[]byte("f"), make([]byte, c.value)}, c.lim))
		}
		require.NoError(t, s.Validate())
		require.Equal(t, c.nodes, len(s.Nodes), "%+v", c)
		require.Len(t, entries(s), 250)
	}
}

func TestIterPassesOverDeleted(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	s := &Stream{}
	var want []string
	for i := range uint64(300) {
		p := pairs("f", strconv.Itoa(int(i)))
		line := fmt.Sprintf("%d-%d f=%d", i/3, i+1, i)
		if rng.IntN(3) == 0 {
			p, line = append(p, pairs("g", "x")...), line+" g=x"
		}
		require.NoError(t, s.Append(ID{i / 3, i + 1}, p, Limits{Entries: 7}))
		want = append(want, line)
	}
	var left []string
	i := 0
	for n := range s.Nodes {
		live, _ := s.Nodes[n].Counts()
		for j := range live {
			if rng.IntN(2) == 0 {
				markDeleted(t, &s.Nodes[n], j)
				s.Length--
			} else {
				left = append(left, want[i])
			}
			i++
		}
		info, err := ValidateNode(s.Nodes[n])
		require.NoError(t, err)
		require.Equal(t, live, info.Live+info.Deleted)
	}
	require.NoError(t, s.Validate())
	require.Equal(t, left, entries(s))
	first, ok := s.FirstLive()
	require.True(t, ok)
	require.Contains(t, left[0], first.String()+" ")

	// Fields that are not read are passed over.
	n := 0
	for it := s.Iter(); it.Next(); n++ {
		if n%2 == 0 {
			it.Field()
		}
	}
	require.Len(t, left, n)
}

func TestIterDoesNotAllocate(t *testing.T) {
	s := &Stream{}
	for i := range uint64(200) {
		require.NoError(t, s.Append(ID{Ms: i + 1}, pairs("f", strconv.Itoa(int(i))), DefaultLimits()))
	}
	total := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for it := s.Iter(); it.Next(); {
			_, v := it.Field()
			total += len(v)
		}
	}))
}

func TestEstimateEntriesRead(t *testing.T) {
	t.Parallel()
	build := func(change func(s *Stream)) *Stream {
		s := &Stream{Counters: Counters{Length: 3, EntriesAdded: 5, FirstID: ID{10, 0}, LastID: ID{30, 0}}}
		change(s)
		return s
	}
	for _, c := range []struct {
		name string
		s    *Stream
		id   ID
		want int64
	}{
		{"nothing was ever added", &Stream{}, ID{9, 9}, 0},
		{"empty, at the last", &Stream{Counters: Counters{EntriesAdded: 5, LastID: ID{30, 0}}}, ID{30, 0}, 5},
		{"empty, before the last", &Stream{Counters: Counters{EntriesAdded: 5, LastID: ID{30, 0}}}, ID{2, 0}, 5},
		{"empty, beyond the last", &Stream{Counters: Counters{EntriesAdded: 5, LastID: ID{30, 0}}}, ID{31, 0}, UnknownEntriesRead},
		{"last", build(func(*Stream) {}), ID{30, 0}, 5},
		{"beyond", build(func(*Stream) {}), ID{30, 1}, UnknownEntriesRead},
		{"first", build(func(*Stream) {}), ID{10, 0}, 3},
		{"before the first", build(func(*Stream) {}), ID{9, 9}, 2},
		{"between", build(func(*Stream) {}), ID{20, 0}, UnknownEntriesRead},
		{"deleted before the first", build(func(s *Stream) { s.MaxDeletedID = ID{5, 0} }), ID{10, 0}, 3},
		{"deleted at the first", build(func(s *Stream) { s.MaxDeletedID = ID{10, 0} }), ID{10, 0}, UnknownEntriesRead},
		{"deleted behind the first", build(func(s *Stream) { s.MaxDeletedID = ID{20, 0} }), ID{9, 0}, UnknownEntriesRead},
		{"deleted, at the last", build(func(s *Stream) { s.MaxDeletedID = ID{20, 0} }), ID{30, 0}, 5},
	} {
		require.Equal(t, c.want, c.s.EstimateEntriesRead(c.id), c.name)
	}
}

func TestGroupLookups(t *testing.T) {
	t.Parallel()
	g := Group{
		Pending:   []Pending{{ID: ID{1, 0}}, {ID: ID{3, 0}}},
		Consumers: []Consumer{{Name: []byte("a")}, {Name: []byte("b")}},
	}
	for id, want := range map[ID]int{{0, 0}: 0, {1, 0}: 0, {2, 0}: 1, {3, 0}: 1, {4, 0}: 2} {
		i, found := g.FindPending(id)
		require.Equal(t, want, i)
		require.Equal(t, id.Ms%2 == 1, found)
	}
	require.Equal(t, 1, g.FindConsumer([]byte("b")))
	require.Equal(t, -1, g.FindConsumer([]byte("c")))
}
