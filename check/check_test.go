package check

import (
	"bytes"
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
	out, err = run(t, append(bytes.Clone(file), 'x'))
	require.NoError(t, err)
	require.Contains(t, out, "more follows")
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
	_, err := run(t, []byte("*1\r\n$4\r\nPING\r\n"))
	require.ErrorIs(t, err, ErrUnknown)
	_, err = run(t, []byte{}, "--nosuch")
	require.ErrorIs(t, err, ErrUsage)
	require.ErrorIs(t, Run([]string{filepath.Join(t.TempDir(), "none")}, os.Stdout, time.Now()), os.ErrNotExist)
	require.ErrorIs(t, Run(nil, os.Stdout, time.Now()), ErrUsage)
}
