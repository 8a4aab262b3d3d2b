package main

import (
	"time"

	"treedis/tests/harness"
)

// settlePatience bounds every wait for quiet: a server that is never idle, or never done giving memory back, is measured as it is.
const settlePatience = 30 * time.Second

// settle waits until no server of the row uses the processor.
func (b *bench) settle() {
	deadline := time.Now().Add(settlePatience)
	for before := b.totalCPU(); ; {
		b.pause(b.scale.calm)
		after := b.totalCPU()
		if after-before <= tick || time.Now().After(deadline) {
			return
		}
		before = after
	}
}

func (b *bench) totalCPU() time.Duration {
	var total time.Duration
	for _, s := range b.servers {
		if !s.Exited() {
			total += b.cpu(s)
		}
	}
	return total
}

func (b *bench) cpu(s *harness.Server) time.Duration {
	used, err := cpuTime(s.Pid())
	b.must(err)
	return used
}

// steadyRSS waits until a server's resident memory has kept within 0.5 % for a while, and returns it in bytes.
func (b *bench) steadyRSS(s *harness.Server) float64 {
	deadline := time.Now().Add(settlePatience)
	since, level := time.Now(), b.rss(s)
	for time.Since(since) < b.scale.steady && time.Now().Before(deadline) {
		b.pause(b.scale.steady / 10)
		if now := b.rss(s); now < level*0.995 || now > level*1.005 {
			since, level = time.Now(), now
		}
	}
	return b.rss(s)
}

func (b *bench) rss(s *harness.Server) float64 {
	bytes, err := residentBytes(s.Pid())
	b.must(err)
	return float64(bytes)
}

// pause lets time pass, but not after a signal.
func (b *bench) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.ctx.Done():
		b.checkInterrupt()
	}
}
