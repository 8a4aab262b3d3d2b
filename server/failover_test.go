package server

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/repl"
)

// phase is where the node's failover stands, as INFO shows it.
func (n *node) phase() string {
	n.s.lock.lock()
	defer n.s.lock.unlock()
	return n.s.failover.phase.String()
}

func (n *node) failedOver() {
	n.t.Helper()
	n.until(func() bool { return n.phase() == "no-failover" }, "the failover is over")
}

func TestFailoverHandsTheRoleOver(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r1, r2 := startReplica(t, m), startReplica(t, m)
	mc := m.dial()
	mc.expect("select 3", "OK", "set a 1", "OK")
	r1.dial().expect("client pause 100000 write", "OK") // it falls behind
	mc.expect("set a 2", "OK", "failover to 127.0.0.1 "+r1.port(), "OK",
		"failover", "-ERR FAILOVER already in progress.", "replicaof no one", "-ERR REPLICAOF not allowed while failing over.",
		"get a", "2")
	require.Equal(t, "waiting-for-sync", m.phase())
	late := m.dial()
	late.send("set a 3") // held back until it is clear who takes it
	r1.dial().expect("client unpause", "OK")
	m.failedOver()
	require.Equal(t, "-"+errReadOnly, late.read())

	m.inSync(r1)
	r1.dial().expect("select 3", "OK", "get a", "2", "set b 1", "OK")
	r2.follow(r1)
	for _, n := range []*node{m, r2} {
		n.inSync(r1)
		n.dial().expect("select 3", "OK", "mget a b", "[2 1]", "set a 9", "-"+errReadOnly)
	}
	full, partial := r1.syncs()
	require.Equal(t, []int64{0, 2}, []int64{full, partial})

	// Back, to whoever has caught up.
	r2.dial().expect("replicaof no one", "OK")
	r1.dial().expect("failover timeout 60000", "OK")
	r1.failedOver()
	m.until(func() bool { return !m.s.role.isReplica() }, "promoted")
	r1.inSync(m)
}

func TestFailoverForced(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	r.dial().expect("client pause 100000 write", "OK")
	m.dial().expect("set a 2", "OK", "failover to 127.0.0.1 "+r.port()+" force timeout 20", "OK")
	m.failedOver()
	m.inSync(r) // without what the new master did not have
	m.dial().expect("get a", "(nil)")
	full, _ := r.syncs()
	require.EqualValues(t, 1, full)
	m.logged("time out exceeded, failing over.")
}

func TestFailoverGivenUp(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	rc, mc := r.dial(), m.dial()
	rc.expect("client pause 100000 write", "OK")
	mc.expect("set a 1", "OK", "failover timeout 10", "OK")
	m.failedOver()
	m.logged("FAILOVER to any replica aborted: Replica never caught up before timeout")
	mc.expect("set a 2", "OK", "failover", "OK")
	held := m.dial()
	held.send("incr a")
	mc.expect("failover abort", "OK", "failover abort", "-ERR No failover in progress.")
	require.Equal(t, "3", held.read())
	rc.expect("client unpause", "OK")
	r.inSync(m)
	rc.expect("get a", "3", "wait 0 0", "-ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
	full, partial := m.syncs()
	require.Equal(t, []int64{1, 0}, []int64{full, partial})
}

// TestFailoverRefusedByTarget: who is asked to take over is no replica of this server any more; it goes on as the master, and its
// replicas continue.
func TestFailoverRefusedByTarget(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r, other := startReplica(t, m), startReplica(t, m)
	m.dial().expect("set a 1", "OK")
	r.inSync(m)
	m.s.lock.lock()
	m.s.beginFailoverLocked(failover{target: repl.Address{Host: "127.0.0.1", Port: m.s.Addr().(*net.TCPAddr).Port}})
	m.s.askTakeoverLocked() // of itself, who is a replica of nobody's by then
	m.s.lock.unlock()
	m.failedOver()
	m.logged("Failover target rejected psync request")
	mc := m.dial()
	mc.expect("set a 2", "OK")
	for _, n := range []*node{r, other} {
		n.inSync(m)
		n.dial().expect("get a", "2")
	}
	_, partial := m.syncs()
	require.EqualValues(t, 2, partial)
}

func TestFailoverRefused(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	mc := m.dial()
	mc.expect("failover", "-ERR FAILOVER requires connected replicas.")
	r := startReplica(t, m)
	to := "failover to 127.0.0.1 " + r.port()
	mc.expect(
		to+" force", "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
		"failover force timeout 5", "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
		"failover to 127.0.0.1 x", "-"+errNotInteger, "failover to 127.0.0.1 1", "-ERR FAILOVER target HOST and PORT is not a replica.",
		"failover to 127.0.0.1", "-"+errSyntax, to+" "+to, "-"+errSyntax, "failover abort now", "-"+errSyntax,
		"failover timeout 0", "-ERR FAILOVER timeout must be greater than 0", "failover timeout x", "-"+errNotInteger,
		"psync x 1 failover", "-ERR PSYNC FAILOVER can't be sent to a master.")
	r.dial().expect("failover", "-ERR FAILOVER is not valid when server is a replica.",
		"psync x 1 failover", "-ERR PSYNC FAILOVER replid must match my replid.")
	require.Equal(t, "no-failover", m.phase())
}

// TestMasterCannotChangeTheRole: what only operators may do is not done because it stands in the stream, where it would cut a
// history in two amid what is applied together.
func TestMasterCannotChangeTheRole(t *testing.T) {
	t.Parallel()
	empty := startNode(t)
	empty.s.lock.lock()
	snap := empty.s.snapshotLocked(repl.Filter{})
	empty.s.lock.unlock()
	var payload bytes.Buffer
	require.NoError(t, snap.WriteRDB(t.Context(), &payload))
	stream := ""
	for _, line := range []string{"set a 1", "replicaof no one", "replicaof 127.0.0.1 1", "debug change-repl-id", "shutdown nosave now",
		"monitor", "multi", "set b 2", "exec", "set c 3"} {
		words := strings.Fields(line)
		stream += fmt.Sprintf("*%d\r\n", len(words))
		for _, w := range words {
			stream += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
		}
	}
	r := startNode(t)
	rc := r.dial()
	rc.expect("replicaof "+fakeMaster(t, payload.Bytes(), stream), "OK")
	r.until(func() bool { return rc.do("get c") == "3" }, "the stream is applied")
	rc.expect("mget a b c", "[1 2 3]")
	require.True(t, r.s.role.isReplica())
	id, end := r.end()
	require.Equal(t, strings.Repeat("a", 40), id)
	require.EqualValues(t, len(stream), end)
	r.logged("== CRITICAL ==")
}
