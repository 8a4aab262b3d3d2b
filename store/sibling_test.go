package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTake(t *testing.T) {
	t.Parallel()
	st := newTestStore()
	db, key := st.DB(1), []byte("key")
	for round := range 4 {
		sib := st.Sibling().DB(0)
		l, h := sib.OpenList(key), sib.OpenHash([]byte("hash"))
		for i := range 1000 {
			l.PushBack(fmt.Appendf(nil, "%d:%d", round, i))
			h.Set(fmt.Appendf(nil, "field %d", i), fmt.Appendf(nil, "%d", round))
		}
		sib.SetExpire(key, int64(round))
		db.Take(sib.Peek(key))
		db.Take(sib.Peek([]byte("hash")))
		checkDB(t, db)
		require.EqualValues(t, round, db.Peek(key).Expire())

		// What was taken is written to like any other value, beside a snapshot too.
		snap := st.Snapshot()
		w := db.OpenList(key)
		w.Set(500, []byte("changed"))
		hw := db.OpenHash([]byte("hash"))
		require.False(t, hw.Set([]byte("field 7"), []byte("changed")))
		for e := range snap.All(1) {
			if e.Type() == List {
				require.Equal(t, fmt.Sprintf("%d:500", round), listOf(e)[500])
			} else {
				v, _ := e.Hash().Get([]byte("field 7"), nil)
				require.Equal(t, fmt.Sprint(round), string(v))
			}
		}
	}
	require.Equal(t, 2, db.Len())
}
