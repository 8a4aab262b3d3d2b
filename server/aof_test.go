package server

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/repl/aof"
	"treedis/server/digest"
)

// faultyFS is a file system whose operations on files whose name contains a text fail, or wait.
type faultyFS struct {
	aof.OS
	mu   sync.Mutex
	op   string        // guarded by mu
	name string        // guarded by mu
	err  error         // guarded by mu
	skip int           // guarded by mu; how many such operations succeed before
	wait chan struct{} // guarded by mu
}

func (f *faultyFS) set(op, name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.name, f.err, f.skip, f.wait = op, name, err, 0, nil
}

// setAfter is set for all such operations but the first few.
func (f *faultyFS) setAfter(skip int, op, name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.name, f.err, f.skip, f.wait = op, name, err, skip, nil
}

// stall makes an operation wait until the channel is closed.
func (f *faultyFS) stall(op, name string) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.name, f.err, f.wait = op, name, nil, make(chan struct{})
	return f.wait
}

func (f *faultyFS) fault(op, path string) error {
	f.mu.Lock()
	if f.op != op || !strings.Contains(filepath.Base(path), f.name) {
		f.mu.Unlock()
		return nil
	}
	if f.skip > 0 {
		f.skip--
		f.mu.Unlock()
		return nil
	}
	err, wait := f.err, f.wait
	f.mu.Unlock()
	if wait != nil {
		<-wait
	}
	return err
}

func (f *faultyFS) OpenFile(path string, flag int) (aof.File, error) {
	if err := f.fault("open", path); err != nil && flag&os.O_WRONLY != 0 {
		return nil, err
	}
	file, err := f.OS.OpenFile(path, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f, path}, nil
}

func (f *faultyFS) Rename(from, to string) error {
	if err := f.fault("rename", to); err != nil {
		return err
	}
	return f.OS.Rename(from, to)
}

func (f *faultyFS) Link(from, to string) error {
	if err := f.fault("link", to); err != nil {
		return err
	}
	return f.OS.Link(from, to)
}

func (f *faultyFS) SyncDir(path string) error {
	if err := f.fault("syncdir", path); err != nil {
		return err
	}
	return f.OS.SyncDir(path)
}

type faultyFile struct {
	aof.File
	fs   *faultyFS
	path string
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.fs.fault("write", f.path); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.fs.fault("sync", f.path); err != nil {
		return err
	}
	return f.File.Sync()
}

func startFaulty(t *testing.T, directives ...string) (*node, *faultyFS) {
	f := &faultyFS{}
	n := newNode(t, directives...)
	n.s.opts.FS = f
	require.NoError(t, n.s.Start())
	return n, f
}

func TestAOFBringsBackTheData(t *testing.T) {
	t.Parallel()
	for _, preamble := range []string{"yes", "no"} {
		conf := []string{"dir " + t.TempDir(), "appendonly yes", "appendfsync always", "aof-use-rdb-preamble " + preamble}
		n := startNode(t, conf...)
		c := n.dial()
		c.do("set a 1")
		c.do("rpush l x y z")
		c.do("hset h f v g w")
		c.do("sadd s p q")
		c.do("zadd z 1.5 m")
		c.do("xadd st 5-1 f v")
		c.do("xgroup create st g 0")
		c.do("xreadgroup group g me streams st >")
		c.expect("bgrewriteaof", "Background append only file rewriting started")
		n.logged("Background AOF rewrite finished successfully")
		c.do("select 3")
		c.do("set b 2 ex 1000")
		c.do("multi")
		c.do("incr b")
		c.do("incr b")
		c.do("exec")
		want := digest.Dataset(n.s.store)
		n.stop()

		n = startNode(t, conf...)
		require.Equal(t, want, digest.Dataset(n.s.store), preamble)
		n.stop()
	}
}

