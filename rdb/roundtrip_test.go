package rdb

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/stream"
)

func TestChecksumCheckValue(t *testing.T) {
	t.Parallel()
	require.Equal(t, uint64(0xe9c6d914c4b8d9ca), checksum(0, []byte("123456789")))
	require.Equal(t, checksum(0, []byte("123456789")), checksum(checksum(0, []byte("1234")), []byte("56789")))
}

// key is a Key without attributes.
func key(name string) *Key {
	k := NewKey([]byte(name), 0)
	return &k
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// writeAll writes something of everything, streams of so many entries.
func writeAll(t testing.TB, w *Writer, entries int) {
	t.Helper()
	must(t,
		w.Aux([]byte("redis-ver"), []byte("7.2.4")),
		w.SelectDB(0), w.ResizeDB(10, 2),
		w.String(key("s"), []byte("value")),
		w.String(key(""), nil),
		w.String(&Key{Name: []byte("attrs"), ExpireAt: 1700000000123, Idle: 77, Freq: 200}, []byte("-129")),
		w.String(key("big"), bytes.Repeat([]byte("0123456789abcdef"), 16*entries)),
		w.BeginList(key("l"), 3), w.ListItem([]byte("a")), w.ListItem([]byte("12345")), w.ListItem([]byte("")), w.EndKey(),
		w.BeginList(key("lu"), UnknownLen), w.ListItem([]byte("x")), w.ListItem(bytes.Repeat([]byte("y"), 300)), w.EndKey(),
		w.BeginSet(key("set"), 2), w.SetMember([]byte("m")), w.SetMember([]byte("9")), w.EndKey(),
		w.Intset(key("ints"), []byte("\x02\x00\x00\x00\x03\x00\x00\x00\xff\xff\x01\x00\x02\x00")),
		w.SelectDB(9),
		w.BeginHash(key("h"), 2), w.HashField([]byte("f"), []byte("v")), w.HashField([]byte("g"), []byte("1")), w.EndKey(),
		w.BeginZSet(key("z"), 3), w.ZSetMember([]byte("p"), math.Inf(1)), w.ZSetMember([]byte("q"), 1.5),
		w.ZSetMember([]byte("r"), math.Inf(-1)), w.EndKey(),
		w.Stream(key("plain stream"), sampleStream(t, entries, false)),
		w.Stream(key("stream"), sampleStream(t, entries, true)),
		w.Stream(key("empty stream"), &stream.Stream{Counters: stream.Counters{LastID: stream.ID{Ms: 5, Seq: 6}, EntriesAdded: 9, MaxDeletedID: stream.ID{Ms: 5}}}),
	)
}

// sampleStream returns a stream with groups, of four entries at least. Without full, type
// 15 is able to hold it.
func sampleStream(t testing.TB, entries int, full bool) *stream.Stream {
	s := &stream.Stream{}
	for i := range uint64(entries) {
		pairs := [][]byte{[]byte("field"), strconv.AppendUint(nil, i, 10), []byte("other"), []byte("text")}
		if i%7 == 0 {
			pairs = append(pairs, []byte("n"), []byte("v"))
		}
		must(t, s.Append(stream.ID{Ms: 1000 + i/3, Seq: i % 3}, pairs, stream.DefaultLimits()))
	}
	g := stream.Group{
		Name: []byte("g"), LastID: s.FirstID, EntriesRead: 1,
		Pending: []stream.Pending{
			{ID: stream.ID{Ms: 1000, Seq: 0}, DeliveryTime: 1700000000000, DeliveryCount: 3, Consumer: 1},
			{ID: stream.ID{Ms: 1000, Seq: 1}, DeliveryTime: 1700000000001, DeliveryCount: 1, Consumer: 0},
			{ID: stream.ID{Ms: 1000, Seq: 2}, DeliveryTime: 1700000000002, DeliveryCount: 1 << 40, Consumer: 1},
		},
		Consumers: []stream.Consumer{
			{Name: []byte("alice"), SeenTime: 1700000000005, ActiveTime: 1700000000004},
			{Name: []byte("bob"), SeenTime: 1700000000007, ActiveTime: -1},
			{Name: []byte("idle"), SeenTime: 1700000000009, ActiveTime: -1},
		},
	}
	if full {
		s.EntriesAdded, s.MaxDeletedID = s.Length+50, stream.ID{Ms: 1001, Seq: 1}
		g.EntriesRead = stream.UnknownEntriesRead
	}
	s.Groups = []stream.Group{g, {Name: []byte("h"), LastID: s.LastID, EntriesRead: int64(s.EntriesAdded)}}
	must(t, s.Validate())
	return s
}

func allFile(t testing.TB, opts WriterOptions) []byte { return fileOf(t, opts, 250) }

// smallFile is for tests that read it again and again.
func smallFile(t testing.TB, opts WriterOptions) []byte { return fileOf(t, opts, 8) }

func fileOf(t testing.TB, opts WriterOptions, entries int) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf, opts)
	must(t, w.Header())
	if opts.Functions {
		must(t, w.Function([]byte("#!lua name=lib\nredis.register_function('f', function() return 1 end)")))
	}
	writeAll(t, w, entries)
	must(t, w.Close())
	require.EqualValues(t, buf.Len(), w.Written())
	return buf.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var want []string
	for _, opts := range []WriterOptions{
		{}, {Compress: true, Checksum: true}, {Checksum: true}, {ActiveTime: true, Checksum: true},
	} {
		file := allFile(t, opts)
		rec := newRecorder(t)
		r := NewReader(bytes.NewReader(file), ReaderOptions{})
		require.NoError(t, r.Read(rec))
		require.EqualValues(t, len(file), r.Offset())
		if want == nil {
			want = rec.lines
		}
		require.Equal(t, want, rec.lines)

		// Copying a file that was written plainly gives the same file.
		var again bytes.Buffer
		w := NewWriter(&again, opts)
		must(t, w.Header())
		require.NoError(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(w))
		must(t, w.Close())
		rec = newRecorder(t)
		require.NoError(t, NewReader(&again, ReaderOptions{}).Read(rec))
		require.Equal(t, want, rec.lines)
	}
}

func TestLZFRoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	z := new(lzf)
	for i := range 3000 {
		n := rng.IntN(3000)
		src := make([]byte, n)
		alphabet := 1 + rng.IntN(256)
		for j := range src {
			if j > 10 && rng.IntN(3) > 0 {
				src[j] = src[j-1-rng.IntN(10)]
			} else {
				src[j] = byte(rng.IntN(alphabet))
			}
		}
		packed := z.compress(src)
		if packed == nil {
			continue
		}
		require.LessOrEqual(t, len(packed), n-4)
		require.Equal(t, packed, new(lzf).compress(src), "depends on what came before")
		out, err := lzfDecompress(nil, packed, uint64(n))
		require.NoError(t, err, i)
		require.Equal(t, src, out)
		_, err = lzfDecompress(nil, packed, uint64(n)+1)
		require.ErrorIs(t, err, ErrCorrupt)
		_, err = lzfDecompress(nil, packed[:len(packed)-1], uint64(n))
		require.ErrorIs(t, err, ErrCorrupt)
	}
}
