package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVerifyEndsWithItsReplica: nobody waits for the answer of a replica that has gone.
func TestVerifyEndsWithItsReplica(t *testing.T) {
	t.Parallel()
	m := startNode(t)
	m.dial().expect("set a 1", "OK")
	raw := m.dial() // a replica that could answer, and does not
	raw.send("replconf capa treedis-verify")
	require.Equal(t, "OK", raw.read())
	raw.send("psync ? -1")
	require.Contains(t, raw.read(), "FULLRESYNC")
	m.until(func() bool {
		return len(m.s.master.Replicas()) == 1 && m.s.master.Replicas()[0].State.Info() == "online"
	}, "it is online")
	c := m.dial()
	c.send("replica verify timeout 600000")
	m.until(func() bool {
		m.s.verify.mu.Lock()
		defer m.s.verify.mu.Unlock()
		return len(m.s.verify.jobs) == 1
	}, "it is asked")
	require.True(t, m.s.master.Disconnect(m.s.master.Replicas()[0].ClientID))
	require.Equal(t, "-ERR no replica is left that could answer: their connections have ended", c.read())
}
