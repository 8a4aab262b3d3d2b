package tests

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// syncRounds is how many failovers the tests of synchronous replication go through: SYNC_ROUNDS, or few.
func syncRounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("SYNC_ROUNDS")); err == nil {
		return n
	}
	return few
}

func requireSync(t *testing.T) {
	t.Helper()
	if harness.StandIn() {
		t.Skip("only treedis has sync-replicas")
	}
}

// trio is a master and two replicas, each reached by the others through a proxy of its own.
type trio struct {
	servers [3]*harness.Server
	doors   [3]*harness.Proxy
	master  int
}

func startTrio(t *testing.T, opts ...string) *trio {
	t.Helper()
	requireSync(t)
	c := new(trio)
	args := append([]string{"--save", "", "--repl-diskless-sync-delay", "0", "--sync-replicas", "1"}, opts...)
	for i := range c.servers {
		c.servers[i] = harness.Start(t, harness.Treedis, harness.Args(args...))
		c.doors[i] = harness.NewProxy(t, c.servers[i].Addr())
	}
	for _, i := range c.others() {
		c.servers[i].ReplicaOf(t, c.doors[c.master].Port())
	}
	c.settle(t)
	return c
}

func (c *trio) others() []int { return []int{(c.master + 1) % 3, (c.master + 2) % 3} }

// settle waits until both replicas are in sync.
func (c *trio) settle(t *testing.T) {
	t.Helper()
	for _, i := range c.others() {
		c.servers[i].WaitLinkUp(t)
	}
}

// failOver promotes the replica that is the most advanced, after the master can reach neither any more, and makes the other
// follow it. It returns the old master.
func (c *trio) failOver(t *testing.T) (old int) {
	t.Helper()
	old = c.master
	c.doors[old].Refuse(true)
	c.doors[old].Cut()
	best, most := -1, int64(-1)
	for _, i := range c.others() {
		c.servers[i].WaitLinkDown(t)
		if at := c.servers[i].Info(t).Int("slave_repl_offset"); at > most {
			best, most = i, at
		}
	}
	c.servers[best].Promote(t)
	c.servers[3-old-best].ReplicaOf(t, c.doors[best].Port())
	c.master = best
	return old
}

// rejoin makes a former master a replica.
func (c *trio) rejoin(t *testing.T, old int) {
	t.Helper()
	c.servers[old].ReplicaOf(t, c.doors[c.master].Port())
	c.doors[old].Refuse(false)
	c.settle(t)
}

// TestSyncReplicasLoseNothing kills a master under load again and again: with the most advanced of two replicas promoted,
// nothing is lost that a client was told.
func TestSyncReplicasLoseNothing(t *testing.T) {
	t.Parallel()
	c := startTrio(t)
	const writers = 4
	var told [writers]int64 // what each has last been told
	next := int64(0)
	for round := range syncRounds(3) {
		var group sync.WaitGroup
		var total atomic.Int64
		at, base := c.servers[c.master].Addr(), next
		for w := range writers {
			group.Go(func() { told[w] = max(told[w], writeUntilKilled(at, w, base, &total)) })
		}
		victim := c.servers[c.master]
		harness.Eventually(t, func() bool { return total.Load() > int64(1000+317*round) }, harness.Patience, "writes are confirmed")
		victim.Kill()
		group.Wait()
		old := c.failOver(t)
		conn := c.servers[c.master].Dial(t)
		conn.OK(t, "CLIENT", "SYNC", "OFF")
		for w := range writers {
			r := conn.OK(t, "GET", fmt.Sprint("w", w))
			got, _ := strconv.ParseInt(r.Text, 10, 64)
			require.GreaterOrEqual(t, got, told[w], "round %d: writer %d lost something", round, w)
			next = max(next, got)
		}
		next += 1000
		victim.Restart(t, harness.Args("--replicaof", "127.0.0.1 "+c.doors[c.master].Port()))
		c.rejoin(t, old)
	}
}

