package aof

import (
	"os"

	"golang.org/x/sys/unix"
)

// Sync spares the disk the file's times, as Redis does.
func (f osFile) Sync() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err == unix.EINTR {
			continue
		}
		return os.NewSyscallError("fdatasync", err)
	}
}
