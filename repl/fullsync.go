package repl

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"sync/atomic"
)

const snapshotFailedReply = "-ERR BGSAVE failed, replication can't continue\r\n"

// fullSync is what a replica that waits for a snapshot is given.
type fullSync struct {
	replid   string
	offset   int64
	mark     string // ends the snapshot; "" for one with its length before it
	snapshot *sharedSnapshot
	saved    *savedSnapshot // in place of snapshot, for one that goes through a file
	err      error          // no snapshot could be taken
}

// sharedSnapshot is released when the last replica it was taken for is done. Each
// replica encodes it for itself: that costs processor time, but none ever waits
// for a slower one, and there is nothing to hold beside the snapshot.
type sharedSnapshot struct {
	Snapshot
	members []*replica
	refs    atomic.Int64
}

func (s *sharedSnapshot) release() {
	if s == nil || s.refs.Add(-1) != 0 {
		return
	}
	s.Release()
	s.report()
}

// report logs how many replicas are left of those that the snapshot was for, in the words that Redis has for its pipe from
// a child process.
func (s *sharedSnapshot) report() {
	m, up := s.members[0].m, 0
	m.mu.Lock()
	for _, r := range s.members {
		if r.state != Closing {
			up++
		}
	}
	m.mu.Unlock()
	if up == 0 {
		m.logf(Notice, "Diskless rdb transfer, last replica dropped, killing fork child.")
		return
	}
	m.logf(Notice, "Diskless rdb transfer, done reading from pipe, %d replicas still up.", up)
}

// done gives back what the synchronization held: the snapshot, and its place among those
// that go on at the same time. It is called once, without any lock.
func (m *Master) done(job fullSync) {
	job.snapshot.release()
	m.leaveSaved(job.saved)
	m.mu.Lock()
	m.syncing--
	m.mu.Unlock()
	m.beginDelayed(m.config(), m.now())
}

// roomLocked is how many more synchronizations may begin. Needs mu.
func (m *Master) roomLocked(cfg MasterConfig) int {
	if cfg.FullSyncMax == 0 {
		return math.MaxInt
	}
	return max(0, cfg.FullSyncMax-m.syncing)
}

// BeginHistory makes the log keep history from here on, if it does not. A history that begins here gets a name of its own,
// and has no past. Needs the keyspace lock.
func (m *Master) BeginHistory() {
	if !m.log.EnableBacklog() {
		return
	}
	m.ids.Change()
	m.ids.Clear()
	ids := m.ids.Get()
	m.logf(Notice, "Replication backlog created, my new replication IDs are '%s' and '%s'", ids.ID, ids.ID2)
}

// attachFullLocked registers a replica that needs a snapshot, and takes the
// snapshot unless others are to be waited for.
func (m *Master) attachFullLocked(r *replica) error {
	cfg := m.config()
	if cfg.DisableTCPNoDelay {
		if c, ok := r.conn.(interface{ SetNoDelay(bool) error }); ok {
			_ = c.SetNoDelay(false) // an optimization: nothing depends on it
		}
	}
	m.BeginHistory()
	m.attach(r)
	if cfg.DisklessSync && r.info.CapaEOF && cfg.DisklessSyncDelay > 0 && !m.enoughWait(cfg) {
		m.logf(Notice, "Delay next BGSAVE for diskless SYNC")
		return nil
	}
	m.beginLocked(r.info.Filter)
	m.sayQueued(r)
	return nil
}

// sayQueued logs that a replica has to wait for others' synchronizations.
func (m *Master) sayQueued(r *replica) {
	m.mu.Lock()
	state, active := r.state, m.syncing
	m.mu.Unlock()
	if state == WaitSnapshot {
		m.logf(Notice, "Replica %s waits for its turn: %d full synchronizations are in progress (repl-full-sync-max)", r.info.Name(), active)
	}
}

// enoughWait reports whether as many replicas wait as a delayed snapshot is to serve.
func (m *Master) enoughWait(cfg MasterConfig) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, r := range m.replicas {
		if r.state == WaitSnapshot {
			n++
		}
	}
	return cfg.DisklessSyncMaxReplicas > 0 && n >= cfg.DisklessSyncMaxReplicas
}

// beginLocked begins to synchronize all who wait for a snapshot with the given filter, or as
// many of them as may be served at the same time, first come first served. Needs the keyspace lock.
func (m *Master) beginLocked(f Filter) {
	cfg := m.config()
	m.mu.Lock()
	var members []*replica
	room := m.roomLocked(cfg)
	for _, r := range m.replicas {
		if r.state == WaitSnapshot && r.info.Filter == f && len(members) < room {
			members = append(members, r)
		}
	}
	m.mu.Unlock()
	switch {
	case len(members) == 0:
	case cfg.DisklessSync || f != Filter{}:
		m.beginSocketsLocked(f, members)
	default:
		m.beginSavedLocked(members)
	}
}

