package server

import "time"

func (s *Server) infoPersistence(w *infoWriter) {
	p := &s.persist
	var done, total, kept, saving int64 = 0, 0, 0, -1
	if job := p.saving; job != nil {
		done, total, kept = job.done.Load(), job.keys, s.keptSince(job.kept)
	} else if job := s.aof.rewrite; job != nil {
		done, total, kept = job.done.Load(), job.keys, s.keptSince(job.kept)
	}
	if p.inBackground() {
		saving = int64((s.mono() - p.saving.began) / time.Second)
	}
	w.bool("loading", s.loading.refuses())
	w.bool("async_loading", s.loading.is(loadAside))
	w.int("current_cow_peak", kept) // it never gets less
	w.int("current_cow_size", kept)
	w.zeros("current_cow_size_age")
	w.decimal("current_fork_perc", 100*ratio(done, total), "")
	w.int("current_save_keys_processed", done)
	w.int("current_save_keys_total", total)
	w.int("rdb_changes_since_last_save", s.stats.dirty)
	w.bool("rdb_bgsave_in_progress", p.inBackground() || s.master.SendsSnapshot())
	w.int("rdb_last_save_time", p.lastSave)
	w.str("rdb_last_bgsave_status", okOrErr(p.lastOK))
	w.int("rdb_last_bgsave_time_sec", p.lastTook)
	w.int("rdb_current_bgsave_time_sec", saving)
	w.int("rdb_saves", p.saves)
	w.int("rdb_last_cow_size", p.lastKept)
	w.int("rdb_last_load_keys_expired", int64(p.loaded.Expired))
	w.int("rdb_last_load_keys_loaded", int64(p.loaded.Keys))
	s.infoAOF(w)
	w.int("aof_last_cow_size", s.aof.lastKept)
	w.zeros("module_fork_in_progress", "module_fork_last_cow_size")
	s.infoAOFFiles(w)
	if l := &s.loading; !l.is(loadNone) {
		w.int("loading_start_time", l.since.Load()/1000)
		w.int("loading_total_bytes", l.total.Load())
		w.int("loading_rdb_used_mem", l.usedThen.Load())
		w.int("loading_loaded_bytes", l.loaded.Load())
		w.decimal("loading_loaded_perc", 100*ratio(l.loaded.Load(), l.total.Load()), "")
		w.int("loading_eta_seconds", l.eta(s.now()))
	}
}

func (s *Server) infoAOF(w *infoWriter) {
	a := &s.aof
	took := int64(-1)
	if a.rewrite != nil {
		took = int64((s.mono() - a.rewrite.began) / time.Second)
	}
	w.bool("aof_enabled", a.phase != aofOff)
	w.bool("aof_rewrite_in_progress", a.rewrite != nil)
	w.bool("aof_rewrite_scheduled", a.scheduled)
	w.int("aof_last_rewrite_time_sec", a.lastTook)
	w.int("aof_current_rewrite_time_sec", took)
	w.str("aof_last_bgrewrite_status", okOrErr(a.lastOK))
	w.int("aof_rewrites", a.rewrites)
	w.int("aof_rewrites_consecutive_failures", a.failures)
	w.str("aof_last_write_status", okOrErr(s.aofError() == nil))
}

// infoAOFFiles is about the files of an append-only file that is switched on.
func (s *Server) infoAOFFiles(w *infoWriter) {
	a := &s.aof
	if a.phase == aofOff {
		return
	}
	w.int("aof_current_size", s.aofSize())
	w.int("aof_base_size", a.baseSize)
	w.bool("aof_pending_rewrite", a.scheduled)
	var lag, delayed int64
	syncing := false
	if file := a.writer.Load(); file != nil {
		lag, delayed, syncing = file.Lag(), file.Delayed(), file.Syncing()
	}
	w.int("aof_buffer_length", lag)
	w.bool("aof_pending_bio_fsync", syncing)
	w.int("aof_delayed_fsync", delayed)
}

func okOrErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}
