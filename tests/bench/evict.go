package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"treedis/tests/harness"
)

// evictRows measure what is kept, and how much memory that takes, once there is more than maxmemory allows.
func evictRows(s scale) []row {
	return []row{
		hitRatioRow("hits-lru", "allkeys-lru", s.of(100_000), s.of(1_000_000)),
		hitRatioRow("hits-lfu", "allkeys-lfu", s.of(100_000), s.of(1_000_000)),
		churnRow(s.of(200_000), s.of(200)),
	}
}

// hitRatioRow measures a cache that has room for a fifth of the keys: what is asked for and not there is put there. Which keys are
// asked for how often follows Zipf's law; the first half of the requests only fills the cache.
func hitRatioRow(name, policy string, keys, requests int) row {
	const batch = 32
	return row{
		name: name, group: groupMemory,
		does:  fmt.Sprintf("%s, room for a fifth of %d keys: hits of the second half of %d GETs by Zipf's law, each miss followed by a SET", policy, keys, requests),
		needs: []string{"GET", "SET"},
		// A percent of the ratio is more than two runs of one server differ by.
		metrics: []metric{{name: "hits", unit: "%", better: higher, target: 0.99}}, rounds: 3,
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind)
			b.fill(s, stringKeys(keys/5, 100))
			s.Once(b, "CONFIG", "SET", "maxmemory", strconv.FormatInt(s.Info(b).Int("used_memory"), 10), "maxmemory-policy", policy)
			conn := s.Dial(b)
			seed := uint64(0)
			return func() []float64 {
				b.flush(s)
				seed++ // both servers see the same trace
				zipf := rand.NewZipf(rand.New(rand.NewPCG(seed, 1)), 1.01, 1, uint64(keys-1))
				hits, asked := 0, 0
				for done := 0; done < requests; done += batch {
					b.checkInterrupt()
					missed := b.missing(conn, keys, batch, zipf)
					if done >= requests/2 {
						asked += batch
						hits += batch - missed
					}
				}
				return []float64{100 * float64(hits) / float64(asked)}
			}
		},
	}
}

// missing asks for n keys and sets those that are not there. It returns how many that were.
func (b *bench) missing(conn *harness.Conn, keys, n int, zipf *rand.Zipf) int {
	gets := make([][]string, n)
	for i := range gets {
		gets[i] = []string{"GET", key(shuffled(int(zipf.Uint64()), keys))}
	}
	replies, err := conn.Pipeline(gets...)
	b.must(err)
	var sets [][]string
	for i, r := range replies {
		if r.Null {
			sets = append(sets, []string{"SET", gets[i][1], payload(100)})
		}
	}
	if len(sets) > 0 {
		_, err = conn.Pipeline(sets...)
		b.must(err)
	}
	return len(sets)
}

// churnRow measures the resident memory of a server that has to evict for nearly every write.
func churnRow(writes, megabytes int) row {
	const largest = 60_000
	values := payload(largest)
	return row{
		name: "churn", group: groupMemory,
		does:  fmt.Sprintf("maxmemory %dmb, allkeys-lru: the most memory resident during %d SETs of 16 bytes to 60 KB", megabytes, writes),
		needs: []string{"SET"}, rounds: 1,
		metrics: []metric{{name: "memory", unit: "MB"}},
		open: func(b *bench, kind harness.Kind) round {
			return func() []float64 {
				s := b.start(kind, harness.Args("--maxmemory", strconv.Itoa(megabytes)+"mb", "--maxmemory-policy", "allkeys-lru"))
				defer s.Stop(b)
				r := rand.New(rand.NewPCG(1, 2))
				b.fill(s, filling{writes, func(dst []byte, _ int) []byte {
					size := min(largest, 16<<r.IntN(12)+r.IntN(1000)) // small ones are as many as large ones
					return harness.AppendCommand(dst, "SET", key(r.IntN(1_000_000)), values[:size])
				}})
				status, err := os.ReadFile(procPath(s.Pid(), "status"))
				b.must(err)
				peak, err := sumKilobytes(string(status), "VmHWM")
				b.must(err)
				return []float64{float64(peak) / (1 << 20)}
			}
		},
	}
}
