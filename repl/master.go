package repl

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MasterConfig is the directives that the master side obeys. They may change at
// any time: Master asks anew whenever it needs one.
type MasterConfig struct {
	DisklessSync            bool          // repl-diskless-sync
	DisklessSyncDelay       time.Duration // repl-diskless-sync-delay
	DisklessSyncMaxReplicas int           // repl-diskless-sync-max-replicas, 0 for no limit
	FullSyncMax             int           // repl-full-sync-max, 0 for no limit
	PingPeriod              time.Duration // repl-ping-replica-period
	Timeout                 time.Duration // repl-timeout
	BacklogTTL              time.Duration // repl-backlog-ttl, 0 for ever
	DisableTCPNoDelay       bool          // repl-disable-tcp-nodelay
	MinReplicasToWrite      int           // min-replicas-to-write
	MinReplicasMaxLag       time.Duration // min-replicas-max-lag

	// client-output-buffer-limit replica; 0 for no limit.
	HardLimit  int64
	SoftLimit  int64
	SoftPeriod time.Duration
}

// MasterOptions is what a Master is built from; all but Archive are needed.
type MasterOptions struct {
	Log      *Log
	Identity *Identity
	Source   Source
	Config   func() MasterConfig
	Now      func() time.Time
	Random   io.Reader // for end marks; read under the keyspace lock only
	Logf     Logf
	Archive  Archive // nil if there is none

	// OnGone is told of each replica whose connection has ended, by whoever ends it and perhaps under the keyspace
	// lock; nil for nobody.
	OnGone func(ReplicaInfo)

	// Pushes says that whoever has appended to the log calls Push, or the log's WakePushed, afterwards.
	Pushes bool
}

// MasterStats are counters since the start, or the last ResetStats.
type MasterStats struct {
	SyncFull       int64 // sync_full
	SyncPartialOK  int64 // sync_partial_ok
	SyncPartialErr int64 // sync_partial_err
	OutputBytes    int64 // total_net_repl_output_bytes
	Spills         int64 // times that a replica was, or went on being, served from disk
}

// Master is the side of replication that serves replicas. A server has one
// whatever its role: a replica serves sub-replicas with it.
//
// Commands never touch a replica's socket. Each replica has a goroutine that
// pulls from the log and writes, unless Push has done it, and one that reads
// acknowledgements; Master owns them, and Close waits for them.
//
// Lock order: the keyspace lock, then Master's, then the log's.
type Master struct {
	log     *Log
	ids     *Identity
	source  Source
	config  func() MasterConfig
	now     func() time.Time
	random  io.Reader
	logf    Logf
	archive Archive // nil if there is none
	pushes  bool
	onGone  func(ReplicaInfo)

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	acks   quorumGate // offsets acknowledged by online replicas
	fsyncs quorumGate // offsets they acknowledged as on disk
	good   atomic.Int64
	stamps atomic.Int64 // see StampPeriod
	count  atomic.Int64 // len(replicas)

	stats struct {
		full, partialOK, partialErr, output, spills atomic.Int64
	}

	ackWanted atomic.Int64 // end offset after the last GETACK; written under the keyspace lock

	mu              sync.Mutex
	replicas        []*replica     // guarded by mu, in order of attachment
	syncing         int            // guarded by mu; snapshots handed out and not sent yet
	saving          *savedSnapshot // guarded by mu; the one being written to disk, for who comes meanwhile
	noReplicasSince time.Time      // guarded by mu; valid without replicas
	ticks           int64          // guarded by mu; Cron calls
	closed          bool           // guarded by mu
	samples         []sample       // guarded by mu; oldest first
	confirm         *Confirmations // guarded by mu; nil unless acknowledgements confirm something
}

// NewMaster returns a Master without replicas.
func NewMaster(o MasterOptions) *Master {
	m := &Master{
		log: o.Log, ids: o.Identity, source: o.Source, config: o.Config,
		now: o.Now, random: o.Random, logf: o.Logf, archive: o.Archive, pushes: o.Pushes, onGone: o.OnGone,
	}
	m.ackWanted.Store(-1)
	m.noReplicasSince = m.now()
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	return m
}

// SyncRequest is a PSYNC or SYNC.
type SyncRequest struct {
	Replica  ReplicaInfo
	Conn     net.Conn // from now on Master's, which closes it
	Buffered []byte   // bytes already read from Conn after the command
	SYNC     bool     // the old command: ReplID and Offset are not set
	ReplID   string   // "?" asks for a full synchronization
	Offset   int64    // first byte wanted, 1-based
}

