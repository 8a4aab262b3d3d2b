package repl

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Link is the replica's side of replication: it follows a master, or none.
//
// A master that is followed has one goroutine, which dials, synchronizes, applies
// and tries again, in a straight line and for ever: errors never change the role.
// Whether it may still touch the data is decided under the keyspace lock, so a
// command that changes the role need not wait for it.
//
// Lock order: the keyspace lock, then Link's; Link's is a leaf.
type Link struct {
	o LinkOptions

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	input      atomic.Int64 // bytes received
	readOffset atomic.Int64 // received, not necessarily applied; valid while connected
	lastIO     atomic.Int64 // Unix nanoseconds
	syncTotal  atomic.Int64
	syncRead   atomic.Int64

	freshAt     atomic.Int64 // Unix nanoseconds when the data was the master's, 0 if not known
	ahead       atomic.Int64 // nanoseconds by which the stamping clock is ahead of this server's, at most
	stamped     atomic.Bool
	askedStamps atomic.Int64

	mu        sync.Mutex
	session   *session    // guarded by mu; nil in LinkNone
	last      *session    // guarded by mu; the one begun last, which may be ending
	state     LinkState   // changed by setStateLocked
	up        atomic.Bool // state is LinkConnected
	downSince time.Time
	// position: the log's history and end are a master's, and a partial
	// synchronization can be asked for. Changes under the keyspace lock too.
	position bool
	closed   bool
}

// session is the time that one master is followed.
type session struct {
	l        *Link
	addr     Address
	failover bool // ask the other side to become the master; its goroutine's

	ctx    context.Context // ended under the keyspace lock
	cancel context.CancelCauseFunc
	done   chan struct{} // closed by the goroutine as it ends

	// Guarded by l.mu.
	inSync time.Time // when the link was up first; zero until then
	conn   net.Conn
	hangUp context.CancelCauseFunc // ends the attempt under way
}

// FollowOptions says how to begin with a master.
type FollowOptions struct {
	// Resume: the server's own id and offset may be continued from, because it
	// was a master until now or has restored them from a file. Ignored when
	// another master was followed before, whose history then counts.
	Resume bool
	// Failover asks the other side, which must be this server's replica, to become
	// the master (PSYNC ... FAILOVER).
	Failover bool
}

// NewLink returns a link to no master.
func NewLink(o LinkOptions) *Link {
	if o.RetryDelay == 0 {
		o.RetryDelay = defaultRetryDelay
	}
	if o.AckPeriod == 0 {
		o.AckPeriod = defaultAckPeriod
	}
	l := &Link{o: o}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// SetMasterLocked follows the master at addr from now on: nothing of an earlier
// one's stream is applied any more. It does not wait; the goroutine of an earlier
// master ends before the new one dials. The history goes on as it is, in the hope
// that the new master shares it; replicas of this server stay until it turns out
// not to. Needs the keyspace lock.
func (l *Link) SetMasterLocked(addr Address, opt FollowOptions) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.session == nil {
		l.position = opt.Resume
	}
	l.endSessionLocked()
	s := &session{l: l, addr: addr, failover: opt.Failover, done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancelCause(l.ctx)
	before := l.last
	l.session, l.last = s, s
	l.setStateLocked(LinkConnect)
	l.wg.Go(func() {
		defer close(s.done)
		if before != nil {
			<-before.done
		}
		s.run()
	})
}

// PromoteLocked stops following a master and begins a history of its own: the
// master's id becomes the second one, valid up to here, and replicas are
// disconnected, who then continue by a partial synchronization. It does not wait.
// Needs the keyspace lock.
func (l *Link) PromoteLocked() {
	if !l.stop() {
		return
	}
	l.o.Identity.Shift("", l.o.Log.EndOffset())
	ids := l.o.Identity.Get()
	l.o.Logf(Notice, "Setting secondary replication ID to %s, valid up to offset: %d. New replication ID is %s", ids.ID2, ids.SecondOffset, ids.ID)
	l.o.Master.DisconnectAll()
	l.o.Master.ExpectReplicas()
	l.o.Log.ForgetSelectedDB()
}

// stop ends the session, and reports whether there was one.
func (l *Link) stop() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil {
		return false
	}
	l.endSessionLocked()
	l.session = nil
	l.setStateLocked(LinkNone)
	l.position, l.downSince = false, time.Time{}
	return true
}

// endSessionLocked takes the right to touch the data from the session.
func (l *Link) endSessionLocked() {
	if l.session == nil {
		return
	}
	if l.state == LinkConnected {
		l.downSince = l.o.Now()
	}
	l.session.cancel(ErrStopped)
}

// Disconnect ends the connection under way, if any, and reports whether there was
// one (CLIENT KILL); the link then tries to continue where it was.
func (l *Link) Disconnect() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil || l.session.hangUp == nil {
		return false
	}
	l.session.hangUp(ErrDisconnected)
	return true
}

// Send sends the master a command that it does not reply to, while its stream is applied.
// It may be called by anyone, and waits for the connection to take it.
func (l *Link) Send(args ...string) error {
	l.mu.Lock()
	var conn net.Conn
	if l.state == LinkConnected {
		conn = l.session.conn
	}
	l.mu.Unlock()
	if conn == nil {
		return ErrDisconnected
	}
	if err := conn.SetWriteDeadline(time.Now().Add(l.o.Config().Timeout)); err != nil {
		return err
	}
	_, err := conn.Write(appendCommand(nil, args...)) // whole, whoever else writes
	return err
}

// Close stops following and waits for every goroutine. The role does not change,
// and no further master is followed. The caller must not hold the keyspace lock.
func (l *Link) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel(ErrClosed)
	l.wg.Wait()
}

