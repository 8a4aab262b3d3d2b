package server

import (
	"os"

	"golang.org/x/sys/unix"
)

// writeOut begins to write the bytes from flushed to end to the disk, and waits until those from begun to flushed are there: no
// more than two such pieces are ever under way.
func writeOut(f *os.File, begun, flushed, end int64) error {
	fd := int(f.Fd())
	if err := unix.SyncFileRange(fd, flushed, end-flushed, unix.SYNC_FILE_RANGE_WRITE); err != nil {
		return os.NewSyscallError("sync_file_range", err)
	}
	if begun == flushed {
		return nil
	}
	const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	return os.NewSyscallError("sync_file_range", unix.SyncFileRange(fd, begun, flushed-begun, wait))
}
