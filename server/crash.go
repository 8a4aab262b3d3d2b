package server

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"treedis/server/config"
)

const (
	// crashStacks is how many bytes of stacks a crash report shows at most.
	crashStacks = 1 << 20
	// crashPatience is how long a crash report waits for the lock of the data, which may be held for ever.
	crashPatience = time.Second
)

// ReportCrash writes to the log that the process is about to end because of a signal that tells of a fault, with all that
// somebody needs who looks for the cause.
func (s *Server) ReportCrash(sig os.Signal) { s.reportCrash(nil, signalText(sig)) }

func signalText(sig os.Signal) string {
	number := 0
	if n, ok := sig.(syscall.Signal); ok {
		number = int(n)
	}
	return "crashed by signal: " + strconv.Itoa(number) + " (" + sig.String() + ")"
}

// reportPanic, deferred, writes a report of a panic to the log. It ends a process that has no other work, unless the environment
// asks the runtime for a core file; else the panic goes on.
func (s *Server) reportPanic(c *Client) {
	reason := recover()
	if reason == nil {
		return
	}
	var text string
	switch reason := reason.(type) {
	case assertion:
		text = "=== ASSERTION FAILED ===\n==> " + string(reason)
	case runtime.Error:
		text = "crashed by a panic: " + reason.Error()
		if strings.Contains(reason.Error(), "invalid memory address") {
			text = signalText(syscall.SIGSEGV) // which is what the runtime has made a panic of
		}
	case string:
		text = "crashed by a panic: " + reason
	case error:
		text = "crashed by a panic: " + reason.Error()
	default:
		text = "crashed by a panic of an unknown kind"
	}
	if s.reportCrash(c, text) && s.opts.OwnsProcess && os.Getenv("GOTRACEBACK") != "crash" {
		const failed = 2 // the runtime's own status after a panic
		os.Exit(failed)
	}
	panic(reason)
}

// assertion is the panic of something that can't be.
type assertion string

// reportCrash writes a report, and returns false if there is to be none. c is the client whose command failed, nil if that is not
// known. What clients have stored or sent is not in it.
func (s *Server) reportCrash(c *Client, reason string) bool {
	if !config.CrashLogEnabled.Get(s.cfg) {
		return false
	}
	stacks := make([]byte, crashStacks)
	stacks = stacks[:runtime.Stack(stacks, true)]
	revision, dirty := buildRevision()
	changes := ""
	if dirty {
		changes = " with changes"
	}
	write := s.logger.warningf
	write("=== TREEDIS BUG REPORT START: send all from here to its end, with what you know of how it came about, to the maintainers ===")
	write("treedis %s, revision %s%s, %s, %s/%s", Version, revision, changes, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	write("%s", reason)
	write("------ STACK TRACE ------\n%s", stacks)
	write("------ CONFIGURATION ------\n%s", strings.Join(s.cfg.Changed(), "\n"))
	if c != nil {
		write("------ CURRENT CLIENT ------\n%s", currentCommand(c))
	}
	write("------ INFO OUTPUT ------\n%s", s.crashInfo(c))
	write("=== TREEDIS BUG REPORT END. Its log before the report may tell more. ===")
	return true
}

// currentCommand describes a client and its command by everything but what was in it.
func currentCommand(c *Client) string {
	var b strings.Builder
	b.WriteString(c.String())
	if c.lastRow != nil {
		b.WriteString(" cmd=" + c.lastRow.Name)
	}
	b.WriteString(" db=" + strconv.Itoa(c.db.Index()) + " resp=" + strconv.Itoa(c.out.Protocol()) + " argument bytes:")
	for i, a := range c.call.args {
		if i == 100 {
			b.WriteString(" ...")
			break
		}
		b.WriteString(" " + strconv.Itoa(len(a)))
	}
	return b.String()
}

// crashInfo returns INFO's text, or why it can't be had.
func (s *Server) crashInfo(c *Client) string {
	text := make(chan string, 1)
	get := func() {
		defer func() {
			if recover() != nil {
				text <- "not available: INFO fails too"
			}
		}()
		text <- s.info([][]byte{[]byte("everything")})
	}
	if c != nil && c.lock.mode == exclusive {
		get()
		return <-text
	}
	if c != nil {
		c.lock.release()
	}
	go func() {
		s.lock.borrow()
		defer s.lock.unlock()
		get()
	}()
	select {
	case t := <-text:
		return t
	case <-time.After(crashPatience):
		return "not available: the data is in use"
	}
}
