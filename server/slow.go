package server

import (
	"math"
	"sync/atomic"
	"time"

	"treedis/repl/aof"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/latency"
	"treedis/server/slowlog"
)

// slowness is what the server remembers of what took long: commands, and events of all kinds.
type slowness struct {
	log    slowlog.Log
	events latency.Monitor
	// from is how long a command takes, in ns, that the slow log or the monitor of events wants to know of: one
	// comparison tells those apart that neither does.
	from atomic.Int64
}

// applySlowness sets what counts as slow by the configuration.
func (s *Server) applySlowness() error {
	from := int64(math.MaxInt64)
	if d := config.SlowlogLogSlowerThan.Duration(s.cfg); d >= 0 {
		from = int64(d)
	}
	if d := config.LatencyMonitorThreshold.Duration(s.cfg); d > 0 {
		from = min(from, int64(d))
	}
	s.slow.from.Store(from)
	s.slow.log.SetLimit(int(config.SlowlogMaxLen.Get(s.cfg)))
	return nil
}

// tookLong takes note of a command that took as long as slowness.from says.
func (s *Server) tookLong(call *Call, took time.Duration) {
	if s.loading.active() && call.c.isMaster {
		return // from the append-only file: it was slow then, if at all
	}
	event := latency.Command
	if call.row.Flags.Has(command.Fast) {
		event = latency.FastCommand
	}
	s.noteLatency(event, took)
	if call.c.blocked == nil { // otherwise it is not over
		s.logSlow(call.c, call.row, call.args, call.redacted, took)
	}
}

// logSlow enters a command that is over in the slow log, if it took long enough.
func (s *Server) logSlow(c *Client, r *row, args [][]byte, redacted []int, took time.Duration) {
	from := config.SlowlogLogSlowerThan.Duration(s.cfg)
	if from < 0 || took < from || r.Flags.Has(command.SkipSlowlog) {
		return
	}
	addr := c.addr
	if c.isMaster && !c.isScript {
		addr = s.role.link.Status().RemoteAddr
	}
	s.slow.log.Add(slowlog.Entry{
		Time: s.opts.Now().Unix(), Micros: took.Microseconds(), Addr: addr, Name: c.name,
		Args: slowlog.Shorten(args, redacted, redactedWord),
	})
}

// noteLatency takes note of an event if it took as long as latency-monitor-threshold says.
func (s *Server) noteLatency(event string, took time.Duration) {
	if from := config.LatencyMonitorThreshold.Duration(s.cfg); from > 0 && took >= from {
		s.slow.events.Add(event, s.opts.Now().Unix(), took.Milliseconds())
	}
}

// timedFile is a file of the log that the monitor of events watches.
type timedFile struct {
	aof.File
	srv *Server
}

// Write tells apart what else the disk was busy with.
func (f timedFile) Write(p []byte) (int, error) {
	s := f.srv
	began := s.mono()
	n, err := f.File.Write(p)
	took, cause := s.mono()-began, latency.AOFAlone
	if took < config.LatencyMonitorThreshold.Duration(s.cfg) {
		return n, err
	}
	if w := s.aof.writer.Load(); w != nil && w.Syncing() {
		cause = latency.AOFPending
	} else if s.savesInBackground.Load() > 0 {
		cause = latency.AOFSaving
	}
	s.noteLatency(latency.AOFWrite, took)
	s.noteLatency(cause, took)
	return n, err
}

// Sync holds up replies under appendfsync always only.
func (f timedFile) Sync() error {
	began := f.srv.mono()
	err := f.File.Sync()
	if f.srv.aofPolicy() == aof.SyncAlways {
		f.srv.noteLatency(latency.AOFSync, f.srv.mono()-began)
	}
	return err
}
