package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

// limit sets maxmemory to so many bytes more than are in use.
func (ss *session) limit(more int64) {
	ss.s.lock.lock() // eviction may go on in a goroutine
	limit := ss.s.usedMemory() + more
	ss.s.lock.unlock()
	ss.expect("config set maxmemory "+strconv.FormatInt(limit, 10), "+OK")
}

// keys returns how many keys there are.
func (ss *session) keys() int {
	ss.s.lock.lock()
	defer ss.s.lock.unlock()
	return ss.s.store.Len()
}

// later moves the clock, as cron would tell of it.
func (ss *session) later(d time.Duration) {
	ss.advance(d)
	ss.s.clock.Set(ss.s.now())
}

func TestEvictionKeepsToTheLimit(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ss := newSession(t)
			ss.expect("config set maxmemory-eviction-tenacity 100 maxmemory-policy "+policy, "+OK", "set stays 1", "+OK", "select 3", "+OK")
			ss.limit(200 << 10)
			limit := config.MaxMemory.Get(ss.s.cfg)
			for i := range 3000 {
				ss.expect(fmt.Sprintf("set key:%d %s ex 1000", i, strings.Repeat("x", 1+i%300)), "+OK")
				require.Less(t, ss.s.usedMemory(), limit+5000)
			}
			ss.expect("exists key:2999", ":1")
			require.Positive(t, ss.s.stats.evictedKeys)
			require.EqualValues(t, 3001-ss.s.stats.evictedKeys, ss.s.store.Len())
			if strings.HasPrefix(policy, "volatile") {
				ss.expect("select 0", "+OK", "exists stays", ":1")
			}
			ss.expect("config set maxmemory 1", "+OK", "get key:2999", "$-1")
			if strings.HasPrefix(policy, "volatile") {
				ss.expect("dbsize", ":1", "set more 1", "-"+errOOM, "get stays", "$1 1", "del stays", ":1")
			}
			require.Zero(t, ss.s.store.Len())
			ss.expect("set a 1", "-"+errOOM)
			require.Positive(t, ss.s.eviction.since.Load())
			ss.expect("config set maxmemory 0", "+OK", "set a 1", "+OK")
		})
	}
}

func TestNoEviction(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("set a 1", "+OK", "config set maxmemory 1", "+OK", "set b 1", "-"+errOOM, "get a", "$1 1",
		"eval return(redis.call('set','b','1')) 0", "-OOM command not allowed when used memory > 'maxmemory'. script: f0e16fa960cd8c800af2ba79616c7584eee5803e, on @user_script:1.",
		"multi", "+OK", "get a", "-"+errOOM, "discard", "+OK", "config set maxmemory-policy volatile-lru", "+OK", "set b 1", "-"+errOOM,
		"config set maxmemory-policy allkeys-random", "+OK", "get a", "$-1", "dbsize", ":0")
}

// evicts lowers maxmemory so far that nothing may stay, and returns what is logged until nothing is left. That the server begins
// by itself, in a goroutine, shows in no order.
func (ss *session) evicts() string {
	ss.t.Helper()
	ss.expect("config set maxmemory 1", "+OK", "dbsize", ":0")
	ss.until(func() bool { return !ss.s.eviction.running.Load() })
	return ss.logged()
}

func (ss *session) until(cond func() bool) {
	ss.t.Helper()
	require.Eventually(ss.t, cond, patience, time.Millisecond)
}

func TestEvictionIsToldOf(t *testing.T) {
	t.Parallel()
	var events []string
	ss := newSession(t)
	ss.s.opts.OnKeyEvent = func(db int, event string, key []byte) {
		events = append(events, fmt.Sprint(db, " ", event, " ", string(key)))
	}
	ss.record()
	ss.logs("config set maxmemory-policy allkeys-lru", "", "set a 1", "set a 1", "watch a", "")
	require.Equal(t, "DEL a", ss.evicts())
	ss.logs("multi", "", "exec", "")
	require.Equal(t, []string{"0 new a", "0 set a", "0 evicted a"}, events)
	ss.logs("config set maxmemory 0 lazyfree-lazy-eviction yes", "", "select 2", "", "set b 1", "SELECT 2; set b 1")
	require.Equal(t, "UNLINK b", ss.evicts())
	ss.expect("watch b", "+OK", "config set maxmemory 0", "+OK", "set b 1", "+OK", "multi", "+OK", "exec", "*-1")
	// A transaction goes on to its end.
	ss.logged()
	ss.expect("multi", "+OK", "incr x", "+QUEUED", "config set maxmemory 1", "+QUEUED", "incr x", "+QUEUED", "exec", "*3 :1 +OK :2")
	logged, rest := strings.CutPrefix(ss.evicts(), "MULTI; incr x; incr x; EXEC; ")
	require.True(t, rest)
	require.ElementsMatch(t, []string{"UNLINK x", "UNLINK b"}, strings.Split(logged, "; "))
}

