package tests

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// verdict is what REPLICA VERIFY says of one replica.
type verdict struct {
	state     string
	differing int64
	ranges    [][]string // database, first key, the one after the last, keys here, keys there
}

// pairs makes a map of a flat array.
func pairs(r harness.Reply) map[string]harness.Reply {
	m := map[string]harness.Reply{}
	for i := 0; i+1 < len(r.Elems); i += 2 {
		m[r.Elems[i].Text] = r.Elems[i+1]
	}
	return m
}

// verify compares a master with its replicas, and returns what it says of each, by port, and for how many microseconds it held the lock.
func verify(t *testing.T, master *harness.Server) (byPort map[int]verdict, pause int64) {
	t.Helper()
	r := pairs(master.Once(t, "REPLICA", "VERIFY"))
	byPort = map[int]verdict{}
	for _, elem := range r["replicas"].Elems {
		p := pairs(elem)
		v := verdict{state: p["state"].Text, differing: p["differing"].Int()}
		for _, d := range p["ranges"].Elems {
			v.ranges = append(v.ranges, d.Texts())
		}
		port := 0
		_, err := fmt.Sscanf(p["replica"].Text, "127.0.0.1:%d", &port)
		require.NoError(t, err)
		byPort[port] = v
	}
	return byPort, r["pause-us"].Int()
}

// TestVerify: a master and its replicas are compared under load, at one offset; what differs is named, and a real replica takes no
// notice.
func TestVerify(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	master := harness.Start(t, harness.Treedis, backlog)
	ours, real := harness.Start(t, harness.Treedis, backlog), harness.Start(t, harness.Redis, backlog)
	replicas := []*harness.Server{ours, real}
	master.Once(t, "DEBUG", "POPULATE", "50000")
	for _, r := range replicas {
		r.ReplicaOf(t, fmt.Sprint(master.Port()))
		r.WaitLinkUp(t)
	}
	load := harness.StartLoad(t, master, harness.LoadConfig{Seed: 1, Volatile: true, Atomic: true}, replicas...)
	restoreStreams(t, master, "s:")
	least := int64(math.MaxInt64)
	for range 5 {
		load.WaitWritten(t, 100)
		seen, pause := verify(t, master)
		require.Equal(t, verdict{state: "equal"}, seen[ours.Port()])
		require.Equal(t, "unsupported", seen[real.Port()].state)
		least = min(least, pause) // whatever else runs on the machine adds to one or the other
	}
	require.Less(t, least, int64(5000), "microseconds under the lock")

	c := ours.Dial(t)
	c.OK(t, "CONFIG", "SET", "replica-read-only", "no")
	c.OK(t, "SET", "key:77", "changed")
	c.OK(t, "SET", "key:0new", "1")
	c.OK(t, "DEL", "key:9999")
	c.OK(t, "EXPIRE", "key:500", "100000")
	c.OK(t, "SELECT", "7")
	c.OK(t, "SET", "elsewhere", "1")
	seen, _ := verify(t, master)
	v := seen[ours.Port()]
	require.Equal(t, "different", v.state)
	require.LessOrEqual(t, v.differing, int64(5))
	for db, keys := range map[string][]string{"0": {"key:77", "key:0new", "key:9999", "key:500"}, "7": {"elsewhere"}} {
		for _, key := range keys {
			found := false
			for _, d := range v.ranges {
				found = found || d[0] == db && d[1] <= key && (d[2] == "" || key < d[2])
			}
			require.True(t, found, "%s in %v", key, v.ranges)
		}
	}
	ours.Once(t, "FLUSHALL")
	load.Stop(t)
	for _, r := range replicas[1:] {
		requireSame(t, master, r)
	}
	require.EqualValues(t, 2, master.SyncCounts(t).Full)
	require.EqualValues(t, 0, master.SyncCounts(t).PartialOK)
	require.NotContains(t, real.Log(), "CRITICAL")
	require.NotContains(t, ours.Log(), "CRITICAL")
}

// TestVerifyAlone: without replicas there is nothing to compare, and a replica is not asked.
func TestVerifyAlone(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis)
	seen, _ := verify(t, s)
	require.Empty(t, seen)
	c := s.Dial(t)
	require.Equal(t, "ERR syntax error", c.Must(t, "REPLICA", "VERIFY", "x").Text)
	other := harness.Start(t, harness.Treedis)
	other.ReplicaOf(t, fmt.Sprint(s.Port()))
	other.WaitLinkUp(t)
	require.Equal(t, "ERR REPLICA VERIFY is a master's to answer", other.Dial(t).Must(t, "REPLICA", "VERIFY").Text)
}
