package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"treedis/rdb"
	"treedis/repl"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/resp"
)

// role is what the server is in replication.
type role struct {
	replica atomic.Bool // written under the exclusive lock
	link    *repl.Link  // set by New

	// Guarded by the keyspace lock.
	inherited  bool   // the data came from a file or a master, rather than beginning empty with this process
	refused    string // the id of the master whose data is refused, as it came back empty
	restoredDB int    // selected in the stream that a restarted replica continues
	resumable  bool   // a master may know this server's replication id and offset
}

func (r *role) isReplica() bool { return r.replica.Load() }

// masterDown reports whether the data may be stale: this is a replica whose link to its master is not up.
func (r *role) masterDown() bool { return r.isReplica() && !r.link.Up() }

func (s *Server) roleMark() byte {
	if s.role.isReplica() {
		return 'S'
	}
	return 'M'
}

// newReplication builds the master side and the link, neither of which does anything yet.
func (s *Server) newReplication() {
	s.ids = repl.NewIdentity(randomReader{s})
	s.ids.OnChange(s.idChanged)
	s.master = repl.NewMaster(repl.MasterOptions{
		Log: s.log, Identity: s.ids, Source: replSource{s}, Config: s.masterConfig,
		Now: s.opts.Now, Random: randomReader{s}, Logf: s.replLogf, Archive: s.aof.archive, Pushes: true,
		OnGone: func(r repl.ReplicaInfo) { s.verify.gone(r.ClientID) },
	})
	s.lock.after = s.log.WakePushed
	s.masterClient = s.newClient(nil, &resp.Writer{}, 0)
	s.nextClient++
	s.masterClient.id, s.masterClient.created = s.nextClient, s.now()
	s.masterClient.isMaster, s.masterClient.user = true, nil // what a master sends was allowed there
	s.role.link = repl.NewLink(repl.LinkOptions{
		Log: s.log, Identity: s.ids, Master: s.master, Target: replTarget{s}, Config: s.linkConfig,
		Dial: func(ctx context.Context, a repl.Address) (net.Conn, error) {
			return s.dial(ctx, a.String(), config.TLSReplication.Get(s.cfg))
		},
		Now: s.opts.Now, Logf: s.replLogf, OnTakeoverLocked: s.takeoverAnswered,
		OnDiverged: s.keepDiverged,
	})
}

// randomReader reads the server's randomness.
type randomReader struct{ s *Server }

func (r randomReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.s.random())
	}
	return len(p), nil
}

func (s *Server) replLogf(level repl.Level, format string, args ...any) {
	s.logger.printf(config.Level(level), format, args...)
}

func (s *Server) masterConfig() repl.MasterConfig {
	seconds := func(h config.Int) time.Duration { return time.Duration(h.Get(s.cfg)) * time.Second }
	limit := config.ClientOutputBufferLimit.Get(s.cfg)[config.ReplicaClient]
	return repl.MasterConfig{
		DisklessSync:            config.ReplDisklessSync.Get(s.cfg),
		DisklessSyncDelay:       seconds(config.ReplDisklessSyncDelay),
		DisklessSyncMaxReplicas: int(config.ReplDisklessSyncMaxReplicas.Get(s.cfg)),
		FullSyncMax:             int(config.ReplFullSyncMax.Get(s.cfg)),
		PingPeriod:              seconds(config.ReplPingReplicaPeriod),
		Timeout:                 seconds(config.ReplTimeout),
		BacklogTTL:              s.backlogTTL(),
		DisableTCPNoDelay:       config.ReplDisableTCPNoDelay.Get(s.cfg),
		MinReplicasToWrite:      int(config.MinReplicasToWrite.Get(s.cfg)),
		MinReplicasMaxLag:       seconds(config.MinReplicasMaxLag),
		HardLimit:               int64(limit.Hard),
		SoftLimit:               int64(limit.Soft),
		SoftPeriod:              time.Duration(limit.SoftSeconds) * time.Second,
	}
}

// backlogTTL is how long a backlog without replicas is kept: for ever once replies wait for the log, or have.
func (s *Server) backlogTTL() time.Duration {
	if config.SyncReplicas.Get(s.cfg) != 0 || s.sync.begun.Load() {
		return 0
	}
	return time.Duration(config.ReplBacklogTTL.Get(s.cfg)) * time.Second
}

func (s *Server) linkConfig() repl.LinkConfig {
	port := int(config.ReplicaAnnouncePort.Get(s.cfg))
	if port == 0 && config.TLSReplication.Get(s.cfg) {
		port = s.tcpPort(true)
	}
	if port == 0 {
		port = s.tcpPort(false)
	}
	return repl.LinkConfig{
		MasterUser:    config.MasterUser.Get(s.cfg),
		MasterAuth:    config.MasterAuth.Get(s.cfg),
		ListeningPort: port,
		AnnounceIP:    config.ReplicaAnnounceIP.Get(s.cfg),
		KeepDiverged:  config.ReplDivergentDir.Get(s.cfg) != "",
		Timeout:       time.Duration(config.ReplTimeout.Get(s.cfg)) * time.Second,
		Stamps:        s.stampsWanted(),
	}
}

