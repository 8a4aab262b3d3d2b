package rdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store"
	"treedis/store/stream"
	"treedis/tests/harness"
)

func newStore() *store.Store {
	return store.New(store.Options{Databases: 16, Limits: store.DefaultLimits()})
}

// randomStore fills a store with keys of all types and sizes in some databases.
func randomStore(t *testing.T, seed uint64) *store.Store {
	r := rand.New(rand.NewPCG(seed, 11))
	st := newStore()
	value := func() []byte {
		switch r.IntN(6) {
		case 0, 1:
			return strconv.AppendInt(nil, r.Int64()>>r.IntN(64), 10)
		case 2:
			return bytes.Repeat([]byte("pack"), r.IntN(100))
		case 3:
			b := make([]byte, r.IntN(30))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			return b
		default:
			return fmt.Appendf(nil, "value:%d", r.IntN(1000))
		}
	}
	sizes := []int{1, 5, 100, 130, 600, 3000}
	for _, d := range []int{0, 3, 15} {
		db := st.DB(d)
		for i := range 60 {
			k := fmt.Appendf(nil, "key:%d:%d", d, i)
			n := sizes[r.IntN(len(sizes))]
			switch i % 6 {
			case 0:
				db.SetString(k, value(), 0)
			case 1:
				w := db.OpenList(k)
				for range n {
					w.Push(r.IntN(2) == 0, value())
				}
			case 2:
				w, ints := db.OpenSet(k), r.IntN(2) == 0
				for range n {
					if ints {
						w.Add(strconv.AppendInt(nil, r.Int64N(1<<40), 10))
					} else {
						w.Add(value())
					}
				}
			case 3:
				w := db.OpenHash(k)
				for range n {
					w.Set(value(), value())
				}
			case 4:
				w := db.OpenZSet(k)
				for range n {
					w.Set(value(), float64(r.IntN(1000))/8)
				}
			case 5:
				s := &stream.Stream{}
				for j := range n {
					require.NoError(t, s.Append(stream.ID{Ms: 5, Seq: uint64(j)}, [][]byte{[]byte("f"), value()}, stream.DefaultLimits()))
				}
				db.PutStream(k, s, 0)
			}
			if r.IntN(3) == 0 {
				db.SetExpire(k, 4102444800000+int64(i))
			}
		}
	}
	return st
}

func savedStore(t *testing.T, st *store.Store, o SaveOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, WriterOptions{Compress: true, Checksum: true})
	must(t, w.Header(), SaveSnapshot(w, st.Snapshot(), o), w.Close())
	return out.Bytes()
}

func loadedStore(t *testing.T, file []byte, o LoadOptions) *Loader {
	t.Helper()
	l := NewLoader(newStore(), o)
	l.st.Bulk(true)
	defer l.st.Bulk(false)
	require.NoError(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(l))
	require.NoError(t, l.End())
	return l
}

func TestStoreRoundTrip(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		st := randomStore(t, seed)
		file := savedStore(t, st, SaveOptions{})
		l := loadedStore(t, file, LoadOptions{})
		require.Equal(t, st.Len(), l.Keys)
		require.ElementsMatch(t, read(t, file).content(), read(t, savedStore(t, l.st, SaveOptions{})).content())
		bulk := loadedStore(t, file, LoadOptions{Bulk: true, Size: int64(len(file))})
		require.Equal(t, st.Len(), bulk.Keys)
		require.ElementsMatch(t, read(t, file).content(), read(t, savedStore(t, bulk.st, SaveOptions{})).content())
		for _, d := range []int{0, 3, 15} {
			for e := range st.DB(d).All() {
				require.Equal(t, e.Encoding(), l.st.DB(d).Peek(e.Key()).Encoding(), "%s", e.Key())
			}
		}
	}
}

// TestStoreAgainstRedis has a real server hold what our store held, and our store what the server did.
func TestStoreAgainstRedis(t *testing.T) {
	t.Parallel()
	st := randomStore(t, 77)
	file := savedStore(t, st, SaveOptions{})
	first := loaded(t, file)
	back := loadedStore(t, saved(t, first), LoadOptions{})
	require.Equal(t, st.Len(), back.Keys)
	require.ElementsMatch(t, read(t, file).content(), read(t, savedStore(t, back.st, SaveOptions{})).content())

	master := harness.Start(t, harness.Redis)
	fillPeer(t, master)
	master.Once(t, "FUNCTION", "FLUSH")
	ours := loadedStore(t, saved(t, master), LoadOptions{})
	harness.WaitSameData(t, master, loaded(t, savedStore(t, ours.st, SaveOptions{})))
}

