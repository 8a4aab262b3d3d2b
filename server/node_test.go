package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
	"treedis/server/resp"
)

// patience is how long tests wait for a condition.
const patience = 20 * time.Second

// node is a server in this process that listens on a port of its own, for tests of what goes over the network.
type node struct {
	t    testing.TB
	s    *Server
	log  *lockedBuffer
	skew atomic.Int64 // by which its clock is ahead, in nanoseconds

	mu    sync.Mutex
	links []net.Conn // guarded by mu; dialled to masters
	down  bool       // guarded by mu; the network to masters is
}

// lockedBuffer is where a node logs to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newNode makes a node that has not started. Directives are lines of a configuration file; without any the node has
// a folder of its own and no save points, and sends snapshots at once.
func newNode(t testing.TB, directives ...string) *node {
	n := &node{t: t, log: &lockedBuffer{}}
	cfg := config.New()
	lines := append([]string{"dir " + t.TempDir(), `save ""`, "repl-diskless-sync-delay 0"}, directives...)
	require.NoError(t, cfg.Load([]string{"-"}, strings.NewReader(strings.Join(lines, "\n"))))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	n.s, err = New(Options{
		Config: cfg, Log: n.log, Listeners: []net.Listener{l}, Dial: n.dialMaster,
		Now: func() time.Time { return time.Now().Add(time.Duration(n.skew.Load())) },
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		n.stop()
		if t.Failed() {
			t.Logf("log of the node:\n%s", n.log)
		}
	})
	return n
}

func startNode(t testing.TB, directives ...string) *node {
	n := newNode(t, directives...)
	require.NoError(t, n.s.Start())
	return n
}

// startReplica starts a replica of master that is in sync.
func startReplica(t testing.TB, master *node, directives ...string) *node {
	n := startNode(t, directives...)
	n.follow(master)
	n.inSync(master)
	return n
}

func (n *node) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(n.t, n.s.Shutdown(ctx))
}

func (n *node) dialMaster(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case n.down:
		c.Close()
		return nil, io.ErrClosedPipe
	}
	n.links = append(n.links, c)
	return c, nil
}

// cut ends the connection to the master, and lets no new one be made if stay is set.
func (n *node) cut(stay bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = stay
	for _, c := range n.links {
		c.Close()
	}
	n.links = nil
}

// until waits for a condition.
func (n *node) until(cond func() bool, what string) {
	n.t.Helper()
	require.Eventually(n.t, cond, patience, 2*time.Millisecond, what)
}

// logged waits for a line in the log.
func (n *node) logged(text string) {
	n.t.Helper()
	n.until(func() bool { return strings.Contains(n.log.String(), text) }, text)
}

func (n *node) follow(master *node) {
	n.t.Helper()
	require.Equal(n.t, "OK", n.dial().do("replicaof 127.0.0.1 "+master.port()))
}

func (n *node) port() string { return strconv.Itoa(n.s.Addr().(*net.TCPAddr).Port) }

// end returns the history that the node's log belongs to and its end.
func (n *node) end() (string, int64) {
	n.s.lock.lock()
	defer n.s.lock.unlock()
	return n.s.ids.Get().ID, n.s.log.EndOffset()
}

// inSync waits until the node has applied all that its master has logged.
func (n *node) inSync(master *node) {
	n.t.Helper()
	n.until(func() bool {
		id, end := master.end()
		mine, at := n.end()
		return n.s.role.link.Up() && id == mine && end == at
	}, "replica in sync")
}

// set changes directives, as CONFIG SET does.
func (n *node) set(pairs ...string) {
	n.t.Helper()
	n.s.lock.lock()
	defer n.s.lock.unlock()
	require.NoError(n.t, n.s.cfg.Set(config.Caller{}, pairs...))
}

// wire is a client's connection.
type wire struct {
	t testing.TB
	net.Conn
	r *resp.Reader
}

func (n *node) dial() *wire {
	n.t.Helper()
	c, err := net.Dial("tcp", n.s.Addr().String())
	require.NoError(n.t, err)
	n.t.Cleanup(func() { c.Close() })
	return &wire{t: n.t, Conn: c, r: resp.NewReader(c)}
}

// send writes a command line of space-separated words.
func (w *wire) send(line string) {
	w.t.Helper()
	w.sendWords(strings.Fields(line)...)
}

// sendWords writes a command.
func (w *wire) sendWords(words ...string) {
	w.t.Helper()
	b := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(word), word)
	}
	_, err := w.Write(b)
	require.NoError(w.t, err)
}

// read returns a reply's text, with a minus sign before an error's.
func (w *wire) read() string {
	w.t.Helper()
	require.NoError(w.t, w.SetReadDeadline(time.Now().Add(patience)))
	v, err := w.r.Read()
	require.NoError(w.t, err)
	if v.IsError() {
		return "-" + v.String()
	}
	return v.String()
}

func (w *wire) do(line string) string {
	w.t.Helper()
	w.send(line)
	return w.read()
}

// expect sends command lines, each followed by its expected reply.
func (w *wire) expect(pairs ...string) {
	w.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Equal(w.t, pairs[i+1], w.do(pairs[i]), pairs[i])
	}
}

// closed waits until the server has closed the connection.
func (w *wire) closed() {
	w.t.Helper()
	require.NoError(w.t, w.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.Copy(io.Discard, w.r.R)
	require.NotErrorIs(w.t, err, os.ErrDeadlineExceeded, "the connection is still open")
}
