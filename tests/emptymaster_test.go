package tests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// refusing makes a replica that keeps its data when its master comes back without it.
var refusing = harness.Args("--replica-refuse-empty-master", "yes")

// TestEmptyMasterWipesNobody: a master is killed and comes back without data. The replica keeps its own, serves it and says so,
// also once somebody has written to the master; until it is told otherwise, or the master has data again.
func TestEmptyMasterWipesNobody(t *testing.T) {
	t.Parallel()
	for _, kind := range []harness.Kind{harness.Treedis, harness.Redis} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			master, replica := harness.Start(t, kind), harness.Start(t, harness.Treedis, refusing)
			master.Once(t, "SET", "k", "1")
			replica.ReplicaOf(t, harness.NewProxy(t, master.Addr()).Port())
			requireSame(t, master, replica)
			require.Equal(t, "0", replica.Info(t)["master_refused_as_empty"])

			master.Kill()
			master.Restart(t)
			replica.WaitLog(t, "The master came back without the data it had: it has 0 keys")
			master.Once(t, "SET", "other", "2")
			asked := master.SyncCounts(t).Full
			harness.Eventually(t, func() bool { return master.SyncCounts(t).Full > asked+1 }, harness.Patience, "the replica asks on")
			c := replica.Dial(t)
			require.Equal(t, "1", c.OK(t, "GET", "k").Text)
			require.Equal(t, "1", replica.Info(t)["master_refused_as_empty"])
			require.Equal(t, "down", replica.Info(t)["master_link_status"])

			c.OK(t, "CONFIG", "SET", "replica-refuse-empty-master", "no")
			requireSame(t, master, replica)
			require.Equal(t, "0", replica.Info(t)["master_refused_as_empty"])
			require.True(t, c.OK(t, "GET", "k").Null)
			require.Equal(t, "2", c.OK(t, "GET", "other").Text)
		})
	}
}

// TestRebornMaster: a master that came back empty was written to before the replica found it again. What it has is younger than
// the time that they were last in sync.
func TestRebornMaster(t *testing.T) {
	t.Parallel()
	master, replica, link := linked(t, pairings[0], refusing)
	master.Once(t, "SET", "k", "1")
	replica.ReplicaOf(t, link.Port())
	requireSame(t, master, replica)
	link.Refuse(true)
	master.Kill()
	master.Restart(t)
	master.Once(t, "SET", "other", "2")
	link.Refuse(false)
	replica.WaitLog(t, "The master came back without the data it had: it has 1 keys")
	require.Equal(t, "1", replica.Once(t, "GET", "k").Text)
}

// TestMasterKeepsItsReplicas: what is no loss of data is not taken for one.
func TestMasterKeepsItsReplicas(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, master *harness.Server){
		"restarted from its file": func(t *testing.T, m *harness.Server) {
			m.Once(t, "SAVE")
			m.Kill()
			m.Restart(t)
		},
		"emptied":        func(t *testing.T, m *harness.Server) { m.Once(t, "FLUSHALL") },
		"changed its id": func(t *testing.T, m *harness.Server) { m.Once(t, "DEBUG", "CHANGE-REPL-ID") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			master, replica, link := linked(t, pairings[0], refusing)
			master.Once(t, "SET", "k", "1")
			replica.ReplicaOf(t, link.Port())
			requireSame(t, master, replica)
			link.Refuse(true)
			link.Cut()
			change(t, master)
			link.Refuse(false)
			requireSame(t, master, replica)
			require.NotContains(t, replica.Log(), "came back without")
		})
	}
}
