package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestExpiryEffort(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	require.Equal(t, expiryEffort{keys: 20, budget: 25 * time.Millisecond, stale: 10}, ss.s.expiryEffort())
	ss.expect("config set active-expire-effort 10 hz 100", "+OK")
	require.Equal(t, expiryEffort{keys: 65, budget: 4300 * time.Microsecond, stale: 1}, ss.s.expiryEffort())
}

// TestExpiryReachesAllDatabases: one of which far more expires than a cycle has time for does not hold up the others.
func TestExpiryReachesAllDatabases(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("config set hz 500", "+OK")
	expiry := ss.now.UnixMilli() + 1
	for i := range 10_000 {
		ss.s.store.DB(0).SetString(fmt.Append(nil, i), []byte("x"), expiry)
	}
	ss.s.store.DB(1).SetString([]byte("a"), []byte("x"), expiry)
	ss.advance(time.Second)
	ss.s.activeExpire()
	ss.s.activeExpire()
	require.Zero(t, ss.s.store.DB(1).Len())
	for range 5000 {
		if ss.s.activeExpire(); ss.s.store.Len() == 0 {
			return
		}
	}
	require.Fail(t, "not all that expired is gone")
}
