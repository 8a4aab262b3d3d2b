package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/rdb"
	"treedis/repl"
	"treedis/server/config"
)

// saving reports whether a background save is in progress, lastOK whether the last one was good.
func (n *node) saving() bool {
	n.s.lock.lock()
	defer n.s.lock.unlock()
	return n.s.persist.saving != nil
}

func (n *node) lastOK() bool {
	n.s.lock.lock()
	defer n.s.lock.unlock()
	return n.s.persist.lastOK
}

func (n *node) bgsave(ok bool) {
	n.t.Helper()
	require.Equal(n.t, "Background saving started", n.dial().do("bgsave"))
	n.until(func() bool { return !n.saving() }, "saved")
	require.Equal(n.t, ok, n.lastOK())
}

func TestDataSurvivesRestart(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"save", "bgsave"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			n := startNode(t, "dir "+dir)
			c := n.dial()
			c.expect("set a 1", "OK", "select 15", "OK", "set b text px 1000000", "OK", "set gone 1 px 1000", "OK")
			if how == "save" {
				c.expect("save", "OK")
			} else {
				n.bgsave(true)
			}
			c.expect("set late 1", "OK")
			n.stop()
			files, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, files, 1, "no temporary file stays")

			n = newNode(t, "dir "+dir)
			n.skew.Store(int64(2 * time.Second))
			require.NoError(t, n.s.Start())
			c = n.dial()
			c.expect("get a", "1", "dbsize", "1", "select 15", "OK", "get b", "text", "dbsize", "1")
			require.Equal(t, rdb.LoadCounts{Keys: 2, Expired: 1}, n.s.persist.loaded)
			e, _ := n.s.store.DB(0).Lookup([]byte("a"), 0)
			require.Less(t, n.s.clock.Idle(e), int64(60), "a key that was loaded counts as accessed now")
		})
	}
}

// snapshotFile returns the bytes of a snapshot of a few keys.
func snapshotFile(t *testing.T) []byte {
	ss := newSession(t)
	for i := range 20 {
		ss.do(fmt.Sprintf("set key:%d value:%d", i, i))
	}
	var b bytes.Buffer
	ss.s.lock.lock()
	snap := ss.s.snapshotLocked(repl.Filter{})
	ss.s.lock.unlock()
	require.NoError(t, snap.WriteRDB(t.Context(), &b))
	return b.Bytes()
}

func TestDamagedSnapshotIsRefusedWhole(t *testing.T) {
	t.Parallel()
	good := snapshotFile(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "dump.rdb")
	start := func(content []byte) error {
		require.NoError(t, os.WriteFile(path, content, 0o644))
		n := newNode(t, "dir "+dir)
		err := n.s.Start()
		if err != nil {
			require.Zero(t, n.s.store.Len(), "nothing of it is loaded")
			require.Nil(t, n.s.Addr())
			_, dialed := net.Dial("tcp", n.s.opts.Listeners[0].Addr().String())
			require.Error(t, dialed, "the listener is closed")
		}
		n.stop()
		kept, rerr := os.ReadFile(path)
		require.NoError(t, rerr)
		require.Equal(t, content, kept, "the file stays as it is")
		return err
	}
	require.NoError(t, start(good))
	for n := 0; n < len(good); n += 1 + len(good)/50 {
		err := start(good[:n])
		require.Error(t, err, "cut to %d bytes of %d", n, len(good))
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "offset")

		bad := bytes.Clone(good)
		bad[n] ^= 0x40
		err = start(bad)
		require.Error(t, err, "byte %d of %d changed", n, len(good))
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "offset")
	}
}

func TestFailingSavesRefuseWrites(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o755))
	n := startNode(t, "dir "+dir, "save 3600 1")
	c := n.dial()
	c.expect("set a 1", "OK")
	n.bgsave(true)
	require.NoError(t, os.Rename(dir, dir+".away"))
	require.NoError(t, os.WriteFile(dir, nil, 0o644)) // where a folder is expected
	n.bgsave(false)
	n.logged("Background saving error: ")
	c.expect("set a 2", "-"+errMisconf, "ping", "-"+errMisconf, "get a", "1",
		"multi", "OK", "get a", "QUEUED", "exec", "[1]", "save", "-ERR")
	n.set("stop-writes-on-bgsave-error", "no")
	c.expect("set a 2", "OK")
	n.set("stop-writes-on-bgsave-error", "yes")
	c.expect("set a 3", "-"+errMisconf)
	n.set("save", "")
	c.expect("set a 3", "OK")
	n.set("save", "3600 1")

	require.NoError(t, os.Remove(dir))
	require.NoError(t, os.Rename(dir+".away", dir))
	n.bgsave(true)
	c.expect("set a 4", "OK", "ping", "PONG")
}

