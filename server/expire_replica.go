package server

import (
	"time"

	"treedis/server/config"
	"treedis/store"
)

const (
	// localExpiryDBs is how many databases localExpiries covers: those that a mask has room for, as in Redis.
	localExpiryDBs = 64
	// localExpiryMisses is after how many keys that have yet to expire a cycle ends.
	localExpiryMisses = 3
)

// localExpiries are the keys that clients of a writable replica gave an expiry, with a mask of the databases they did
// it in. A replica leaves expired keys to its master, which knows nothing of these. A key of the same name that the
// master made in the meantime passes for one of them. Guarded by the exclusive lock.
type localExpiries map[string]uint64

// gaveExpiry says that a key was given an expiry.
func (c *Call) gaveExpiry(db *store.DB, key []byte) {
	s := c.srv
	if s.role.isReplica() && !c.c.isMaster && db.Index() < localExpiryDBs && !config.ReplicaReadOnly.Get(s.cfg) {
		s.localExpiries[string(key)] |= 1 << db.Index()
	}
}

// expireLocal is the active expiry of a replica. It ends when it has come across a few keys that have yet to expire,
// or has held the lock for too long.
func (s *Server) expireLocal() {
	s.lock.lock()
	defer s.lock.unlock()
	if !s.role.isReplica() || s.loading.active() || s.pauses.active() {
		return
	}
	defer s.broadcast()
	began, now, misses, seen := s.mono(), s.now(), 0, 0
	for key, mask := range s.localExpiries {
		live := s.expireLocalKey([]byte(key), mask, now)
		if live == 0 {
			delete(s.localExpiries, key)
		} else {
			s.localExpiries[key] = live
			misses++
		}
		if seen++; misses > localExpiryMisses || seen%64 == 0 && s.mono()-began > time.Millisecond {
			return
		}
	}
}

// expireLocalKey deletes a key from those databases of the mask where it has expired, and returns the mask of those
// where it has yet to.
func (s *Server) expireLocalKey(key []byte, mask uint64, now int64) (live uint64) {
	for i := range min(s.store.Databases(), localExpiryDBs) {
		if mask&(1<<i) == 0 {
			continue
		}
		db := s.store.DB(i)
		switch e := db.Peek(key); {
		case e == nil || e.Expire() == 0:
		case e.Expire() <= now:
			s.expire(db, key)
		default:
			live |= 1 << i
		}
	}
	return live
}
