package main

import (
	"sync"
	"time"

	"treedis/tests/harness"
)

const (
	// probeEvery is how often the prober sends PING: pauses of a millisecond are found.
	probeEvery = time.Millisecond
	// sampleEvery is how often memory is looked at. Reading a forked child's share walks its page tables, milliseconds for 2M keys.
	sampleEvery = 50 * time.Millisecond
)

// watcher calls a function at intervals until it is stopped, in a goroutine of its own.
type watcher struct {
	stop chan struct{}
	once sync.Once
	wg   sync.WaitGroup
	err  error // read after wg.Wait
}

// watch begins to call look, and goes on until end or the end of the row, or until look fails.
func (b *bench) watch(every time.Duration, look func() error) *watcher {
	w := &watcher{stop: make(chan struct{})}
	w.wg.Go(func() {
		beat := time.NewTicker(every)
		defer beat.Stop()
		for w.err == nil {
			w.err = look()
			select {
			case <-w.stop:
				return
			case <-beat.C:
			}
		}
	})
	b.Cleanup(w.end)
	return w
}

// end stops the calls and waits for the last one.
func (w *watcher) end() {
	w.once.Do(func() { close(w.stop) })
	w.wg.Wait()
}

// probe sends PING every millisecond and returns a function that ends that and returns the longest time an answer took.
func (b *bench) probe(s *harness.Server) func() time.Duration {
	conn, err := harness.Dial(s.Addr())
	b.must(err)
	b.Cleanup(func() { conn.Close() })
	conn.SetPatience(replyTime)
	var worst time.Duration
	w := b.watch(probeEvery, func() error {
		asked := time.Now()
		_, err := conn.Do("PING")
		worst = max(worst, time.Since(asked))
		return err
	})
	return func() time.Duration {
		w.end()
		b.must(w.err)
		return worst
	}
}

// peak watches the memory of a server and its children and returns a function that ends that and returns the most seen.
func (b *bench) peak(s *harness.Server) func() float64 {
	var most int64
	pid := s.Pid()
	w := b.watch(sampleEvery, func() error {
		bytes, err := familyBytes(pid)
		most = max(most, bytes)
		return err
	})
	return func() float64 {
		w.end()
		b.must(w.err)
		return float64(most)
	}
}
