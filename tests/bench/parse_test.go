package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const csvHeader = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"` + "\n"

func TestParseBenchmark(t *testing.T) {
	t.Parallel()
	want := benchmarked{perSecond: 83333.34, p99: 2.479}
	for name, out := range map[string]string{
		"plain":          csvHeader + `"SET","83333.34","0.325","0.072","0.239","0.479","2.479","2.479"` + "\n",
		"warning before": "WARNING: Could not fetch server CONFIG\n" + csvHeader + `"GET key:__rand_int__","83333.34","0","0","0","0","2.479","0"` + "\n",
		"quotes in name": csvHeader + `"set k a,"b","83333.34","0.325","0.072","0.239","0.479","2.479","2.479"` + "\n",
		"fewer columns":  "\"test\",\"rps\",\"p99_latency_ms\"\n\"PING\",\"83333.34\",\"2.479\"\n",
	} {
		got, err := parseBenchmark(out)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

func TestParseBenchmarkRefuses(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]string{
		"nothing":     "",
		"no result":   csvHeader,
		"two results": csvHeader + "\"a\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\"\n\"b\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\"\n",
		"no column":   "\"test\",\"rps\"\n\"PING\",\"1\"\n",
		"an error":    csvHeader + "Error from server: ERR unknown command 'nosuch', with args beginning with: \n",
	} {
		_, err := parseBenchmark(out)
		require.ErrorIs(t, err, errBenchmark, name)
	}
	_, err := parseBenchmark(csvHeader + `"PING","fast","1","1","1","1","1","1"` + "\n")
	require.Error(t, err)
}

func TestLoadCommandLine(t *testing.T) {
	t.Parallel()
	l := load{clients: 50, pipeline: 8, requests: 1000, keyspace: 10, command: []string{"SET", "key:" + randomInt, payload(1024)}}
	require.Equal(t, "redis-benchmark -c 50 -n 1000 -P 8 -r 10 SET key:__rand_int__ <1024 bytes>", l.String())
	require.Len(t, l.args()[len(l.args())-1], 1024, "what is shown is not what is sent")
	require.Equal(t, "redis-benchmark -c 1 -n 2 -P 3 PING", load{clients: 1, requests: 2, pipeline: 3, command: []string{"PING"}}.String())
}

func TestParseCPUTime(t *testing.T) {
	t.Parallel()
	const rest = " S 1 2 3 0 -1 4194560 100 0 0 0 250 50 7 9 20 0 4 0 12345 1000 200\n"
	for name, stat := range map[string]string{
		"plain":             "42 (redis-server)" + rest,
		"blanks, brackets":  "42 (a (b) c)" + rest,
		"numbers in a name": "42 (1 2 3 4 5 6 7 8 9 10 11 12 13)" + rest,
	} {
		got, err := parseCPUTime(stat)
		require.NoError(t, err, name)
		require.Equal(t, 3*time.Second, got, name)
	}
	for _, stat := range []string{"", "42 (x)", "42 (x) S 1 2 3", "42 (x) S 1 2 3 0 -1 0 1 0 0 0 a 50 7"} {
		_, err := parseCPUTime(stat)
		require.ErrorIs(t, err, errProc, "%q", stat)
	}
}

func TestSumKilobytes(t *testing.T) {
	t.Parallel()
	const status = "Name:\tredis-server\nVmHWM:\t   20 kB\nVmRSS:\t   12 kB\nRssAnon:\t 5 kB\nOdd:\tx kB\n"
	got, err := sumKilobytes(status, "VmRSS", "RssAnon")
	require.NoError(t, err)
	require.EqualValues(t, 17<<10, got)
	for _, name := range []string{"Rss", "VmSwap", "Odd"} {
		_, err := sumKilobytes(status, name)
		require.ErrorIs(t, err, errProc, name)
	}
}

// TestProcOfThisProcess: the real files are as the parsers want them.
func TestProcOfThisProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc")
	}
	_, err := cpuTime(os.Getpid())
	require.NoError(t, err)
	resident, err := residentBytes(os.Getpid())
	require.NoError(t, err)
	require.Positive(t, resident)
	family, err := familyBytes(os.Getpid())
	require.NoError(t, err)
	require.Positive(t, family)
	_, err = residentBytes(-1)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestCPUModel(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Some CPU @ 2.0: fast", cpuModel("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2.0: fast\n"))
	require.NotEmpty(t, cpuModel(""))
}
