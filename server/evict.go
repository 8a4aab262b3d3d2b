package server

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"treedis/server/access"
	"treedis/server/config"
	"treedis/server/latency"
	"treedis/store"
)

// eviction deletes keys when more memory is in use than maxmemory. Before each command of a client it makes room, for no longer
// than maxmemory-eviction-tenacity says; what is left to do then a goroutine does, in pieces as short. Guarded by the
// exclusive lock, where nothing else is said.
type eviction struct {
	pool    access.Pool
	next    int          // the database that a random policy comes to next
	since   atomic.Int64 // monotonic nanoseconds since when more than maxmemory is in use, 0 if it is not
	running atomic.Bool  // the goroutine is at it
}

// room is what eviction came to.
type room uint8

const (
	roomEnough room = iota // no more than maxmemory is in use, or nothing may be evicted now and nothing is refused either
	roomSoon               // there is more to do, and it goes on
	roomNone               // nothing is left that may be evicted
)

// exceeding returns for how long more than maxmemory has been in use.
func (e *eviction) exceeding(now time.Duration) time.Duration {
	if since := e.since.Load(); since != 0 {
		return now - time.Duration(since)
	}
	return 0
}

// mayEvict reports whether it is this server's business to keep to maxmemory now.
func (s *Server) mayEvict() bool {
	return s.scripts.run == nil && !s.halted && !s.loading.active() && !s.pauses.active() &&
		(!s.role.isReplica() || !config.ReplicaIgnoreMaxMemory.Get(s.cfg))
}

// makeRoom sees to it that no more than maxmemory is in use before a command runs, and reports whether it could not: then
// what takes more memory is to be refused. The lock is held at least shared; it is taken exclusively only if there is something
// to evict.
func (s *Server) makeRoom(c *Client) (full bool) {
	if !s.mayEvict() {
		return false
	}
	excess := s.excessMemory(config.MaxMemory.Get(s.cfg))
	if excess == 0 && s.eviction.since.Load() == 0 {
		return false
	}
	if excess > 0 && !s.evictable() {
		s.eviction.since.CompareAndSwap(0, int64(s.mono()))
		return true
	}
	c.lock.need(exclusive)
	result := s.evict()
	c.mark = s.mono() // it is not the command's time
	return result == roomNone
}

// evictable reports whether there is a key that the policy would take.
func (s *Server) evictable() bool {
	policy := config.MaxMemoryPolicy.Get(s.cfg)
	if policy == config.NoEviction {
		return false
	}
	for i := range s.store.Databases() {
		if access.Candidates(s.store.DB(i), policy) > 0 {
			return true
		}
	}
	return false
}

// evict deletes keys until no more than maxmemory is in use, or its time is over. It needs the exclusive lock, outside of any
// unit.
func (s *Server) evict() room {
	result := roomEnough
	if s.mayEvict() && config.MaxMemory.Get(s.cfg) > 0 {
		result = s.evictExcess()
	}
	now := s.mono()
	if result != roomEnough {
		s.eviction.since.CompareAndSwap(0, int64(now))
	} else if over := s.eviction.exceeding(now); over > 0 {
		s.stats.evictionTime += over
		s.eviction.since.Store(0)
	}
	return result
}

// evictExcess evicts as much as is too much now. What the deletions take themselves, for the messages that they cause,
// is not counted before the next time: otherwise it could make them go on until nothing is left.
func (s *Server) evictExcess() room {
	excess := s.excessMemory(config.MaxMemory.Get(s.cfg))
	if excess == 0 {
		return roomEnough
	}
	policy := config.MaxMemoryPolicy.Get(s.cfg)
	if policy == config.NoEviction {
		return roomNone
	}
	// Other loops look at the clock only now and then, so do we.
	const look = 16
	began, limit := s.mono(), evictionTime(config.MaxMemoryEvictionTenacity.Get(s.cfg))
	result := roomEnough
	goal := int64(s.store.Bytes()) - excess
	for n := 1; int64(s.store.Bytes()) > goal; n++ {
		db, e := s.victim(policy)
		if e == nil {
			result = roomNone
			break
		}
		s.evictKey(db, e)
		if n%look == 0 && s.mono()-began > limit {
			s.evictLater()
			result = roomSoon
			break
		}
	}
	s.noteLatency(latency.EvictCycle, s.mono()-began)
	s.broadcast()
	s.serveWaits()
	return result
}

// evictionTime is how long eviction may hold clients up at once: up to tenacity 10 that is 50 µs for each step, then
// 15% more with each, and at 100 as long as it takes.
func evictionTime(tenacity int64) time.Duration {
	switch {
	case tenacity >= 100:
		return math.MaxInt64
	case tenacity <= 10:
		return time.Duration(tenacity) * 50 * time.Microsecond
	}
	return time.Duration(float64(500*time.Microsecond) * math.Pow(1.15, float64(tenacity-10)))
}

// evictLater evicts what is left to be evicted, in a goroutine that gives way to commands again and again.
func (s *Server) evictLater() {
	if !s.eviction.running.CompareAndSwap(false, true) {
		return
	}
	s.wg.Go(func() {
		defer s.eviction.running.Store(false)
		for s.evictPiece() {
			runtime.Gosched()
		}
	})
}

// evictPiece evicts for as long as commands may be held up, and reports whether there is more to do.
func (s *Server) evictPiece() bool {
	s.lock.lock()
	defer s.lock.unlock()
	return s.life.Err() == nil && s.evict() == roomSoon
}

// evictKey deletes a key, and logs the deletion.
func (s *Server) evictKey(db *store.DB, e *store.Entry) {
	key, word := e.Key(), wordDel
	if config.LazyfreeLazyEviction.Get(s.cfg) {
		word = wordUnlink
		s.freedLazily(e)
	}
	s.effects.add(db.Index(), [][]byte{word, key})
	db.Delete(key)
	s.stats.evictedKeys++
	s.keyChanged(db, key)
	s.notify(notifyEvicted, "evicted", key, db)
	s.effects.flush(false) // each by itself: they are no transaction
}

// victim returns the entry that is to go next, nil if there is none.
func (s *Server) victim(policy config.Policy) (*store.DB, *store.Entry) {
	switch policy {
	case config.AllKeysRandom, config.VolatileRandom:
		return s.randomVictim(policy)
	}
	pool, samples := &s.eviction.pool, int(config.MaxMemorySamples.Get(s.cfg))
	for pool.Fill(s.store, &s.clock, policy, samples) {
		if db, e := pool.Take(s.store, policy); e != nil {
			return db, e
		}
	}
	return nil, nil
}

// randomVictim returns a key at random, of one database after the other.
func (s *Server) randomVictim(policy config.Policy) (*store.DB, *store.Entry) {
	n := s.store.Databases()
	for range n {
		i := s.eviction.next % n
		s.eviction.next = i + 1
		db := s.store.DB(i)
		switch {
		case access.Candidates(db, policy) == 0:
		case policy == config.AllKeysRandom:
			return db, db.Random(s.random)
		default:
			return db, db.RandomExpiring(s.random)
		}
	}
	return nil, nil
}

// applyMaxMemory begins to evict what a lower maxmemory, or another policy, calls for.
func (s *Server) applyMaxMemory() error {
	limit := config.MaxMemory.Get(s.cfg)
	if limit > 0 && s.excessMemory(limit) > 0 {
		s.logger.warningf("WARNING: maxmemory is less than the %d bytes in use: keys are evicted, or writes refused, as maxmemory-policy says.", s.usedMemory())
		s.evictLater()
	}
	return nil
}
