package tests

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
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

// register is what the clients of the linearizability test work on.
type registerOp struct {
	key, value int
	write      bool
}

// registers says what a set of registers does. A read returns the value, 0 if there is none.
var registers = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, op := range history {
			k := op.Input.(registerOp).key
			byKey[k] = append(byKey[k], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		op := input.(registerOp)
		if op.write {
			return true, op.value
		}
		return output.(int) == state.(int), state
	},
}

// workload is clients that read and write registers on the server that they take for the master.
type workload struct {
	began   time.Time
	targets [2]atomic.Value // addresses, for clients that learn of a failover at once, and for the others
	using   sync.RWMutex    // held shared during a command
	value   atomic.Int64
	stop    atomic.Bool

	mu      sync.Mutex
	history []porcupine.Operation // guarded by mu
	done    atomic.Int64
}

// run is one client. What a write came to that was not confirmed is not known: it may take effect at any later time.
func (w *workload) run(id int) {
	var conn *harness.Conn
	var at string
	unknown := 0
	for n := id; !w.stop.Load(); n++ {
		w.using.RLock()
		if target := w.targets[id%2].Load().(string); target != at || conn == nil {
			if conn != nil {
				conn.Close()
			}
			at, unknown = target, 0
			conn, _ = harness.Dial(at)
		}
		op := registerOp{key: n % 5, write: n%3 == 0 && unknown < 3}
		if conn != nil && !w.command(conn, id, &op) {
			unknown++
			if op.value < 0 { // the connection is gone
				conn.Close()
				conn = nil
			}
		}
		w.using.RUnlock()
		if conn == nil {
			time.Sleep(time.Millisecond) // a server that is down refuses at once
		}
	}
	if conn != nil {
		conn.Close()
	}
}

// command runs one, and reports whether it is known what came of it. A value below 0 says that the connection failed.
func (w *workload) command(conn *harness.Conn, id int, op *registerOp) bool {
	args := []string{"GET", fmt.Sprint("r", op.key)}
	if op.write {
		op.value = int(w.value.Add(1))
		args = []string{"SET", args[1], strconv.Itoa(op.value)}
	}
	done := porcupine.Operation{ClientId: id, Input: *op, Call: time.Since(w.began).Nanoseconds(), Return: math.MaxInt64, Output: 0}
	r, err := conn.Do(args...)
	known := err == nil && !r.IsError()
	if known {
		done.Return = time.Since(w.began).Nanoseconds()
		done.Output, _ = strconv.Atoi(r.Text)
		if r.Null {
			done.Output = 0
		}
		w.done.Add(1)
	}
	if known || op.write && !strings.HasPrefix(r.Text, "READONLY") {
		w.mu.Lock()
		w.history = append(w.history, done)
		w.mu.Unlock()
	}
	if err != nil {
		op.value = -1
	}
	return known
}

// progress waits for so many more commands that come to something.
func (w *workload) progress(t *testing.T, n int64) {
	t.Helper()
	want := w.done.Load() + n
	harness.Eventually(t, func() bool { return w.done.Load() >= want }, harness.Patience, "commands are executed")
}

// TestSyncReplicasAreLinearizable checks the histories of registers through crashes of masters, and partitions that leave a
// master alone with clients that take it for the master still. sync-reads keeps that one from showing old data.
func TestSyncReplicasAreLinearizable(t *testing.T) {
	t.Parallel()
	c := startTrio(t, "--sync-reads", "yes", "--sync-timeout", "100")
	w := &workload{began: time.Now()}
	lead := func(group int) { w.targets[group].Store(c.servers[c.master].Addr()) }
	lead(0)
	lead(1)
	var clients sync.WaitGroup
	for id := range 6 {
		clients.Go(func() { w.run(id) })
	}
	defer clients.Wait()
	defer w.stop.Store(true)
	for round := range syncRounds(4) {
		w.progress(t, 300)
		crash := round%2 == 1
		if crash {
			c.servers[c.master].Kill()
		}
		old := c.failOver(t)
		lead(0)
		w.progress(t, 100) // some by the new master, others in vain by the old one
		w.using.Lock()
		lead(1)
		w.using.Unlock()
		if crash {
			c.servers[old].Restart(t, harness.Args("--replicaof", "127.0.0.1 "+c.doors[c.master].Port()))
		}
		c.rejoin(t, old)
	}
	w.progress(t, 100)
	w.stop.Store(true)
	clients.Wait()
	result := porcupine.CheckOperationsTimeout(registers, w.history, time.Minute)
	t.Logf("%d operations: %s", len(w.history), result)
	require.Equal(t, porcupine.Ok, result)
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
	master, replica, link := linked(t, pairing{master: harness.Treedis, replica: harness.Treedis})
	replica.ReplicaOf(t, link.Port())
	replica.WaitLinkUp(t)
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
	master, replica, link := linked(t, pairing{master: harness.Treedis, replica: harness.Treedis})
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
