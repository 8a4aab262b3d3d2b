package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/repl"
)

func (n *node) syncs() (full, partial int64) {
	st := n.s.master.Stats()
	return st.SyncFull, st.SyncPartialOK
}

func TestReplicaFollowsItsMaster(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	mc := m.dial()
	mc.expect("set before 1", "OK", "select 3", "OK", "set other 2", "OK")
	r := startReplica(t, m)
	rc := r.dial()
	rc.expect("get before", "1", "select 3", "OK", "get other", "2")
	mc.expect("set after 3", "OK", "select 0", "OK", "incr before", "2")
	r.inSync(m)
	rc.expect("get after", "3", "select 0", "OK", "get before", "2",
		"set a b", "-"+errReadOnly,
		"wait 0 0", "-ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
	full, partial := m.syncs()
	require.Equal(t, []int64{1, 0}, []int64{full, partial})

	// Promoted, it keeps its data and takes writes, which do not come from the master any more.
	rc.expect("replicaof no one", "OK", "set a b", "OK")
	mc.expect("set before 9", "OK")
	rc.expect("get before", "2", "role", "[master "+fmt.Sprint(r.s.log.EndOffset())+" []]")
}

func TestPartialResynchronizationAfterCut(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	mc := m.dial()
	mc.expect("select 5", "OK", "set a 1", "OK")
	r.inSync(m)
	r.cut(true)
	r.until(func() bool { return !r.s.role.link.Up() }, "link down")
	mc.expect("set b 2", "OK", "multi", "OK", "set c 3", "QUEUED", "del a", "QUEUED", "exec", "[OK 1]")
	r.cut(false)
	r.inSync(m)
	r.dial().expect("select 5", "OK", "get b", "2", "get c", "3", "exists a", "0")
	full, partial := m.syncs()
	require.Equal(t, []int64{1, 1}, []int64{full, partial})
}

func TestChainSharesOneHistory(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r1 := startReplica(t, m)
	r2 := startReplica(t, r1)
	r3 := startReplica(t, r2)
	mc := m.dial()
	mc.expect("select 7", "OK", "set a 1", "OK")
	r3.inSync(m)
	r3.dial().expect("select 7", "OK", "get a", "1")

	// A replica that moves up the chain goes on amid the same stream: in the database selected there.
	r3.follow(m)
	r3.inSync(m)
	mc.expect("set b 2", "OK")
	r3.inSync(m)
	r3.dial().expect("dbsize", "0", "select 7", "OK", "get b", "2")
	_, partial := m.syncs()
	require.EqualValues(t, 1, partial)

	// The middle is promoted: below it all goes on by partial synchronization.
	r1.dial().expect("replicaof no one", "OK", "select 2", "OK", "set c 3", "OK")
	r2.inSync(r1)
	r2.dial().expect("select 2", "OK", "get c", "3")
	full, partial := r1.syncs()
	require.Equal(t, []int64{1, 1}, []int64{full, partial})
	m.follow(r1)
	m.until(func() bool { return m.s.role.link.Up() }, "the former master follows")
	m.inSync(r1)
	m.dial().expect("select 2", "OK", "get c", "3")
}

func TestWait(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	mc := m.dial()
	mc.expect("set a 1", "OK", "wait 0 0", "0", "wait 1 10", "0", "multi", "OK", "wait 1 0", "QUEUED", "exec", "[0]",
		"wait a 0", "-ERR value is not an integer or out of range", "wait 1 -1", "-ERR timeout is negative")
	r1, r2 := startReplica(t, m), startReplica(t, m)
	mc.expect("set a 2", "OK", "wait 2 0", "2")
	// Commands behind a WAIT stay in their order.
	mc.send("incr a")
	mc.send("wait 2 0")
	mc.send("get a")
	require.Equal(t, []string{"3", "2", "3"}, []string{mc.read(), mc.read(), mc.read()})

	// A client that waits for more than there are is freed when another replica comes, or it goes away itself.
	gone := m.dial()
	gone.send("wait 4 0")
	mc.send("wait 3 0")
	blocked := func() (n int) {
		m.s.lock.lock()
		defer m.s.lock.unlock()
		for _, c := range m.s.clients {
			if c.blocked != nil {
				n++
			}
		}
		return n
	}
	m.until(func() bool { return blocked() == 2 }, "two clients wait")
	gone.Close()
	m.until(func() bool { return blocked() == 1 }, "one client waits")
	r3 := startReplica(t, m)
	require.Equal(t, "3", mc.read())

	// Demoted, the server can't answer.
	mc.send("wait 9 0")
	m.until(func() bool { return blocked() == 1 }, "one client waits")
	r1.dial().expect("replicaof no one", "OK")
	m.follow(r1)
	require.Equal(t, "-"+errForcedOut, mc.read())
	mc.closed()
	for _, n := range []*node{r2, r3} {
		n.dial().expect("get a", "3")
	}
}

// TestWaitAfterAnotherHistory: offsets of a history that was given up are not compared with those of another.
func TestWaitAfterAnotherHistory(t *testing.T) {
	t.Parallel()
	m, other := startNode(t), startNode(t)
	startReplica(t, m)
	mc := m.dial()
	mc.expect("set a "+strings.Repeat("x", 10_000), "OK", "wait 1 0", "1")
	m.follow(other)
	m.inSync(other)
	mc.expect("replicaof no one", "OK")
	r := startReplica(t, m)
	mc.expect("wait 2 0", "2", "set b 1", "OK", "wait 2 0", "2")
	r.dial().expect("get b", "1")
}

func TestMinReplicas(t *testing.T) {
	t.Parallel()
	m := startNode(t, "min-replicas-to-write 1")
	mc := m.dial()
	mc.expect("set a 1", "-"+errNoReplicas, "get a", "(nil)", "multi", "OK", "set a 1", "-"+errNoReplicas,
		"exec", "-EXECABORT Transaction discarded because of previous errors.")
	r := startReplica(t, m)
	m.until(func() bool { return m.s.master.GoodReplicas() == 1 }, "good replica")
	mc.expect("set a 1", "OK", "multi", "OK", "set a 2", "QUEUED")
	r.stop()
	m.until(func() bool { return m.s.master.GoodReplicas() == 0 }, "no good replica")
	mc.expect("exec", "-EXECABORT Transaction discarded because of: "+errNoReplicas, "get a", "1")
}

func TestStaleDataRefused(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	m.dial().expect("set a 1", "OK")
	r := startReplica(t, m, "replica-serve-stale-data no")
	rc := r.dial()
	rc.expect("get a", "1")
	r.cut(true)
	r.until(func() bool { return !r.s.role.link.Up() }, "link down")
	rc.expect("get a", "-"+errMasterDown, "ping", "-"+errMasterDown, "multi", "OK", "get a", "-"+errMasterDown,
		"exec", "-EXECABORT Transaction discarded because of previous errors.",
		"replconf capa eof", "OK", "psync ? -1", "-"+errMasterDown)
	r.set("replica-serve-stale-data", "yes")
	rc.expect("get a", "1", "psync ? -1", "-NOMASTERLINK Can't SYNC while not connected with my master")
	r.cut(false)
	r.inSync(m)
	rc.expect("get a", "1")
}

func TestExpiredKeysOnReplicas(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	m.s.debug.activeExpire.Store(false)
	mc := m.dial()
	r := startReplica(t, m)
	mc.expect("set a 1 px 100000", "OK", "set b 1", "OK")
	r.inSync(m)
	m.skew.Store(int64(time.Hour))
	r.skew.Store(int64(time.Hour))
	rc := r.dial()
	rc.expect("get a", "(nil)", "exists a", "0", "dbsize", "2")
	mc.expect("get a", "(nil)", "dbsize", "1") // the deletion follows the read
	r.inSync(m)
	rc.expect("dbsize", "1")

	// A writable replica's own client does not build on what has expired.
	mc.expect("set c long px 100000", "OK")
	r.inSync(m)
	r.set("replica-read-only", "no")
	r.skew.Store(int64(2 * time.Hour))
	rc.expect("append c x", "1", "get c", "x", "ttl c", "-1")
}

func TestTransactionsReachReplicasWhole(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	mc, rc := m.dial(), r.dial()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 300 {
			mc.expect("multi", "OK", fmt.Sprintf("set x %d", i), "QUEUED", fmt.Sprintf("set y %d", i), "QUEUED", "exec", "[OK OK]")
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		v := rc.do("mget x y")
		words := strings.Fields(strings.Trim(v, "[]"))
		require.Len(t, words, 2)
		require.Equal(t, words[0], words[1])
	}
	r.inSync(m)
	rc.expect("mget x y", "[299 299]")
}

func TestReplicaContinuesAfterRestart(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	mc := m.dial()
	mc.expect("select 4", "OK", "set a 1", "OK")
	dir := t.TempDir()
	r := startReplica(t, m, "dir "+dir)
	mc.expect("set a 2", "OK")
	r.inSync(m)
	r.dial().expect("save", "OK")
	r.stop()
	mc.expect("set b 3", "OK")

	r = startNode(t, "dir "+dir, "replicaof 127.0.0.1 "+m.port())
	r.inSync(m)
	r.dial().expect("select 4", "OK", "get a", "2", "get b", "3")
	full, partial := m.syncs()
	require.Equal(t, []int64{1, 1}, []int64{full, partial})
}

func TestReplicasContinueWithRestartedMaster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := startNode(t, "dir "+dir, "repl-ping-replica-period 3600") // no byte of the stream may come between SAVE and the end
	m.s.debug.activeExpire.Store(false)
	r := startReplica(t, m)
	mc := m.dial()
	mc.expect("set gone 1 px 100000", "OK", "set a 1", "OK")
	r.inSync(m)
	mc.expect("save", "OK")
	r.cut(true)
	m.stop()

	m2 := newNode(t, "dir "+dir)
	m2.skew.Store(int64(time.Hour))
	require.NoError(t, m2.s.Start())
	r.cut(false)
	r.follow(m2)
	r.inSync(m2)
	m2.dial().expect("get gone", "(nil)", "set b 2", "OK")
	m2.until(func() bool { return m2.dial().do("dbsize") == "2" }, "the expired key is deleted")
	r.inSync(m2)
	r.dial().expect("dbsize", "2", "get b", "2")
	full, partial := m2.syncs()
	require.Equal(t, []int64{0, 1}, []int64{full, partial})
}

