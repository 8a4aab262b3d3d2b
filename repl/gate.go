package repl

import (
	"cmp"
	"container/heap"
	"slices"
	"sync"
)

// Gate holds callbacks back until an offset has been passed: "on disk up to",
// "acknowledged up to". Callbacks run in the order of their offsets, once each,
// in the goroutine that opened the gate and without any lock of the gate held;
// they must not block (a callback typically posts to a connection's mailbox).
//
// The zero Gate is at offset 0, and ready for use.
type Gate struct {
	mu      sync.Mutex
	passed  int64 // guarded by mu
	waiters waiterHeap
	seq     uint64
}

// Waiter is a callback held back by a gate.
type Waiter struct {
	gate   *Gate
	offset int64
	seq    uint64 // first come, first served among equal offsets
	open   func()
	index  int // in the heap, -1 once out of it
}

// Wait calls open once offset has been passed. If it has been already, open is not
// called, and Wait returns nil: the caller goes on at once.
func (g *Gate) Wait(offset int64, open func()) *Waiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	if offset <= g.passed {
		return nil
	}
	g.seq++
	w := &Waiter{gate: g, offset: offset, seq: g.seq, open: open}
	heap.Push(&g.waiters, w)
	return w
}

// Set moves the gate to offset, forward or back, and opens it for those who
// waited for no more.
func (g *Gate) Set(offset int64) {
	for _, w := range g.move(offset, true) {
		w.open()
	}
}

// Raise is Set that never moves the gate back.
func (g *Gate) Raise(offset int64) {
	for _, w := range g.move(offset, false) {
		w.open()
	}
}

// move moves the gate, back only if it may, and takes out those who waited for no more.
func (g *Gate) move(offset int64, back bool) (opened []*Waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !back && offset <= g.passed {
		return nil
	}
	g.passed = offset
	for len(g.waiters) > 0 && g.waiters[0].offset <= offset {
		opened = append(opened, heap.Pop(&g.waiters).(*Waiter))
	}
	return opened
}

// Passed is the offset the gate is at.
func (g *Gate) Passed() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

// Len is the number of callbacks held back.
func (g *Gate) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiters)
}

// Cancel takes a waiter out, and reports whether it did: false means that its
// callback has been called, or is about to be.
func (w *Waiter) Cancel() bool {
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	if w.index < 0 {
		return false
	}
	heap.Remove(&w.gate.waiters, w.index)
	return true
}

// waiterHeap orders waiters by offset, then by arrival.
type waiterHeap []*Waiter

func (h waiterHeap) Len() int { return len(h) }

func (h waiterHeap) Less(i, j int) bool {
	if h[i].offset != h[j].offset {
		return h[i].offset < h[j].offset
	}
	return h[i].seq < h[j].seq
}

func (h waiterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *waiterHeap) Push(x any) {
	w := x.(*Waiter)
	w.index = len(*h)
	*h = append(*h, w)
}

func (h *waiterHeap) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.index = -1
	return w
}

// quorumGate is a Gate for each number of peers: it opens for (offset, n) once n
// peers have reached offset. The zero quorumGate has no peers, and is ready for
// use.
type quorumGate struct {
	mu      sync.Mutex
	reached []int64       // guarded by mu; one per peer, highest first
	gates   map[int]*Gate // guarded by mu; only those somebody waited at
}

// wait calls open once n peers have reached offset, as Gate.Wait does.
func (q *quorumGate) wait(offset int64, n int, open func()) *Waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n <= 0 || q.reachedByLocked(n) >= offset {
		return nil
	}
	g := q.gates[n]
	if g == nil {
		if q.gates == nil {
			q.gates = make(map[int]*Gate)
		}
		g = &Gate{passed: q.reachedByLocked(n)}
		q.gates[n] = g
	}
	return g.Wait(offset, open)
}

// count is the number of peers that have reached offset.
func (q *quorumGate) count(offset int64) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.reached) && q.reached[n] >= offset {
		n++
	}
	return n
}

// update says what each peer has reached, and keeps the slice. Calls must come in
// order, so the caller holds its own lock; what update returns opens the gates,
// and is to be called once that lock is released.
func (q *quorumGate) update(reached []int64) (open func()) {
	slices.SortFunc(reached, func(a, b int64) int { return cmp.Compare(b, a) })
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reached = reached
	if len(q.gates) == 0 {
		return func() {}
	}
	moves := make(map[*Gate]int64, len(q.gates))
	for n, g := range q.gates {
		if g.Len() == 0 {
			delete(q.gates, n) // clients choose n: idle gates must not pile up
			continue
		}
		moves[g] = q.reachedByLocked(n)
	}
	return func() {
		for g, offset := range moves {
			g.Set(offset)
		}
	}
}

// reachedByLocked is the offset that n peers have reached, -1 with fewer peers.
func (q *quorumGate) reachedByLocked(n int) int64 {
	if n > len(q.reached) {
		return -1
	}
	return q.reached[n-1]
}
