package server

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"treedis/server/acl"
	"treedis/server/config"
	"treedis/server/histogram"
	"treedis/server/pubsub"
)

func (s *Server) infoStats(w *infoWriter) {
	st, t, r := s.stats, s.traffic(), &s.stats.rates
	sum := func(of func(*loopStats) counter) int64 { return st.sum(of) }
	repl := s.master.Stats()
	w.int("total_connections_received", st.connections)
	w.int("total_commands_processed", sum(func(l *loopStats) counter { return l.executed }))
	w.int("instantaneous_ops_per_sec", int64(r.commands.perSecond()))
	w.int("total_net_input_bytes", t.in+t.replIn)
	w.int("total_net_output_bytes", t.out+t.replOut)
	w.int("total_net_repl_input_bytes", t.replIn)
	w.int("total_net_repl_output_bytes", t.replOut)
	w.decimal("instantaneous_input_kbps", r.in.perSecond()/1024, "")
	w.decimal("instantaneous_output_kbps", r.out.perSecond()/1024, "")
	w.decimal("instantaneous_input_repl_kbps", r.replIn.perSecond()/1024, "")
	w.decimal("instantaneous_output_repl_kbps", r.replOut.perSecond()/1024, "")
	w.int("rejected_connections", st.rejectedConns)
	w.int("sync_full", repl.SyncFull)
	w.int("sync_partial_ok", repl.SyncPartialOK)
	w.int("sync_partial_err", repl.SyncPartialErr)
	w.int("expired_keys", st.expiredKeys)
	w.decimal("expired_stale_perc", 100*st.expiredStale, "")
	w.int("expired_time_cap_reached_count", st.expiredTimeCap)
	w.int("expire_cycle_cpu_milliseconds", st.expireTime.Milliseconds())
	over := s.eviction.exceeding(s.mono())
	w.int("evicted_keys", st.evictedKeys)
	w.int("evicted_clients", st.evictedClients)
	w.int("total_eviction_exceeded_time", (st.evictionTime + over).Milliseconds())
	w.int("current_eviction_exceeded_time", over.Milliseconds())
	w.int("keyspace_hits", sum(func(l *loopStats) counter { return l.keyspaceHits }))
	w.int("keyspace_misses", sum(func(l *loopStats) counter { return l.keyspaceMisses }))
	w.int("pubsub_channels", int64(s.channels.Len(pubsub.Channel)))
	w.int("pubsub_patterns", int64(s.channels.Len(pubsub.Pattern)))
	w.int("pubsubshard_channels", int64(s.channels.Len(pubsub.Shard)))
	w.zeros("latest_fork_usec", "total_forks")
	w.int("migrate_cached_sockets", int64(len(s.targets)))
	w.int("slave_expires_tracked_keys", int64(len(s.localExpiries)))
	w.zeros("active_defrag_hits", "active_defrag_misses",
		"active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time")
	keys, items := s.trackers.table.Size()
	w.int("tracking_total_keys", int64(keys))
	w.int("tracking_total_items", int64(items))
	w.int("tracking_total_prefixes", int64(s.trackers.prefixes.Len()))
	w.int("unexpected_error_replies", st.unexpectedErrors)
	w.int("total_error_replies", sum(func(l *loopStats) counter { return l.errorReplies }))
	w.zeros("dump_payload_sanitizations")
	w.int("total_reads_processed", t.reads)
	w.int("total_writes_processed", t.writes)
	threaded := traffic{}
	if len(s.lock.slots) > 1 { // every loop then reads and writes for itself
		threaded = t
	}
	w.int("io_threaded_reads_processed", threaded.reads)
	w.int("io_threaded_writes_processed", threaded.writes)
	w.zeros("reply_buffer_shrinks", "reply_buffer_expands")
	w.int("eventloop_cycles", t.rounds+st.cronRounds)
	w.int("eventloop_duration_sum", (t.busy + st.cronTime).Microseconds())
	w.int("eventloop_duration_cmd_sum", s.commandTime().Microseconds())
	w.int("instantaneous_eventloop_cycles_per_sec", int64(r.rounds.perSecond()))
	w.int("instantaneous_eventloop_duration_usec", int64(r.roundTime.mean())/1000)
	w.int("client_query_buffer_limit_disconnections", sum(func(l *loopStats) counter { return l.queryLimit }))
	w.int("client_output_buffer_limit_disconnections", sum(func(l *loopStats) counter { return l.outputLimit }))
	for _, denied := range []struct {
		field  string
		reason acl.Reason
	}{
		{"acl_access_denied_auth", acl.Auth}, {"acl_access_denied_cmd", acl.Command},
		{"acl_access_denied_key", acl.Key}, {"acl_access_denied_channel", acl.Channel},
	} {
		w.int(denied.field, sum(func(l *loopStats) counter { return l.refused[denied.reason] }))
	}
}

