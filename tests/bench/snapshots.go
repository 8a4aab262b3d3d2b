package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"treedis/tests/harness"
)

// snapshotTime bounds a BGSAVE, a full synchronisation and a start: each takes seconds.
const snapshotTime = 2 * time.Minute

// A write load that both servers bear with ease, and that touches most pages of a heap within seconds: what is measured is what
// the snapshot adds, not what a queue does.
const (
	backgroundRate  = 50_000
	backgroundConns = 5
)

// background writes existing keys at random.
func (b *bench) background(s *harness.Server, keys int) *paced {
	value := payload(32)
	p := b.startPaced(s, pacing{
		perSecond: backgroundRate, conns: backgroundConns, most: snapshotTime,
		command: func(dst []byte, _ int, rng *rand.Rand) []byte {
			return harness.AppendCommand(dst, "SET", key(rng.IntN(keys)), value)
		},
	})
	b.waitAnswered(p, int64(backgroundRate*b.scale.warmUp.Seconds()))
	return p
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// disturbance are the metrics of disturb. The target is that of the worst PING.
func disturbance(target float64) []metric {
	return []metric{
		{name: "worst PING", unit: "ms", target: target},
		{name: "peak memory", unit: "times that before"},
		{name: "duration", unit: "s"},
	}
}

// disturb measures what a job does to a server that is written to meanwhile, from the job's beginning to its end.
func (b *bench) disturb(s *harness.Server, keys int, job func(s *harness.Server)) []float64 {
	writes := b.background(s, keys)
	before := b.rss(s)
	peak, worst := b.peak(s), b.probe(s)
	began := time.Now()
	job(s)
	took := time.Since(began)
	values := []float64{milliseconds(worst()), peak() / before, took.Seconds()}
	b.finish(writes)
	return values
}

// restarts stops a server, and returns a round that measures in seconds how long it takes, once started again, until it serves
// so many keys.
func (b *bench) restarts(s *harness.Server, keys int) round {
	s.Stop(b)
	return func() []float64 {
		began := time.Now()
		s.Restart(b)
		harness.Eventually(b, func() bool { return s.Info(b)["loading"] == "0" }, snapshotTime, "%v has loaded its file", s.Kind)
		took := time.Since(began)
		b.wantKeys(s, keys)
		s.Stop(b)
		return []float64{took.Seconds()}
	}
}

// bgsaveRow measures what a snapshot to disk does to a server that is written to.
func bgsaveRow(keys int) row {
	return row{
		name: "bgsave", group: groupPauses, does: fmt.Sprintf("BGSAVE of %d keys under %d SET/s", keys, backgroundRate),
		needs:   []string{"SET", "BGSAVE ?", "INFO"},
		metrics: disturbance(0),
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind)
			b.fill(s, stringKeys(keys, 32))
			return func() []float64 { return b.disturb(s, keys, b.save) }
		},
	}
}

// save writes a snapshot by BGSAVE, and fails the row unless that ends well.
func (b *bench) save(s *harness.Server) {
	s.Once(b, "BGSAVE")
	var info harness.Info
	harness.Eventually(b, func() bool {
		info = s.Info(b)
		return info["rdb_bgsave_in_progress"] != "1" || b.ctx.Err() != nil
	}, snapshotTime, "the snapshot of %v is written", s.Kind)
	b.checkInterrupt()
	if info["rdb_bgsave_in_progress"] != "0" || info["rdb_last_bgsave_status"] != "ok" {
		b.Fatalf("BGSAVE of %v: in progress %q, status %q", s.Kind, info["rdb_bgsave_in_progress"], info["rdb_last_bgsave_status"])
	}
}

// startRow measures how long a server takes until it serves what a snapshot holds.
func startRow(keys int) row {
	return row{
		name: "start", group: groupPauses, does: fmt.Sprintf("start with an RDB file of %d keys, until all are served", keys),
		needs:   []string{"SET", "BGSAVE ?", "INFO", "DBSIZE"},
		metrics: []metric{{name: "time to ready", unit: "s"}},
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind, harness.ReadyWithin(snapshotTime))
			b.fill(s, stringKeys(keys, 32))
			b.save(s)
			return b.restarts(s, keys)
		},
	}
}
