package repl

// Encoded commands of the replication stream itself.
var (
	pingCommand   = string(appendCommand(nil, "PING"))
	getAckCommand = string(appendCommand(nil, "REPLCONF", "GETACK", "*"))
)

// AppendPing appends the PING that keeps replicas from timing out, and returns
// the new end offset. Needs the keyspace lock.
func (l *Log) AppendPing() int64 { return l.AppendQuiet([]byte(pingCommand)) }

// online puts a replica online once its snapshot has been sent.
func (m *Master) online(r *replica) {
	m.mu.Lock()
	if r.state == Closing {
		m.mu.Unlock()
		return
	}
	r.state = Online
	r.ackTime = m.now() // the time that the transfer took is not lag
	open := m.refreshLocked()
	m.mu.Unlock()
	m.logf(Notice, "Synchronization with replica %s succeeded", r.info.Name())
	open()
}

// alive notes a sign of life.
func (m *Master) alive(r *replica) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.ackTime = m.now()
}

// acked notes an acknowledgement; offsets only grow.
func (m *Master) acked(r *replica, offset, fsync int64) {
	m.mu.Lock()
	r.ackOffset = max(r.ackOffset, offset)
	r.fsyncOffset = max(r.fsyncOffset, fsync)
	r.ackTime = m.now()
	open := m.refreshLocked()
	m.mu.Unlock()
	open()
}

// refresh is refreshLocked for callers without mu.
func (m *Master) refresh() {
	m.mu.Lock()
	open := m.refreshLocked()
	m.mu.Unlock()
	open()
}

// refreshLocked recomputes all that depends on who has acknowledged what: the
// gates, which the caller opens once mu is released, and the good replicas.
func (m *Master) refreshLocked() (open func()) {
	cfg := m.config()
	now := m.now().Unix()
	good := int64(0)
	acks := make([]int64, 0, len(m.replicas))
	fsyncs := make([]int64, 0, len(m.replicas))
	for _, r := range m.replicas {
		if r.state != Online {
			continue
		}
		acks = append(acks, r.ackOffset)
		fsyncs = append(fsyncs, r.fsyncOffset)
		// In whole seconds, as the clock of Redis has it.
		if now-r.ackTime.Unix() <= int64(cfg.MinReplicasMaxLag.Seconds()) {
			good++
		}
	}
	m.good.Store(good)
	openAcks, openFsyncs, openConfirmed := m.acks.update(acks), m.fsyncs.update(fsyncs), func() {}
	if m.confirm != nil {
		openConfirmed = m.confirm.update(acks)
	}
	return func() {
		openAcks()
		openFsyncs()
		openConfirmed()
	}
}

// GoodReplicas is the number of online replicas heard of within
// min-replicas-max-lag (min_slaves_good_slaves), as of the last event or Cron.
func (m *Master) GoodReplicas() int { return int(m.good.Load()) }

// CountAcks is the number of online replicas that have acknowledged offset.
func (m *Master) CountAcks(offset int64) int { return m.acks.count(offset) }

// CountFsyncAcks is the number of online replicas that have acknowledged offset as
// being on their disks.
func (m *Master) CountFsyncAcks(offset int64) int { return m.fsyncs.count(offset) }

// WaitAcks calls open, once, when n replicas have acknowledged offset. It returns
// nil, and open is never called, if they have already. See Gate for where open runs.
//
// offset is the one after the client's last write, not the log's end: replicas
// answer GETACK with the offset before it.
func (m *Master) WaitAcks(offset int64, n int, open func()) *Waiter {
	return m.acks.wait(offset, n, open)
}

// WaitFsyncAcks is WaitAcks for what replicas have on disk.
func (m *Master) WaitFsyncAcks(offset int64, n int, open func()) *Waiter {
	return m.fsyncs.wait(offset, n, open)
}

// RequestAcksLocked asks the replicas, through the stream, to acknowledge what they
// have applied; they would do so by themselves once a second. A request that
// already stands at the end of the stream serves for this one too. While
// replication is paused the server calls it when the pause is over.
// Needs the keyspace lock.
func (m *Master) RequestAcksLocked() {
	if m.ackWanted.Load() != m.log.EndOffset() {
		m.askLocked()
	}
}
