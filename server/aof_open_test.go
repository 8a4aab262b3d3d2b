package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Clients are served while the append-only file is opened, which takes as long as its first base.
func TestConfigSetWhileTheAOFIsOpened(t *testing.T) {
	t.Parallel()
	fs := &faultyFS{}
	named := fs.stall("rename", ".base.rdb")
	n := newNode(t, "appendonly yes", "aof-disable-auto-gc yes")
	n.s.opts.FS = fs
	started := make(chan error, 1)
	go func() { started <- n.s.Start() }()
	n.until(func() bool { return n.s.aof.writer.Load() != nil }, "the base is being written")
	require.Equal(t, "OK", n.dial().do("config set aof-disable-auto-gc no"))
	close(named)
	require.NoError(t, <-started)
}

// A server that ends because its append-only file is damaged says why in the last line of its log, where Redis's users look for it.
func TestTheReasonOfAFailedLoadIsLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := filepath.Join(dir, "appendonlydir")
	require.NoError(t, os.Mkdir(files, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(files, "appendonly.aof.1.incr.aof"), []byte("!!!"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(files, "appendonly.aof.manifest"), []byte("file appendonly.aof.1.incr.aof seq 1 type i\n"), 0o644))
	pid := filepath.Join(dir, "pid")
	n := newNode(t, "dir "+dir, "appendonly yes", "pidfile "+pid)
	require.Error(t, n.s.Start())
	lines := strings.Split(strings.TrimSpace(n.log.String()), "\n")
	require.Contains(t, lines[len(lines)-1], "Bad file format reading the append only file")
	require.NoFileExists(t, pid)
}

// Once a client has the reply to a write under appendfsync always, WAITAOF counts this server's disk, even if the writer, which opens the
// gate of the replies first, has yet to open WAITAOF's.
func TestWaitAOFAfterAlways(t *testing.T) {
	t.Parallel()
	n := startNode(t, "appendonly yes", "appendfsync always")
	w := n.dial()
	w.expect("incr x", "1")
	n.until(func() bool { return n.s.aof.durable.Passed() >= n.s.log.EndOffset() }, "all is on disk")
	n.s.aof.durable.Set(0)
	w.expect("waitaof 0 0 0", "[1 0]", "waitaof 1 0 0", "[1 0]")
}
