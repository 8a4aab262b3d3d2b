package repl

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// maxReplicaInput bounds what a replica can make its master buffer. An
// acknowledgement takes some 60 bytes.
const maxReplicaInput = 1 << 20

// replica is a connection to a replica.
type replica struct {
	m    *Master
	info ReplicaInfo
	old  bool // asked by SYNC: gets no +FULLRESYNC and acknowledges nothing
	conn net.Conn

	ctx    context.Context // ends when the replica is to be disconnected
	cancel context.CancelCauseFunc

	buffered  []byte        // the reading goroutine's first input
	hello     string        // the feeding goroutine's first output
	begin     chan fullSync // size 1: what a full synchronization waits for
	keepalive chan struct{} // size 1: time for a newline
	acked     chan struct{} // size 1: acknowledged since the end mark was sent

	markSent     atomic.Bool
	writingSince atomic.Int64 // when the write under way began, in Unix nanoseconds, 0 if none

	// Guarded by m.mu.
	state       ReplicaState
	cause       error         // why it is Closing
	reader      *Reader       // nil in WaitSnapshot, and without a stream
	archive     ArchiveReader // in place of reader, for one that memory does not hold the log for
	ackOffset   int64
	fsyncOffset int64
	ackTime     time.Time // last sign of life, or when it went online
	softSince   time.Time // unread bytes exceed the soft limit since then
	fromFile    bool      // its snapshot goes through a file
	toldToWait  bool      // the log says why it has to wait for another snapshot
	attachedAt  time.Time
}

func newReplica(m *Master, req SyncRequest) *replica {
	r := &replica{
		m: m, info: req.Replica, old: req.SYNC, conn: req.Conn, buffered: req.Buffered,
		begin:      make(chan fullSync, 1),
		keepalive:  make(chan struct{}, 1),
		acked:      make(chan struct{}, 1),
		attachedAt: m.now(),
	}
	r.ackTime = r.attachedAt
	_ = req.Conn.SetDeadline(time.Time{}) // whatever its former owner had set
	r.ctx, r.cancel = context.WithCancelCause(m.ctx)
	return r
}

// start begins the replica's goroutines; Master waits for the one that feeds, and
// that for the others.
func (r *replica) start() {
	r.m.wg.Add(1)
	go func() {
		defer r.m.wg.Done()
		r.run()
	}()
}

func (r *replica) run() {
	var others sync.WaitGroup
	others.Go(func() {
		<-r.ctx.Done() // ends what reads and writes
		r.conn.Close()
	})
	others.Go(func() { r.m.remove(r, r.readAcks()) })
	err := r.feed()
	r.m.remove(r, err)
	others.Wait()
	select {
	case job := <-r.begin: // disconnected just as its snapshot was taken
		r.m.done(job)
	default:
	}
}

