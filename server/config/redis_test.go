package config_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
	"treedis/tests/harness"
)

// These tests send the same to a real redis-server and to this package. Redis
// 7.0 is enough: it knows all but a few of the directives.

// values to try for each directive, by what kind of value it shows.
var (
	numbers = []string{"0", "1", "-1", "7", "100", "511", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
		"9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-2147483649",
		"", " 1", "1 ", "+1", "01", "-0", "0x10", "1.5", "1e3", "x", "1k", "1kb", "2MB", "1g", "1gb", "1tb", "5%", "100%", "101%", "-5%", "%", "b"}
	words = []string{"yes", "no", "YES", "No", "", "x", "0", "default", "save", "nosave", "save nosave", "now force", "force now nosave",
		"always", "everysec", "disabled", "swapdb", "clients", "local", "optional", "allchannels", "ip", "relative", "absolute",
		"allkeys-lru", "volatile-ttl", "noeviction", "debug", "verbose", "panic", "yes yes", " yes"}
	texts = []string{"", "a", "a b", "a/b", "{title}", "{title} x", "{port}", "{{", "{", "{nope}", "a#b", "a_b", "C", "POSIX", strings.Repeat("a", 255), strings.Repeat("a", 256)}
)

var special = map[string][]string{
	"save": {"", "60 1", "60 1 30 2", "60", "0 1", "1 0", "1 -1", "60  1", " 60 1", "60 x", "+60 +1", "60 4294967297", `"60 1"`},
	"client-output-buffer-limit": {"", "normal 1 1 1", "slave 1mb 2kb 3", "replica 1 1 1 pubsub 2 2 2", "master 1 1 1", "x 1 1 1",
		"normal 1 1", "normal -1 1 1", "normal 1 x 1", "normal 1 1 -1", "normal 1 1 x", "normal 1 1 4294967297", "NORMAL 1g 1G 0"},
	"oom-score-adj-values":              {"", "1 2 3", "1 2", "1 2 3 4", "-2000 0 2000", "-2001 0 0", "0 0 2001", "x 1 2", "3 2 1"},
	"notify-keyspace-events":            {"", "A", "KEA", "g$lshzxetd", "Kg$lshzxetdn", "m", "n", "An", "KEAmn", "q", "K E"},
	"latency-tracking-info-percentiles": {"", "50", "50 99 99.9", "0 100", "-1", "100.0001", "x", "0.1234567", "1e1", "inf", "nan", "50  1", "0x10", "1_0"},
}

// skipped are directives whose setting would disturb the real server, whose
// outcome depends on the machine, or whose range is no part of the comparison.
var skipped = map[string]string{
	"bind":                 "moves the listener",
	"port":                 "moves the listener",
	"tls-port":             "needs certificates",
	"dir":                  "changes the real server's folder",
	"requirepass":          "locks the connection out",
	"maxclients":           "limited by the file descriptors of the machine",
	"watchdog-period":      "starts a timer",
	"oom-score-adj":        "needs privileges",
	"appendonly":           "writes files",
	"maxmemory":            "low limits evict the client's own connection",
	"hz":                   "compared in TestClampedHZ",
	"sync-replicas":        "not Redis's",
	"sync-timeout":         "not Redis's",
	"sync-reads":           "not Redis's",
	"replica-max-lag-ms":   "not Redis's",
	"loglevel":             "7.2 has the level nothing",
	"locale-collate":       "depends on the machine's locales",
	"bind-source-addr":     "no difference to compare",
	"maxmemory-clients":    "low limits disconnect the client",
	"oom-score-adj-values": "needs privileges",
}

