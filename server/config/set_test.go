package config

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetErrors(t *testing.T) {
	t.Parallel()
	failed := func(name, reason string) string {
		return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason
	}
	for _, c := range []struct {
		by    Caller
		pairs []string
		want  string
	}{
		{admin, nil, "ERR syntax error"},
		{admin, []string{"port"}, "ERR syntax error"},
		{admin, []string{"nope", "1"}, "ERR Unknown option or number of arguments for CONFIG SET - 'nope'"},
		{admin, []string{"include", "x"}, "ERR Unknown option or number of arguments for CONFIG SET - 'include'"},
		{admin, []string{"maxmemory", "1", "Nope", "1"}, "ERR Unknown option or number of arguments for CONFIG SET - 'Nope'"},
		{admin, []string{"daemonize", "yes"}, failed("daemonize", "can't set immutable config")},
		{admin, []string{"ReplicaOf", "h 1"}, failed("ReplicaOf", "can't set immutable config")},
		{admin, []string{"dir", "/"}, failed("dir", "can't set protected config")},
		{admin, []string{"maxmemory", "1", "maxmemory", "2"}, failed("maxmemory", "duplicate parameter")},
		{admin, []string{"maxmemory", "1", "MAXMEMORY", "2"}, failed("MAXMEMORY", "duplicate parameter")},
		{Caller{Loading: true}, []string{"appendonly", "yes"}, "LOADING Redis is loading the dataset in memory"},
		{admin, []string{"maxmemory", "10000001", "maxmemory-clients", "200%", "client-query-buffer-limit", "invalid"},
			failed("maxmemory-clients", "percentage argument must be less or equal to 100")},
		{admin, []string{"maxmemory", "x"}, failed("maxmemory", "argument must be a memory value")},
		{admin, []string{"Slave-Priority", "x"}, failed("slave-priority", "argument couldn't be parsed into an integer")},
		{admin, []string{"save", "60  1"}, failed("save", "Invalid save parameters")},
		{admin, []string{"save", `"60" "1"`}, failed("save", "Invalid save parameters")},
		{admin, []string{"shutdown-on-sigint", ""}, failed("shutdown-on-sigint", "argument(s) must be one of the following: default, save, nosave, now, force")},
		{admin, []string{"oom-score-adj-values", "1 2"}, failed("oom-score-adj-values", "wrong number of arguments")},
		{admin, []string{"oom-score-adj-values", "1 2 2001"}, failed("oom-score-adj-values", "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")},
		{admin, []string{"client-output-buffer-limit", "normal 1 1"}, failed("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration.")},
		{admin, []string{"client-output-buffer-limit", "master 1 1 1"}, failed("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
		{admin, []string{"client-output-buffer-limit", "normal 1 x 1"}, failed("client-output-buffer-limit", "Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
		{admin, []string{"notify-keyspace-events", "KEAq"}, failed("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")},
		{admin, []string{"latency-tracking-info-percentiles", "50 x"}, failed("latency-tracking-info-percentiles", "Invalid latency-tracking-info-percentiles parameters")},
		{admin, []string{"latency-tracking-info-percentiles", "100.1"}, failed("latency-tracking-info-percentiles", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
		{admin, []string{"bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"}, failed("bind", "Too many bind addresses specified.")},
		{admin, []string{"locale-collate", "xx_XX"}, failed("locale-collate", "Invalid locale name")},
		{admin, []string{"proc-title-template", "{nope}"}, failed("proc-title-template", "template format is invalid or contains unknown variables")},
		{admin, []string{"cluster-announce-hostname", "a_b"}, failed("cluster-announce-hostname", "Hostnames may only contain alphanumeric characters, hyphens or dots")},
		{admin, []string{"cluster-announce-human-nodename", "a#b"}, failed("cluster-announce-human-nodename", "Announced human node name contained invalid character")},
		{admin, []string{"repl-diskless-sync", "maybe"}, failed("repl-diskless-sync", "argument must be 'yes' or 'no'")},
	} {
		cfg := mustLoad(t)
		before := values(cfg)
		require.EqualError(t, cfg.Set(c.by, c.pairs...), c.want)
		require.Equal(t, before, values(cfg), c.pairs)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	require.NoError(t, c.Set(admin, "MaxMemory", "10000001", "repl-backlog-size", "10000002", "save", "3000 5"))
	require.EqualValues(t, 10000001, MaxMemory.Get(c))
	require.EqualValues(t, 10000002, ReplBacklogSize.Get(c))
	require.Equal(t, []SavePoint{{3000, 5}}, Save.Get(c))
	require.NoError(t, c.Set(admin, "save", "60 1"), "replaces")
	require.Equal(t, []SavePoint{{60, 1}}, Save.Get(c))
	require.NoError(t, c.Set(admin, "save", ""))
	require.Empty(t, Save.Get(c))
	require.NoError(t, c.Set(admin, "client-output-buffer-limit", "pubsub 1 2 3"), "keeps other classes")
	require.Equal(t, OutputLimits{{}, {256 << 20, 64 << 20, 60}, {1, 2, 3}}, ClientOutputBufferLimit.Get(c))
	require.NoError(t, c.Set(admin, "hash-max-ziplist-entries", "7", "hash-max-listpack-entries", "8"), "an alias is not a duplicate")
	require.EqualValues(t, 8, HashMaxListpackEntries.Get(c))
	require.NoError(t, c.Set(admin, "primaryuser", "x"), "Valkey's name")
	require.Equal(t, "x", MasterUser.Get(c))
	require.Equal(t, []Pair{{"primaryuser", "x"}}, c.Get("primaryuser", "primaryu*"))
	require.NoError(t, c.Set(admin, "maxmemory", "18446744073709551615"))
	require.Equal(t, "18446744073709551615", show(t, c, "maxmemory"))
	require.Positive(t, MaxMemory.Get(c))
	require.NoError(t, c.Set(admin, "notify-keyspace-events", "KEA"))
	require.Equal(t, EventKeyspace|EventKeyevent|EventAll, NotifyKeyspaceEvents.Get(c))
	require.NoError(t, c.Set(admin, "maxmemory-clients", "50%"))
	require.EqualValues(t, 100, MaxMemoryClients.Get(c, 200))
	require.NoError(t, c.Set(admin, "oom-score-adj", "relative"))
	require.Equal(t, "yes", show(t, c, "oom-score-adj"))
	require.Equal(t, OOMScoreRelative, OOMScoreAdj.Get(c))
	require.True(t, Sensitive("RequirePass"))
	require.False(t, Sensitive("port"))
	require.False(t, Sensitive("nope"))
}

func TestProtectedDirectives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		allow string
		local bool
		ok    bool
	}{{"no", true, false}, {"local", false, false}, {"local", true, true}, {"yes", false, true}} {
		cfg := mustLoad(t, "--enable-protected-configs", c.allow)
		err := cfg.Set(Caller{Local: c.local}, "dbfilename", "x.rdb")
		if c.ok {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "can't set protected config")
		}
	}
}

func TestSetDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.NoError(t, os.Symlink("sub", filepath.Join(dir, "link")))
	c := mustLoad(t, "--enable-protected-configs", "yes", "--dir", dir)
	dir = Dir.Get(c)
	require.ErrorContains(t, c.Set(admin, "dir", "file"), "Not a directory")
	require.ErrorContains(t, c.Set(admin, "dir", ""), "No such file or directory")
	require.ErrorIs(t, c.Set(Caller{Loading: true}, "dir", dir), ErrLoading)
	require.NoError(t, c.Set(admin, "dir", "link"))
	require.Equal(t, filepath.Join(dir, "sub"), Dir.Get(c))
	require.NoError(t, c.Set(admin, "dir", ".."))
	require.Equal(t, dir, Dir.Get(c))
}

func TestHooks(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	var seen []int64
	refuse := errors.New("Unable to listen on this port. Check server logs.")
	c.OnChange(func() error {
		seen = append(seen, MinReplicasToWrite.Get(c))
		return nil
	}, MinReplicasToWrite, MinReplicasMaxLag)
	c.OnChange(func() error {
		if Port.Get(c) == 1 {
			return refuse
		}
		return nil
	}, Port)

	require.NoError(t, c.Set(admin, "min-replicas-to-write", "0", "hz", "20"))
	require.Empty(t, seen, "nothing changed")
	require.NoError(t, c.Set(admin, "min-slaves-to-write", "2", "min-replicas-max-lag", "5"))
	require.Equal(t, []int64{2}, seen, "once for both")

	err := c.Set(admin, "min-replicas-to-write", "3", "maxmemory", "5", "port", "1")
	require.EqualError(t, err, "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.")
	require.ErrorIs(t, err, refuse)
	require.Equal(t, []int64{2, 3, 2}, seen, "applied and taken back")
	require.EqualValues(t, 2, MinReplicasToWrite.Get(c))
	require.Zero(t, MaxMemory.Get(c))
	require.EqualValues(t, 6379, Port.Get(c))

	runs := 0
	c.OnChange(func() error { runs++; return nil }, TLSCertFile)
	require.NoError(t, c.Set(admin, "tls-cert-file", ""))
	require.Equal(t, 1, runs, "files are read again even under the same name")
}

func TestOverride(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	require.NoError(t, c.Override(ReplicaOf, "h", "7"))
	require.Equal(t, Master{"h", 7}, ReplicaOf.Get(c))
	require.NoError(t, c.Override(ReplicaOf, "no", "one"))
	require.Equal(t, Master{}, ReplicaOf.Get(c))
	require.ErrorIs(t, c.Override(Port, "x"), errNotInteger)
	require.ErrorIs(t, c.Override(Port), errArgCount)
}

func TestGet(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	require.Equal(t, []Pair{{"MaxMemory", "0"}}, c.Get("MaxMemory", "maxmemory"))
	require.Empty(t, c.Get("nope", "nope*"))
	require.Equal(t, []Pair{{"key-load-delay", "0"}}, c.Get("key-load-delay"))

	names := make(map[string]int)
	for _, p := range c.Get("maxmemory", "MAXMEMORY*", "bind", "*of", "[k-l]ey*") {
		names[p.Name]++
	}
	for name, n := range names {
		require.Equal(t, 1, n, name)
	}
	for _, name := range []string{"slaveof", "replicaof", "maxmemory", "maxmemory-samples", "maxmemory-clients", "bind"} {
		require.Contains(t, names, name)
	}
	require.NotContains(t, names, "key-load-delay")
}

func TestConcurrentReads(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = MaxMemory.Get(c)
				_ = Save.Get(c)
				_ = RequirePass.Get(c)
				_ = c.Get("*")
			}
		}
	})
	for range 100 {
		require.NoError(t, c.Set(admin, "maxmemory", "1mb", "save", "1 1", "requirepass", "x"))
		require.NoError(t, c.Set(admin, "maxmemory", "0", "save", "", "requirepass", ""))
	}
	close(stop)
	wg.Wait()
}
