package harness

import (
	"fmt"
	"time"
)

// pollEvery is how often Eventually looks: often enough that a wait costs little more than what it waits for, and rare enough
// that a poll over a connection (30 us) takes no CPU from the servers.
const pollEvery = 10 * time.Millisecond

// Patience is the bound for waits that take milliseconds when all is well: long enough for a loaded two-core machine.
const Patience = 20 * time.Second

// Eventually looks until cond holds, and fails the test when it has not within the timeout.
func Eventually(t T, cond func() bool, timeout time.Duration, format string, args ...any) {
	t.Helper()
	if !poll(cond, timeout) {
		t.Fatalf("after %v still not: %s", timeout, fmt.Sprintf(format, args...))
	}
}

// poll reports whether cond held before the timeout. A last look is taken after the deadline, so that a test process that
// was itself kept waiting does not blame the server.
func poll(cond func() bool, timeout time.Duration) bool {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return cond()
		}
	}
	return true
}
