package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
	"treedis/server/resp"
)

// gated waits until so many clients' output is held back.
func (n *node) gated(clients int64) {
	n.t.Helper()
	n.until(func() bool { return n.s.sync.gated.Load() == clients }, fmt.Sprintf("%d gated clients", clients))
}

// deaf makes a replica apply nothing, and so acknowledge nothing, until hear.
func (n *node) deaf() { n.t.Helper(); n.dial().expect("client pause 1000000 write", "OK") }
func (n *node) hear() { n.t.Helper(); n.dial().expect("client unpause", "OK") }

// syncPair is a master that waits for its one replica.
func syncPair(t *testing.T, directives ...string) (master, replica *node) {
	master = startNode(t, directives...)
	replica = startReplica(t, master)
	master.set("sync-replicas", "1")
	return master, replica
}

func TestRepliesWaitForReplicas(t *testing.T) {
	t.Parallel()
	for _, extra := range [][]string{nil, {"appendonly yes", "appendfsync always"}, {"appendonly yes", "appendfsync everysec"}} {
		t.Run(strings.Join(extra, ","), func(t *testing.T) {
			t.Parallel()
			m, r := syncPair(t, extra...)
			writer, reader, other := m.dial(), m.dial(), m.dial()
			writer.expect("set a 1", "OK", "incr n", "1")
			reader.expect("get a", "1")

			r.deaf()
			writer.send("set a 2")
			m.gated(1)
			reader.send("get a")
			m.gated(2)
			other.expect("ping", "PONG", "config get sync-replicas", "[sync-replicas 1]") // neither shows data
			r.hear()
			require.Equal(t, "OK", writer.read())
			require.Equal(t, "2", reader.read())
			m.gated(0)
			require.Contains(t, m.dial().do("info replication"), "sync_gate_percentiles_usec:p50=")
		})
	}
}

// What was confirmed once stays so when the replicas have gone; what was not is not shown.
func TestConfirmedDataIsReadWithoutReplicas(t *testing.T) {
	t.Parallel()
	m, r := syncPair(t)
	c := m.dial()
	c.expect("set a 1", "OK")
	r.cut(true)
	m.until(func() bool { return m.s.master.Count() == 0 }, "without replicas")
	c.expect("get a", "1", "publish x y", "0", "get a", "1")
	m.set("sync-timeout", "50")
	require.Contains(t, c.do("set a 2"), "-NOREPLICAS Not acknowledged by 1 replica within sync-timeout")
	require.Contains(t, c.do("get a"), "-NOREPLICAS ")
	m.set("sync-timeout", "0")
	r.cut(false)
	r.inSync(m)
	c.expect("get a", "2", "set a 3", "OK")
}

// A pipeline goes on when some of it is not confirmed, and every reply has its place.
func TestTimeoutsReplaceReplies(t *testing.T) {
	t.Parallel()
	m, r := syncPair(t, "sync-timeout 30")
	r.deaf()
	c := m.dial()
	long := strings.Repeat("x", 100_000)
	c.expect("client sync off", "OK", "set long "+long, "OK", "client sync on", "OK")
	for _, line := range []string{"ping", "set a 1", "echo x", "get long", "multi", "set b 2", "get b", "exec", "time", "lpush a x", "echo end"} {
		c.send(line)
	}
	var got []string
	for range 11 {
		reply, _, _ := strings.Cut(c.read(), " ")
		got = append(got, reply)
	}
	got[8] = "time"
	require.Equal(t, strings.Fields("PONG -NOREPLICAS x -NOREPLICAS OK QUEUED QUEUED -NOREPLICAS time -NOREPLICAS end"), got)
	m.set("sync-timeout", "0") // what follows may take its time
	r.hear()
	c.expect("get a", "1")
	require.Contains(t, m.dial().do("info errorstats"), "errorstat_NOREPLICAS:count=4")
}

