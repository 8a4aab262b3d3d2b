package hashtable

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func fill(table *Table[*item], from, to int) {
	for i := from; i < to; i++ {
		key := binary.BigEndian.AppendUint32(nil, uint32(i))
		table.Set(table.Hash(key), &item{key: key, value: i})
	}
}

func drain(table *Table[*item], from, to int) {
	for i := from; i < to; i++ {
		key := binary.BigEndian.AppendUint32(nil, uint32(i))
		table.Delete(table.Hash(key), key)
	}
}

// TestSizes holds the figures that the memory accounts are made of against the
// allocator's size classes.
func TestSizes(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, pageHeaderBytes, unsafe.Sizeof(page[*item]{}))
	require.EqualValues(t, 256, unsafe.Sizeof(page24[*item]{}))
	require.LessOrEqual(t, int(unsafe.Sizeof(segment[*item]{})), segmentHeaderBytes)
	for n := range 200 {
		pg := newPage[*item](n, 0, 0)
		require.GreaterOrEqual(t, cap(pg.slots), max(n, 1))
		require.Equal(t, roomFor(n), cap(pg.slots))
		require.LessOrEqual(t, pg.bytes(), pageHeaderBytes+pointerBytes*max(4, n+3, n+n/4))
	}
}

// TestOverhead walks through one doubling, over which the load of pages swings.
func TestOverhead(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	const n = 1 << 16
	fill(table, 0, n)
	for i := n; i < 2*n; i += n / 16 {
		require.InDelta(t, 13.5, float64(table.Bytes())/float64(table.Len()), 0.6)
		fill(table, i, i+n/16)
	}
	st := table.Stats()
	require.NoError(t, table.Check())
	require.Zero(t, st.Overfull)
	require.Equal(t, 2*n, st.Items)
	sum := 0
	for items, pages := range st.Fill {
		sum += items * pages
	}
	require.Equal(t, st.Items, sum)
}

// TestShrink deletes all but a few items, at random as hashes go, and finds the
// memory returned at each step.
func TestShrink(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	const n = 100_000
	fill(table, 0, n)
	frozen := table.Freeze()
	require.Greater(t, table.bits, uint8(2), "a root of some entries")
	for left := n; left > 0; {
		next := left * 3 / 5
		drain(table, next, left)
		left = next
		require.NoError(t, table.Check())
		require.Less(t, table.Bytes(), 400+32*left)
	}
	require.Nil(t, table.root)
	require.Equal(t, n, frozen.Len())
	sum := 0
	for p := range frozen.All() {
		sum += p.value
	}
	require.Equal(t, n*(n-1)/2, sum)
	fill(table, 0, 1000)
	require.NoError(t, table.Check())
}

// TestPageShrinks takes items out of the only page.
func TestPageShrinks(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	fill(table, 0, pageSlots)
	for n := pageSlots - 1; n > 0; n-- {
		drain(table, n, n+1)
		require.NoError(t, table.Check())
		require.LessOrEqual(t, cap(table.page(0).slots), n+2*pageStep)
	}
}

// TestNoThrashing inserts and deletes an item at each of many sizes: from the
// second time on, no page may be made anew.
func TestNoThrashing(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	for n := 1; n < 500; n++ {
		fill(table, 0, n)
		swing := func() []*page[*item] {
			fill(table, n, n+1)
			drain(table, n, n+1)
			return slices.Collect(table.eachPage)
		}
		require.True(t, slices.Equal(swing(), swing()), "at %d items", n)
	}
}

// TestBadHash bounds the directory of a table whose hash is no use.
func TestBadHash(t *testing.T) {
	t.Parallel()
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := New[*item](hash)
			fill(table, 0, 2000)
			require.NoError(t, table.Check())
			st := table.Stats()
			require.LessOrEqual(t, st.Depth, int(math.Log2(2000))+1)
			require.Less(t, st.Bytes, 60*2000)
			drain(table, 0, 2000)
			require.NoError(t, table.Check())
		})
	}
}

