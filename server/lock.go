package server

import "sync"

// keyspaceLock is the one lock of the server: it guards the store, the log, and all that commands
// share. Every command runs under it, shared or exclusively.
//
// A sync.RWMutex would make readers on different loops write to one cache line. Here each loop has
// a slot of its own, which its readers lock; whoever wants exclusive access locks them all, in
// order. A slot costs 10-15 ns when nobody else wants it.
//
// Lock order: keyspaceLock, then any of the locks inside repl, netio, order; those are leaves.
type keyspaceLock struct {
	slots []lockSlot
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

// lock takes the lock exclusively.
func (l *keyspaceLock) lock() {
	for i := range l.slots {
		l.slots[i].Lock()
	}
}

func (l *keyspaceLock) unlock() {
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
	l    *keyspaceLock
	loop int
	mode lockMode
}

// need makes sure that the lock is held at least as mode says. Shared access is given up before
// exclusive access is taken: others may write in between. It reports whether it took the lock.
func (h *lockHolder) need(mode lockMode) bool {
	if h.mode >= mode {
		return false
	}
	h.release()
	if h.mode = mode; mode == exclusive {
		h.l.lock()
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
		h.l.unlock()
	}
	h.mode = unlocked
}