func TestClientSync(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	c, free := m.dial(), m.dial()
	c.expect("client sync nope", "-ERR CLIENT SYNC takes ON, OFF, ALL or a number of replicas", "client sync -1",
		"-ERR CLIENT SYNC takes ON, OFF, ALL or a number of replicas", "client sync 1", "OK", "set a 1", "OK")
	r.deaf()
	c.send("set a 2")
	m.gated(1)
	free.expect("get a", "2")
	r.hear()
	require.Equal(t, "OK", c.read())

	c.expect("client sync 2", "OK")
	c.send("set a 3")
	m.gated(1)
	second := startReplica(t, m)
	require.Equal(t, "OK", c.read())
	c.expect("client sync all", "OK", "set a 4", "OK", "reset", "RESET")
	r.deaf()
	second.deaf()
	c.expect("set a 5", "OK") // as configured again: not at all

	all := m.dial()
	all.expect("client sync all", "OK")
	all.send("set a 6")
	m.gated(1)
	r.hear()
	m.until(func() bool { return m.s.master.CountAcks(m.s.log.DataEnd()) == 1 }, "one of two")
	m.gated(1)
	second.hear()
	require.Equal(t, "OK", all.read())
}

// CLIENT SYNC is for what comes after it: it releases nothing that was written before, and leaves nobody waiting.
func TestClientSyncOffWhileWaiting(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	c := m.dial()
	c.expect("client sync 1", "OK")
	r.deaf()
	c.send("set a 1")
	m.gated(1)
	c.send("client sync off")
	m.until(func() bool {
		m.s.lock.lock()
		defer m.s.lock.unlock()
		return m.s.sync.own == 0
	}, "nobody asks for replicas")
	r.hear()
	c.reads("OK", "OK")
	m.gated(0)

	r.deaf()
	var pipeline []byte // in one round
	for _, line := range []string{"client sync 1", "set a 2", "client sync off", "get a"} {
		var words [][]byte
		for _, w := range strings.Fields(line) {
			words = append(words, []byte(w))
		}
		pipeline = resp.AppendCommand(pipeline, words...)
	}
	_, err := c.Write(pipeline)
	require.NoError(t, err)
	m.gated(1)
	r.hear()
	c.reads("OK", "OK", "OK", "2")
	m.gated(0)
	c.expect("get a", "2")
}

// All replicas are those that are connected, one at least.
func TestAllReplicasAreAtLeastOne(t *testing.T) {
	t.Parallel()
	m := startNode(t, "sync-replicas all")
	c := m.dial()
	c.send("set a 1")
	m.gated(1)
	startReplica(t, m)
	require.Equal(t, "OK", c.read())
}

// The directives change what is being waited for.
func TestDirectivesReachThoseWhoWait(t *testing.T) {
	t.Parallel()
	m := startNode(t, "sync-replicas 1")
	c, d := m.dial(), m.dial()
	c.send("set a 1")
	m.gated(1)
	m.set("sync-timeout", "1")
	require.Contains(t, c.read(), "-NOREPLICAS")
	m.set("sync-timeout", "0")
	d.send("get a")
	m.gated(1)
	m.set("sync-replicas", "0")
	require.Equal(t, "1", d.read())
	m.gated(0)
}

func TestDemotionFailsThoseWhoWait(t *testing.T) {
	t.Parallel()
	m, other := startNode(t, "sync-replicas 1"), startNode(t)
	c, popper := m.dial(), m.dial()
	popper.send("blpop l 0")
	m.blocked("1")
	c.send("rpush l x")
	c.send("ping")
	m.gated(2)
	m.follow(other)
	require.Contains(t, c.read(), "-UNBLOCKED This server has become a replica")
	require.Equal(t, "PONG", c.read())
	require.Contains(t, popper.read(), "-UNBLOCKED ")
	m.gated(0)
	m.inSync(other)
	c.expect("get none", "(nil)")
}

