package server

import (
	"bytes"
	"os"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
	"time"

	"treedis/server/config"
)

// usedMemory returns the bytes of live and not yet collected objects on the heap: what Redis calls
// used_memory, as near as a collected heap comes to it.
func usedMemory() uint64 { return uint64(readHeap().objects) }

// heap is the state of Go's heap, in bytes.
type heap struct {
	objects  int64 // live objects, and dead ones that are not swept yet
	spans    int64 // pages that hold objects
	free     int64 // pages that hold none, and are not given back
	resident int64 // all memory of the runtime that it has not given back
}

func readHeap() heap {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	at := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	return heap{objects: at(0), spans: at(0) + at(1), free: at(4), resident: at(2) - at(3)}
}

// memoryGauge is a recent reading of the memory in use, for commands that ask at each call: a reading takes
// a microsecond.
type memoryGauge struct {
	used  atomic.Int64
	taken atomic.Int64 // monotonic nanoseconds
}

// gaugePeriod is how old a reading may be. At a gigabyte a second a server would grow by 10 MB in that time.
const gaugePeriod = 10 * time.Millisecond

// outOfMemory reports whether more memory is in use than maxmemory allows. Nothing is evicted to make room.
func (s *Server) outOfMemory() bool {
	limit := config.MaxMemory.Get(s.cfg)
	if limit == 0 {
		return false
	}
	now := int64(s.mono())
	if last := s.gauge.taken.Load(); last == 0 || now-last > int64(gaugePeriod) {
		s.gauge.taken.Store(now)
		s.gauge.used.Store(int64(usedMemory()))
	}
	return s.gauge.used.Load() > limit
}

// memoryStats is what INFO tells of memory in the past. Guarded by the keyspace lock.
type memoryStats struct {
	startup int64 // used before any data was loaded
	peak    int64 // the most that was seen in use
}

// observe looks at the memory in use, and returns it.
func (m *memoryStats) observe() heap {
	h := readHeap()
	m.peak = max(m.peak, h.objects)
	return h
}

// residentMemory returns the bytes of the process that are in memory; 0 where /proc does not tell.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	return field(text, 1) * int64(os.Getpagesize())
}

// systemMemory returns the memory of the machine in bytes; 0 where /proc does not tell.
func systemMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return field(text, 1) * 1024 // "MemTotal: N kB", the first line
}

// field returns the i-th word of a text as a number, 0 if it is none.
func field(text []byte, i int) int64 {
	words := bytes.Fields(text[:min(len(text), 128)])
	if i >= len(words) {
		return 0
	}
	n, err := strconv.ParseInt(string(words[i]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