// feed is the life of the writing goroutine.
func (r *replica) feed() error {
	if r.hello != "" { // +CONTINUE
		if _, err := r.Write([]byte(r.hello)); err != nil {
			return err
		}
		return r.stream()
	}
	job, err := r.awaitSnapshot()
	if err != nil {
		return err
	}
	if err := r.sendSnapshot(job); err != nil {
		return err
	}
	if r.info.RDBOnly {
		r.become(SnapshotSent)
		r.m.logf(Notice, "RDB transfer completed, rdb only replica (%s) should be disconnected asap", r.info.Name())
		return ErrSnapshotOnly
	}
	r.m.online(r)
	if job.mark != "" {
		r.m.logf(Notice, "Streamed RDB transfer with replica %s succeeded (socket). Waiting for REPLCONF ACK from replica to enable streaming", r.info.Name())
		// Nothing may follow the mark closely: Redis replicas look for it at the
		// end of what they have received.
		select {
		case <-r.acked:
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
	return r.stream()
}

// stream sends the log from the reader's position on.
func (r *replica) stream() error {
	for {
		if a := r.archived(); a != nil {
			if err := r.streamArchive(a); err != nil || r.ctx.Err() != nil {
				return cmp.Or(context.Cause(r.ctx), err)
			}
		}
		r.m.mu.Lock()
		reader := r.reader
		r.m.mu.Unlock()
		err := r.streamMemory(reader)
		if !errors.Is(err, ErrReaderTooSlow) || !r.spill() {
			return err
		}
		r.archived().SkipTo(reader.Pos()) // it may have sent more since it was told
	}
}

// streamMemory sends what the reader has.
func (r *replica) streamMemory(reader *Reader) error {
	if r.m.pushes {
		reader.pusher.Store(newPusher(r.conn))
	}
	for {
		chunks, err := reader.Next(r.ctx)
		if err != nil {
			return err
		}
		r.beginWrite()
		buffers := net.Buffers(chunks)
		n, err := buffers.WriteTo(r.conn)
		r.endWrite(n)
		if err != nil {
			return err
		}
	}
}

// Write sends p to the replica; for the feeding goroutine only.
func (r *replica) Write(p []byte) (int, error) {
	r.beginWrite()
	n, err := r.conn.Write(p)
	r.endWrite(int64(n))
	return n, err
}

func (r *replica) beginWrite() { r.writingSince.Store(r.m.now().UnixNano()) }

func (r *replica) endWrite(n int64) {
	r.writingSince.Store(0)
	r.m.stats.output.Add(n)
}

// stalled reports whether a write has not made progress for longer than timeout.
func (r *replica) stalled(now time.Time, timeout time.Duration) bool {
	since := r.writingSince.Load()
	return since != 0 && now.Sub(time.Unix(0, since)) > timeout
}

// become moves to a state, unless the connection is being closed.
func (r *replica) become(s ReplicaState) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	if r.state != Closing {
		r.state = s
	}
}

// becomeClosingLocked ends the connection, and the reader with it, at once.
func (r *replica) becomeClosingLocked(cause error) {
	r.state, r.cause = Closing, cause
	if r.reader != nil {
		r.reader.Close()
	}
	if r.archive != nil {
		r.archive.Close()
	}
	r.cancel(cause)
}

func (r *replica) statusLocked(now time.Time) ReplicaStatus {
	s := ReplicaStatus{
		ReplicaInfo: r.info, State: r.state, AttachedAt: r.attachedAt,
		AckOffset: r.ackOffset, FsyncOffset: r.fsyncOffset,
	}
	if r.state == Online {
		s.Lag, s.Age = now.Sub(r.ackTime), r.m.ageLocked(r.ackOffset, now)
	}
	if r.archive != nil {
		s.Pending, s.FromDisk = max(0, r.m.log.EndOffset()-r.archive.Pos()), true
	} else if r.reader != nil {
		s.Pending = r.reader.Lag()
	}
	return s
}

// evicted is told why the log closed the reader.
func (r *replica) evicted(cause error) {
	if errors.Is(cause, ErrReaderTooSlow) {
		if r.spill() {
			return
		}
		r.m.logf(Warning, "Client %s scheduled to be closed ASAP for overcoming of output buffer limits.", r.info.Name())
	}
	r.m.remove(r, cause)
}

// readAcks is the life of the reading goroutine.
func (r *replica) readAcks() error {
	p := newParser(maxReplicaInput, false)
	if err := p.feed(r.buffered); err != nil {
		return err
	}
	r.buffered = nil
	var args [][]byte
	for {
		for _, c := range p.cmds {
			args = p.arguments(args[:0], c)
			if err := r.command(args); err != nil {
				return err
			}
		}
		p.discard(len(p.cmds))
		if _, err := p.fill(r.conn); err != nil {
			return err
		}
	}
}

// command handles one command from the replica.
func (r *replica) command(args [][]byte) error {
	switch {
	case len(args) == 0:
		// A replica that loads a snapshot sends newlines to stay in touch.
		r.m.alive(r)
		return nil
	case equalFold(args[0], "replconf") && len(args) >= 3 && equalFold(args[1], "ack"):
		r.ack(args[2:])
		return nil
	case equalFold(args[0], "replconf") && len(args) >= 2 && equalFold(args[1], "getack"):
		return nil
	}
	if err := r.m.source.ReplicaCommand(r.info, args); err != nil {
		return fmt.Errorf("replica command %q: %w", bytes.ToLower(clip(args[0])), err)
	}
	return nil
}

// ack handles the arguments of REPLCONF ACK: offset [FACK offset]. As in Redis,
// what is not a number is ignored.
func (r *replica) ack(args [][]byte) {
	offset, err := strconv.ParseInt(string(args[0]), 10, 64)
	if err != nil {
		return
	}
	fsync := int64(-1)
	if len(args) >= 3 && equalFold(args[1], "fack") {
		if fsync, err = strconv.ParseInt(string(args[2]), 10, 64); err != nil {
			return
		}
	}
	if r.markSent.Load() {
		select {
		case r.acked <- struct{}{}:
		default:
		}
	}
	r.m.acked(r, offset, fsync)
}
