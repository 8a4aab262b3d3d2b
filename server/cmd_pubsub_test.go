package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reads expects what comes next on a connection.
func (w *wire) reads(want ...string) {
	w.t.Helper()
	for _, text := range want {
		require.Equal(w.t, text, w.read())
	}
}

// A client that has quit or closed its connection is gone for whoever asks afterwards.
func TestWhoLeavesIsGone(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	other := n.dial()
	for range 300 {
		c := n.dial()
		c.expect("subscribe a", "[subscribe a 1]", "quit", "OK")
		other.expect("pubsub channels", "[]")
		c = n.dial()
		c.expect("subscribe b", "[subscribe b 1]")
		require.NoError(t, c.Close())
		other.expect("pubsub channels", "[]")
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	sub, pub := n.dial(), n.dial()
	sub.expect("subscribe a b", "[subscribe a 1]")
	sub.reads("[subscribe b 2]")
	sub.expect("psubscribe a*", "[psubscribe a* 3]", "ssubscribe a", "[ssubscribe a 1]")
	pub.expect("publish a one", "2", "publish b two", "1", "spublish a three", "1", "publish c none", "0")
	sub.reads("[message a one]", "[pmessage a* a one]", "[message b two]", "[smessage a three]")
	pub.expect("pubsub channels", "[a b]", "pubsub channels a*", "[a]", "pubsub numsub a c", "[a 1 c 0]", "pubsub numpat", "1",
		"pubsub shardchannels", "[a]", "pubsub shardnumsub a", "[a 1]",
		"pubsub channels a b", "-ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.")
	require.Contains(t, pub.do("client list type pubsub"), " flags=P db=0 sub=2 psub=1 ssub=1 ")
	require.Contains(t, pub.do("info stats"), "pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:1\r\n")
	sub.expect("unsubscribe", "[unsubscribe a 2]")
	sub.reads("[unsubscribe b 1]")
	sub.expect("punsubscribe", "[punsubscribe a* 0]", "unsubscribe", "[unsubscribe (nil) 0]",
		"sunsubscribe x a", "[sunsubscribe x 1]")
	sub.reads("[sunsubscribe a 0]")
	pub.expect("publish a one", "0", "pubsub numpat", "0")
	sub.expect("ping", "PONG")
}

// A RESP2 client that is subscribed may do little else.
func TestSubscribedContext(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c, pub := n.dial(), n.dial()
	c.expect("subscribe a", "[subscribe a 1]",
		"get k", "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
		"client id", "-ERR Can't execute 'client|id': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
		"ping", "[pong ]", "ping x", "[pong x]", "ping x y", "-ERR wrong number of arguments for 'ping' command",
		"reset", "RESET", "get k", "(nil)")
	pub.expect("publish a x", "0")
	c.send("hello 3")
	c.read()
	c.expect("subscribe a", "[subscribe a 1]", "ping x", "x", "publish a own", "1")
	c.reads("[message a own]")
	c.expect("subscribe a", "[subscribe a 1]", "quit", "OK")
	c.closed()
	n.until(func() bool { return pub.do("pubsub numsub a") == "[a 0]" }, "a client that has gone is no subscriber")
}

// Messages to the publisher itself follow the reply, and those of a transaction the transaction's.
func TestPublishToSelf(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.send("hello 3")
	c.read()
	c.expect("subscribe a b", "[subscribe a 1]")
	c.reads("[subscribe b 2]")
	for _, line := range []string{"publish a 1", "publish a 2", "ping"} {
		c.send(line)
	}
	c.reads("1", "[message a 1]", "1", "[message a 2]", "PONG")
	for _, line := range []string{"multi", "publish a 3", "unsubscribe a", "publish a 4", "exec", "ping"} {
		c.send(line)
	}
	c.reads("OK", "QUEUED", "QUEUED", "QUEUED", "[1 [unsubscribe a 1] 0]", "[message a 3]", "PONG")
}

// CLIENT REPLY turns replies off, not what subscribers are told.
func TestPushesWithoutReplies(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c, pub := n.dial(), n.dial()
	for _, line := range []string{"client reply off", "ping", "subscribe a"} {
		c.send(line)
	}
	c.reads("[subscribe a 1]")
	pub.expect("publish a x", "1")
	c.reads("[message a x]")
	c.send("ping")
	c.expect("unsubscribe a", "[unsubscribe a 0]", "client reply on", "OK")
}

// Every subscriber sees the messages of several publishers in the same order, whichever loops they are on.
func TestOrderOfMessages(t *testing.T) {
	t.Parallel()
	const publishers, messages = 4, 200
	n := startNode(t, "io-threads 3")
	var subs []*wire
	for range 6 {
		c := n.dial()
		c.expect("subscribe a", "[subscribe a 1]")
		subs = append(subs, c)
	}
	for p := range publishers {
		c := n.dial()
		for i := range messages {
			c.send(fmt.Sprintf("publish a %d.%d", p, i))
		}
	}
	var first []string
	for i, c := range subs {
		var got []string
		next := map[string]int{}
		for range publishers * messages {
			text := strings.TrimSuffix(strings.TrimPrefix(c.read(), "[message a "), "]")
			who, number, _ := strings.Cut(text, ".")
			require.Equal(t, fmt.Sprint(next[who]), number, "the order of one publisher")
			next[who]++
			got = append(got, text)
		}
		if i == 0 {
			first = got
		}
		require.Equal(t, first, got, "the order of all")
	}
}

func TestPublishIsReplicated(t *testing.T) {
	t.Parallel()
	master := startNode(t)
	replica := startReplica(t, master)
	sub, pub := replica.dial(), master.dial()
	sub.expect("subscribe a", "[subscribe a 1]", "ssubscribe s", "[ssubscribe s 1]")
	pub.expect("publish a 1", "0", "multi", "OK", "set k v", "QUEUED", "publish a 2", "QUEUED", "exec", "[OK 0]", "spublish s 3", "0")
	sub.reads("[message a 1]", "[message a 2]", "[smessage s 3]")
	local := replica.dial()
	local.expect("publish a here", "1")
	sub.reads("[message a here]")
	replica.inSync(master)
}

func TestSlowSubscriberIsClosed(t *testing.T) {
	t.Parallel()
	n := startNode(t, "client-output-buffer-limit pubsub 100kb 0 0")
	sub, pub := n.dial(), n.dial()
	sub.expect("subscribe a", "[subscribe a 1]")
	message := strings.Repeat("x", 1<<20)
	n.until(func() bool { return pub.do("publish a "+message) == "0" }, "a subscriber that does not read is closed")
	n.logged("for overcoming of output buffer limits.")
	require.Contains(t, pub.do("info stats"), "client_output_buffer_limit_disconnections:1\r\n")
}

func TestKeyspaceEvents(t *testing.T) {
	t.Parallel()
	n := startNode(t, "notify-keyspace-events KEA")
	sub, c := n.dial(), n.dial()
	sub.expect("psubscribe __key*", "[psubscribe __key* 1]")
	c.expect("set k v", "OK")
	sub.reads("[pmessage __key* __keyspace@0__:k set]", "[pmessage __key* __keyevent@0__:set k]")
	n.set("notify-keyspace-events", "Eml")
	c.expect("select 3", "OK", "set k v", "OK", "lpush l x", "1", "get nosuch", "(nil)")
	sub.reads("[pmessage __key* __keyevent@3__:lpush l]", "[pmessage __key* __keyevent@3__:keymiss nosuch]")
	n.set("notify-keyspace-events", "")
	c.expect("lpush l x", "2", "publish __key over", "1")
	sub.reads("[pmessage __key* __key over]")
}

// A client in RESP3 that waits, and listens, hears of what its own command did after the reply, and of what others did before it.
func TestWaitingSubscriber(t *testing.T) {
	t.Parallel()
	n := startNode(t, "notify-keyspace-events KEA")
	waits, other := n.dial3(), n.dial()
	waits.send("psubscribe __keyevent*__:*")
	waits.read()
	event := func(name, key string) string {
		return "[pmessage __keyevent*__:* __keyevent@0__:" + name + " " + key + "]"
	}
	waits.send("blpop l 0")
	n.blocked("1")
	other.expect("rpush l x", "1")
	waits.reads(event("rpush", "l"), "[l x]", event("lpop", "l"), event("del", "l"))
	waits.send("bzpopmin z 0")
	n.blocked("1")
	other.expect("zadd z 1 a", "1")
	waits.reads(event("zadd", "z"), "[z a 1]", event("zpopmin", "z"), event("del", "z"))
}
