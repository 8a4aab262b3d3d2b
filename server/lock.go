package server

import "sync"

// keyspaceLock is the one lock of the server: it guards the store, the log, and all that commands
// share. Every command runs under it, shared or exclusively.
//
// A sync.RWMutex would make readers on different loops write to one cache line. Here each loop has
// a slot of its own, which its readers lock; whoever wants exclusive access locks them all, in
// order. A slot costs 10-15 ns when nobody else wants it.
//
// ARCHITECTURE.md has the order in which it and other locks are taken.
//
// A script that overstays its time lends the lock out, again and again, so that others can be told that the server is
// busy. What it has done so far is half of a unit: until it is over only those who know of it may take the lock.
type keyspaceLock struct {
	slots []lockSlot
	lent  chan struct{} // guarded by the lock: closed when the script is over; nil if there is none
	after func()        // what unlock does for those who may have appended to the log; set before use, nil for nothing
}

type lockSlot struct {
	sync.Mutex
	_ [120]byte // two cache lines, since the processor fetches them in pairs
}

func newKeyspaceLock(loops int) *keyspaceLock {
	return &keyspaceLock{slots: make([]lockSlot, max(loops, 1))}
}

// rlock takes the lock shared, for code that runs on the given loop.
func (l *keyspaceLock) rlock(loop int) { l.slots[loop%len(l.slots)].Lock() }

func (l *keyspaceLock) runlock(loop int) { l.slots[loop%len(l.slots)].Unlock() }

// lock takes the lock exclusively. It waits until no script lends it out.
func (l *keyspaceLock) lock() {
	for {
		l.borrow()
		over := l.lent
		if over == nil {
			return
		}
		l.unlock()
		<-over
	}
}

// lend gives the exclusive lock to those who borrow it, until it is taken back by borrow.
func (l *keyspaceLock) lend() {
	if l.lent == nil {
		l.lent = make(chan struct{})
	}
	l.unlock()
}

// endLending is called, under the lock, when the script that lent it out is over.
func (l *keyspaceLock) endLending() {
	if l.lent != nil {
		close(l.lent)
		l.lent = nil
	}
}

// borrow takes the lock exclusively, from a script too: for what changes neither store nor log, and for loops, which must not
// wait for a script.
func (l *keyspaceLock) borrow() {
	for i := range l.slots {
		l.slots[i].Lock()
	}
}

// unlock gives exclusive access back. What was appended to the log meanwhile is on its way to the replicas.
func (l *keyspaceLock) unlock() {
	if l.after != nil {
		l.after()
	}
	l.unlockInRound()
}

// unlockInRound is unlock for a loop, which sends what its round has appended to the log at the round's end.
func (l *keyspaceLock) unlockInRound() {
	for i := len(l.slots) - 1; i >= 0; i-- {
		l.slots[i].Unlock()
	}
}

// lockMode is how a batch of commands holds the lock.
type lockMode uint8

const (
	unlocked lockMode = iota
	shared
	exclusive
)

// lockHolder holds the lock for a batch of commands of one client, as strictly as the strictest
// command so far needed.
type lockHolder struct {
	l       *keyspaceLock
	loop    int
	inRound bool // on a loop
	mode    lockMode
}

// need makes sure that the lock is held at least as mode says. Shared access is given up before
// exclusive access is taken: others may write in between. It reports whether it took the lock.
func (h *lockHolder) need(mode lockMode) bool {
	if h.mode >= mode {
		return false
	}
	h.release()
	if h.mode = mode; mode == exclusive {
		h.l.borrow() // execute refuses what may not run now
	} else {
		h.l.rlock(h.loop)
	}
	return true
}

func (h *lockHolder) release() {
	switch h.mode {
	case shared:
		h.l.runlock(h.loop)
	case exclusive:
		if h.inRound {
			h.l.unlockInRound()
		} else {
			h.l.unlock()
		}
	}
	h.mode = unlocked
}
