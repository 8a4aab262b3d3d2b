package server

import (
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"treedis/repl"
	"treedis/server/config"
	"treedis/server/histogram"
	"treedis/server/resp"
)

// Synchronous replication: what a client is shown leaves once enough replicas have acknowledged the log up to where it stood.
//
// A command that reads or writes data marks its reply as having shown something (Client.shows), under the lock, with the
// term in force. Before a round's output is written, loopGate holds back that of the clients that were shown something
// unless it is confirmed.

// syncReplication is the server's part of it.
type syncReplication struct {
	// term begins when somebody first wants what this server shows as a master confirmed by replicas, and ends with its being a
	// master; nil at other times; lock. It outlasts the wish: who waits already waits for its confirmations.
	term  *syncTerm
	own   int          // clients who have asked for a number of replicas of their own; lock
	begun atomic.Bool  // term is not nil
	gated atomic.Int64 // clients whose output is held back
}

// syncTerm is a time as a master in which acknowledgements confirm. What was shown in one term is not confirmed by
// acknowledgements of another, whose offsets mean something else.
type syncTerm struct {
	acks *repl.Confirmations
	over atomic.Bool // the server has become a replica: nothing of this term will be confirmed
}

// clientSync is a client's part. Its loop's, but for own and n, which the lock guards.
type clientSync struct {
	own bool // n counts, not sync-replicas
	n   int  // 0, or how many replicas have to confirm, or repl.AllReplicas

	round syncNeed // of what this round's output shows; without an offset yet
	shown []shown  // of the output not written yet
	queue *gateQueue
	held  int // rounds held there
}

// shown is a part of a client's output, as netio.Conn.OutPos counts, that shows data.
type shown struct {
	from, upto int64
	message    bool // nobody asked for it: it is dropped if it is not confirmed
}

// syncNeed is what replicas have to have.
type syncNeed struct {
	term   *syncTerm // nil: nothing
	own    bool
	n      int
	offset int64
}

const errSyncOver = "UNBLOCKED This server has become a replica: what was written is not confirmed, and may be undone"

// shows notes that the client's last n bytes of output show data. It is called on the client's loop, under the lock.
func (c *Client) shows(term *syncTerm, n int, message bool) {
	if c.conn == nil || n == 0 {
		return
	}
	st := &c.sync
	need := syncNeed{term: term, own: st.own, n: st.n}
	if need.replicas(c.srv) == 0 {
		return
	}
	// CLIENT SYNC may have changed what is needed since the round began: the output leaves when the strictest is met.
	if st.round.term == nil || st.round.term == term && need.strictness(c.srv) > st.round.strictness(c.srv) {
		st.round = need
	}
	c.srv.gates[c.loop].observed = true
	upto := c.conn.OutPos()
	st.shown = append(st.shown, shown{upto - int64(n), upto, message})
}

// need ends a round, and returns what its output has to wait for.
func (st *clientSync) need(offset int64) (n syncNeed) {
	n, st.round = st.round, syncNeed{}
	if n.term != nil {
		n.offset = offset
	}
	return n
}

// forget forgets what was shown by output up to an offset.
func (st *clientSync) forget(upto int64) {
	i := 0
	for i < len(st.shown) && st.shown[i].upto <= upto {
		i++
	}
	st.shown = append(st.shown[:0], st.shown[i:]...)
}

// replace returns output that begins at from and ends at upto with an error instead of each reply that shows something,
// and the number of those.
func (st *clientSync) replace(old []byte, from, upto int64, text string) (edited []byte, errors int) {
	at := from
	for _, p := range st.shown {
		if p.upto > upto {
			break
		}
		if p.from < at {
			continue
		}
		edited = append(edited, old[at-from:p.from-from]...)
		at = p.upto
		if !p.message {
			edited = append(append(append(edited, '-'), text...), "\r\n"...)
			errors++
		}
	}
	st.forget(upto)
	return append(edited, old[at-from:]...), errors
}

// key is the queue to wait in: that of all who need the same.
func (n syncNeed) key() int {
	switch {
	case n.term == nil:
		return 0
	case n.own:
		return n.n
	}
	return -2
}

// over reports whether what is needed can't come any more.
func (n syncNeed) over() bool { return n.term != nil && n.term.over.Load() }

// replicas is how many have to confirm, 0 if none.
func (n syncNeed) replicas(s *Server) int {
	switch {
	case n.term == nil:
		return 0
	case n.own:
		return n.n
	}
	return int(config.SyncReplicas.Get(s.cfg))
}

// strictness orders needs: the more replicas the stricter, all the strictest.
func (n syncNeed) strictness(s *Server) int {
	if k := n.replicas(s); k != repl.AllReplicas {
		return k
	}
	return math.MaxInt
}

func (n syncNeed) met(s *Server) bool {
	k := n.replicas(s)
	return !n.over() && (k == 0 || n.term.acks.Passed(k) >= n.offset)
}

// wait waits for the replicas, or returns nil if they have what is needed.
func (n syncNeed) wait(s *Server, open func()) *repl.Waiter {
	k := n.replicas(s)
	if k == 0 {
		return nil
	}
	return n.term.acks.Wait(k, n.offset, open)
}

func (n syncNeed) timeoutText(s *Server) string {
	k := n.replicas(s)
	who := strconv.Itoa(k) + " replicas"
	switch k {
	case repl.AllReplicas:
		who = "all replicas"
	case 1:
		who = "1 replica"
	}
	return "NOREPLICAS Not acknowledged by " + who + " within sync-timeout: what was written is applied here but not confirmed"
}

