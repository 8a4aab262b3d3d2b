package rdb

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/stream"
)

// encoded is a string as a Writer puts it.
func encoded(v string, compress bool) string {
	w := NewWriter(io.Discard, WriterOptions{Compress: compress})
	w.str([]byte(v))
	return string(w.buf)
}

func TestStringEncodings(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]string{
		"":             "\x00",
		"a":            "\x01a",
		"0":            "\xc0\x00",
		"127":          "\xc0\x7f",
		"-128":         "\xc0\x80",
		"128":          "\xc1\x80\x00",
		"-129":         "\xc1\x7f\xff",
		"32767":        "\xc1\xff\x7f",
		"32768":        "\xc2\x00\x80\x00\x00",
		"-32769":       "\xc2\xff\x7f\xff\xff",
		"2147483647":   "\xc2\xff\xff\xff\x7f",
		"-2147483648":  "\xc2\x00\x00\x00\x80",
		"2147483648":   "\x0a2147483648",
		"-2147483649":  "\x0b-2147483649",
		"00":           "\x0200",
		"-0":           "\x02-0",
		"+1":           "\x02+1",
		" 1":           "\x02 1",
		"99999999999":  "\x0b99999999999",
		"999999999999": "\x0c999999999999",
	} {
		require.Equal(t, want, encoded(v, true), v)
	}
	require.Equal(t, 20+1, len(encoded(strings.Repeat("a", 20), true)))
	require.Equal(t, "\xc3\x05\x15\x00a\xe0\x0b\x00", encoded(strings.Repeat("a", 21), true))
	require.Equal(t, 21+1, len(encoded(strings.Repeat("a", 21), false)))
	require.Equal(t, "\x3f", encoded(strings.Repeat("x", 63), false)[:1])
	require.Equal(t, "\x40\x40", encoded(strings.Repeat("x", 64), false)[:2])
	require.Equal(t, "\x7f\xff", encoded(strings.Repeat("x", 16383), false)[:2])
	require.Equal(t, "\x80\x00\x00\x40\x00", string(appendLength(nil, 16384)))
	require.Equal(t, "\x80\xff\xff\xff\xff", string(appendLength(nil, 1<<32-1)))
	require.Equal(t, "\x81\x00\x00\x00\x01\x00\x00\x00\x00", string(appendLength(nil, 1<<32)))
}

func TestVersionAndStreamType(t *testing.T) {
	t.Parallel()
	plain, full := sampleStream(t, 8, false), sampleStream(t, 8, true)
	moved := sampleStream(t, 8, false)
	moved.FirstID = stream.ID{Ms: 1}
	unread := sampleStream(t, 8, false)
	unread.Groups[1].EntriesRead = stream.UnknownEntriesRead
	for _, c := range []struct {
		opts    WriterOptions
		version string
		s       *stream.Stream
		typ     byte
	}{
		{WriterOptions{}, "REDIS0009", plain, typeStream},
		{WriterOptions{}, "REDIS0009", full, typeStream2},
		{WriterOptions{}, "REDIS0009", moved, typeStream2},
		{WriterOptions{}, "REDIS0009", unread, typeStream2},
		{WriterOptions{Functions: true}, "REDIS0010", plain, typeStream},
		{WriterOptions{ActiveTime: true}, "REDIS0011", plain, typeStream3},
	} {
		var buf bytes.Buffer
		w := NewWriter(&buf, c.opts)
		must(t, w.Header(), w.Stream(key("k"), c.s), w.Close())
		require.Equal(t, c.version, buf.String()[:headerSize])
		require.Equal(t, c.typ, buf.Bytes()[headerSize])
		require.Equal(t, c.version, "REDIS00"+strconv.Itoa(100 + w.Version())[1:])
		var got keepStream
		must(t, NewReader(&buf, ReaderOptions{}).Read(&got))
		require.Equal(t, streamText(c.s), streamText(got.s))
		if c.opts.ActiveTime {
			require.Equal(t, c.s.Groups[0].Consumers, got.s.Groups[0].Consumers)
		}
	}
}

// keepStream is a Sink that keeps the last stream.
type keepStream struct {
	discard
	s *stream.Stream
}

