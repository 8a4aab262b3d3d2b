package server

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shown returns what a monitoring client is shown next, without the time.
func (w *wire) shown() string {
	w.t.Helper()
	at, text, ok := strings.Cut(w.read(), " ")
	require.True(w.t, ok)
	sec, usec, _ := strings.Cut(at, ".")
	require.Len(w.t, usec, 6)
	require.GreaterOrEqual(w.t, len(sec), 10)
	return text
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	m, c := n.dial(), n.dial()
	m.expect("monitor", "OK")
	from := c.LocalAddr().String()
	c.expect("set k v\x01\"", "OK", "select 2", "OK", "auth pass", "-"+errNoPassword, "auth user secret", "-"+errWrongPass,
		"multi", "OK", "get k", "QUEUED", "exec", "[(nil)]", "config get x", "[]", "nosuch", "-ERR unknown command 'nosuch', with args beginning with: ")
	c.send("hello 3 auth user secret")
	c.read()
	for _, want := range []string{
		`[0 ` + from + `] "set" "k" "v\x01\""`, `[2 ` + from + `] "select" "2"`, `[2 ` + from + `] "auth" "(redacted)"`,
		`[2 ` + from + `] "auth" "(redacted)" "(redacted)"`, `[2 ` + from + `] "multi"`, `[2 ` + from + `] "get" "k"`,
		`[2 ` + from + `] "exec"`, `[2 ` + from + `] "hello" "3" "auth" "(redacted)" "(redacted)"`,
	} {
		require.Equal(t, want, m.shown())
	}
	require.Contains(t, c.do("client list"), " flags=O db=0 ")
	m.expect("ping", "PONG")
	require.Contains(t, m.shown(), `"ping"`)
	m.expect("get k", "-ERR Replica can't interact with the keyspace", "reset", "RESET", "get k", "v\x01\"")
	c.expect("ping", "PONG")
	m.expect("ping", "PONG")
}

// A replica shows what its master sends it, a Unix socket is shown by its path.
func TestMonitorOrigins(t *testing.T) {
	t.Parallel()
	master := startNode(t)
	replica := startReplica(t, master)
	m := replica.dial()
	m.expect("monitor", "OK")
	master.dial().expect("set k v", "OK")
	for {
		if text := m.shown(); strings.Contains(text, `"set" "k" "v"`) {
			_, port, err := net.SplitHostPort(strings.Trim(strings.Fields(text)[1], "]"))
			require.NoError(t, err)
			require.Equal(t, master.port(), port)
			return
		}
	}
}
