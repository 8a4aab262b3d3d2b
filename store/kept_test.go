package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a snapshot holds alone is counted: nothing without one, and about what each kind of write replaces.
func TestKept(t *testing.T) {
	s := New(Options{Databases: 2, Limits: DefaultLimits()})
	db := s.DB(0)
	value := []byte(strings.Repeat("v", 500))
	key := func(i int) []byte { return fmt.Appendf(nil, "key:%d", i) }
	for i := range 1000 {
		db.SetString(key(i), value, 0)
	}
	list := db.OpenList([]byte("list"))
	for range 20000 {
		list.PushBack(value)
	}
	db.SetString(key(0), value, 0)
	require.Zero(t, s.Kept(), "no snapshot")

	steps := []struct {
		name        string
		do          func()
		least, most int
	}{
		{"nothing", func() {}, 0, 0},
		{"reads", func() { db.Lookup(key(1), 0) }, 0, 0},
		{"new keys in new pages cost a page at most", func() { db.SetString([]byte("new"), value, 0) }, 0, 4 << 10},
		{"16 values", func() {
			for i := range 16 {
				db.SetString(key(i), value, 0)
			}
		}, 16 * 500, 16 * 1200},
		{"the same again", func() {
			for i := range 16 {
				db.SetString(key(i), value, 0)
			}
		}, 0, 0},
		{"a value changed in part", func() { db.MutableString(key(20), 500)[0] = 'x' }, 500, 1200},
		{"a key deleted", func() { db.Delete(key(21)) }, 500, 1200},
		{"one element of a large list", func() {
			w := db.OpenList([]byte("list"))
			w.PushBack(value)
			w.PushFront(value)
		}, 1 << 10, 64 << 10},
		{"a large list renamed", func() { db.Rename([]byte("list"), []byte("other")) }, 0, 4 << 10},
	}
	snap := s.Snapshot()
	for _, step := range steps {
		before := s.Kept()
		step.do()
		kept := s.Kept() - before
		require.GreaterOrEqual(t, kept, step.least, step.name)
		require.LessOrEqual(t, kept, step.most, step.name)
	}
	require.NotNil(t, snap)

	snap = s.Snapshot()
	before := s.Kept()
	require.True(t, db.Delete([]byte("other")))
	require.Greater(t, s.Kept()-before, 20000*500, "a large list deleted")
	db.Flush()
	require.Greater(t, s.Kept()-before, 20000*500+900*500, "all the rest")
	require.NotNil(t, snap)
}
