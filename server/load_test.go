package server

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/resp"
)

// loadingNode starts a node that takes minutes to load the snapshot of a few keys in dir, and returns it while it does, with what its
// Start will return.
func loadingNode(t *testing.T, dir string, directives ...string) (*node, chan error) {
	n := newNode(t, append([]string{"dir " + dir, "save 3600 1", "key-load-delay 50000000"}, directives...)...)
	started := make(chan error, 1)
	go func() { started <- n.s.Start() }()
	n.until(n.s.loading.active, "loading")
	return n, started
}

// info returns a field of INFO.
func (w *wire) info(field string) string {
	w.t.Helper()
	for line := range strings.SplitSeq(w.do("info everything"), "\r\n") {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return value
		}
	}
	return ""
}

func TestClientsWhileLoading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := snapshotFile(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o644))
	n, started := loadingNode(t, dir)
	c := n.dial()
	c.expect("ping", "-"+errLoading, "get key:1", "-"+errLoading, "save", "-"+errLoading, "bgsave", "-"+errLoading,
		"watch key:1 nokey", "OK", "config set appendonly yes", "-"+errLoading,
		"multi", "OK", "get key:1", "-"+errLoading, "exec", "-"+errExecAbort)
	require.Equal(t, "1", c.info("loading"))
	require.Equal(t, "0", c.info("async_loading"))
	require.Equal(t, strconv.Itoa(len(file)), c.info("loading_total_bytes"))
	require.Equal(t, strconv.Itoa(len(file)), c.info("loading_loaded_bytes"), "so small a file is read at once")
	require.Equal(t, "100.00", c.info("loading_loaded_perc"))
	require.NotEmpty(t, c.info("loading_eta_seconds"))
	c.expect("watch key:1", "OK", "watch nokey", "OK", "config set key-load-delay 0", "OK")

	other := n.dial()
	other.send("shutdown nosave")
	other.closed()
	require.ErrorIs(t, <-started, ErrStopped)
	<-n.s.Done()
	kept, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	require.NoError(t, err)
	require.Equal(t, file, kept)
}

// Whoever starts a server with a little data and connects at once never hears that it is loading.
func TestClientsWaitForLittleData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), snapshotFile(t), 0o644))
	n := newNode(t, "dir "+dir)
	nc, err := net.Dial("tcp", n.s.opts.Listeners[0].Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	c := &wire{t: t, Conn: nc, r: resp.NewReader(nc)}
	c.send("get key:1")
	require.NoError(t, n.s.Start())
	require.Equal(t, "value:1", c.read())
}

func TestWatchAcrossTheEndOfLoading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), snapshotFile(t), 0o644))
	n, started := loadingNode(t, dir, "key-load-delay 50000")
	a, b := n.dial(), n.dial()
	a.expect("watch key:1", "OK")
	b.expect("watch nokey", "OK")
	require.NoError(t, <-started)
	a.expect("get key:1", "value:1", "dbsize", "20", "multi", "OK", "exec", "(nil)")
	b.expect("multi", "OK", "exec", "[]")
	require.Equal(t, "0", a.info("loading"))
	require.Empty(t, a.info("loading_total_bytes"))
}

func TestSignalWhileLoading(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		dir := t.TempDir()
		path := filepath.Join(dir, "dump.rdb")
		file := snapshotFile(t)
		require.NoError(t, os.WriteFile(path, file, 0o644))
		n, started := loadingNode(t, dir, "shutdown-on-sigterm save")
		require.NoError(t, n.s.Signal(sig))
		<-n.s.Done()
		require.ErrorIs(t, <-started, ErrStopped)
		n.logged("during loading")
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, file, kept, "what was half loaded is not saved")
	}
}

// A signal before anything was loaded must not replace the snapshot by an empty one.
func TestSignalBeforeStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "dump.rdb")
	file := snapshotFile(t)
	require.NoError(t, os.WriteFile(path, file, 0o644))
	n := newNode(t, "dir "+dir, "save 3600 1", "key-load-delay 50000")
	require.NoError(t, n.s.Signal(syscall.SIGTERM))
	require.ErrorIs(t, n.s.Start(), ErrStopped)
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, file, kept)
}

func TestShutdownCalledWhileLoading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), snapshotFile(t), 0o644))
	n, started := loadingNode(t, dir)
	n.stop()
	require.ErrorIs(t, <-started, ErrStopped)
}

func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o644))
		return path
	}
	gone := []string{write("temp-1073741823.rdb"), write("temp-1073741823-2.rdb"),
		write("temp-rewriteaof-1073741823.aof"), write("temp-rewriteaof-bg-1073741823-7.aof")} // above any process id
	mine := write("temp-" + strconv.Itoa(os.Getpid()) + ".rdb")
	stay := []string{write("temp-1.rdb"), write("temp-x.rdb"), write("temp-1073741823.rdb.bak"), write("dump-temp-1073741823.rdb"),
		write("temp-rewriteaof-bg-1-7.aof"), write("temp-other-1073741823.aof")}
	n := newNode(t, "dir "+dir)
	require.NoError(t, os.Chtimes(mine, n.s.started.Add(-1), n.s.started.Add(-1)))
	require.NoError(t, n.s.Start())
	for _, path := range append(gone, mine) {
		require.NoFileExists(t, path)
	}
	for _, path := range stay {
		require.FileExists(t, path)
	}
}
