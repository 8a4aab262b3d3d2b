package harness

import (
	"context"
	_ "embed" // for the stream payloads
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Two streams as DUMP of Redis 7.0 gives them, for servers that have streams but no XADD: three entries; and eleven, two of
// them deleted, with two consumer groups and pending entries.
var (
	//go:embed testdata/stream-plain.dump
	streamPlain string
	//go:embed testdata/stream-groups.dump
	streamGroups string
)

// LoadConfig shapes a write load. The zero value of every field but Seed is replaced by a default.
type LoadConfig struct {
	Seed     uint64
	Prefix   string // of every key's name: loads with different prefixes touch different keys
	Keys     int    // keys per type; 100
	Batch    int    // commands in a pipeline; 20
	Batches  int    // pipelines before the load ends of itself; 20,000
	PerSec   int    // pipelines a second; 200, so that a cut link of seconds stays within a backlog of megabytes
	Atomic   bool   // each batch is one MULTI/EXEC
	Volatile bool   // some keys expire within milliseconds
}

func (c LoadConfig) withDefaults() LoadConfig {
	set := func(field *int, def int) {
		if *field == 0 {
			*field = def
		}
	}
	set(&c.Keys, 100)
	set(&c.Batch, 20)
	set(&c.Batches, 20_000)
	set(&c.PerSec, 200)
	return c
}

// Load is a running write load.
type Load struct {
	client  *redis.Client
	cfg     LoadConfig
	rng     *rand.Rand
	xadd    bool
	cancel  context.CancelFunc
	written atomic.Int64
	wg      sync.WaitGroup
	err     error // read after wg.Wait
}

// StartLoad writes keys of all types to the server until Stop, or until its batches are used up. Where the writes will reach
// replicas these are named too: streams are written by XADD if all servers know it, and by RESTORE otherwise.
func StartLoad(t T, s *Server, cfg LoadConfig, replicas ...*Server) *Load {
	t.Helper()
	l := newLoad(t, s, cfg, replicas)
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.wg.Go(func() { l.err = l.run(ctx) })
	t.Cleanup(func() {
		l.cancel()
		l.wg.Wait()
	})
	return l
}

// Fill writes so many batches as fast as the server takes them. Replicas are named as for StartLoad.
func Fill(t T, s *Server, batches int, cfg LoadConfig, replicas ...*Server) {
	t.Helper()
	l := newLoad(t, s, cfg, replicas)
	for range batches {
		if err := l.batch(context.Background()); err != nil {
			t.Fatalf("filling %v: %v", s.Kind, err)
		}
	}
}

func newLoad(t T, s *Server, cfg LoadConfig, replicas []*Server) *Load {
	t.Helper()
	l := &Load{
		client: s.Client(t),
		cfg:    cfg.withDefaults(),
		rng:    rand.New(rand.NewPCG(cfg.Seed, 1)),
		xadd:   s.Supports(t, "XADD"),
	}
	for _, r := range replicas {
		l.xadd = l.xadd && r.Supports(t, "XADD")
	}
	return l
}

// Written returns how many commands were acknowledged.
func (l *Load) Written() int64 { return l.written.Load() }

// WaitWritten waits until n more commands were acknowledged.
func (l *Load) WaitWritten(t T, n int64) {
	t.Helper()
	want := l.Written() + n
	Eventually(t, func() bool { return l.Written() >= want }, Patience, "the load has written %d more commands", n)
}

// Stop ends the load and returns how many commands were acknowledged. A write that failed fails the test.
func (l *Load) Stop(t T) int64 {
	t.Helper()
	l.cancel()
	l.wg.Wait()
	if l.err != nil {
		t.Fatalf("write load: %v", l.err)
	}
	return l.Written()
}

func (l *Load) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second / time.Duration(l.cfg.PerSec))
	defer tick.Stop()
	for range l.cfg.Batches {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		// A batch under way is not cut short: what it wrote would be unknown.
		if err := l.batch(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

func (l *Load) batch(ctx context.Context) error {
	fill := func(p redis.Pipeliner) error {
		for range l.cfg.Batch {
			l.command(ctx, p)
		}
		return nil
	}
	do := l.client.Pipelined
	if l.cfg.Atomic {
		do = l.client.TxPipelined
	}
	cmds, err := do(ctx, fill)
	if err != nil && !errors.Is(err, redis.Nil) { // SPOP of an empty set is no failure
		return err
	}
	l.written.Add(int64(len(cmds)))
	return nil
}

func (l *Load) key(kind string) string {
	return l.cfg.Prefix + kind + ":" + strconv.Itoa(l.rng.IntN(l.cfg.Keys))
}

func (l *Load) value() string {
	return fmt.Sprintf("value-%0*d", 1+l.rng.IntN(60), l.rng.IntN(1_000_000))
}

// command queues one random write. No command can fail, whatever came before.
func (l *Load) command(ctx context.Context, p redis.Pipeliner) {
	member := "m" + strconv.Itoa(l.rng.IntN(300))
	switch l.rng.IntN(16) {
	case 0, 1:
		p.Set(ctx, l.key("str"), l.value(), 0)
	case 2:
		p.Set(ctx, l.key("str"), l.value(), time.Hour)
	case 3:
		p.Incr(ctx, l.key("num"))
	case 4:
		p.Append(ctx, l.key("str"), l.value())
	case 5:
		p.RPush(ctx, l.key("list"), l.value(), l.value())
	case 6:
		p.LTrim(ctx, l.key("list"), 0, 200)
	case 7:
		p.SAdd(ctx, l.key("set"), member, l.rng.IntN(1000))
	case 8:
		p.SPop(ctx, l.key("set"))
	case 9, 10:
		p.HSet(ctx, l.key("hash"), member, l.value())
	case 11:
		p.ZAdd(ctx, l.key("zset"), redis.Z{Score: float64(l.rng.IntN(10_000)) / 8, Member: member})
	case 12:
		p.ZIncrBy(ctx, l.key("zset"), 0.5, member)
	case 13:
		p.Del(ctx, l.key("hash"), l.key("list"))
	case 14:
		l.stream(ctx, p)
	default:
		if l.cfg.Volatile {
			p.Set(ctx, l.key("volatile"), member, time.Duration(1+l.rng.IntN(50))*time.Millisecond)
		} else {
			p.Expire(ctx, l.key("zset"), time.Hour)
		}
	}
}

func (l *Load) stream(ctx context.Context, p redis.Pipeliner) {
	if !l.xadd {
		payload := streamPlain
		if l.rng.IntN(2) == 0 {
			payload = streamGroups
		}
		p.RestoreReplace(ctx, l.key("stream"), 0, payload)
		return
	}
	p.XAdd(ctx, &redis.XAddArgs{
		Stream: l.key("stream"), MaxLen: 100,
		Values: []string{"field", l.value(), "n", strconv.Itoa(l.rng.IntN(100))},
	})
}

// StreamPayloads returns what RESTORE makes streams of, by a name for the key.
func StreamPayloads() map[string]string {
	return map[string]string{"stream-plain": streamPlain, "stream-groups": streamGroups}
}
