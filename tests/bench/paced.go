package main

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"treedis/tests/harness"
)

// burstEvery is how often each connection of a paced load sends.
const burstEvery = time.Millisecond

// pacing is a load of a fixed rate. Commands fall due in bursts whether or not the server has answered those before, so a server
// that pauses is charged with the wait of everything that fell due meanwhile.
type pacing struct {
	perSecond int
	conns     int
	most      time.Duration // the load ends by itself after so long
	command   func(dst []byte, n int, rng *rand.Rand) []byte
	timed     func(n int) bool // whether the latency of a connection's command n is kept; nil: of none
}

// burst is how many commands one connection sends at a time. The rate is rounded so that it is one at least.
func (p pacing) burst() int {
	return max(1, int(time.Duration(p.perSecond)*burstEvery/time.Second)/p.conns)
}

// paced is a running load.
type paced struct {
	answered atomic.Int64
	stop     chan struct{}
	once     sync.Once
	wg       sync.WaitGroup

	mu        sync.Mutex
	latencies []time.Duration
	err       error // the first
}

// startPaced begins a load, which ends with the row at the latest.
func (b *bench) startPaced(s *harness.Server, cfg pacing) *paced {
	p := &paced{stop: make(chan struct{})}
	b.Cleanup(func() { _, _ = p.end() })
	late := time.AfterFunc(cfg.most, p.halt)
	b.Cleanup(func() { late.Stop() })
	for i := range cfg.conns {
		conn, err := dialPipe(s.Addr())
		b.must(err)
		l := &pacedConn{load: p, cfg: cfg, pipe: conn, rng: rand.New(rand.NewPCG(uint64(i), 1))}
		l.sent.Store(-1)
		p.wg.Go(l.run)
	}
	return p
}

// end stops the load, waits for all replies, and returns the latencies kept.
func (p *paced) end() ([]time.Duration, error) {
	p.halt()
	p.wg.Wait()
	return p.latencies, p.err
}

// finish is end for the row's own goroutine.
func (b *bench) finish(p *paced) []time.Duration {
	latencies, err := p.end()
	b.must(err)
	return latencies
}

// waitAnswered waits until the server has answered n commands.
func (b *bench) waitAnswered(p *paced, n int64) {
	harness.Eventually(b, func() bool { return p.answered.Load() >= n || p.halted() || b.ctx.Err() != nil }, replyTime,
		"%d commands are answered", n)
	b.checkInterrupt()
}

func (p *paced) halted() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

func (p *paced) halt() { p.once.Do(func() { close(p.stop) }) }

func (p *paced) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.halt()
}

// pacedConn is one connection of a load: a goroutine that sends, another that reads.
type pacedConn struct {
	load  *paced
	cfg   pacing
	pipe  *pipe
	rng   *rand.Rand
	began time.Time
	sent  atomic.Int64 // how many commands were sent in all, once that is known; -1 before
}

func (c *pacedConn) run() {
	defer c.pipe.close()
	c.began = time.Now()
	var sender sync.WaitGroup
	sender.Go(c.send)
	c.read()
	sender.Wait()
}

// send sends what falls due until the load is stopped, and a PING more: its reply is the last one, so that the reader, which
// learns the count before, never waits for one that does not come.
func (c *pacedConn) send() {
	beat := time.NewTicker(burstEvery)
	defer beat.Stop()
	var out []byte
	n, bursts, size := 0, 0, c.cfg.burst()
	for running := true; running; {
		select {
		case <-c.load.stop:
			running = false
		case <-beat.C:
		}
		out = out[:0]
		for ; running && bursts < int(time.Since(c.began)/burstEvery); bursts++ {
			for range size {
				out = c.cfg.command(out, n, c.rng)
				n++
			}
		}
		if !running {
			c.sent.Store(int64(n) + 1)
			out = harness.AppendCommand(out, "PING")
		}
		if len(out) == 0 {
			continue // woken early
		}
		if err := c.pipe.write(out); err != nil {
			c.load.failed(err)
			c.pipe.close()
			return
		}
	}
}

// read reads replies and keeps the latencies asked for, each from the moment its burst fell due.
func (c *pacedConn) read() {
	var kept []time.Duration
	size := c.cfg.burst()
	for n := 0; ; n++ {
		if err := c.pipe.readOne(); err != nil {
			c.load.failed(err)
			c.pipe.close()
			break
		}
		if int64(n)+1 == c.sent.Load() {
			break // the PING
		}
		c.load.answered.Add(1)
		if c.cfg.timed != nil && c.cfg.timed(n) {
			due := c.began.Add(time.Duration(n/size+1) * burstEvery)
			kept = append(kept, time.Since(due))
		}
	}
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	c.load.latencies = append(c.load.latencies, kept...)
}
