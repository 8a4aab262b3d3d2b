package server

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// yieldProcessor lets others run who wait for it, goroutines and threads.
func yieldProcessor() {
	runtime.Gosched()
	_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
}
