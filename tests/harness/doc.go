// Package harness runs servers for the end-to-end tests: treedis, and the real redis-server and redis-sentinel it is
// measured against.
//
// It guarantees that every process it started is gone, and every goroutine it owns has returned, when the test that asked
// for it ends; that a server is only handed out once it accepts connections; that nothing is awaited by the clock but always
// by a condition, with a bound; and that no port is fixed, so any number of tests run side by side.
//
// It does not guarantee that a port stays free between the probe and the server's own bind: Start tries again on another.
//
// Functions that take a T end the test when they fail and so must be called from the test's own goroutine; those that
// return an error may be called from any.
package harness

// T is what the harness asks of its caller. Every testing.TB has it, and so has a Program.
type T interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	FailNow()
	Skipf(format string, args ...any)
	Failed() bool
	TempDir() string
	Cleanup(func())
}
