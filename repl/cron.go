package repl

import "time"

// Cron does what is due once a second: pings, newlines for replicas that wait,
// delayed snapshots, timeouts, limits, the end of a backlog that nobody needs.
// The server calls it once a second, without any lock.
func (m *Master) Cron() {
	cfg, now := m.config(), m.now()
	m.mu.Lock()
	ping := len(m.replicas) > 0 && m.ticks%max(1, int64(cfg.PingPeriod.Seconds())) == 0
	m.ticks++
	m.mu.Unlock()
	if ping {
		m.source.PropagatePing()
	}
	for _, r := range m.snapshotList() {
		m.inspect(r, cfg, now)
	}
	m.beginDelayed(cfg, now)
	m.expireBacklog(cfg, now)
	m.refresh()
}

// inspect keeps one replica's connection alive, or ends it.
func (m *Master) inspect(r *replica, cfg MasterConfig, now time.Time) {
	m.mu.Lock()
	state, ackTime, reader, archive := r.state, r.ackTime, r.reader, r.archive
	m.mu.Unlock()
	switch state {
	case WaitSnapshot, EncodeSnapshot:
		select {
		case r.keepalive <- struct{}{}:
		default:
		}
	case Online:
		if !r.old && now.Sub(ackTime) > cfg.Timeout {
			m.logf(Warning, "Disconnecting timedout replica (streaming sync): %s", r.info.Name())
			m.remove(r, ErrTimeout)
			return
		}
	}
	if state != Online && r.stalled(now, cfg.Timeout) {
		m.logf(Warning, "Disconnecting timedout replica (full sync): %s", r.info.Name())
		m.remove(r, ErrTimeout)
		return
	}
	if reader != nil && archive == nil && m.overLimit(r, reader, cfg, now) {
		reader.evict(ErrReaderTooSlow)
	}
}

// hardLimit is the limit in force: a replica that could be served from the backlog
// is never cut off for being that far behind, it would only come back for it.
func (m *Master) hardLimit(cfg MasterConfig) int64 {
	if cfg.HardLimit == 0 {
		return 0
	}
	return max(cfg.HardLimit, m.log.BacklogSize())
}

func (m *Master) setLimit(r *Reader) { r.SetLimit(m.hardLimit(m.config())) }

// overLimit applies client-output-buffer-limit to a replica. The log itself
// watches the hard limit as it grows; here it is set anew, in case it was changed.
func (m *Master) overLimit(r *replica, reader *Reader, cfg MasterConfig, now time.Time) bool {
	hard, lag := m.hardLimit(cfg), reader.Lag()
	reader.SetLimit(hard)
	if hard > 0 && lag >= hard {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case cfg.SoftLimit == 0 || lag < cfg.SoftLimit:
		r.softSince = time.Time{}
	case r.softSince.IsZero():
		r.softSince = now
	default:
		return now.Sub(r.softSince) > cfg.SoftPeriod
	}
	return false
}

// beginDelayed takes the snapshot that replicas wait for, once enough of them wait
// or one has waited long enough. Replicas with another filter get theirs when
// they have waited as long themselves.
func (m *Master) beginDelayed(cfg MasterConfig, now time.Time) {
	if !m.delayOver(cfg, now) {
		return
	}
	m.source.Lock()
	defer m.source.Unlock()
	for _, f := range m.waitingFilters() {
		m.beginLocked(f)
	}
}

func (m *Master) delayOver(cfg MasterConfig, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	waiting, longest := 0, time.Duration(0)
	for _, r := range m.replicas {
		if r.state == WaitSnapshot {
			waiting++
			longest = max(longest, now.Sub(r.attachedAt))
		}
	}
	return waiting > 0 && (!cfg.DisklessSync || longest >= cfg.DisklessSyncDelay ||
		cfg.DisklessSyncMaxReplicas > 0 && waiting >= cfg.DisklessSyncMaxReplicas)
}

// waitingFilters lists the kinds of snapshot that are waited for.
func (m *Master) waitingFilters() []Filter {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Filter
	seen := make(map[Filter]bool)
	for _, r := range m.replicas {
		if r.state == WaitSnapshot && !seen[r.info.Filter] {
			seen[r.info.Filter] = true
			list = append(list, r.info.Filter)
		}
	}
	return list
}

// expireBacklog gives up the history of a master that has had no replicas for
// repl-backlog-ttl. A replica keeps its own: it may be promoted and asked for it.
//
// The id goes with the history. Without a backlog the offset stands still while
// the data changes; if a former replica, promoted, still took the id for a part
// of its own past, this server could later join it by a partial synchronization
// that misses those changes.
func (m *Master) expireBacklog(cfg MasterConfig, now time.Time) {
	if !m.backlogExpired(cfg, now) {
		return
	}
	m.source.Lock()
	defer m.source.Unlock()
	if !m.backlogExpired(cfg, now) { // somebody came while we waited for the lock
		return
	}
	m.ids.Change()
	m.ids.Clear()
	m.log.DropBacklog()
	m.logf(Notice, "Replication backlog freed after %d seconds without connected replicas.", int64(cfg.BacklogTTL.Seconds()))
}

func (m *Master) backlogExpired(cfg MasterConfig, now time.Time) bool {
	if cfg.BacklogTTL == 0 || !m.log.BacklogActive() || m.source.IsReplica() {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.replicas) == 0 && now.Sub(m.noReplicasSince) > cfg.BacklogTTL
}

// ExpectReplicas counts the time without replicas from now on: after a promotion,
// the others need a moment to come. Needs no lock.
func (m *Master) ExpectReplicas() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noReplicasSince = m.now()
}
