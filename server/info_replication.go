package server

import (
	"strconv"
	"time"

	"treedis/repl"
	"treedis/server/config"
)

func (s *Server) infoReplication(w *infoWriter) {
	role := "master"
	if s.role.isReplica() {
		role = "slave"
	}
	w.str("role", role)
	if s.role.isReplica() {
		s.infoLink(w)
	}
	s.infoReplicas(w)
	ids, end := s.ids.Get(), s.log.EndOffset()
	first, length := int64(0), int64(0)
	if s.log.BacklogActive() {
		first, length = s.log.StartOffset()+1, s.log.HistLen()
	}
	s.infoSync(w)
	w.str("master_failover_state", s.failover.phase.String())
	w.str("master_replid", ids.ID)
	w.str("master_replid2", ids.ID2)
	w.int("master_repl_offset", end)
	w.int("second_repl_offset", ids.SecondOffset)
	w.bool("repl_backlog_active", s.log.BacklogActive())
	w.int("repl_backlog_size", s.log.BacklogSize())
	w.int("repl_backlog_first_byte_offset", first)
	w.int("repl_backlog_histlen", length)
	s.infoSyncs(w)
}

// infoSyncs writes what Redis has no fields for.
func (s *Server) infoSyncs(w *infoWriter) {
	active, waiting := s.master.FullSyncs()
	w.int("repl_full_syncs_active", int64(active))
	w.int("repl_full_syncs_waiting", int64(waiting))
	s.infoArchive(w)
	s.infoDiverged(w)
	w.bool("master_refused_as_empty", s.role.refused != "")
}

// infoLink writes the fields about the master that is followed.
func (s *Server) infoLink(w *infoWriter) {
	st, now := s.role.link.Status(), s.opts.Now()
	since := func(t time.Time) int64 {
		if t.IsZero() {
			return -1
		}
		return now.Unix() - t.Unix()
	}
	status := "down"
	if st.Up() {
		status = "up"
	}
	w.str("master_host", st.Master.Host)
	w.int("master_port", int64(st.Master.Port))
	w.str("master_link_status", status)
	w.int("master_last_io_seconds_ago", since(st.LastIO))
	w.bool("master_sync_in_progress", st.State == repl.LinkTransfer)
	applied, read := int64(1), int64(1) // Redis's figures for a link without a history
	if st.HasOffset {
		applied, read = st.Offset, st.ReadOffset
	}
	w.int("slave_read_repl_offset", read)
	w.int("slave_repl_offset", applied)
	s.infoAge(w, st)
	if st.State == repl.LinkTransfer {
		w.int("master_sync_total_bytes", st.SyncTotal)
		w.int("master_sync_read_bytes", st.SyncRead)
		w.int("master_sync_left_bytes", st.SyncTotal-st.SyncRead)
		w.decimal("master_sync_perc", 100*ratio(st.SyncRead, st.SyncTotal), "")
		w.int("master_sync_last_io_seconds_ago", since(st.SyncLastIO))
	}
	if !st.Up() {
		w.int("master_link_down_since_seconds", since(st.DownSince))
	}
	w.int("slave_priority", config.ReplicaPriority.Get(s.cfg))
	w.bool("slave_read_only", config.ReplicaReadOnly.Get(s.cfg))
	w.bool("replica_announced", config.ReplicaAnnounced.Get(s.cfg))
}

// infoReplicas writes the fields about this server's replicas.
func (s *Server) infoReplicas(w *infoWriter) {
	replicas := s.master.Replicas()
	w.int("connected_slaves", int64(len(replicas)))
	if config.MinReplicasToWrite.Get(s.cfg) > 0 && config.MinReplicasMaxLag.Get(s.cfg) > 0 {
		w.int("min_slaves_good_slaves", int64(s.master.GoodReplicas()))
	}
	n := 0
	for _, r := range replicas {
		state := r.State.Info()
		if state == "" {
			continue
		}
		lag := int64(0)
		if r.State == repl.Online {
			lag = int64(r.Lag / time.Second)
		}
		w.text("slave", strconv.Itoa(n), ":ip=", r.IP(), ",port=", strconv.Itoa(r.Port), ",state=", state,
			",offset=", strconv.FormatInt(r.AckOffset, 10), ",lag=", strconv.FormatInt(lag, 10))
		s.infoReplicaAge(w, n, r)
		n++
	}
}

// infoArchive writes the fields about the log on disk.
func (s *Server) infoArchive(w *infoWriter) {
	first, length := int64(0), int64(0)
	start, end, ok := s.aof.archive.Range()
	if ok {
		first, length = start+1, end-start
	}
	w.bool("repl_backlog_disk_active", ok)
	w.int("repl_backlog_disk_size", config.ReplBacklogDiskSize.Get(s.cfg))
	w.int("repl_backlog_disk_first_byte_offset", first)
	w.int("repl_backlog_disk_histlen", length)
	w.int("repl_backlog_disk_served", s.master.Stats().Spills)
}
