package server

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"treedis/server/config"
)

// The garbage collector runs again when the heap has grown by GOGC percent of what was live. How many percent is chosen by
// the size of the data, since what it costs is memory where there is much of that, and time where there is little:
//
//   - Up to 32 MB of data the collector waits until 32 MB are garbage: with little data it would run hundreds of times a
//     second under load.
//   - From there to 4 GB it waits for as much garbage as there is data, as Go does by itself.
//   - Above, for a percentage that falls with the logarithm of the size, to 50 at 64 GB.
//
// A percentage must not fall while there is much garbage: the collection that then begins at once has no time left before its goal, and
// makes the commands that allocate do its work (one BGSAVE in nine met a pause of 30 to 60 ms when snapshots lowered it to 40).
//
// A server with nothing to do collects what has gathered and gives the memory back. With maxmemory set there is a memory
// limit, a sixth above it, near which the collector runs as often as it takes: what is evicted is garbage first. GOGC or GOMEMLIMIT in the environment
// leave all of that to whoever set them.
const (
	leastGarbage = 32 << 20
	largeHeap    = 4 << 30
	hugeHeap     = 64 << 30
)

// collectorPercent is the GOGC for a number of live bytes.
func collectorPercent(live int64) int {
	switch {
	case live <= leastGarbage*100/maxPercent:
		return maxPercent
	case live <= leastGarbage:
		return int(leastGarbage * 100 / live)
	case live <= largeHeap:
		return 100
	case live >= hugeHeap:
		return 50
	}
	percent := 100
	for size := int64(largeHeap); size < live; size *= 2 {
		percent -= 12
	}
	return percent
}

const (
	// maxPercent bounds GOGC: a heap that grows suddenly is known to have grown only once it is collected.
	maxPercent = 800
	// trimShare is the part of the memory that an idle server must be able to give back for it to be worth a collection.
	trimShare = 16
	// trimLeast is how many bytes that must be at least.
	trimLeast = 4 << 20
	// idleBefore is how long a server does nothing before it counts as idle.
	idleBefore = time.Second
	// trimPause is the least time between two trims, and trimRatio how many times as long as the last one took it is: what
	// is idle now and then spends no more than a twentieth of a core on them.
	trimPause = 2 * time.Second
	trimRatio = 20
)

// collector tunes Go's garbage collector, of which a process has but one. Its fields are cron's, where nothing else is said.
type collector struct {
	ours     bool // the server may tune it
	percent  int
	limit    int64
	idle     time.Duration // monotonic time since which nothing was done; 0 if something is
	trimming atomic.Bool   // a goroutine is at it
	rested   atomic.Int64  // monotonic nanoseconds when the next trim may begin
}

// init says whether the server has the process for itself.
func (g *collector) init(ownsProcess bool) {
	_, percent := os.LookupEnv("GOGC")
	_, limit := os.LookupEnv("GOMEMLIMIT")
	g.ours = ownsProcess && !percent && !limit
}

// tuneCollector sets the collector by the data, and trims a server that is idle. Cron calls it.
func (s *Server) tuneCollector(idle bool) {
	g := &s.collector
	if !g.ours {
		return
	}
	live := liveBytes()
	p := collectorPercent(live)
	if p < g.percent*9/10 || p > g.percent*11/10 {
		debug.SetGCPercent(p)
		g.percent = p
	}
	if limit := memoryLimit(config.MaxMemory.Get(s.cfg), s.uncountedMemory(), live); limit != g.limit {
		debug.SetMemoryLimit(limit)
		g.limit = limit
	}
	now := s.mono()
	switch {
	case !idle:
		g.idle = 0
	case g.idle == 0:
		g.idle = now
	case now-g.idle >= idleBefore && int64(now) >= g.rested.Load():
		if worthTrimming(readHeap(), live) {
			s.trim()
		}
	}
}

// worthTrimming reports whether a collection would let an idle server give back a notable part of its memory.
func worthTrimming(h heap, live int64) bool {
	spare := h.objects - live + h.free
	return spare > trimLeast && spare > h.resident/trimShare
}

// trim collects all garbage and gives the memory back to the system, in a goroutine: with much data it takes seconds.
func (s *Server) trim() {
	g := &s.collector
	if !g.trimming.CompareAndSwap(false, true) {
		return
	}
	s.wg.Go(func() {
		defer g.trimming.Store(false)
		began := s.mono()
		debug.FreeOSMemory()
		ended := s.mono()
		g.rested.Store(int64(ended + max(trimPause, trimRatio*(ended-began))))
	})
}

// memoryLimit is the soft limit of all memory that goes with maxmemory, of which a part of what is live is not counted. Beyond what
// is said above, the collector is left some room in any case: it can't do away with what is live.
func memoryLimit(maxMemory, uncounted, live int64) int64 {
	if maxMemory <= 0 || maxMemory > math.MaxInt64/2 {
		return math.MaxInt64
	}
	const step = 4 << 20 // so that it does not change all the time
	limit := maxMemory + max(maxMemory/6, leastGarbage)
	return max(limit+uncounted, live+live/10+leastGarbage/2) &^ (step - 1)
}

// liveBytes returns how many bytes were live at the last collection.
func liveBytes() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