func TestSaveRecoversFromFailedBackgroundSave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNode(t, "dir "+dir, "save 3600 1")
	c := n.dial()
	c.expect("set a 1", "OK")
	path := filepath.Join(dir, "dump.rdb")
	require.NoError(t, os.Mkdir(path, 0o755)) // can't be replaced by a file
	n.bgsave(false)
	c.expect("set a 2", "-"+errMisconf)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file stays")
	require.NoError(t, os.Remove(path))
	c.expect("save", "OK", "set a 2", "OK")
}

func TestSavePoints(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	dir := t.TempDir()
	require.NoError(t, ss.s.cfg.Override(config.Dir, dir))
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "save", "60 2 10 5"))
	path := filepath.Join(dir, "dump.rdb")
	s := ss.s
	due := func() bool {
		s.persistCron()
		s.wg.Wait()
		require.Nil(t, s.persist.saving)
		return s.persist.lastTry == s.now()/1000
	}
	ss.do("set a 1")
	ss.advance(100 * time.Second)
	require.False(t, due(), "one change is too few")
	ss.do("set a 2")
	require.True(t, due())
	require.FileExists(t, path)
	require.Equal(t, s.now()/1000, s.persist.lastSave)
	require.Zero(t, s.stats.dirty)

	for range 5 {
		ss.do("set a 1")
	}
	ss.advance(10 * time.Second)
	require.False(t, due(), "more than ten seconds must have passed")
	ss.advance(time.Second)

	// After a failure it is not tried again at once.
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o755))
	require.True(t, due())
	require.False(t, s.persist.lastOK)
	require.EqualValues(t, 5, s.stats.dirty)
	ss.advance(retryAfter * time.Second)
	require.False(t, due())
	require.NoError(t, os.Remove(path))
	ss.advance(time.Second)
	require.True(t, due())
	require.True(t, s.persist.lastOK)
	require.Zero(t, s.stats.dirty)
}

func TestAbortedSaveLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	dir := t.TempDir()
	require.NoError(t, ss.s.cfg.Override(config.Dir, dir))
	path := filepath.Join(dir, "dump.rdb")
	s := ss.s

	// The save has written its file, and is about to give it its name, as it is aborted for a newer one.
	ss.do("set a old")
	s.lock.lock()
	snap := s.snapshotLocked(noFilter)
	job := &saveJob{}
	job.ctx, job.cancel = context.WithCancelCause(context.Background())
	s.persist.saving = job
	s.lock.unlock()
	ss.do("set a new")
	var kept []byte
	err := s.writeRDB(path, snap, rdb.SaveOptions{Context: job.ctx}, func(from, to string) error {
		s.lock.lock()
		s.beginStopLocked(config.ShutdownSave)
		s.lock.unlock()
		<-s.quit
		var err error
		kept, err = os.ReadFile(path)
		require.NoError(t, err)
		return job.commit(from, to)
	})
	require.ErrorIs(t, err, errSaveAborted)
	s.finishSaveLocked(job, err)
	require.True(t, s.persist.lastOK, "to be aborted is no failure")
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, kept, now)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestShutdownVariants(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		command, save string
		saved         bool
	}{
		{"shutdown", `save ""`, false},
		{"shutdown", "save 3600 1", true},
		{"shutdown nosave", "save 3600 1", false},
		{"shutdown save", `save ""`, true},
		{"shutdown save now force", `save ""`, true},
	} {
		t.Run(tt.command+" "+tt.save, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			n := startNode(t, "dir "+dir, tt.save)
			c := n.dial()
			c.expect("set a 1", "OK", "shutdown nonsense", "-"+errSyntax, "shutdown save nosave", "-"+errSyntax,
				"shutdown abort now", "-"+errSyntax, "shutdown abort", "-ERR No shutdown in progress.")
			c.send(tt.command)
			c.closed()
			<-n.s.Done()
			_, err := os.Stat(filepath.Join(dir, "dump.rdb"))
			require.Equal(t, tt.saved, err == nil)
		})
	}
}

func TestShutdownWithoutItsSnapshotIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNode(t, "dir "+dir, "save 3600 1")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dump.rdb"), 0o755))
	c := n.dial()
	c.expect("set a 1", "OK", "shutdown", "-ERR Errors trying to SHUTDOWN. Check logs.", "get a", "1", "set a 2", "OK")
	require.NoError(t, n.s.Signal(os.Interrupt))
	n.until(func() bool { return strings.Count(n.log.String(), "Errors trying to shut down the server.") == 2 }, "refused again")
	c.expect("get a", "2", "set a 3", "OK")
	c.send("shutdown force")
	c.closed()
	<-n.s.Done()
}

// What was answered before the end is in the snapshot; what is not in it was not answered.
func TestShutdownLosesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNode(t, "dir "+dir, "save 3600 1")
	answered := make([]int, 4)
	ended := make(chan struct{})
	for i := range answered {
		c := n.dial()
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				c.send2(fmt.Sprintf("incr counter:%d", i))
				v, err := c.r.Read()
				if err != nil {
					return
				}
				answered[i] = int(v.Int)
			}
		}()
	}
	n.until(func() bool {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		return n.s.stats.dirty > 2000
	}, "writes")
	n.dial().send("shutdown")
	for range answered {
		<-ended
	}
	<-n.s.Done()
	n = startNode(t, "dir "+dir)
	c := n.dial()
	for i, want := range answered {
		require.Equal(t, fmt.Sprint(want), c.do(fmt.Sprintf("get counter:%d", i)))
	}
}

// send2 is send for a connection that may be closed.
func (w *wire) send2(line string) { fmt.Fprintf(w, "%s\r\n", line) }

func TestShutdownWaitsForReplicas(t *testing.T) {
	t.Parallel()
	m := startNode(t, "shutdown-timeout 60")
	r := startReplica(t, m)
	c := m.dial()
	for i := range 200 {
		c.send(fmt.Sprintf("set key:%d %s", i, strings.Repeat("x", 10_000)))
	}
	c.send("shutdown")
	c.closed()
	<-m.s.Done()
	r.dial().expect("dbsize", "200")
}

func TestStartAndShutdownInAnyOrder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	n := newNode(t)
	require.NoError(t, n.s.Shutdown(ctx))
	require.ErrorIs(t, n.s.Start(), ErrStopped)
	<-n.s.Done()
	_, err := n.s.opts.Listeners[0].Accept()
	require.ErrorIs(t, err, net.ErrClosed)

	n = startNode(t)
	require.ErrorIs(t, n.s.Start(), ErrStarted)
	n.dial().expect("set a 1", "OK", "bgsave", "Background saving started")
	require.NoError(t, n.s.Shutdown(ctx))
	require.NoError(t, n.s.Shutdown(ctx))
	<-n.s.Done()
	require.ErrorIs(t, n.s.Start(), ErrStopped)
}

func TestSignalSavesAndStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNode(t, "dir "+dir, "save 3600 1", "shutdown-on-sigint nosave")
	n.dial().expect("set a 1", "OK")
	require.NoError(t, n.s.Signal(syscall.SIGTERM))
	require.NoError(t, n.s.Signal(syscall.SIGTERM), "it is stopping already")
	<-n.s.Done()
	require.FileExists(t, filepath.Join(dir, "dump.rdb"))
}

// pausedReplica is a replica that is online and acknowledges nothing.
func pausedReplica(t *testing.T, m *node) *wire {
	t.Helper()
	r := m.dial()
	r.expect("replconf listening-port 1 capa eof capa psync2", "OK")
	r.send("psync ? -1")
	m.until(func() bool { return m.s.master.Count() == 1 }, "attached")
	return r
}

