package main

import (
	"fmt"
	"strconv"
	"time"

	"treedis/tests/harness"
)

// fullSyncRow measures how long a new replica takes to get all data, and what that does to a master that is written to.
func fullSyncRow(keys int) row {
	return row{
		name: "fullsync", group: groupPauses, does: fmt.Sprintf("a new replica of a master with %d keys under %d SET/s", keys, backgroundRate),
		needs: []string{"SET", "REPLICAOF", "PSYNC", "INFO"},
		metrics: []metric{
			{name: "duration", unit: "s"},
			{name: "worst PING", unit: "ms"},
		},
		open: func(b *bench, kind harness.Kind) round {
			master := b.start(kind)
			b.fill(master, stringKeys(keys, 32))
			return func() []float64 {
				replica := b.start(kind)
				defer replica.Stop(b)
				writes, worst := b.background(master, keys), b.probe(master)
				began := time.Now()
				replica.ReplicaOf(b, strconv.Itoa(master.Port()))
				b.waitLink(replica)
				took := time.Since(began)
				values := []float64{took.Seconds(), milliseconds(worst())}
				b.finish(writes)
				return values
			}
		},
	}
}

// waitLink waits until a replica has loaded its master's data.
func (b *bench) waitLink(replica *harness.Server) {
	harness.Eventually(b, func() bool { return replica.LinkUp(b) || b.ctx.Err() != nil }, snapshotTime, "the %v replica is synchronised", replica.Kind)
	b.checkInterrupt()
}

// replicatedRow measures writes to a master with replicas, and what they cost on either side. Of the replicas it is the first
// whose cost is shown.
func replicatedRow(name, group string, replicas int, masterCPU float64, l load) row {
	return row{
		name: name, group: group, does: fmt.Sprintf("%s, replicas attached: %d", l, replicas),
		needs: []string{"SET", "REPLICAOF", "PSYNC", "INFO"},
		metrics: []metric{
			{name: "throughput", unit: "op/s", better: higher},
			{name: "master CPU", unit: "µs/op", target: masterCPU},
			{name: "replica CPU", unit: "µs/op"},
		},
		open: func(b *bench, kind harness.Kind) round {
			master := b.start(kind)
			b.fill(master, stringKeys(l.keyspace, 32))
			var list []*harness.Server
			for range replicas {
				r := b.start(kind)
				r.ReplicaOf(b, strconv.Itoa(master.Port()))
				b.waitLink(r)
				list = append(list, r)
			}
			return func() []float64 {
				before := b.cpu(list[0])
				got, cpu := b.loaded(master, l)
				for _, r := range list {
					r.WaitCaughtUp(b, master)
				}
				return []float64{got.perSecond, cpu, perOperation(b.cpu(list[0])-before, l.requests)}
			}
		},
	}
}

// catchUpRow measures how long a replica takes to get what it missed while its link was down, once it is up again: so many writes
// as a minute has at the rate of the other rows' background.
func catchUpRow(keys, writes int) row {
	l := load{clients: 50, pipeline: 32, requests: writes, keyspace: keys, command: []string{"SET", keyPrefix + randomInt, payload(32)}}
	return row{
		name: "catchup", group: groupPauses, does: fmt.Sprintf("a replica is linked again after an outage of %d SETs", writes),
		needs:   []string{"SET", "REPLICAOF", "PSYNC", "INFO"},
		metrics: []metric{{name: "duration", unit: "s", target: 1}},
		open: func(b *bench, kind harness.Kind) round {
			// The backlog holds the outage, so that none of the two starts over.
			master, replica := b.start(kind, harness.Args("--repl-backlog-size", "1gb")), b.start(kind)
			b.fill(master, stringKeys(keys, 32))
			link := harness.NewProxy(b, master.Addr())
			replica.ReplicaOf(b, link.Port())
			b.waitLink(replica)
			return func() []float64 {
				link.Refuse(true)
				link.Cut()
				b.benchmark(master, l)
				before := master.SyncCounts(b)
				link.Refuse(false)
				b.waitLink(replica)
				began := time.Now()
				replica.WaitCaughtUp(b, master)
				took := time.Since(began)
				if after := master.SyncCounts(b); after.Full != before.Full {
					b.Fatalf("the %v replica was synchronised anew", kind)
				}
				return []float64{took.Seconds()}
			}
		},
	}
}
