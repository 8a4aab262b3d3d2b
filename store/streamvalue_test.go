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
	require.Equal(t, s, db.Peek(key).Stream())
	require.EqualValues(t, 77, e.Expire())
	snap := st.Snapshot()

	db.PutStream(key, &stream.Stream{}, 0)
	require.Zero(t, db.Expires())
	db.SetExpire(key, 5)
	db.CopyTo(db.Peek(key), st.DB(1), []byte("copy"))
	require.Zero(t, st.DB(1).Peek([]byte("copy")).Stream().Length)
	require.Zero(t, db.PutStream([]byte("new"), s, KeepTTL).Expire())
	for e := range snap.All(0) {
		require.Equal(t, s, e.Stream())
	}
	checkDB(t, db)
	checkDB(t, st.DB(1))
}

// TestOpenStream writes to streams while snapshots and copies of them exist.
func TestOpenStream(t *testing.T) {
	t.Parallel()
	st := newTestStore()
	db, other := st.DB(0), st.DB(1)
	key := []byte("k")
	add := func(db *DB, ms uint64) {
		t.Helper()
		require.NoError(t, db.OpenStream(key).Append(stream.ID{Ms: ms}, [][]byte{[]byte("f"), []byte("v")}, db.StreamLimits()))
	}
	add(db, 1)
	require.Equal(t, Stream, db.Peek(key).Type())
	snap := st.Snapshot()
	add(db, 2)
	db.CopyTo(db.Peek(key), other, key)
	add(db, 3)
	add(other, 4)
	add(other, 5)
	require.True(t, other.OpenStream(key).Delete(stream.ID{Ms: 1}))
	for e := range snap.All(0) {
		require.EqualValues(t, 1, e.LiveStream().Length)
	}
	require.Equal(t, stream.ID{Ms: 3}, db.Peek(key).LiveStream().LastID)
	require.EqualValues(t, 3, db.Peek(key).LiveStream().Length)
	require.Equal(t, stream.ID{Ms: 5}, other.Peek(key).LiveStream().LastID)
	require.EqualValues(t, 3, other.Peek(key).LiveStream().Length)
	require.Greater(t, db.Peek(key).MemoryUsage(), 100)
	checkDB(t, db)
	checkDB(t, other)
}
