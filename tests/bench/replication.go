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

// replicaRow measures writes to a master with a replica, and what they cost on either.
func replicaRow(keys, requests int) row {
	l := load{clients: 50, pipeline: 32, requests: requests, keyspace: keys, command: []string{"SET", keyPrefix + randomInt, payload(32)}}
	return row{
		name: "set-replicated", group: groupPipeline, does: l.String() + ", with a replica attached", needs: []string{"SET", "REPLICAOF", "PSYNC", "INFO"},
		metrics: []metric{
			{name: "throughput", unit: "op/s", better: higher},
			{name: "master CPU", unit: "µs/op"},
			{name: "replica CPU", unit: "µs/op"},
		},
		open: func(b *bench, kind harness.Kind) round {
			master, replica := b.start(kind), b.start(kind)
			b.fill(master, stringKeys(keys, 32))
			replica.ReplicaOf(b, strconv.Itoa(master.Port()))
			b.waitLink(replica)
			return func() []float64 {
				before := b.cpu(replica)
				got, cpu := b.loaded(master, l)
				replica.WaitCaughtUp(b, master)
				return []float64{got.perSecond, cpu, perOperation(b.cpu(replica)-before, l.requests)}
			}
		},
	}
}