// Status returns the link's state.
func (l *Link) Status() LinkStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := LinkStatus{State: l.state, DownSince: l.downSince, HasOffset: l.position, InputBytes: l.input.Load()}
	if l.session == nil {
		return s
	}
	s.Master = l.session.addr
	if c := l.session.conn; c != nil {
		s.LocalAddr, s.RemoteAddr = c.LocalAddr().String(), c.RemoteAddr().String()
	}
	if l.position {
		s.Offset = l.o.Log.EndOffset()
		s.ReadOffset = s.Offset
	}
	lastIO := time.Unix(0, l.lastIO.Load())
	switch l.state {
	case LinkConnected:
		s.LastIO = lastIO
		s.ReadOffset = max(s.Offset, l.readOffset.Load())
	case LinkTransfer:
		s.SyncTotal, s.SyncRead, s.SyncLastIO = l.syncTotal.Load(), l.syncRead.Load(), lastIO
	}
	return s
}

// setStateLocked is the one place where the state changes.
func (l *Link) setStateLocked(state LinkState) {
	l.state = state
	l.up.Store(state == LinkConnected)
}

// Up reports whether the stream is being applied. It takes no lock: every command of a replica's clients
// asks it.
func (l *Link) Up() bool { return l.up.Load() }

// Following reports whether this server is a replica.
func (l *Link) Following() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session != nil
}

func (l *Link) touch() { l.lastIO.Store(l.o.Now().UnixNano()) }

func (l *Link) hasPosition() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.position
}

// setPosition says whether the history can be continued from. Needs the keyspace lock.
func (l *Link) setPosition(has bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position = has
}

// run makes attempts until the session ends.
func (s *session) run() {
	hasty := 0
	for s.ctx.Err() == nil {
		reached, err := s.attempt()
		s.become(LinkConnect)
		if s.ctx.Err() != nil {
			return
		}
		s.complain(reached, err)
		// A link that was up, or well on the way, is made again at once: with every
		// second that passes the master's backlog may move on. But a
		// snapshot that cannot be loaded must not be asked for in a busy loop.
		if reached < LinkTransfer {
			hasty = maxHasty
		} else if reached == LinkConnected {
			hasty = 0
		}
		if hasty++; hasty > maxHasty && !s.sleep(s.l.o.RetryDelay) {
			return
		}
		s.l.o.Logf(Notice, "Reconnecting to MASTER %s:%d after failure", s.addr.Host, s.addr.Port)
	}
}

// maxHasty is how many attempts in a row follow a failure at once.
const maxHasty = 3

func (s *session) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// complain logs why an attempt ended.
func (s *session) complain(reached LinkState, err error) {
	logf := s.l.o.Logf
	switch {
	case errors.Is(err, ErrTryLater), errors.Is(err, ErrMasterRefused), errors.Is(err, ErrUnwanted):
		// Said in the reply's own words when it came.
	case reached == LinkConnected && errors.Is(err, ErrTimeout):
		logf(Warning, "MASTER timeout: no data nor PING received...")
	case reached == LinkConnected && errors.Is(err, ErrProtocol):
		logf(Warning, "Protocol error from master, closing the connection and discarding the cached master: %v", err)
	case reached == LinkConnected:
		logf(Notice, "Connection with master lost: %v", err)
	case reached == LinkTransfer && errors.Is(err, ErrTimeout):
		logf(Warning, "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.")
	case errors.Is(err, ErrTimeout):
		logf(Warning, "Timeout connecting to the MASTER...")
	default:
		logf(Warning, "Synchronization with the master failed: %v", err)
	}
}

// known is how long ago the link was up for the first time, 0 if it never was.
func (s *session) known() time.Duration {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.inSync.IsZero() {
		return 0
	}
	return max(s.l.o.Now().Sub(s.inSync), 1)
}

// become moves the link to a state, unless another session has it. Leaving
// LinkConnected is what makes a link go down.
func (s *session) become(state LinkState) {
	l := s.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != s {
		return
	}
	switch {
	case state == LinkConnected:
		l.downSince = time.Time{}
		if s.inSync.IsZero() {
			s.inSync = l.o.Now()
		}
	case l.state == LinkConnected:
		l.downSince = l.o.Now()
	}
	l.setStateLocked(state)
}

// attempt makes one connection and lives on it until it ends. It returns how far
// it came, and why it ended.
func (s *session) attempt() (reached LinkState, err error) {
	l := s.l
	s.become(LinkConnecting)
	l.o.Logf(Notice, "Connecting to MASTER %s:%d", s.addr.Host, s.addr.Port)
	l.touch()
	conn, err := s.dial()
	if err != nil {
		return LinkConnecting, err
	}
	l.o.Logf(Notice, "MASTER <-> REPLICA sync started")

	ctx, hangUp := context.WithCancelCause(s.ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		<-ctx.Done() // ends whatever waits for the connection
		conn.Close()
	})
	s.setConn(conn, hangUp)
	defer func() {
		s.setConn(nil, nil)
		hangUp(ErrDisconnected)
		watch.Wait()
	}()
	return newExchange(s, ctx, conn).run()
}

func (s *session) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(s.ctx, s.l.o.Config().Timeout, ErrTimeout)
	defer cancel()
	conn, err := s.l.o.Dial(ctx, s.addr)
	if err != nil {
		s.l.o.Logf(Warning, "Error condition on socket for SYNC: %v", err)
		return nil, errors.Join(ErrMasterRefused, err)
	}
	return conn, nil
}

func (s *session) setConn(conn net.Conn, hangUp context.CancelCauseFunc) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	s.conn, s.hangUp = conn, hangUp
}