// fakeMaster answers a replica's handshake, sends a payload in place of a snapshot, and a stream after it.
func fakeMaster(t *testing.T, payload []byte, stream string) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serveFake(c, payload, stream)
		}
	}()
	return strings.Replace(l.Addr().String(), ":", " ", 1)
}

func serveFake(c net.Conn, payload []byte, stream string) {
	defer c.Close()
	var in []byte
	buf := make([]byte, 4096)
	answered := 0
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		in = append(in, buf[:n]...)
		if bytes.Contains(in, []byte("PSYNC")) {
			fmt.Fprintf(c, "+FULLRESYNC %s 0\r\n$%d\r\n", strings.Repeat("a", 40), len(payload))
			_, _ = c.Write(payload)
			_, _ = io.WriteString(c, stream)
			_, _ = io.Copy(io.Discard, c)
			return
		}
		for ; answered < bytes.Count(in, []byte("*")); answered++ {
			io.WriteString(c, "+OK\r\n")
		}
	}
}

func TestCorruptSnapshotFromMasterIsRefused(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	mc := m.dial()
	for i := range 50 {
		mc.expect(fmt.Sprintf("set key:%d %d", i, i), "OK")
	}
	m.s.lock.lock()
	snap := m.s.snapshotLocked(repl.Filter{})
	m.s.lock.unlock()
	var good bytes.Buffer
	require.NoError(t, snap.WriteRDB(t.Context(), &good))
	for _, tt := range []struct {
		name    string
		payload func(b []byte) []byte
	}{
		{"a bit flipped", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }},
		{"not an RDB", func(b []byte) []byte { return []byte("hello") }},
		{"checksum", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }},
		{"cut short", func(b []byte) []byte { return b[:len(b)-20] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := startNode(t)
			rc := r.dial()
			rc.expect("set mine 1", "OK", "replicaof "+fakeMaster(t, tt.payload(bytes.Clone(good.Bytes())), ""), "OK")
			r.logged("Failed trying to load the MASTER synchronization DB")
			rc.expect("get mine", "1", "dbsize", "1")
			require.False(t, r.s.role.link.Up())
			// A good master repairs it.
			r.follow(m)
			r.inSync(m)
			rc.expect("exists mine", "0", "dbsize", "50")
		})
	}
}

