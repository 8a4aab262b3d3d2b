package server

import (
	"os"
	"runtime"
	"strings"
	"syscall"

	"treedis/server/config"
)

// crashStacks is how many bytes of stacks a crash report shows at most.
const crashStacks = 1 << 20

// ReportCrash writes to the log that the process is about to end because of a signal that tells of a fault, and what its
// goroutines are doing. It takes no lock of the data, which may be held for ever.
func (s *Server) ReportCrash(sig os.Signal) {
	number := 0
	if n, ok := sig.(syscall.Signal); ok {
		number = int(n)
	}
	s.reportCrash("crashed by signal: %d (%v)", number, sig)
}

// reportPanic, deferred, writes a report of a panic to the log; the panic goes on, and ends the process.
func (s *Server) reportPanic() {
	reason := recover()
	if reason == nil {
		return
	}
	if fault, ok := reason.(runtime.Error); ok && strings.Contains(fault.Error(), "invalid memory address") {
		s.ReportCrash(syscall.SIGSEGV) // which is what the runtime has made a panic of
	} else {
		s.reportCrash("crashed by a panic: %v", reason)
	}
	panic(reason)
}

func (s *Server) reportCrash(format string, args ...any) {
	if !config.CrashLogEnabled.Get(s.cfg) {
		return
	}
	stacks := make([]byte, crashStacks)
	stacks = stacks[:runtime.Stack(stacks, true)]
	s.logger.warningf("=== CRASH REPORT of treedis %s (%s, %s) ===", Version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	s.logger.warningf(format, args...)
	s.logger.warningf("------ STACK TRACE ------\n%s", stacks)
	s.logger.warningf("=== END OF THE CRASH REPORT ===")
}
