package server

import (
	"treedis/server/config"
	"treedis/store"
)

// lazyFreeEffort is from how many allocations on a value is said to have been freed in the background, as in Redis. The
// collector frees all memory that way; what is counted is what was asked for.
const lazyFreeEffort = 64

// freeEffort returns how many allocations of its own a value consists of, about.
func freeEffort(e *store.Entry) int {
	switch e.Encoding() {
	case store.EncQuicklist:
		return e.List().Nodes()
	case store.EncHashtable:
		if e.Type() == store.Set {
			return e.Set().Len()
		}
		return e.Hash().Len()
	case store.EncSkiplist:
		return e.ZSet().Len()
	case store.EncStream:
		return e.LiveStream().Nodes()
	}
	return 1
}

// freedLazily counts a value that is deleted and is to be freed in the background.
func (s *Server) freedLazily(e *store.Entry) {
	if e != nil && freeEffort(e) > lazyFreeEffort {
		s.stats.lazyFreed++
	}
}

// flushesLazily reports whether FLUSHALL and FLUSHDB are to free the data in the background.
func (c *Call) flushesLazily() bool {
	if len(c.args) == 2 {
		return c.is(1, "async")
	}
	return config.LazyfreeLazyUserFlush.Get(c.srv.cfg)
}
