package rdb

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"treedis/store"
	"treedis/store/stream"
)

// smallKeys are makers of keys as they are most of all: small ones of each type.
var smallKeys = map[string]func(db *store.DB, k []byte, i int){
	"string": func(db *store.DB, k []byte, i int) { db.SetString(k, fmt.Appendf(nil, "value:%d", i), 0) },
	"number": func(db *store.DB, k []byte, i int) { db.SetString(k, fmt.Appendf(nil, "%d", i), 0) },
	"list": func(db *store.DB, k []byte, _ int) {
		w := db.OpenList(k)
		for j := range 8 {
			w.Push(false, fmt.Appendf(nil, "item:%d", j))
		}
	},
	"set": func(db *store.DB, k []byte, _ int) {
		w := db.OpenSet(k)
		for j := range 8 {
			w.Add(fmt.Appendf(nil, "member:%d", j))
		}
	},
	"hash": func(db *store.DB, k []byte, _ int) {
		w := db.OpenHash(k)
		for j := range 8 {
			w.Set(fmt.Appendf(nil, "field:%d", j), []byte("value"))
		}
	},
	"zset": func(db *store.DB, k []byte, _ int) {
		w := db.OpenZSet(k)
		for j := range 8 {
			w.Set(fmt.Appendf(nil, "member:%d", j), float64(j)/3)
		}
	},
	"stream": func(db *store.DB, k []byte, i int) {
		s := &stream.Stream{}
		for j := range 8 {
			_ = s.Append(stream.ID{Ms: 5, Seq: uint64(j + 1)}, [][]byte{[]byte("f"), []byte("v")}, stream.DefaultLimits())
		}
		db.PutStream(k, s, 0)
	},
}

// TestSavingMakesLittleGarbage: what a snapshot of many keys allocates is what the collector has to do while clients are served.
func TestSavingMakesLittleGarbage(t *testing.T) {
	const keys = 1000
	// The walks of lists and sorted sets have room for a number's digits, and a stream is described by a value of its own.
	allowed := map[string]float64{"list": 1, "zset": 1, "stream": 2}
	for name, add := range smallKeys {
		st := newStore()
		for i := range keys {
			add(st.DB(0), fmt.Appendf(nil, "key:%d", i), i)
		}
		snap := st.Snapshot()
		w := NewWriter(io.Discard, WriterOptions{Checksum: true})
		must(t, w.Header())
		perKey := testing.AllocsPerRun(5, func() { must(t, SaveSnapshot(w, snap, SaveOptions{})) }) / keys
		assert.Less(t, perKey, allowed[name]+0.1, "allocations for each %s", name)
	}
}