func TestShutdownAbort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := startNode(t, "dir "+dir, "shutdown-timeout 600", "save 3600 1", "enable-debug-command yes", "shutdown-on-sigterm nosave")
	c := m.dial()
	c.expect("set a 1", "OK", "shutdown abort", "-ERR No shutdown in progress.")
	pausedReplica(t, m)
	c.expect("set b 1", "OK")
	first, second, writer := m.dial(), m.dial(), m.dial()
	first.send("shutdown")
	m.logged("Waiting for replicas before shutting down.")
	require.NotEmpty(t, c.info("shutdown_in_milliseconds"))
	second.send("shutdown nosave")
	writer.expect("multi", "OK", "get a", "QUEUED")
	writer.send("set a 2")
	m.until(func() bool { return c.info("blocked_clients") == "3" }, "both wait, and the writer")
	c.expect("get a", "1", "shutdown abort", "OK")
	require.Equal(t, "-"+errShutdown, first.read())
	require.Equal(t, "-"+errShutdown, second.read())
	require.Equal(t, "QUEUED", writer.read())
	writer.expect("exec", "[1 OK]", "get a", "2")
	require.Equal(t, "0", c.info("blocked_clients"))
	require.NoFileExists(t, filepath.Join(dir, "dump.rdb"))

	// A signal that nothing has been done about yet can be taken back as well.
	c.expect("debug pause-cron 1", "OK")
	require.NoError(t, m.s.Signal(syscall.SIGTERM))
	c.expect("shutdown abort", "OK", "debug pause-cron 0", "OK", "shutdown abort", "-ERR No shutdown in progress.", "set a 3", "OK")

	// While the last snapshot is written as well.
	c.expect("config set rdb-key-save-delay 50000000", "OK")
	first.send("shutdown now save")
	m.logged("Saving the final RDB snapshot before exiting.")
	writer.send("set a 4")
	m.until(func() bool { return c.info("blocked_clients") == "2" }, "one waits, and the writer")
	c.expect("get a", "3", "shutdown abort", "OK")
	require.Equal(t, "-"+errShutdown, first.read())
	require.Equal(t, "OK", writer.read())
	m.until(func() bool { files, _ := os.ReadDir(dir); return len(files) == 0 }, "no file stays")
}

func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	m := startNode(t, "shutdown-timeout 1")
	pausedReplica(t, m)
	c := m.dial()
	c.expect("set a 1", "OK")
	c.send("shutdown")
	c.closed()
	<-m.s.Done()
	m.logged("Lagging replica ")
	m.logged("0 of 1 replicas are in sync when shutting down.")
}

func TestInsistingSignal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNode(t, "dir "+dir, "save 3600 1", "rdb-key-save-delay 50000000")
	n.dial().expect("set a 1", "OK")
	require.NoError(t, n.s.Signal(os.Interrupt))
	n.until(func() bool { files, _ := os.ReadDir(dir); return len(files) == 1 }, "a temporary file")
	require.ErrorIs(t, n.s.Signal(os.Interrupt), ErrInsisted)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestSaveServesOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNode(t, "dir "+dir, "rdb-key-save-delay 50000000")
	a, b := n.dial(), n.dial()
	a.expect("set a 1", "OK", "set b 1", "OK")
	a.send("save")
	n.until(func() bool { return b.info("current_save_keys_total") == "2" }, "saving")
	b.expect("set a 2", "OK", "get a", "2", "save", "-"+errSaving, "bgsave", "-"+errSaving)
	require.Equal(t, "0", b.info("rdb_bgsave_in_progress"))
	b.expect("flushall", "OK") // what is being saved is of no use any more
	require.Equal(t, "-ERR", a.read())
	n.set("rdb-key-save-delay", "0")
	a.expect("set a 3", "OK", "save", "OK", "get a", "3")
	require.FileExists(t, filepath.Join(dir, "dump.rdb"))
}

func TestEveryStepOfSavingMayFail(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"write", "sync", "rename"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			n := startNode(t, "dir "+dir, "save 3600 1")
			c := n.dial()
			c.expect("set a old", "OK", "save", "OK", "set a new", "OK")
			fail := errors.New("injected")
			n.s.lock.lock()
			n.s.failAt = func(at string) error {
				if at == step {
					return fail
				}
				return nil
			}
			n.s.lock.unlock()
			c.expect("save", "-ERR", "shutdown", "-"+errShutdown)
			n.bgsave(false)
			n.logged("injected")
			files, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, files, 1, "no temporary file stays")
			kept := startNode(t, "dir "+dir)
			kept.dial().expect("get a", "old")
			n.s.lock.lock()
			n.s.failAt = nil
			n.s.lock.unlock()
			c.expect("set a 2", "-"+errMisconf)
			n.bgsave(true)
			c.expect("set a newer", "OK", "save", "OK")
			kept = startNode(t, "dir "+dir)
			kept.dial().expect("get a", "newer")
		})
	}
}
