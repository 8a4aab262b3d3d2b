package harness

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind is the sort of program a Server runs.
type Kind int

const (
	// Treedis is the server under test.
	Treedis Kind = iota
	// Redis is the real redis-server.
	Redis
	// Sentinel is the real redis-sentinel.
	Sentinel
)

func (k Kind) String() string {
	switch k {
	case Treedis:
		return "treedis"
	case Redis:
		return "redis"
	case Sentinel:
		return "sentinel"
	}
	return "kind" + strconv.Itoa(int(k))
}

// ready is the line after which a program takes connections.
func (k Kind) ready() string {
	if k == Sentinel {
		return "Sentinel ID is"
	}
	return "Ready to accept connections"
}

// stopGrace is how long a server may take over SIGTERM: what Redis's own suite allows.
const stopGrace = 10 * time.Second

// stopAgain is how often it is sent SIGTERM meanwhile.
const stopAgain = time.Second

// bindAttempts: between the probe of a port and the server's bind another test may take it; three losses in a row have not been seen.
const bindAttempts = 8

// Server is one running process. Its methods are for the test's goroutine but for Addr and Port, which any may call.
type Server struct {
	Kind Kind
	Dir  string // working directory, removed with the test

	binary string // instead of the kind's own, unless ""
	port   int
	tls    int      // a second port, for encrypted connections; 0 for none
	args   []string // beyond those that newArgs adds
	config string   // a configuration file's text, or ""
	stdin  string
	within time.Duration // bound for becoming ready
	log    *logBuffer
	cmd    *exec.Cmd
	exited chan struct{} // closed once cmd.Wait has returned
}

// Option shapes a server before it starts.
type Option func(*Server)

// Args adds command-line arguments, later ones winning: Args("--maxmemory", "1mb").
func Args(args ...string) Option {
	return func(s *Server) { s.args = append(s.args, args...) }
}

// Executable runs another program of the same kind.
func Executable(path string) Option { return func(s *Server) { s.binary = path } }

// Config gives the server a configuration file with this text.
func Config(text string) Option { return func(s *Server) { s.config = text } }

// TLS makes the server listen on a second port too, for encrypted connections. Args names certificates and keys.
func TLS() Option { return func(s *Server) { s.tls = -1 } }

// Stdin gives the server something to read.
func Stdin(text string) Option { return func(s *Server) { s.stdin = text } }

// Dir makes the server use an existing directory instead of a new one, as one that took over another's files.
func Dir(dir string) Option { return func(s *Server) { s.Dir = dir } }

// ReadyWithin bounds how long the server may take to accept connections, Patience by default: one that loads gigabytes takes longer.
func ReadyWithin(d time.Duration) Option { return func(s *Server) { s.within = d } }

// Start runs a server on a free loopback port and returns when it accepts connections. It is stopped when the test ends, and
// what it logged is shown if the test failed.
func Start(t T, kind Kind, opts ...Option) *Server {
	t.Helper()
	if kind != Treedis {
		RequireTool(t, "redis-server")
	}
	s := &Server{Kind: kind, within: Patience, log: new(logBuffer)}
	for _, o := range opts {
		o(s)
	}
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("log of %v on port %d, last lines:\n%s", s.Kind, s.port, s.log.last(60))
		}
	})
	var err error
	for range bindAttempts {
		s.port = FreePort()
		if s.tls != 0 {
			s.tls = FreePort()
		}
		if err = s.launch(); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		t.Fatalf("starting %v: %v\n%s", kind, err, s.log.last(40))
	}
	return s
}

var (
	errPortTaken = errors.New("the port was taken meanwhile")
	errExited    = errors.New("the process ended before it was ready")
	errNotReady  = errors.New("the process did not say that it is ready")
)

