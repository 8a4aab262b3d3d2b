package netio

import "sync"

// hurry counts who wants the loops to be scheduled promptly.
type hurry struct {
	mu sync.Mutex // held while loops are told, so that they hear it in order
	n  int
}

// Hurry has the loops run as soon as there is something for them to do, until end is called: while work in the background keeps all
// processors busy, a loop would wait for the scheduler's next tick, up to 4 ms. It costs throughput, as clients get less done
// between a loop's rounds.
func (s *Server) Hurry() (end func()) {
	s.hurry.add(s.loops, 1)
	return sync.OnceFunc(func() { s.hurry.add(s.loops, -1) })
}

func (h *hurry) add(loops []*Loop, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.n > 0
	h.n += n
	after := h.n > 0
	if before == after {
		return
	}
	for _, l := range loops {
		l.Post(func() { l.thread.hurry(after) })
	}
}
