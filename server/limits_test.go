package server

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func (n *node) counted(of func(*loopStats) counter) int64 {
	n.s.lock.lock()
	defer n.s.lock.unlock()
	return n.s.stats.sum(of)
}

func outputLimited(l *loopStats) counter { return l.outputLimit }
func queryLimited(l *loopStats) counter  { return l.queryLimit }

func TestHardOutputLimit(t *testing.T) {
	t.Parallel()
	n := startNode(t, "client-output-buffer-limit normal 4mb 0 0")
	good := n.dial()
	good.expect("set big "+strings.Repeat("x", 100_000), "OK")
	// Replies are counted as they arise, so one pipeline can't make more of them than the limit.
	bad := n.dial()
	_, err := bad.Write([]byte(strings.Repeat("GET big\r\n", 2000)))
	require.NoError(t, err)
	n.until(func() bool { return n.counted(outputLimited) == 1 }, "closed")
	bad.closed()
	n.logged("for overcoming of output buffer limits.")
	for range 100 { // much, but read in time
		require.Len(t, good.do("get big"), 100_000)
	}
}

func TestSoftOutputLimit(t *testing.T) {
	t.Parallel()
	n := startNode(t, "client-output-buffer-limit normal 0 1mb 30")
	n.dial().expect("set big "+strings.Repeat("x", 1_000_000), "OK")
	bad := n.dial()
	require.NoError(t, bad.Conn.(*net.TCPConn).SetReadBuffer(64<<10))
	for range 40 { // more than the system's buffers take
		bad.send("get big")
	}
	since := func() (at int64) {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		for _, c := range n.s.clients {
			if c.conn.Usage().OutLen > 20<<20 { // all is there, and the system takes no more
				at = max(at, c.softSince)
			}
		}
		return at
	}
	n.until(func() bool { return since() != 0 }, "over the soft limit")
	require.Zero(t, n.counted(outputLimited))
	n.skew.Store(int64(32 * time.Second))
	n.until(func() bool { return n.counted(outputLimited) == 1 }, "closed by cron") // nothing is appended any more
	bad.closed()
}

