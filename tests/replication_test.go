package tests

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// backlog is enough for what a load writes while a link is down: 200 pipelines a second of 20 commands of 100 bytes give
// 400 kB a second.
var backlog = harness.Args("--repl-backlog-size", "32mb")

// linked starts a master and a replica that reaches it through a proxy. The replica is not yet told.
func linked(t *testing.T, p pairing, opts ...harness.Option) (master, replica *harness.Server, link *harness.Proxy) {
	t.Helper()
	opts = append([]harness.Option{backlog}, opts...)
	master, replica = harness.Start(t, p.master, opts...), harness.Start(t, p.replica, opts...)
	return master, replica, harness.NewProxy(t, master.Addr())
}

// attached is linked with a replica that has been told, and is up.
func attached(t *testing.T, p pairing, opts ...harness.Option) (master, replica *harness.Server, link *harness.Proxy) {
	t.Helper()
	master, replica, link = linked(t, p, opts...)
	replica.ReplicaOf(t, link.Port())
	replica.WaitLinkUp(t)
	return master, replica, link
}

// restoreStreams gives a server the streams that no write load makes: with consumer groups and deleted entries.
func restoreStreams(t *testing.T, s *harness.Server, prefix string) {
	t.Helper()
	for name, payload := range harness.StreamPayloads() {
		s.Once(t, "RESTORE", prefix+name, "0", payload)
	}
}

// requireSame waits until the replica has all that the quiet master has, and compares their data.
func requireSame(t *testing.T, master, replica *harness.Server) {
	t.Helper()
	replica.WaitCaughtUp(t, master)
	harness.WaitSameData(t, master, replica)
}

// TestSyncUnderLoad: all types written before, during and after a full synchronisation arrive, with their expiry and in
// every database.
func TestSyncUnderLoad(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := linked(t, p)
		harness.Fill(t, master, 100, harness.LoadConfig{Seed: 1, Prefix: "before:"}, replica)
		restoreStreams(t, master, "before:")
		c := master.Dial(t)
		c.OK(t, "SELECT", "5")
		c.OK(t, "SET", "elsewhere", "1", "EX", "100000")

		load := harness.StartLoad(t, master, harness.LoadConfig{Seed: 2, Volatile: true}, replica)
		replica.ReplicaOf(t, link.Port())
		replica.WaitLinkUp(t)
		restoreStreams(t, master, "after:")
		load.WaitWritten(t, 500)
		load.Stop(t)

		requireSame(t, master, replica)
		r := replica.Dial(t)
		r.OK(t, "SELECT", "5")
		require.Positive(t, r.OK(t, "TTL", "elsewhere").Int())
		require.EqualValues(t, 1, master.SyncCounts(t).Full)
	})
}

// TestTransactionsArriveWhole: a replica never shows a part of a MULTI/EXEC, whatever the master is.
func TestTransactionsArriveWhole(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, _ := attached(t, p)
		writer, reader, ctx := master.Client(t), replica.Dial(t), context.Background()
		done := make(chan error, 1)
		const transactions = 500
		go func() {
			for range transactions {
				pipe := writer.TxPipeline()
				pipe.Incr(ctx, "a")
				pipe.RPush(ctx, "list", "x")
				pipe.Incr(ctx, "b")
				if _, err := pipe.Exec(ctx); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		seen := ""
		harness.Eventually(t, func() bool {
			for range 20 {
				r := reader.OK(t, "MGET", "a", "b").Texts()
				require.Equal(t, r[0], r[1])
				seen = r[0]
			}
			return seen == fmt.Sprint(transactions)
		}, harness.Patience, "the replica has seen all transactions")
		require.NoError(t, <-done)
		requireSame(t, master, replica)
	})
}

// TestCutsAreHealedByPartialResyncs: a link that is cut again and again under load never costs a second full
// synchronisation, and loses nothing.
func TestCutsAreHealedByPartialResyncs(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := attached(t, p)
		before := master.SyncCounts(t)
		load := harness.StartLoad(t, master, harness.LoadConfig{Seed: 3, Volatile: true, Atomic: true}, replica)
		restoreStreams(t, master, "")
		const cuts = 6
		for range cuts {
			load.WaitWritten(t, 300)
			opened := link.Opened()
			require.Positive(t, link.Cut())
			load.WaitWritten(t, 100)
			harness.Eventually(t, func() bool { return link.Opened() > opened && replica.LinkUp(t) }, harness.Patience,
				"the replica is linked again")
		}
		load.Stop(t)
		requireSame(t, master, replica)
		after := master.SyncCounts(t)
		require.Equal(t, before.Full, after.Full, "full synchronisations")
		require.GreaterOrEqual(t, after.PartialOK, before.PartialOK+cuts)
	})
}

// TestOutrunBacklogCostsAFullSync: when the backlog no longer has what a replica missed, it is synchronised anew.
func TestOutrunBacklogCostsAFullSync(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := attached(t, p, harness.Args("--repl-backlog-size", "16kb"))
		before := master.SyncCounts(t)
		link.Refuse(true)
		link.Cut()
		// Nobody may hold the blocks of the log that the backlog then lets go of.
		harness.Eventually(t, func() bool { return master.Info(t).Int("connected_slaves") == 0 }, harness.Patience,
			"the master has seen the replica leave")
		harness.Fill(t, master, 200, harness.LoadConfig{Seed: 4}, replica)
		link.Refuse(false)
		replica.WaitLinkUp(t)
		requireSame(t, master, replica)
		require.Equal(t, before.Full+1, master.SyncCounts(t).Full)
		require.Positive(t, master.SyncCounts(t).PartialErr)
	})
}

