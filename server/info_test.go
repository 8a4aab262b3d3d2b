package server

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/repl"
)

// info returns the fields of INFO.
func (ss *session) info(sections string) map[string]string {
	fields := map[string]string{}
	for _, line := range strings.Split(ss.raw(append([]string{"info"}, strings.Fields(sections)...)...), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// sections returns the titles in INFO.
func (ss *session) sections(args ...string) (titles []string) {
	for _, line := range strings.Split(ss.raw(append([]string{"info"}, args...)...), "\r\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			titles = append(titles, title)
		}
	}
	return titles
}

func TestInfoSections(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	standard := []string{"Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats",
		"Cluster", "Keyspace"}
	all := []string{"Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Commandstats",
		"Errorstats", "Latencystats", "Cluster", "Keyspace"}
	require.Equal(t, standard, ss.sections())
	require.Equal(t, standard, ss.sections("default"))
	require.Equal(t, all, ss.sections("all"))
	require.Equal(t, all, ss.sections("EVERYTHING"))
	require.Equal(t, []string{"Memory", "CPU"}, ss.sections("cpu", "Memory", "cpu"))
	require.Equal(t, []string{"Modules"}, ss.sections("module_list"))
	require.Equal(t, append(slices.Clone(all), "Debug"), ss.sections("all", "debug"))
	require.Empty(t, ss.sections("nosuch"))
	ss.expect("info nosuch", "$0")
	ss.do("hello 3")
	require.True(t, strings.HasPrefix(ss.raw("info", "cluster"), "=34\r\ntxt:# Cluster\r\n"))
}

// TestInfoFields compares the names and their order with those of Redis.
func TestInfoFields(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/redis-7.2-info.txt")
	require.NoError(t, err)
	n := startNode(t)
	n.s.lock.lock()
	info := n.s.info([][]byte{[]byte("everything"), []byte("debug")})
	var syncs infoWriter // fields of ours
	n.s.infoSyncs(&syncs)
	n.s.lock.unlock()
	own := []string{"treedis_version", "go_version", "client_query_buffer_limit_disconnections", "client_output_buffer_limit_disconnections"}
	var names []string
	for _, line := range strings.Split(info, "\r\n") {
		if name, _, _ := strings.Cut(line, ":"); name != "" && !slices.Contains(own, name) && !strings.Contains(string(syncs.buf), name+":") {
			names = append(names, name)
		}
	}
	require.Equal(t, strings.Fields(strings.ReplaceAll(string(text), "# ", "#")),
		strings.Fields(strings.ReplaceAll(strings.Join(names, "\n"), "# ", "#")))
}

func TestInfoValues(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("set a 1")
	ss.do("set b 2 ex 100")
	ss.do("get a")
	ss.do("get nosuch")
	ss.do("get")
	ss.do("incr b b")
	ss.do("lpush a x")
	ss.do("nosuch")
	ss.do("auth default x")
	info := ss.info("everything")
	require.Equal(t, "keys=2,expires=1,avg_ttl=0", info["db0"])
	require.Equal(t, "1", info["keyspace_hits"])
	require.Equal(t, "1", info["keyspace_misses"])
	require.Equal(t, "4", info["total_error_replies"])
	require.Equal(t, "count=3", info["errorstat_ERR"])
	require.Equal(t, "count=1", info["errorstat_WRONGTYPE"])
	require.Equal(t, "6", info["total_commands_processed"])
	require.Regexp(t, `^calls=2,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=1,failed_calls=0$`, info["cmdstat_get"])
	require.Regexp(t, `^calls=1,.*,rejected_calls=0,failed_calls=1$`, info["cmdstat_lpush"])
	require.Regexp(t, `^calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0$`, info["cmdstat_incr"])
	require.Regexp(t, `^p50=\d+\.\d{3},p99=\d+\.\d{3},p99.9=\d+\.\d{3}$`, info["latency_percentiles_usec_get"])
	require.Equal(t, "2", info["rdb_changes_since_last_save"])
	require.Equal(t, "master", info["role"])
	require.Equal(t, RedisVersion, info["redis_version"])
	require.Len(t, info["run_id"], repl.IDLen)
	used, err := strconv.Atoi(info["used_memory"])
	require.NoError(t, err)
	require.Positive(t, used)

	ss.do("config resetstat")
	info = ss.info("everything")
	for _, name := range []string{"errorstat_ERR", "cmdstat_get", "latency_percentiles_usec_get"} {
		require.NotContains(t, info, name)
	}
	require.Equal(t, "0", info["keyspace_hits"])
	require.Equal(t, "1", info["total_commands_processed"], "RESETSTAT itself")
	require.Equal(t, "2", info["rdb_changes_since_last_save"])
}

func TestInfoFailedPassword(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("config set requirepass secret")
	ss.do("auth wrong")
	require.Equal(t, "1", ss.info("stats")["acl_access_denied_auth"])
}

func TestInfoTraffic(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	w := n.dial()
	w.do("ping")
	w.do("ping")
	want := traffic{in: int64(2 * len("*1\r\n$4\r\nping\r\n")), out: int64(2 * len("+PONG\r\n")), reads: 2, writes: 2}
	n.until(func() bool {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		got := n.s.traffic()
		got.rounds, got.busy, got.longest = 0, 0, 0
		return got == want
	}, "what was received and sent")
	n.until(func() bool {
		w.do("ping")
		n.s.lock.lock()
		defer n.s.lock.unlock()
		r := &n.s.stats.rates
		return r.commands.mean() > 0 && r.in.mean() > 0 && r.out.mean() > 0 && r.rounds.mean() > 0 && r.roundTime.mean() > 0
	}, "rates of what is done")
	n.s.lock.lock()
	defer n.s.lock.unlock()
	n.s.stats.reset(n.s.trafficSinceStart())
	require.Zero(t, n.s.traffic().reads)
}

func TestInfoReplication(t *testing.T) {
	t.Parallel()
	master := startNode(t)
	replica := startReplica(t, master)
	w := master.dial()
	w.do("set a b")
	replica.inSync(master)
	id, end := master.end()
	fields := func(n *node) string {
		n.s.lock.lock()
		defer n.s.lock.unlock()
		return n.s.info([][]byte{[]byte("replication")})
	}
	offset := strconv.FormatInt(end, 10)
	text := fields(replica)
	for _, line := range []string{"role:slave", "master_host:127.0.0.1", "master_port:" + master.port(), "master_link_status:up",
		"master_sync_in_progress:0", "slave_repl_offset:" + offset, "slave_read_repl_offset:" + offset, "slave_read_only:1",
		"connected_slaves:0", "master_replid:" + id, "master_repl_offset:" + offset} {
		require.Contains(t, text, line+"\r\n")
	}
	require.NotContains(t, text, "master_link_down_since_seconds")
	require.Contains(t, fields(master), "role:master\r\nconnected_slaves:1\r\nslave0:ip=127.0.0.1,port="+replica.port()+",state=online,offset=")

	replica.cut(true)
	replica.until(func() bool { return strings.Contains(fields(replica), "master_link_status:down\r\n") }, "link down")
	require.Contains(t, fields(replica), "master_link_down_since_seconds:0\r\n")
}

func TestHumanBytes(t *testing.T) {
	t.Parallel()
	for n, text := range map[int64]string{
		0: "0B", 1023: "1023B", 1024: "1.00K", 1536: "1.50K", 1 << 20: "1.00M", 3 << 29: "1.50G", 1 << 40: "1.00T", 1 << 62: "4096.00P",
	} {
		require.Equal(t, text, humanBytes(n))
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	var r rate
	r.sample(100, 10)
	require.Zero(t, r.mean(), "one sample tells nothing")
	for i := range int64(rateSamples) {
		r.sample(100+3*(i+1), 10+(i+1))
	}
	require.InDelta(t, 3, r.mean(), 1e-9)
	r.sample(0, 10+rateSamples+1)
	require.InDelta(t, 3.0*(rateSamples-1)/rateSamples, r.mean(), 1e-9, "counters that were reset")
}

// Turns of cron that follow one another at once are no samples of their own.
func TestRatesAreSampledApart(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	for range 100 {
		ss.s.countCron(0)
	}
	s := ss.s
	s.lock.lock()
	defer s.lock.unlock()
	require.Less(t, s.stats.rates.rounds.mean()*float64(time.Second), 1000.0)
}
