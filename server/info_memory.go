package server

import (
	"treedis/server/config"

	"treedis/server/process"
)

func (s *Server) infoMemory(w *infoWriter) {
	m := s.memoryReport()
	used, rss := m.used, m.rss
	w.bytes("used_memory", used)
	w.bytes("used_memory_rss", rss)
	w.bytes("used_memory_peak", m.peak)
	w.decimal("used_memory_peak_perc", 100*ratio(used, m.peak), "%")
	w.int("used_memory_overhead", m.overhead)
	w.int("used_memory_startup", m.startup)
	w.int("used_memory_dataset", m.data)
	w.decimal("used_memory_dataset_perc", m.dataShare(), "%")
	w.int("allocator_allocated", m.objects)
	w.int("allocator_active", m.spans)
	w.int("allocator_resident", m.resident)
	w.bytes("total_system_memory", process.SystemMemory())
	// What scripts hold while they run is on the one heap with all else, and is not counted apart.
	evalVM, functionVM := s.scripts.vm.Memory(), s.functions.VMMemory()
	w.int("used_memory_lua", evalVM)
	w.int("used_memory_vm_eval", evalVM)
	w.str("used_memory_lua_human", humanBytes(evalVM))
	w.int("used_memory_scripts_eval", s.scripts.memory)
	w.int("number_of_cached_scripts", int64(len(s.scripts.bySHA)))
	libraries, functions := s.functions.Len()
	w.int("number_of_functions", int64(functions))
	w.int("number_of_libraries", int64(libraries))
	w.int("used_memory_vm_functions", functionVM)
	w.bytes("used_memory_vm_total", evalVM+functionVM)
	w.int("used_memory_functions", s.functions.Memory())
	w.bytes("used_memory_scripts", s.scripts.memory+s.functions.Memory())
	w.bytes("maxmemory", config.MaxMemory.Get(s.cfg))
	w.str("maxmemory_policy", config.MaxMemoryPolicy.Text(s.cfg))
	w.decimal("allocator_frag_ratio", ratio(m.spans, m.objects), "")
	w.int("allocator_frag_bytes", m.spans-m.objects)
	w.decimal("allocator_rss_ratio", ratio(m.resident, m.spans), "")
	w.int("allocator_rss_bytes", m.resident-m.spans)
	w.decimal("rss_overhead_ratio", ratio(rss, m.resident), "")
	w.int("rss_overhead_bytes", rss-m.resident)
	w.decimal("mem_fragmentation_ratio", ratio(rss, used), "")
	w.int("mem_fragmentation_bytes", rss-used)
	w.int("mem_not_counted_for_evict", s.uncountedMemory())
	w.int("mem_replication_backlog", m.backlog)
	w.int("mem_total_replication_buffers", s.log.Memory())
	w.int("mem_clients_slaves", m.clients.replicas)
	w.int("mem_clients_normal", m.clients.normal)
	w.zeros("mem_cluster_links")
	w.int("mem_aof_buffer", s.aofBuffered())
	w.str("mem_allocator", "go")
	w.zeros("active_defrag_running", "lazyfree_pending_objects")
	w.int("lazyfreed_objects", s.stats.lazyFreed)
}
