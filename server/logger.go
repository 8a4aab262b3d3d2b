package server

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"treedis/server/config"
)

// levelMarks are the characters that stand for the levels in a line.
const levelMarks = ".-*#"

// logger writes lines as Redis does: `pid:role dd Mon yyyy hh:mm:ss.mmm mark text`.
type logger struct {
	now  func() time.Time
	role func() byte // M master, S replica
	pid  int

	mu    sync.Mutex
	w     io.Writer    // guarded by mu
	level config.Level // guarded by mu
	sys   *systemLog   // guarded by mu; nil for none
}

func newLogger(w io.Writer, now func() time.Time, role func() byte) *logger {
	return &logger{now: now, role: role, pid: os.Getpid(), w: w, level: config.LogNotice}
}

// setOutput replaces where lines go, and closes the log file that they went to.
func (l *logger) setOutput(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, ok := l.w.(*logFile); ok {
		old.f.Close()
	}
	l.w = w
}

// setSystemLog sends lines to the system's logger as well, unless it is nil.
func (l *logger) setSystemLog(sys *systemLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sys != nil && l.sys.w != nil {
		l.sys.w.Close()
	}
	l.sys = sys
}

func (l *logger) setLevel(level config.Level) {
	l.mu.Lock()
	l.level = level
	l.mu.Unlock()
}

// enabled reports whether lines of a level are written.
func (l *logger) enabled(level config.Level) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return level >= l.level
}

func (l *logger) printf(level config.Level, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if level < l.level {
		return
	}
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(l.w, "%d:%c %s %c %s\n", l.pid, l.role(), l.now().Format("02 Jan 2006 15:04:05.000"), levelMarks[level], text)
	if l.sys != nil {
		l.sys.write(level, text)
	}
}

func (l *logger) debugf(format string, args ...any)   { l.printf(config.LogDebug, format, args...) }
func (l *logger) verbosef(format string, args ...any) { l.printf(config.LogVerbose, format, args...) }
func (l *logger) noticef(format string, args ...any)  { l.printf(config.LogNotice, format, args...) }
func (l *logger) warningf(format string, args ...any) { l.printf(config.LogWarning, format, args...) }