// After a promotion what the former master had is not confirmed until replicas of this server have it.
func TestPromotionBeginsAnew(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	a := startReplica(t, m, "sync-replicas 1")
	b := startReplica(t, m)
	m.dial().expect("set a 1", "OK")
	a.inSync(m)
	a.dial().expect("get a", "1") // no master, no waiting
	c := a.dial()
	c.expect("replicaof no one", "OK")
	c.send("get a")
	a.gated(1)
	b.follow(a)
	require.Equal(t, "1", c.read())
}

// Messages about what is not confirmed wait, and are dropped if it is not; invalidations go at once.
func TestMessagesWaitForReplicas(t *testing.T) {
	t.Parallel()
	m, r := syncPair(t, "notify-keyspace-events KA")
	sub, tracker, c := m.dial(), m.dial(), m.dial()
	sub.expect("subscribe __keyspace@0__:a", "[subscribe __keyspace@0__:a 1]")
	tracker.send("hello 3")
	tracker.read()
	tracker.expect("client tracking on", "OK", "get a", "(nil)")
	r.deaf()
	c.send("set a 1")
	require.Equal(t, "[invalidate [a]]", tracker.read())
	m.gated(2)
	r.hear()
	require.Equal(t, "OK", c.read())
	require.Equal(t, "[message __keyspace@0__:a set]", sub.read())

	r.deaf()
	m.set("sync-timeout", "10")
	require.Contains(t, c.do("del a"), "-NOREPLICAS")
	m.gated(0)
	m.set("sync-timeout", "0")
	r.hear()
	c.expect("set a 2", "OK")
	require.Equal(t, "[message __keyspace@0__:a set]", sub.read())
}

// With sync-reads what was confirmed before is not enough: the replicas have to be there.
// What a client has in its cache is not what the server has, though no replica has confirmed the change: invalidations are not
// dropped with the reply that they follow. Messages are.
func TestInvalidationsOutliveTimeouts(t *testing.T) {
	t.Parallel()
	m, r := syncPair(t, "sync-timeout 10", "notify-keyspace-events KA")
	c := m.dial()
	c.send("hello 3")
	c.read()
	c.expect("client tracking on", "OK", "subscribe __keyspace@0__:a", "[subscribe __keyspace@0__:a 1]", "get a", "(nil)")
	r.deaf()
	for _, line := range []string{"multi", "set a 1", "subscribe x", "exec", "ping"} { // SUBSCRIBE looks for messages amid the transaction
		c.send(line)
	}
	for _, want := range []string{"OK", "QUEUED", "QUEUED"} {
		require.Equal(t, want, c.read())
	}
	require.Contains(t, c.read(), "-NOREPLICAS")
	require.Equal(t, "[invalidate [a]]", c.read())
	require.Equal(t, "PONG", c.read())

	// What the waiting command itself changes is told after its reply.
	c.expect("client sync off", "OK", "llen to", "0", "client sync on", "OK")
	c.send("blmove l to left left 0")
	m.until(func() bool { return strings.Contains(m.dial().do("info clients"), "blocked_clients:1") }, "blocked")
	require.Contains(t, m.dial().do("rpush l x y"), "-NOREPLICAS")
	require.Contains(t, c.read(), "-NOREPLICAS")
	require.Equal(t, "[invalidate [to]]", c.read())
}

func TestReadsWaitToo(t *testing.T) {
	t.Parallel()
	m, r := syncPair(t, "sync-reads yes")
	c := m.dial()
	c.expect("set a 1", "OK", "get a", "1")
	r.cut(true)
	m.until(func() bool { return m.s.master.Count() == 0 }, "without replicas")
	c.send("get a")
	m.gated(1)
	r.cut(false)
	require.Equal(t, "1", c.read())
}

// A client that closes while it waits is forgotten.
func TestGatedClientLeaves(t *testing.T) {
	t.Parallel()
	m := startNode(t, "sync-replicas 1", "io-threads 2")
	c, d := m.dial(), m.dial()
	c.send("set a 1")
	d.send("set a 2")
	m.gated(2)
	c.Close()
	m.gated(1)
	killed := m.dial() // perhaps by another loop
	killed.send("set a 3")
	m.gated(2)
	m.dial().expect("client kill addr "+killed.LocalAddr().String(), "1")
	m.gated(1)
	startReplica(t, m)
	require.Equal(t, "OK", d.read())
	m.gated(0)
}

