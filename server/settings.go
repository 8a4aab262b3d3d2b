package server

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

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

// applyLog opens the log file, if one is set, and sets the level. The file is opened anew for each line
// by Redis, so that it may be rotated away; here it is reopened when it no longer has its name.
func (s *Server) applyLog() error {
	s.logger.setLevel(config.LogLevel.Get(s.cfg))
	s.logger.setSystemLog(s.newSystemLog())
	path := config.LogFile.Get(s.cfg)
	var w io.Writer = s.opts.Log
	if path != "" {
		f, err := openLog(s.cfg.Path(path), s.opts.OwnsProcess)
		if err != nil {
			return fmt.Errorf("can't open the log file: %w", err)
		}
		w = f
	}
	s.logger.setOutput(w)
	return nil
}

// applyAccessClock tells the access clock which policy it serves.
func (s *Server) applyAccessClock() error {
	s.clock.lfu.Store(config.MaxMemoryPolicy.Get(s.cfg)&config.PolicyLFU != 0)
	s.eviction.pool.clear() // what another policy thinks of a key means nothing to this one
	s.clock.logFactor.Store(config.LFULogFactor.Get(s.cfg))
	s.clock.decayTime.Store(config.LFUDecayTime.Get(s.cfg))
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

// logFile is a log file that may be moved away: it is opened anew when its name leads elsewhere, which
// is looked at once a second.
type logFile struct {
	path    string
	f       *os.File
	checked time.Time
	crashes bool // the runtime's reports of crashes go there too
}

func openLog(path string, crashes bool) (*logFile, error) {
	l := &logFile{path: path, crashes: crashes}
	return l, l.reopen()
}

func (l *logFile) reopen() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if l.f != nil {
		l.f.Close()
	}
	l.f, l.checked = f, time.Now()
	if l.crashes {
		_ = debug.SetCrashOutput(f, debug.CrashOptions{}) // otherwise they go to standard error alone
	}
	return nil
}

// Write appends a line. The logger serializes calls.
func (l *logFile) Write(p []byte) (int, error) {
	if time.Since(l.checked) > time.Second {
		l.checked = time.Now()
		mine, err1 := l.f.Stat()
		named, err2 := os.Stat(l.path)
		if err1 != nil || err2 != nil || !os.SameFile(mine, named) {
			if err := l.reopen(); err != nil {
				return 0, err
			}
		}
	}
	return l.f.Write(p)
}
