package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStringBatch(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	s.SetClock(7)
	db := s.DB(0)
	s.Bulk(true)
	db.Reserve(100_000, 1000)
	b := db.NewStringBatch()
	var there []byte
	set := func(key, val string, expire int64) {
		if b.Full() {
			there = b.Flush(true)
		}
		b.Add([]byte(key), []byte(val), expire)
	}
	for i := range 5000 {
		set(fmt.Sprint("key:", i%4000), fmt.Sprint(i), int64(i%3))
	}
	set("long", strings.Repeat("x", maxFlatValue+1), 5)
	set("text", "word", 0)
	require.Nil(t, b.Flush(true))
	require.Nil(t, there)
	b.Add([]byte("new"), []byte("1"), 0)
	b.Add([]byte("text"), []byte("1"), 0)
	require.Equal(t, "text", string(b.Flush(false)))
	require.Nil(t, b.Flush(false), "nothing is left of a batch that failed")
	s.Bulk(false)

	checkDB(t, db)
	require.Equal(t, 4003, db.Len())
	for i := range 1000 {
		e := db.Peek(fmt.Append(nil, "key:", i))
		require.Equal(t, fmt.Sprint(i+4000), text(e), "the last one counts")
		require.Equal(t, EncInt, e.Encoding())
		require.EqualValues(t, (i+4000)%3, e.Expire())
		require.EqualValues(t, 7, e.Clock())
	}
	require.Equal(t, "word", text(db.Peek([]byte("text"))))
	require.Len(t, text(db.Peek([]byte("long"))), maxFlatValue+1)
}
