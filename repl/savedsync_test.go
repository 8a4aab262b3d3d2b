package repl

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newSavingNode returns a master whose snapshots go through files, the writing of which waits for a send to saveGate.
func newSavingNode(t *testing.T) *node {
	m := newNode(t)
	m.saveGate = make(chan struct{})
	m.configure(func(c *MasterConfig) { c.DisklessSync = false })
	m.set("key", "value")
	return m
}

func (n *node) waiting(s ReplicaState) int {
	count := 0
	for _, r := range n.master.Replicas() {
		if r.State == s {
			count++
		}
	}
	return count
}

func TestSavedSnapshotIsShared(t *testing.T) {
	t.Parallel()
	m := newSavingNode(t)
	a, b, c := newNode(t), newNode(t), newNode(t)
	a.follow(m)
	eventually(t, "the first waits", func() bool { return m.waiting(EncodeSnapshot) == 1 })
	m.set("written", "meanwhile")
	b.follow(m)
	eventually(t, "the second waits for the same", func() bool { return m.waiting(EncodeSnapshot) == 2 })
	require.True(t, m.logged("Waiting for end of BGSAVE for SYNC"))
	require.False(t, m.master.SendsSnapshot())
	m.saveGate <- struct{}{}
	awaitSync(t, m, a)
	awaitSync(t, m, b)
	require.EqualValues(t, 1, m.saves.Load())
	require.Zero(t, m.unneeded.Load())

	close(m.saveGate)
	c.follow(m)
	awaitSync(t, m, c)
	require.EqualValues(t, 2, m.saves.Load(), "whoever comes later gets one of its own")
}

func TestSavedSnapshotIsSentWithItsLength(t *testing.T) {
	t.Parallel()
	m := newSavingNode(t)
	conn := rawReplica(t, m, "REPLCONF capa eof capa psync2", "PSYNC ? -1")
	r := bufio.NewReader(conn)
	require.Equal(t, "+OK", readLine(t, r))
	require.Equal(t, "+FULLRESYNC "+m.ids.Get().ID+" 0", readLine(t, r))
	m.master.Cron()
	require.Empty(t, readLine(t, r), "a sign of life while it is written")
	m.saveGate <- struct{}{}
	const data = "key value\n"
	for {
		if line := readLine(t, r); line != "" {
			require.Equal(t, fmt.Sprintf("$%d", len(data)), line)
			break
		}
	}
	got := make([]byte, len(data))
	_, err := io.ReadFull(r, got)
	require.NoError(t, err)
	require.Equal(t, data, string(got))
}

// TestSavedSnapshotNobodyWaitsFor: the server is told, and who comes then does not get it.
func TestSavedSnapshotNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	m := newSavingNode(t)
	c := rawReplica(t, m, "PSYNC ? -1")
	eventually(t, "it waits", func() bool { return m.waiting(EncodeSnapshot) == 1 })
	c.Close()
	eventually(t, "the server is told", func() bool { return m.unneeded.Load() == 1 })

	m.Lock()
	m.saveBusy = true
	m.Unlock()
	r := newNode(t)
	r.follow(m)
	eventually(t, "the replica waits for another", func() bool {
		return m.waiting(WaitSnapshot) == 1 && m.logged("Can't attach the replica to the current BGSAVE")
	})
	m.Lock()
	m.saveBusy = false
	m.Unlock()
	close(m.saveGate)
	m.master.Cron()
	awaitSync(t, m, r)
	require.EqualValues(t, 2, m.saves.Load())
}

// TestSavedSnapshotWithoutItsLog: a replica that would lack a part of the log waits for the next snapshot.
func TestSavedSnapshotWithoutItsLog(t *testing.T) {
	t.Parallel()
	m := newSavingNode(t)
	m.log.SetBacklogSize(MinBacklogSize)
	only := attachPipe(t, m, ReplicaInfo{RDBOnly: true})
	go func() { _, _ = io.Copy(io.Discard, only) }()
	eventually(t, "it waits", func() bool { return m.waiting(EncodeSnapshot) == 1 })
	for range 4 {
		m.set("big", strings.Repeat("x", MinBacklogSize))
	}
	r := newNode(t)
	r.follow(m)
	eventually(t, "the replica waits for another", func() bool { return m.waiting(WaitSnapshot) == 1 })
	close(m.saveGate)
	eventually(t, "the first is over", func() bool { m.master.Cron(); return m.saves.Load() == 2 })
	awaitSync(t, m, r)
}
