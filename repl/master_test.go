package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rawReplica connects to m and sends inline commands.
func rawReplica(t testing.TB, m *node, commands ...string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", m.listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(c, strings.Join(commands, "\r\n")+"\r\n")
	require.NoError(t, err)
	return c
}

func readLine(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimRight(line, "\r\n")
}

func TestPSYNCDecisions(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.log.Reset(1000)
	require.True(t, m.log.EnableBacklog())
	m.log.Append(stream(1000, 1500))
	m.ids.Shift("", 1300) // the former id is good for bytes up to 1300
	ids := m.ids.Get()
	for _, c := range []struct {
		id      string
		first   int64
		partial bool
		said    string
	}{
		{ids.ID, 1000, false, "lack of backlog"},
		{ids.ID, 1001, true, "accepted. Sending 500 bytes"},
		{strings.ToUpper(ids.ID), 1250, true, "accepted. Sending 251 bytes"},
		{ids.ID, 1500, true, "accepted. Sending 1 bytes"},
		{ids.ID, 1501, true, "accepted. Sending 0 bytes"},
		{ids.ID, 1502, false, "more than there is"},
		{ids.ID2, 1000, false, "lack of backlog"},
		{ids.ID2, 1001, true, "accepted"},
		{ids.ID2, 1300, true, "accepted"},
		{ids.ID2, 1301, true, "accepted. Sending 200 bytes"},
		{ids.ID2, 1302, false, "Requested offset for second ID was 1302, but I can reply up to 1301"},
		{"?", -1, false, "Full resync requested"},
		{strings.Repeat("f", IDLen), 1200, false, "Replication ID mismatch"},
		{"", 1200, false, "Replication ID mismatch"},
	} {
		req := SyncRequest{ReplID: c.id, Offset: c.first}
		m.logMu.Lock()
		m.lines = nil
		m.logMu.Unlock()
		ours, theirs := net.Pipe()
		req.Conn = ours
		req.Replica.CapaPSYNC2 = true
		m.Lock()
		require.NoError(t, m.master.AttachLocked(req))
		m.Unlock()
		line := readLine(t, bufio.NewReader(theirs))
		name := fmt.Sprintf("%.6s:%d", c.id, c.first)
		if c.partial {
			require.Equal(t, "+CONTINUE "+ids.ID, line, name)
		} else {
			require.Equal(t, "+FULLRESYNC "+ids.ID+" 1500", line, name)
		}
		require.True(t, m.logged(c.said), "%s: %v", name, m.lines)
		theirs.Close()
		eventually(t, "gone", func() bool { return m.master.Count() == 0 })
	}
	require.EqualValues(t, 7, m.master.Stats().SyncFull)
	require.EqualValues(t, 6, m.master.Stats().SyncPartialErr)
	require.EqualValues(t, 7, m.master.Stats().SyncPartialOK)
	m.master.ResetStats()
	require.Zero(t, m.master.Stats())
}

func TestPartialBytes(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.log.Reset(1000)
	m.log.EnableBacklog()
	m.log.Append(stream(1000, 101000))
	c := rawReplica(t, m, "PSYNC "+m.ids.Get().ID+" 1501")
	r := bufio.NewReader(c)
	require.Equal(t, "+CONTINUE", readLine(t, r), "without capa psync2 there is no id")
	m.log.Append(stream(101000, 102000))
	got := make([]byte, 102000-1500)
	_, err := io.ReadFull(r, got)
	require.NoError(t, err)
	require.Equal(t, stream(1500, 102000), got)
}