// A reply leaves once what it tells of is on disk, and nobody is shown it before.
func TestRepliesWaitForTheDisk(t *testing.T) {
	t.Parallel()
	n, fs := startFaulty(t, "appendonly yes", "appendfsync always")
	w, r := n.dial(), n.dial()
	w.expect("set a 1", "OK")
	release := fs.stall("sync", "incr")
	w.send("set a 2")
	n.until(func() bool { return n.s.aof.writer.Load().Syncing() }, "fsync under way")
	r.send("get a")
	w.send("get a") // the loops go on
	for _, c := range []*wire{w, r} {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		_, err := c.Conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	close(release)
	require.Equal(t, "OK", w.read())
	require.Equal(t, "2", w.read())
	require.Equal(t, "2", r.read())
}

// With no-appendfsync-on-rewrite replies don't wait for the disk while there are no fsyncs.
func TestRepliesDontWaitForHeldFsyncs(t *testing.T) {
	t.Parallel()
	n := startNode(t, "appendonly yes", "appendfsync always", "no-appendfsync-on-rewrite yes", "save \"\"")
	c := n.dial()
	c.expect("set a 1", "OK", "config set rdb-key-save-delay 10000000", "OK",
		"bgrewriteaof", "Background append only file rewriting started")
	n.until(n.s.holdsFsync, "the rewrite has begun")
	w := n.s.aof.writer.Load()
	n.until(func() bool { return w.Fsynced.Passed() == w.Written.Passed() }, "the rewrite's own fsync")
	before := w.Fsynced.Passed()
	c.expect("set b 2", "OK", "get b", "2")
	c.expect("set c "+strings.Repeat("x", 2*asideBytes), "OK")
	require.Equal(t, before, w.Fsynced.Passed())
	c.expect("config set rdb-key-save-delay 0", "OK")
	n.until(func() bool { return w.Fsynced.Passed() == w.Written.Passed() }, "it is fsynced afterwards")
}

// A loop leaves fsyncs to the writer once they have become slow.
func TestSlowFsyncsAreTheWriters(t *testing.T) {
	t.Parallel()
	n, fs := startFaulty(t, "appendonly yes", "appendfsync always")
	c := n.dial()
	c.expect("set a 1", "OK")
	w := n.s.aof.writer.Load()
	release := fs.stall("sync", "incr")
	c.send("set a 2")
	n.until(w.Syncing, "fsync under way")
	began := time.Now()
	n.until(func() bool { return time.Since(began) > 20*asideTime }, "it has taken long")
	close(release)
	require.Equal(t, "OK", c.read())
	require.Greater(t, w.SyncTime(), asideTime)
	for range 100 {
		c.expect("set a 3", "OK")
		require.Equal(t, w.Written.Passed(), w.Fsynced.Passed())
	}
}

// INFO tells how long the loops have written, and what there is to be written yet.
func TestAOFInfo(t *testing.T) {
	t.Parallel()
	n, fs := startFaulty(t, "appendonly yes", "appendfsync everysec")
	c := n.dial()
	require.Regexp(t, `mem_aof_buffer:0\r`, c.do("info memory"))
	release := fs.stall("write", "incr")
	n.s.aof.writer.Load().Kick()
	c.send("set a 1")
	n.until(func() bool { return n.s.aofBuffered() > 0 }, "the write is under way")
	close(release)
	require.Equal(t, "OK", c.read())
	for range 100 {
		c.expect("set a 2", "OK")
	}
	require.Regexp(t, `eventloop_duration_aof_sum:[1-9]`, c.do("info debug"))
}

func TestAOFWriteErrorsRefuseWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n, fs := startFaulty(t, "appendonly yes", "appendfsync everysec", "dir "+dir)
	c := n.dial()
	c.expect("set a 1", "OK")
	fs.set("write", "incr", syscall.ENOSPC)
	c.do("set a 2") // the first one finds out
	n.until(func() bool { return n.s.aofError() != nil }, "an error")
	c.expect("set a 3", "-MISCONF Errors writing to the AOF file: No space left on device", "get a", "2")
	fs.set("", "", nil)
	n.logged("AOF write error looks solved")
	c.expect("set a 4", "OK")
	n.stop()
	n = startNode(t, "appendonly yes", "dir "+dir)
	n.dial().expect("get a", "4")
}

func TestAOFFsyncErrorEndsTheServer(t *testing.T) {
	t.Parallel()
	n, fs := startFaulty(t, "appendonly yes", "appendfsync always")
	c := n.dial()
	fs.set("sync", "incr", syscall.EIO)
	c.send("set a 1")
	<-n.s.Done()
	require.ErrorIs(t, n.s.Err(), syscall.EIO)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	_, err := c.Conn.Read(make([]byte, 1))
	require.Error(t, err, "nothing was replied")
}

// Whatever step of the rewrite fails by which the append-only file is switched on, it is tried again, and what was written
// meanwhile is in it in the end.
func TestFirstRewriteFailsAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range [][2]string{
		{"open", "temp-rewriteaof"}, {"write", "temp-rewriteaof"}, {"sync", "temp-rewriteaof"}, {"rename", "base"}, {"rename", ".incr"},
		{"open", "temp-appendonly.aof.manifest"}, {"write", "temp-appendonly.aof.manifest"}, {"sync", "temp-appendonly.aof.manifest"},
		{"rename", "manifest"}, {"syncdir", "appendonlydir"},
	} {
		dir := t.TempDir()
		n, fs := startFaulty(t, "dir "+dir)
		c := n.dial()
		c.do("set before 1")
		fs.set(step[0], step[1], syscall.EIO)
		c.expect("config set appendonly yes", "OK")
		n.until(func() bool { return strings.Contains(c.do("info persistence"), "aof_last_bgrewrite_status:err") }, step[0]+step[1])
		c.expect("set meanwhile 1", "OK")
		fs.set("", "", nil)
		n.logged("Background AOF rewrite finished successfully")
		c.expect("set after 1", "OK")
		n.stop()

		n = startNode(t, "appendonly yes", "dir "+dir)
		n.dial().expect("mget before meanwhile after", "[1 1 1]")
		n.stop()
	}
}

