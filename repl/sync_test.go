package repl

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFullSync(t *testing.T) {
	t.Parallel()
	for _, diskless := range []bool{true, false} {
		t.Run(fmt.Sprintf("diskless=%v", diskless), func(t *testing.T) {
			t.Parallel()
			m, r := newNode(t), newNode(t)
			m.configure(func(c *MasterConfig) { c.DisklessSync = diskless })
			for i := range 2000 {
				m.set(fmt.Sprint("key", i), strings.Repeat("v", i%300))
			}
			require.False(t, m.log.Active())
			r.follow(m)
			awaitSync(t, m, r)
			m.set("after", "sync")
			awaitSync(t, m, r)
			require.Equal(t, MasterStats{SyncFull: 1, SyncPartialErr: 1, OutputBytes: m.master.Stats().OutputBytes}, m.master.Stats())
			eventually(t, "acknowledged", func() bool {
				list := m.master.Replicas()
				return len(list) == 1 && list[0].State == Online && list[0].AckOffset == m.log.EndOffset()
			})
			s := m.master.Replicas()[0]
			require.Equal(t, 7777, s.Port)
			require.Equal(t, "127.0.0.1", s.IP())
			require.Equal(t, "127.0.0.1:7777", s.Name())
			require.Equal(t, 1, m.master.GoodReplicas())
			require.Equal(t, "*2\r\n$6\r\nSELECT\r\n", string(r.history(r.log.StartOffset())[:16]))
		})
	}
}

func TestFullSyncToEmptyMaster(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	r.set("old", "data")
	r.follow(m)
	awaitSync(t, m, r)
	require.Empty(t, r.copyData())
}

func TestPartialSyncOfCaughtUpReplica(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	r.follow(m)
	m.set("a", "1")
	awaitSync(t, m, r)
	for i := range 5 {
		require.True(t, r.link.Disconnect())
		eventually(t, "partial", func() bool { return m.master.Stats().SyncPartialOK == int64(i+1) && r.link.Status().Up() })
	}
	m.set("b", "2")
	awaitSync(t, m, r)
	require.EqualValues(t, 1, m.master.Stats().SyncFull)
	require.EqualValues(t, 1, r.installs.Load())
}

// cutter ends a connection after a number of bytes received.
type cutter struct {
	net.Conn
	left int64
}