// TestPromotionKeepsSiblings: after REPLICAOF NO ONE the other replicas go on from the promoted one, without a full
// synchronisation, since it kept the old replication id.
func TestPromotionKeepsSiblings(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master := harness.Start(t, p.master, backlog)
		heir, sibling := harness.Start(t, p.replica, backlog), harness.Start(t, p.master, backlog)
		for _, r := range []*harness.Server{heir, sibling} {
			r.ReplicaOf(t, fmt.Sprint(master.Port()))
			r.WaitLinkUp(t)
		}
		harness.Fill(t, master, 50, harness.LoadConfig{Seed: 5}, heir, sibling)
		restoreStreams(t, master, "")
		requireSame(t, master, heir)
		requireSame(t, master, sibling)
		oldID := master.Info(t)["master_replid"]
		master.Kill()

		heir.Promote(t)
		info := heir.Info(t)
		require.Equal(t, "master", info["role"])
		require.Equal(t, oldID, info["master_replid2"])
		require.NotEqual(t, oldID, info["master_replid"])
		harness.Fill(t, heir, 20, harness.LoadConfig{Seed: 6}, sibling)
		sibling.ReplicaOf(t, fmt.Sprint(heir.Port()))
		sibling.WaitLinkUp(t)
		requireSame(t, heir, sibling)
		require.Equal(t, harness.SyncCounts{PartialOK: 1}, heir.SyncCounts(t))

		master.Restart(t)
		master.ReplicaOf(t, fmt.Sprint(heir.Port()))
		master.WaitLinkUp(t)
		requireSame(t, heir, master)
	})
}

// TestChain: real master, treedis in the middle, real replica at the end; the middle forwards the master's stream with its
// offsets, so that a cut at either link is healed by a partial resync.
func TestChain(t *testing.T) {
	t.Parallel()
	for _, kinds := range [][3]harness.Kind{
		{harness.Redis, harness.Treedis, harness.Redis},
		{harness.Treedis, harness.Redis, harness.Treedis},
		{harness.Treedis, harness.Treedis, harness.Treedis},
	} {
		t.Run(fmt.Sprint(kinds), func(t *testing.T) {
			t.Parallel()
			head, middle, tail := harness.Start(t, kinds[0], backlog), harness.Start(t, kinds[1], backlog), harness.Start(t, kinds[2], backlog)
			upper, lower := harness.NewProxy(t, head.Addr()), harness.NewProxy(t, middle.Addr())
			harness.Fill(t, head, 50, harness.LoadConfig{Seed: 7, Prefix: "before:"}, middle, tail)
			restoreStreams(t, head, "before:")
			load := harness.StartLoad(t, head, harness.LoadConfig{Seed: 8, Volatile: true}, middle, tail)
			tail.ReplicaOf(t, lower.Port())
			middle.ReplicaOf(t, upper.Port())
			middle.WaitLinkUp(t)
			tail.WaitLinkUp(t)
			load.WaitWritten(t, 500)
			full := [2]int64{head.SyncCounts(t).Full, middle.SyncCounts(t).Full}

			for _, link := range []*harness.Proxy{lower, upper, lower} {
				link.Cut()
				load.WaitWritten(t, 300)
				middle.WaitLinkUp(t)
				tail.WaitLinkUp(t)
			}
			restoreStreams(t, head, "after:")
			load.Stop(t)
			requireSame(t, head, middle)
			requireSame(t, head, tail)
			require.Equal(t, full, [2]int64{head.SyncCounts(t).Full, middle.SyncCounts(t).Full}, "full synchronisations")
			require.Positive(t, head.SyncCounts(t).PartialOK)
			require.Positive(t, middle.SyncCounts(t).PartialOK)
		})
	}
}

// TestManyKeys: a master of a million keys is replicated, and writes go on meanwhile.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		keys := 1_000_000
		if testing.Short() || p.master == p.replica {
			keys = 100_000 // the figure is asked of the mixed pairings; all three would take the two cores too long
		}
		master, replica, link := linked(t, p)
		c := master.Dial(t)
		c.SetPatience(3 * harness.Patience)
		c.OK(t, "DEBUG", "POPULATE", fmt.Sprint(keys))
		load := harness.StartLoad(t, master, harness.LoadConfig{Seed: 9}, replica)
		replica.ReplicaOf(t, link.Port())
		harness.Eventually(t, func() bool { return replica.LinkUp(t) }, 3*harness.Patience, "the replica has loaded %d keys", keys)
		load.WaitWritten(t, 100)
		load.Stop(t)
		replica.WaitCaughtUp(t, master)
		require.Equal(t, master.Once(t, "DBSIZE").Text, replica.Once(t, "DBSIZE").Text)
		require.GreaterOrEqual(t, replica.Once(t, "DBSIZE").Int(), int64(keys))
		harness.WaitSameData(t, master, replica)
	})
}
