package tests

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// groupName is what the sentinels call the group that they watch.
const groupName = "group"

// group is a master with two replicas, and three real sentinels that watch them and agree by two.
type group struct {
	servers   []*harness.Server // the first was the master at the beginning
	sentinels []*harness.Server
}

// startGroup returns once every sentinel knows the replicas and the other sentinels.
func startGroup(t *testing.T) *group {
	t.Helper()
	harness.RequireTool(t, "redis-sentinel")
	g := &group{}
	for range 3 {
		// A configuration file, which sentinels have rewritten.
		g.servers = append(g.servers, harness.Start(t, harness.Treedis, backlog, harness.Config("repl-timeout 10\n")))
	}
	for _, r := range g.servers[1:] {
		r.ReplicaOf(t, strconv.Itoa(g.servers[0].Port()))
		r.WaitLinkUp(t)
	}
	for range 3 {
		g.sentinels = append(g.sentinels, harness.StartSentinel(t, groupName, g.servers[0].Port(), 2))
	}
	for _, s := range g.sentinels {
		harness.Eventually(t, func() bool {
			m := fields(s.Once(t, "SENTINEL", "MASTER", groupName).Texts())
			return m["num-slaves"] == "2" && m["num-other-sentinels"] == "2" && m["flags"] == "master"
		}, harness.Patience, "a sentinel knows the group")
	}
	return g
}

// fields makes a map of names and values that alternate.
func fields(words []string) map[string]string {
	m := make(map[string]string)
	for i := 0; i+1 < len(words); i += 2 {
		m[words[i]] = words[i+1]
	}
	return m
}

// waitMaster waits until all sentinels name one master other than before, and returns it.
func (g *group) waitMaster(t *testing.T, before *harness.Server) *harness.Server {
	t.Helper()
	var master *harness.Server
	harness.Eventually(t, func() bool {
		ports := make(map[string]bool)
		for _, s := range g.sentinels {
			ports[s.Once(t, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", groupName).Texts()[1]] = true
		}
		for _, s := range g.servers {
			if len(ports) == 1 && ports[strconv.Itoa(s.Port())] {
				master = s
			}
		}
		if master == nil || master == before {
			return false
		}
		i, err := master.TryInfo()
		return err == nil && i["role"] == "master"
	}, harness.Patience, "the sentinels agree on a new master")
	return master
}

// waitFollowers waits until all servers but the master follow it.
func (g *group) waitFollowers(t *testing.T, master *harness.Server) {
	t.Helper()
	port := strconv.Itoa(master.Port())
	for _, s := range g.servers {
		if s == master {
			continue
		}
		harness.Eventually(t, func() bool {
			i, err := s.TryInfo()
			return err == nil && i["role"] == "slave" && i["master_port"] == port && i["master_link_status"] == "up"
		}, harness.Patience, "the server on port %d follows the one on port %s", s.Port(), port)
	}
}

// requireSame waits until all servers hold the quiet master's data. It ends the sentinels first: each of them closes the clients of a
// server whose role it corrects, also when another has just done so.
func (g *group) requireSame(t *testing.T, master *harness.Server) {
	t.Helper()
	for _, s := range g.sentinels {
		s.Kill()
	}
	for _, s := range g.servers {
		if s != master {
			requireSame(t, master, s)
		}
	}
}

// startWriter writes through a client that asks the sentinels for the master, until stop is called. Writes that fail while there is no
// master are tried again.
func (g *group) startWriter(t *testing.T) (written *atomic.Int64, stop func()) {
	t.Helper()
	var addrs []string
	for _, s := range g.sentinels {
		addrs = append(addrs, s.Addr())
	}
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: groupName, SentinelAddrs: addrs, MaxRetries: -1})
	ctx, cancel := context.WithCancel(context.Background())
	written = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ctx.Err() == nil; n++ {
			pipe := client.Pipeline()
			pipe.Incr(ctx, "counter")
			pipe.HSet(ctx, "hash:"+strconv.Itoa(n%100), "field", n)
			pipe.RPush(ctx, "list", n)
			pipe.LTrim(ctx, "list", -1000, -1)
			if _, err := pipe.Exec(ctx); err == nil {
				written.Add(1)
			}
		}
	}()
	stop = func() {
		cancel()
		<-done
		if err := client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
			t.Errorf("closing the client: %v", err)
		}
	}
	t.Cleanup(stop)
	return written, stop
}

func waitMore(t *testing.T, written *atomic.Int64, n int64) {
	t.Helper()
	want := written.Load() + n
	harness.Eventually(t, func() bool { return written.Load() >= want }, harness.Patience, "the client has written %d times more", n)
}

// TestSentinelsFailOver: a master that is killed under load is replaced, its clients find the new one, the other replica follows that,
// and so does the old master once it is back.
func TestSentinelsFailOver(t *testing.T) {
	t.Parallel()
	g := startGroup(t)
	old := g.servers[0]
	written, stop := g.startWriter(t)
	waitMore(t, written, 200)

	old.Kill()
	master := g.waitMaster(t, old)
	waitMore(t, written, 200)
	old.Restart(t)
	g.waitFollowers(t, master)
	waitMore(t, written, 200)
	stop()
	g.requireSame(t, master)
	require.Contains(t, master.Log(), "MASTER MODE enabled")
}

// TestSentinelSwitchover: a failover that an operator asks for, while the master lives.
func TestSentinelSwitchover(t *testing.T) {
	t.Parallel()
	g := startGroup(t)
	written, stop := g.startWriter(t)
	waitMore(t, written, 100)
	old := g.servers[0]
	g.sentinels[1].Once(t, "SENTINEL", "FAILOVER", groupName)
	master := g.waitMaster(t, old)
	g.waitFollowers(t, master)
	waitMore(t, written, 100)
	stop()
	g.requireSame(t, master)

	// The roles are in the files, so that they outlast a restart.
	conf, err := os.ReadFile(filepath.Join(old.Dir, "server.conf"))
	require.NoError(t, err)
	require.Contains(t, string(conf), "replicaof 127.0.0.1 "+strconv.Itoa(master.Port()))
	conf, err = os.ReadFile(filepath.Join(master.Dir, "server.conf"))
	require.NoError(t, err)
	for line := range strings.Lines(string(conf)) {
		require.False(t, strings.HasPrefix(line, "replicaof"), line)
	}
}
