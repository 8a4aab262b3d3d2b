package tests

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// TestDaemonize: the command returns once the server listens, and tells of what keeps it from doing so.
func TestDaemonize(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "treedis") // a short path: those of sockets are limited
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, pidFile, log := filepath.Join(dir, "s"), filepath.Join(dir, "pid"), filepath.Join(dir, "log")
	args := []string{"-", "--daemonize", "yes", "--unixsocket", socket, "--pidfile", pidFile, "--logfile", log, "--dir", dir}
	out, status := harness.Run(t, cliTime, "port 0\nsave \"\"\n", treedisBinary(t), args...)
	require.Zero(t, status, out)
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() { // otherwise it has ended
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	require.NoError(t, err)
	require.Contains(t, string(title), "unixsocket:"+socket, "the process's title")

	out, status = harness.Run(t, cliTime, "port 0\n", treedisBinary(t), "-", "--daemonize", "yes", "--unixsocket", filepath.Join(dir, "none", "s"), "--dir", dir)
	require.Equal(t, 1, status)
	require.Contains(t, out, "did not start")
	require.Contains(t, out, filepath.Join(dir, "none"), "the reason")

	c, err := net.Dial("unix", socket)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("SHUTDOWN\r\n"))
	require.NoError(t, err)
	harness.Eventually(t, func() bool { _, err := os.Stat(pidFile); return os.IsNotExist(err) }, cliTime, "the pid file is gone")
}

// TestSystemd: the server tells systemd when it is ready and when it stops.
func TestSystemd(t *testing.T) {
	dir, err := os.MkdirTemp("", "treedis")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	s := harness.Start(t, harness.Treedis, harness.Args("--supervised", "auto", "--daemonize", "yes", "--save", ""))
	told := func() string {
		require.NoError(t, l.SetReadDeadline(time.Now().Add(cliTime)))
		buf := make([]byte, 1000)
		n, err := l.Read(buf)
		require.NoError(t, err)
		return string(buf[:n])
	}
	require.Contains(t, told(), "STATUS=")
	require.Contains(t, told(), "READY=1")
	require.Equal(t, "systemd", s.Info(t)["process_supervised"])
	s.Stop(t)
	require.Equal(t, "STOPPING=1", told())
}
