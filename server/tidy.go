package server

import "time"

const (
	// idleRate is how many commands a second may run on a server that counts as idle.
	idleRate = 1000
	// tidyBatch is how many changes of the key index are applied under one hold of the lock, in half a millisecond.
	tidyBatch = 512
	// tidyBudget bounds the time that one tick of cron spends on it.
	tidyBudget = 40 * time.Millisecond
)

// tidy uses the time of a server that has nothing to do. Cron calls it.
func (s *Server) tidy() {
	idle := s.idle()
	s.tuneCollector(idle && !s.tidyOrder())
}

// idle reports whether hardly anything was done since cron was last here.
func (s *Server) idle() bool {
	s.lock.lock()
	defer s.lock.unlock()
	return s.stats.rates.commands.last()*float64(time.Second) < idleRate && !s.loading.active()
}

// tidyOrder applies what the index of the keys' order has gathered, and reports whether there is more. A busy server does
// so with the writes that come in, a few changes at a time; an idle one makes SCAN and KEYS with a prefix as fast as
// they can be.
func (s *Server) tidyOrder() (more bool) {
	for began := s.mono(); s.mono()-began < tidyBudget; {
		if !s.tidyStep() {
			return false
		}
	}
	return true
}

// tidyStep works under one hold of the lock, and reports whether there is more to do.
func (s *Server) tidyStep() (more bool) {
	s.lock.lock()
	defer s.lock.unlock()
	return s.store.TidyOrder(tidyBatch)
}
