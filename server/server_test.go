package server

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
	"treedis/server/resp"
)

// session is a server in this process with one client, for tests of handlers: no network, and a clock
// that moves only when told.
type session struct {
	t   testing.TB
	s   *Server
	c   *Client
	now time.Time

	tail *logTail // set by record
}

func newSession(t testing.TB) *session {
	ss := &session{t: t, now: time.UnixMilli(1_700_000_000_000)}
	cfg := config.New()
	require.NoError(t, cfg.Set(config.Caller{}, "save", "")) // no test leaves a snapshot behind unless it asks for it
	s, err := New(Options{Config: cfg, Seed: 1, Log: io.Discard, Now: func() time.Time { return ss.now }})
	require.NoError(t, err)
	ss.s = s
	ss.c = s.newClient(nil, &resp.Writer{}, 0)
	return ss
}

// advance moves the clock.
func (ss *session) advance(d time.Duration) { ss.now = ss.now.Add(d) }

// raw executes a command, given as words, and returns the bytes of the reply.
func (ss *session) raw(words ...string) string {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	ss.s.do(ss.c, args)
	reply := string(ss.c.out.Buf)
	ss.c.out.Reset()
	return reply
}

// do executes a command line of space-separated words, and returns the reply in one line: CRLF become
// spaces.
func (ss *session) do(line string) string {
	return strings.TrimSpace(strings.ReplaceAll(ss.raw(strings.Fields(line)...), "\r\n", " "))
}

// expect executes command lines, each followed by its expected reply in the form of do.
func (ss *session) expect(pairs ...string) {
	ss.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Equal(ss.t, pairs[i+1], ss.do(pairs[i]), pairs[i])
	}
}

func TestTransactionErrors(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"exec", "-ERR EXEC without MULTI",
		"discard", "-ERR DISCARD without MULTI",
		"multi", "+OK",
		"multi", "-ERR MULTI calls can not be nested",
		"watch a", "-ERR WATCH inside MULTI is not allowed",
		"nosuch a b", "-ERR unknown command 'nosuch', with args beginning with: 'a' 'b'",
		"unwatch", "+QUEUED",
		"exec", "-EXECABORT Transaction discarded because of previous errors.",
		"multi", "+OK",
		"unwatch", "+QUEUED",
		"exec", "*1 +OK",
		"exec a", "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
	)
}

// do executes one command for a pseudo client.
func (s *Server) do(c *Client, args [][]byte) {
	s.beginBatch(c)
	s.execute(c, args)
	s.endBatch(c)
}
