package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

// TestLocalExpiry: what clients of a writable replica give an expiry it deletes by itself, and nothing else.
func TestLocalExpiry(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("set theirs v px 1000") // as if it came from the master
	payload := ss.dump("theirs")
	ss.s.role.replica.Store(true)
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "replica-read-only", "no"))
	tracked := func() string { return ss.info("stats")["slave_expires_tracked_keys"] }
	for i, line := range []string{
		"set a v px 1000", "psetex b 1000 v", "copy theirs c", "copy a d", "copy a a db 1", "move d 2",
	} {
		require.NotContains(t, ss.do(line), "-", i)
	}
	ss.raw("restore", "e", "1000", payload)
	ss.do("set f v")
	ss.do("pexpire f 1000")
	ss.do("rename f g")
	ss.do("set h v")
	ss.do("getex h px 500000")
	ss.do("set i v px 1000")
	ss.do("persist i")
	require.Equal(t, "9", tracked(), "a to i")
	ss.advance(time.Second)
	for range 20 { // a few keys that stay end a cycle
		ss.s.activeExpire()
	}
	require.Equal(t, "1", tracked(), "h")
	require.EqualValues(t, 7, ss.s.stats.expiredKeys)
	for i, want := range []int{3, 0, 0} { // theirs, h, i
		require.Equal(t, want, ss.s.store.DB(i).Len(), i)
	}
	require.NotNil(t, ss.s.store.DB(0).Peek([]byte("theirs")), "that is the master's to delete")
	ss.do("flushall")
	require.Equal(t, "0", tracked())
}
