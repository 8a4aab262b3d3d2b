package process

import (
	"errors"
	"os"
	"syscall"
)

// ErrNoJob is why upstart can't be told anything.
var ErrNoJob = errors.New("UPSTART_JOB not found")

// SignalUpstart stops the process, by which upstart sees that it is ready; it then lets it go on.
func SignalUpstart() error {
	if os.Getenv(upstartJob) == "" {
		return ErrNoJob
	}
	if err := os.Unsetenv(upstartJob); err != nil {
		return err
	}
	return syscall.Kill(os.Getpid(), syscall.SIGSTOP)
}
