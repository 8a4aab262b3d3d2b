package repl

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const canPush = true

// writeNow writes what a socket that does not block takes of bufs, pushVec at most, and reports whether that is all.
func writeNow(fd uintptr, bufs [][]byte) (n int, all bool) {
	var vec [pushVec]unix.Iovec
	total := 0
	for i, b := range bufs {
		vec[i].Base = unsafe.SliceData(b)
		vec[i].SetLen(len(b))
		total += len(b)
	}
	for {
		done, _, errno := unix.RawSyscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&vec)), uintptr(len(bufs)))
		switch errno {
		case 0:
			return int(done), int(done) == total
		case syscall.EINTR:
		default: // no room; or an error, which the next write meets too
			return 0, false
		}
	}
}
