package netio

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// promptSlice is the time slice of a loop in a hurry. The scheduler lets a thread that wakes up replace one with a longer slice, and
// by default all have the same, a millisecond or more.
const promptSlice = 200 * time.Microsecond

// thread is the system's thread that a loop is bound to while it is in a hurry.
type thread struct {
	bound bool
	slice uint64 // nanoseconds that it had before
}

// hurry is called on the loop. Kernels before 6.12 don't know slices: nothing happens there.
func (t *thread) hurry(on bool) {
	if on == t.bound {
		return
	}
	if on {
		runtime.LockOSThread()
	}
	attr, err := unix.SchedGetAttr(0, 0)
	if err == nil && attr.Policy == unix.SCHED_NORMAL && attr.Runtime != 0 {
		if on {
			t.slice, attr.Runtime = attr.Runtime, uint64(promptSlice)
		} else {
			attr.Runtime = t.slice
		}
		_ = unix.SchedSetAttr(0, attr, 0) // without it the loop is slower, no more
	}
	if !on {
		runtime.UnlockOSThread()
	}
	t.bound = on
}

// moved is called on another goroutine than that which was in a hurry, and whose thread ends with it.
func (t *thread) moved() {
	if t.bound {
		t.bound = false
		t.hurry(true)
	}
}
