package server

import (
	"math"
	"sync/atomic"

	"treedis/rdb"
	"treedis/server/config"
	"treedis/store"
)

// accessClock gives the access clock of entries its meaning, as Redis does with the 24 bits of its
// objects: under an LRU policy (and by default) the second of the last access; under an LFU policy the
// minute of the last decrement in the upper 16 bits and a logarithmic counter in the lower 8.
type accessClock struct {
	now        atomic.Uint32 // seconds since 1970 modulo 2^24; set by cron
	minutes    atomic.Uint32 // minutes since 1970 modulo 2^16
	lfu        atomic.Bool   // maxmemory-policy is one of the LFU ones
	logFactor  atomic.Int64  // lfu-log-factor
	decayTime  atomic.Int64  // lfu-decay-time, minutes
	randUint64 func() uint64 // safe for concurrent use
}

const (
	lruMask        = 1<<24 - 1
	lfuInitial     = 5
	lfuMinuteShift = 8
)

// set moves the clock to a unix time in milliseconds.
func (a *accessClock) set(ms int64) {
	a.now.Store(uint32(ms/1000) & lruMask)
	a.minutes.Store(uint32(ms/60000) & math.MaxUint16)
}

// initial is what a new key starts with.
func (a *accessClock) initial() uint32 {
	if a.lfu.Load() {
		return a.minutes.Load()<<lfuMinuteShift | lfuInitial
	}
	return a.now.Load()
}

// touch records an access. It may run under the shared lock.
func (a *accessClock) touch(e *store.Entry) {
	if !a.lfu.Load() {
		e.SetClock(a.now.Load())
		return
	}
	e.SetClock(a.minutes.Load()<<lfuMinuteShift | a.increment(a.frequency(e)))
}

// idle returns the seconds since the last access, under an LRU policy.
func (a *accessClock) idle(e *store.Entry) int64 {
	return int64((a.now.Load() - e.Clock()) & lruMask)
}

// frequency returns the logarithmic access counter, decayed for the time that has passed.
func (a *accessClock) frequency(e *store.Entry) uint32 {
	c := e.Clock()
	counter := c & 0xff
	if decay := a.decayTime.Load(); decay > 0 {
		elapsed := (a.minutes.Load() - c>>lfuMinuteShift) & math.MaxUint16
		counter -= uint32(min(int64(elapsed)/decay, int64(counter)))
	}
	return counter
}

// increment counts an access with a probability that falls with the counter.
func (a *accessClock) increment(counter uint32) uint32 {
	if counter == 255 {
		return counter
	}
	base := max(float64(counter)-lfuInitial, 0)
	p := 1 / (base*float64(a.logFactor.Load()) + 1)
	if float64(a.randUint64()>>11)/(1<<53) < p {
		counter++
	}
	return counter
}

// setIdle makes an entry look as if last accessed the given seconds ago.
func (a *accessClock) setIdle(e *store.Entry, seconds int64) {
	e.SetClock((a.now.Load() - uint32(seconds)) & lruMask)
}

// setFrequency sets an entry's logarithmic access counter.
func (a *accessClock) setFrequency(e *store.Entry, f uint32) {
	e.SetClock(a.minutes.Load()<<lfuMinuteShift | f)
}

// restore sets an entry's clock from what a snapshot says: the idle time in seconds, or the access
// counter; -1 for unknown.
func (a *accessClock) restore(e *store.Entry, idle int64, freq int) {
	switch {
	case a.lfu.Load() && freq >= 0:
		a.setFrequency(e, uint32(freq))
	case !a.lfu.Load() && idle >= 0:
		a.setIdle(e, idle)
	}
}

// forSnapshots returns what a snapshot keeps of the access clocks: nothing, unless keys are evicted
// by them.
func (a *accessClock) forSnapshots(policy config.Policy) rdb.Clock {
	switch {
	case policy&config.PolicyLFU != 0:
		return lfuClock{a}
	case policy&config.PolicyLRU != 0:
		return lruClock{a}
	}
	return nil
}

type (
	lruClock struct{ *accessClock }
	lfuClock struct{ *accessClock }
)

// IdleOrFreq returns the idle time.
func (a lruClock) IdleOrFreq(e *store.Entry) (int64, int) { return a.idle(e), -1 }

// IdleOrFreq returns the access counter.
func (a lfuClock) IdleOrFreq(e *store.Entry) (int64, int) { return -1, int(a.frequency(e)) }
