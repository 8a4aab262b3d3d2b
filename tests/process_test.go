package tests

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// treedisBinary is the program under test.
func treedisBinary(t *testing.T) string {
	t.Helper()
	bin, err := harness.Binary(harness.Treedis)
	require.NoError(t, err)
	return bin
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--version", "-v"} {
		out, status := harness.Run(t, cliTime, "", treedisBinary(t), flag)
		require.Zero(t, status)
		require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 1)
		require.Regexp(t, `v=\d+\.\d+|\d+\.\d+\.\d+`, out)
	}
}

// TestBadConfig: a wrong directive, value or argument ends the start with status 1 and says why.
func TestBadConfig(t *testing.T) {
	t.Parallel()
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "bad.conf")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown directive":     {[]string{file("nosuchdirective yes\n")}, "nosuchdirective"},
		"wrong value":           {[]string{file("appendonly maybe\n")}, "appendonly"},
		"wrong argument":        {[]string{"--port", "abc"}, "port"},
		"unknown argument":      {[]string{"--nosuchdirective", "1"}, "nosuchdirective"},
		"no such file":          {[]string{"/nonexistent/treedis.conf"}, "/nonexistent/treedis.conf"},
		"directory not there":   {[]string{"--port", "0", "--dir", "/nonexistent"}, "/nonexistent"},
		"unbalanced quotes":     {[]string{file("requirepass \"abc\n")}, "requirepass"},
		"no value":              {[]string{file("port\n")}, "port"},
		"standard input, wrong": {[]string{"-"}, "nosuchdirective"},
	} {
		out, status := harness.Run(t, cliTime, "nosuchdirective 1\n", treedisBinary(t), test.args...)
		require.Equal(t, 1, status, "%s: %s", name, out)
		require.Contains(t, out, test.says, name)
		require.NotContains(t, out, "goroutine", name)
	}
}

// TestPortTaken: a server that cannot listen says so and ends.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	out, status := harness.Run(t, cliTime, "", treedisBinary(t), "--port", port, "--bind", "127.0.0.1")
	require.Equal(t, 1, status, out)
	require.Contains(t, out, "Failed listening on port "+port)
}

// TestConfigSources: a file, standard input and arguments are read in this order, the last one winning.
func TestConfigSources(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis, harness.Config("maxmemory 1mb\nmaxclients 123\n# a comment\n\ntimeout 7\n"),
		harness.Args("--timeout", "9", "--save", "100 1", "-"), harness.Stdin("maxclients 124\n"))
	for name, want := range map[string]string{"maxmemory": "1048576", "maxclients": "124", "timeout": "9", "save": "100 1"} {
		require.Equal(t, want, s.Once(t, "CONFIG", "GET", name).Elems[1].Text, name)
	}
}

// TestManyIdleConnections: ten thousand connections are held and none is forgotten. Test and server each need a descriptor
// for every one, so fewer are made where the limit is lower.
func TestManyIdleConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: ten thousand connections")
	}
	limit := harness.RaiseFileLimit(t)
	n := min(10_000, int(limit)-1000)
	if n < 10_000 {
		t.Logf("the limit of open files, %d, leaves room for %d connections only", limit, n)
	}
	s := harness.Start(t, harness.Treedis, harness.Args("--maxclients", "10100", "--tcp-backlog", "511"))
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range n {
		c, err := net.Dial("tcp", s.Addr())
		require.NoError(t, err)
		conns = append(conns, c)
	}
	busy := s.Dial(t)
	harness.Eventually(t, func() bool { return s.Info(t).Int("connected_clients") >= int64(n) }, harness.Patience, "all are counted")
	busy.OK(t, "SET", "k", "v")
	for i := 0; i < n; i += 97 {
		_, err := conns[i].Write([]byte("PING\r\n"))
		require.NoError(t, err)
	}
	reply := make([]byte, len("+PONG\r\n"))
	for i := 0; i < n; i += 97 {
		_, err := conns[i].Read(reply)
		require.NoError(t, err)
		require.Equal(t, "+PONG\r\n", string(reply))
	}
}

// TestCrashReport: a fault is told of in the log, and ends the process all the same.
func TestCrashReport(t *testing.T) {
	t.Parallel()
	debug := func(how string) func(*harness.Server) {
		return func(s *harness.Server) {
			c, err := net.Dial("tcp", s.Addr())
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Write([]byte("DEBUG " + how + "\r\n"))
			require.NoError(t, err)
			_, _ = c.Read(make([]byte, 1)) // until the connection breaks
		}
	}
	for _, test := range []struct {
		says  string
		crash func(*harness.Server)
	}{
		{"crashed by signal: 6 (aborted)", func(s *harness.Server) { require.NoError(t, syscall.Kill(s.Pid(), syscall.SIGABRT)) }},
		{"crashed by signal: 11 (segmentation fault)", debug("SEGFAULT")},
		{"crashed by a panic: DEBUG PANIC", debug("PANIC")},
		{"ASSERTION FAILED", debug("ASSERT")},
	} {
		s := harness.Start(t, harness.Treedis, harness.Args("--enable-debug-command", "yes", "--save", "", "--masterauth", "secret"))
		test.crash(s)
		for _, text := range []string{test.says, "STACK TRACE", "masterauth (redacted)", "# Keyspace", "BUG REPORT END"} {
			s.WaitLog(t, text)
		}
		harness.Eventually(t, s.Exited, cliTime, "%s: the process has ended", test.says)
	}
}
