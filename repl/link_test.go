package repl

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeMaster is one end of a link, played by a test.
type fakeMaster struct {
	t        *testing.T
	listener net.Listener
	conn     net.Conn
	in       *bufio.Reader
}

func newFakeMaster(t *testing.T) *fakeMaster {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &fakeMaster{t: t, listener: l}
	t.Cleanup(func() {
		l.Close()
		if f.conn != nil {
			f.conn.Close()
		}
	})
	return f
}

func (f *fakeMaster) addr() Address {
	return Address{"127.0.0.1", f.listener.Addr().(*net.TCPAddr).Port}
}

func (f *fakeMaster) accept() {
	if f.conn != nil {
		f.conn.Close()
	}
	c, err := f.listener.Accept()
	require.NoError(f.t, err)
	require.NoError(f.t, c.SetDeadline(time.Now().Add(20*time.Second)))
	f.conn, f.in = c, bufio.NewReader(c)
}

// command reads a command and returns its words.
func (f *fakeMaster) command() string {
	line := readLine(f.t, f.in)
	for line == "" { // a sign of life
		line = readLine(f.t, f.in)
	}
	if line[0] != '*' {
		return line
	}
	n, err := strconv.Atoi(line[1:])
	require.NoError(f.t, err)
	words := make([]string, n)
	for i := range words {
		readLine(f.t, f.in)
		words[i] = readLine(f.t, f.in)
	}
	return strings.Join(words, " ")
}

// expect skips acknowledgements that come by themselves, until want comes.
func (f *fakeMaster) expect(want string) {
	f.t.Helper()
	got := f.command()
	for got != want && strings.HasPrefix(got, "REPLCONF ACK ") {
		got = f.command()
	}
	require.Equal(f.t, want, got)
}

func (f *fakeMaster) say(s string) {
	_, err := io.WriteString(f.conn, s)
	require.NoError(f.t, err)
}

// greet plays the handshake up to PSYNC, and returns that command.
func (f *fakeMaster) greet() string {
	f.accept()
	f.expect("PING")
	f.say("+PONG\r\n")
	f.expect("REPLCONF listening-port 7777")
	f.expect("REPLCONF capa eof capa psync2 capa treedis-verify")
	f.say("+OK\r\n+OK\r\n")
	return f.command()
}

func (n *node) followAddr(a Address, o FollowOptions) {
	n.Lock()
	defer n.Unlock()
	n.link.SetMasterLocked(a, o)
}

var idA, idB = strings.Repeat("a", IDLen), strings.Repeat("b", IDLen)

func TestHandshakeFull(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	r.linkConfig.Store(&LinkConfig{MasterUser: "user", MasterAuth: "secret", ListeningPort: 7777, AnnounceIP: "10.9.8.7", Timeout: 20 * time.Second})
	r.followAddr(f.addr(), FollowOptions{})
	f.accept()
	f.expect("PING")
	require.Equal(t, LinkHandshake, r.link.Status().State)
	f.say("-NOAUTH Authentication required.\r\n")
	f.expect("AUTH user secret")
	f.expect("REPLCONF listening-port 7777")
	f.expect("REPLCONF ip-address 10.9.8.7")
	f.expect("REPLCONF capa eof capa psync2 capa treedis-verify")
	f.say("+OK\r\n-ERR a\r\n-ERR b\r\n-ERR c\r\n")
	f.expect("PSYNC ? -1")
	f.say("\n\n+FULLRESYNC " + idA + " 1000\r\n")
	f.say("\n$EOF:" + strings.Repeat("m", IDLen) + "\r\n")
	f.say("key val")
	eventually(t, "progress", func() bool { s := r.link.Status(); return s.State == LinkTransfer && s.SyncTotal == 0 })
	f.say("ue\n" + strings.Repeat("m", 30)) // looks like the mark's beginning
	f.say("x " + strings.Repeat("m", IDLen-1))
	f.say("\n" + strings.Repeat("m", IDLen))
	f.say("*1\r\n$4\r\nPING\r\n") // at once after the mark
	f.expect("REPLCONF ACK 1000")
	f.expect("REPLCONF ACK 1014")
	require.Equal(t, map[string]string{"key": "value", strings.Repeat("m", 30) + "x": strings.Repeat("m", IDLen-1)}, r.copyData())
	s := r.link.Status()
	require.True(t, s.Up())
	require.Equal(t, "connected", s.State.String())
	require.EqualValues(t, 1014, s.Offset)
	require.EqualValues(t, 1014, s.ReadOffset)
	require.True(t, s.HasOffset)
	require.True(t, s.DownSince.IsZero())
	require.Equal(t, IDs{ID: idA, ID2: noID, SecondOffset: -1}, r.ids.Get())
	require.Equal(t, "*1\r\n$4\r\nPING\r\n", string(r.history(1000)))

	// Cut, it asks for what comes next; the master has a new name for the history.
	f.say("*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n") // never applied
	eventually(t, "read", func() bool { return r.link.Status().ReadOffset > 1014 })
	require.EqualValues(t, 1014, r.link.Status().Offset)
	f.conn.Close()
	r.linkConfig.Store(&LinkConfig{ListeningPort: 7777, Timeout: 20 * time.Second})
	require.Equal(t, "PSYNC "+idA+" 1015", f.greet())
	require.False(t, r.link.Status().DownSince.IsZero())
	f.say("+CONTINUE " + idB + "\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n")
	eventually(t, "applied", func() bool { return r.copyData()["b"] == "2" })
	require.NotContains(t, r.copyData(), "a")
	require.Equal(t, IDs{ID: idB, ID2: idA, SecondOffset: 1015}, r.ids.Get())
}