// TestDepthLimit has hashes that differ below the bits of any page's address.
func TestDepthLimit(t *testing.T) {
	t.Parallel()
	table := New[*item](func(key []byte) uint64 { return uint64(binary.BigEndian.Uint32(key)) })
	fill(table, 0, 3000)
	require.NoError(t, table.Check())
	for i := range 3000 {
		key := binary.BigEndian.AppendUint32(nil, uint32(i))
		require.Equal(t, i, table.Get(table.Hash(key), key).value)
	}
	require.Positive(t, table.Stats().Overfull)
}

// TestCheck breaks invariants one by one.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *Table[*item], s *segment[*item], pg *page[*item]){
		"count":      func(t *Table[*item], _ *segment[*item], _ *page[*item]) { t.n++ },
		"bytes":      func(t *Table[*item], _ *segment[*item], _ *page[*item]) { t.bytes++ },
		"root":       func(t *Table[*item], _ *segment[*item], _ *page[*item]) { t.root = doubled(t.root); t.bits++ },
		"root bits":  func(t *Table[*item], _ *segment[*item], _ *page[*item]) { t.bits++ },
		"entries":    func(_ *Table[*item], s *segment[*item], _ *page[*item]) { s.pages[0] = s.pages[len(s.pages)-1] },
		"segment":    func(_ *Table[*item], s *segment[*item], _ *page[*item]) { s.pages = doubled(s.pages); s.bits++ },
		"epoch":      func(_ *Table[*item], s *segment[*item], _ *page[*item]) { s.epoch++ },
		"page epoch": func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.epoch++ },
		"depth":      func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.depth-- },
		"tag":        func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.setTag(1, ^pg.tag(1)) },
		"unused tag": func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.setTag(len(pg.slots), 1) },
		"owned":      func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.owned |= 1 << len(pg.slots) },
		"nil":        func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.slots[0] = nil },
		"twice": func(_ *Table[*item], _ *segment[*item], pg *page[*item]) {
			pg.slots[0] = pg.slots[1]
			pg.setTag(0, pg.tag(1))
		},
		"strange key": func(_ *Table[*item], _ *segment[*item], pg *page[*item]) { pg.slots[0].key = fmt.Append(nil, "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := New[*item](goodHash)
			fill(table, 0, 300)
			require.NoError(t, table.Check())
			// The first page with a slot to spare.
			var pg *page[*item]
			for p := range table.eachPage {
				if len(p.slots) < pageSlots {
					pg = p
					break
				}
			}
			damage(table, table.root[0], pg)
			require.ErrorIs(t, table.Check(), ErrInvalid)
		})
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 20, 21, 24, 300, 10_239, 10_241, 100_000} {
		table := New[*item](goodHash)
		table.Reserve(n)
		require.NoError(t, table.Check(), n)
		require.LessOrEqual(t, table.Bytes(), 400+17*n, n)
		require.Nil(t, table.Random(func() uint64 { return 0 }))
		grown := table.pages
		fill(table, 0, n)
		require.NoError(t, table.Check(), n)
		require.Less(t, table.pages-grown, 2+n/50, "hardly a page had to be split")
		frozen := table.Freeze()
		fill(table, n/2, n+n/2)
		drain(table, 0, n/3)
		require.NoError(t, table.Check(), n)
		require.Equal(t, n, frozen.Len())
		table.Refit()
		require.Equal(t, n+n/2-n/3, table.Len())
		drain(table, 0, 2*n)
		require.NoError(t, table.Check(), n)
		require.Zero(t, table.pages)
	}
}

func TestRefit(t *testing.T) {
	t.Parallel()
	for _, items := range []int{0, 1, 1000} {
		table := New[*item](goodHash)
		table.Reserve(100_000)
		fill(table, 0, items)
		table.Refit()
		require.NoError(t, table.Check())
		require.Equal(t, items, table.Len())
		require.LessOrEqual(t, table.Bytes(), 400+20*items)
	}
}
