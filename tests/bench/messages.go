package main

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"treedis/tests/harness"
)

// evalRow measures a script of one command, which is what most are.
func evalRow(s scale) row {
	return throughputRow("eval-p32", groupMessages, atLeastHalf, contents{},
		load{clients: 50, pipeline: 32, requests: s.of(1_000_000), keyspace: s.of(100_000),
			command: []string{"EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", keyPrefix + randomInt, payload(32)}})
}

// publishRow measures how fast messages come to many subscribers of a channel.
func publishRow(subscribers, messages int) row {
	return row{
		name: "publish", group: groupMessages, needs: []string{"PUBLISH", "SUBSCRIBE"},
		does: fmt.Sprintf("%d PUBLISH of 32 bytes in pipelines of %d, to %d subscribers", messages, fillBatch, subscribers),
		metrics: []metric{
			{name: "delivered", unit: "messages/s", better: higher, target: 1},
			{name: "server CPU", unit: "µs/message", target: 1},
		},
		open: func(b *bench, kind harness.Kind) round {
			s := b.start(kind)
			conns := make([]net.Conn, subscribers)
			for i := range conns {
				conns[i] = b.subscriber(s)
			}
			total := subscribers * messages
			return func() []float64 {
				before, began := b.cpu(s), time.Now()
				arrived := b.expect(conns, messages*len(message))
				b.fill(s, filling{messages, func(dst []byte, _ int) []byte {
					return harness.AppendCommand(dst, "PUBLISH", channel, payload(32))
				}})
				b.must(arrived())
				took := time.Since(began)
				return []float64{float64(total) / took.Seconds(), perOperation(b.cpu(s)-before, total)}
			}
		},
	}
}

const channel = "news"

// message is what a subscriber receives for each.
var message = string(harness.AppendCommand(nil, "message", channel, payload(32)))

// subscriber is a connection that receives the channel's messages.
func (b *bench) subscriber(s *harness.Server) net.Conn {
	conn, err := net.DialTimeout("tcp", s.Addr(), harness.Patience)
	b.must(err)
	b.Cleanup(func() { conn.Close() })
	_, err = conn.Write(harness.AppendCommand(nil, "SUBSCRIBE", channel))
	b.must(err)
	confirmed := fmt.Sprintf("*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:1\r\n", len(channel), channel)
	b.must(b.expect([]net.Conn{conn}, len(confirmed))())
	return conn
}

// expect reads so many bytes from each connection, and returns a function that waits until all have come.
func (b *bench) expect(conns []net.Conn, size int) func() error {
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	for i, conn := range conns {
		wg.Go(func() {
			errs[i] = conn.SetReadDeadline(time.Now().Add(snapshotTime))
			if errs[i] == nil {
				_, errs[i] = io.CopyN(io.Discard, conn, int64(size))
			}
		})
	}
	return func() error {
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
}