func TestHandshakeSized(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	r.followAddr(f.addr(), FollowOptions{Resume: true})
	require.Equal(t, "PSYNC "+r.ids.Get().ID+" 1", f.greet())
	f.say("+FULLRESYNC " + idA + " 5\r\n$10\r\nkey va")
	eventually(t, "progress", func() bool { s := r.link.Status(); return s.SyncTotal == 10 && s.SyncRead == 6 })
	require.Equal(t, "sync", r.link.Status().State.String())
	f.say("lue\n*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n")
	f.expect("REPLCONF ACK 5") // without the request itself
	f.expect("REPLCONF ACK 42")
	require.Equal(t, "value", r.copyData()["key"])
}

// TestHandshakeRefusals plays a master that refuses at some step; the link says so
// and tries again, and remains a replica.
func TestHandshakeRefusals(t *testing.T) {
	t.Parallel()
	full := "+FULLRESYNC " + idA + " 7\r\n"
	for _, c := range []struct {
		name  string
		auth  string
		ping  string // reply to PING
		intro string // reply to the two commands that follow, if it comes to that
		psync string // reply to PSYNC, if it comes to that
		logs  string
	}{
		{name: "ping", ping: "-ERR no", logs: "Error reply to PING from master: '-ERR no'"},
		{name: "ping data", ping: "$4", logs: "Error reply to PING from master: '$4'"},
		{name: "endless line", ping: strings.Repeat("+", 70<<10), logs: "input exceeds its limit"},
		{name: "auth", auth: "pw", ping: "-NOPERM x", intro: "-WRONGPASS y\r\n+OK", logs: "Unable to AUTH to MASTER: -WRONGPASS y"},
		{name: "loading", psync: "-LOADING wait", logs: "Master is currently unable to PSYNC but should be in the future: -LOADING wait"},
		{name: "no link", psync: "-NOMASTERLINK x", logs: "Master is currently unable to PSYNC"},
		{name: "continue", psync: "+CONTINUE", logs: "Master wants to continue what was not begun"},
		{name: "payload error", psync: full + "-ERR out of memory", logs: "MASTER aborted replication with an error: ERR out of memory"},
		{name: "payload nonsense", psync: full + "hello", logs: "Bad protocol from MASTER, the first byte is not '$' (we received 'hello')"},
		{name: "payload length", psync: full + "$-5", logs: "invalid bulk length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, f := newNode(t), newFakeMaster(t)
			r.set("served", "meanwhile")
			r.linkConfig.Store(&LinkConfig{MasterAuth: c.auth, ListeningPort: 7777, Timeout: 20 * time.Second})
			r.followAddr(f.addr(), FollowOptions{})
			for range 2 { // and again
				if c.psync != "" {
					require.Equal(t, "PSYNC ? -1", f.greet())
					f.say(c.psync + "\r\n")
				} else {
					f.accept()
					f.expect("PING")
					f.say(c.ping + "\r\n")
				}
				if c.intro != "" {
					f.expect("AUTH pw")
					f.expect("REPLCONF listening-port 7777")
					f.say(c.intro + "\r\n")
				}
				eventually(t, "logged", func() bool { return r.logged(c.logs) })
			}
			require.True(t, r.link.Following())
			require.Equal(t, "meanwhile", r.copyData()["served"])
			require.False(t, r.link.Status().HasOffset)
		})
	}
}

