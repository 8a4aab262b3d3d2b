package main

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"treedis/tests/harness"
)

// syncedClients is how many connections write at once in the rows of confirmed writes.
const syncedClients = 50

// syncedRow measures writes of which the client learns that a replica has them: with sync-replicas 1, or in Redis, which does not
// have that, with WAIT 1 0 after each. A batch of commands is sent, then its replies are read.
func syncedRow(name, group string, pipeline, requests, keys int, target float64) row {
	return row{
		name: name, group: group,
		does:  fmt.Sprintf("-c %d -n %d -P %d SET, each confirmed by a replica: sync-replicas 1 against WAIT 1 0", syncedClients, requests, pipeline),
		needs: []string{"SET", "WAIT", "REPLICAOF", "PSYNC", "INFO"},
		metrics: []metric{
			{name: "throughput", unit: "op/s", better: higher, target: target},
			{name: "master CPU", unit: "µs/op"},
		},
		open: func(b *bench, kind harness.Kind) round {
			master, replica := b.start(kind), b.start(kind)
			replica.ReplicaOf(b, strconv.Itoa(master.Port()))
			b.waitLink(replica)
			wait := kind == harness.Redis
			if !wait {
				master.Once(b, "CONFIG", "SET", "sync-replicas", "1")
			}
			return func() []float64 {
				before, began := b.cpu(master), time.Now()
				b.writeConfirmed(master, pipeline, requests, keys, wait)
				took := time.Since(began)
				return []float64{float64(requests) / took.Seconds(), perOperation(b.cpu(master)-before, requests)}
			}
		},
	}
}

// writeConfirmed sends SETs over many connections, with WAIT 1 0 after each if asked for.
func (b *bench) writeConfirmed(s *harness.Server, pipeline, requests, keys int, wait bool) {
	errs := make([]error, syncedClients)
	var group sync.WaitGroup
	for i := range syncedClients {
		group.Go(func() { errs[i] = confirmedWriter(s.Addr(), i, pipeline, requests/syncedClients, keys, wait) })
	}
	group.Wait()
	for _, err := range errs {
		b.must(err)
	}
}

func confirmedWriter(addr string, id, pipeline, requests, keys int, wait bool) error {
	conn, err := dialPipe(addr)
	if err != nil {
		return err
	}
	defer conn.close()
	value := payload(32)
	var batch []byte
	for sent := 0; sent < requests; {
		n := min(pipeline, requests-sent)
		batch = batch[:0]
		for i := range n {
			key := keyPrefix + strconv.Itoa((id*requests+sent+i)*7919%keys)
			batch = harness.AppendCommand(batch, "SET", key, value)
			if wait {
				batch = harness.AppendCommand(batch, "WAIT", "1", "0")
			}
		}
		if err := conn.write(batch); err != nil {
			return err
		}
		replies := n
		if wait {
			replies = 2 * n
		}
		for range replies {
			if err := conn.readOne(); err != nil {
				return err
			}
		}
		sent += n
	}
	return nil
}
