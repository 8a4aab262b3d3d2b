package hashtable

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFrozenWhileWritten reads snapshots without a lock while their table is
// written to, in place where it may be. It means most under the race detector.
func TestFrozenWhileWritten(t *testing.T) {
	t.Parallel()
	const keys, rounds = 20_000, 12
	table, rnd := New[*item](goodHash), newRand(1)
	var readers sync.WaitGroup
	defer readers.Wait()
	for round := range rounds {
		// Mostly insertions at first, mostly deletions at last, so that pages
		// and segments are split as well as merged beneath the snapshots.
		for range keys {
			key := binary.BigEndian.AppendUint32(nil, uint32(rnd.IntN(keys)))
			h := table.Hash(key)
			r := table.Find(h, key)
			switch {
			case rnd.IntN(rounds) < round:
				r.Delete()
			case r.Owned():
				r.Item().value++
			default:
				r.Set(&item{key, round})
			}
		}
		require.NoError(t, table.Check())
		n, sum := 0, 0
		for p := range table.All() {
			n, sum = n+1, sum+p.value
		}
		frozen := table.Freeze()
		readers.Go(func() {
			for range 3 {
				gotN, gotSum := 0, 0
				for p := range frozen.All() {
					gotN, gotSum = gotN+1, gotSum+p.value
					if frozen.Get(goodHash(p.key), p.key) != p {
						t.Errorf("%x is not found", p.key)
					}
				}
				if gotN != n || gotSum != sum || frozen.Len() != n {
					t.Errorf("snapshot of %d items, sum %d, became %d, %d", n, sum, gotN, gotSum)
				}
			}
		})
	}
}

// TestReaders has readers side by side, as a shared lock lets them.
func TestReaders(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	for i := range 5000 {
		p := &item{key: binary.BigEndian.AppendUint32(nil, uint32(i))}
		table.Set(table.Hash(p.key), p)
	}
	var readers sync.WaitGroup
	defer readers.Wait()
	for i := range 3 {
		readers.Go(func() {
			rnd := newRand(uint64(i))
			for range 2000 {
				p := table.Random(rnd.Uint64)
				if h := table.Hash(p.key); table.Get(h, p.key) != p || table.Find(h, p.key).Item() != p {
					t.Errorf("%x is not found", p.key)
				}
				table.Scan(rnd.Uint64(), func(*item) {})
			}
			if st := table.Stats(); st.Items != 5000 {
				t.Errorf("%d items", st.Items)
			}
		})
	}
}
