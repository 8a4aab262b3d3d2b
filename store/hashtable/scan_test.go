package hashtable

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScanMissesNothing scans while the table grows, shrinks and is frozen: of
// the items that are there throughout none may be missed, of those that never
// were none visited.
func TestScanMissesNothing(t *testing.T) {
	t.Parallel()
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(30) {
				testScan(t, hash, newRand(seed))
			}
		})
	}
}

func testScan(t *testing.T, hash func([]byte) uint64, rnd *rand.Rand) {
	table := New[*item](hash)
	set := func(key string) { table.Set(hash([]byte(key)), &item{key: []byte(key)}) }
	del := func(key string) { table.Delete(hash([]byte(key)), []byte(key)) }
	stay, others := 1+rnd.IntN(200), 1+rnd.IntN(1500)
	for i := range stay {
		set(fmt.Sprint("stay", i))
	}
	if rnd.IntN(2) == 0 {
		for i := range others {
			set(fmt.Sprint("other", i))
		}
	}
	seen := map[string]bool{}
	calls, cursor := 0, uint64(0)
	for {
		calls++
		cursor = table.Scan(cursor, func(p *item) { seen[string(p.key)] = true })
		if cursor == 0 {
			break
		}
		require.Less(t, cursor, uint64(1)<<maxDepth)
		growing := rnd.IntN(2) == 0
		for range rnd.IntN(1 + others/2) {
			if key := fmt.Sprint("other", rnd.IntN(others)); growing {
				set(key)
			} else {
				del(key)
			}
		}
		if rnd.IntN(4) == 0 {
			table.Freeze()
		}
	}
	require.NoError(t, table.Check())
	for i := range stay {
		require.True(t, seen[fmt.Sprint("stay", i)])
	}
	require.LessOrEqual(t, calls, 1+stay+others)
}

// TestScanUnchanged has every item visited exactly once, each call moving on.
func TestScanUnchanged(t *testing.T) {
	t.Parallel()
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := New[*item](hash)
			for i := range 3000 {
				key := fmt.Append(nil, i)
				table.Set(hash(key), &item{key: key})
				if i%500 == 0 {
					requireScan(t, table, i+1)
				}
			}
			for i := range 2990 {
				key := fmt.Append(nil, i)
				table.Delete(hash(key), key)
			}
			requireScan(t, table, 10)
		})
	}
}

func requireScan(t *testing.T, table *Table[*item], want int) {
	t.Helper()
	seen := map[*item]int{}
	cursor := uint64(0)
	for {
		before := len(seen)
		next := table.Scan(cursor, func(p *item) { seen[p]++ })
		if next == 0 {
			break
		}
		require.Greater(t, next, cursor)
		require.Greater(t, len(seen), before, "a call that visits nothing")
		cursor = next
	}
	require.Len(t, seen, want)
	for p, n := range seen {
		require.Equal(t, 1, n, "%s", p.key)
	}
}

// TestScanAnyCursor gives cursors no scan has returned.
func TestScanAnyCursor(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	for i := range 1000 {
		key := fmt.Append(nil, i)
		table.Set(goodHash(key), &item{key: key})
	}
	for _, cursor := range []uint64{1, 1<<48 - 1, 1 << 48, 1<<48 + 1, 1 << 63, ^uint64(0)} {
		n := 0
		next := table.Scan(cursor, func(*item) { n++ })
		require.Less(t, next, uint64(1)<<48)
		require.LessOrEqual(t, n, pageSlots)
	}
	require.Zero(t, table.Scan(^uint64(0), func(*item) {}))
}
