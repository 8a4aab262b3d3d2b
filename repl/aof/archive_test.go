package aof

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	idA = strings.Repeat("a", 40)
	idB = strings.Repeat("b", 40)
)

// archived is a log that has been written to files, with annotations between.
type archived struct {
	t       *testing.T
	dir     *Dir
	a       *Archive
	log     []byte // all of it
	file    []byte
	name    string
	seq     int
	limit   int64
	wanted  bool
	written int64
}

func newArchived(t *testing.T) *archived {
	w := &archived{t: t, limit: 1 << 30, wanted: true}
	path := t.TempDir()
	w.dir = &Dir{FS: OS{}, Root: path, Path: path, Name: "a", Logf: quiet}
	w.a = NewArchive(ArchiveOptions{
		Written: func() int64 { return w.written },
		Limit:   func() int64 { return w.limit },
		Wanted:  func() bool { return w.wanted },
	})
	w.dir.Retain = w.a.Retain
	return w
}

// next begins another file.
func (w *archived) next() string {
	w.seq++
	w.name, w.file = fmt.Sprintf("a.%d.incr.aof", w.seq), nil
	w.flush()
	return w.name
}

func (w *archived) flush() {
	require.NoError(w.t, os.WriteFile(w.dir.path(w.name), w.file, 0o644))
	w.written = int64(len(w.log))
}

// log appends a command to the log and to the file.
func (w *archived) append(args ...string) {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, arg := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	w.log, w.file = append(w.log, b...), append(w.file, b...)
}

// annotate appends to the file only.
func (w *archived) annotate(b []byte) { w.file = append(w.file, b...) }

func (w *archived) at(id string) Position { return Position{ID: id, Offset: int64(len(w.log))} }

// fill writes some of everything.
func (w *archived) fill(rnd *rand.Rand, id string) {
	for range 50 {
		switch rnd.IntN(6) {
		case 0:
			w.annotate(TimeAnnotation(rnd.Int64N(1 << 40)))
		case 1:
			w.annotate(w.at(id).Annotation())
		case 2:
			w.append("PING")
		case 3:
			w.append("REPLCONF", "GETACK", "*")
		default:
			w.append("SET", "#TS:1", strings.Repeat("\n#REPL:*\r\n", rnd.IntN(300)), "")
		}
	}
	w.flush()
}

// read returns what the archive has from an offset on, in pieces of a size.
func (w *archived) read(offset int64, size int) []byte {
	w.t.Helper()
	r, ok := w.a.Open(offset)
	require.True(w.t, ok, "offset %d", offset)
	defer r.Close()
	var all []byte
	for p := make([]byte, size); ; {
		n, err := r.Read(p)
		require.NoError(w.t, err, "offset %d", offset)
		if n == 0 {
			require.Equal(w.t, r.Pos(), offset+int64(len(all)))
			return all
		}
		all = append(all, p[:n]...)
	}
}

// TestArchiveIsTheLog: what is read from files equals the log, from every offset on, whatever the files hold beside it.
func TestArchiveIsTheLog(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	w := newArchived(t)
	w.a.Continue(w.dir, []Span{{Name: w.next(), Start: w.at(idA)}})
	w.fill(rnd, idA)
	// As a replica, which selects a database at the beginning of a file.
	w.a.Switch(w.dir, w.next(), w.at(idA))
	w.annotate(TimeAnnotation(5))
	w.annotate([]byte("*2\r\n$6\r\nSELECT\r\n$2\r\n10\r\n"))
	w.annotate(w.at(idA).Annotation())
	w.fill(rnd, idA)
	w.a.Switch(w.dir, w.next(), w.at(idB))
	w.fill(rnd, idB)
	w.append("SELECT", "3") // which is the master's own
	w.fill(rnd, idB)
	for _, size := range []int{1 << 20, 7} {
		require.True(t, bytes.Equal(w.log, w.read(0, size)))
	}
	for range 200 {
		at := rnd.Int64N(int64(len(w.log)) + 1)
		require.True(t, bytes.Equal(w.log[at:], w.read(at, 1000)), "from offset %d", at)
	}
	_, ok := w.a.Open(int64(len(w.log)) + 1)
	require.False(t, ok)

	r, _ := w.a.Open(0)
	defer r.Close()
	w.a.Clear()
	_, err := r.Read(make([]byte, 10))
	require.ErrorIs(t, err, ErrArchive)
	_, ok = w.a.Open(0)
	require.False(t, ok)
}

// TestArchiveOfDamage: what is no log in a file ends the reading with an error.
func TestArchiveOfDamage(t *testing.T) {
	t.Parallel()
	for _, damage := range []string{"\n", "\r\n", "*\r\n", "x\r\n", "*-1\r\n", "$1\r\n", "*1\r\n\n", "*1\r\n#\r\n", "*1\r\n$\r\n", "*1\r\n$-1\r\n",
		"*1\r\n$9223372036854775807\r\n", strings.Repeat("*", maxLine)} {
		w := newArchived(t)
		w.a.Continue(w.dir, []Span{{Name: w.next(), Start: w.at(idA)}})
		w.append("PING")
		w.file, w.log = append(w.file, damage...), append(w.log, damage...)
		w.flush()
		r, ok := w.a.Open(0)
		require.True(t, ok)
		_, err := r.Read(make([]byte, 1<<16))
		for err == nil && r.Pos() < w.written {
			_, err = r.Read(make([]byte, 1<<16))
		}
		require.ErrorIs(t, err, ErrFormat, "%q", damage)
		r.Close()
	}
}