func (c *cutter) Read(p []byte) (int, error) {
	if c.left <= 0 {
		c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func TestCutLinksContinue(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	m.log.SetBacklogSize(64 << 20)
	r.log.SetBacklogSize(64 << 20)
	r.follow(m)
	m.set("first", "1")
	awaitSync(t, m, r)

	rnd := rand.New(rand.NewPCG(1, 2))
	var cut atomic.Bool
	cut.Store(true)
	var cuts atomic.Int64
	wrap := func(c net.Conn) net.Conn {
		if !cut.Load() {
			return c
		}
		cuts.Add(1)
		return &cutter{c, 100 + rnd.Int64N(20000)} // one dial at a time
	}
	r.wrap.Store(&wrap)
	r.link.Disconnect()
	w := rand.New(rand.NewPCG(3, 4))
	for i := 0; cuts.Load() < 60; i++ {
		value := strings.Repeat("x", w.IntN(500))
		m.Lock()
		if w.IntN(4) == 0 && m.log.SelectedDB() == 0 {
			m.data["tx1"], m.data["tx2"] = value, value
			tx := appendCommand(nil, "MULTI")
			tx = appendCommand(tx, "SET", "tx1", value)
			tx = appendCommand(tx, "SET", "tx2", value)
			m.log.Append(appendCommand(tx, "EXEC"))
		}
		m.Unlock()
		m.set(fmt.Sprint("key", i%1000), value)
		r.Lock()
		require.Equal(t, r.data["tx1"], r.data["tx2"], "transactions are applied whole")
		r.Unlock()
		if m.log.EndOffset()-r.log.EndOffset() > 1<<20 { // each connection brings 10 KB or so
			eventually(t, "the replica follows", func() bool { return m.log.EndOffset()-r.log.EndOffset() < 1<<19 || cuts.Load() >= 60 })
		}
	}
	cut.Store(false)
	r.link.Disconnect()
	awaitSync(t, m, r)
	require.EqualValues(t, 1, m.master.Stats().SyncFull)
	require.EqualValues(t, 1, r.installs.Load())
	from := r.log.StartOffset()
	require.Equal(t, m.history(from), r.history(from))
	checkLog(t, r.log)
}

func TestCutTransfersStartOver(t *testing.T) {
	t.Parallel()
	for _, diskless := range []bool{true, false} {
		m, r := newNode(t), newNode(t)
		m.configure(func(c *MasterConfig) { c.DisklessSync = diskless })
		for i := range 500 {
			m.set(fmt.Sprint("key", i), strings.Repeat("v", 100))
		}
		r.set("served", "meanwhile")
		n := int64(100)
		wrap := func(c net.Conn) net.Conn { n += 5000; return &cutter{c, n} }
		r.wrap.Store(&wrap)
		r.follow(m)
		eventually(t, "several attempts", func() bool { return m.master.Stats().SyncFull >= 4 })
		if r.installs.Load() == 0 {
			require.Equal(t, "meanwhile", r.copyData()["served"])
		}
		eventually(t, "installed", func() bool { return r.installs.Load() > 0 })
		r.wrap.Store(nil)
		r.link.Disconnect()
		awaitSync(t, m, r)
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	a, b, c := newNode(t), newNode(t), newNode(t)
	a.set("k", "v")
	c.follow(b)
	b.follow(a)
	awaitSync(t, a, b)
	awaitSync(t, a, c)
	for i := range 200 {
		a.set(fmt.Sprint(i), "x")
	}
	awaitSync(t, a, b)
	awaitSync(t, a, c)

	// b is promoted: c continues with it, by the second id.
	full := b.master.Stats().SyncFull
	b.promote()
	require.False(t, b.link.Following())
	b.set("promoted", "b")
	awaitSync(t, b, c)
	require.Equal(t, a.ids.Get().ID, b.ids.Get().ID2)
	require.Equal(t, full, b.master.Stats().SyncFull)

	// a joins it: no write was lost, so a partial synchronization will do.
	eventually(t, "b has left", func() bool { return a.master.Count() == 0 })
	a.follow(b)
	awaitSync(t, b, a)
	require.Equal(t, full, b.master.Stats().SyncFull)

	// And c moves over to a, sharing the id it got from b.
	c.follow(a)
	awaitSync(t, b, c)
	b.set("again", "b")
	awaitSync(t, b, a)
	awaitSync(t, b, c)
	require.EqualValues(t, 1, a.master.Stats().SyncFull)
}

func TestSubReplicasStartOverAfterFullSync(t *testing.T) {
	t.Parallel()
	a, b, c, other := newNode(t), newNode(t), newNode(t), newNode(t)
	a.set("from", "a")
	other.set("from", "other")
	b.follow(a)
	c.follow(b)
	awaitSync(t, a, c)
	b.follow(other)
	awaitSync(t, other, b)
	awaitSync(t, other, c)
	require.Equal(t, "other", c.copyData()["from"])
}

func TestDelayedSnapshotIsShared(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.configure(func(c *MasterConfig) { c.DisklessSyncDelay = 5 * time.Second; c.DisklessSyncMaxReplicas = 4 })
	replicas := []*node{newNode(t), newNode(t), newNode(t)}
	for _, r := range replicas {
		r.follow(m)
	}
	eventually(t, "waiting", func() bool { return m.master.Count() == 3 })
	for _, s := range m.master.Replicas() {
		require.Equal(t, WaitSnapshot, s.State)
		require.Equal(t, "wait_bgsave", s.State.Info())
	}
	m.master.Cron()
	require.Zero(t, m.snapshots.Load())
	m.set("written", "meanwhile")
	m.clock.Store(int64(6 * time.Second))
	m.master.Cron()
	for _, r := range replicas {
		awaitSync(t, m, r)
	}
	require.EqualValues(t, 1, m.snapshots.Load())
	eventually(t, "released", func() bool { return m.released.Load() == 1 })
}

func TestEnoughReplicasEndTheDelay(t *testing.T) {
	t.Parallel()
	m, a, b := newNode(t), newNode(t), newNode(t)
	m.configure(func(c *MasterConfig) { c.DisklessSyncDelay = time.Hour; c.DisklessSyncMaxReplicas = 2 })
	a.follow(m)
	eventually(t, "one waits", func() bool { return m.master.Count() == 1 })
	require.Zero(t, m.snapshots.Load())
	b.follow(m)
	awaitSync(t, m, a)
	awaitSync(t, m, b)
	require.EqualValues(t, 1, m.snapshots.Load())
}

func TestSnapshotFailureIsReported(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	m.snapshotErr = errors.New("disk on fire")
	r.follow(m)
	eventually(t, "refused", func() bool { return r.logged("BGSAVE failed, replication can't continue") })
	m.Lock()
	m.snapshotErr = nil
	m.Unlock()
	awaitSync(t, m, r)
}

func TestWaitForAcks(t *testing.T) {
	t.Parallel()
	m, a, b := newNode(t), newNode(t), newNode(t)
	a.follow(m)
	b.follow(m)
	awaitSync(t, m, a)
	awaitSync(t, m, b)
	end := m.set("k", "v")
	opened := make(chan int, 3)
	m.Lock()
	for n := 1; n <= 3; n++ {
		if m.master.WaitAcks(end, n, func() { opened <- n }) == nil {
			opened <- n
		}
	}
	m.master.RequestAcksLocked()
	size := m.log.EndOffset()
	m.master.RequestAcksLocked()
	require.Equal(t, size, m.log.EndOffset(), "one request serves all")
	m.Unlock()
	require.ElementsMatch(t, []int{1, 2}, []int{<-opened, <-opened})
	require.Equal(t, 2, m.master.CountAcks(end))
	require.Zero(t, m.master.CountAcks(end+1000))
	require.Zero(t, m.master.CountFsyncAcks(end))
	require.Empty(t, opened)
	w := m.master.WaitAcks(end+1000, 1, func() { t.Error("cancelled") })
	require.True(t, w.Cancel())
	require.False(t, w.Cancel())
	require.Nil(t, m.master.WaitAcks(end, 0, nil))
}

func TestSlowReplicaIsCutOff(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.log.SetBacklogSize(MinBacklogSize)
	m.configure(func(c *MasterConfig) { c.HardLimit = 1 << 20 })
	c := rawReplica(t, m, "PSYNC ? -1")
	eventually(t, "attached", func() bool { return m.master.Count() == 1 })
	// Nothing is read from c: the socket buffers fill, then the log.
	value := strings.Repeat("x", 64<<10)
	eventually(t, "cut off", func() bool { m.set("k", value); return m.master.Count() == 0 })
	require.True(t, m.logged("scheduled to be closed ASAP for overcoming of output buffer limits"))
	require.Less(t, m.log.HistLen(), int64(1<<20))
	c.Close()
}

func TestSoftLimit(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.configure(func(c *MasterConfig) { c.SoftLimit = 1 << 20; c.SoftPeriod = 10 * time.Second; c.Timeout = time.Hour })
	rawReplica(t, m, "PSYNC ? -1")
	eventually(t, "attached", func() bool { return m.master.Count() == 1 })
	value := strings.Repeat("x", 64<<10)
	eventually(t, "behind", func() bool { m.set("k", value); return m.master.Replicas()[0].Pending > 2<<20 })
	m.master.Cron()
	m.clock.Store(int64(9 * time.Second))
	m.master.Cron()
	require.Equal(t, 1, m.master.Count(), "not longer than the period yet")
	m.clock.Store(int64(12 * time.Second))
	m.master.Cron()
	require.Zero(t, m.master.Count())
}

func TestLimitsBelowTheBacklogAreRaised(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	m.configure(func(c *MasterConfig) { c.HardLimit = 1000 })
	r.follow(m)
	awaitSync(t, m, r)
	for range 8 {
		m.set("k", strings.Repeat("x", 100<<10))
	}
	awaitSync(t, m, r)
	m.master.Cron()
	require.EqualValues(t, 1, m.master.Stats().SyncFull)
	require.EqualValues(t, 0, m.master.Stats().SyncPartialOK)
}

func TestSilentReplicaTimesOut(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	c := rawReplica(t, m, "PSYNC ? -1")
	eventually(t, "online", func() bool { l := m.master.Replicas(); return len(l) == 1 && l[0].State == Online })
	m.clock.Store(int64(59 * time.Second))
	m.master.Cron()
	require.Equal(t, 1, m.master.Count())
	require.Equal(t, 0, m.master.GoodReplicas())
	_, err := io.WriteString(c, "\n") // a sign of life
	require.NoError(t, err)
	eventually(t, "heard", func() bool { return m.master.Replicas()[0].Lag < time.Second })
	m.master.Cron()
	require.Equal(t, 1, m.master.GoodReplicas())
	m.clock.Store(int64(121 * time.Second))
	m.master.Cron()
	require.Zero(t, m.master.Count())
	require.True(t, m.logged("Disconnecting timedout replica (streaming sync)"))
}

func TestBacklogExpires(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	r.follow(m)
	awaitSync(t, m, r)
	id := m.ids.Get().ID
	m.clock.Store(int64(2 * time.Hour))
	m.master.Cron()
	require.True(t, m.log.BacklogActive(), "there is a replica")
	r.promote()
	eventually(t, "gone", func() bool { return m.master.Count() == 0 })
	m.clock.Store(int64(3*time.Hour - time.Minute))
	m.master.Cron()
	require.True(t, m.log.BacklogActive())
	m.clock.Store(int64(3*time.Hour + time.Minute))
	m.master.Cron()
	require.False(t, m.log.BacklogActive())
	require.NotEqual(t, id, m.ids.Get().ID)
	r.master.Cron()
	require.True(t, r.log.BacklogActive())
}

func TestPings(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	m.configure(func(c *MasterConfig) { c.PingPeriod = 3 * time.Second })
	m.master.Cron()
	require.Zero(t, m.log.EndOffset(), "no replica, no ping")
	r.follow(m)
	awaitSync(t, m, r)
	before := m.log.EndOffset()
	for range 6 {
		m.master.Cron()
	}
	require.Equal(t, before+2*int64(len(pingCommand)), m.log.EndOffset())
	awaitSync(t, m, r)
}
