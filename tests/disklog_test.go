package tests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// onDisk makes a server whose memory holds little of the log, and whose disk all of it.
var onDisk = harness.Args("--repl-backlog-size", "16kb", "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")

// apart cuts a replica off, waits until its master has noticed, and lets the master write much more than memory holds.
func apart(t *testing.T, master, replica *harness.Server, link *harness.Proxy, seed uint64) {
	t.Helper()
	link.Refuse(true)
	link.Cut()
	harness.Eventually(t, func() bool { return master.Info(t).Int("connected_slaves") == 0 }, harness.Patience,
		"the master has seen the replica leave")
	harness.Fill(t, master, 100, harness.LoadConfig{Seed: seed}, replica)
}

// TestOutrunBacklogIsServedFromDisk: a replica that missed more than memory holds gets it from the append-only files, also from those
// that rewrites have made superfluous meanwhile, under load and across restarts of either side.
func TestOutrunBacklogIsServedFromDisk(t *testing.T) {
	t.Parallel()
	for _, p := range pairings {
		if p.master != harness.Treedis {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.needsPeer() {
				harness.RequirePeer(t)
			}
			master, replica, link := attached(t, p, onDisk)
			full := master.SyncCounts(t).Full
			again := func(what string, served int64) {
				t.Helper()
				load := harness.StartLoad(t, master, harness.LoadConfig{Seed: 9, Volatile: true, Atomic: true}, replica)
				link.Refuse(false)
				replica.WaitLinkUp(t)
				load.WaitWritten(t, 200)
				load.Stop(t)
				requireSame(t, master, replica)
				require.Equal(t, full, master.SyncCounts(t).Full, what)
				require.Equal(t, served, master.Info(t).Int("repl_backlog_disk_served"), what)
			}
			apart(t, master, replica, link, 1)
			again("outrun", 1)

			apart(t, master, replica, link, 2)
			master.RewriteAOF(t)
			harness.Fill(t, master, 50, harness.LoadConfig{Seed: 3}, replica)
			master.RewriteAOF(t)
			again("outrun amid rewrites", 2)

			apart(t, master, replica, link, 4)
			master.RewriteAOF(t)
			harness.Fill(t, master, 50, harness.LoadConfig{Seed: 5}, replica)
			master.Kill()
			master.Restart(t)
			full = 0
			again("the master was killed", 1)

			if p.replica == harness.Treedis {
				apart(t, master, replica, link, 6)
				replica.Kill()
				replica.Restart(t, harness.Args("--replicaof", "127.0.0.1", link.Port()))
				again("the replica was killed", 2)
			}
		})
	}
}

// TestLogOnDiskIsBounded: of what replicas may ask for no more is kept than repl-backlog-disk-size, and none without a replica.
func TestLogOnDiskIsBounded(t *testing.T) {
	t.Parallel()
	const size = 256 << 10
	master, replica, link := linked(t, pairings[0], onDisk, harness.Args("--repl-backlog-disk-size", "256kb"))
	kept := func() []string {
		files, err := filepath.Glob(filepath.Join(master.Dir, "appendonlydir", "*.history"))
		require.NoError(t, err)
		return files
	}
	master.RewriteAOF(t)
	require.Empty(t, kept())
	replica.ReplicaOf(t, link.Port())
	replica.WaitLinkUp(t)
	full := master.SyncCounts(t).Full
	apart(t, master, replica, link, 1)
	for range 8 {
		harness.Fill(t, master, 100, harness.LoadConfig{Seed: 2}, replica)
		master.RewriteAOF(t)
	}
	info := master.Info(t)
	require.Greater(t, info.Int("master_repl_offset"), int64(2*size))
	require.LessOrEqual(t, info.Int("repl_backlog_disk_histlen"), int64(size))
	require.Positive(t, info.Int("repl_backlog_disk_histlen"))
	harness.Eventually(t, func() bool { return len(kept()) < 7 }, harness.Patience, "old files go")
	link.Refuse(false)
	replica.WaitLinkUp(t)
	requireSame(t, master, replica)
	require.Equal(t, full+1, master.SyncCounts(t).Full, "it has missed too much")
	master.Once(t, "CONFIG", "SET", "repl-backlog-disk-size", "0")
	harness.Eventually(t, func() bool { return len(kept()) == 0 }, harness.Patience, "no file is kept")
	require.Zero(t, master.Info(t).Int("repl_backlog_disk_histlen"))
}

// TestSlowReplicaCostsNoMemory: a replica that takes its snapshot and what follows slowly overcomes every limit of its output, and
// is neither cut off nor does the log pile up in memory: it reads the files.
func TestSlowReplicaCostsNoMemory(t *testing.T) {
	t.Parallel()
	master, replica, link := linked(t, pairings[0], onDisk, harness.Args("--client-output-buffer-limit", "replica 256kb 128kb 1"))
	harness.Fill(t, master, 100, harness.LoadConfig{Seed: 1}, replica)
	link.Throttle(20_000) // the snapshot takes seconds
	replica.ReplicaOf(t, link.Port())
	harness.Eventually(t, func() bool { return master.Info(t).Int("connected_slaves") == 1 }, harness.Patience, "attached")
	link.Hold()
	most := int64(0)
	for range 8 {
		harness.Fill(t, master, 50, harness.LoadConfig{Seed: 2}, replica)
		most = max(most, master.Info(t).Int("mem_total_replication_buffers"))
	}
	require.Less(t, most, int64(1<<20))
	harness.Eventually(t, func() bool { return master.Info(t).Int("repl_backlog_disk_served") > 0 }, harness.Patience, "served from disk")
	link.Throttle(0)
	link.Release()
	requireSame(t, master, replica)
	require.EqualValues(t, 1, master.SyncCounts(t).Full)
	require.EqualValues(t, 0, master.SyncCounts(t).PartialOK)
	require.NotContains(t, master.Log(), "scheduled to be closed")
}
