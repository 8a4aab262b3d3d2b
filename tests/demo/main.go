// Command demo shows treedis replicating: a master and two replicas on loopback ports, writes through an ordinary client,
// a link that is cut and restored under load, and a replica that is promoted. It says at each step what was seen, and exits
// with status 1 when that is not what must be seen.
package main

import (
	"context"
	"os"
	"strconv"

	"treedis/tests/harness"
)

func main() {
	s := newStage(os.Stdout)
	s.Play(func() {
		s.say("building treedis if it is not there")
		s.must(harness.Build(s.TempDir()))
		play(s)
	})
	if s.Failed() {
		os.Exit(1)
	}
	s.say("done: every step was as it must be")
}

// cluster is the three servers and the link that will be cut.
type cluster struct {
	master, first, second *harness.Server
	link                  *harness.Proxy // between the master and the first replica
}

func play(s *stage) {
	c := start(s)
	write(s, c)
	cutAndRestore(s, c)
	promote(s, c)
}

func start(s *stage) cluster {
	s.step("a master and two replicas")
	c := cluster{master: harness.Start(s, harness.Treedis), first: harness.Start(s, harness.Treedis), second: harness.Start(s, harness.Treedis)}
	c.link = harness.NewProxy(s, c.master.Addr())
	c.first.ReplicaOf(s, c.link.Port())
	c.second.ReplicaOf(s, strconv.Itoa(c.master.Port()))
	for _, r := range []*harness.Server{c.first, c.second} {
		r.WaitLinkUp(s)
	}
	s.say("master on port %d, replicas on %d (through a proxy that can cut the link) and %d", c.master.Port(), c.first.Port(), c.second.Port())
	s.say("%d full synchronisations, as there are two replicas", c.master.SyncCounts(s).Full)
	return c
}

func write(s *stage, c cluster) {
	s.step("writes, seen on the replicas")
	ctx, client := context.Background(), c.master.Client(s)
	pipe := client.Pipeline()
	for i := range 10_000 {
		pipe.Set(ctx, "key:"+strconv.Itoa(i), "value "+strconv.Itoa(i), 0)
	}
	_, err := pipe.Exec(ctx)
	s.must(err)
	acked, err := client.Wait(ctx, 2, harness.Patience).Result()
	s.must(err)
	s.require(acked == 2, "WAIT: both replicas acknowledged 10,000 writes")
	s.showOffsets(c.master)
	for _, r := range []*harness.Server{c.first, c.second} {
		got, err := r.Client(s).Get(ctx, "key:9999").Result()
		s.must(err)
		s.require(got == "value 9999", "the replica on port %d answers GET key:9999 with %q", r.Port(), got)
	}
}

func cutAndRestore(s *stage, c cluster) {
	s.step("a link is cut and restored while writes go on")
	before := c.master.SyncCounts(s)
	load := harness.StartLoad(s, c.master, harness.LoadConfig{Seed: 1})
	load.WaitWritten(s, 500)
	c.link.Refuse(true)
	c.link.Cut()
	c.first.WaitLinkDown(s)
	load.WaitWritten(s, 2000)
	behind := c.master.Info(s).Int("master_repl_offset") - c.first.Info(s).Int("slave_repl_offset")
	s.require(behind > 0, "the link is down, and the replica on port %d is %d bytes behind", c.first.Port(), behind)
	c.link.Refuse(false)
	c.first.WaitLinkUp(s)
	s.say("the link is up again; %d commands were written meanwhile and before", load.Stop(s))
	for _, r := range []*harness.Server{c.first, c.second} {
		r.WaitCaughtUp(s, c.master)
		harness.WaitSameData(s, c.master, r)
	}
	after := c.master.SyncCounts(s)
	s.require(after.Full == before.Full && after.PartialOK > before.PartialOK,
		"full synchronisations %d (as before), partial ones %d more", after.Full, after.PartialOK-before.PartialOK)
	s.require(c.master.Digest(s) == c.first.Digest(s), "digests are equal: %s", c.master.Digest(s))
	s.showOffsets(c.master)
}

func promote(s *stage, c cluster) {
	s.step("the master is lost, a replica is promoted")
	ctx := context.Background()
	id := c.master.Info(s)["master_replid"]
	c.master.Kill()
	c.first.Promote(s)
	info := c.first.Info(s)
	s.require(info["role"] == "master" && info["master_replid2"] == id,
		"the server on port %d is a master now, and still knows the history %s...", c.first.Port(), id[:8])
	c.second.ReplicaOf(s, strconv.Itoa(c.first.Port()))
	c.second.WaitLinkUp(s)
	s.must(c.first.Client(s).Set(ctx, "after", "failover", 0).Err())
	c.second.WaitCaughtUp(s, c.first)
	got, err := c.second.Client(s).Get(ctx, "after").Result()
	s.must(err)
	s.require(got == "failover", "a write to it is seen on port %d", c.second.Port())
	counts := c.first.SyncCounts(s)
	s.require(counts.Full == 0 && counts.PartialOK == 1, "its sibling went on with a partial resync: no full synchronisation")
	c.master.Restart(s)
	c.master.ReplicaOf(s, strconv.Itoa(c.first.Port()))
	c.master.WaitLinkUp(s)
	c.master.WaitCaughtUp(s, c.first)
	harness.WaitSameData(s, c.first, c.master)
	s.say("the old master is back, as a replica with the same data")
	s.showOffsets(c.first)
}
