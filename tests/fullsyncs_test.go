package tests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// herd starts replicas, half of them real if there is the real one, and tells all of them to follow at once.
func herd(t *testing.T, master *harness.Server, n int, opts ...harness.Option) []*harness.Server {
	t.Helper()
	var list []*harness.Server
	for i := range n {
		kind := harness.Treedis
		if _, err := harness.Binary(harness.Redis); err == nil && i%2 == 1 {
			kind = harness.Redis
		}
		list = append(list, harness.Start(t, kind, opts...))
	}
	for _, r := range list {
		r.ReplicaOf(t, fmt.Sprint(master.Port()))
	}
	return list
}

// TestHerdIsQueued: six replicas that come at once are served one at a time. Some wait for longer than repl-timeout, and none has
// to ask again.
func TestHerdIsQueued(t *testing.T) {
	t.Parallel()
	master := harness.Start(t, harness.Treedis, backlog, harness.Args("--repl-full-sync-max", "1", "--rdb-key-save-delay", "20000"))
	c := master.Dial(t)
	c.OK(t, "DEBUG", "POPULATE", "100") // so a snapshot takes two seconds
	replicas := herd(t, master, 6, harness.Args("--repl-timeout", "7"))
	most, waited := int64(0), int64(0)
	harness.Eventually(t, func() bool {
		info := master.Info(t)
		most, waited = max(most, info.Int("repl_full_syncs_active")), max(waited, info.Int("repl_full_syncs_waiting"))
		c.OK(t, "INCR", "meanwhile")
		return strings.Count(fmt.Sprint(info), "state=online") == len(replicas)
	}, 2*harness.Patience, "all are online")
	require.EqualValues(t, 1, most)
	require.GreaterOrEqual(t, waited, int64(3))
	for _, r := range replicas {
		requireSame(t, master, r)
	}
	require.EqualValues(t, len(replicas), master.SyncCounts(t).Full)
}

// TestHerdSharesOneSnapshot: replicas that come within repl-diskless-sync-delay are all served from one snapshot.
func TestHerdSharesOneSnapshot(t *testing.T) {
	t.Parallel()
	master := harness.Start(t, harness.Treedis, backlog, harness.Args("--repl-full-sync-max", "0",
		"--repl-diskless-sync-delay", "10", "--repl-diskless-sync-max-replicas", "6"))
	harness.Fill(t, master, 100, harness.LoadConfig{Seed: 1})
	for _, r := range herd(t, master, 6) {
		r.WaitLinkUp(t)
		requireSame(t, master, r)
	}
	require.Equal(t, 1, strings.Count(master.Log(), "Starting BGSAVE for SYNC"))
	require.EqualValues(t, 6, master.SyncCounts(t).Full)
}