// Those who wait in vain and go leave nothing behind.
func TestManyGatedClientsLeave(t *testing.T) {
	t.Parallel()
	m := startNode(t, "sync-replicas 1")
	stays := m.dial()
	stays.send("set a 1")
	m.gated(1)
	for range 3 * fewDead {
		c := m.dial()
		c.send("set a 2")
		m.gated(2)
		c.Close()
		m.gated(1)
	}
	held := make(chan int)
	m.s.net.Loops()[0].Post(func() {
		n := 0
		for _, q := range m.s.gates[0].queues {
			n += len(q.held)
		}
		held <- n
	})
	require.LessOrEqual(t, <-held, 2*fewDead)
	startReplica(t, m)
	stays.reads("OK")
	m.gated(0)
}

func TestReplPosAndWaitOffset(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	c, d := m.dial(), r.dial()
	id, _ := m.end()
	c.expect("replpos", "["+id+" 0]", "set a 1", "OK", "get a", "1")
	_, end := m.end() // a PING may stand behind the write
	pos := strings.Trim(c.do("replpos"), "[]")
	var offset int64
	_, err := fmt.Sscanf(pos, id+" %d", &offset)
	require.NoError(t, err, pos)
	require.Positive(t, offset)
	require.LessOrEqual(t, offset, end)
	c.expect("waitoffset "+pos+" 0", "1")
	d.expect("waitoffset "+pos+" 0", "1", "get a", "1", "waitoffset x 0 0", "-"+errNoHistory,
		"waitoffset "+id+" x 0", "-ERR offset is not an integer or out of range",
		fmt.Sprintf("waitoffset %s %d 10", id, end+1000), "0")

	r.deaf()
	c.expect("set a 2", "OK")
	_, end = m.end()
	d.send(fmt.Sprintf("waitoffset %s %d 0", id, end))
	r.blocked("1")
	r.hear()
	require.Equal(t, "1", d.read())
	d.expect("get a", "2")

	// A promotion leaves the old history valid up to where it ended, and ends the waiting for more.
	d.send(fmt.Sprintf("waitoffset %s %d 0", id, end+100000))
	r.blocked("1")
	r.dial().expect("replicaof no one", "OK")
	require.Equal(t, "-"+errNoHistory, d.read())
	_, at := r.end()
	d.expect(fmt.Sprintf("waitoffset %s %d 0", id, at), "1", fmt.Sprintf("waitoffset %s %d 0", id, at+1), "-"+errNoHistory)
	r.s.lock.lock()
	defer r.s.lock.unlock()
	require.Empty(t, r.s.offsetWaits)
}

// Pings and messages do not make confirmed data unconfirmed.
func TestQuietEndOfTheLog(t *testing.T) {
	t.Parallel()
	m, _ := syncPair(t)
	c := m.dial()
	c.expect("set a 1", "OK")
	at := m.s.log.DataEnd()
	c.expect("publish x y", "0")
	m.s.lock.lock()
	m.s.log.AppendPing()
	m.s.lock.unlock()
	require.Equal(t, at, m.s.log.DataEnd())
	require.Greater(t, m.s.log.EndOffset(), at)
	c.expect("set a 2", "OK")
	require.Greater(t, m.s.log.DataEnd(), at)
}

func TestSyncDirectives(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.expect("config set sync-replicas all", "OK", "config get sync-replicas", "[sync-replicas all]")
	require.EqualValues(t, config.AllReplicas, config.SyncReplicas.Get(n.s.cfg))
	require.Contains(t, c.do("config set sync-replicas 101"), "argument must be a number of replicas between 0 and 100, or all")
	c.expect("config set sync-replicas 0", "OK")
	require.Equal(t, time.Duration(0), n.s.syncTimeout())
}