func (s *Server) infoDebug(w *infoWriter) {
	longest := counter(0)
	for i := range s.stats.loops {
		longest = max(longest, s.stats.loops[i].longestBatch)
	}
	w.int("eventloop_duration_aof_sum", s.aof.loopTime.Load()/1000)
	w.int("eventloop_duration_cron_sum", s.stats.cronTime.Microseconds())
	w.int("eventloop_duration_max", s.traffic().longest.Microseconds())
	w.int("eventloop_cmd_per_cycle_max", int64(longest))
}

// commandTotals adds up one command's counters of all loops.
func (s *stats) commandTotals(r *row) (t commandStats) {
	for i := range s.loops {
		c := s.loops[i].command(r)
		t.calls += c.calls
		t.nanoseconds += c.nanoseconds
		t.rejected += c.rejected
		t.failed += c.failed
	}
	return t
}

// commandTime is the time all commands took together.
func (s *Server) commandTime() (d time.Duration) {
	for i := range s.table.Len() {
		d += time.Duration(s.stats.commandTotals(s.table.Row(i)).nanoseconds)
	}
	return d
}

func (s *Server) infoCommandStats(w *infoWriter) {
	for i := range s.table.Len() {
		r := s.table.Row(i)
		t := s.stats.commandTotals(r)
		if t == (commandStats{}) {
			continue
		}
		usec := int64(t.nanoseconds) / 1000
		text := func(n counter) string { return strconv.FormatInt(int64(n), 10) }
		w.text("cmdstat_", infoName(r.Name), ":calls=", text(t.calls), ",usec=", strconv.FormatInt(usec, 10),
			",usec_per_call=", strconv.FormatFloat(ratio(usec, int64(t.calls)), 'f', 2, 64),
			",rejected_calls=", text(t.rejected), ",failed_calls=", text(t.failed))
	}
}

func (s *Server) infoErrorStats(w *infoWriter) {
	totals := map[string]counter{}
	for i := range s.stats.loops {
		for code, n := range s.stats.loops[i].errors {
			totals[code] += *n
		}
	}
	for _, code := range slices.Sorted(maps.Keys(totals)) {
		w.text("errorstat_", infoName(code), ":count=", strconv.FormatInt(int64(totals[code]), 10))
	}
}

func (s *Server) infoLatencyStats(w *infoWriter) {
	if !config.LatencyTracking.Get(s.cfg) {
		return
	}
	percentiles := config.LatencyTrackingInfoPercentiles.Get(s.cfg)
	for i := range s.table.Len() {
		r := s.table.Row(i)
		h := s.stats.latency(r)
		if h.Total() == 0 {
			continue
		}
		var line []string
		for _, p := range percentiles {
			usec := float64(h.Percentile(p)) / 1000
			line = append(line, "p"+strconv.FormatFloat(p, 'g', -1, 64)+"="+strconv.FormatFloat(usec, 'f', 3, 64))
		}
		w.text("latency_percentiles_usec_", infoName(r.Name), ":", strings.Join(line, ","))
	}
}

// latency adds up one command's durations on all loops.
func (s *stats) latency(r *row) *histogram.Histogram {
	sum := new(histogram.Histogram)
	for i := range s.loops {
		if h := s.loops[i].command(r).latency; h != nil {
			sum.Add(h)
		}
	}
	return sum
}