// launch starts the process on s.port and waits until it is ready.
func (s *Server) launch() error {
	bin := s.binary
	if bin == "" {
		var err error
		if bin, err = Binary(s.Kind); err != nil {
			return err
		}
	}
	args, err := s.newArgs()
	if err != nil {
		return err
	}
	s.log = new(logBuffer)
	s.cmd = exec.Command(bin, args...)
	s.cmd.Dir = s.Dir
	s.cmd.Stdin = strings.NewReader(s.stdin)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = dieWithParent()
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	exited, cmd := make(chan struct{}), s.cmd
	s.exited = exited
	go func() {
		_ = cmd.Wait() // how it ended is in its ProcessState
		close(exited)
	}()
	if poll(func() bool { return s.log.contains(s.Kind.ready()) || s.Exited() }, s.within) && !s.Exited() {
		return nil
	}
	if !s.Exited() {
		_ = s.cmd.Process.Kill()
		<-exited
		return errNotReady
	}
	if s.log.contains("Address already in use") || s.log.contains("Failed listening on port") {
		return errPortTaken
	}
	return errExited
}

// newArgs returns the command line: defaults that make a server quiet, fast to synchronise and open to DEBUG, then the test's own.
func (s *Server) newArgs() ([]string, error) {
	var args []string
	if s.config != "" || s.Kind == Sentinel {
		path := filepath.Join(s.Dir, "server.conf")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) { // a restart goes on with what the server made of it
			if err := os.WriteFile(path, []byte(s.config), 0o600); err != nil {
				return nil, err
			}
		}
		args = append(args, path)
	}
	args = append(args, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.Dir)
	if s.Kind != Sentinel {
		args = append(args, "--save", "", "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0")
	}
	if s.tls != 0 {
		args = append(args, "--tls-port", strconv.Itoa(s.tls))
	}
	return append(args, s.args...), nil
}

// Port returns the TCP port.
func (s *Server) Port() int { return s.port }

// Addr returns host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// TLSPort returns the port for encrypted connections.
func (s *Server) TLSPort() int { return s.tls }

// TLSAddr returns host:port of the port for encrypted connections.
func (s *Server) TLSAddr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.tls)) }

// Log returns what the server has written so far.
func (s *Server) Log() string { return s.log.String() }

// Pid returns the process id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// WaitLog waits until the server's output contains text.
func (s *Server) WaitLog(t T, text string) {
	t.Helper()
	Eventually(t, func() bool { return s.log.contains(text) }, Patience, "%v logs %q", s.Kind, text)
}

// Exited reports whether the process has ended.
func (s *Server) Exited() bool {
	if s.cmd == nil {
		return true
	}
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// Stop ends the process by SIGTERM, or SIGKILL if that takes too long, which is an error of the test. A server may refuse
// for a while, as one does whose first append-only file is not whole, so it is told again. One that has ended already is
// left alone.
func (s *Server) Stop(t T) {
	t.Helper()
	again := time.NewTicker(stopAgain)
	defer again.Stop()
	late := time.NewTimer(stopGrace)
	defer late.Stop()
	for !s.Exited() {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.exited:
		case <-again.C:
		case <-late.C:
			s.Kill()
			t.Errorf("%v on port %d did not end within %v of SIGTERM", s.Kind, s.port, stopGrace)
		}
	}
}

// Kill ends the process as a power cut would: no file is written any more.
func (s *Server) Kill() {
	if !s.Exited() {
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// Restart starts a stopped server again on the same port and directory.
func (s *Server) Restart(t T, opts ...Option) {
	t.Helper()
	if !s.Exited() {
		t.Fatalf("%v on port %d still runs", s.Kind, s.port)
	}
	for _, o := range opts {
		o(s)
	}
	if err := s.launch(); err != nil {
		t.Fatalf("restarting %v: %v\n%s", s.Kind, err, s.log.last(40))
	}
}

// FreePort finds a port that nothing listens on, below the range the kernel gives to outgoing connections: there, a server
// that is restarted could find its port taken by somebody's client.
func FreePort() int {
	const low, high = 10000, 32000
	for {
		port := low + rand.IntN(high-low)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			l.Close()
			return port
		}
	}
}
