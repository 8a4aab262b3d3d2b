package tests

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// registerOp is a read or a write of one of some registers.
type registerOp struct {
	key, value int
	write      bool
}

// registers says what a set of registers does. A read returns the value, 0 if there is none.
var registers = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, op := range history {
			k := op.Input.(registerOp).key
			byKey[k] = append(byKey[k], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		op := input.(registerOp)
		if op.write {
			return true, op.value
		}
		return output.(int) == state.(int), state
	},
}

// maxUnknown bounds how many writes of unknown outcome a connection adds to the history: the search through it grows
// exponentially with them.
const maxUnknown = 3

// leader is the server that some clients take for the master.
type leader struct {
	addr     string
	replaced chan struct{} // closed once they take another for it
}

// workload is clients that read and write registers. Those of one group learn of a failover at once; the others go on with the old
// master for a while.
type workload struct {
	began   time.Time
	leaders [2]atomic.Pointer[leader] // by group
	using   sync.RWMutex              // held shared during a command
	value   atomic.Int64
	stop    chan struct{}
	done    atomic.Int64 // commands of known outcome
	clients sync.WaitGroup

	mu      sync.Mutex
	history []porcupine.Operation // guarded by mu
}

// startWorkload starts so many clients, of either group in turn.
func startWorkload(n int, master *harness.Server) *workload {
	w := &workload{began: time.Now(), stop: make(chan struct{})}
	for group := range w.leaders {
		w.lead(group, master)
	}
	for id := range n {
		w.clients.Go(func() { w.run(id) })
	}
	return w
}

// lead makes the clients of a group take a server for the master.
func (w *workload) lead(group int, s *harness.Server) {
	if old := w.leaders[group].Swap(&leader{addr: s.Addr(), replaced: make(chan struct{})}); old != nil {
		close(old.replaced)
	}
}

// end stops the clients and returns what they have done.
func (w *workload) end() []porcupine.Operation {
	if !w.stopped() {
		close(w.stop)
	}
	w.clients.Wait()
	return w.history
}

func (w *workload) stopped() bool {
	select {
	case <-w.stop:
		return true
	default:
		return false
	}
}

// run is one client.
func (w *workload) run(id int) {
	for n := id; !w.stopped(); {
		master := w.leaders[id%len(w.leaders)].Load()
		conn, err := harness.Dial(master.addr)
		if err != nil { // it was killed
			select {
			case <-master.replaced:
			case <-w.stop:
			}
			continue
		}
		n = w.work(conn, master, id, n)
		conn.Close()
	}
}

// work sends commands to a server until another takes its place or the connection fails. The commands are numbered from n on; it
// returns the number of the next.
func (w *workload) work(conn *harness.Conn, master *leader, id, n int) int {
	for unknown := 0; !w.stopped(); n++ {
		w.using.RLock()
		if w.leaders[id%len(w.leaders)].Load() != master {
			w.using.RUnlock()
			return n
		}
		known, err := w.command(conn, id, registerOp{key: n % 5, write: n%3 == 0 && unknown < maxUnknown})
		w.using.RUnlock()
		if err != nil {
			return n + 1
		}
		if !known {
			unknown++
		}
	}
	return n
}

// command runs one, and reports whether it is known what came of it. A write that was not confirmed may take effect at any later time.
func (w *workload) command(conn *harness.Conn, id int, op registerOp) (known bool, err error) {
	args := []string{"GET", fmt.Sprint("r", op.key)}
	if op.write {
		op.value = int(w.value.Add(1))
		args = []string{"SET", args[1], strconv.Itoa(op.value)}
	}
	done := porcupine.Operation{ClientId: id, Input: op, Call: time.Since(w.began).Nanoseconds(), Return: math.MaxInt64, Output: 0}
	r, err := conn.Do(args...)
	known = err == nil && !r.IsError()
	if known {
		done.Return = time.Since(w.began).Nanoseconds()
		if !op.write && !r.Null {
			done.Output = int(r.Int())
		}
		w.done.Add(1)
	}
	if known || op.write && !strings.HasPrefix(r.Text, "READONLY") {
		w.mu.Lock()
		w.history = append(w.history, done)
		w.mu.Unlock()
	}
	return known, err
}

// progress waits for so many more commands that come to something.
func (w *workload) progress(t *testing.T, n int64) {
	t.Helper()
	want := w.done.Load() + n
	harness.Eventually(t, func() bool { return w.done.Load() >= want }, harness.Patience, "commands are executed")
}

// TestSyncReplicasAreLinearizable checks the histories of registers through crashes of masters, and partitions that leave a
// master alone with clients that take it for the master still. sync-reads keeps that one from showing old data.
func TestSyncReplicasAreLinearizable(t *testing.T) {
	t.Parallel()
	c := startTrio(t, "--sync-reads", "yes", "--sync-timeout", "100")
	w := startWorkload(6, c.servers[c.master])
	defer w.end()
	for round := range syncRounds(4) {
		w.progress(t, 300)
		crash := round%2 == 1
		if crash {
			c.servers[c.master].Kill()
		}
		old := c.failOver(t)
		w.lead(0, c.servers[c.master])
		w.progress(t, 100) // some by the new master, others in vain by the old one
		w.using.Lock()     // nobody reads from the old one once it may be a replica
		w.lead(1, c.servers[c.master])
		w.using.Unlock()
		if crash {
			c.servers[old].Restart(t, harness.Args("--replicaof", "127.0.0.1 "+c.doors[c.master].Port()))
		}
		c.rejoin(t, old)
	}
	w.progress(t, 100)
	history := w.end()
	result := porcupine.CheckOperationsTimeout(registers, history, time.Minute)
	t.Logf("%d operations: %s", len(history), result)
	require.Equal(t, porcupine.Ok, result)
}