func TestSetAgainstRedis(t *testing.T) {
	t.Parallel()
	redis := harness.Start(t, harness.Redis, harness.Args("--enable-protected-configs", "yes")).Dial(t)
	ours := config.New()
	require.NoError(t, ours.Load([]string{"--enable-protected-configs", "yes", "--enable-debug-command", "yes",
		"--repl-diskless-sync-delay", "0", "--save", "", "--dir", t.TempDir()}, strings.NewReader("")))
	// Whatever the last values are, the server must end.
	defer func() { redis.Must(t, "CONFIG", "SET", "shutdown-on-sigterm", "nosave now force") }()
	compared := 0
	for _, p := range ours.Get("*") {
		if skipped[p.Name] != "" || strings.HasPrefix(p.Name, "tls-") {
			continue
		}
		if len(redis.Must(t, "CONFIG", "GET", p.Name).Elems) == 0 {
			continue // newer than this server
		}
		candidates, ok := special[p.Name]
		if !ok {
			candidates = append(append(append([]string{}, numbers...), words...), texts...)
		}
		for _, text := range candidates {
			want := redis.Must(t, "CONFIG", "SET", p.Name, text).Text
			got := "OK"
			if err := ours.Set(config.Caller{Local: true}, p.Name, text); err != nil {
				got = err.Error()
			}
			require.Equal(t, want, got, "CONFIG SET %s %q", p.Name, text)
			require.Equal(t, redis.Must(t, "CONFIG", "GET", p.Name).Elems[1].Text, ours.Get(p.Name)[0].Value, "after CONFIG SET %s %q", p.Name, text)
			compared++
		}
	}
	require.Greater(t, compared, 5000)
}

func TestClampedHZ(t *testing.T) {
	t.Parallel()
	redis := harness.Start(t, harness.Redis).Dial(t)
	ours := config.New()
	for _, text := range []string{"0", "1", "500", "501", "-1", "2147483648"} {
		want := redis.Must(t, "CONFIG", "SET", "hz", text).Text
		got := "OK"
		if err := ours.Set(config.Caller{}, "hz", text); err != nil {
			got = err.Error()
		}
		require.Equal(t, want, got)
		require.Equal(t, redis.Must(t, "CONFIG", "GET", "hz").Elems[1].Text, ours.Get("hz")[0].Value)
	}
}

// TestDefaultsAgainstRedis compares the values of a server started without
// any configuration.
func TestDefaultsAgainstRedis(t *testing.T) {
	t.Parallel()
	redis := harness.Start(t, harness.Redis).Dial(t)
	differ := map[string]string{
		"port": "", "bind": "", "dir": "", "save": "", "enable-debug-command": "", "repl-diskless-sync-delay": "", // set by the harness
		"set-max-listpack-entries": "since 7.2", "list-max-listpack-size": "",
	}
	ours := config.New()
	for _, p := range ours.Get("*") {
		if _, ok := differ[p.Name]; ok {
			continue
		}
		if r := redis.Must(t, "CONFIG", "GET", p.Name); len(r.Elems) == 2 {
			require.Equal(t, r.Elems[1].Text, p.Value, p.Name)
		}
	}
}

// TestGetAgainstRedis compares the names that patterns select.
func TestGetAgainstRedis(t *testing.T) {
	t.Parallel()
	redis := harness.Start(t, harness.Redis).Dial(t)
	ours := config.New()
	for _, patterns := range [][]string{
		{"maxmemory*"}, {"MAXMEM*"}, {"MaxMemory"}, {"maxmemory", "maxmemory*", "bind", "*of"}, {"slave*"}, {"*-listpack-*"}, {"*-ziplist-*"},
		{"[a-b]ind"}, {"[^a]ind"}, {"?ort"}, {"key-load-delay"}, {"key-load-dela?"}, {"nope"}, {"nope", "port"}, {`\port`}, {`por\t*`},
		{"port", "PORT", "port"}, {"h[zx]", "H?"}, {"*"},
	} {
		want := make(map[string]bool)
		r := redis.Must(t, append([]string{"CONFIG", "GET"}, patterns...)...)
		for i := 0; i < len(r.Elems); i += 2 {
			want[r.Elems[i].Text] = true
		}
		got := make(map[string]bool)
		for _, p := range ours.Get(patterns...) {
			if len(redis.Must(t, "CONFIG", "GET", p.Name).Elems) > 0 {
				got[p.Name] = true
			}
		}
		delete(want, "aof-disable-auto-gc") // hidden since 7.2
		require.Equal(t, want, got, "%q", patterns)
	}
}