// AttachLocked serves a request to synchronize: by the part of the log that the
// replica lacks, if the history still holds it, otherwise by a full snapshot. It
// only registers the replica and starts its goroutines, which answer; nothing
// is written by the caller. The only error is Replica.Validate's, and comes before
// the connection is touched. Needs the keyspace lock.
//
// The caller has checked that this server is no replica with its link down, and
// that no failover is going on.
func (m *Master) AttachLocked(req SyncRequest) error {
	if err := req.Replica.Validate(); err != nil {
		return err
	}
	r := newReplica(m, req)
	m.logf(Notice, "Replica %s asks for synchronization", r.info.Name())
	if !req.SYNC {
		if m.tryPartialLocked(r, req) {
			return nil
		}
		if req.ReplID != "?" {
			m.stats.partialErr.Add(1)
		}
	}
	m.stats.full.Add(1)
	return m.attachFullLocked(r)
}

// register adds a replica and starts its goroutines, unless Master is closed.
func (m *Master) register(r *replica) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.replicas = append(m.replicas, r)
	m.count.Store(int64(len(m.replicas)))
	m.stamps.Store(m.stampsWantedLocked())
	r.start()
	return true
}

// remove takes a replica out of the list at once; its goroutines end on their own.
func (m *Master) remove(r *replica, cause error) {
	m.mu.Lock()
	i := slices.Index(m.replicas, r)
	if i < 0 {
		m.mu.Unlock()
		return
	}
	m.replicas = slices.Delete(m.replicas, i, i+1)
	m.count.Store(int64(len(m.replicas)))
	m.stamps.Store(m.stampsWantedLocked())
	if len(m.replicas) == 0 {
		m.samples = nil
		m.noReplicasSince = m.now()
	}
	r.becomeClosingLocked(cause)
	open := m.refreshLocked()
	m.mu.Unlock()
	m.logf(Notice, "Connection with replica %s lost.", r.info.Name())
	open()
	if m.onGone != nil {
		m.onGone(r.info)
	}
}

// DisconnectAll ends every replica's connection. When it returns, nothing that is
// appended to the log afterwards reaches any of them, so it is what has to come
// before a change of history.
func (m *Master) DisconnectAll() {
	for _, r := range m.snapshotList() {
		m.remove(r, ErrDisconnected)
	}
}

// RestartSnapshots disconnects the replicas that are being sent a snapshot, since it is not worth
// sending any more: they ask for another.
func (m *Master) RestartSnapshots() {
	for _, r := range m.snapshotList() {
		m.mu.Lock()
		m.saving = nil
		sending := r.state == EncodeSnapshot || r.state == SendSnapshot
		m.mu.Unlock()
		if sending {
			m.remove(r, ErrDisconnected)
		}
	}
}

// Disconnect ends the connection of the replica with the given client id, and
// reports whether there was one (CLIENT KILL).
func (m *Master) Disconnect(clientID uint64) bool {
	for _, r := range m.snapshotList() {
		if r.info.ClientID == clientID {
			m.remove(r, ErrDisconnected)
			return true
		}
	}
	return false
}

// Close disconnects all replicas and waits for their goroutines. The connections of
// later requests are closed at once. The caller must not hold the keyspace lock.
func (m *Master) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.DisconnectAll()
	m.cancel(ErrClosed)
	m.wg.Wait()
}

func (m *Master) snapshotList() []*replica {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.replicas)
}

// Count is the number of replicas, in whatever state (connected_slaves).
func (m *Master) Count() int { return int(m.count.Load()) }

// SendsSnapshot reports whether a snapshot is being encoded for any replica's connection; those in files do not count.
func (m *Master) SendsSnapshot() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.replicas, func(r *replica) bool {
		return !r.fromFile && (r.state == EncodeSnapshot || r.state == SendSnapshot)
	})
}

// Replicas returns the state of every replica, in order of attachment.
func (m *Master) Replicas() []ReplicaStatus {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]ReplicaStatus, 0, len(m.replicas))
	for _, r := range m.replicas {
		list = append(list, r.statusLocked(now))
	}
	return list
}

// FullSyncs is how many replicas are being sent a snapshot, and how many wait for one.
func (m *Master) FullSyncs() (active, waiting int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.replicas {
		if r.state == WaitSnapshot {
			waiting++
		}
	}
	return m.syncing, waiting
}

// Stats returns the counters.
func (m *Master) Stats() MasterStats {
	return MasterStats{
		SyncFull:       m.stats.full.Load(),
		SyncPartialOK:  m.stats.partialOK.Load(),
		SyncPartialErr: m.stats.partialErr.Load(),
		OutputBytes:    m.stats.output.Load(),
		Spills:         m.stats.spills.Load(),
	}
}

// ResetStats sets the counters to zero (CONFIG RESETSTAT).
func (m *Master) ResetStats() {
	m.stats.full.Store(0)
	m.stats.partialOK.Store(0)
	m.stats.partialErr.Store(0)
	m.stats.output.Store(0)
	m.stats.spills.Store(0)
}
