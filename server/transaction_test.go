package server

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

func TestRefusalsInsideTransactions(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	const aborted = "-EXECABORT Transaction discarded because of previous errors."
	for _, line := range []string{"save", "shutdown", "psync ? -1", "sync"} {
		ss.expect("multi", "+OK", line, "-"+errNoMulti, "exec", aborted)
	}
	// What is wrong with MULTI or WATCH itself spoils nothing.
	ss.expect("multi", "+OK", "multi", "-"+errNestedMulti, "watch a", "-ERR WATCH inside MULTI is not allowed", "set a 1", "+QUEUED", "exec", "*1 +OK")
	// EXEC is refused for what its commands are, and says so.
	ss.expect("multi", "+OK", "set a 2", "+QUEUED")
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "min-replicas-to-write", "1"))
	ss.expect("exec", "-EXECABORT Transaction discarded because of: "+errNoReplicas, "get a", "$1 1", "exec", "-ERR EXEC without MULTI",
		"multi", "+OK", "get a", "+QUEUED", "exec", "*1 $1 1")
	ss.expect("multi", "+OK", "exec a", "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
		"exec", "-ERR EXEC without MULTI")

	ss.expect("multi", "+OK", "get a", "+QUEUED")
	ss.s.loading.begin(loadFirst, 0, 0)
	ss.expect("exec", "-EXECABORT Transaction discarded because of: "+errLoading, "get a", "-"+errLoading)
	ss.s.loading.end()
}

// Clients that raise a counter only if nobody else did lose no increment, whatever the loops they are on.
func TestWatchAcrossConnections(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 4")
	const clients, each = 6, 60
	var wg sync.WaitGroup
	for range clients {
		c := n.dial()
		wg.Go(func() {
			for done := 0; done < each; {
				c.do("watch counter")
				v, _ := strconv.Atoi(c.do("get counter"))
				c.do("multi")
				c.do(fmt.Sprintf("set counter %d", v+1))
				if c.do("exec") == "[OK]" {
					done++
				}
			}
		})
	}
	wg.Wait()
	n.dial().expect("get counter", strconv.Itoa(clients*each))
	n.s.lock.lock()
	defer n.s.lock.unlock()
	require.Empty(t, n.s.watchers)
}

// Several clients queue scripts side by side.
func TestQueuedScriptsAcrossConnections(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 4")
	var wg sync.WaitGroup
	for i := range 4 {
		c := n.dial()
		wg.Go(func() {
			for range 50 {
				c.expect("multi", "OK", fmt.Sprint("eval return(", i, ") 0"), "QUEUED", "exec", fmt.Sprint("[", i, "]"))
			}
		})
	}
	wg.Wait()
}

func TestKilledClientRunsNothingMore(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.expect("watch w", "OK")
	n.s.lock.lock()
	var victim *Client
	for _, victim = range n.s.clients {
	}
	c.send("set a 1") // waits for the lock
	victim.kill()
	n.s.forget(victim)
	n.s.lock.unlock()
	c.closed()
	n.dial().expect("exists a", "0")
}

func TestReplyModesOfBlockedClients(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := n.dial()
	c.send("client reply skip")
	c.send("wait 1 20") // its reply is what is skipped
	c.expect("echo next", "next")
	c.send("client reply off")
	c.send("wait 1 20")
	c.expect("client reply on", "OK", "wait 0 0", "0")
}

func TestClockStandsStillWithinCommands(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("set a 1 px 1000", "+OK")
	began := ss.now.UnixMilli()
	ss.c.batchBegan -= time.Hour
	ss.expect("pexpiretime a", ":"+strconv.FormatInt(began+1000, 10))
}

// A hostile or odd command in the master's stream must not end the replica.
func TestOddCommandsFromMaster(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	apply := func(words ...string) {
		args := make([][]byte, len(words))
		for i, w := range words {
			args[i] = []byte(w)
		}
		n.s.lock.lock()
		defer n.s.lock.unlock()
		replTarget{n.s}.ApplyLocked(args)
	}
	for _, words := range [][]string{
		{"post"}, {"host:"}, {"nosuch", "command"}, {"get"}, {"psync", "?", "-1"}, {"sync"}, {"wait", "1", "0"}, {"quit"}, {"reset"},
		{"exec"}, {"discard"}, {"multi"}, {"multi"}, {"exec"}, {"watch", "a"}, {"replicaof", "no", "one"}, {"client", "kill", "id", "1"},
		{"client", "list"}, {"client", "reply", "off"}, {"client", "reply", "on"}, {"save"}, {"bgsave"}, {"role"}, {"replconf", "getack", "*"},
		{"auth", "x"}, {"hello", "3"}, {"select", "99"}, {"client", "info"}, {"swapdb", "0", "99"}, {"blpop", "a", "0"},
	} {
		apply(words...)
	}
	apply("set", "a", "1")
	n.dial().expect("get a", "1")
}
