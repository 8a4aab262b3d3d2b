package main

import (
	"fmt"
	"strconv"
	"time"

	"treedis/tests/harness"
)

// keysPerUser is how many keys of each user scanRow loads, and so how many it has to find.
const keysPerUser = 100

// scanRow measures how long it takes to find the keys of one user among those of all.
func scanRow(users int) row {
	const user = 42
	pattern := fmt.Sprintf("user:%d:*", user)
	n := users * keysPerUser
	return row{
		name: "scan", group: groupSize, does: fmt.Sprintf("SCAN MATCH %s COUNT 1000 to the end, %d of %d keys match", pattern, keysPerUser, n),
		needs:   []string{"SET", "SCAN"},
		metrics: []metric{{name: "duration", unit: "ms"}},
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind)
			b.fill(s, filling{n, func(dst []byte, i int) []byte {
				k := shuffled(i, n)
				return harness.AppendCommand(dst, "SET", fmt.Sprintf("user:%d:%d", k/keysPerUser, k%keysPerUser), "value")
			}})
			conn := s.Dial(b)
			return func() []float64 {
				began := time.Now()
				found := b.scan(conn, pattern)
				took := time.Since(began)
				// A key may come twice while Redis's table grows, which it does not here.
				if found != keysPerUser {
					b.Fatalf("SCAN of %v found %d keys, not %d", s.Kind, found, keysPerUser)
				}
				return []float64{milliseconds(took)}
			}
		},
	}
}

// scan iterates to the end and returns how many keys came.
func (b *bench) scan(conn *harness.Conn, pattern string) int {
	found := 0
	for cursor := "0"; ; {
		b.checkInterrupt()
		r := conn.OK(b, "SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
		if len(r.Elems) != 2 {
			b.Fatalf("SCAN answers %q", r.Raw)
		}
		found += len(r.Elems[1].Elems)
		if cursor = r.Elems[0].Text; cursor == "0" {
			return found
		}
	}
}

// growthRow measures what a GET costs among few and among many keys. redis-benchmark's keys are those that stringKeys loads.
func growthRow(few, many, requests int) row {
	get := func(keys int) load {
		return load{clients: 50, pipeline: 32, requests: requests, keyspace: keys, command: []string{"GET", keyPrefix + randomInt}}
	}
	cost := func(keys int) metric { return metric{name: "CPU, " + strconv.Itoa(keys) + " keys", unit: "µs/op"} }
	return row{
		name: "growth", group: groupSize, does: fmt.Sprintf("%v, and with %d keys", get(few), many),
		needs:   []string{"SET", "GET"},
		metrics: []metric{cost(few), cost(many), {name: "growth", unit: "times"}},
		open: func(b *bench, kind harness.Kind) round {
			small, large := b.start(kind), b.start(kind)
			b.fill(small, stringKeys(few, 32))
			b.fill(large, stringKeys(many, 32))
			return func() []float64 {
				_, cheap := b.loaded(small, get(few))
				_, dear := b.loaded(large, get(many))
				return []float64{cheap, dear, dear / cheap}
			}
		},
	}
}
