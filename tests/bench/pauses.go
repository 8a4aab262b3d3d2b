package main

import (
	"fmt"
	"math/rand/v2"

	"treedis/tests/harness"
)

// writeShare: one command in so many of the load is a SET. Without them no garbage would be made, and nothing be collected.
const writeShare = 5

// pausesConns is how many connections the load uses; with 1 ms between bursts each is a pipeline of some dozens.
const pausesConns = 8

// pausesRow measures the tail latency of reads at half the rate that Redis can serve: what garbage collection adds, which Redis
// does not have. Both servers get the same rate.
func pausesRow(keys, requests int) row {
	capacity := load{clients: pausesConns, pipeline: 16, requests: requests, keyspace: keys, command: []string{"GET", keyPrefix + randomInt}}
	// Found when the first server is opened, by a run against a Redis that then ends, and used for both.
	perSecond := 0
	return row{
		name: "pauses", group: groupPauses, needs: []string{"GET", "SET"},
		does:    fmt.Sprintf("GET of %d keys, and one SET in %d commands, at half the rate of Redis", keys, writeShare),
		metrics: []metric{{name: "GET p99.9", unit: "ms"}, {name: "GET p99", unit: "ms"}},
		open: func(b *bench, kind harness.Kind) round {
			if perSecond == 0 {
				redis := b.start(harness.Redis)
				b.fill(redis, stringKeys(keys, 32))
				perSecond = int(b.benchmark(redis, capacity).perSecond / 2)
				redis.Stop(b)
				b.Logf("pauses: %d commands a second", perSecond)
			}
			s := b.start(kind)
			b.fill(s, stringKeys(keys, 32))
			value := payload(32)
			return func() []float64 {
				p := b.startPaced(s, pacing{
					perSecond: perSecond, conns: pausesConns, most: snapshotTime,
					command: func(dst []byte, n int, rng *rand.Rand) []byte {
						if n%writeShare == 0 {
							return harness.AppendCommand(dst, "SET", key(rng.IntN(keys)), value)
						}
						return harness.AppendCommand(dst, "GET", key(rng.IntN(keys)))
					},
					timed: func(n int) bool { return n%writeShare != 0 },
				})
				b.pause(b.scale.window)
				latencies := b.finish(p)
				return []float64{milliseconds(quantile(latencies, 0.999)), milliseconds(quantile(latencies, 0.99))}
			}
		},
	}
}
