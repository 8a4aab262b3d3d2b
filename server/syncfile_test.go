package server

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func (n *node) saves() int64 {
	n.s.lock.lock()
	defer n.s.lock.unlock()
	return n.s.persist.saves
}

func (n *node) fileExists() bool {
	_, err := os.Stat(n.s.rdbPath())
	return err == nil
}

func TestReplicasSyncFromFile(t *testing.T) {
	t.Parallel()
	m := startNode(t, "repl-diskless-sync no")
	mc := m.dial()
	for range 5 {
		mc.expect("set a 1", "OK")
	}
	m.set("rdb-key-save-delay", "1000000000")
	a, b := startNode(t), startNode(t)
	a.follow(m)
	m.until(m.saving, "a snapshot is being written")
	mc.expect("set b 2", "OK", "bgsave", "-ERR Background save already in progress")
	b.follow(m)
	m.logged("Waiting for end of BGSAVE for SYNC")
	require.Contains(t, mc.do("info persistence"), "rdb_changes_since_last_save:6")
	m.set("rdb-key-save-delay", "0")
	a.inSync(m)
	b.inSync(m)
	a.dial().expect("get a", "1", "get b", "2")
	b.dial().expect("get a", "1", "get b", "2")
	require.EqualValues(t, 1, m.saves())
	info := mc.do("info persistence")
	require.Contains(t, info, "rdb_changes_since_last_save:1\r\n")
	require.Contains(t, info, "rdb_last_bgsave_status:ok\r\n")
	require.True(t, m.fileExists())
}

func TestSyncFileNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	m := startNode(t, "repl-diskless-sync no", "rdb-key-save-delay 1000000000")
	mc := m.dial()
	mc.expect("set a 1", "OK")
	r := startNode(t)
	rc := r.dial()
	r.follow(m)
	m.until(m.saving, "a snapshot is being written")
	rc.expect("replicaof no one", "OK")
	m.until(func() bool { return !m.saving() }, "the snapshot is given up")
	require.False(t, m.fileExists())

	// With save points it is theirs.
	m.set("save", "900 100")
	r.follow(m)
	m.until(m.saving, "a snapshot is being written")
	rc.expect("replicaof no one", "OK")
	m.until(func() bool { return m.s.master.Count() == 0 }, "the replica is gone")
	r.follow(m) // waits for another: this one's log was not kept
	m.logged("Can't attach the replica to the current BGSAVE")
	require.True(t, m.saving())
	m.set("rdb-key-save-delay", "0")
	r.inSync(m)
	require.EqualValues(t, 2, m.saves())
}

func TestSyncFileIsRemoved(t *testing.T) {
	t.Parallel()
	m := startNode(t, "repl-diskless-sync no", "rdb-del-sync-files yes")
	m.dial().expect("set a 1", "OK")
	r := startReplica(t, m)
	m.until(func() bool { return !m.fileExists() }, "the file is removed")
	m.logged("Removing the RDB file used to feed replicas")
	m.dial().expect("save", "OK")
	r.cut(false)
	r.inSync(m)
	require.True(t, m.fileExists(), "one that was asked for stays")
}
