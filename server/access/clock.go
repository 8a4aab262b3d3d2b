// Package access knows which keys have been used, and which of them are to go first when memory runs out.
package access

import (
	"math"
	"sync/atomic"

	"treedis/rdb"
	"treedis/server/config"
	"treedis/store"
)

// Clock gives the access clock of entries its meaning, as Redis does with the 24 bits of its
// objects: under an LRU policy (and by default) the second of the last access; under an LFU policy the
// minute of the last decrement in the upper 16 bits and a logarithmic counter in the lower 8. It is safe for concurrent use.
type Clock struct {
	now       atomic.Uint32 // seconds since 1970 modulo 2^24
	minutes   atomic.Uint32 // minutes since 1970 modulo 2^16
	lfu       atomic.Bool   // maxmemory-policy is one of the LFU ones
	logFactor atomic.Int64  // lfu-log-factor
	decayTime atomic.Int64  // lfu-decay-time, minutes
	random    func() uint64 // safe for concurrent use
}

// Init gives a clock its randomness, which is to be safe for concurrent use; without it no access can be counted.
func (a *Clock) Init(random func() uint64) { a.random = random }

// SetPolicy tells the clock which policy it serves, and lfu-log-factor and lfu-decay-time.
func (a *Clock) SetPolicy(policy config.Policy, logFactor, decayTime int64) {
	a.lfu.Store(policy&config.PolicyLFU != 0)
	a.logFactor.Store(logFactor)
	a.decayTime.Store(decayTime)
}

// CountsFrequency reports whether entries hold a counter of their accesses, and not the time of the last.
func (a *Clock) CountsFrequency() bool { return a.lfu.Load() }

// Mask is the bits of an entry's clock.
const Mask = 1<<24 - 1

const (
	lfuInitial     = 5
	lfuMinuteShift = 8
)

// Now is the seconds that the clock stands at, as entries have them.
func (a *Clock) Now() uint32 { return a.now.Load() }

// Set moves the clock to a unix time in milliseconds.
func (a *Clock) Set(ms int64) {
	a.now.Store(uint32(ms/1000) & Mask)
	a.minutes.Store(uint32(ms/60000) & math.MaxUint16)
}

// Initial is what a new key starts with.
func (a *Clock) Initial() uint32 {
	if a.lfu.Load() {
		return a.minutes.Load()<<lfuMinuteShift | lfuInitial
	}
	return a.now.Load()
}

// Touch records an access. It may run under the shared lock.
func (a *Clock) Touch(e *store.Entry) {
	if !a.lfu.Load() {
		e.SetClock(a.now.Load())
		return
	}
	e.SetClock(a.minutes.Load()<<lfuMinuteShift | a.increment(a.Frequency(e)))
}

// Idle returns the seconds since the last access, under an LRU policy.
func (a *Clock) Idle(e *store.Entry) int64 {
	return int64((a.now.Load() - e.Clock()) & Mask)
}

// Frequency returns the logarithmic access counter, decayed for the time that has passed.
func (a *Clock) Frequency(e *store.Entry) uint32 {
	c := e.Clock()
	counter := c & 0xff
	if decay := a.decayTime.Load(); decay > 0 {
		elapsed := (a.minutes.Load() - c>>lfuMinuteShift) & math.MaxUint16
		counter -= uint32(min(int64(elapsed)/decay, int64(counter)))
	}
	return counter
}

// increment counts an access with a probability that falls with the counter.
func (a *Clock) increment(counter uint32) uint32 {
	if counter == 255 {
		return counter
	}
	base := max(float64(counter)-lfuInitial, 0)
	p := 1 / (base*float64(a.logFactor.Load()) + 1)
	if float64(a.random()>>11)/(1<<53) < p {
		counter++
	}
	return counter
}

// setIdle makes an entry look as if last accessed the given seconds ago.
func (a *Clock) setIdle(e *store.Entry, seconds int64) {
	e.SetClock((a.now.Load() - uint32(seconds)) & Mask)
}

// setFrequency sets an entry's logarithmic access counter.
func (a *Clock) setFrequency(e *store.Entry, f uint32) {
	e.SetClock(a.minutes.Load()<<lfuMinuteShift | f)
}

// Restore sets an entry's clock from what a snapshot says: the idle time in seconds, or the access
// counter; -1 for unknown.
func (a *Clock) Restore(e *store.Entry, idle int64, freq int) {
	switch {
	case a.lfu.Load() && freq >= 0:
		a.setFrequency(e, uint32(freq))
	case !a.lfu.Load() && idle >= 0:
		a.setIdle(e, idle)
	}
}

// ForSnapshots returns what a snapshot keeps of the access clocks: nothing, unless keys are evicted
// by them.
func (a *Clock) ForSnapshots(policy config.Policy) rdb.Clock {
	switch {
	case policy&config.PolicyLFU != 0:
		return lfuClock{a}
	case policy&config.PolicyLRU != 0:
		return lruClock{a}
	}
	return nil
}

type (
	lruClock struct{ *Clock }
	lfuClock struct{ *Clock }
)

// IdleOrFreq returns the idle time.
func (a lruClock) IdleOrFreq(e *store.Entry) (int64, int) { return a.Idle(e), -1 }

// IdleOrFreq returns the access counter.
func (a lfuClock) IdleOrFreq(e *store.Entry) (int64, int) { return -1, int(a.Frequency(e)) }
