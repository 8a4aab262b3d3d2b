package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/stream"
)

func TestPutStream(t *testing.T) {
	t.Parallel()
	st := newTestStore()
	db := st.DB(0)
	key := []byte("k")
	db.SetString(key, []byte("was a string"), 77)
	s := &stream.Stream{}
	require.NoError(t, s.Append(stream.ID{Ms: 1}, [][]byte{[]byte("f"), []byte("v")}, stream.DefaultLimits()))

	e := db.PutStream(key, s, KeepTTL)
	require.Equal(t, Stream, e.Type())
	require.Equal(t, "stream", e.Encoding().String())
	require.Same(t, s, db.Peek(key).Stream())
	require.EqualValues(t, 77, e.Expire())
	snap := st.Snapshot()

	db.PutStream(key, &stream.Stream{}, 0)
	require.Zero(t, db.Expires())
	db.SetExpire(key, 5)
	db.CopyTo(db.Peek(key), st.DB(1), []byte("copy"))
	require.Zero(t, st.DB(1).Peek([]byte("copy")).Stream().Length)
	require.Zero(t, db.PutStream([]byte("new"), s, KeepTTL).Expire())
	for e := range snap.All(0) {
		require.Same(t, s, e.Stream())
	}
	checkDB(t, db)
	checkDB(t, st.DB(1))
}
