package tests

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// cliTime bounds a run of redis-cli or redis-benchmark.
const cliTime = 60 * time.Second

// cli runs redis-cli against a server and returns what it printed. An exit status that is not 0 fails the test.
func cli(t *testing.T, s *harness.Server, stdin string, args ...string) string {
	t.Helper()
	tool := harness.RequireTool(t, "redis-cli")
	out, status := harness.Run(t, cliTime, stdin, tool, append([]string{"-p", strconv.Itoa(s.Port())}, args...)...)
	require.Zero(t, status, "redis-cli %v: %s", args, out)
	return out
}

// filled is a server with keys of all types.
func filled(t *testing.T) *harness.Server {
	t.Helper()
	s := harness.Start(t, harness.Treedis)
	harness.Fill(t, s, 100, harness.LoadConfig{Seed: 20})
	restoreStreams(t, s, "")
	return s
}

func TestCLICommands(t *testing.T) {
	t.Parallel()
	s := filled(t)
	require.Equal(t, "PONG\n", cli(t, s, "", "PING"))
	require.Equal(t, "OK\n1\n", cli(t, s, "SET k 1\nGET k\n"))
	require.Contains(t, cli(t, s, "", "-3", "HGETALL", "nosuch"), "\n")
	require.Equal(t, `{"f":"v"}`+"\n", cli(t, s, "HSET h f v\nHGETALL h\n", "--json")[len("1\n"):])
	require.Equal(t, `"OK"`+"\n", cli(t, s, "", "--csv", "SET", "k", "2"))
	require.Contains(t, cli(t, s, "", "-n", "3", "INFO", "server"), "redis_version:")
	require.Regexp(t, "^ERR unknown command", cli(t, s, "", "NOSUCH"))
}

func TestCLIScans(t *testing.T) {
	t.Parallel()
	s := filled(t)
	keys := strings.Fields(cli(t, s, "", "--scan"))
	require.Len(t, keys, int(s.Once(t, "DBSIZE").Int()))
	strs := strings.Fields(cli(t, s, "", "--scan", "--pattern", "str:*"))
	require.NotEmpty(t, strs)
	require.Less(t, len(strs), len(keys))

	big := cli(t, s, "", "--bigkeys")
	require.Contains(t, big, fmt.Sprintf("Sampled %d keys in the keyspace!", len(keys)))
	for _, typ := range []string{"string", "list", "set", "hash", "zset"} {
		require.Regexp(t, "Biggest +"+typ+" +found", big)
	}
	if s.Supports(t, "MEMORY") {
		require.Contains(t, cli(t, s, "", "--memkeys"), fmt.Sprintf("Sampled %d keys in the keyspace!", len(keys)))
	}
}

func TestCLIPipe(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis)
	var raw []byte
	const n = 20_000
	for i := range n {
		raw = harness.AppendCommand(raw, "SET", fmt.Sprint("key:", i), strings.Repeat("v", i%50))
	}
	require.Contains(t, cli(t, s, string(raw), "--pipe"), fmt.Sprintf("errors: 0, replies: %d", n))
	require.EqualValues(t, n, s.Once(t, "DBSIZE").Int())
}

// TestCLIDump: redis-cli --rdb gets a snapshot by SYNC, and the real server loads it.
func TestCLIDump(t *testing.T) {
	t.Parallel()
	s := filled(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "dump.rdb")
	cli(t, s, "", "--rdb", path)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(content, []byte("REDIS00")))
	real := harness.Start(t, harness.Redis, harness.Dir(dir))
	harness.WaitSameData(t, s, real)
}

// TestCLIFunctions: redis-cli --functions-rdb gets a snapshot of the libraries alone.
func TestCLIFunctions(t *testing.T) {
	t.Parallel()
	s := filled(t)
	s.Once(t, "FUNCTION", "LOAD", library("lib", "1"))
	dir := t.TempDir()
	cli(t, s, "", "--functions-rdb", filepath.Join(dir, "dump.rdb"))
	real := harness.Start(t, harness.Redis, harness.Dir(dir))
	require.Equal(t, functions(t, s), functions(t, real))
	require.Zero(t, real.Once(t, "DBSIZE").Int())
}

// TestCLIStat: the rolling statistics read INFO fields by name; a line of figures comes with each.
func TestCLIStat(t *testing.T) {
	t.Parallel()
	s := filled(t)
	tool := harness.RequireTool(t, "redis-cli")
	out := harness.RunUntil(t, cliTime, "requests", tool, "-p", strconv.Itoa(s.Port()), "--stat", "-i", "0.01")
	require.Contains(t, out, "keys")
}

// TestBenchmark runs redis-benchmark's default tests, pipelined and not.
func TestBenchmark(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis)
	tool := harness.RequireTool(t, "redis-benchmark")
	for _, depth := range []string{"1", "16"} {
		out, status := harness.Run(t, cliTime, "", tool, "-p", strconv.Itoa(s.Port()), "--csv", "-n", "500", "-c", "10", "-r", "1000", "-P", depth)
		require.Zero(t, status, "%s", out)
		require.NotContains(t, strings.ToLower(out), "error")
		start := strings.Index(out, `"test"`)
		require.GreaterOrEqual(t, start, 0, "%s", out)
		rows, err := csv.NewReader(strings.NewReader(out[start:])).ReadAll()
		require.NoError(t, err)
		require.Greater(t, len(rows), 15)
	}
}
