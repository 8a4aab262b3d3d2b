package hashtable

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// item is a key with a value that a snapshot must not see change.
type item struct {
	key   []byte
	value int
}

func (p *item) Key() []byte { return p.key }

// The hash functions of the tests, good and bad.
var (
	hashes = map[string]func([]byte) uint64{
		"good":       goodHash,
		"constant":   func([]byte) uint64 { return 0 },
		"all ones":   func([]byte) uint64 { return ^uint64(0) },
		"low bits":   func(key []byte) uint64 { return goodHash(key) >> 40 },
		"high bits":  func(key []byte) uint64 { return goodHash(key) &^ (1<<50 - 1) },
		"few values": func(key []byte) uint64 { return goodHash(key) % 7 * 0x2492492492492492 },
		"lopsided":   func(key []byte) uint64 { h := goodHash(key); return h >> (h & 3) },
	}
)

func goodHash(key []byte) uint64 {
	h := fnv.New64a()
	h.Write(key)
	x := h.Sum64() * 0x9e3779b97f4a7c15
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	return x ^ x>>32
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// model pairs a table with a map that must hold the same.
type model struct {
	t     *testing.T
	table *Table[*item]
	want  map[string]int
	fresh map[string]bool // keys put in since the last Freeze
}

func newModel(t *testing.T, hash func([]byte) uint64) *model {
	return &model{t: t, table: New[*item](hash), want: map[string]int{}, fresh: map[string]bool{}}
}

// sameItem checks that p is what the model has under key.
func (m *model) sameItem(key string, p *item) {
	m.t.Helper()
	want, ok := m.want[key]
	if ok != (p != nil) || ok && (key != string(p.key) || want != p.value) {
		require.Failf(m.t, "wrong item", "%q: got %v, want %d, %v", key, p, want, ok)
	}
}

func (m *model) set(key string, value int) {
	m.t.Helper()
	p := &item{[]byte(key), value}
	m.sameItem(key, m.table.Set(m.table.Hash(p.key), p))
	m.want[key], m.fresh[key] = value, true
}

// change writes as the store does: in place if the item is owned.
func (m *model) change(key string, value int) {
	m.t.Helper()
	k := []byte(key)
	h := m.table.Hash(k)
	p, owned := m.table.GetMut(h, k)
	m.sameItem(key, p)
	if owned {
		require.True(m.t, m.fresh[key], "%q is owned but not new", key)
		p.value = value
	} else {
		m.table.Find(h, k).Set(&item{k, value})
	}
	m.want[key], m.fresh[key] = value, true
}

func (m *model) delete(key string) {
	m.t.Helper()
	k := []byte(key)
	m.sameItem(key, m.table.Delete(m.table.Hash(k), k))
	delete(m.want, key)
}

func (m *model) get(key string) {
	m.t.Helper()
	k := []byte(key)
	m.sameItem(key, m.table.Get(m.table.Hash(k), k))
}

func (m *model) freeze() *Frozen[*item] {
	clear(m.fresh)
	return m.table.Freeze()
}

func (m *model) check() {
	m.t.Helper()
	require.NoError(m.t, m.table.Check())
	require.Equal(m.t, len(m.want), m.table.Len())
	sameItems(m.t, m.want, &m.table.directory)
}

func sameItems(t *testing.T, want map[string]int, d *directory[*item]) {
	t.Helper()
	require.Equal(t, len(want), d.Len())
	got := make(map[string]int, len(want))
	for p := range d.All() {
		got[string(p.key)] = p.value
	}
	require.Equal(t, want, got)
	n := 0
	for slots := range d.Pages() {
		n += len(slots)
	}
	require.Equal(t, len(want), n)
}

func TestModel(t *testing.T) {
	t.Parallel()
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, rnd := newModel(t, hash), newRand(1)
			type snapshot struct {
				frozen *Frozen[*item]
				want   map[string]int
			}
			var snapshots []snapshot
			// The size swings between nothing and ever greater numbers of keys.
			sizes := []int{1, 5, 30, 100, 700, 1500, 40}
			if name == "good" || name == "lopsided" {
				sizes = append(sizes, 40_000) // several segments
			}
			for round, keys := range sizes {
				for _, growing := range []int{8, 5, 2, 0} {
					for range keys * 2 {
						key := fmt.Sprint(rnd.IntN(keys))
						switch op := rnd.IntN(10); {
						case op < growing && op%2 == 0:
							m.set(key, rnd.Int())
						case op < growing:
							m.change(key, rnd.Int())
						case op == 9:
							m.get(key)
						default:
							m.delete(key)
						}
						if rnd.IntN(keys) == 0 {
							snapshots = append(snapshots, snapshot{m.freeze(), maps.Clone(m.want)})
						}
					}
					m.check()
				}
				for _, s := range snapshots[max(0, len(snapshots)-8):] {
					sameItems(t, s.want, &s.frozen.directory)
				}
				if round%2 == 1 {
					for key := range maps.Clone(m.want) {
						m.delete(key)
					}
					m.check()
					require.Nil(t, m.table.root)
				}
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	var table Table[*item]
	table.Init(goodHash)
	key := []byte("key")
	h := table.Hash(key)
	require.Zero(t, table.Len())
	require.Nil(t, table.Get(h, key))
	require.Nil(t, table.Delete(h, key))
	p, owned := table.GetMut(h, key)
	require.Nil(t, p)
	require.False(t, owned)
	require.Nil(t, table.Random(newRand(1).Uint64))
	require.Zero(t, table.Scan(0, func(*item) { t.Fail() }))
	require.Zero(t, table.Scan(1<<63, func(*item) { t.Fail() }))
	require.Empty(t, slices.Collect(table.All()))
	require.Zero(t, table.Freeze().Len())
	require.NoError(t, table.Check())
	require.Less(t, table.Bytes(), 150)
	table.Set(h, &item{key: key})
	require.NoError(t, table.Check())
	require.Less(t, table.Bytes(), 300)
}

func TestBreak(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	for i := range 1000 {
		table.Set(goodHash(fmt.Append(nil, i)), &item{key: fmt.Append(nil, i)})
	}
	n := 0
	for range table.All() {
		if n++; n == 2 {
			break
		}
	}
	for range table.Pages() {
		if n++; n == 4 {
			break
		}
	}
	require.Equal(t, 4, n)
}

func TestOwned(t *testing.T) {
	t.Parallel()
	table := New[*item](goodHash)
	keys := make([][]byte, 2000)
	owned := func(key []byte) bool {
		p, owned := table.GetMut(table.Hash(key), key)
		require.NotNil(t, p)
		return owned
	}
	for i := range keys {
		keys[i] = binary.BigEndian.AppendUint64(nil, uint64(i))
		table.Set(table.Hash(keys[i]), &item{key: keys[i]})
	}
	for _, key := range keys {
		require.True(t, owned(key), "splits keep what is owned")
	}
	frozen := table.Freeze()
	for _, key := range keys {
		require.False(t, owned(key))
	}
	for i, key := range keys {
		if i%3 == 0 {
			table.Find(table.Hash(key), key).Set(&item{key: key, value: 1})
		}
	}
	for i, key := range keys {
		require.Equal(t, i%3 == 0, owned(key), "owned are those put in, not their neighbours")
	}
	// Deletions move items within pages and merge pages.
	for i, key := range keys {
		if i%16 != 0 {
			require.NotNil(t, table.Delete(table.Hash(key), key))
		}
	}
	require.NoError(t, table.Check())
	for i := 0; i < len(keys); i += 16 {
		require.Equal(t, i%3 == 0, owned(keys[i]))
	}
	require.Equal(t, len(keys), frozen.Len())
	for _, key := range keys {
		require.Zero(t, frozen.Get(table.Hash(key), key).value)
	}
}