func TestFallbackToSYNC(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"-ERR unknown command 'PSYNC'", "+WHAT", "+FULLRESYNC short 5", "+FULLRESYNC " + idA + " x", "+FULLRESYNC " + idA[4:] + "../x 5"} {
		r, f := newNode(t), newFakeMaster(t)
		r.followAddr(f.addr(), FollowOptions{})
		require.Equal(t, "PSYNC ? -1", f.greet())
		f.say(reply + "\r\n")
		if !strings.HasPrefix(reply, "+FULL") {
			f.expect("SYNC")
		}
		f.say("$10\r\nkey value\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n")
		eventually(t, "applied", func() bool { return r.copyData()["b"] == "2" })
		require.False(t, r.link.Status().HasOffset)
		require.Len(t, r.ids.Get().ID, IDLen)
		f.conn.Close()
		require.Equal(t, "PSYNC ? -1", f.greet(), "nothing to continue from")
	}
}

func TestInlineFromMasterIsDesync(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	r.followAddr(f.addr(), FollowOptions{})
	f.greet()
	f.say("+FULLRESYNC " + idA + " 5\r\n$0\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\nSET a 1\r\n")
	require.Equal(t, "PSYNC ? -1", f.greet(), "the history is given up")
	require.Equal(t, map[string]string{"b": "2"}, r.copyData(), "what came before was good")
	require.True(t, r.logged("Protocol error from master"))
}

func TestMasterTimeout(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	r.linkConfig.Store(&LinkConfig{ListeningPort: 7777, Timeout: 100 * time.Millisecond})
	r.followAddr(f.addr(), FollowOptions{})
	says := func(line string) {
		t.Helper()
		eventually(t, line, func() bool { return r.logged(line) })
	}
	f.accept() // and nothing more
	says("Timeout connecting to the MASTER...")
	require.Equal(t, "PSYNC ? -1", f.greet())
	f.say("+FULLRESYNC " + idA + " 5\r\n$10\r\nkey")
	says("Timeout receiving bulk data from MASTER")
	require.Equal(t, "PSYNC ? -1", f.greet())
	f.say("+FULLRESYNC " + idA + " 5\r\n$0\r\n")
	says("MASTER timeout: no data nor PING received...")
	require.Equal(t, "PSYNC "+idA+" 6", f.greet())
}

func TestFailoverIsAskedForOnce(t *testing.T) {
	t.Parallel()
	for _, accept := range []bool{true, false} {
		r, f := newNode(t), newFakeMaster(t)
		outcome := make(chan bool, 1)
		r.link.o.OnTakeoverLocked = func(ok bool) { outcome <- ok }
		r.log.EnableBacklog()
		r.followAddr(f.addr(), FollowOptions{Resume: true, Failover: true})
		require.Equal(t, "PSYNC "+r.ids.Get().ID+" 1 FAILOVER", f.greet())
		if accept {
			f.say("+CONTINUE\r\n")
		} else {
			f.say("-ERR PSYNC FAILOVER replid must match my replid.\r\n")
		}
		require.Equal(t, accept, <-outcome)
		if accept {
			f.conn.Close()
		}
		require.Equal(t, "PSYNC "+r.ids.Get().ID+" 1", f.greet())
	}
}

func TestStopsInBoundedTime(t *testing.T) {
	t.Parallel()
	steps := map[string]func(f *fakeMaster){
		"dial":     func(*fakeMaster) {},
		"ping":     func(f *fakeMaster) { f.accept() },
		"psync":    func(f *fakeMaster) { f.greet() },
		"payload":  func(f *fakeMaster) { f.greet(); f.say("+FULLRESYNC " + idA + " 5\r\n") },
		"transfer": func(f *fakeMaster) { f.greet(); f.say("+FULLRESYNC " + idA + " 5\r\n$10\r\nkey") },
		"stream": func(f *fakeMaster) {
			f.greet()
			f.say("+FULLRESYNC " + idA + " 5\r\n$0\r\n")
			f.expect("REPLCONF ACK 5")
		},
	}
	for name, play := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, f := newNode(t), newFakeMaster(t)
			r.linkConfig.Store(&LinkConfig{ListeningPort: 7777, Timeout: time.Hour})
			if name == "dial" {
				r.link.o.Dial = func(ctx context.Context, _ Address) (net.Conn, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}
			}
			r.followAddr(f.addr(), FollowOptions{})
			play(f)
			// Another master, then none, while the first is being waited for.
			other := newFakeMaster(t)
			r.followAddr(other.addr(), FollowOptions{})
			if name != "dial" {
				other.greet()
			}
			r.promote()
			require.Equal(t, LinkNone, r.link.Status().State)
			require.False(t, r.link.Disconnect())
			r.link.Close()
			r.followAddr(f.addr(), FollowOptions{}) // closed for good
			require.False(t, r.link.Following())
		})
	}
}

