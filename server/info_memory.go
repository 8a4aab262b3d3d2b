package server

import "treedis/server/config"

func (s *Server) infoMemory(w *infoWriter) {
	used, h, rss, system := s.observeMemory(), readHeap(), residentMemory(), systemMemory()
	clients := s.clientTotals()
	overhead := min(s.overheadMemory(), used)
	data := used - overhead
	w.bytes("used_memory", used)
	w.bytes("used_memory_rss", rss)
	w.bytes("used_memory_peak", s.memory.peak)
	w.decimal("used_memory_peak_perc", 100*ratio(used, s.memory.peak), "%")
	w.int("used_memory_overhead", overhead)
	w.int("used_memory_startup", s.memory.startup)
	w.int("used_memory_dataset", data)
	w.decimal("used_memory_dataset_perc", 100*min(ratio(data, used-s.memory.startup), 1), "%")
	w.int("allocator_allocated", h.objects)
	w.int("allocator_active", h.spans)
	w.int("allocator_resident", h.resident)
	w.bytes("total_system_memory", system)
	// What scripts hold at run time is on the one heap with all else, and is not counted apart; nor are VMs.
	w.int("used_memory_lua", vmMemory)
	w.int("used_memory_vm_eval", vmMemory)
	w.str("used_memory_lua_human", humanBytes(vmMemory))
	w.int("used_memory_scripts_eval", s.scripts.memory)
	w.int("number_of_cached_scripts", int64(len(s.scripts.bySHA)))
	libraries, functions := s.functions.Len()
	w.int("number_of_functions", int64(functions))
	w.int("number_of_libraries", int64(libraries))
	w.int("used_memory_vm_functions", vmMemory)
	w.bytes("used_memory_vm_total", 2*vmMemory)
	w.int("used_memory_functions", s.functions.Memory())
	w.bytes("used_memory_scripts", s.scripts.memory+s.functions.Memory())
	w.bytes("maxmemory", config.MaxMemory.Get(s.cfg))
	w.str("maxmemory_policy", config.MaxMemoryPolicy.Text(s.cfg))
	w.decimal("allocator_frag_ratio", ratio(h.spans, h.objects), "")
	w.int("allocator_frag_bytes", h.spans-h.objects)
	w.decimal("allocator_rss_ratio", ratio(h.resident, h.spans), "")
	w.int("allocator_rss_bytes", h.resident-h.spans)
	w.decimal("rss_overhead_ratio", ratio(rss, h.resident), "")
	w.int("rss_overhead_bytes", rss-h.resident)
	w.decimal("mem_fragmentation_ratio", ratio(rss, used), "")
	w.int("mem_fragmentation_bytes", rss-used)
	w.int("mem_not_counted_for_evict", s.uncountedMemory())
	w.int("mem_replication_backlog", s.log.Memory()-s.log.Excess())
	w.int("mem_total_replication_buffers", s.log.Memory())
	w.int("mem_clients_slaves", clients.replicas)
	w.int("mem_clients_normal", clients.normal)
	w.zeros("mem_cluster_links")
	w.int("mem_aof_buffer", s.aofBuffered())
	w.str("mem_allocator", "go")
	w.zeros("active_defrag_running", "lazyfree_pending_objects")
	w.int("lazyfreed_objects", s.stats.lazyFreed)
}

// vmMemory is about what a machine for scripts takes when it is new, in bytes.
const vmMemory = 300 << 10
