package rdb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func readErr(t *testing.T, file []byte) error {
	t.Helper()
	return NewReader(bytes.NewReader(file), ReaderOptions{}).Read(newRecorder(t))
}

func TestHeader(t *testing.T) {
	t.Parallel()
	tail := "\xff\x00\x00\x00\x00\x00\x00\x00\x00"
	for header, want := range map[string]error{
		"REDIS0001": nil, "REDIS0004": nil, "REDIS0005": nil, "REDIS0011": nil,
		"REDIS0000": ErrVersion, "REDIS0012": ErrVersion, "REDIS9999": ErrVersion,
		"REDIS-001": ErrNotRDB, "REDIS 11 ": ErrNotRDB, "RADIS0011": ErrNotRDB, "redis0011": ErrNotRDB,
	} {
		err := readErr(t, []byte(header+tail))
		if want == nil {
			require.NoError(t, err, header)
			continue
		}
		require.ErrorIs(t, err, want, header)
	}
}

// again reads a file through a buffer that is made only once.
type again struct {
	from bytes.Reader
	br   bufio.Reader
}

func (a *again) read(file []byte, opts ReaderOptions) error {
	a.from.Reset(file)
	a.br.Reset(&a.from)
	return NewReader(&a.br, opts).Read(discard{})
}

// TestTruncated cuts a file with something of everything at every byte.
func TestTruncated(t *testing.T) {
	t.Parallel()
	file := smallFile(t, WriterOptions{Checksum: true, Compress: true, Functions: true})
	var a again
	for n := range file {
		err := a.read(file[:n], ReaderOptions{})
		require.ErrorIs(t, err, ErrTruncated, "cut at %d", n)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.LessOrEqual(t, e.Offset, int64(n))
	}
}

// TestBitFlips changes every bit of a file. With a checksum every change is
// found; without it the reader at least comes through.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	file := smallFile(t, WriterOptions{Checksum: true, Compress: true})
	sum := len(file) - 8
	const lastDigit = len("REDIS000") // some changes of it give another version that does as well
	var a again
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			if err := a.read(file, ReaderOptions{}); err == nil && i != lastDigit {
				require.Fail(t, "not found", "byte %d bit %d", i, bit)
			}
			if err := a.read(file, ReaderOptions{SkipChecksum: true}); err != nil && i >= sum {
				require.NoError(t, err)
			}
			file[i] ^= 1 << bit
		}
	}
}

func TestChecksumRules(t *testing.T) {
	t.Parallel()
	file := allFile(t, WriterOptions{Checksum: true})
	require.NoError(t, readErr(t, file))
	binary.LittleEndian.PutUint64(file[len(file)-8:], 1)
	require.ErrorIs(t, readErr(t, file), ErrChecksum)
	require.NoError(t, NewReader(bytes.NewReader(file), ReaderOptions{SkipChecksum: true}).Read(discard{}))
	binary.LittleEndian.PutUint64(file[len(file)-8:], 0) // none was computed
	require.NoError(t, readErr(t, file))
}

// TestConsumesExactly has other bytes follow the snapshot, through readers that
// give little at a time and through buffers of all kinds.
func TestConsumesExactly(t *testing.T) {
	t.Parallel()
	const after = "*1\r\n$4\r\nPING\r\n"
	file := allFile(t, WriterOptions{Checksum: true, Compress: true})
	want := newRecorder(t)
	require.NoError(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(want))
	both := func() io.Reader { return io.MultiReader(bytes.NewReader(file), strings.NewReader(after)) }
	for name, r := range map[string]io.Reader{
		"plain":     both(),
		"buffered":  bufio.NewReaderSize(both(), 16),
		"one byte":  iotest.OneByteReader(both()),
		"data, EOF": iotest.DataErrReader(both()),
	} {
		rec := newRecorder(t)
		reader := NewReader(r, ReaderOptions{})
		require.NoError(t, reader.Read(rec), name)
		require.Equal(t, want.lines, rec.lines, name)
		require.EqualValues(t, len(file), reader.Offset())
		tail := r
		if _, ok := r.(*bufio.Reader); !ok {
			tail = reader.Tail()
		}
		rest, err := io.ReadAll(tail)
		require.NoError(t, err)
		require.Equal(t, after, string(rest), name)
	}
}

// TestDoesNotWaitForMore reads from a connection that stays open and silent.
func TestDoesNotWaitForMore(t *testing.T) {
	t.Parallel()
	pr, pw := io.Pipe()
	file := allFile(t, WriterOptions{Checksum: true})
	go func() { _, _ = pw.Write(file) }()
	require.NoError(t, NewReader(pr, ReaderOptions{}).Read(discard{}))
	must(t, pr.Close())
}

func TestProgress(t *testing.T) {
	t.Parallel()
	file := allFile(t, WriterOptions{})
	var last int64
	r := NewReader(bytes.NewReader(file), ReaderOptions{Progress: func(n int64) {
		require.Greater(t, n, last)
		last = n
	}})
	require.NoError(t, r.Read(discard{}))
	require.EqualValues(t, len(file), last)
	require.Equal(t, 9, r.Version())
	require.ErrorIs(t, r.Read(discard{}), ErrSequence)
}

