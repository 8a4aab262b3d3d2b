package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/latency"
)

func TestSlowlog(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"slowlog len", ":0",
		"config set slowlog-log-slower-than 0", "+OK",
		"client setname me", "+OK",
		"auth secret", "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
		"config set masterauth secret", "+OK",
		"multi", "+OK",
		"set a b", "+QUEUED",
		"exec", "*1 +OK",
		"config set slowlog-log-slower-than -1", "+OK",
		"get a", "$1 b",
		"slowlog len", ":6", // CONFIG SET too that has turned it on, but not EXEC
		"slowlog get 0", "*0",
		"slowlog get -2", "-ERR count should be greater than or equal to -1",
		"slowlog get 1 2", "-ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.",
	)
	log := ss.do("slowlog get")
	require.NotContains(t, log, "secret")
	require.Regexp(t, `\*3 \$3 set \$1 a \$1 b \$0  \$2 me`, log)
	require.Contains(t, log, "*2 $4 auth $10 (redacted)")
	require.Contains(t, log, "*4 $6 config $3 set $10 masterauth $10 (redacted)")
	require.True(t, strings.HasPrefix(log, "*6 *6 :5 :1700000000 :"))

	ss.expect("config set slowlog-max-len 2", "+OK", "slowlog len", ":2",
		"slowlog reset", "+OK", "slowlog len", ":0")
}

func TestSlowlogOfScripts(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("config set slowlog-log-slower-than 0", "+OK", "slowlog reset", "+OK")
	ss.raw("eval", "return redis.call('echo', 'x')", "0")
	log := ss.do("slowlog get 2")
	require.Regexp(t, `\*3 \$4 eval .*\*2 \$4 echo \$1 x \$0  \$0`, log)
}

// A blocked command is entered once it is over, with the words that it had.
func TestSlowlogOfBlockedCommands(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	waiting, other := n.dial(), n.dial()
	require.Equal(t, "OK", other.do("config set slowlog-log-slower-than 0"))
	waiting.send("blpop l 0")
	n.until(func() bool { return strings.Contains(other.do("info clients"), "blocked_clients:1") }, "the client waits")
	require.NotContains(t, other.do("slowlog get -1"), "blpop")
	other.do("rpush l a")
	require.Equal(t, "[l a]", waiting.read())
	require.Contains(t, other.do("slowlog get -1"), "[blpop l 0]")
}

// That cron waited for a command that held everything up does not make its cycle of expiry a slow one.
func TestLatencyOfExpiryLeavesOutWaiting(t *testing.T) {
	t.Parallel()
	n := startNode(t, "hz 500", "latency-monitor-threshold 50", "enable-debug-command yes")
	turns := func() int64 {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		return n.s.stats.cronRounds
	}
	c := n.dial()
	c.expect("debug sleep 0.2", "OK")
	before := turns()
	n.until(func() bool { return turns() > before+1 }, "cron has run")
	require.NotContains(t, c.do("latency latest"), "expire-cycle")
	require.Equal(t, "0", c.info("expire_cycle_cpu_milliseconds"))
}

func TestLatencyCommands(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	require.Contains(t, ss.do("latency doctor"), "is off")
	ss.expect(
		"config set latency-monitor-threshold 100", "+OK",
		"latency latest", "*0",
		"latency history command", "*0",
		"latency graph command", "-ERR No samples available for event 'command'",
	)
	ss.s.noteLatency(latency.Command, 99*time.Millisecond)
	ss.s.noteLatency(latency.Command, 100*time.Millisecond)
	ss.s.noteLatency(latency.ExpireCycle, 300*time.Millisecond)
	ss.advance(time.Second)
	ss.s.noteLatency(latency.ExpireCycle, 200*time.Millisecond)
	ss.expect(
		"latency latest", "*2 *4 $7 command :1700000000 :100 :100 *4 $12 expire-cycle :1700000001 :200 :300",
		"latency history expire-cycle", "*2 *2 :1700000000 :300 *2 :1700000001 :200",
		"latency reset nosuch", ":0",
	)
	require.Contains(t, ss.do("latency graph expire-cycle"), "expire-cycle - high 300 ms, low 200 ms (all time high 300 ms)")
	require.Contains(t, ss.do("latency doctor"), "2. expire-cycle: 2 latency spikes")
	ss.expect("latency reset COMMAND", ":1", "latency reset", ":1", "latency latest", "*0")
}

func TestLatencyHistogram(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("config resetstat", "+OK", "client id", ":0", "client getname", "$-1", "set a b", "+OK")
	require.Regexp(t, `^\*4 \$14 client\|getname \*4 \$5 calls :1 \$14 histogram_usec \*2 :\d+ :1 \$9 client\|id `, ss.do("latency histogram CLIENT"))
	require.Regexp(t, `^\*2 \$3 set \*4 \$5 calls :1`, ss.do("latency histogram nosuch set get"))
	require.Regexp(t, `^\*10 .*\$16 config\|resetstat `, ss.do("latency histogram"))
	ss.expect("config set latency-tracking no", "+OK", "config resetstat", "+OK", "latency histogram", "*0")
}