// When the directory can't be flushed, nobody knows which of two manifests is there after a crash. What either names stays.
func TestRewriteCommitIsNotDurable(t *testing.T) {
	t.Parallel()
	for skip, name := range []string{"manifest", "appendonlydir"} { // the second one is renamed, but not flushed
		dir := t.TempDir()
		n, fs := startFaulty(t, "appendonly yes", "dir "+dir)
		c := n.dial()
		c.do("set before 1")
		old, err := os.ReadFile(filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest"))
		require.NoError(t, err)
		fs.setAfter(1, []string{"rename", "syncdir"}[skip], name, syscall.EIO)
		c.do("bgrewriteaof")
		n.until(func() bool { return strings.Contains(c.do("info persistence"), "aof_last_bgrewrite_status:err") }, name)
		c.expect("set after 1", "OK")
		n.stop()
		for _, line := range strings.Split(strings.TrimSpace(string(old)), "\n") {
			require.FileExists(t, filepath.Join(dir, "appendonlydir", strings.Fields(line)[1]))
		}
		n = startNode(t, "appendonly yes", "dir "+dir)
		c = n.dial()
		c.expect("mget before after", "[1 1]", "bgrewriteaof", "Background append only file rewriting started")
		n.logged("Background AOF rewrite finished successfully")
		n.stop()
	}
}

// If the files can't even be opened, CONFIG SET says so.
func TestFirstRewriteCannotBegin(t *testing.T) {
	t.Parallel()
	n, fs := startFaulty(t)
	c := n.dial()
	fs.set("open", "temp-appendonly.aof.incr", syscall.EIO)
	require.Contains(t, c.do("config set appendonly yes"), "Unable to turn on AOF")
	c.expect("config get appendonly", "[appendonly no]", "set a 1", "OK")
}

// Whatever step of a start without files fails, the start fails, and the next one succeeds.
func TestFirstStartFailsAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range [][2]string{
		{"open", "incr"}, {"open", "temp-rewriteaof"}, {"sync", "temp-rewriteaof"}, {"rename", "base"}, {"rename", "manifest"}, {"syncdir", "appendonlydir"},
	} {
		dir := t.TempDir()
		n, fs := newNode(t, "appendonly yes", "dir "+dir), &faultyFS{}
		n.s.opts.FS = fs
		fs.set(step[0], step[1], syscall.EIO)
		require.ErrorIs(t, n.s.Start(), syscall.EIO, step)
		n = startNode(t, "appendonly yes", "dir "+dir)
		n.dial().expect("set a 1", "OK")
		n.stop()
	}
}

// Whatever step of a rewrite fails, everything comes back, and the next one succeeds.
func TestRewriteFailsAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range [][2]string{
		{"open", ".2.incr"}, {"write", "temp-appendonly"}, {"sync", "temp-appendonly"}, {"rename", "manifest"},
		{"open", "temp-rewriteaof"}, {"write", "temp-rewriteaof"}, {"sync", "temp-rewriteaof"}, {"rename", "base"}, {"syncdir", "appendonlydir"},
	} {
		dir := t.TempDir()
		n, fs := startFaulty(t, "appendonly yes", "dir "+dir)
		c := n.dial()
		c.do("set before 1")
		fs.set(step[0], step[1], syscall.EIO)
		c.do("bgrewriteaof")
		n.until(func() bool { return strings.Contains(c.do("info persistence"), "aof_last_bgrewrite_status:err") }, step[0]+step[1])
		c.expect("set after 1", "OK")
		n.stop()

		n = startNode(t, "appendonly yes", "dir "+dir)
		c = n.dial()
		c.expect("mget before after", "[1 1]", "bgrewriteaof", "Background append only file rewriting started")
		n.logged("Background AOF rewrite finished successfully")
		n.stop()
	}
}

// Server and replica, restarted from their files, go on where they were.
func TestAOFKeepsThePosition(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := startNode(t, "repl-ping-replica-period 3600")
	r := startReplica(t, m, "appendonly yes", "dir "+dir)
	r.logged("Background AOF rewrite finished successfully")
	m.dial().do("set a 1")
	r.inSync(m)
	r.stop()
	m.dial().do("set b 2")
	r = startNode(t, "appendonly yes", "dir "+dir, "replicaof 127.0.0.1 "+m.port())
	r.inSync(m)
	r.logged("Successful partial resynchronization")
	r.dial().expect("get a", "1", "get b", "2")
}

func TestWaitaof(t *testing.T) {
	t.Parallel()
	n := startNode(t, "appendonly yes", "appendfsync everysec")
	c := n.dial()
	c.do("set a 1")
	c.expect("waitaof 1 0 0", "[1 0]", "waitaof 2 0 0", "-ERR value is out of range, value must between 0 and 1")
	n.set("appendfsync", "no")
	c.do("set a 2")
	c.send("waitaof 1 0 0")
	n.until(func() bool { return strings.Contains(n.dial().do("info clients"), "blocked_clients:1") }, "waits")
	n.set("appendonly", "no")
	require.Equal(t, errWaitaofOff, strings.TrimPrefix(c.read(), "-"))
}
