package main

import (
	"fmt"

	"treedis/tests/harness"
)

// appendOnly starts a server with an append-only file, which it does not rewrite by itself.
func appendOnly(fsync string) []string {
	return []string{"--appendonly", "yes", "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0"}
}

// appendRows measure writes whose replies wait for the file, or for the disk.
func appendRows(s scale) []row {
	keys := s.of(100_000)
	appended := func(name, fsync string, pipeline, requests int) row {
		return throughputRow(name, groupAppend, atLeastEqual, contents{args: appendOnly(fsync)},
			load{clients: 50, pipeline: pipeline, requests: s.of(requests), keyspace: keys, command: []string{"SET", keyPrefix + randomInt, payload(32)}})
	}
	return []row{
		appended("set-everysec", "everysec", 1, 300_000),
		appended("set-everysec-p32", "everysec", 32, 3_000_000),
		appended("set-always", "always", 1, 100_000),
		appended("set-always-p32", "always", 32, 2_000_000),
		rewriteRow(s.of(2_000_000)),
		// 150 bytes a command, so a file of 1 GB of which the last third replaces what the others have made.
		loadRow(s.of(4_700_000), s.of(7_000_000)),
	}
}

// rewriteRow measures what a rewrite of the append-only file does to a server that is written to.
func rewriteRow(keys int) row {
	return row{
		name: "aof-rewrite", group: groupAppend, does: fmt.Sprintf("BGREWRITEAOF of %d keys under %d SET/s, appendfsync everysec", keys, backgroundRate),
		needs:   []string{"SET", "BGREWRITEAOF ?", "INFO"},
		metrics: disturbance(1),
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind, harness.Args(appendOnly("everysec")...))
			b.fill(s, stringKeys(keys, 32))
			return func() []float64 { return b.disturb(s, keys, b.rewrite) }
		},
	}
}

// rewrite rewrites the append-only file of a server, and fails the row unless that ends well.
func (b *bench) rewrite(s *harness.Server) {
	s.Once(b, "BGREWRITEAOF")
	var info harness.Info
	harness.Eventually(b, func() bool {
		info = s.Info(b)
		return info["aof_rewrite_in_progress"] == "0" && info["aof_rewrite_scheduled"] == "0" || b.ctx.Err() != nil
	}, snapshotTime, "the append-only file of %v is rewritten", s.Kind)
	b.checkInterrupt()
	if info["aof_last_bgrewrite_status"] != "ok" {
		b.Fatalf("BGREWRITEAOF of %v: %q", s.Kind, info["aof_last_bgrewrite_status"])
	}
}

// loadRow measures how long a server takes until it serves what so many SETs of an append-only file come to.
func loadRow(keys, commands int) row {
	value := payload(100)
	return row{
		name: "aof-load", group: groupAppend, does: fmt.Sprintf("start with an append-only file of %d SETs of %d keys, values of %d bytes", commands, keys, len(value)),
		needs:   []string{"SET", "INFO", "DBSIZE"},
		metrics: []metric{{name: "time to ready", unit: "s", target: 1}},
		rounds:  3,
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind, harness.ReadyWithin(snapshotTime), harness.Args(appendOnly("no")...))
			b.fill(s, filling{commands, func(dst []byte, i int) []byte {
				return harness.AppendCommand(dst, "SET", key(shuffled(i%keys, keys)), value)
			}})
			return b.restarts(s, keys)
		},
	}
}
