package harness

import "syscall"

// dieWithParent makes the kernel end a child when the test process is killed, as go test does after its timeout: cleanups do
// not run then.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// RaiseFileLimit raises this process's limit of open files, and so that of the servers it starts, as far as it may, and
// returns the limit.
func RaiseFileLimit(t T) uint64 {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatalf("limit of open files: %v", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatalf("limit of open files: %v", err)
	}
	return limit.Cur
}
