package server

import "runtime/metrics"

// usedMemory returns the bytes of live and not yet collected objects on the heap: what Redis calls
// used_memory, as near as a collected heap comes to it.
func usedMemory() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
