package harness

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestReplyKeepsTheExactBytes(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"+OK\r\n", "-ERR no\r\n", ":-5\r\n", "$-1\r\n", "$0\r\n\r\n", "$5\r\na\r\nbc\r\n", "*-1\r\n", "*0\r\n",
		"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(12345678901234567890\r\n",
		"%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n", "=7\r\ntxt:abc\r\n", ">1\r\n+push\r\n",
	} {
		c := serve(t, raw)
		r, err := c.Read1()
		require.NoError(t, err, "%q", raw)
		require.Equal(t, raw, string(r.Raw))
		_, err = c.Read1()
		require.ErrorIs(t, err, io.EOF, "%q", raw)
	}
}

func TestReplyTree(t *testing.T) {
	t.Parallel()
	r, err := serve(t, "%2\r\n$1\r\na\r\n:1\r\n+b\r\n*2\r\n$-1\r\n-E\r\n").Read1()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "1", "b", ""}, r.Texts())
	require.Equal(t, "*2\r\n$-1\r\n-E\r\n", string(r.Elems[3].Raw))
	require.True(t, r.Elems[3].Elems[0].Null)
	require.True(t, r.Elems[3].Elems[1].IsError())
}

func TestReplyRefusesWhatIsNoRESP(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]error{
		"hello\r\n":    ErrProtocol,
		"+OK\n":        ErrProtocol,
		"$x\r\n":       ErrProtocol,
		"$-2\r\n":      ErrProtocol,
		"$1\r\nabc":    ErrProtocol,
		"$5\r\nab":     io.ErrUnexpectedEOF,
		"*2\r\n+a\r\n": io.ErrUnexpectedEOF,
		"+half":        io.ErrUnexpectedEOF,
	} {
		_, err := serve(t, raw).Read1()
		require.ErrorIs(t, err, want, "%q", raw)
	}
}

