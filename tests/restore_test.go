package tests

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// appendOnlyFiles makes a directory with the append-only files of a server that wrote k=1 on 2 January 2026 at noon, and k=2 an hour
// later.
func appendOnlyFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := filepath.Join(dir, "appendonlydir")
	require.NoError(t, os.Mkdir(files, 0o700))
	set := func(value string) string { return string(harness.AppendCommand(nil, "SET", "k", value)) }
	for name, text := range map[string]string{
		"appendonly.aof.1.base.aof": "#TS:1767349800\r\n",
		"appendonly.aof.1.incr.aof": "#TS:1767355200\r\n" + set("1") + "#TS:1767358800\r\n" + set("2"),
		"appendonly.aof.manifest":   "file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(files, name), []byte(text), 0o600))
	}
	return dir
}

// TestRestoreTo: a server goes back to an instant between two writes; a restart without the option goes on from there.
func TestRestoreTo(t *testing.T) {
	t.Parallel()
	for _, instant := range []string{"2026-01-02T12:30:00Z", "2026-01-02T13:30:00+01:00"} {
		dir := appendOnlyFiles(t)
		s := harness.Start(t, harness.Treedis, harness.Dir(dir), harness.Args("--appendonly", "yes", "--restore-to", instant))
		require.Equal(t, "1", s.Once(t, "GET", "k").Text)
		s.WaitLog(t, "Restored the data as of 2026-01-02T12:30:00Z: 1 keys.")
		require.Equal(t, "OK", s.Once(t, "SET", "later", "x").Text)
		s.Stop(t)
		s = harness.Start(t, harness.Treedis, harness.Dir(dir), harness.Args("--appendonly", "yes"))
		require.Equal(t, "1", s.Once(t, "GET", "k").Text)
		require.Equal(t, "x", s.Once(t, "GET", "later").Text)
	}
}

// TestRestoreToOffset: what INFO said was the offset brings back what there was then. A replica that was further has to copy it all.
func TestRestoreToOffset(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis, harness.Args("--appendonly", "yes"))
	r := harness.Start(t, harness.Treedis, harness.Args("--replicaof", "127.0.0.1 "+strconv.Itoa(s.Port())))
	s.Once(t, "SET", "a", "1")
	offset := strconv.FormatInt(s.Info(t).Int("master_repl_offset"), 10)
	s.Once(t, "SET", "a", "2")
	harness.WaitSameData(t, s, r)
	s.Stop(t)
	s.Restart(t, harness.Args("--restore-to-offset", offset))
	require.Equal(t, "1", s.Once(t, "GET", "a").Text)
	harness.WaitSameData(t, s, r)
	require.EqualValues(t, 1, s.Info(t).Int("sync_full"))
	require.EqualValues(t, 0, s.Info(t).Int("sync_partial_ok"))
}

// TestRestoreRefused: what can't be restored ends the start, and says why.
func TestRestoreRefused(t *testing.T) {
	t.Parallel()
	dir := appendOnlyFiles(t)
	for _, test := range []struct {
		says string
		args []string
	}{
		{"not a time such as", []string{"--restore-to", "yesterday"}},
		{"needs a value", []string{"--restore-to"}},
		{"not a replication offset", []string{"--restore-to-offset=x"}},
		{"only one of", []string{"--restore-to-offset", "1", "--restore-to", "2026-01-02T12:30:00Z"}},
		{"it precedes all that the files hold: the base was taken at 2026-01-02T10:30:00Z", []string{"--restore-to", "2026-01-01T00:00:00Z"}},
		{"the base does not tell which offset it was taken at", []string{"--restore-to-offset", "10"}},
		{"appendonly is no", []string{"--restore-to", "2026-01-02T12:30:00Z", "--appendonly", "no"}},
	} {
		args := append([]string{"--port", "0", "--dir", dir, "--appendonly", "yes"}, test.args...)
		out, status := harness.Run(t, cliTime, "", treedisBinary(t), args...)
		require.Equal(t, 1, status, "%v: %s", test.args, out)
		require.Contains(t, out, test.says, "%v", test.args)
	}
}
