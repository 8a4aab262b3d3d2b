package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dial3 connects with RESP3.
func (n *node) dial3() *wire {
	n.t.Helper()
	c := n.dial()
	c.send("hello 3")
	c.read()
	return c
}

func TestTracking(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	c, w := n.dial3(), n.dial()
	c.expect("client getredir", "-1", "client tracking on", "OK", "client getredir", "0", "mget a b", "[(nil) (nil)]", "set c 1", "OK")
	require.Contains(t, c.do("client info"), " flags=t ")
	require.Contains(t, c.do("info"), "tracking_clients:1\r\n")
	require.Contains(t, c.do("info stats"), "tracking_total_keys:2\r\ntracking_total_items:2\r\ntracking_total_prefixes:0\r\n")
	w.expect("set a 1", "OK", "set a 2", "OK", "set c 2", "OK")
	c.reads("[invalidate [a]]")
	c.expect("get b", "(nil)", "set b 1", "OK") // its own change, after the reply
	c.reads("[invalidate [b]]")
	for _, line := range []string{"multi", "get b", "set b 2", "get c", "exec", "ping"} {
		c.send(line)
	}
	c.reads("OK", "QUEUED", "QUEUED", "QUEUED", "[1 OK 2]", "[invalidate [b]]", "PONG")
	w.expect("flushall", "OK")
	c.reads("[invalidate (nil)]")
	c.expect("eval return{redis.call('get','x')} 0", "[(nil)]")
	w.expect("set x 1", "OK")
	c.reads("[invalidate [x]]")
	c.expect("set e 1 px 1", "OK", "get nosuch", "(nil)")
	n.until(func() bool { return w.do("exists e") == "0" }, "expired")
	c.expect("client tracking off", "OK")
	w.expect("set nosuch 1", "OK")
	c.expect("ping", "PONG", "client tracking on noloop", "OK", "get k", "(nil)", "set k 1", "OK", "get k", "1", "ping", "PONG")
	w.expect("del k", "1")
	c.reads("[invalidate [k]]")
	c.expect("reset", "RESET")
	require.Contains(t, w.do("info clients"), "tracking_clients:0\r\n")
}

func TestTrackingOptions(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c, w := n.dial3(), n.dial()
	c.expect("client caching yes", "-ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
		"client tracking x", "-"+errSyntax, "client tracking on redirect 999", "-ERR The client ID you want redirect to does not exist",
		"client tracking on prefix a", "-ERR PREFIX option requires BCAST mode to be enabled",
		"client tracking on bcast optin", "-ERR OPTIN and OPTOUT are not compatible with BCAST",
		"client tracking on optin optout", "-ERR You can't specify both OPTIN mode and OPTOUT mode",
		"client tracking on bcast prefix a prefix ab", "-ERR Prefix 'a' overlaps with another provided prefix 'ab'. Prefixes for a single client must not overlap.",
		"client tracking on optin", "OK",
		"client tracking on bcast", "-ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
		"client tracking on optout", "-ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
		"client caching no", "-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.", "get a", "(nil)")
	w.expect("set a 1", "OK")
	c.expect("client caching yes", "OK")
	require.Contains(t, c.do("client trackinginfo"), "on optin caching-yes")
	c.expect("get a", "1", "get b", "(nil)")
	w.expect("set b 1", "OK", "set a 2", "OK")
	c.reads("[invalidate [a]]")
	c.expect("client caching yes", "OK", "multi", "OK", "get a", "QUEUED", "get b", "QUEUED", "exec", "[2 1]", "get c", "(nil)")
	w.expect("set c 1", "OK", "set b 1", "OK")
	c.reads("[invalidate [b]]")
	c.expect("client tracking off", "OK", "client tracking on optout", "OK", "client caching no", "OK", "get a", "2", "get b", "1")
	w.expect("set a 1", "OK", "set b 1", "OK")
	c.reads("[invalidate [b]]")
}

func TestTrackingBroadcast(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	c, w := n.dial3(), n.dial()
	c.expect("client tracking on bcast noloop prefix a: prefix b:", "OK", "set a:own 1", "OK")
	w.expect("mset a:2 1 b:1 1 a:1 1 c:1 1", "OK")
	c.reads("[invalidate [a:1 a:2]]", "[invalidate [b:1]]")
	require.Contains(t, c.do("client info"), " flags=tB ")
	c.expect("client tracking on bcast prefix a:x", "-ERR Prefix 'a:x' overlaps with an existing prefix 'a:'. Prefixes for a single client must not overlap.",
		"client tracking on bcast prefix d:", "OK", "set a:own 1", "OK")
	c.reads("[invalidate [a:own]]")
	w.expect("set a:e 1 px 1", "OK")
	c.reads("[invalidate [a:e]]", "[invalidate [a:e]]")
	require.Contains(t, w.do("info stats"), "tracking_total_prefixes:3\r\n")
	require.NoError(t, c.Close())
	n.until(func() bool { return strings.Contains(w.do("info stats"), "tracking_total_prefixes:0\r\n") }, "prefixes go with their client")
}

func TestTrackingRedirection(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	c, to, to3, w := n.dial3(), n.dial(), n.dial3(), n.dial()
	id, id3 := to.do("client id"), to3.do("client id")
	to.expect("subscribe "+trackingChannel, "[subscribe "+trackingChannel+" 1]")
	c.expect("client tracking on redirect "+id, "OK", "client getredir", id, "get a", "(nil)", "set a 1", "OK")
	to.reads("[message " + trackingChannel + " [a]]")
	c.expect("client tracking on redirect "+id3, "OK", "get a", "1")
	require.Contains(t, c.do("client info"), " redir="+id3+" ")
	w.expect("set a 2", "OK")
	to3.reads("[invalidate [a]]")
	c.expect("get a", "2")
	to3.expect("quit", "OK")
	to3.closed()
	n.until(func() bool { return w.do("client list id "+id3) == "" }, "gone")
	w.expect("set a 3", "OK")
	c.reads("[tracking-redir-broken " + id3 + "]")
	require.Contains(t, c.do("client info"), " flags=tR ")
	require.Contains(t, c.do("client trackinginfo"), "on broken_redirect")
}

// What a command that waited changes itself is told after its reply.
func TestTrackingOfBlockedCommand(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	c, w := n.dial3(), n.dial()
	c.expect("client tracking on", "OK", "lrange to 0 -1", "[]")
	c.send("blmove from to left left 0")
	n.blocked("1")
	w.expect("rpush from x", "1")
	c.reads("x", "[invalidate [to]]")
}

func TestTrackingTableLimit(t *testing.T) {
	t.Parallel()
	n := startNode(t, "tracking-table-max-keys 2")
	c := n.dial3()
	c.expect("client tracking on", "OK")
	for i := range 5 {
		c.send(fmt.Sprintf("get k%d", i))
	}
	replies, gone := 0, 0
	for replies < 5 || gone < 3 {
		if c.read() == "(nil)" {
			replies++
		} else {
			gone++
		}
	}
}