func TestPromotedReplicaAppliesNothingMore(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	r.followAddr(f.addr(), FollowOptions{})
	f.greet()
	f.say("+FULLRESYNC " + idA + " 5\r\n$0\r\n")
	f.expect("REPLCONF ACK 5")
	r.Lock()
	f.say("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n")
	eventually(t, "received", func() bool { return r.link.Status().ReadOffset > 5 })
	r.link.PromoteLocked()
	r.link.PromoteLocked() // nothing to do
	end := r.log.EndOffset()
	r.Unlock()
	r.link.Close()
	require.Empty(t, r.copyData())
	require.EqualValues(t, 5, end)
	require.EqualValues(t, 5, r.log.EndOffset())
	ids := r.ids.Get()
	require.Equal(t, idA, ids.ID2)
	require.EqualValues(t, 6, ids.SecondOffset)
	require.Equal(t, NoDB, r.log.SelectedDB())
}

func TestLoadErrorKeepsTheOldData(t *testing.T) {
	t.Parallel()
	m, r := newNode(t), newNode(t)
	m.set("new", "data")
	r.set("old", "data")
	r.loadHook = func(io.Reader) error { return errors.New("corrupt") }
	r.follow(m)
	eventually(t, "several attempts", func() bool { return m.master.Stats().SyncFull > 5 })
	require.Equal(t, map[string]string{"old": "data"}, r.copyData())
	require.True(t, r.logged("Failed trying to load the MASTER synchronization DB from socket"))
	r.promote()
}

func TestLoaderThatStopsEarly(t *testing.T) {
	t.Parallel()
	for _, diskless := range []bool{true, false} {
		m, r := newNode(t), newNode(t)
		m.configure(func(c *MasterConfig) { c.DisklessSync = diskless })
		m.set("key", strings.Repeat("x", 300<<10))
		r.loadHook = func(in io.Reader) error {
			_, err := io.ReadFull(iotest.OneByteReader(in), make([]byte, 1000))
			return err // and leave the rest to the link, with the mark
		}
		r.follow(m)
		eventually(t, "up", func() bool { return r.link.Status().Up() })
		m.set("after", "wards")
		eventually(t, "applied", func() bool { return r.copyData()["after"] == "wards" })
	}
}

// TestLoaderThatLeavesAll makes the link itself find the snapshot's end.
func TestLoaderThatLeavesAll(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	target := &lazyTarget{node: r}
	r.link.o.Target = target
	r.followAddr(f.addr(), FollowOptions{})
	f.greet()
	mark := strings.Repeat("m", IDLen)
	f.say("+FULLRESYNC " + idA + " 5\r\n$EOF:" + mark + "\r\n" + strings.Repeat("data", 50<<10) + mark)
	f.expect("REPLCONF ACK 5")
	require.EqualValues(t, 1, r.installs.Load())
}

// lazyTarget installs data sets without reading them.
type lazyTarget struct{ *node }

func (*lazyTarget) LoadRDB(context.Context, io.Reader, SyncInfo) (Dataset, error) {
	return map[string]string{}, nil
}

func TestStateNames(t *testing.T) {
	t.Parallel()
	var names, infos []string
	for s := WaitSnapshot; s <= Closing+1; s++ {
		names, infos = append(names, s.String()), append(infos, s.Info())
	}
	require.Equal(t, []string{"wait snapshot", "encode snapshot", "send snapshot", "snapshot sent", "online", "closing", "unknown"}, names)
	require.Equal(t, []string{"wait_bgsave", "wait_bgsave", "send_bulk", "", "online", "", ""}, infos)
	names = nil
	for s := LinkNone; s <= LinkConnected+1; s++ {
		names = append(names, s.String())
	}
	require.Equal(t, []string{"none", "connect", "connecting", "handshake", "sync", "connected", "unknown"}, names)
	require.Equal(t, "[::1]:6379", Address{"::1", 6379}.String())
}

// slowTarget loads byte by byte, waiting for the test in between, and has a file.
type slowTarget struct {
	*node
	step chan struct{}
}

func (s *slowTarget) LoadRDB(_ context.Context, r io.Reader, _ SyncInfo) (Dataset, error) {
	b := make([]byte, 1)
	for {
		<-s.step
		if _, err := r.Read(b); err == io.EOF {
			return map[string]string{}, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func (s *slowTarget) FsyncedOffset() (int64, bool) { return 3, true }

func TestSignsOfLifeWhileLoading(t *testing.T) {
	t.Parallel()
	r, f := newNode(t), newFakeMaster(t)
	target := &slowTarget{r, make(chan struct{})}
	r.link.o.Target = target
	r.link.o.AckPeriod = time.Nanosecond // every read is late
	r.followAddr(f.addr(), FollowOptions{})
	f.greet()
	f.say("+FULLRESYNC " + idA + " 5\r\n$2\r\n")
	target.step <- struct{}{}
	require.Empty(t, readLine(t, f.in), "a newline")
	f.say("ab")
	close(target.step)
	f.expect("REPLCONF ACK 5 FACK 3")
}
