package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBlockingCommandsThatNeedNotWait(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"rpush l a b c d e f g", ":7",
		"blpop none l 0", "*2 $1 l $1 a",
		"brpop l 0", "*2 $1 l $1 g",
		"blmove l m left right 0", "$1 b",
		"brpoplpush l m 0", "$1 f",
		"lrange m 0 -1", "*2 $1 f $1 b",
		"blmpop 0 2 none l left count 2", "*2 $1 l *2 $1 c $1 d",
		"zadd z 1 a 2 b 3 c", ":3",
		"bzpopmin none z 0", "*3 $1 z $1 a $1 1",
		"bzpopmax z 0", "*3 $1 z $1 c $1 3",
		"bzmpop 0 1 z min", "*2 $1 z *1 *2 $1 b $1 2",
		"set s x", "+OK",
		"blpop s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"blmove l s left left 0", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"blpop l x", "-ERR timeout is not a float or out of range",
		"blpop l -1", "-ERR timeout is negative",
		"blpop l 0x7FFFFFFFFFFFFF", "-ERR timeout is out of range",
		"blmpop x 1 l left count 0", "-ERR count should be greater than 0",
		"bzmpop x 0 z min", "-ERR numkeys should be greater than 0",
		"multi", "+OK",
		"blpop none 0", "+QUEUED",
		"blmove none m left left 0", "+QUEUED",
		"bzpopmin none 0", "+QUEUED",
		"exec", "*3 *-1 $-1 *-1",
	)
}

func TestBlockingCommandsAreLoggedAsWhatHappened(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.record()
	ss.raw("rpush", "l", "a", "b", "c", "d")
	ss.raw("zadd", "z", "1", "a", "2", "b")
	ss.logged()
	ss.logs("blpop l 0", "LPOP l")
	ss.logs("blmove l m left right 0", "LMOVE l m left right")
	ss.logs("brpoplpush l m 0", "RPOPLPUSH l m")
	ss.logs("blmpop 0 1 l left", "LPOP l 1")
	ss.logs("bzpopmin z 0", "ZPOPMIN z")
	ss.logs("bzmpop 0 1 z max", "ZPOPMAX z 1")
}

// TestBlockedClients drives waiting clients over real connections.
func TestBlockedClients(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	push, first, second := n.dial(), n.dial(), n.dial()
	waiting := func(want int) {
		t.Helper()
		n.until(func() bool {
			n.s.lock.lock()
			defer n.s.lock.unlock()
			got := 0
			for _, c := range n.s.clients {
				if c.blocked != nil {
					got++
				}
			}
			return got == want
		}, "clients wait")
	}

	first.send("blpop l 0")
	waiting(1)
	second.send("brpop other l 0")
	waiting(2)
	push.expect("rpush l a b", "2")
	require.Equal(t, "[l a]", first.read())
	require.Equal(t, "[l b]", second.read())
	push.expect("exists l", "0")

	// A transaction is over before anyone is served, and what is gone by then is not served.
	first.send("blpop l 0")
	waiting(1)
	push.expect("multi", "OK", "rpush l x", "QUEUED", "del l", "QUEUED", "rpush l y", "QUEUED", "exec", "[1 1 1]")
	require.Equal(t, "[l y]", first.read())

	// One served client makes another ready.
	first.send("blmove a b left right 0")
	waiting(1)
	second.send("blpop b 0")
	waiting(2)
	push.expect("rpush a v", "1")
	require.Equal(t, "v", first.read())
	require.Equal(t, "[b v]", second.read())

	// The wrong type wakes nobody; renaming does.
	first.send("bzpopmin z 0")
	waiting(1)
	push.expect("set z text", "OK", "zadd y 5 m", "1", "rename y z", "OK")
	require.Equal(t, "[z m 5]", first.read())

	// A timeout, then a command that came meanwhile.
	began := time.Now()
	first.send("blpop l 0.05")
	first.send("ping")
	require.Equal(t, "(nil)", first.read())
	require.Equal(t, "PONG", first.read())
	require.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)

	// A client that goes away gives its place up.
	second.send("blpop l 0")
	waiting(1)
	require.NoError(t, second.Close())
	waiting(0)
	push.expect("rpush l kept", "1", "lrange l 0 -1", "[kept]")
}

func TestClientUnblock(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	admin, waits := n.dial(), n.dial()
	id := waits.do("client id")
	admin.expect("client unblock "+id, "0", "client unblock x", "-"+errNotInteger,
		"client unblock 1 maybe", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	for how, want := range map[string]string{"": "(nil)", " timeout": "(nil)", " error": "-" + errUnblocked} {
		waits.send("blpop l 0")
		n.until(func() bool { return admin.do("client unblock "+id+how) == "1" }, "client waits")
		require.Equal(t, want, waits.read())
	}
	admin.expect("rpush l a", "1", "lrange l 0 -1", "[a]")
}

func TestCommandsThatGrowTheDataAreRefusedOverMaxmemory(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"set a 1", "+OK",
		"multi", "+OK",
		"get a", "+QUEUED",
		"config set maxmemory 1", "+QUEUED",
		"exec", "*2 $1 1 +OK",
		"set a 2", "-"+errOOM,
		"get a", "$1 1",
		"del a", ":1",
		"multi", "+OK",
		"get a", "-"+errOOM,
		"exec", "-"+errExecAbort,
		"multi", "+OK",
		"discard", "+OK",
		"config set maxmemory 0", "+OK",
		"set a 2", "+OK",
	)
}

func TestBlockedCommandCountsOnce(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	push, waits := n.dial(), n.dial()
	calls := func(want string) {
		t.Helper()
		require.Contains(t, push.do("info commandstats"), "cmdstat_blpop:calls="+want+",")
	}
	waits.send("blpop l 0")
	n.until(func() bool { return strings.Contains(push.do("info clients"), "blocked_clients:1") }, "client waits")
	push.expect("lpush l a", "1")
	require.Equal(t, "[l a]", waits.read())
	calls("1")
	waits.expect("blpop l 0.01", "(nil)")
	calls("2")
}
