package harness

import "strings"

// ReplicaOf makes a server the replica of whatever listens on a loopback port: a server or a proxy. One that is loading another
// master's snapshot refuses that until it has it.
func (s *Server) ReplicaOf(t T, port string) {
	t.Helper()
	c := s.Dial(t)
	defer c.Close()
	Eventually(t, func() bool {
		r := c.Must(t, "REPLICAOF", "127.0.0.1", port)
		if r.IsError() && !strings.HasPrefix(r.Text, "LOADING") {
			t.Fatalf("REPLICAOF: %s", r.Text)
		}
		return !r.IsError()
	}, Patience, "REPLICAOF is accepted")
}

// Promote makes a replica a master.
func (s *Server) Promote(t T) {
	t.Helper()
	s.Once(t, "REPLICAOF", "NO", "ONE")
}

// LinkUp reports whether the server is a replica whose link to its master is up.
func (s *Server) LinkUp(t T) bool {
	t.Helper()
	return s.Info(t)["master_link_status"] == "up"
}

// WaitLinkUp waits until the replica's link is up.
func (s *Server) WaitLinkUp(t T) {
	t.Helper()
	Eventually(t, func() bool { return s.LinkUp(t) }, Patience, "the %v replica's link is up", s.Kind)
}

// WaitLinkDown waits until the replica has noticed that its link is gone.
func (s *Server) WaitLinkDown(t T) {
	t.Helper()
	Eventually(t, func() bool { return s.Info(t)["master_link_status"] == "down" }, Patience,
		"the %v replica's link is down", s.Kind)
}

// WaitCaughtUp waits until the replica's link is up and it has applied all that the master, which must be quiet, has logged.
// A master that pings logs that too, so each look reads the master's offset before the replica's, which has to reach or pass it.
func (s *Server) WaitCaughtUp(t T, master *Server) {
	t.Helper()
	var want, got Info
	if !poll(func() bool { want, got = master.Info(t), s.Info(t); return caughtUp(got, want) }, Patience) {
		t.Fatalf("the %v replica did not catch up: link %s, replid %s offset %s; the %v master: replid %s offset %s",
			s.Kind, got["master_link_status"], got["master_replid"], got["slave_repl_offset"],
			master.Kind, want["master_replid"], want["master_repl_offset"])
	}
}

func caughtUp(replica, master Info) bool {
	return replica["master_link_status"] == "up" &&
		replica["master_replid"] == master["master_replid"] &&
		replica.Int("slave_repl_offset") >= master.Int("master_repl_offset")
}

// SyncCounts are a master's counters of synchronisations.
type SyncCounts struct{ Full, PartialOK, PartialErr int64 }

// SyncCounts reads the counters.
func (s *Server) SyncCounts(t T) SyncCounts {
	t.Helper()
	i := s.Info(t)
	return SyncCounts{Full: i.Int("sync_full"), PartialOK: i.Int("sync_partial_ok"), PartialErr: i.Int("sync_partial_err")}
}
