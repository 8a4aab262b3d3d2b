package server

import (
	"testing"
)

func TestWatchdog(t *testing.T) {
	t.Parallel()
	n := startNode(t, "watchdog-period 1", "hz 500", "enable-debug-command yes")
	w := n.dial()
	w.expect("debug sleep 0.1", "OK")
	n.logged("WATCHDOG TIMER EXPIRED")
	n.logged("debugSleep")
	n.logged("at work again")
	w.expect("config set watchdog-period 0", "OK")
	n.until(func() bool { return !n.s.watchdog.running.Load() }, "the watchdog ends")
	w.expect("config set watchdog-period 1000", "OK")
	n.until(n.s.watchdog.running.Load, "another one begins")
}
