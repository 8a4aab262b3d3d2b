package harness

import "fmt"

// StartSentinel runs a redis-sentinel that watches one master, and is quick to find it down: 3 s without an answer, which
// no server that lives takes on a loaded machine. A failover may be tried again after 10 s.
func StartSentinel(t T, name string, masterPort, quorum int) *Server {
	t.Helper()
	return Start(t, Sentinel, Config(fmt.Sprintf(`sentinel monitor %[1]s 127.0.0.1 %[2]d %[3]d
sentinel down-after-milliseconds %[1]s 3000
sentinel failover-timeout %[1]s 10000
sentinel parallel-syncs %[1]s 5
`, name, masterPort, quorum)))
}