func (k *keepStream) Stream(_ *Key, s *stream.Stream) error { k.s = s; return nil }

func TestWriterMisuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(w *Writer) error
		want error
	}{
		"second header":        {func(w *Writer) error { return w.Header() }, ErrSequence},
		"item without a list":  {func(w *Writer) error { return w.ListItem(nil) }, ErrSequence},
		"end without a list":   {func(w *Writer) error { return w.EndKey() }, ErrSequence},
		"member of a list":     {func(w *Writer) error { _ = w.BeginList(key("k"), 1); return w.SetMember(nil) }, ErrSequence},
		"key within a list":    {func(w *Writer) error { _ = w.BeginList(key("k"), 1); return w.String(key("k"), nil) }, ErrSequence},
		"remark within a list": {func(w *Writer) error { _ = w.BeginList(key("k"), 1); return w.Aux(nil, nil) }, ErrSequence},
		"close within a list":  {func(w *Writer) error { _ = w.BeginList(key("k"), 1); return w.Close() }, ErrSequence},
		"too few":              {func(w *Writer) error { _ = w.BeginHash(key("k"), 1); return w.EndKey() }, ErrCount},
		"too many": {func(w *Writer) error {
			_ = w.BeginZSet(key("k"), 1)
			_ = w.ZSetMember(nil, 0)
			return w.ZSetMember(nil, 0)
		}, ErrCount},
		"none":            {func(w *Writer) error { return w.BeginSet(key("k"), 0) }, ErrCount},
		"none of unknown": {func(w *Writer) error { _ = w.BeginList(key("k"), UnknownLen); return w.EndKey() }, ErrCount},
		"function":        {func(w *Writer) error { return w.Function(nil) }, ErrNeeds},
		"pending of nobody": {func(w *Writer) error {
			s := sampleStream(t, 8, false)
			s.Groups[0].Pending[0].Consumer = 3
			return w.Stream(key("k"), s)
		}, ErrSequence},
	} {
		w := NewWriter(io.Discard, WriterOptions{})
		must(t, w.Header())
		require.ErrorIs(t, c.do(w), c.want, name)
		require.ErrorIs(t, w.Close(), c.want, "%s: must stick", name)
	}
}

type failAfter struct{ n int }

var errDisk = errors.New("no space")

func (f *failAfter) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestWriteErrorSticks(t *testing.T) {
	t.Parallel()
	w := NewWriter(&failAfter{100_000}, WriterOptions{})
	must(t, w.Header())
	var err error
	for range 100_000 {
		if err = w.String(key("key"), []byte("some value")); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, errDisk)
	require.ErrorIs(t, w.BeginSet(key("k"), 1), errDisk)
	require.ErrorIs(t, w.Flush(), errDisk)
	require.ErrorIs(t, w.Close(), errDisk)
}

// TestLongListOfUnknownLength has the list outgrow the buffer.
func TestLongListOfUnknownLength(t *testing.T) {
	t.Parallel()
	const n = 30_000
	write := func(announced uint64) []byte {
		var buf bytes.Buffer
		w := NewWriter(&buf, WriterOptions{Checksum: true})
		must(t, w.Header(), w.String(key("before"), []byte("x")), w.BeginList(key("k"), announced))
		for i := range n {
			must(t, w.ListItem(bytes.Repeat([]byte("e"), i%100)))
		}
		must(t, w.EndKey(), w.String(key("after"), []byte("x")), w.Close())
		return buf.Bytes()
	}
	require.Equal(t, write(n), write(UnknownLen))
}

func TestWriterDoesNotAllocatePerKey(t *testing.T) {
	w := NewWriter(io.Discard, WriterOptions{Compress: true, Checksum: true})
	must(t, w.Header())
	k, v := key("key:1234567890"), bytes.Repeat([]byte("value "), 10)
	number := []byte("12345")
	write := func() {
		_ = w.String(k, v)
		_ = w.BeginHash(k, 1)
		_ = w.HashField(number, v)
		_ = w.EndKey()
	}
	write()
	require.Zero(t, testing.AllocsPerRun(5000, write))
}
