package tests

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// keepers are what a server can be restarted from.
var keepers = map[string][]string{
	"append-only file":             {"--appendonly", "yes", "--appendfsync", "always"},
	"append-only file of commands": {"--appendonly", "yes", "--aof-use-rdb-preamble", "no"},
	"snapshot":                     {"--save", "100 1000000"}, // so that there is one at the end
}

// restarts are how.
var restarts = map[string]func(t *testing.T, s *harness.Server){
	"told":      func(t *testing.T, s *harness.Server) { s.Stop(t) },
	"killed":    func(_ *testing.T, s *harness.Server) { s.Kill() },
	"rewritten": func(t *testing.T, s *harness.Server) { s.RewriteAOF(t); s.Stop(t) },
}

// family is a master with a replica, which has a replica. All have the same data, which is in several databases.
func family(t *testing.T, args []string) (master, replica, sub *harness.Server) {
	t.Helper()
	// But for a PING at the beginning, nothing is in the stream of which a server that is killed could have sent more than it has
	// kept.
	common := harness.Args(append([]string{"--repl-ping-replica-period", "3600"}, args...)...)
	master = harness.Start(t, harness.Treedis, common)
	of := func(s *harness.Server) harness.Option {
		return harness.Args("--replicaof", "127.0.0.1 "+strconv.Itoa(s.Port()))
	}
	replica = harness.Start(t, harness.Treedis, common, of(master))
	harness.WaitSameData(t, master, replica)
	sub = harness.Start(t, harness.Treedis, common, of(replica))
	write(t, master, "a")
	for _, s := range []*harness.Server{replica, sub} {
		harness.WaitSameData(t, master, s)
		if args[0] == "--appendonly" { // of a replica they begin after its full synchronization
			s.WaitLog(t, "Background AOF rewrite finished successfully")
		}
	}
	write(t, master, "b")
	replica.WaitCaughtUp(t, master)
	sub.WaitCaughtUp(t, master)
	return master, replica, sub
}

// write writes keys into two databases, the last command being one for the second.
func write(t *testing.T, s *harness.Server, name string) {
	t.Helper()
	c := s.Dial(t)
	for _, db := range []string{"0", "7"} {
		c.OK(t, "SELECT", db)
		c.OK(t, "SET", name, db)
	}
	c.OK(t, "SET", name+name, "7")
}

// TestRestartedReplicaResumes: a replica that is restarted asks its master, and serves its own replica, for the rest only.
func TestRestartedReplicaResumes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, restart func(*testing.T, *harness.Server), args []string) {
		master, replica, sub := family(t, args)
		full, partial := master.Info(t).Int("sync_full"), master.Info(t).Int("sync_partial_ok")
		restart(t, replica)
		write(t, master, "c")
		replica.Restart(t)
		requireSame(t, master, replica)
		requireSame(t, master, sub)
		require.Equal(t, full, master.Info(t).Int("sync_full"), "the master is asked for the rest")
		require.Equal(t, partial+1, master.Info(t).Int("sync_partial_ok"))
		require.EqualValues(t, 0, replica.Info(t).Int("sync_full"), "as is the replica")
	})
}

// TestRestartedMasterServes: a master that is restarted serves its replica for the rest only.
func TestRestartedMasterServes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, restart func(*testing.T, *harness.Server), args []string) {
		master, replica, sub := family(t, args)
		restart(t, master)
		master.Restart(t)
		write(t, master, "c")
		requireSame(t, master, replica)
		requireSame(t, master, sub)
		require.EqualValues(t, 0, master.Info(t).Int("sync_full"), "the replica goes on")
		require.EqualValues(t, 1, master.Info(t).Int("sync_partial_ok"))
		require.EqualValues(t, 1, replica.Info(t).Int("sync_full"), "and so does its replica")
	})
}

// each runs a test for all ways to keep data and to be restarted that go together.
func each(t *testing.T, test func(t *testing.T, restart func(*testing.T, *harness.Server), args []string)) {
	for keeper, args := range keepers {
		for how, restart := range restarts {
			if keeper == "snapshot" && how != "told" {
				continue // of which nothing is left then, or which is of before
			}
			t.Run(fmt.Sprintf("%s, %s", keeper, how), func(t *testing.T) {
				t.Parallel()
				test(t, restart, args)
			})
		}
	}
}
