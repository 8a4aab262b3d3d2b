package main

import (
	"fmt"

	"treedis/tests/harness"
)

// memoryRounds: what the same data occupies differs by little from one new server to the next.
const memoryRounds = 3

// memoryRow measures the resident memory that n items take in a new server.
func memoryRow(name, what string, n int, command string, data filling) row {
	return row{
		name: name, group: groupMemory, does: fmt.Sprintf("%d %s: resident memory less that of the empty server", n, what),
		needs: []string{command}, rounds: memoryRounds,
		metrics: []metric{{name: "memory", unit: "B/item", target: 1}},
		open: func(b *bench, kind harness.Kind) round {
			return func() []float64 {
				s := b.start(kind)
				defer s.Stop(b)
				empty := b.steadyRSS(s)
				b.fill(s, data)
				return []float64{(b.steadyRSS(s) - empty) / float64(n)}
			}
		},
	}
}
