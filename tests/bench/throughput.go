package main

import (
	"time"

	"treedis/tests/harness"
)

// targets are what the ratios of a throughput row have to reach.
type targets struct{ throughput, cpu float64 }

// contents is what a server holds when a round begins.
type contents struct {
	args  []string // that the server is started with
	once  filling  // loaded when the row begins
	flush bool     // each round begins with an empty server
	each  filling  // loaded before each round, after the flush
}

// warmUpShare of a row's requests are sent before the first round: connections, code and memory have been used once.
const warmUpShare = 10

// throughputRow measures a run of redis-benchmark: how many commands a second, and what one costs the server.
func throughputRow(name, group string, want targets, c contents, l load) row {
	needs := []string{l.command[0]}
	if c.flush {
		needs = append(needs, "FLUSHALL ? ?")
	}
	return row{
		name: name, group: group, does: l.String(), needs: needs,
		metrics: []metric{
			{name: "throughput", unit: "op/s", better: higher, target: want.throughput},
			{name: "server CPU", unit: "µs/op", target: want.cpu},
			{name: "p99", unit: "ms"},
		},
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind, harness.Args(c.args...))
			b.fill(s, c.once)
			b.fill(s, c.each)
			warmUp := l
			warmUp.requests = max(l.requests/warmUpShare, l.clients)
			b.benchmark(s, warmUp)
			return func() []float64 {
				if c.flush {
					b.flush(s)
					b.fill(s, c.each)
					b.settle()
				}
				got, cpu := b.loaded(s, l)
				return []float64{got.perSecond, cpu, got.p99}
			}
		},
	}
}

// loaded runs a load and returns what redis-benchmark says, and the server's CPU time for one operation in microseconds.
func (b *bench) loaded(s *harness.Server, l load) (benchmarked, float64) {
	before := b.cpu(s)
	got := b.benchmark(s, l)
	return got, perOperation(b.cpu(s)-before, l.requests)
}

// perOperation is in microseconds.
func perOperation(used time.Duration, operations int) float64 {
	return float64(used) / float64(time.Microsecond) / float64(operations)
}
