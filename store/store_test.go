package store

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func newTestStore() *Store { return New(Options{Databases: 2, Limits: DefaultLimits()}) }

// checkDB walks the invariants that tie a database's indexes together.
func checkDB(t testing.TB, db *DB) {
	require.NoError(t, db.keys.Check())
	require.NoError(t, db.expires.Check())
	expires, size := 0, 0
	db.settle()
	for e := range db.keys.All() {
		if size += e.MemoryUsage(); !e.flat() {
			size -= e.MemoryUsage() % countUnit
		}
		x := db.expires.Get(db.keys.Hash(e.Key()), e.Key())
		if e.Expire() != 0 {
			expires++
			require.Same(t, e, x, "the expiry index holds the key's own entry")
		} else {
			require.Nil(t, x)
		}
	}
	require.Equal(t, expires, db.Expires())
	require.Equal(t, size, db.entries, "the memory of the entries")
	require.Equal(t, db.Len(), db.order.Len())
	var last string
	first := true
	db.Ascend(nil, nil, func(k []byte) bool {
		require.True(t, first || string(k) > last)
		require.NotNil(t, db.Peek(k))
		last, first = string(k), false
		return true
	})
}

func text(e *Entry) string {
	var scratch [20]byte
	return string(e.Bytes(&scratch))
}

func TestStringEncodings(t *testing.T) {
	t.Parallel()
	long := make([]byte, maxFlatValue+1)
	for _, c := range []struct {
		val string
		enc Encoding
	}{
		{"", EncEmbstr}, {"0", EncInt}, {"-1", EncInt}, {"-0", EncEmbstr}, {"01", EncEmbstr}, {"+1", EncEmbstr},
		{"9223372036854775807", EncInt}, {"9223372036854775808", EncEmbstr},
		{"-9223372036854775808", EncInt}, {"-9223372036854775809", EncEmbstr},
		{"99999999999999999999", EncEmbstr}, {"-", EncEmbstr}, {"1x", EncEmbstr},
		{fmt.Sprintf("%044d", 1), EncEmbstr}, {fmt.Sprintf("%045d", 1), EncRaw}, {string(long), EncRaw},
	} {
		db := newTestStore().DB(0)
		e := db.SetString([]byte("k"), []byte(c.val), 0)
		require.Equal(t, c.enc, e.Encoding(), c.val)
		require.Equal(t, c.val, text(e))
		require.Equal(t, len(c.val), e.StringLen())
		require.Equal(t, "k", string(e.Key()))
	}
}

func TestMutableString(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"", "12345", "hello", string(make([]byte, maxFlatValue-1)), string(make([]byte, maxFlatValue+10))} {
		for _, n := range []int{0, 3, 8, 100, maxFlatValue, maxFlatValue + 1, 3 * maxFlatValue} {
			db := newTestStore().DB(0)
			if start != "" {
				db.SetString([]byte("k"), []byte(start), 99)
			}
			want := append([]byte(start), make([]byte, max(0, n-len(start)))...)[:n]
			require.Equal(t, want, append([]byte{}, db.MutableString([]byte("k"), n)...))
			e := db.Peek([]byte("k"))
			require.Equal(t, string(want), text(e))
			require.Equal(t, EncRaw, e.Encoding())
			if start != "" {
				require.EqualValues(t, 99, e.Expire())
			}
			checkDB(t, db)
		}
	}
}