func TestMarkedSnapshotHoldsTheStreamBack(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.set("key", "value")
	c := rawReplica(t, m, "REPLCONF capa eof capa psync2", "PSYNC ? -1")
	r := bufio.NewReader(c)
	require.Equal(t, "+OK", readLine(t, r))
	line := readLine(t, r)
	require.Equal(t, "+FULLRESYNC "+m.ids.Get().ID+" 0", line)
	mark, ok := strings.CutPrefix(readLine(t, r), "$EOF:")
	require.True(t, ok)
	require.Len(t, mark, IDLen)
	want := "key value\n" + mark
	got := make([]byte, len(want))
	_, err := io.ReadFull(r, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	eventually(t, "online", func() bool { return m.master.Replicas()[0].State == Online })

	m.set("key", "2")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = r.ReadByte()
	require.Error(t, err, "nothing before the acknowledgement")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(c, "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n")
	require.NoError(t, err)
	stream := make([]byte, m.log.EndOffset())
	_, err = io.ReadFull(r, stream)
	require.NoError(t, err)
	require.Equal(t, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n2\r\n", string(stream))
}

func TestOldSYNC(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.set("key", "value")
	c := rawReplica(t, m, "SYNC")
	r := bufio.NewReader(c)
	require.Equal(t, "$10", readLine(t, r))
	require.Equal(t, "key value", readLine(t, r))
	m.set("key", "2")
	require.Equal(t, "*2", readLine(t, r))
	m.clock.Store(int64(time.Hour / 2))
	m.master.Cron()
	require.Equal(t, 1, m.master.Count(), "it never acknowledges, so it cannot time out")
}

func TestSnapshotOnlyReplica(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	ours, theirs := net.Pipe()
	m.Lock()
	require.NoError(t, m.master.AttachLocked(SyncRequest{Conn: ours, ReplID: "?", Offset: -1, Replica: ReplicaInfo{RDBOnly: true}}))
	m.Unlock()
	all, err := io.ReadAll(theirs)
	require.NoError(t, err)
	require.Equal(t, "+FULLRESYNC "+m.ids.Get().ID+" 0\r\n$0\r\n", string(all))
	eventually(t, "gone", func() bool { return m.master.Count() == 0 })
}

func TestKeepaliveWhileWaiting(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.configure(func(c *MasterConfig) { c.DisklessSyncDelay = time.Hour })
	c := rawReplica(t, m, "REPLCONF capa eof", "PSYNC ? -1")
	r := bufio.NewReader(c)
	require.Equal(t, "+OK", readLine(t, r))
	for range 3 {
		eventually(t, "waiting", func() bool { return m.master.Count() == 1 })
		m.master.Cron()
		require.Empty(t, readLine(t, r))
	}
}

func TestFilteredReplicaNeedsEOF(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	ours, _ := net.Pipe()
	req := SyncRequest{Conn: ours, ReplID: "?", Replica: ReplicaInfo{Filter: Filter{ExcludeData: true}}}
	m.Lock()
	defer m.Unlock()
	require.ErrorIs(t, m.master.AttachLocked(req), ErrFilterNeedsEOF)
	require.Zero(t, m.master.Count())
}

func TestReplicaCommandsGoToTheServer(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	said := make(chan string, 10)
	m.replicaSaid = func(args [][]byte) error {
		said <- string(args[0])
		if string(args[0]) == "get" {
			return errors.New("a replica must not be replied to")
		}
		return nil
	}
	// The bytes after PSYNC have been read along with it.
	c := rawReplica(t, m, "PSYNC ? -1", "ping", "replconf ack x", "replconf getack *", "", "quiet")
	require.Equal(t, "ping", <-said)
	require.Equal(t, "quiet", <-said)
	require.Equal(t, 1, m.master.Count())
	_, err := io.WriteString(c, "get k\r\n")
	require.NoError(t, err)
	require.Equal(t, "get", <-said)
	eventually(t, "gone", func() bool { return m.master.Count() == 0 })
}

func TestHostileReplica(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"*1\r\n$9999999999\r\n", "*1\r\n+OK\r\n", "*x\r\n", "*1\r\n$-5\r\n",
		"*99999999999999999999\r\n", strings.Repeat("a", 2<<20),
	} {
		m := newNode(t)
		c := rawReplica(t, m, "PSYNC ? -1")
		eventually(t, "attached", func() bool { return m.master.Count() == 1 })
		go io.WriteString(c, input)
		eventually(t, "gone", func() bool { return m.master.Count() == 0 })
	}
}

func TestDisconnectOne(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	a, _ := net.Pipe()
	b, _ := net.Pipe()
	m.Lock()
	for i, c := range []net.Conn{a, b} {
		require.NoError(t, m.master.AttachLocked(SyncRequest{Conn: c, ReplID: "?", Replica: ReplicaInfo{ClientID: uint64(i + 1)}}))
	}
	m.Unlock()
	require.True(t, m.master.Disconnect(1))
	require.False(t, m.master.Disconnect(1))
	require.Len(t, m.master.Replicas(), 1)
	require.EqualValues(t, 2, m.master.Replicas()[0].ClientID)
	require.Equal(t, "client id #2", ReplicaInfo{ClientID: 2}.Name())
	require.Equal(t, "10.0.0.1:<unknown-replica-port>", ReplicaInfo{PeerAddr: "10.0.0.1:99"}.Name())
}

func TestClosedMasterTakesNoReplicas(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	m.master.Close()
	ours, theirs := net.Pipe()
	m.Lock()
	require.NoError(t, m.master.AttachLocked(SyncRequest{Conn: ours, ReplID: "?"}))
	m.Unlock()
	_, err := theirs.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// customSource makes a node hand out snapshots that write encodes; pass counts the
// calls, from 1.
type customSource struct {
	*node
	write func(w io.Writer, pass int64) error
	pass  atomic.Int64
}

func (s *customSource) SnapshotLocked(Filter) (Snapshot, error) {
	s.snapshots.Add(1)
	return s, nil
}

func (s *customSource) WriteRDB(_ context.Context, w io.Writer) error {
	return s.write(w, s.pass.Add(1))
}
func (s *customSource) Release() { s.released.Add(1) }

// attachPipe attaches a replica whose other end the test holds.
func attachPipe(t *testing.T, m *node, info ReplicaInfo) net.Conn {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	m.Lock()
	defer m.Unlock()
	require.NoError(t, m.master.AttachLocked(SyncRequest{Conn: ours, ReplID: "?", Offset: -1, Replica: info}))
	return theirs
}

func TestStalledTransferTimesOut(t *testing.T) {
	t.Parallel()
	for _, eof := range []bool{true, false} {
		m := newNode(t)
		m.set("key", "value")
		attachPipe(t, m, ReplicaInfo{CapaEOF: eof}) // nothing is ever read
		eventually(t, "writing", func() bool { return m.master.snapshotList()[0].writingSince.Load() != 0 })
		m.clock.Store(int64(59 * time.Second))
		m.master.Cron()
		require.Equal(t, 1, m.master.Count())
		m.clock.Store(int64(62 * time.Second))
		m.master.Cron()
		require.Zero(t, m.master.Count())
		require.True(t, m.logged("Disconnecting timedout replica (full sync)"))
	}
}

func TestSnapshotThatChangesItsLength(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"shorter", "longer than before"} {
		m := newNode(t)
		m.master.source = &customSource{node: m, write: func(w io.Writer, pass int64) error {
			text := "as announced"
			if pass > 1 {
				text = second
			}
			_, err := io.WriteString(w, text)
			return err
		}}
		all, err := io.ReadAll(attachPipe(t, m, ReplicaInfo{}))
		require.NoError(t, err)
		require.NotContains(t, string(all), "longer", "no byte beyond the announced length")
		eventually(t, "gone", func() bool { return m.master.Count() == 0 })
	}
}

func TestSnapshotThatFailsEndsTheConnection(t *testing.T) {
	t.Parallel()
	for _, eof := range []bool{true, false} {
		m := newNode(t)
		m.master.source = &customSource{node: m, write: func(io.Writer, int64) error { return io.ErrNoProgress }}
		_, err := io.ReadAll(attachPipe(t, m, ReplicaInfo{CapaEOF: eof}))
		require.NoError(t, err)
		eventually(t, "gone", func() bool { return m.master.Count() == 0 })
	}
}

func TestKeepaliveWhileMeasuring(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	more := make(chan struct{})
	m.master.source = &customSource{node: m, write: func(w io.Writer, pass int64) error {
		for range 2 {
			if pass == 1 {
				<-more
			}
			if _, err := io.WriteString(w, "x"); err != nil {
				return err
			}
		}
		return nil
	}}
	r := bufio.NewReader(attachPipe(t, m, ReplicaInfo{}))
	require.Contains(t, readLine(t, r), "+FULLRESYNC")
	require.Equal(t, "wait_bgsave", m.master.Replicas()[0].State.Info())
	m.master.Cron()
	more <- struct{}{}
	require.Empty(t, readLine(t, r))
	more <- struct{}{}
	require.Equal(t, "$2", readLine(t, r))
	require.Equal(t, "send_bulk", m.master.Replicas()[0].State.Info())
}

func TestFsyncAcks(t *testing.T) {
	t.Parallel()
	m := newNode(t)
	theirs := attachPipe(t, m, ReplicaInfo{})
	go io.Copy(io.Discard, theirs)
	eventually(t, "online", func() bool { return m.master.Replicas()[0].State == Online })
	opened := make(chan struct{})
	require.NotNil(t, m.master.WaitFsyncAcks(40, 1, func() { close(opened) }))
	for _, ack := range []string{"REPLCONF ACK 50 FACK 39", "REPLCONF ACK 50 FACK x", "REPLCONF ACK 45 FACK 41"} {
		require.Zero(t, m.master.CountFsyncAcks(40))
		_, err := io.WriteString(theirs, ack+"\r\n")
		require.NoError(t, err)
	}
	<-opened
	s := m.master.Replicas()[0]
	require.EqualValues(t, 50, s.AckOffset, "offsets only grow")
	require.EqualValues(t, 41, s.FsyncOffset)
}