// serve returns a connection whose other end sends these bytes and closes.
func serve(t *testing.T, raw string) *Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write([]byte(raw))
			c.Close()
		}
	}()
	c, err := Dial(l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestParseInfo(t *testing.T) {
	t.Parallel()
	i := ParseInfo("# Replication\r\nrole:master\r\nslave0:ip=127.0.0.1,port=1,offset=42\r\n\r\nmaster_repl_offset:7\r\n")
	require.Equal(t, "master", i["role"])
	require.EqualValues(t, 7, i.Int("master_repl_offset"))
	require.EqualValues(t, -1, i.Int("absent"))
	require.EqualValues(t, 42, i.Sub("slave0").Int("offset"))
}

func TestLogBufferStaysBounded(t *testing.T) {
	t.Parallel()
	b := new(logBuffer)
	for range 40 {
		_, err := b.Write(bytes.Repeat([]byte("x"), logTail/8))
		require.NoError(t, err)
	}
	_, err := b.Write([]byte("\none\ntwo\n"))
	require.NoError(t, err)
	require.LessOrEqual(t, len(b.String()), 2*logTail+16)
	require.Equal(t, "\none\ntwo\n", b.last(2))
}

func TestServerLifeCycle(t *testing.T) {
	t.Parallel()
	RequirePeer(t)
	s := Start(t, Redis)
	require.Equal(t, "+PONG\r\n", string(s.Dial(t).Must(t, "PING").Raw))
	require.NoError(t, s.Client(t).Set(context.Background(), "k", "v", 0).Err())
	s.Stop(t)
	require.True(t, s.Exited())
	s.Restart(t)
	require.Equal(t, "0", s.Once(t, "DBSIZE").Text)
	s.Kill()
	require.True(t, s.Exited())
}

// TestStopIsRepeated: a server that can't save refuses to end, until it can.
func TestStopIsRepeated(t *testing.T) {
	t.Parallel()
	RequirePeer(t)
	s := Start(t, Redis, Args("--save", "100 1"))
	s.Once(t, "SET", "k", "v")
	inTheWay := filepath.Join(s.Dir, "dump.rdb")
	require.NoError(t, os.MkdirAll(filepath.Join(inTheWay, "full"), 0o700))
	removed := make(chan error, 1)
	go func() {
		poll(func() bool { return s.log.contains("can't exit") }, Patience)
		removed <- os.RemoveAll(inTheWay)
	}()
	s.Stop(t)
	require.NoError(t, <-removed)
	require.FileExists(t, inTheWay)
}

func TestSentinelStarts(t *testing.T) {
	t.Parallel()
	RequireTool(t, "redis-sentinel")
	master := Start(t, Redis)
	s := StartSentinel(t, "m", master.Port(), 1)
	require.Equal(t, []string{"m"}, mastersOf(s.Once(t, "SENTINEL", "MASTERS")))
}

func mastersOf(r Reply) []string {
	var names []string
	for _, m := range r.Elems {
		names = append(names, m.Elems[1].Text)
	}
	return names
}

func TestProxyCutHoldThrottleMangle(t *testing.T) {
	t.Parallel()
	RequirePeer(t)
	s := Start(t, Redis)
	p := NewProxy(t, s.Addr())
	dial := func() *Conn {
		c, err := Dial(p.Addr())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	c := dial()
	require.Equal(t, "PONG", c.Must(t, "PING").Text)

	p.Hold()
	require.NoError(t, c.Send("PING"))
	c.SetPatience(50 * time.Millisecond)
	_, err := c.Read1()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	c.SetPatience(Patience)
	p.Release()
	r, err := c.Read1()
	require.NoError(t, err)
	require.Equal(t, "PONG", r.Text)

	require.Positive(t, p.Cut())
	_, err = c.Do("PING")
	require.Error(t, err)

	p.Throttle(20_000)
	c = dial()
	began := time.Now()
	c.OK(t, "SET", "k", strings.Repeat("x", 4000))
	require.Greater(t, time.Since(began), 150*time.Millisecond)
	p.Throttle(0)

	p.Mangle(func() Mangler {
		return func(b []byte) int {
			b[0] = '-'
			return len(b)
		}
	})
	require.True(t, dial().Must(t, "PING").IsError())
	p.Mangle(func() Mangler { return func([]byte) int { return 3 } })
	cut := dial()
	require.NoError(t, cut.Send("PING"))
	got, err := io.ReadAll(cut.Conn)
	require.NoError(t, err)
	require.Equal(t, "+PO", string(got))
	p.Mangle(nil)

	p.Refuse(true)
	_, err = dial().Do("PING")
	require.Error(t, err)
}

func TestLoadWritesEveryTypeAndDumpsShowIt(t *testing.T) {
	t.Parallel()
	RequirePeer(t)
	s := Start(t, Redis)
	l := StartLoad(t, s, LoadConfig{Seed: 7, Volatile: true, Atomic: true})
	l.WaitWritten(t, 1000)
	require.GreaterOrEqual(t, l.Stop(t), int64(1000))

	c := s.Dial(t)
	before, err := DumpDB(c)
	require.NoError(t, err)
	types := make(map[string]bool)
	for _, k := range before {
		types[k.Type] = true
	}
	for _, want := range []string{"string", "list", "set", "hash", "zset", "stream"} {
		require.True(t, types[want], want)
	}
	c.OK(t, "SET", "str:new", "1")
	after, err := DumpDB(c)
	require.NoError(t, err)
	require.Empty(t, DiffDumps(before, before, nil))
	require.Contains(t, DiffDumps(before, after, nil), "str:new")
}

func TestStreamPayloadsRestore(t *testing.T) {
	t.Parallel()
	RequirePeer(t)
	s := Start(t, Redis)
	for key, payload := range StreamPayloads() {
		s.Once(t, "RESTORE", key, "0", payload)
		require.Equal(t, "stream", s.Once(t, "TYPE", key).Text)
	}
}