// enoughReplicas reports whether min-replicas-to-write lets clients write.
func (s *Server) enoughReplicas() bool {
	n := config.MinReplicasToWrite.Get(s.cfg)
	return n == 0 || config.MinReplicasMaxLag.Get(s.cfg) == 0 || int64(s.master.GoodReplicas()) >= n
}

// startReplication begins to follow the configured master, if any. A server that becomes a replica later
// tries to continue from its own history, since the new master may share it.
func (s *Server) startReplication() {
	defer func() {
		s.lock.lock()
		defer s.lock.unlock()
		s.claimDataLocked()
		s.role.resumable = true
	}()
	if to := config.ReplicaOf.Get(s.cfg); to.Host != "" {
		s.lock.lock()
		defer s.lock.unlock()
		s.followLocked(repl.Address{Host: to.Host, Port: to.Port}, false)
	}
}

// restoreHistory makes a restarted server continue the history that its snapshot was taken from: a
// replica asks its master for the rest, and a master can serve replicas that know that history.
func (s *Server) restoreHistory(info rdbInfo) {
	if info.replID == "" || info.offset < 0 {
		return
	}
	s.lock.lock()
	defer s.lock.unlock()
	s.log.Reset(info.offset)
	s.role.restoredDB = info.db
	if config.ReplicaOf.Get(s.cfg).Host != "" {
		s.ids.Set(info.replID)
		s.role.resumable = true
		return
	}
	s.ids.Restore(info.replID, info.offset)
	s.log.EnableBacklog()
	for _, k := range info.expired {
		s.effects.add(k.db, [][]byte{s.expiryWord(), k.name})
	}
	s.effects.flush(false)
	s.master.ExpectReplicas()
}

// followLocked makes the server a replica of the master at addr, or, for a failover, of a replica that is asked to become the
// master.
func (s *Server) followLocked(addr repl.Address, takeover bool) {
	resume := false
	s.masterClient.multi = transaction{}
	if !s.role.isReplica() {
		resume = s.role.resumable
		// A master that shares this server's past selects a database before anything else, unless a restarted
		// replica goes on amid its stream. Nor does one master's stream select anew after another's: a
		// replica that changes masters keeps the database.
		s.masterClient.db = s.store.DB(s.role.restoredDB)
		s.role.restoredDB = 0
		s.abortBlocked()
		s.endSyncLocked()
	}
	s.role.replica.Store(true)
	s.role.refused = ""
	s.effects.muted = true
	s.role.link.SetMasterLocked(addr, repl.FollowOptions{Resume: resume, Failover: takeover})
	s.setReplicaOf(addr.Host, strconv.Itoa(addr.Port))
	_ = s.applyOOMScore() // logged
}

// promoteLocked makes the server a master.
func (s *Server) promoteLocked() {
	s.role.replica.Store(false)
	s.role.refused = ""
	s.role.resumable = true
	s.effects.muted = false
	s.role.link.PromoteLocked()
	s.enforceSyncLocked()
	s.setReplicaOf("no", "one")
	_ = s.applyOOMScore() // logged
}

// setReplicaOf makes CONFIG GET and REWRITE show the master.
func (s *Server) setReplicaOf(words ...string) {
	if err := s.cfg.Override(config.ReplicaOf, words...); err != nil {
		s.logger.warningf("Recording the master in the configuration: %v", err)
	}
}

// abortBlocked closes the clients that wait for something which a replica can't give.
func (s *Server) abortBlocked() {
	for _, c := range s.clients {
		if c.blocked != nil {
			c.blocked.abort(errForcedOut)
		}
	}
}

func (s *Server) stopReplication() {
	s.role.link.Close()
	s.master.Close()
}

// replSource is the server as its master side sees it.
type replSource struct{ s *Server }

func (r replSource) Lock()   { r.s.lock.lock() }
func (r replSource) Unlock() { r.s.lock.unlock() }

func (r replSource) IsReplica() bool { return r.s.role.isReplica() }

func (r replSource) SnapshotLocked(f repl.Filter) (repl.Snapshot, error) {
	snap := r.s.snapshotLocked(f)
	r.s.addDataAge(snap)
	return snap, nil
}

func (r replSource) PropagatePing() {
	r.s.lock.lock()
	defer r.s.lock.unlock()
	if !r.s.streamHeld() {
		r.s.log.AppendPing()
	}
}

// errReplicaReplies ends the connection of a replica that would have to be replied to.
var errReplicaReplies = errors.New("server: a replica's command has a reply")

func (r replSource) ReplicaCommand(info repl.ReplicaInfo, args [][]byte) error {
	if len(args) == 4 && equalFold(args[0], "replconf") && equalFold(args[1], "verify") {
		return r.s.verify.receive(info.ClientID, string(args[2]), args[3])
	}
	s := r.s
	row, text := s.find(args)
	name := "<unknown>"
	if row != nil {
		name = row.Name
		if row.Name == "sync" || row.Name == "psync" {
			return nil // it has what it asks for
		}
		if row.Flags&(command.Write|command.ReadOnly|command.MayReplicate) != 0 {
			text = errReplicaReads
		}
	}
	if text != "" {
		s.logger.warningf("== CRITICAL == This master is sending an error to its replica: '-%s' after processing the command '%s'", text, name)
	}
	s.logger.warningf("Replica generated a reply to command '%s', disconnecting it: %s", name, info.Name())
	return errReplicaReplies
}

