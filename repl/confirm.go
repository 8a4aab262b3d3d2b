package repl

import "sync"

// AllReplicas stands for all replicas that are online at that moment, one at least.
const AllReplicas = -1

// Confirmations are the offsets that given numbers of replicas have acknowledged. Unlike the gates of WaitAcks they never
// go back: what enough replicas had once is confirmed, even if some of them have gone since.
//
// They hold for one history, from its beginning or a promotion on; the next one's begin anew, so that acknowledgements of
// one history never count in another. Methods are safe for concurrent use.
type Confirmations struct {
	mu    sync.Mutex
	acks  []int64       // guarded by mu; one per online replica, highest first
	gates map[int]*Gate // guarded by mu; by number of replicas
}

// NewConfirmations returns confirmations of nothing.
func NewConfirmations() *Confirmations { return &Confirmations{gates: make(map[int]*Gate)} }

// Passed is the offset that n replicas, or AllReplicas, have acknowledged; 0 before they have any.
func (c *Confirmations) Passed(n int) int64 { return c.gate(n).Passed() }

// Wait calls open once n replicas, or AllReplicas, have acknowledged offset. It returns nil, and open is never called, if
// they have already. See Gate for where open runs.
func (c *Confirmations) Wait(n int, offset int64, open func()) *Waiter {
	return c.gate(n).Wait(offset, open)
}

// gate returns the gate for n replicas. There is one for each number that was ever asked for, which the caller bounds.
func (c *Confirmations) gate(n int) *Gate {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.gates[n]
	if g == nil {
		g = &Gate{passed: max(0, c.reachedLocked(n))}
		c.gates[n] = g
	}
	return g
}

func (c *Confirmations) reachedLocked(n int) int64 {
	if n == AllReplicas {
		n = max(1, len(c.acks))
	}
	if n > len(c.acks) {
		return -1
	}
	return c.acks[n-1]
}

// update says what the online replicas have acknowledged, highest first, and keeps the slice. What it returns opens the
// gates, and is to be called without the locks that the caller holds.
func (c *Confirmations) update(acks []int64) (open func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acks = acks
	type move struct {
		gate *Gate
		to   int64
	}
	moves := make([]move, 0, len(c.gates))
	for n, g := range c.gates {
		moves = append(moves, move{g, c.reachedLocked(n)})
	}
	return func() {
		for _, m := range moves {
			m.gate.Raise(m.to)
		}
	}
}

// Confirm makes the replicas' acknowledgements count in c from now on, and in no other Confirmations; nil is none. Needs
// the keyspace lock.
func (m *Master) Confirm(c *Confirmations) {
	m.mu.Lock()
	m.confirm = c
	open := m.refreshLocked()
	m.mu.Unlock()
	open()
}

// AskFor asks the replicas, through the stream, to acknowledge everything up to offset, unless they have been asked for it
// already. Needs the keyspace lock.
func (m *Master) AskFor(offset int64) {
	if !m.Asked(offset) {
		m.askLocked()
	}
}

// askForConfirmation asks a replica that continues for an acknowledgement, which somebody may be waiting for. Needs the
// keyspace lock.
func (m *Master) askForConfirmation() {
	m.mu.Lock()
	awaited := m.confirm != nil
	m.mu.Unlock()
	if awaited {
		m.askLocked()
	}
}

// Asked reports whether a request that is in the stream covers offset. Needs no lock.
func (m *Master) Asked(offset int64) bool {
	asked := m.ackWanted.Load()
	return asked > offset && asked <= m.log.EndOffset()
}

func (m *Master) askLocked() {
	if m.Count() > 0 {
		m.ackWanted.Store(m.log.AppendQuiet([]byte(getAckCommand)))
	}
}
