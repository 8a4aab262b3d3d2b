package aof

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hostile are small files that announce much.
var hostile = []string{
	"*2147483648\r\n",
	"*2147483648\r\n$9223372036854775807\r\n",
	"*1\r\n$9223372036854775807\r\nabc",
	"*1000000000\r\n" + strings.Repeat("$0\r\n\r\n", 1000),
	"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$536870912\r\n",
	"#" + strings.Repeat("x", 4<<20),
	"*" + strings.Repeat("1", 4<<20),
}

// TestAnnouncedLengthsAreNotBelieved: what is set aside is bounded by what comes, not by what is announced. Not parallel: the
// allocations of the whole process are counted.
func TestAnnouncedLengthsAreNotBelieved(t *testing.T) {
	dir := t.TempDir()
	d := &Dir{FS: OS{}, Root: dir, Path: dir, Name: "a", Logf: quiet}
	m := &Manifest{}
	path := filepath.Join(dir, m.AddIncr("a").Name)
	for _, text := range hostile {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := d.Load(m, &recorder{}, LoadOptions{Logf: quiet})
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrLoad)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3<<20), "%.30q", text)
	}
}

func FuzzReader(f *testing.F) {
	file, _, _, _ := sample(6)
	f.Add(file)
	f.Add([]byte("*2147483647\r\n$9223372036854775807\r\n"))
	f.Add([]byte("#\n*1\n$0\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bufio.NewReader(bytes.NewReader(data)), 0)
		for at := int64(0); ; {
			rec, err := r.Next()
			if err == io.EOF {
				require.Equal(t, int64(len(data)), at)
				return
			}
			if err != nil {
				return
			}
			require.Equal(t, at, rec.Start)
			require.Greater(t, rec.End, rec.Start)
			at = rec.End
			n := 0
			for _, a := range rec.Args {
				n += len(a)
			}
			require.LessOrEqual(t, int64(n), rec.End-rec.Start)
		}
	})
}

// FuzzManifest feeds manifests to the parser. What it accepts is written as it was meant.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("file a.1.base.rdb seq 1 type b\nfile \"a b.1.incr.aof\" seq 1 type i\n# x\nfile a seq 2 type h\n"))
	f.Add([]byte("file a seq 9223372036854775807 type i\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			require.ErrorIs(t, err, ErrManifest)
			return
		}
		again, err := ParseManifest([]byte(m.String()))
		if m.Empty() && len(m.History) == 0 {
			return // of comments only
		}
		require.NoError(t, err, "%q", m)
		require.Equal(t, m.String(), again.String())
	})
}

// FuzzLoad loads files of any content: neither does it fail otherwise than by an error, nor is there more executed than the
// file has.
func FuzzLoad(f *testing.F) {
	file, _, _, _ := sample(6)
	f.Add(file, int64(0))
	f.Add(file, int64(1700000002))
	for _, text := range hostile[:5] {
		f.Add([]byte(text), int64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, until int64) {
		dir := t.TempDir()
		d := &Dir{FS: OS{}, Root: dir, Path: dir, Name: "a", Logf: quiet}
		m := &Manifest{}
		require.NoError(t, os.WriteFile(filepath.Join(dir, m.AddIncr("a").Name), data, 0o600))
		for _, truncate := range []bool{false, true} {
			r := &recorder{}
			found, err := d.Load(m, r, LoadOptions{Truncate: truncate, Until: Point{Time: until}, Logf: quiet})
			require.False(t, err == nil && r.open, "a transaction is left open")
			require.LessOrEqual(t, found.Size, int64(len(data)))
			executed := 0
			for _, line := range r.done {
				executed += len(line)
			}
			require.LessOrEqual(t, executed, len(data))
		}
	})
}
