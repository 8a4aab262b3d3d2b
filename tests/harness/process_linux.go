package harness

import "syscall"

// dieWithParent makes the kernel end a child when the test process is killed, as go test does after its timeout: cleanups do
// not run then.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
