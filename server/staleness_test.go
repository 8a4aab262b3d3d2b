package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stamped waits until a replica knows by stamps how old its data is.
func (n *node) stamped() {
	n.t.Helper()
	n.until(func() bool {
		_, known := n.s.role.link.Age()
		return known && n.s.role.link.Stamped()
	}, "stamped")
}

func TestStaleReplicaRefusesReads(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m, "replica-max-lag-ms 1000")
	m.dial().expect("set a 1", "OK")
	r.inSync(m)
	r.stamped()
	c, easy, strict := r.dial(), r.dial(), r.dial()
	c.expect("get a", "1")
	require.Contains(t, c.do("info replication"), "replica_lag_source:stamps")
	m.until(func() bool { return strings.Contains(m.dial().do("info replication"), "lag_slave0:bytes=0,ms=0") }, "the master knows")

	r.cut(true)
	easy.expect("client maxlag 0", "OK")
	r.until(func() bool { return strings.HasPrefix(c.do("get a"), "-STALE This replica's data is ") }, "too old")
	require.Contains(t, c.do("eval return(1) 0"), "-STALE")
	c.expect("ping", "PONG", "set a 2", "-READONLY You can't write against a read only replica.", "multi", "OK")
	require.Contains(t, c.do("get a"), "-STALE")
	require.Contains(t, c.do("exec"), "-EXECABORT")
	easy.expect("get a", "1", "reset", "RESET")
	require.Contains(t, easy.do("get a"), "-STALE")
	strict.expect("client maxlag x", "-ERR CLIENT MAXLAG takes a number of milliseconds", "client maxlag 100000000", "OK", "get a", "1")

	r.cut(false)
	r.until(func() bool { return c.do("get a") == "1" }, "fresh again")
}

// A client's limit makes the replica ask for stamps, and a replica of a replica gets them through it.
func TestStampsAreAskedFor(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m)
	sub := startReplica(t, r)
	require.Zero(t, m.s.master.StampPeriod())
	c := sub.dial()
	c.expect("client maxlag 60000", "OK")
	sub.stamped()
	sub.until(func() bool { return c.do("get none") == "(nil)" }, "fresh")
	require.NotZero(t, m.s.master.StampPeriod())
	c.expect("client maxlag 4000", "OK")
	m.until(func() bool { return m.s.master.StampPeriod().Seconds() == 1 }, "asked for more often")
	sub.dial().expect("replicaof no one", "OK")
	c.expect("get none", "(nil)") // a master's data has no age
}

// A stopped clock of the stream is noticed though the link is up.
func TestLagOfAReplicaThatAppliesNothing(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	r := startReplica(t, m, "replica-max-lag-ms 200")
	r.stamped()
	r.deaf()
	m.dial().expect("set a 1", "OK")
	c := r.dial()
	r.until(func() bool { return strings.Contains(c.do("get a"), "STALE") }, "too old")
	m.until(func() bool {
		_, line, _ := strings.Cut(m.dial().do("info replication"), "lag_slave0:bytes=")
		return line != "" && line[0] != '0' && !strings.Contains(line[:strings.Index(line, "\r")], ",ms=0")
	}, "the master sees the lag")
	r.hear()
	r.until(func() bool { return c.do("get a") == "1" }, "caught up")
}

// The clocks of master and replica need not agree.
func TestStampsOfAnotherClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		m := startNode(t)
		m.skew.Store(int64(skew))
		r := startReplica(t, m, "replica-max-lag-ms 10000")
		r.stamped()
		r.until(func() bool { return r.dial().do("get none") == "(nil)" }, "not stale")
	}
}