// TestReplicaThatAsksIsCutOff: a reply would be taken for a part of the stream.
func TestReplicaThatAsksIsCutOff(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	for _, tt := range []struct{ command, name string }{
		{"ping", "'ping'"}, {"get foo", "'get'"}, {"config get save", "'config|get'"}, {"nonsense", "'<unknown>'"},
	} {
		c := m.dial()
		c.send("psync ? -1")
		require.Contains(t, c.read(), "FULLRESYNC")
		c.send("replconf ack 0")
		c.send("psync ? -1") // it has it
		c.send(tt.command)
		m.logged("Replica generated a reply to command " + tt.name + ", disconnecting it: ")
		m.until(func() bool { return m.s.master.Count() == 0 }, "the replica is gone")
	}
	m.logged("'-" + errReplicaReads + "' after processing the command 'get'")
	m.dial().expect("psync ? x", "-"+errNotInteger)
	m.logged("asks for synchronization but with a wrong offset")
}

// TestFlushedSnapshotIsNotSent: replicas that are being sent what FLUSHALL has deleted since get another snapshot.
func TestFlushedSnapshotIsNotSent(t *testing.T) {
	t.Parallel()
	m := startNode(t, "repl-backlog-size 16kb")
	mc := m.dial()
	mc.expect("set a 1", "OK")
	m.set("rdb-key-save-delay", "1000000000")
	r := startNode(t, "repl-diskless-load swapdb")
	rc := r.dial()
	rc.expect("set mine 1", "OK")
	r.follow(m)
	m.until(m.s.master.SendsSnapshot, "a snapshot is being sent")
	r.until(func() bool { return rc.do("get mine") == "-"+errLoading }, "the replica loads another history")
	mc.expect("flushall", "OK")
	r.inSync(m)
	rc.expect("dbsize", "0")
	full, _ := m.syncs()
	require.EqualValues(t, 2, full)

	// Of its own history it serves what it has.
	m.set("rdb-key-save-delay", "0")
	mc.expect("set a 1", "OK")
	r.inSync(m)
	m.set("rdb-key-save-delay", "1000000000")
	r.cut(true)
	m.until(func() bool { return m.s.master.Count() == 0 }, "the replica is gone")
	mc.expect("set b "+strings.Repeat("x", 100_000), "OK") // more than the backlog
	r.cut(false)
	m.until(m.s.master.SendsSnapshot, "a snapshot is being sent")
	r.until(func() bool { return r.s.loading.is(loadAside) }, "the replica loads")
	rc.expect("get a", "1", "replicaof no one", "-"+errLoading)
	m.set("rdb-key-save-delay", "0")
	r.inSync(m)
	rc.expect("get a", "1")
}

// TestLinkSource: the link comes from bind-source-addr.
func TestLinkSource(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := newNode(t, "bind-source-addr 127.0.0.2")
	r.s.opts.Dial = dialFrom(r.s.cfg)
	require.NoError(t, r.s.Start())
	r.follow(m)
	r.inSync(m)
	require.Equal(t, "127.0.0.2", m.s.master.Replicas()[0].IP())
}
