// Package tracking keeps what server-assisted client-side caching needs to know: which clients may have which keys in their
// caches, and which prefixes of keys clients want to hear of. It knows nothing of connections: clients are numbers.
package tracking

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Table is the keys that clients have read, with the clients. It is safe for concurrent use: readers run side by side. Its
// lock is a leaf.
type Table struct {
	mu    sync.Mutex
	keys  map[string][]int64 // ids, each once
	items int                // ids in all
	bytes atomic.Int64       // about what all of it takes
	tries int                // Evict calls in a row that did not reach the limit
}

// Entry is a key and who may have it.
type Entry struct {
	Key string
	IDs []int64
}

// evictEffort is how many keys are given up in one go, times the number of times that was not enough.
const evictEffort = 100

// NewTable returns an empty table.
func NewTable() *Table { return &Table{keys: map[string][]int64{}} }

// Remember notes that a client has read a key.
func (t *Table) Remember(key []byte, id int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := t.keys[string(key)]
	if slices.Contains(ids, id) {
		return
	}
	t.keys[string(key)] = append(ids, id)
	t.items++
	if t.bytes.Add(perItem); ids == nil {
		t.bytes.Add(perKey + int64(len(key)))
	}
}

// Take removes a key, and returns who may have it.
func (t *Table) Take(key []byte) []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := t.keys[string(key)]
	if ids != nil {
		t.remove(string(key), ids)
	}
	return ids
}

// Evict removes keys at random while there are more than limit, and returns them. It gives up after a number of keys that
// grows from call to call, so that a command is not held up for long.
func (t *Table) Evict(limit int) (gone []Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.keys) <= limit {
		t.tries = 0
		return nil
	}
	t.tries++
	effort := evictEffort * t.tries
	for key, ids := range t.keys { // in an order that differs every time
		if effort == 0 {
			return gone
		}
		effort--
		t.remove(key, ids)
		gone = append(gone, Entry{key, ids})
		if len(t.keys) <= limit {
			break
		}
	}
	if len(t.keys) <= limit {
		t.tries = 0
	}
	return gone
}

// What a key and each of its clients take, in bytes, about.
const (
	perKey  = 64
	perItem = 8
)

func (t *Table) remove(key string, ids []int64) {
	delete(t.keys, key)
	t.items -= len(ids)
	t.bytes.Add(-int64(perKey + len(key) + perItem*len(ids)))
}

// Bytes returns about what the table takes, in bytes, without waiting for its lock.
func (t *Table) Bytes() int64 { return t.bytes.Load() }

// Clear forgets everything.
func (t *Table) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys, t.items, t.tries = map[string][]int64{}, 0, 0
	t.bytes.Store(0)
}

// Size returns the number of keys, and that of clients over all keys.
func (t *Table) Size() (keys, items int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.keys), t.items
}
