package harness

// RewriteAOF rewrites the server's append-only file and returns once that is done: the rewrite may have to wait for another.
func (s *Server) RewriteAOF(t T) {
	t.Helper()
	before := s.Info(t).Int("aof_rewrites")
	s.Once(t, "BGREWRITEAOF")
	Eventually(t, func() bool {
		i := s.Info(t)
		return i.Int("aof_rewrites") > before && i.Int("aof_rewrite_in_progress") == 0 && i.Int("aof_rewrite_scheduled") == 0
	}, Patience, "the append-only file of %v is rewritten", s.Kind)
}
