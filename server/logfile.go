package server

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"treedis/server/config"
)

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