// writeUntilKilled writes growing numbers to a key, 16 at a time, and returns the last that was confirmed.
func writeUntilKilled(addr string, w int, from int64, total *atomic.Int64) (told int64) {
	conn, err := harness.Dial(addr)
	if err != nil {
		return 0
	}
	defer conn.Close()
	key := fmt.Sprint("w", w)
	for n := from; ; {
		for range 16 {
			n++
			if conn.Send("SET", key, strconv.FormatInt(n, 10)) != nil {
				return told
			}
		}
		for i := range int64(16) {
			r, err := conn.Read1()
			if err != nil || r.IsError() {
				return told
			}
			told = n - 15 + i
			total.Add(1)
		}
	}
}

// TestSyncReplicasWithRedis: a real Redis replica acknowledges when it is asked, and takes no harm from stamps.
func TestSyncReplicasWithRedis(t *testing.T) {
	t.Parallel()
	requireSync(t)
	harness.RequirePeer(t)
	master := harness.Start(t, harness.Treedis, harness.Args("--repl-diskless-sync-delay", "0", "--sync-replicas", "2"))
	redis := harness.Start(t, harness.Redis)
	fresh := harness.Start(t, harness.Treedis, harness.Args("--replica-max-lag-ms", "5000"))
	sub := harness.Start(t, harness.Treedis)
	redis.ReplicaOf(t, strconv.Itoa(master.Port()))
	fresh.ReplicaOf(t, strconv.Itoa(master.Port()))
	sub.ReplicaOf(t, strconv.Itoa(redis.Port()))
	for _, s := range []*harness.Server{redis, fresh, sub} {
		s.WaitLinkUp(t)
	}
	c := master.Dial(t)
	for i := range 200 {
		c.OK(t, "SET", "k", strconv.Itoa(i))
	}
	require.Equal(t, "199", redis.Once(t, "GET", "k").Text)
	harness.Eventually(t, func() bool { return fresh.Info(t)["replica_lag_source"] == "stamps" }, harness.Patience, "stamps arrive")
	pos := c.OK(t, "REPLPOS")
	for _, s := range []*harness.Server{fresh, sub} {
		conn := s.Dial(t)
		require.EqualValues(t, 1, conn.OK(t, "WAITOFFSET", pos.Elems[0].Text, pos.Elems[1].Text, "0").Int())
		require.Equal(t, "199", conn.OK(t, "GET", "k").Text)
	}
	sub.WaitCaughtUp(t, redis)
	require.NotContains(t, redis.Log(), "CRITICAL")
	require.Equal(t, "arrival", sub.Info(t)["replica_lag_source"])
	require.EqualValues(t, 0, redis.Info(t).Int("unexpected_error_replies"))
}

// TestReadYourWrites: a client takes the position of its write to a replica that lags, and waits there.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	requireSync(t)
	master, replica, link := attached(t, pairings[0])
	c, r := master.Dial(t), replica.Dial(t)
	link.Hold()
	c.OK(t, "SET", "k", "1")
	pos := c.OK(t, "REPLPOS").Texts()
	require.EqualValues(t, 0, r.OK(t, "WAITOFFSET", pos[0], pos[1], "20").Int())
	require.NoError(t, r.Send("WAITOFFSET", pos[0], pos[1], "0"))
	link.Release()
	reply, err := r.Read1()
	require.NoError(t, err)
	require.EqualValues(t, 1, reply.Int())
	require.Equal(t, "1", r.OK(t, "GET", "k").Text)
	require.Contains(t, r.Must(t, "WAITOFFSET", strings.Repeat("0", 40), "1", "0").Text, "NOHISTORY")
}

// TestBoundedStaleness: a replica whose master is cut off refuses reads once its data is too old, and serves them again.
func TestBoundedStaleness(t *testing.T) {
	t.Parallel()
	requireSync(t)
	master, replica, link := linked(t, pairings[0])
	replica.Once(t, "CONFIG", "SET", "replica-max-lag-ms", "2000")
	replica.ReplicaOf(t, link.Port())
	replica.WaitLinkUp(t)
	master.Once(t, "SET", "k", "1")
	r := replica.Dial(t)
	fresh := func() bool { return r.Must(t, "GET", "k").Text == "1" }
	harness.Eventually(t, fresh, harness.Patience, "the write is read")
	link.Hold() // the link stays up, and silent
	harness.Eventually(t, func() bool { return strings.HasPrefix(r.Must(t, "GET", "k").Text, "STALE ") }, harness.Patience, "reads are refused")
	link.Release()
	harness.Eventually(t, fresh, harness.Patience, "reads are served again")
}
