package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Clients on several loops do all that touches shared state, while snapshots are taken, clients killed, and the
// links of a chain of replicas cut. In the end all have the same data.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	m := startNode(t, "io-threads 3", "repl-backlog-size 1mb", "enable-debug-command yes")
	r1 := startReplica(t, m, "io-threads 2", "enable-debug-command yes")
	r2 := startReplica(t, r1, "enable-debug-command yes")
	var writers, others sync.WaitGroup
	stop := make(chan struct{})
	loop := func(fn func(r *rand.Rand)) {
		others.Go(func() {
			r := rand.New(rand.NewPCG(1, 2))
			for {
				select {
				case <-stop:
					return
				default:
					fn(r)
				}
			}
		})
	}
	for i := range 4 {
		c := m.dial()
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range 200 {
				for _, line := range strings.Split(randomWork(r), "; ") {
					c.do(line)
				}
			}
		})
	}
	for _, n := range []*node{m, r1, r2} {
		c := n.dial()
		loop(func(r *rand.Rand) {
			c.do(fmt.Sprintf("get k%d", r.IntN(50)))
			c.do("client list")
			c.do("info")
			c.do("keys k1*")
			c.do(fmt.Sprintf("mget k%d k%d", r.IntN(50), r.IntN(50)))
		})
	}
	saver := r1.dial()
	loop(func(*rand.Rand) { saver.do("bgsave") })
	killer := m.dial()
	loop(func(*rand.Rand) {
		victim := m.dial()
		victim.send("multi")
		victim.send("incr victims")
		victim.send("exec")
		killer.do("client kill addr " + victim.LocalAddr().String())
		victim.Close()
	})
	cuts := 0
	loop(func(r *rand.Rand) {
		n := []*node{r1, r2}[r.IntN(2)]
		n.until(n.s.role.link.Up, "link up")
		n.cut(false)
		cuts++
	})
	writers.Wait()
	close(stop)
	others.Wait()
	m.until(func() bool {
		m.s.lock.lock()
		defer m.s.lock.unlock()
		return m.s.store.DB(0).Expires() == 0
	}, "all that expires has expired")
	r1.inSync(m)
	r2.inSync(r1)
	want := m.dial().do("debug digest")
	require.Equal(t, want, r1.dial().do("debug digest"))
	require.Equal(t, want, r2.dial().do("debug digest"))
	full, partial := m.syncs()
	t.Logf("%d cuts, %d full and %d partial synchronizations with the master", cuts, full, partial)
}

// randomWork returns commands separated by "; ".
func randomWork(r *rand.Rand) string {
	k, j := r.IntN(50), r.IntN(50)
	switch r.IntN(14) {
	case 0:
		return fmt.Sprintf("set k%d %d", k, r.IntN(1000))
	case 1:
		return fmt.Sprintf("set k%d %s px %d", k, strings.Repeat("v", r.IntN(300)), 1+r.IntN(20))
	case 2:
		return fmt.Sprintf("del k%d k%d", k, j)
	case 3:
		return fmt.Sprintf("multi; set k%d 1; append k%d x; get k%d; exec", k, j, k)
	case 4:
		return fmt.Sprintf("watch k%d; multi; set k%d 2; exec", k, j)
	case 5:
		return fmt.Sprintf("select %d; incr n; select 0", r.IntN(16))
	case 6:
		return fmt.Sprintf("mset k%d a k%d b", k, j)
	case 7:
		return fmt.Sprintf("rpush l%d %d %d", k, k, j)
	case 8:
		return fmt.Sprintf("lpop l%d", k)
	case 9:
		return fmt.Sprintf("sadd s%d %d", k, j)
	case 10:
		return fmt.Sprintf("hset h%d f%d %d", k, j, k)
	case 11:
		return fmt.Sprintf("zadd z%d %d m%d", k, j, j)
	case 12:
		return fmt.Sprintf("rename k%d k%d", k, j)
	}
	return fmt.Sprintf("pexpire k%d %d", k, r.IntN(30))
}