// slowFile is a file whose reading waits.
type slowFile struct {
	File
	read   chan struct{} // gets one for each reading that begins; taking another lets it go on
	closed chan struct{}
}

func (f slowFile) Read(p []byte) (int, error) {
	f.read <- struct{}{}
	f.read <- struct{}{}
	return f.File.Read(p)
}

func (f slowFile) Close() error {
	close(f.closed)
	return f.File.Close()
}

type slowFS struct {
	OS
	f slowFile
}

func (s *slowFS) OpenFile(path string, flag int) (File, error) {
	f, err := s.OS.OpenFile(path, flag)
	s.f.File = f
	return s.f, err
}

// TestArchiveGivesUpWhole: when an increment is not to be kept, neither are those before it.
func TestArchiveGivesUpWhole(t *testing.T) {
	t.Parallel()
	w := newArchived(t)
	m := &Manifest{}
	for range 3 {
		m.AddIncr("a")
		w.a.Switch(w.dir, w.next(), w.at(idA))
		w.append("PING")
		w.flush()
	}
	m.Retire(m.Incrs[1].Seq)
	m = w.dir.RemoveHistory(m)
	kept, err := filepath.Glob(w.dir.path("*" + keptSuffix))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	w.limit = 1
	m.Retire(m.Incrs[1].Seq)
	w.dir.RemoveHistory(m)
	kept, err = filepath.Glob(w.dir.path("*" + keptSuffix))
	require.NoError(t, err)
	require.Empty(t, kept)
	_, ok := w.a.Open(w.written)
	require.True(t, ok)
}

// TestArchiveReaderCloses: who closes a reader, with locks held, does not wait for the disk.
func TestArchiveReaderCloses(t *testing.T) {
	t.Parallel()
	w := newArchived(t)
	w.a.Continue(w.dir, []Span{{Name: w.next(), Start: w.at(idA)}})
	w.append("PING")
	w.flush()
	f := slowFile{read: make(chan struct{}), closed: make(chan struct{})}
	w.dir.FS = &slowFS{f: f}
	r, ok := w.a.Open(0)
	require.True(t, ok)
	failed := make(chan error)
	go func() {
		_, err := r.Read(make([]byte, 10))
		failed <- err
	}()
	<-f.read
	r.Close()
	go func() {
		for {
			select {
			case <-f.read:
			case <-f.closed:
				return
			}
		}
	}()
	require.ErrorIs(t, <-failed, ErrClosed)
	<-f.closed
	_, err := r.Read(make([]byte, 10))
	require.ErrorIs(t, err, ErrClosed)
}

// TestArchiveKeepsFiles: what a rewrite removes is kept for replicas as far as the limit goes, read on by those who are at it, and
// found again after a restart.
func TestArchiveKeepsFiles(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	w := newArchived(t)
	m := &Manifest{}
	var starts []int64
	for range 4 {
		incr := m.AddIncr("a")
		w.next()
		require.Equal(t, incr.Name, w.name)
		starts = append(starts, int64(len(w.log)))
		w.a.Switch(w.dir, w.name, w.at(idA))
		w.fill(rnd, idA)
	}
	reader, ok := w.a.Open(10)
	require.True(t, ok)
	defer reader.Close()
	part := make([]byte, 100)
	_, err := reader.Read(part)
	require.NoError(t, err)

	m.Retire(m.Incrs[3].Seq)
	require.Len(t, m.History, 3)
	m = w.dir.RemoveHistory(m)
	require.Empty(t, m.History)
	left, err := filepath.Glob(w.dir.path("*.incr.aof"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, w.log, w.read(0, 1000))

	// After a restart: the manifest's files are known from their loading.
	again := newArchived(t)
	*again.dir = Dir{FS: OS{}, Root: w.dir.Root, Path: w.dir.Path, Name: "a", Logf: quiet, Retain: again.a.Retain}
	again.written = w.written
	last := Span{Name: w.name, Start: Position{idA, starts[3]}, End: w.at(idA)}
	again.a.Continue(again.dir, []Span{last})
	require.Equal(t, w.log[5:], again.read(5, 1000))

	w.limit = int64(len(w.log)) - starts[2] // one kept file is enough
	w.a.Trim()
	kept, err := filepath.Glob(w.dir.path("*" + keptSuffix))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.Equal(t, w.log[starts[2]:], w.read(starts[2], 1000))
	_, ok = w.a.Open(starts[2] - 1)
	require.False(t, ok)
	for n := 100; err == nil; { // what the reader is at goes on to the file's end
		n, err = reader.Read(part)
		require.True(t, err != nil || n > 0)
	}
	require.ErrorIs(t, err, ErrArchive)
	require.GreaterOrEqual(t, reader.Pos(), starts[1])

	// Another history leads nowhere: its files go.
	other := newArchived(t)
	*other.dir = *again.dir
	other.a.Continue(other.dir, []Span{{Name: w.name, Start: Position{idB, starts[3]}}})
	kept, err = filepath.Glob(w.dir.path("*" + keptSuffix))
	require.NoError(t, err)
	require.Empty(t, kept)
}
