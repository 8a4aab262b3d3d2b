package server

import (
	"fmt"

	"treedis/server/config"
	"treedis/store"
	"treedis/store/stream"
)

// limits returns the encoding thresholds by the configuration.
func (s *Server) limits() store.Limits {
	return store.Limits{
		HashEntries:      int(config.HashMaxListpackEntries.Get(s.cfg)),
		HashValue:        int(config.HashMaxListpackValue.Get(s.cfg)),
		SetIntsetEntries: int(config.SetMaxIntsetEntries.Get(s.cfg)),
		SetEntries:       int(config.SetMaxListpackEntries.Get(s.cfg)),
		SetValue:         int(config.SetMaxListpackValue.Get(s.cfg)),
		ZSetEntries:      int(config.ZsetMaxListpackEntries.Get(s.cfg)),
		ZSetValue:        int(config.ZsetMaxListpackValue.Get(s.cfg)),
		ListSize:         int(config.ListMaxListpackSize.Get(s.cfg)),
		Stream: stream.Limits{
			Bytes:   int(config.StreamNodeMaxBytes.Get(s.cfg)),
			Entries: int(config.StreamNodeMaxEntries.Get(s.cfg)),
		},
	}
}

// applyConfig puts the configuration into effect, and sees to it that what CONFIG SET changes is too.
// CONFIG SET runs under the exclusive lock.
func (s *Server) applyConfig() error {
	for _, line := range s.cfg.Renames() {
		if err := s.table.Rename(line.Args[0], line.Args[1]); err != nil {
			return line.Fail(fmt.Errorf("rename-command: %w", err))
		}
	}
	for _, a := range []struct {
		apply func() error
		of    []config.Directive
	}{
		{s.applyLog, []config.Directive{config.LogLevel, config.LogFile}},
		{s.applyAccessClock, []config.Directive{config.MaxMemoryPolicy, config.LFULogFactor, config.LFUDecayTime}},
		{s.applyLimits, []config.Directive{
			config.HashMaxListpackEntries, config.HashMaxListpackValue, config.SetMaxIntsetEntries, config.SetMaxListpackEntries,
			config.SetMaxListpackValue, config.ZsetMaxListpackEntries, config.ZsetMaxListpackValue, config.ListMaxListpackSize,
			config.StreamNodeMaxBytes, config.StreamNodeMaxEntries,
		}},
		{s.applyMaxMemory, []config.Directive{config.MaxMemory, config.MaxMemoryPolicy}},
		{s.applyClientMemory, []config.Directive{config.MaxMemory, config.MaxMemoryClients}},
		{s.applySlowness, []config.Directive{config.SlowlogLogSlowerThan, config.SlowlogMaxLen, config.LatencyMonitorThreshold}},
		{s.applyRequirePass, []config.Directive{config.RequirePass}},
		{s.applyMaxLag, []config.Directive{config.ReplicaMaxLag}},
		{s.applySync, []config.Directive{config.SyncReplicas, config.SyncTimeout}},
		{s.applyBacklog, []config.Directive{config.ReplBacklogSize}},
		{s.applyOOMScore, []config.Directive{config.OOMScoreAdj, config.OOMScoreAdjValues}},
		{s.applyWatchdog, []config.Directive{config.WatchdogPeriod}},
		{s.applyTitle, []config.Directive{config.ProcTitleTemplate, config.Port, config.TLSPort, config.Bind}},
		{s.applyTLS, tlsDirectives}, // before the ports, which need it
		{s.applyPort, []config.Directive{config.Port, config.TLSPort}},
		{s.applyBind, []config.Directive{config.Bind}},
		{s.applyAppendOnly, []config.Directive{config.AppendOnly}},
		{s.applyAutoGC, []config.Directive{config.AOFDisableAutoGC}},
		{s.applyKeepAlive, []config.Directive{config.TCPKeepalive}},
	} {
		if err := a.apply(); err != nil {
			return err
		}
		s.cfg.OnChange(a.apply, a.of...)
	}
	return s.loadUsers()
}

// applyAccessClock tells the access clock which policy it serves.
func (s *Server) applyAccessClock() error {
	s.clock.SetPolicy(config.MaxMemoryPolicy.Get(s.cfg), config.LFULogFactor.Get(s.cfg), config.LFUDecayTime.Get(s.cfg))
	s.eviction.pool.Clear()
	return nil
}

func (s *Server) applyLimits() error {
	l := s.limits()
	l.ListPlain = s.store.Limits().ListPlain // DEBUG QUICKLIST-PACKED-THRESHOLD has set it, if anything has
	s.store.SetLimits(l)
	return nil
}

func (s *Server) applyBacklog() error {
	s.log.SetBacklogSize(config.ReplBacklogSize.Get(s.cfg))
	return nil
}

func (s *Server) applyKeepAlive() error {
	if s.net != nil {
		s.net.SetKeepAlive(s.keepAlive())
	}
	return nil
}
