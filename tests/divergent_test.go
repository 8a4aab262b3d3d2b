package tests

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// TestDivergedWritesAreKept: a master goes on writing after its replica was cut off; the replica is promoted, and the old master comes
// back as its replica. What the new master does not have is in a file that both servers load, and nothing else is in it.
func TestDivergedWritesAreKept(t *testing.T) {
	t.Parallel()
	for _, p := range pairings {
		if p.master != harness.Treedis {
			continue
		}
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, killed %v", p.name, killed), func(t *testing.T) {
				t.Parallel()
				if p.needsPeer() {
					harness.RequirePeer(t)
				}
				old, heir, link := linked(t, p, harness.Args("--appendonly", "yes", "--appendfsync", "always"))
				old.Once(t, "CONFIG", "SET", "repl-divergent-dir", "lost")
				heir.ReplicaOf(t, link.Port())
				heir.WaitLinkUp(t)
				c := old.Dial(t)
				c.OK(t, "SET", "shared", "1")
				requireSame(t, old, heir)
				link.Refuse(true)
				link.Cut()
				heir.WaitLinkDown(t)

				c.OK(t, "SELECT", "3")
				c.OK(t, "SET", "lost", "1")
				c.OK(t, "MULTI")
				c.OK(t, "RPUSH", "list", "a", "b")
				c.OK(t, "SELECT", "5")
				c.OK(t, "INCR", "n")
				c.OK(t, "EXEC")
				heir.Promote(t)
				heir.Once(t, "SET", "new", "1")
				if killed {
					old.Kill()
					old.Restart(t, harness.Args("--repl-divergent-dir", "lost"))
				}
				old.ReplicaOf(t, fmt.Sprint(heir.Port()))
				requireSame(t, heir, old)
				info := old.Info(t)
				require.EqualValues(t, 1, info.Int("repl_divergent_files"))
				require.Positive(t, info.Int("repl_divergent_last_bytes"))
				file := info["repl_divergent_last_file"]
				require.Equal(t, filepath.Join(old.Dir, "lost"), filepath.Dir(file))
				require.Contains(t, old.Log(), file)

				kinds := []harness.Kind{harness.Treedis}
				if p.needsPeer() {
					kinds = append(kinds, harness.Redis)
				}
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				for _, kind := range kinds {
					dir := t.TempDir()
					require.NoError(t, os.WriteFile(filepath.Join(dir, "appendonly.aof"), text, 0o600))
					c := harness.Start(t, kind, harness.Dir(dir), harness.Args("--appendonly", "yes")).Dial(t)
					c.OK(t, "SELECT", "3")
					require.EqualValues(t, 2, c.OK(t, "DBSIZE").Int(), "%s", text)
					require.Equal(t, "1", c.OK(t, "GET", "lost").Text)
					require.Equal(t, []string{"a", "b"}, c.OK(t, "LRANGE", "list", "0", "-1").Texts())
					c.OK(t, "SELECT", "5")
					require.Equal(t, "1", c.OK(t, "GET", "n").Text)
				}
			})
		}
	}
}

// TestRejoinWithoutDivergence: an old master that was killed, and had nothing that the new one lacks, rejoins by a partial
// synchronization, though it has an id of its own since it was started again.
func TestRejoinWithoutDivergence(t *testing.T) {
	t.Parallel()
	keeping := harness.Args("--appendonly", "yes", "--appendfsync", "always", "--repl-divergent-dir", "lost",
		"--repl-ping-replica-period", "1000")
	old, heir, link := linked(t, pairings[0], keeping)
	heir.ReplicaOf(t, link.Port())
	harness.Fill(t, old, 20, harness.LoadConfig{Seed: 1}, heir)
	requireSame(t, old, heir)
	old.Kill()
	heir.Promote(t)
	heir.Once(t, "SET", "new", "1")
	old.Restart(t)
	old.ReplicaOf(t, fmt.Sprint(heir.Port()))
	requireSame(t, heir, old)
	require.Equal(t, harness.SyncCounts{PartialOK: 1}, heir.SyncCounts(t))
	require.EqualValues(t, 0, old.Info(t).Int("repl_divergent_files"))
}