// replTarget is the server as its link to a master sees it.
type replTarget struct{ s *Server }

func (t replTarget) Lock() { t.s.lock.lock() }
func (t replTarget) Unlock() {
	t.s.lock.unlock()
	t.s.kickAOF()
}

// loaded is a data set received from a master.
type loaded struct {
	dataset
	db int // that the stream goes on in
}

func (t replTarget) LoadRDB(ctx context.Context, r io.Reader, sync repl.SyncInfo) (repl.Dataset, error) {
	s := t.s
	if err := s.refuseKnown(sync); err != nil {
		return nil, err
	}
	data := s.newDataset()
	s.loading.begin(s.besideMode(sync), s.now(), max(sync.Size, 0))
	defer s.loading.end()
	_, info, err := s.loadInto(ctx, data, r, rdb.LoadOptions{SetClock: s.clock.Restore})
	if err != nil {
		return nil, err
	}
	if err := s.refuseEmpty(data, info.age, sync); err != nil {
		return nil, err
	}
	return &loaded{data, info.db}, nil
}

// besideMode says whether clients are served while a master's snapshot is loaded. They are refused only where Redis is
// told not to write it to disk first, and would not let them see data of another history either.
func (s *Server) besideMode(sync repl.SyncInfo) loadMode {
	if config.ReplDisklessLoad.Get(s.cfg) == config.DisklessLoadDisabled || sync.SameHistory {
		return loadAside
	}
	return loadApart
}

func (t replTarget) InstallLocked(d repl.Dataset, _ repl.SyncInfo) {
	s, data := t.s, d.(*loaded)
	for i := range s.store.Databases() {
		s.touchWatchedDB(s.store.DB(i), data.store.DB(i), s.now())
	}
	s.invalidateAll()
	s.store.Adopt(data.store)
	s.role.inherited, s.role.refused = true, ""
	s.functions = data.functions
	clear(s.expiry.cursors)
	clear(s.localExpiries)
	s.masterClient.multi = transaction{}
	s.masterClient.db = s.store.DB(data.db)
	s.restartAOFLocked()
}

func (t replTarget) Discard(repl.Dataset) {}

func (t replTarget) AheadLocked(raw []byte) {
	t.s.lookAhead(t.s.masterClient, raw)
	t.s.stampLocked(t.s.masterClient.batchTime)
}

// ApplyLocked executes a command.
func (t replTarget) ApplyLocked(args [][]byte) {
	t.s.applyLocked(t.s.masterClient, args, "replica", "master")
	t.s.noteVerifyMark(args)
}

func (t replTarget) Paused() bool { return t.s.pauses.any.Load() }

// FsyncedOffset is what of the master's stream is on disk, in files that count.
func (t replTarget) FsyncedOffset() (int64, bool) {
	a := &t.s.aof
	if !a.counts.Load() {
		return 0, a.writer.Load() != nil
	}
	return a.durable.Passed(), true
}

// offerSnapshot serves PSYNC and SYNC: the connection leaves its loop for a feed of its own. takeover asks this replica to become
// the master first.
func (c *Call) offerSnapshot(req repl.SyncRequest, takeover bool) {
	s, client := c.srv, c.c
	if client.conn == nil || client.multi.executing {
		c.err("ERR " + string(c.args[0]) + " is not possible here")
		return
	}
	if takeover {
		if text := s.takeOverLocked(client, req.ReplID); text != "" {
			c.err(text)
			return
		}
	}
	if s.failover.phase != noFailover {
		c.err(errFailingOver)
		return
	}
	if s.role.masterDown() {
		c.err("NOMASTERLINK Can't SYNC while not connected with my master")
		return
	}
	if c.out.Len() > 0 || client.conn.OutLen() > 0 {
		c.err("ERR SYNC and PSYNC are invalid with pending output")
		return
	}
	req.Replica = client.replicaInfo()
	if err := req.Replica.Validate(); err != nil {
		c.err(errFilterEOF) // the one thing that can be wrong
		return
	}
	conn := client.conn
	nc, in, _, err := conn.Hijack()
	if err != nil {
		s.logger.warningf("Taking over the connection of a replica: %v", err)
		client.closing.Store(true)
		return
	}
	req.Conn, req.Buffered = nc, in
	s.forget(client)
	client.conn, client.fd = nil, -1
	if err := s.master.AttachLocked(req); err != nil {
		s.logger.warningf("Synchronization with replica %s failed: %v", req.Replica.Name(), err)
		nc.Close()
	}
}

// replicaInfo is what the client told of itself by REPLCONF.
func (c *Client) replicaInfo() repl.ReplicaInfo {
	info := repl.ReplicaInfo{}
	if c.offer != nil {
		info = *c.offer
	}
	info.ClientID, info.PeerAddr, info.Context = uint64(c.id), c.addr, c
	return info
}
