package check

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/rdb"
)

// sample returns a snapshot of a few keys.
func sample(t *testing.T) []byte {
	var file bytes.Buffer
	w := rdb.NewWriter(&file, rdb.WriterOptions{Checksum: true})
	k := func(name string, expire int64) *rdb.Key {
		key := rdb.NewKey([]byte(name), expire)
		return &key
	}
	for _, err := range []error{
		w.Header(), w.Aux([]byte("redis-ver"), []byte("7.2.4")), w.SelectDB(0), w.ResizeDB(2, 1),
		w.String(k("a", 0), []byte("1")), w.String(k("b", 1000), []byte("2")),
		w.SelectDB(3), w.BeginSet(k("s", 9e12), 2), w.SetMember([]byte("x")), w.SetMember([]byte("y")), w.EndKey(), w.Close(),
	} {
		require.NoError(t, err)
	}
	return file.Bytes()
}

func run(t *testing.T, content []byte, flags ...string) (string, error) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, content, 0o644))
	var out strings.Builder
	err := Run(append(flags, path), &out, time.Unix(1_700_000_000, 0))
	kept, rerr := os.ReadFile(path)
	require.NoError(t, rerr)
	require.Equal(t, content, kept)
	return out.String(), err
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	file := sample(t)
	out, err := run(t, file)
	require.NoError(t, err)
	for _, line := range []string{`"redis-ver" = "7.2.4"`, "database 0: 2 keys", "database 3: 1 keys", "2 strings\n", "1 sets of 2 elements",
		"3 keys, 2 with an expiry, 1 of them expired", "OK: the snapshot is whole"} {
		require.Contains(t, out, line)
	}
	out, err = run(t, append(bytes.Clone(file), "*1\r\n$4\r\nPING\r\n"...))
	require.NoError(t, err)
	require.Contains(t, out, "1 commands")
	_, err = run(t, append(bytes.Clone(file), 'x'))
	require.ErrorIs(t, err, ErrDamaged)
	for n := len(magic); n < len(file); n++ {
		out, err = run(t, file[:n])
		require.ErrorIs(t, err, ErrDamaged)
		require.Contains(t, out, "DAMAGED at offset ")
	}
	bad := bytes.Clone(file)
	bad[len(bad)-1] ^= 1
	out, err = run(t, bad, "--fix")
	require.ErrorIs(t, err, ErrDamaged)
	require.ErrorIs(t, err, ErrNoFix)
	require.Contains(t, out, "CRC error")
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	_, err := run(t, []byte("PING\r\n"))
	require.ErrorIs(t, err, ErrUnknown)
	_, err = run(t, []byte{}, "--nosuch")
	require.ErrorIs(t, err, ErrUsage)
	require.ErrorIs(t, Run([]string{filepath.Join(t.TempDir(), "none")}, os.Stdout, time.Now()), os.ErrNotExist)
	require.ErrorIs(t, Run(nil, os.Stdout, time.Now()), ErrUsage)
}

// set is SET of a key in the form of the file.
func set(key string) string { return "*3\r\n$3\r\nSET\r\n$1\r\n" + key + "\r\n$1\r\n1\r\n" }

func TestCommands(t *testing.T) {
	t.Parallel()
	const multi, exec = "*1\r\n$5\r\nMULTI\r\n", "*1\r\n$4\r\nEXEC\r\n"
	whole := set("a") + multi + set("b") + exec
	for name, tt := range map[string]struct {
		flags         []string
		content, kept string
		err           error
	}{
		"whole":            {nil, whole, whole, nil},
		"cut command":      {nil, whole + set("c")[:9], whole, ErrDamaged},
		"open transaction": {nil, whole + multi + set("c"), whole, ErrDamaged},
		"nested":           {nil, whole + multi + multi, whole, ErrDamaged},
		"lone EXEC":        {nil, whole + exec, whole, ErrDamaged},
		"garbage":          {nil, whole + "garbage", whole, ErrDamaged},
		"time":             {[]string{"--truncate-to-timestamp", "15"}, "#TS:10\r\n" + whole + "#TS:20\r\n" + set("c"), "#TS:10\r\n" + whole, nil},
		"early time":       {[]string{"--truncate-to-timestamp", "5"}, "#TS:10\r\n" + whole, "#TS:10\r\n" + whole, ErrNothing},
	} {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte(tt.content), 0o644))
		require.ErrorIs(t, Run(append(tt.flags, path), io.Discard, time.Now()), tt.err, name)
		if tt.flags == nil {
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, tt.content, string(kept), name)
			require.NoError(t, Run([]string{"--fix", path}, io.Discard, time.Now()), name)
		}
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, tt.kept, string(kept), name)
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		return path
	}
	write("a.base.rdb", string(sample(t)))
	write("a.1.incr", set("a"))
	last := write("a.2.incr", set("b")+"*1")
	write("a.2.incr", "#TS:1700000000\r\n"+set("b")+"#TS:1700003600\r\n"+set("b"))
	manifest := write("a.manifest", "file a.base.rdb seq 1 type b\nfile a.1.incr seq 1 type i\nfile a.2.incr seq 2 type i\n")
	var out strings.Builder
	require.NoError(t, Run([]string{manifest}, &out, time.Now()))
	require.Contains(t, out.String(), "2 commands\nwritten from 2023-11-14T22:13:20Z to 2023-11-14T23:13:20Z\n")
	write("a.2.incr", set("b")+"*1")
	require.ErrorIs(t, Run([]string{manifest}, io.Discard, time.Now()), ErrDamaged)
	require.NoError(t, Run([]string{"--fix", manifest}, io.Discard, time.Now()))
	kept, err := os.ReadFile(last)
	require.NoError(t, err)
	require.Equal(t, set("b"), string(kept))
	write("a.1.incr", set("a")+"*1")
	require.ErrorIs(t, Run([]string{"--fix", manifest}, io.Discard, time.Now()), ErrNotLast)
	require.ErrorIs(t, Run([]string{write("bad.manifest", "file nothing\n")}, io.Discard, time.Now()), ErrDamaged)
}