func TestErrorTellsWhere(t *testing.T) {
	t.Parallel()
	err := readErr(t, rawFile(9, typeListQuicklist2, []byte{1, 3, 1, 'x'}))
	require.EqualError(t, err, `rdb: offset 18 (key "k"): corrupt data: unknown list node container 3`)
	err = readErr(t, []byte("REDIS0009\xf4"))
	require.EqualError(t, err, `rdb: offset 10: corrupt data: unknown type or opcode 244`)
	err = readErr(t, nil)
	require.EqualError(t, err, `rdb: offset 0: unexpected end of data`)

	broken := errors.New("connection reset")
	err = NewReader(io.MultiReader(strings.NewReader("REDIS0009"), iotest.ErrReader(broken)), ReaderOptions{}).Read(discard{})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, ErrTruncated)
}

func TestSinkErrorEndsTheReading(t *testing.T) {
	t.Parallel()
	file := allFile(t, WriterOptions{Checksum: true})
	rec := newRecorder(t)
	rec.fail = ErrDuplicate
	err := NewReader(bytes.NewReader(file), ReaderOptions{}).Read(rec)
	require.ErrorIs(t, err, ErrDuplicate)
	require.ErrorIs(t, err, ErrCorrupt)
	require.Len(t, rec.lines, 1)
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	le := func(v int64) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(v))) }
	for attrs, want := range map[string]string{
		"\xfd\x01\x00\x00\x00":                     `"k" expire=1000`,
		"\xfd\xff\xff\xff\xff":                     `"k" expire=1`,
		"\xfc" + le(1700000000123):                 `"k" expire=1700000000123`,
		"\xfc" + le(-1):                            `"k"`,
		"\xfc" + le(0):                             `"k" expire=1`,
		"\xfc" + le(-5):                            `"k" expire=1`,
		"\xf8\x05":                                 `"k" idle=5`,
		"\xf8\x81\xff\xff\xff\xff\xff\xff\xff\xff": `"k" idle=9223372036854775807`,
		"\xf9\xff":                                 `"k" freq=255`,
		"\xfc" + le(7) + "\xf8\x01\xf9\x02":        `"k" expire=7 idle=1 freq=2`,
	} {
		file := "REDIS0009" + attrs + "\x00\x01k\x01v\x00\x01p\x01v\xff" + le(0)
		rec := newRecorder(t)
		require.NoError(t, NewReader(strings.NewReader(file), ReaderOptions{}).Read(rec), "%q", attrs)
		require.Equal(t, []string{"string " + want + `: "v"`, `string "p": "v"`}, rec.lines)
	}
}

// moduleID is the id of a module's name and format version.
func moduleID(name string, version uint64) uint64 {
	var id uint64
	for _, c := range []byte(name) {
		id = id<<6 | uint64(strings.IndexByte(moduleCharset, c))
	}
	return id<<10 | version
}

func TestModules(t *testing.T) {
	t.Parallel()
	aux := appendLength([]byte("REDIS0009\xf7"), moduleID("ReJSON-RL", 3))
	aux = append(aux, modulePartUint, 2, modulePartInt, 9, modulePartFloat, 1, 2, 3, 4, modulePartDouble, 1, 2, 3, 4, 5, 6, 7, 8,
		modulePartString, 3, 'a', 'b', 'c', modulePartEnd)
	aux = append(aux, "\x00\x01k\x01v\xff\x00\x00\x00\x00\x00\x00\x00\x00"...)
	rec := newRecorder(t)
	require.NoError(t, NewReader(bytes.NewReader(aux), ReaderOptions{}).Read(rec))
	require.Equal(t, []string{`string "k": "v"`}, rec.lines)
	for i, b := range aux {
		if b == modulePartDouble {
			aux[i] = 6
		}
	}
	require.ErrorIs(t, readErr(t, aux), ErrCorrupt)

	err := readErr(t, rawFile(9, typeModule2, appendLength(nil, moduleID("ReJSON-RL", 3))))
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "ReJSON-RL")
	require.ErrorIs(t, readErr(t, rawFile(9, typeModulePre, []byte{0})), ErrUnsupported)
	require.ErrorIs(t, readErr(t, []byte("REDIS0010\xf6")), ErrUnsupported)
}

// TestClaimsAreNotBelieved gives lengths of which nothing follows. The reader
// must neither set memory aside for them nor count up to them.
func TestClaimsAreNotBelieved(t *testing.T) {
	huge := appendLength(nil, math.MaxUint64)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for typ := byte(0); typ <= maxType; typ++ {
		require.Error(t, readErr(t, rawFile(9, typ, huge)))
		require.Error(t, readErr(t, rawFile(9, typ, append([]byte{1}, huge...))))
		lzf := append([]byte{encLZF}, huge...)
		require.Error(t, readErr(t, rawFile(9, typ, append(lzf, huge...))))
		lzf = append([]byte{encLZF, 1}, huge...)
		require.Error(t, readErr(t, rawFile(9, typ, append(lzf, 0))))
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
}

// TestLoadingBelievesNoClaims is the same for what puts the values into a store, and for the announced number of keys.
func TestLoadingBelievesNoClaims(t *testing.T) {
	huge := appendLength(nil, math.MaxUint64)
	million := appendLength(nil, 1_000_000_000)
	var files [][]byte
	for typ := byte(0); typ <= maxType; typ++ {
		for _, claim := range [][]byte{huge, million} {
			files = append(files, rawFile(9, typ, claim), rawFile(9, typ, append(claim[:len(claim):len(claim)], 1, 'a')))
		}
	}
	for _, claim := range [][]byte{huge, million} {
		resize := append([]byte("REDIS0009\xfe\x00\xfb"), claim...)
		files = append(files, append(resize, claim...))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, file := range files {
		l := NewLoader(newStore(), LoadOptions{Size: int64(len(file)), Bulk: true})
		require.Error(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(l))
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/uint64(len(files)), uint64(1<<20), "for each file")
}