func TestLoadOptions(t *testing.T) {
	t.Parallel()
	st := newStore()
	db := st.DB(2)
	db.SetString([]byte("gone"), []byte("x"), 1000)
	db.SetString([]byte("stays"), []byte("x"), 1001)
	w := db.OpenList([]byte("list"))
	w.PushBack([]byte("a"))
	db.SetExpire([]byte("list"), 5)
	file := savedStore(t, st, SaveOptions{})

	l := loadedStore(t, file, LoadOptions{DropExpiredAt: 1000})
	require.Equal(t, LoadCounts{Keys: 1, Expired: 2}, l.LoadCounts)
	require.EqualValues(t, 1001, l.st.DB(2).Peek([]byte("stays")).Expire())
	require.Nil(t, l.st.DB(2).Peek([]byte("list")))
	require.Equal(t, 3, loadedStore(t, file, LoadOptions{}).Keys)

	again := func(o LoadOptions) error {
		l := NewLoader(l.st, o)
		if err := NewReader(bytes.NewReader(file), ReaderOptions{}).Read(l); err != nil {
			return err
		}
		return l.End()
	}
	for _, bulk := range []bool{false, true} {
		require.ErrorIs(t, again(LoadOptions{Bulk: bulk}), ErrDuplicate)
		require.NoError(t, again(LoadOptions{Overwrite: true, Bulk: bulk}))
		require.Equal(t, 3, l.st.Len())
	}

	small := store.New(store.Options{Databases: 2, Limits: store.DefaultLimits()})
	require.ErrorIs(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(NewLoader(small, LoadOptions{})), ErrDatabase)
	lib := copied(t, allFile(t, WriterOptions{Functions: true}), WriterOptions{Functions: true})
	require.ErrorIs(t, NewReader(bytes.NewReader(lib), ReaderOptions{}).Read(NewLoader(newStore(), LoadOptions{})), ErrUnsupported)
}

// TestLoadDuplicates loads collections that name an element twice, which no server writes.
func TestLoadDuplicates(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(w *Writer) error{
		"set": func(w *Writer) error {
			return errors.Join(w.BeginSet(key("k"), 2), w.SetMember([]byte("a")), w.SetMember([]byte("a")))
		},
		"hash": func(w *Writer) error {
			return errors.Join(w.BeginHash(key("k"), 2), w.HashField([]byte("a"), nil), w.HashField([]byte("a"), nil))
		},
		"zset": func(w *Writer) error {
			return errors.Join(w.BeginZSet(key("k"), 2), w.ZSetMember([]byte("a"), 1), w.ZSetMember([]byte("a"), 2))
		},
	} {
		payload, err := AppendDump(nil, WriterOptions{}, func(w *Writer) error { return errors.Join(fill(w), w.EndKey()) })
		require.NoError(t, err)
		require.ErrorIs(t, ReadDump(payload, key("k"), NewLoader(newStore(), LoadOptions{}), ReaderOptions{}), ErrDuplicate, name)
	}
}

type fixedClock struct{}

func (fixedClock) IdleOrFreq(e *store.Entry) (int64, int) { return int64(len(e.Key())), -1 }

func TestSaveOptions(t *testing.T) {
	t.Parallel()
	st := newStore()
	for i := range 2 * progressKeys {
		st.DB(0).SetInt(fmt.Appendf(nil, "%0*d", 1+i%7, i), int64(i), 0)
	}
	var progress []int
	file := savedStore(t, st, SaveOptions{Clock: fixedClock{}, Progress: func(n int) { progress = append(progress, n) }})
	require.Contains(t, progress, progressKeys)
	require.Equal(t, st.Len(), progress[len(progress)-1])
	for _, line := range read(t, file).content()[1:] {
		require.Contains(t, line, " idle=")
	}
	told := 0
	loadedStore(t, file, LoadOptions{SetClock: func(e *store.Entry, idle int64, freq int) {
		require.EqualValues(t, len(e.Key()), idle)
		require.Equal(t, -1, freq)
		told++
	}})
	require.Equal(t, st.Len(), told)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := NewWriter(&bytes.Buffer{}, WriterOptions{})
	require.NoError(t, w.Header())
	require.ErrorIs(t, SaveSnapshot(w, st.Snapshot(), SaveOptions{Context: ctx}), context.Canceled)
}