// TestRandomOperations drives two databases against maps, with snapshots that must not change.
func TestRandomOperations(t *testing.T) {
	t.Parallel()
	type value struct {
		val    string
		expire int64
	}
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := newTestStore()
		model := []map[string]value{{}, {}}
		type frozen struct {
			snap *Snapshot
			want []map[string]value
		}
		var snaps []frozen
		for range 20000 {
			d := r.IntN(2)
			db, m := s.DB(d), model[d]
			k := fmt.Sprintf("k%d", r.IntN(300))
			key := []byte(k)
			val := fmt.Sprintf("%0*d", 1+r.IntN(40), r.IntN(1000))
			if r.IntN(200) == 0 {
				val = string(make([]byte, maxFlatValue+r.IntN(10)-5))
			}
			v, exists := m[k]
			switch r.IntN(9) {
			case 0, 1:
				db.SetString(key, []byte(val), 0)
				m[k] = value{val, 0}
			case 2:
				at := int64(1 + r.IntN(1000))
				db.SetString(key, []byte(val), at)
				m[k] = value{val, at}
			case 3:
				db.SetString(key, []byte(val), KeepTTL)
				m[k] = value{val, v.expire}
			case 4:
				require.Equal(t, exists, db.Delete(key))
				delete(m, k)
			case 5:
				at := int64(r.IntN(3))
				require.Equal(t, exists, db.SetExpire(key, at))
				if exists {
					m[k] = value{v.val, at}
				}
			case 6:
				b := db.MutableString(key, len(v.val)+len(val))
				copy(b[len(v.val):], val)
				m[k] = value{v.val + val, v.expire}
				if len(m[k].val) > 2*maxFlatValue {
					db.Delete(key)
					delete(m, k)
				}
			case 7:
				to := fmt.Sprintf("k%d", r.IntN(300))
				if to != k {
					require.Equal(t, exists, db.Rename(key, []byte(to)))
					if exists {
						delete(m, k)
						m[to] = v
					}
				}
			case 8:
				if exists {
					db.CopyTo(db.Peek(key), s.DB(1-d), key)
					model[1-d][k] = v
				}
			}
			if r.IntN(2000) == 0 {
				f := frozen{snap: s.Snapshot()}
				for _, m := range model {
					c := map[string]value{}
					for k, v := range m {
						c[k] = v
					}
					f.want = append(f.want, c)
				}
				snaps = append(snaps, f)
			}
			if r.IntN(4000) == 0 {
				s.Swap(0, 1)
				model[0], model[1] = model[1], model[0]
			}
		}
		same := func(want map[string]value, all func(func(*Entry) bool)) {
			got := map[string]value{}
			for e := range all {
				got[string(e.Key())] = value{text(e), e.Expire()}
			}
			require.Equal(t, want, got)
		}
		for d := range 2 {
			checkDB(t, s.DB(d))
			same(model[d], s.DB(d).All())
			for _, f := range snaps {
				same(f.want[d], f.snap.All(d))
				keys, expires := f.snap.Len(d)
				require.Equal(t, len(f.want[d]), keys)
				n := 0
				for _, v := range f.want[d] {
					if v.expire != 0 {
						n++
					}
				}
				require.Equal(t, n, expires)
			}
		}
	}
}

// TestSnapshotWhileWriting is for the race detector: a snapshot is read with no lock.
func TestSnapshotWhileWriting(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	db := s.DB(0)
	key := func(i int) []byte { return fmt.Appendf(nil, "key%d", i) }
	for i := range 2000 {
		db.SetInt(key(i), 1, int64(i%2)*1000)
	}
	var wg sync.WaitGroup
	for round := range 3 {
		snap := s.Snapshot()
		wg.Go(func() {
			n := 0
			for e := range snap.All(0) {
				v, ok := e.Int()
				require.True(t, ok)
				require.EqualValues(t, round+1, v)
				e.SetClock(uint32(round))
				n++
			}
			require.Equal(t, 2000, n)
		})
		for i := range 2000 {
			db.SetInt(key(i), int64(round+2), KeepTTL)
			db.Peek(key(i)).SetClock(9)
		}
	}
	wg.Wait()
	checkDB(t, db)
}

func TestFlush(t *testing.T) {
	t.Parallel()
	s := newTestStore()
	s.DB(0).SetInt([]byte("a"), 1, 0)
	s.DB(1).SetInt([]byte("b"), 1, 5)
	snap := s.Snapshot()
	require.Equal(t, 2, s.Flush())
	require.Zero(t, s.Len())
	require.Zero(t, s.DB(1).Expires())
	n, _ := snap.Len(0)
	require.Equal(t, 1, n)
	checkDB(t, s.DB(1))
}
