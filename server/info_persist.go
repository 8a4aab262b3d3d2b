package server

import "time"

func (s *Server) infoPersistence(w *infoWriter) {
	p := &s.persist
	var done, total, saving int64 = 0, 0, -1
	if job := p.saving; job != nil {
		done, total = job.done.Load(), job.keys
	}
	if p.inBackground() {
		saving = int64((s.mono() - p.saving.began) / time.Second)
	}
	w.bool("loading", s.loading.active())
	w.bool("async_loading", s.loading.is(loadAside))
	w.zeros("current_cow_peak", "current_cow_size", "current_cow_size_age")
	w.decimal("current_fork_perc", 100*ratio(done, total), "")
	w.int("current_save_keys_processed", done)
	w.int("current_save_keys_total", total)
	w.int("rdb_changes_since_last_save", s.stats.dirty)
	w.bool("rdb_bgsave_in_progress", p.inBackground())
	w.int("rdb_last_save_time", p.lastSave)
	w.str("rdb_last_bgsave_status", okOrErr(p.lastOK))
	w.int("rdb_last_bgsave_time_sec", p.lastTook)
	w.int("rdb_current_bgsave_time_sec", saving)
	w.int("rdb_saves", p.saves)
	w.zeros("rdb_last_cow_size")
	w.int("rdb_last_load_keys_expired", int64(p.loaded.Expired))
	w.int("rdb_last_load_keys_loaded", int64(p.loaded.Keys))
	w.zeros("aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled")
	w.int("aof_last_rewrite_time_sec", -1)
	w.int("aof_current_rewrite_time_sec", -1)
	w.str("aof_last_bgrewrite_status", okOrErr(true))
	w.zeros("aof_rewrites", "aof_rewrites_consecutive_failures")
	w.str("aof_last_write_status", okOrErr(true))
	w.zeros("aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size")
	if l := &s.loading; !l.is(loadNone) {
		w.int("loading_start_time", l.since.Load()/1000)
		w.int("loading_total_bytes", l.total.Load())
		w.int("loading_rdb_used_mem", l.usedThen.Load())
		w.int("loading_loaded_bytes", l.loaded.Load())
		w.decimal("loading_loaded_perc", 100*ratio(l.loaded.Load(), l.total.Load()), "")
		w.int("loading_eta_seconds", l.eta(s.now()))
	}
}

func okOrErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}