func (s *Server) syncTimeout() time.Duration { return config.SyncTimeout.Duration(s.cfg) }

// applySync follows a change of the directives: those who wait may wait for something else now.
func (s *Server) applySync() error {
	s.enforceSyncLocked()
	s.lookAtGates()
	return nil
}

// enforceSyncLocked begins a term if the directives or clients want one. It needs the exclusive lock.
func (s *Server) enforceSyncLocked() {
	wanted := config.SyncReplicas.Get(s.cfg) != 0 || s.sync.own > 0
	if s.sync.term != nil || s.role.isReplica() || !wanted {
		return
	}
	// The log must move from now on, whoever reads it.
	s.master.BeginHistory()
	s.sync.term = &syncTerm{acks: repl.NewConfirmations()}
	s.sync.begun.Store(true)
	s.master.Confirm(s.sync.term.acks)
	s.claimDataLocked()
}

// claimDataLocked makes data count as not confirmed that was there before the log began, by an entry in the log.
func (s *Server) claimDataLocked() {
	if s.sync.term == nil || s.log.DataEnd() > 0 {
		return
	}
	for i := range s.store.Databases() {
		if s.store.DB(i).Len() > 0 {
			s.log.Append(resp.AppendCommand(nil, []byte("PING")))
			return
		}
	}
}

// endSyncLocked ends the term of a server that becomes a replica: those who wait get an error. It needs the exclusive lock.
func (s *Server) endSyncLocked() {
	if s.sync.term == nil {
		return
	}
	s.sync.term.over.Store(true)
	s.sync.term = nil
	s.sync.begun.Store(false)
	s.master.Confirm(nil)
	s.lookAtGates()
}

// lookAtGates makes every loop look anew at what it holds back.
func (s *Server) lookAtGates() {
	if s.net == nil {
		return
	}
	for i, l := range s.net.Loops() {
		g := &s.gates[i]
		l.Post(func() {
			for _, q := range g.queues {
				if len(q.held) > 0 {
					q.disarm()
					q.release()
				}
			}
		})
	}
}

// askReplicas asks the replicas to acknowledge the log up to offset, if nobody has yet. It takes the lock.
func (s *Server) askReplicas(offset int64) {
	if s.master.Asked(offset) {
		return
	}
	s.lock.borrow()
	defer s.lock.unlockInRound()
	if s.sync.term != nil && !s.streamHeld() { // a failover's target has to reach the end; replicas acknowledge by themselves
		s.master.AskFor(offset)
	}
}

// readBarrier returns the offset that what was shown in this round has to be confirmed at: offset, or with sync-reads one
// that nobody can have acknowledged before. It takes the lock.
func (s *Server) readBarrier(offset int64) int64 {
	if !config.SyncReads.Get(s.cfg) {
		return offset
	}
	s.lock.borrow()
	defer s.lock.unlockInRound()
	switch {
	case s.sync.term == nil:
		return offset
	case s.streamHeld():
		return s.log.EndOffset() + 1
	}
	return s.log.AppendPing()
}

// setSync gives a client a number of replicas of its own, or takes it away. It needs the exclusive lock.
func (s *Server) setSync(c *Client, own bool, n int) {
	counts := func() int {
		if c.sync.own && c.sync.n != 0 {
			return 1
		}
		return 0
	}
	s.sync.own -= counts()
	c.sync.own, c.sync.n = own, n
	s.sync.own += counts()
	s.enforceSyncLocked()
}

// gateFigures counts what a loop's gate did. INFO reads them from other loops.
type gateFigures struct {
	mu       sync.Mutex
	waits    histogram.Histogram // guarded by mu; of rounds of clients, in nanoseconds
	timeouts int64               // guarded by mu; of such
}

func (f *gateFigures) record(wait time.Duration, clients int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range clients {
		f.waits.Record(int64(wait))
	}
}

func (f *gateFigures) expired(clients int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timeouts += int64(clients)
}

// infoSync writes the fields about synchronous replication, once there is any.
func (s *Server) infoSync(w *infoWriter) {
	var all gateFigures
	for i := range s.gates {
		f := &s.gates[i].figures
		f.mu.Lock()
		all.waits.Add(&f.waits)
		all.timeouts += f.timeouts
		f.mu.Unlock()
	}
	if s.sync.term == nil && all.waits.Total() == 0 {
		return
	}
	w.str("sync_replicas", config.ReplicasText(config.SyncReplicas.Get(s.cfg)))
	w.int("sync_gated_clients", s.sync.gated.Load())
	offset := int64(-1)
	if t, n := s.sync.term, int(config.SyncReplicas.Get(s.cfg)); t != nil && n != 0 {
		offset = t.acks.Passed(n)
	}
	w.int("sync_acknowledged_offset", offset)
	w.int("sync_data_offset", s.log.DataEnd())
	w.int("sync_gated", int64(all.waits.Total()))
	w.int("sync_timeouts", all.timeouts)
	text := []byte("p50=")
	for i, p := range []float64{50, 99, 99.9} {
		if i > 0 {
			text = append(append(append(text, ",p"...), strconv.FormatFloat(p, 'f', -1, 64)...), '=')
		}
		text = strconv.AppendFloat(text, float64(all.waits.Percentile(p))/1000, 'f', 3, 64)
	}
	w.str("sync_gate_percentiles_usec", string(text))
}
