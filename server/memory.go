package server

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
)

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

// usedMemory returns the bytes that the data, the clients and the log take, as they are counted: what Redis calls used_memory,
// and what maxmemory limits. It falls as soon as something is deleted, whenever the collector comes to it. It takes some tens of
// nanoseconds, and needs the lock, at least shared.
func (s *Server) usedMemory() int64 {
	return s.memory.startup + int64(s.store.Bytes()) + s.clientMemory() + s.log.Memory() + s.scripts.memory +
		s.functions.Memory() + s.trackers.table.Bytes()
}

// uncountedMemory returns how much of usedMemory eviction leaves aside: what replicas and the append-only file have not taken
// from the log yet. The deletions themselves go through it.
func (s *Server) uncountedMemory() int64 { return s.log.Excess() }

// excessMemory returns by how much the memory in use exceeds a limit, at least 0.
func (s *Server) excessMemory(limit int64) int64 {
	used := s.usedMemory()
	if used <= limit {
		return 0
	}
	return max(0, used-s.uncountedMemory()-limit)
}

// memoryStats is what INFO tells of memory in the past. Guarded by the keyspace lock.
type memoryStats struct {
	startup int64 // what a server takes without data and clients
	peak    int64 // the most that was seen in use
}

// startupMemory is about what a server's own structures take. Only where the server has the process for itself can it be
// measured.
const startupMemory = 1 << 20

// measureStartup is called before there is any data.
func (s *Server) measureStartup() {
	s.memory.startup = startupMemory
	if s.opts.OwnsProcess {
		runtime.GC()
		s.memory.startup = readHeap().objects
	}
}

// heapStatistics returns what the runtime measures of the heap and of its collections, a line for each figure.
func heapStatistics() string {
	var samples []metrics.Sample
	for _, d := range metrics.All() {
		if d.Kind != metrics.KindFloat64Histogram && (strings.HasPrefix(d.Name, "/memory/") || strings.HasPrefix(d.Name, "/gc/")) {
			samples = append(samples, metrics.Sample{Name: d.Name})
		}
	}
	metrics.Read(samples)
	var b strings.Builder
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			fmt.Fprintf(&b, "%-48s %d\n", s.Name, s.Value.Uint64())
		}
	}
	return b.String()
}

// overheadMemory returns how much of usedMemory is not the bytes of keys and values.
func (s *Server) overheadMemory() int64 {
	n := s.memory.startup + s.clientMemory() + s.log.Memory() + s.scripts.memory + s.functions.Memory() + s.trackers.table.Bytes()
	for i := range s.store.Databases() {
		keys, expires := s.store.DB(i).OverheadBytes()
		n += int64(keys + expires)
	}
	return n
}

// observeMemory looks at the memory in use, and returns it.
func (s *Server) observeMemory() int64 {
	used := s.usedMemory()
	s.memory.peak = max(s.memory.peak, used)
	return used
}