// beginSocketsLocked takes one snapshot for all: id, offset, data and each replica's place in the log are those
// of one instant. A snapshot costs nothing, so who had to wait gets one of his own time, and pinned no log meanwhile.
// Needs the keyspace lock.
func (m *Master) beginSocketsLocked(f Filter, members []*replica) {
	m.logf(Notice, "Starting BGSAVE for SYNC with target: replicas sockets")
	snap, err := m.source.SnapshotLocked(f)
	if err != nil {
		m.logf(Warning, "BGSAVE for replication failed: %v", err)
	}
	var shared *sharedSnapshot
	if err == nil {
		shared = &sharedSnapshot{Snapshot: snap, members: members}
		shared.refs.Store(int64(len(members)))
		m.logf(Notice, "Background RDB transfer started by pid %d", os.Getpid())
	}
	// The stream that follows must not rely on a SELECT that came before.
	m.log.ForgetSelectedDB()
	for _, r := range members {
		job := fullSync{replid: m.ids.Get().ID, offset: m.log.EndOffset(), snapshot: shared, err: err}
		if r.info.CapaEOF {
			job.mark = randomHex(m.random)
		}
		m.hand(r, job)
	}
}

// hand gives a waiting replica its snapshot and its place in the log, and reports whether the log still has that place.
func (m *Master) hand(r *replica, job fullSync) bool {
	var reader *Reader
	if !r.info.RDBOnly && job.err == nil {
		var ok bool
		if reader, ok = m.log.NewReader(job.offset, r.evicted); !ok {
			return false
		}
		m.setLimit(reader)
	}
	m.mu.Lock()
	waits := r.state == WaitSnapshot
	if waits {
		r.state, r.reader, r.fromFile = EncodeSnapshot, reader, job.saved != nil
		m.syncing++
		if job.saved != nil {
			job.saved.users++
		}
		r.begin <- job
	}
	m.mu.Unlock()
	if waits {
		return true
	}
	job.snapshot.release() // disconnected meanwhile
	if reader != nil {
		reader.Close()
	}
	return true
}

// awaitSnapshot waits for the snapshot, and sends newlines meanwhile.
func (r *replica) awaitSnapshot() (fullSync, error) {
	for {
		select {
		case job := <-r.begin:
			return job, nil
		case <-r.keepalive:
			if _, err := r.Write([]byte{'\n'}); err != nil {
				return fullSync{}, err
			}
		case <-r.ctx.Done():
			return fullSync{}, context.Cause(r.ctx)
		}
	}
}

// sendSnapshot answers the request and sends the snapshot.
func (r *replica) sendSnapshot(job fullSync) (err error) {
	defer func() {
		if err != nil {
			r.m.remove(r, err) // so that it is not counted among those that are left
		}
		r.m.done(job)
	}()
	if job.err != nil {
		_, _ = io.WriteString(r, snapshotFailedReply) // the connection ends either way
		return fmt.Errorf("%w: %w", ErrSnapshotFailed, job.err)
	}
	if !r.old {
		line := "+FULLRESYNC " + job.replid + " " + strconv.FormatInt(job.offset, 10) + "\r\n"
		if _, err := io.WriteString(r, line); err != nil {
			return err
		}
	}
	switch {
	case job.saved != nil:
		return r.sendSaved(job.saved)
	case job.mark != "":
		return r.sendMarked(job)
	}
	return r.sendSized(job)
}

// sendMarked streams the snapshot, which a mark of 40 random bytes ends.
func (r *replica) sendMarked(job fullSync) error {
	w := bufio.NewWriterSize(r, readChunk)
	w.WriteString("$EOF:" + job.mark + "\r\n")
	if err := w.Flush(); err != nil { // so that it gets ready
		return err
	}
	if err := job.snapshot.WriteRDB(r.ctx, w); err != nil {
		return err
	}
	r.markSent.Store(true) // the acknowledgement may overtake our own return
	w.WriteString(job.mark)
	return w.Flush()
}

// sendSized sends the snapshot after its length. To know the length, the snapshot
// is encoded twice, which keeps memory bounded without a temporary file.
func (r *replica) sendSized(job fullSync) error {
	size := &sizeWriter{r: r}
	if err := job.snapshot.WriteRDB(r.ctx, size); err != nil {
		return err
	}
	r.become(SendSnapshot)
	w := bufio.NewWriterSize(r, readChunk)
	fmt.Fprintf(w, "$%d\r\n", size.n)
	exact := &exactWriter{w: w, left: size.n}
	if err := job.snapshot.WriteRDB(r.ctx, exact); err != nil {
		return err
	}
	if exact.left != 0 {
		return ErrSnapshotSize
	}
	return w.Flush()
}

// sizeWriter counts, and sends a newline whenever it is time for a sign of life.
type sizeWriter struct {
	r *replica
	n int64
}

func (s *sizeWriter) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	select {
	case <-s.r.keepalive:
		if _, err := s.r.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
	case <-s.r.ctx.Done():
		return 0, context.Cause(s.r.ctx)
	default:
	}
	return len(p), nil
}

// exactWriter refuses to write more than was announced.
type exactWriter struct {
	w    io.Writer
	left int64
}

func (e *exactWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > e.left {
		return 0, ErrSnapshotSize
	}
	n, err := e.w.Write(p)
	e.left -= int64(n)
	return n, err
}
