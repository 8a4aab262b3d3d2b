package server

import (
	"time"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/latency"
	"treedis/store"
)

// activeExpiry is how far the search for expired keys is. Guarded by the exclusive lock.
type activeExpiry struct {
	cursors []uint64 // by database
	avgTTL  []int64  // by database, of the keys that it has met; ms
	next    int      // the database that the next cycle begins with
}

// expireOnAccess deals with a key that a command found expired. A replica leaves it to its master, and during a pause it
// stays, unless a client is about to write to it: a value that was not there for the client must not show in what it writes. Under
// the shared lock nothing can be deleted: the key is noted, and the loop deletes it after the batch.
func (s *Server) expireOnAccess(c *Call, key []byte) {
	switch {
	case (s.role.isReplica() || s.pauses.active()) && !c.row.Flags.Has(command.Write):
	case c.mode == exclusive:
		s.expire(c.db, key)
	default:
		c.c.expired = append(c.c.expired, watchKey{c.db.Index(), string(key)})
	}
}

// reapExpired deletes the expired keys that a batch met under the shared lock, which it has given back.
func (s *Server) reapExpired(c *Client) {
	if len(c.expired) == 0 {
		return
	}
	s.lock.borrow()
	defer s.lock.unlock()
	if s.scripts.run != nil {
		return // after the next batch, then
	}
	if !s.role.isReplica() && !s.pauses.active() {
		now := s.now()
		for _, k := range c.expired {
			db := s.store.DB(k.db)
			if _, expired := db.Lookup([]byte(k.key), now); expired {
				s.expire(db, []byte(k.key))
				s.effects.flush(false) // each by itself: they are no transaction
			}
		}
	}
	s.broadcast()
	c.expired = c.expired[:0]
}

// expire deletes an expired key and logs the deletion. It needs the exclusive lock; key may be the
// entry's own.
func (s *Server) expire(db *store.DB, key []byte) {
	s.effects.add(db.Index(), [][]byte{s.expiryWord(), key})
	if config.LazyfreeLazyExpire.Get(s.cfg) {
		s.freedLazily(db.Peek(key))
	}
	db.Delete(key)
	s.stats.expiredKeys++
	by := s.trackers.current
	s.trackers.current = nil // who finds a key expired has not changed it
	s.touchWatched(db, key)
	s.trackers.current = by
	s.notify(notifyExpired, "expired", key, db)
}

// expiryWord is the command that the deletion of an expired key is logged as.
func (s *Server) expiryWord() []byte {
	if config.LazyfreeLazyExpire.Get(s.cfg) {
		return wordUnlink
	}
	return wordDel
}

// deletionWord is the command that a deletion is logged as which is a side effect of another command.
func (s *Server) deletionWord() []byte {
	if config.LazyfreeLazyServerDel.Get(s.cfg) {
		return wordUnlink
	}
	return wordDel
}

// activeHold is how long the active cycle holds the lock at once.
const activeHold = time.Millisecond

// expiryEffort is how hard the active cycle works: by Redis's figures, from a quarter of one core's time, with a tenth of the keys
// left expired, at active-expire-effort 1, to 43% of it, with a hundredth left, at 10.
type expiryEffort struct {
	keys   int           // with an expiry, that one step looks at
	budget time.Duration // for one cycle, of which hz run a second
	stale  int           // percent of those looked at that may have expired without another step
}

func (s *Server) expiryEffort() expiryEffort {
	more := config.ActiveExpireEffort.Get(s.cfg) - 1
	share := time.Second * time.Duration(25+2*more) / 100
	return expiryEffort{
		keys: int(20 + 5*more), budget: share / time.Duration(max(config.HZ.Get(s.cfg), 1)), stale: int(10 - more),
	}
}

// activeExpire deletes keys that expired without being asked for. It walks the keys that have an
// expiry, where it left off, for as long as it finds more than a few expired ones. A cycle begins with the database after the one
// that the last came to, so that those of which much expires do not keep it from the others.
func (s *Server) activeExpire() {
	if !s.debug.activeExpire.Load() {
		return
	}
	if s.role.isReplica() {
		s.expireLocal()
		return
	}
	began, effort := s.mono(), s.expiryEffort()
	worked := time.Duration(0)
	for range s.store.Databases() {
		i := s.expiry.next % s.store.Databases()
		s.expiry.next = i + 1
		for more := true; more; {
			var took time.Duration
			more, took = s.activeExpireStep(i, effort)
			worked += took
			if more && s.mono()-began > effort.budget {
				s.countActiveExpire(worked, 1)
				return
			}
		}
	}
	s.countActiveExpire(worked, 0)
}

// countActiveExpire takes note of a cycle of active expiry: for how long it worked, which leaves out that it waited for the lock, and
// whether it ran out of time.
func (s *Server) countActiveExpire(took time.Duration, cut int64) {
	s.lock.lock()
	defer s.lock.unlock()
	s.noteLatency(latency.ExpireCycle, took)
	s.stats.expireTime += took
	s.stats.expiredTimeCap += cut
}

// activeExpireStep works on one database under one hold of the lock. It reports whether another step
// is worth while, as more of the keys it saw had expired than may stay, and how long it took.
func (s *Server) activeExpireStep(i int, effort expiryEffort) (more bool, took time.Duration) {
	s.lock.lock()
	defer s.lock.unlock()
	if s.role.isReplica() || s.loading.active() || s.pauses.active() {
		return false, 0
	}
	db := s.store.DB(i)
	if db.Expires() == 0 {
		s.expiry.avgTTL[i] = 0
		return false, 0
	}
	began, now := s.mono(), s.now()
	seen, found, ttls := 0, 0, int64(0)
	var due [][]byte
	for seen < db.Expires() && s.mono()-began < activeHold {
		due = due[:0]
		s.expiry.cursors[i] = db.ScanExpiring(s.expiry.cursors[i], func(e *store.Entry) {
			seen++
			if e.Expire() <= now {
				due = append(due, e.Key())
			} else {
				ttls += e.Expire() - now
			}
		})
		for _, key := range due {
			s.expire(db, key)
			s.effects.flush(false)
		}
		found += len(due)
		if s.expiry.cursors[i] == 0 || seen >= effort.keys && found*100 <= effort.stale*seen {
			break
		}
	}
	s.broadcast()
	s.observeExpiry(i, seen, found, ttls)
	return found*100 > effort.stale*seen, s.mono() - began
}

// observeExpiry keeps what INFO tells of expiring keys: the share of expired ones among those looked at, and the
// mean time to live in a database, in ms, both as running averages.
func (s *Server) observeExpiry(i, seen, found int, ttls int64) {
	if seen > 0 {
		s.stats.expiredStale += 0.05 * (float64(found)/float64(seen) - s.stats.expiredStale)
	}
	if live := int64(seen - found); live > 0 {
		mean := ttls / live
		if s.expiry.avgTTL[i] == 0 {
			s.expiry.avgTTL[i] = mean
		}
		s.expiry.avgTTL[i] += (mean - s.expiry.avgTTL[i]) / 50
	}
}
