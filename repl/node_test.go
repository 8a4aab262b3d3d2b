package repl

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// node is a server reduced to what replication sees: a keyspace of strings, its
// lock, and a listener that understands the handshake.
type node struct {
	sync.Mutex // the keyspace lock
	t          testing.TB
	log        *Log
	ids        *Identity
	master     *Master
	link       *Link
	data       map[string]string // guarded by the keyspace lock
	listener   net.Listener
	conns      sync.WaitGroup

	// Settings, before use.
	masterConfig atomic.Pointer[MasterConfig]
	linkConfig   atomic.Pointer[LinkConfig]
	clock        atomic.Int64 // added to the real time
	wrap         atomic.Pointer[func(net.Conn) net.Conn]
	snapshotErr  error
	loadHook     func(io.Reader) error
	released     atomic.Int64
	saveGate     chan struct{} // nil to write snapshots on disk at once
	saveBusy     bool          // guarded by the keyspace lock: somebody else writes one
	saves        atomic.Int64
	unneeded     atomic.Int64
	snapshots    atomic.Int64
	installs     atomic.Int64
	paused       atomic.Bool
	replicaSaid  func(args [][]byte) error

	logMu sync.Mutex
	lines []string
}

var testMasterConfig = MasterConfig{
	DisklessSync: true, PingPeriod: 10 * time.Second, Timeout: 60 * time.Second,
	BacklogTTL: time.Hour, MinReplicasMaxLag: 10 * time.Second,
}

func newNode(t testing.TB) *node {
	n := &node{t: t, data: make(map[string]string)}
	n.masterConfig.Store(&testMasterConfig)
	n.linkConfig.Store(&LinkConfig{ListeningPort: 7777, Timeout: 20 * time.Second})
	n.log = NewLog(1 << 20)
	n.ids = NewIdentity(rand.Reader)
	now := func() time.Time { return time.Now().Add(time.Duration(n.clock.Load())) }
	logf := func(_ Level, format string, args ...any) {
		n.logMu.Lock()
		defer n.logMu.Unlock()
		n.lines = append(n.lines, fmt.Sprintf(format, args...))
	}
	n.master = NewMaster(MasterOptions{
		Log: n.log, Identity: n.ids, Source: n, Now: now, Random: rand.Reader, Logf: logf,
		Config: func() MasterConfig { return *n.masterConfig.Load() },
	})
	n.link = NewLink(LinkOptions{
		Log: n.log, Identity: n.ids, Master: n.master, Target: n, Now: now, Logf: logf, Dial: n.dial,
		Config:     func() LinkConfig { return *n.linkConfig.Load() },
		RetryDelay: 5 * time.Millisecond, AckPeriod: 5 * time.Millisecond,
	})
	var err error
	n.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	n.conns.Go(n.serve)
	t.Cleanup(n.close)
	return n
}

func (n *node) close() {
	n.listener.Close()
	n.link.Close()
	n.master.Close()
	n.conns.Wait()
	if n.t.Failed() {
		n.t.Logf("the last lines of node %s:\n%s", n.addr(), strings.Join(n.lines[max(0, len(n.lines)-40):], "\n"))
	}
	require.Equal(n.t, n.snapshots.Load(), n.released.Load(), "every snapshot is released")
}

func (n *node) logged(part string) bool {
	n.logMu.Lock()
	defer n.logMu.Unlock()
	return slices.ContainsFunc(n.lines, func(l string) bool { return strings.Contains(l, part) })
}

func (n *node) addr() Address {
	a := n.listener.Addr().(*net.TCPAddr)
	return Address{Host: "127.0.0.1", Port: a.Port}
}

func (n *node) dial(ctx context.Context, addr Address) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr.String())
	if w := n.wrap.Load(); err == nil && w != nil {
		c = (*w)(c)
	}
	return c, err
}

func (n *node) configure(f func(*MasterConfig)) {
	cfg := *n.masterConfig.Load()
	f(&cfg)
	n.masterConfig.Store(&cfg)
}

// serve answers handshakes.
func (n *node) serve() {
	for {
		c, err := n.listener.Accept()
		if err != nil {
			return
		}
		n.conns.Go(func() { n.handshake(c) })
	}
}

func (n *node) handshake(c net.Conn) {
	info := ReplicaInfo{PeerAddr: c.RemoteAddr().String()}
	p := newParser(0, false)
	for {
		for _, cmd := range p.cmds {
			args := p.arguments(nil, cmd)
			words := make([]string, len(args))
			for j, a := range args {
				words[j] = strings.ToLower(string(a))
			}
			switch {
			case len(words) == 0:
			case words[0] == "ping":
				io.WriteString(c, "+PONG\r\n")
			case words[0] == "replconf":
				for j := 1; j+1 < len(words); j += 2 {
					switch words[j] + " " + words[j+1] {
					case "capa eof":
						info.CapaEOF = true
					case "capa psync2":
						info.CapaPSYNC2 = true
					}
					if words[j] == "listening-port" {
						info.Port, _ = strconv.Atoi(words[j+1])
					}
				}
				io.WriteString(c, "+OK\r\n")
			case words[0] == "psync" || words[0] == "sync":
				req := SyncRequest{Replica: info, Conn: c, SYNC: words[0] == "sync"}
				if !req.SYNC {
					req.ReplID = string(args[1])
					req.Offset, _ = strconv.ParseInt(words[2], 10, 64)
				}
				req.Buffered = bytes.Clone(p.buf[p.base+cmd.to:])
				n.attach(req)
				return
			default:
				io.WriteString(c, "-ERR unknown\r\n")
			}
		}
		p.discard(len(p.cmds))
		if _, err := p.fill(c); err != nil {
			c.Close()
			return
		}
	}
}

