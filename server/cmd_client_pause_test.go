package server

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// blocked waits until so many clients wait.
func (n *node) blocked(count string) {
	n.t.Helper()
	c := n.dial()
	n.until(func() bool { return strings.Contains(c.do("info clients"), "blocked_clients:"+count+"\r\n") }, count+" clients wait")
}

func TestPauseWrites(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	c, w, p, x := n.dial(), n.dial(), n.dial(), n.dial()
	x.expect("multi", "OK", "set x 1", "QUEUED")
	c.expect("client pause a", "-ERR timeout is not an integer or out of range", "client pause -1", "-ERR timeout is negative",
		"client pause 1 x", "-ERR CLIENT PAUSE mode must be WRITE or ALL", "client pause 100000 write", "OK", "get k", "(nil)")
	w.send("set k v")
	w.send("get k")
	p.send("publish a b")
	x.send("exec")
	n.blocked("3")
	c.expect("get k", "(nil)", "set k", "-ERR wrong number of arguments for 'set' command", "multi", "OK", "get k", "QUEUED", "exec", "[(nil)]")
	list := c.do("client list")
	require.Equal(t, 3, strings.Count(list, " flags=b ")+strings.Count(list, " flags=xb "))
	id := p.LocalAddr().String()
	c.expect("client kill addr "+id+" skipme yes", "1")
	p.closed()
	n.blocked("2")
	c.expect("client pause 1 write", "OK", "client unblock 1", "0")
	n.blocked("2")
	c.expect("client unpause", "OK")
	w.reads("OK", "v")
	x.reads("[OK]")
	c.expect("get x", "1")
	n.blocked("0")
}

// A pause of everything ends by itself; a later one does not shorten it.
func TestPauseAll(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.expect("client reply on", "OK", "client pause 60000", "OK")
	c.send("client unpause")
	n.until(func() bool {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		for _, client := range n.s.clients {
			return client.postponed
		}
		return false
	}, "even its end is put off")
	n.skew.Store(int64(time.Minute))
	c.reads("OK")
	c.expect("ping", "PONG")
}

// A transaction that pauses goes on; keys stay while nothing may be written.
func TestPauseKeepsExpiredKeys(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.expect("multi", "OK", "client pause 60000 write", "QUEUED", "set k v px 1", "QUEUED", "exec", "[OK OK]")
	n.until(func() bool { return c.do("get k") == "(nil)" }, "expired for readers")
	require.Contains(t, c.do("info stats"), "expired_keys:0\r\n")
	c.expect("dbsize", "1", "client unpause", "OK", "get k", "(nil)")
	n.until(func() bool { return strings.Contains(c.do("info stats"), "expired_keys:1\r\n") }, "expired for good")
}

func TestPausedReplicaWaits(t *testing.T) {
	t.Parallel()
	master := startNode(t)
	replica := startReplica(t, master)
	m, r := master.dial(), replica.dial()
	m.expect("set a 1", "OK")
	replica.inSync(master)
	r.expect("client pause 60000 write", "OK")
	m.expect("set a 2", "OK")
	_, end := master.end()
	replica.until(func() bool { return replica.s.role.link.Status().ReadOffset >= end }, "it has read on")
	r.expect("get a", "1", "client unpause", "OK")
	replica.inSync(master)
	r.expect("get a", "2")
}

// What was held back is executed in the order in which it came.
func TestPauseOrder(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.expect("client pause 100000", "OK")
	want := make([]string, 40)
	waiting := make([]*wire, len(want))
	for i := range want {
		want[i] = strconv.Itoa(i)
		waiting[i] = n.dial()
		waiting[i].send("rpush list " + want[i])
		n.until(func() bool {
			n.s.lock.lock()
			defer n.s.lock.unlock()
			return int(n.s.pauses.arrivals.Load()) == i+1
		}, "it is held back")
	}
	n.s.lock.lock()
	n.s.setPauseLocked(pauseByClient, pauseNone)
	n.s.lock.unlock()
	for i, w := range waiting {
		require.Equal(t, strconv.Itoa(i+1), w.read())
	}
	require.Equal(t, "["+strings.Join(want, " ")+"]", c.do("lrange list 0 -1"))
}
