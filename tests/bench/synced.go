package main

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"treedis/tests/harness"
)

// syncedRow measures writes of which the client learns that a replica has them: with sync-replicas 1, or in Redis, which does not
// have that, with WAIT 1 0 after each. A batch of commands is sent, then its replies are read.
func syncedRow(name, group string, target float64, l load) row {
	return row{
		name: name, group: group,
		does:  fmt.Sprintf("-c %d -n %d -P %d SET, each confirmed by a replica: sync-replicas 1 against WAIT 1 0", l.clients, l.requests, l.pipeline),
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
				b.writeConfirmed(master, l, wait)
				took := time.Since(began)
				return []float64{float64(l.requests) / took.Seconds(), perOperation(b.cpu(master)-before, l.requests)}
			}
		},
	}
}

// writeConfirmed sends SETs over many connections, with WAIT 1 0 after each if asked for.
func (b *bench) writeConfirmed(s *harness.Server, l load, wait bool) {
	errs := make([]error, l.clients)
	var group sync.WaitGroup
	for i := range l.clients {
		group.Go(func() { errs[i] = l.writeConfirmed(s.Addr(), i, wait) })
	}
	group.Wait()
	for _, err := range errs {
		b.must(err)
	}
}

// writeConfirmed is one of the load's clients.
func (l load) writeConfirmed(addr string, id int, wait bool) error {
	conn, err := dialPipe(addr)
	if err != nil {
		return err
	}
	defer conn.close()
	value, share := payload(32), l.requests/l.clients
	var batch []byte
	for sent := 0; sent < share; {
		n := min(l.pipeline, share-sent)
		batch = batch[:0]
		for range n {
			key := keyPrefix + strconv.Itoa((id*share+sent)*7919%l.keyspace)
			batch = harness.AppendCommand(batch, "SET", key, value)
			if wait {
				batch = harness.AppendCommand(batch, "WAIT", "1", "0")
			}
			sent++
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
	}
	return nil
}
