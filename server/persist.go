package server

// persistence is the state of snapshots on disk.
type persistence struct {
}

func (p *persistence) refusesWrites() bool { return false }

type loadingState struct{}

func (l *loadingState) active() bool { return false }

type pauseState struct{}

func (s *Server) pausedExpire() bool { return false }

func (s *Server) loadAtStart() error { return nil }
func (s *Server) persistCron()       {}
