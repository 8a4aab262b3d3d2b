package aof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/repl"
	"treedis/server/resp"
)

func TestManifestRoundTrip(t *testing.T) {
	t.Parallel()
	text := "file a.7.base.rdb seq 7 type b\nfile a.2.incr.aof seq 2 type h\nfile a.3.incr.aof seq 3 type i\nfile \" x\\n.5.incr.aof\" seq 5 type i\n"
	m, err := ParseManifest([]byte("# a comment\n" + text))
	require.NoError(t, err)
	require.Equal(t, text, m.String())
	require.Equal(t, "a.6.incr.aof", m.AddIncr("a").Name)
	require.Equal(t, "a.8.base.aof", m.ReplaceBase("a", false).Name)
	m.Retire(6)
	require.Equal(t, "file a.8.base.aof seq 8 type b\nfile a.3.incr.aof seq 3 type h\nfile \" x\\n.5.incr.aof\" seq 5 type h\n"+
		"file a.7.base.rdb seq 7 type h\nfile a.2.incr.aof seq 2 type h\nfile a.6.incr.aof seq 6 type i\n", m.String())
}

func TestManifestFaults(t *testing.T) {
	t.Parallel()
	const ok = "file a seq 1 type i\n"
	for text, why := range map[string]string{
		"":                               "Found an empty AOF manifest",
		ok + "\n" + ok:                   badManifestLine,
		"filx a seq 1 type b\n":          badManifestLine,
		"file a type b\n":                badManifestLine,
		"file a seq 1 type b x\n":        badManifestLine,
		"file a seq x type b\n":          badManifestLine,
		"file a/b seq 1 type b\n":        "File can't be a path, just a filename",
		"file a seq 1 type x\n":          "Unknown AOF file type",
		ok + ok:                          "Found a non-monotonic sequence number",
		"file a seq 1 type i":            "The AOF manifest file contains too long line",
		strings.Repeat("x", 1100) + "\n": "The AOF manifest file contains too long line",
		strings.Repeat("file a seq 1 type b\n", 2): "Found duplicate base file information",
	} {
		_, err := ParseManifest([]byte(text))
		var fault *ManifestError
		require.ErrorAs(t, err, &fault, text)
		require.Equal(t, why, fault.Why, text)
		require.ErrorIs(t, err, ErrManifest)
	}
}

// recorder is a Target that keeps what it was given; of transactions, those that ended.
type recorder struct {
	done  []string
	multi []string
	open  bool
	ahead []string // the first byte of what Ahead was shown
}

func (r *recorder) LoadRDB(*bufio.Reader) (BaseInfo, error) {
	return BaseInfo{}, errors.New("a snapshot")
}
func (r *recorder) Ahead(raw []byte) { r.ahead = append(r.ahead, string(raw[:min(len(raw), 1)])) }
func (r *recorder) Pause()           {}
func (r *recorder) Drop()            { r.multi, r.open = nil, false }

func (r *recorder) Apply(args [][]byte) error {
	line := string(bytes.Join(args, []byte(" ")))
	switch line {
	case "MULTI":
		r.open = true
		return nil
	case "EXEC":
		r.done = append(r.done, strings.Join(r.multi, ";"))
		r.Drop()
		return nil
	case "BAD":
		return ErrUnknownCommand
	}
	if r.open {
		r.multi = append(r.multi, line)
	} else {
		r.done = append(r.done, line)
	}
	return nil
}

func quiet(repl.Level, string, ...any) {}

// sample is a file, and what is executed up to which of its offsets.
func sample(n int) (file []byte, upto []int, want []string, pos []int64) {
	cmd := func(words ...string) { file = resp.AppendCommandStrings(file, words...) }
	off := int64(100)
	file = append(file, Position{ID: strings.Repeat("a", 40), Offset: off}.Annotation()...)
	mark := func(s string, from int) {
		off += int64(len(file) - from)
		upto, want, pos = append(upto, len(file)), append(want, s), append(pos, off)
	}
	for i := range n {
		from := len(file)
		switch i % 3 {
		case 0:
			cmd("SET", fmt.Sprint("k", i), "v\r\n*1")
			mark(fmt.Sprint("SET k", i, " v\r\n*1"), from)
		case 1:
			cmd("MULTI")
			cmd("INCR", fmt.Sprint("a", i))
			cmd("INCR", fmt.Sprint("b", i))
			cmd("EXEC")
			mark(fmt.Sprint("INCR a", i, ";INCR b", i), from)
		case 2:
			file = append(file, TimeAnnotation(int64(1700000000+i))...)
			from = len(file)
			cmd("DEL", "")
			mark("DEL ", from)
		}
	}
	return file, upto, want, pos
}

// A file cut at any byte brings back a prefix of what was written to it, is cut to that, and knows its position.
func TestEveryCut(t *testing.T) {
	t.Parallel()
	file, upto, want, pos := sample(30)
	dir := t.TempDir()
	d := &Dir{FS: OS{}, Root: dir, Path: dir, Name: "a", Logf: quiet}
	m := &Manifest{}
	name := m.AddIncr("a").Name
	for cut := max(1, len(file)-1024); cut <= len(file); cut++ {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), file[:cut], 0o644))
		whole := 0
		for whole < len(upto) && upto[whole] <= cut {
			whole++
		}
		r := &recorder{}
		found, err := d.Load(m, r, LoadOptions{Truncate: true, Logf: quiet})
		require.NoError(t, err, cut)
		require.Equal(t, want[:whole], r.done, cut)
		require.Equal(t, pos[whole-1], found.Position.Offset, cut)
		size, err := d.Size(name)
		require.NoError(t, err)
		require.Equal(t, found.Size, size)
		again := &recorder{}
		_, err = d.Load(m, again, LoadOptions{Logf: quiet})
		require.NoError(t, err, "what is left is whole")
		require.Equal(t, r.done, again.done)
	}
}

func TestWhatCannotBeLoaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &Dir{FS: OS{}, Root: dir, Path: dir, Name: "a", Logf: quiet}
	m := &Manifest{}
	one, two := m.AddIncr("a").Name, m.AddIncr("a").Name
	put := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	put(two, "")
	for text, cause := range map[string]error{
		"*1\r\n$3\r\nBAD\r\n": ErrUnknownCommand,
		"!!!":                 ErrFormat,
		"*0\r\n":              ErrFormat,
		"*1\r\n!3\r\n":        ErrFormat,
		"*1\r\n$-3\r\n":       ErrFormat,
		"*1\r\n$3\r\nab":      ErrTruncated, // not the last file
	} {
		put(one, text)
		_, err := d.Load(m, &recorder{}, LoadOptions{Truncate: true, Logf: quiet})
		require.ErrorIs(t, err, ErrLoad, text)
		require.ErrorIs(t, err, cause, text)
	}
	require.NoError(t, os.Remove(filepath.Join(dir, one)))
	_, err := d.Load(m, &recorder{}, LoadOptions{Logf: quiet})
	require.ErrorIs(t, err, os.ErrNotExist)
}
