package process

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// daemonVariable tells a process that it is to be the daemon, and by which descriptor to say that it has started.
const daemonVariable = "TREEDIS_DAEMON_FD"

// startedMark is what Started writes; errors, which go the same way, are text.
const startedMark = 0

// ErrNotStarted says that the process in the background ended before it had started. It has told why in its log.
var ErrNotStarted = errors.New("the server in the background did not start: see its log")

// IsDaemon reports whether the process is the one in the background.
func IsDaemon() bool { return os.Getenv(daemonVariable) != "" }

// Daemonize runs the program once more, with the same arguments, in the background: in a session of its own, without a terminal. input is
// what it will read from its standard input, errors is where its own go until it has called Started. Daemonize returns then, or when that
// process has ended.
func Daemonize(input []byte, errors io.Writer) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	started, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer started.Close()
	in, feed, err := os.Pipe()
	if err != nil {
		tell.Close()
		return err
	}
	const fd = 3 // the first of ExtraFiles
	cmd := exec.Command(exe, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin = in
	cmd.Stderr, cmd.ExtraFiles = tell, []*os.File{tell}
	cmd.Env = append(os.Environ(), daemonVariable+"="+strconv.Itoa(fd))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	in.Close()
	tell.Close()
	if err != nil {
		feed.Close()
		return fmt.Errorf("daemonize: %w", err)
	}
	_, _ = feed.Write(input) // if it can't be read, then the process has ended, which shows below
	feed.Close()
	told, err := bufio.NewReader(started).ReadString(startedMark)
	_, _ = io.WriteString(errors, strings.TrimSuffix(told, string(rune(startedMark))))
	if err != nil {
		return ErrNotStarted
	}
	return nil
}

// Started tells the process that has called Daemonize, if there is one, that all went well: that one ends.
func Started() {
	fd, err := strconv.Atoi(os.Getenv(daemonVariable))
	if err != nil {
		return
	}
	_ = os.Unsetenv(daemonVariable)
	tell := os.NewFile(uintptr(fd), "daemon")
	_, _ = tell.Write([]byte{startedMark})
	tell.Close()
}