func TestQueryBufferLimit(t *testing.T) {
	t.Parallel()
	n := startNode(t, "client-query-buffer-limit 1mb")
	c := n.dial()
	c.expect("set a "+strings.Repeat("x", 900_000), "OK", "strlen a", "900000")
	_, err := fmt.Fprintf(c, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2000000\r\n")
	require.NoError(t, err)
	chunk := []byte(strings.Repeat("y", 100_000))
	for range 20 {
		if _, err = c.Write(chunk); err != nil {
			break
		}
	}
	c.closed()
	require.EqualValues(t, 1, n.counted(queryLimited))
	n.logged("Closing client that reached max query buffer length")
	n.dial().expect("strlen a", "900000")
}

func TestIdleClientsAreClosed(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	silent, waiting, slow := n.dial(), n.dial(), n.dial()
	silent.expect("ping", "PONG")
	waiting.send("wait 1 0")
	_, err := slow.Write([]byte("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10\r\n"))
	require.NoError(t, err)
	ready := func() bool {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		blocked := 0
		for _, c := range n.s.clients {
			if c.blocked != nil {
				blocked++
			}
		}
		return blocked == 1 && len(n.s.clients) == 3
	}
	n.until(ready, "clients")
	n.set("timeout", "60")
	n.skew.Store(int64(50 * time.Second))
	// Bytes of a command keep its client, as far as they have been seen.
	_, err = slow.Write([]byte("12345"))
	require.NoError(t, err)
	n.until(func() bool {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		for _, c := range n.s.clients {
			if n.s.now()-c.lastActive < 10_000 {
				return true
			}
		}
		return false
	}, "seen")
	n.skew.Store(int64(100 * time.Second))
	silent.closed()
	_, err = slow.Write([]byte("67890\r\n"))
	require.NoError(t, err)
	require.Equal(t, "OK", slow.read())
	n.set("timeout", "0")
	startReplica(t, n)
	require.Equal(t, "1", waiting.read())
}

func TestNewBulkLimitHoldsForOldConnections(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.expect("ping", "PONG")
	n.set("proto-max-bulk-len", "1mb")
	_, err := fmt.Fprintf(c, "*2\r\n$4\r\nECHO\r\n$2000000\r\n")
	require.NoError(t, err)
	require.Equal(t, "-ERR Protocol error: invalid bulk length", c.read())
	c.closed()
}

// TestOutputLimitAmidReply has replies that would be far longer than the memory of the machine.
func TestOutputLimitAmidReply(t *testing.T) {
	t.Parallel()
	n := startNode(t, "client-output-buffer-limit normal 1mb 0 0")
	good := n.dial()
	good.expect("hset h f v", "1", "sadd s m", "1", "zadd z 1 m", "1")
	for i, line := range []string{"hrandfield h -99999999999", "srandmember s -99999999999", "zrandmember z -99999999999 withscores"} {
		bad := n.dial()
		bad.send(line)
		n.until(func() bool { return n.counted(outputLimited) == int64(i+1) }, line)
		bad.closed()
	}
	for i := range 3000 {
		good.expect(fmt.Sprintf("set %0500d 1", i), "OK")
	}
	bad := n.dial()
	bad.send("keys *")
	n.until(func() bool { return n.counted(outputLimited) == 4 }, "keys")
	bad.closed()
}

func TestClientEviction(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	me := n.dial()
	me.expect("config set maxmemory-clients 1mb", "OK", "client no-evict on", "OK", "set big "+strings.Repeat("x", 100_000), "OK")
	for what, send := range map[string]string{
		"part of a request": "*2\r\n$3\r\nget\r\n$2000000\r\nxxx",
		"a long argument":   "*2\r\n$3\r\nget\r\n$2000000\r\n" + strings.Repeat("x", 2_000_000) + "\r\n",
		"a transaction":     "multi\r\n" + strings.Repeat("*3\r\n$3\r\nset\r\n$1\r\nk\r\n$300000\r\n"+strings.Repeat("x", 300_000)+"\r\n", 5) + "ping\r\n",
		"watched keys":      "watch" + numbered(10_000) + "\r\nping\r\n",
		"subscriptions":     "subscribe" + numbered(10_000) + "\r\nping\r\n",
		"output":            strings.Repeat("get big\r\n", 200),
	} {
		before := me.info("evicted_clients")
		c := n.dial()
		require.NoError(t, c.Conn.(*net.TCPConn).SetReadBuffer(16<<10))
		_, _ = c.Write([]byte(send))
		n.until(func() bool { return me.info("evicted_clients") != before }, what)
		n.until(func() bool { return len(me.clients("")) == 1 }, what)
	}
	n.logged("Evicting client id=")
	require.Eventually(t, func() bool { return n.s.clientSums.condemned.Load() == 0 }, patience, time.Millisecond)
	require.Zero(t, n.s.clientSums.extra.Load())
	// The greatest goes first, and no more than need be.
	me.expect("config set maxmemory-clients 0", "OK")
	for i := range 5 {
		c := n.dial()
		c.expect(fmt.Sprint("client setname c", i), "OK")
		fmt.Fprintf(c, "*2\r\n$3\r\nget\r\n$%d\r\nxxx", 100_000*(i+1))
		n.until(func() bool { return strings.Contains(me.do("client list"), fmt.Sprint("name=c", i, " ")) }, "connected")
	}
	n.until(func() bool { return strings.Count(me.do("client list"), "argv-mem=3 ") == 5 }, "parsed")
	me.expect("config set maxmemory-clients 650000", "OK")
	n.until(func() bool { return len(me.clients("")) == 4 }, "two evicted")
	require.NotRegexp(t, "name=c[34]", me.do("client list"))
	// Who has asked to stay does, whoever else comes goes.
	other := n.dial()
	other.expect("client no-evict on", "OK")
	me.expect("config set maxmemory-clients 1", "OK", "ping", "PONG")
	require.True(t, n.s.clientSums.unevictable.Load())
	n.dial().closed()
	me.expect("ping", "PONG", "client no-evict off", "OK")
	me.closed()
	other.send("reset")
	other.closed()
}

// numbered returns n words, each after a space.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprint(&b, " ", i)
	}
	return b.String()
}
