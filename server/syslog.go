package server

import (
	"log/syslog"
	"time"

	"treedis/server/config"
)

// syslogRetry is how long after a failure the system's logger is tried again.
const syslogRetry = time.Second

// systemLog sends lines to the system's logger as well. One that can't be reached is tried again with later lines.
type systemLog struct {
	facility syslog.Priority
	ident    string
	w        *syslog.Writer
	failed   time.Time
}

// newSystemLog returns nil if syslog-enabled is no.
func (s *Server) newSystemLog() *systemLog {
	if !config.SyslogEnabled.Get(s.cfg) {
		return nil
	}
	const facilityShift = 3 // of priorities, whose lower bits are the severity
	return &systemLog{
		facility: syslog.Priority(config.SyslogFacility.Get(s.cfg)) << facilityShift,
		ident:    config.SyslogIdent.Get(s.cfg),
	}
}

// write sends a line. The logger serializes calls.
func (l *systemLog) write(level config.Level, text string) {
	if l.w == nil {
		if time.Since(l.failed) < syslogRetry {
			return
		}
		w, err := syslog.New(l.facility|syslog.LOG_NOTICE, l.ident)
		if err != nil {
			l.failed = time.Now()
			return
		}
		l.w = w
	}
	send := l.w.Warning
	switch level {
	case config.LogDebug:
		send = l.w.Debug
	case config.LogVerbose:
		send = l.w.Info
	case config.LogNotice:
		send = l.w.Notice
	}
	_ = send(text) // it has tried to connect anew by itself
}
