package rdb

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDumpRoundTrip(t *testing.T) {
	t.Parallel()
	d := NewDumper(WriterOptions{Compress: true})
	for name, c := range map[string]struct {
		fill    func(w *Writer) error
		version uint16
		want    string
	}{
		"string": {func(w *Writer) error { return w.String(nil, []byte("v")) }, plainVersion, `string "k" expire=5: "v"`},
		"list": {func(w *Writer) error {
			must(t, w.BeginList(nil, UnknownLen), w.ListItem([]byte("a")), w.ListItem(bytes.Repeat([]byte("b"), 100_000)))
			return w.EndKey()
		}, plainVersion, `list "k" expire=5: "a" ` + short(bytes.Repeat([]byte("b"), 100_000))},
		"zset": {func(w *Writer) error {
			must(t, w.BeginZSet(nil, 1), w.ZSetMember([]byte("m"), 1.5))
			return w.EndKey()
		}, plainVersion, `zset "k" expire=5: "m"@1.5`},
		"plain stream": {func(w *Writer) error { return w.Stream(nil, sampleStream(t, 8, false)) }, plainVersion,
			`stream "k" expire=5: ` + streamText(sampleStream(t, 8, false))},
		"stream": {func(w *Writer) error { return w.Stream(nil, sampleStream(t, 8, true)) }, functionsVersion,
			`stream "k" expire=5: ` + streamText(sampleStream(t, 8, true))},
	} {
		payload, err := d.Append([]byte("head"), c.fill)
		require.NoError(t, err, name)
		require.Equal(t, "head", string(payload[:4]))
		alone, err := AppendDump(nil, WriterOptions{Compress: true}, c.fill)
		require.NoError(t, err)
		require.Equal(t, alone, payload[4:], name)
		require.Equal(t, c.version, binary.LittleEndian.Uint16(alone[len(alone)-dumpTrailer:]), name)

		rec := newRecorder(t)
		k := NewKey([]byte("k"), 5)
		require.NoError(t, ReadDump(alone, &k, rec, ReaderOptions{}))
		require.Equal(t, []string{c.want}, rec.lines)

		body := alone[:len(alone)-dumpTrailer]
		for n := range body {
			err := ReadDump(sealed(body[:n], 9), &k, discard{}, ReaderOptions{})
			require.ErrorIs(t, err, ErrTruncated, "%s cut to %d", name, n)
			require.NotErrorIs(t, err, ErrDump)
		}
	}
}

func TestDumpMisuse(t *testing.T) {
	t.Parallel()
	d := NewDumper(WriterOptions{Functions: true})
	for name, fill := range map[string]func(w *Writer) error{
		"nothing":    func(*Writer) error { return nil },
		"two values": func(w *Writer) error { _ = w.String(nil, nil); return w.String(nil, nil) },
		"open":       func(w *Writer) error { return w.BeginSet(nil, 1) },
		"remark":     func(w *Writer) error { return w.Aux(nil, nil) },
		"header":     func(w *Writer) error { return w.Header() },
		"close":      func(w *Writer) error { return w.Close() },
		"swallowed":  func(w *Writer) error { _ = w.String(nil, nil); _ = w.EndKey(); return nil },
	} {
		out, err := d.Append([]byte("head"), fill)
		require.ErrorIs(t, err, ErrSequence, name)
		require.Equal(t, "head", string(out))
	}
}

func TestDumpFrame(t *testing.T) {
	t.Parallel()
	good := sealed([]byte("\x00\x01v"), 9)
	bad := func(change func(p []byte)) []byte {
		p := bytes.Clone(good)
		change(p)
		return p
	}
	wrongSum := bad(func(p []byte) { p[len(p)-1] ^= 1 })
	zeroSum := bad(func(p []byte) { clear(p[len(p)-8:]) })
	for name, c := range map[string]struct {
		payload     []byte
		skip        bool
		frame, data bool // which of them is wrong
	}{
		"good":                  {payload: good},
		"oldest":                {payload: sealed([]byte("\x00\x01v"), 0)},
		"newest":                {payload: sealed([]byte("\x00\x01v"), 11)},
		"too new":               {payload: sealed([]byte("\x00\x01v"), 12), frame: true},
		"too new, skipping":     {payload: sealed([]byte("\x00\x01v"), 12), skip: true, frame: true},
		"short":                 {payload: good[:9], frame: true},
		"short, skipping":       {payload: good[:9], skip: true, frame: true},
		"empty":                 {payload: nil, frame: true},
		"trailer alone":         {payload: sealed(nil, 9), data: true},
		"checksum":              {payload: wrongSum, frame: true},
		"checksum, skipping":    {payload: wrongSum, skip: true},
		"no checksum":           {payload: zeroSum, frame: true},
		"no checksum, skipping": {payload: zeroSum, skip: true},
		"opcode":                {payload: sealed([]byte{opEOF}, 9), data: true},
		"module":                {payload: sealed([]byte{typeModule2, 1}, 9), data: true},
		"bytes behind":          {payload: sealed([]byte("\x00\x01vrest"), 9)}, // Redis takes them too
	} {
		err := ReadDump(c.payload, key("k"), discard{}, ReaderOptions{SkipChecksum: c.skip})
		switch {
		case c.frame:
			require.ErrorIs(t, err, ErrDump, name)
		case c.data:
			require.Error(t, err, name)
			require.NotErrorIs(t, err, ErrDump, name)
		default:
			require.NoError(t, err, name)
		}
	}
}