func TestEvictionWaits(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("set a 1", "+OK")
	ss.s.lock.lock()
	ss.s.setPauseLocked(pauseByClient, pauseWrites)
	ss.s.lock.unlock()
	ss.expect("config set maxmemory 1 maxmemory-policy allkeys-lru maxmemory-eviction-tenacity 0", "+OK", "dbsize", ":1")
	ss.s.lock.lock()
	ss.s.setPauseLocked(pauseByClient, pauseNone)
	ss.s.lock.unlock()
	ss.expect("dbsize", ":0", "config set maxmemory 0", "+OK")
	// What takes too long goes on without the command.
	for i := range 5000 {
		ss.do(fmt.Sprint("set key:", i, " x"))
	}
	ss.expect("config set maxmemory 1", "+OK", "ping", "+PONG")
	ss.until(func() bool { return ss.do("dbsize") == ":0" })
	ss.until(func() bool { return !ss.s.eviction.running.Load() })
}

// TestEvictionChooses compares whom the policies spare with whom they should.
func TestEvictionChooses(t *testing.T) {
	t.Parallel()
	for policy, ranks := range map[string]func(ss *session, i int){
		"allkeys-lru": func(ss *session, i int) { ss.later(time.Second) },
		"allkeys-lfu": func(ss *session, i int) {
			for range i {
				ss.do(fmt.Sprint("get key:", i))
			}
		},
		"volatile-ttl": func(ss *session, i int) { ss.do(fmt.Sprint("pexpire key:", i, " ", 1_000_000+i)) },
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ss := newSession(t)
			ss.expect("config set maxmemory-samples 10 lfu-log-factor 0 maxmemory-policy "+policy, "+OK")
			const n = 200
			for i := range n {
				ss.do(fmt.Sprintf("set key:%d %100d", i, i))
				ranks(ss, i)
			}
			for ss.keys() > n/2 {
				ss.limit(-10)
				ss.do("ping")
			}
			ss.until(func() bool { return !ss.s.eviction.running.Load() })
			spared := 0
			for i := range n / 2 {
				if ss.s.store.DB(0).Peek(fmt.Append(nil, "key:", n/2+i)) != nil {
					spared++
				}
			}
			require.Greater(t, spared, 90, "of the better half")
		})
	}
}

func TestEvictionOnReplicas(t *testing.T) {
	t.Parallel()
	master, replica := startNode(t), startNode(t)
	master.dial().expect("set a 1", "OK")
	replica.follow(master)
	replica.inSync(master)
	w := replica.dial()
	w.expect("config set maxmemory 1 maxmemory-policy allkeys-lru", "OK", "dbsize", "1")
	w.expect("config set replica-ignore-maxmemory no", "OK", "dbsize", "0")
	replica.inSync(master) // its deletions are its own
	master.dial().expect("config set maxmemory-policy allkeys-lru", "OK", "config set maxmemory 1", "OK", "dbsize", "0")
}

func TestEvictionTracking(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	n.dial().expect("mset a 1 b 2", "OK")
	c, w := n.dial3(), n.dial3()
	c.expect("client tracking on", "OK", "get a", "1")
	w.expect("client tracking on bcast prefix b", "OK")
	n.dial().expect("config set maxmemory 1 maxmemory-policy allkeys-lru", "OK")
	c.reads("[invalidate [a]]")
	w.reads("[invalidate [b]]")
}

func TestEvictionTime(t *testing.T) {
	t.Parallel()
	require.Zero(t, evictionTime(0))
	require.Equal(t, 500*time.Microsecond, evictionTime(10))
	require.InDelta(t, float64(575*time.Microsecond), float64(evictionTime(11)), 1)
	require.InDelta(t, 2*60, evictionTime(99).Seconds(), 30)
	require.Greater(t, evictionTime(100), 1000*time.Hour)
}