func (n *node) attach(req SyncRequest) {
	n.Lock()
	defer n.Unlock()
	if n.link.Following() && !n.link.Status().Up() {
		io.WriteString(req.Conn, "-NOMASTERLINK Can't SYNC while not connected with my master\r\n")
		req.Conn.Close()
		return
	}
	if err := n.master.AttachLocked(req); err != nil {
		fmt.Fprintf(req.Conn, "-ERR %s\r\n", err)
		req.Conn.Close()
	}
}

// The Source.

type nodeSnapshot struct {
	n    *node
	data map[string]string
}

func (n *node) SnapshotLocked(Filter) (Snapshot, error) {
	if n.snapshotErr != nil {
		return nil, n.snapshotErr
	}
	n.snapshots.Add(1)
	return &nodeSnapshot{n, maps.Clone(n.data)}, nil
}

func (s *nodeSnapshot) WriteRDB(_ context.Context, w io.Writer) error {
	for _, k := range slices.Sorted(maps.Keys(s.data)) {
		if _, err := fmt.Fprintf(w, "%s %s\n", k, s.data[k]); err != nil {
			return err
		}
	}
	return nil
}

func (s *nodeSnapshot) Release() { s.n.released.Add(1) }

// SaveLocked writes once saveGate lets it.
func (n *node) SaveLocked(done func(*os.File, error)) (func(), error) {
	if n.snapshotErr != nil {
		return nil, n.snapshotErr
	}
	if n.saveBusy {
		return nil, ErrSaveBusy
	}
	n.saves.Add(1)
	snap := &nodeSnapshot{n, maps.Clone(n.data)}
	path := filepath.Join(n.t.TempDir(), "dump")
	n.conns.Go(func() {
		if n.saveGate != nil {
			select {
			case <-n.saveGate:
			case <-n.master.ctx.Done():
			}
		}
		f, err := os.Create(path)
		if err == nil {
			err = snap.WriteRDB(context.Background(), f)
		}
		n.Lock()
		defer n.Unlock()
		done(f, err)
	})
	return func() { n.unneeded.Add(1) }, nil
}

func (n *node) IsReplica() bool { return n.link.Following() }

func (n *node) PropagatePing() {
	n.Lock()
	defer n.Unlock()
	if !n.link.Following() {
		n.log.AppendPing()
	}
}

func (n *node) ReplicaCommand(_ ReplicaInfo, args [][]byte) error {
	if n.replicaSaid != nil {
		return n.replicaSaid(args)
	}
	return errors.New("unexpected")
}

// The Target.

func (n *node) LoadRDB(_ context.Context, r io.Reader, _ SyncInfo) (Dataset, error) {
	if n.loadHook != nil {
		if err := n.loadHook(r); err != nil {
			return nil, err
		}
	}
	data := make(map[string]string)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		k, v, _ := strings.Cut(lines.Text(), " ")
		data[k] = v
	}
	return data, lines.Err()
}

func (n *node) InstallLocked(d Dataset, _ SyncInfo) {
	n.installs.Add(1)
	n.data = d.(map[string]string)
}

func (n *node) Discard(Dataset) {}

func (n *node) AheadLocked([]byte) {}

func (n *node) ApplyLocked(args [][]byte) {
	if len(args) == 3 && string(args[0]) == "SET" {
		n.data[string(args[1])] = string(args[2])
	}
}

func (n *node) Paused() bool { return n.paused.Load() }

func (n *node) FsyncedOffset() (int64, bool) { return 0, false }

// What tests do.

// set writes a key, as a master does, and returns the end offset.
func (n *node) set(key, value string) int64 {
	n.Lock()
	defer n.Unlock()
	n.data[key] = value
	if !n.log.Active() {
		return n.log.EndOffset()
	}
	if n.log.SelectedDB() != 0 {
		n.log.Append(appendCommand(nil, "SELECT", "0"))
		n.log.SetSelectedDB(0)
	}
	return n.log.Append(appendCommand(nil, "SET", key, value))
}

func (n *node) follow(m *node) {
	n.Lock()
	defer n.Unlock()
	n.link.SetMasterLocked(m.addr(), FollowOptions{Resume: true})
}

func (n *node) promote() {
	n.Lock()
	defer n.Unlock()
	n.link.PromoteLocked()
}

func (n *node) copyData() map[string]string {
	n.Lock()
	defer n.Unlock()
	return maps.Clone(n.data)
}

func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, 20*time.Second, 2*time.Millisecond, what)
}

// awaitSync waits until r has all that m has.
func awaitSync(t testing.TB, m, r *node) {
	t.Helper()
	eventually(t, "replica in sync", func() bool {
		return r.link.Status().Up() && r.log.EndOffset() == m.log.EndOffset() && r.ids.Get().ID == m.ids.Get().ID
	})
	require.Equal(t, m.copyData(), r.copyData())
}

// history returns what the log holds after offset.
func (n *node) history(offset int64) []byte {
	n.Lock()
	r, ok := n.log.NewReader(offset, nil)
	end := n.log.EndOffset()
	n.Unlock()
	require.True(n.t, ok)
	defer r.Close()
	return readTo(n.t, r, end)
}