// TestStartErrorsAgainstRedis gives the real server command lines it refuses,
// and compares the line and the reason with ours.
func TestStartErrorsAgainstRedis(t *testing.T) {
	t.Parallel()
	path := harness.RequireTool(t, "redis-server")
	for _, args := range [][]string{
		{"--invalid"}, {"--port"}, {"--port", "6380", "--loglevel"}, {"--port", "6379", "6380"}, {"--port", "--loglevel", "verbose"},
		{"--port", "--bla", "--loglevel", "verbose"}, {"--appendfsync", "--bla"}, {"--shutdown-on-sigint"},
		{"--shutdown-on-sigint", "now force", "--shutdown-on-sigterm"}, {"--replicaof", "127.0.0.1", "abc"},
		{"--replicaof", "--127.0.0.1", "--abc"}, {"--save", "60"}, {"--save", "60", "1", "2"},
		{"--port 'x"}, {"--port 'x'y"}, {"--requirepass", "a\"\\\n\x01é", "b"}, {"--hz", "-1"}, {"--maxmemory", "1x"},
		{"--client-output-buffer-limit", "normal 1 1"}, {"--bind", strings.Repeat("a ", 17)},
		{"--unixsocketperm", "8"}, {"--unixsocketperm", "1000"}, {"--appendfilename", "a/b"}, {"--appenddirname", ""},
		{"--oom-score-adj-values", "1 2"}, {"--notify-keyspace-events", "q"}, {"--include"}, {"--user"}, {"--rename-command", "x"},
		{"--port 1 2", "--hz", "1"}, {"--", "port", "x"}, {"--enable-debug-command", "maybe"},
		{"--latency-tracking-info-percentiles", "50 x"}, {"--dir", "/nonexistent"}, {"--logfile", "/nonexistent/x"},
	} {
		dir := t.TempDir()
		// One that is not refused would run for ever, and here it fails.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, ctx.Err(), args)
		require.Error(t, err, args)
		theirs := strings.Split(strings.TrimSpace(string(out)), "\n")
		reason := theirs[len(theirs)-1]
		line := ""
		if i := len(theirs) - 2; i >= 0 {
			line = strings.TrimPrefix(theirs[i], ">>> ")
		}

		ours := config.New().Load(args, strings.NewReader(""))
		var le *config.LoadError
		require.ErrorAs(t, ours, &le, args)
		if le.Line > 0 {
			require.Equal(t, line, "'"+le.Text+"'", args)
		}
		require.Equal(t, reason, le.Err.Error(), args)
	}
}

// TestRewrittenFileAgainstRedis lets the real server read what Rewrite wrote,
// and this package what the real server wrote.
func TestRewrittenFileAgainstRedis(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	redis := harness.Start(t, harness.Redis, harness.Dir(dir), harness.Config("# a file\nhz 20\nsave 1 1\nmaxmemory-policy allkeys-lru\n")).Dial(t)
	for _, kv := range [][2]string{
		{"maxmemory", "100mb"}, {"save", "7 7 8 8"}, {"masterauth", "a b\"\\\x01\xff"}, {"maxmemory-clients", "5%"}, {"timeout", "9"},
		{"client-output-buffer-limit", "slave 1mb 2 3"}, {"notify-keyspace-events", "KEA"}, {"shutdown-on-sigterm", "nosave now"},
		{"latency-tracking-info-percentiles", "1 2.5"}, {"slave-priority", "7"}, {"hash-max-ziplist-entries", "9"}, {"hz", "10"},
	} {
		require.Equal(t, "OK", redis.Must(t, "CONFIG", "SET", kv[0], kv[1]).Text)
	}
	require.Equal(t, "OK", redis.Must(t, "CONFIG", "REWRITE").Text)
	path := filepath.Join(dir, "server.conf")
	ours := config.New()
	require.NoError(t, ours.Load([]string{path}, nil))
	same := func() {
		for _, p := range ours.Get("*") {
			if r := redis.Must(t, "CONFIG", "GET", p.Name); len(r.Elems) == 2 {
				require.Equal(t, r.Elems[1].Text, p.Value, p.Name)
			}
		}
	}
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	same()
	require.NoError(t, ours.Rewrite(config.RewriteOptions{Users: []string{"default on nopass ~* &* +@all"}}))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "there was nothing to change")
}

func ExampleConfig_Set() {
	cfg := config.New()
	cfg.OnChange(func() error {
		if config.Port.Get(cfg) == 1 {
			return errors.New("Unable to listen on this port. Check server logs.")
		}
		return nil
	}, config.Port)
	fmt.Println(cfg.Set(config.Caller{}, "maxmemory", "1gb", "port", "1"))
	fmt.Println(config.MaxMemory.Get(cfg))
	fmt.Println(cfg.Set(config.Caller{}, "maxmemory", "1gb", "port", "2"))
	fmt.Println(config.MaxMemory.Get(cfg))
	// Output:
	// ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.
	// 0
	// <nil>
	// 1073741824
}
