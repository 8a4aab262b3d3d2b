package server

import (
	"context"
	"encoding/hex"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/digest"
	"treedis/server/resp"
)

// migrateTo is a MIGRATE to a node.
func migrateTo(n *node, rest string) string { return "migrate 127.0.0.1 " + n.port() + " " + rest }

func TestMigrateSyntax(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	const (
		syntax = "-ERR syntax error"
		notInt = "-ERR value is not an integer or out of range"
		both   = "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
		ioErr  = "-IOERR error or timeout connecting to the client"
		refuse = "-IOERR error or timeout writing to target instance"
	)
	ss.do("set k v")
	ss.expect(
		"migrate h 1 k 0", "-ERR wrong number of arguments for 'migrate' command",
		"migrate h 1 k 0 0 nosuch", syntax,
		"migrate h 1 k 0 0 auth", syntax,
		"migrate h 1 k 0 0 auth2 user", syntax,
		"migrate h 1 k x x keys k", both,
		"migrate h 1 k 0 x", notInt,
		"migrate h 1 k x 0", notInt,
		"migrate h 1 nosuch 0 0 copy REPLACE auth x auth2 y z", "+NOKEY",
		"migrate 127.0.0.1 0 k 0 100", refuse,
		"migrate 127.0.0.1 nosuch k 0 100", refuse,
		"migrate 127.0.0.1 65537 k 0 100", refuse,
		"migrate 127.0.0.1 -1 k 0 100", ioErr,
		"exists k", ":1",
	)
	require.Equal(t, "+NOKEY\r\n", ss.raw("migrate", "h", "1", "", "0", "0", "keys"))
	require.Equal(t, "+NOKEY\r\n", ss.raw("migrate", "h", "1", "", "0", "0", "keys", "a", "b"))
	require.Equal(t, ioErr+"\r\n", ss.raw("migrate", "", "1", "", "0", "9223372036854775807", "keys", "k"))
}

// sender is a session whose connections to targets are closed in the end.
func newSender(t *testing.T) *session {
	ss := newSession(t)
	t.Cleanup(func() { ss.s.targets.closeUnused(math.MaxInt64) })
	return ss.record()
}

func TestMigrateTypes(t *testing.T) {
	t.Parallel()
	from, to := newSender(t), startNode(t)
	keys := from.fillTypes()
	from.logged()
	for _, key := range keys {
		from.expect(migrateTo(to, key+" 0 20000 copy"), "+OK")
		to.s.lock.lock()
		var d digest.Sum
		d.Entry(to.s.store.DB(0).Peek([]byte(key)))
		to.s.lock.unlock()
		require.Equal(t, from.digestOf(key), hex.EncodeToString(d[:]), key)
	}
	require.Empty(t, from.logged())
	from.expect(migrateTo(to, "string:int 0 20000 copy"),
		"-ERR Target instance replied with error: BUSYKEY Target key name already exists.",
		migrateTo(to, "string:int 0 20000 replace"), "+OK", "exists string:int", ":0")
	require.Equal(t, "DEL string:int", from.logged())
	require.Len(t, from.s.targets, 1, "one connection serves all")
}

func TestMigrateKeys(t *testing.T) {
	t.Parallel()
	from, to := newSender(t), startNode(t)
	w := to.dial()
	migrate := func(words ...string) string {
		return strings.TrimSpace(from.raw(append([]string{"migrate", "127.0.0.1", to.port(), "", "9", "20000"}, words...)...))
	}
	from.do("mset a 1 b 2 c 3 d 4")
	from.do("pexpire b 100000")
	w.expect("select 9", "OK", "set c old", "OK")
	from.logged()
	require.Equal(t, "-ERR Target instance replied with error: BUSYKEY Target key name already exists.",
		migrate("keys", "nosuch", "a", "b", "c", "d"), "the others go all the same")
	require.Equal(t, "DEL a b d", from.logged())
	from.expect("keys *", "*1 $1 c")
	w.expect("get a", "1", "get b", "2", "get c", "old", "pttl a", "-1")
	require.NotEqual(t, "-1", w.do("pttl b"))
	require.Equal(t, "+OK", migrate("replace", "keys", "c", "c"))
	require.Equal(t, "DEL c c", from.logged())
	w.expect("get c", "3", "dbsize", "4")

	from.do("set a 5") // another database has to be selected on the connection that was kept
	from.expect(migrateTo(to, "a 0 20000"), "+OK")
	w.expect("get a", "1", "select 0", "OK", "get a", "5")
	from.do("set a 6")
	from.expect(migrateTo(to, "a 16 20000"), "-ERR Target instance replied with error: ERR DB index is out of range",
		"get a", "$1 6",
		migrateTo(to, "a 0 20000 copy replace"), "+OK")
	w.expect("get a", "6")
}

func TestMigrateAuth(t *testing.T) {
	t.Parallel()
	from, to := newSender(t), startNode(t, "requirepass secret")
	from.do("set k v")
	from.expect(
		migrateTo(to, "k 0 20000"), "-ERR Target instance replied with error: NOAUTH Authentication required.",
		migrateTo(to, "k 0 20000 auth wrong"), "-ERR Target instance replied with error: "+errWrongPass,
		migrateTo(to, "k 0 20000 auth2 default wrong"), "-ERR Target instance replied with error: "+errWrongPass,
		"exists k", ":1",
		migrateTo(to, "k 0 20000 auth secret copy"), "+OK",
		migrateTo(to, "k 0 20000 auth2 default secret replace"), "+OK",
		"exists k", ":0",
	)
}

func TestMigrateConnections(t *testing.T) {
	t.Parallel()
	from, to := newSender(t), startNode(t)
	kept := func() *target { return from.s.targets[targetAddress{"127.0.0.1", to.port()}] }
	from.do("set k v")
	copied := []string{migrateTo(to, "k 0 20000 copy replace"), "+OK"}
	from.expect(copied...)
	first := kept()
	from.expect(copied...)
	require.Same(t, first, kept())
	to.dial().do("client kill type normal") // the target closes it: another is made
	from.expect(copied...)
	require.NotSame(t, first, kept())

	from.advance(targetIdle * time.Millisecond)
	from.s.closeStale()
	require.NotNil(t, kept())
	from.advance(time.Millisecond)
	from.s.closeStale()
	require.Nil(t, kept())

	for i := range maxTargets {
		c, _ := net.Pipe()
		from.s.targets[targetAddress{"h", strconv.Itoa(i)}] = &target{conn: c}
	}
	from.expect(copied...)
	require.Len(t, from.s.targets, maxTargets)
}

// TestMigrateFailures has targets that answer as they are told and then close the connection, or fall silent.
func TestMigrateFailures(t *testing.T) {
	t.Parallel()
	const reading = "-IOERR error or timeout reading to target instance"
	for name, c := range map[string]struct {
		answers string
		silent  bool
		want    string
		logged  string
		dials   int
	}{
		"closes at once":         {"", false, reading, "", 2},
		"closes after SELECT":    {"+OK\r\n", false, reading, "", 2},
		"closes after one key":   {"+OK\r\n+OK\r\n", false, reading, "DEL a", 1},
		"closes after an error":  {"+OK\r\n-ERR no\r\n", false, "-ERR Target instance replied with error: ERR no", "", 1},
		"speaks something else":  {"what?\r\n", false, reading, "", 2},
		"is silent":              {"", true, reading, "", 1},
		"is silent after a key":  {"+OK\r\n+OK\r\n", true, reading, "DEL a", 1},
		"refuses all but b":      {"+OK\r\n-ERR a\r\n+OK\r\n", false, "-ERR Target instance replied with error: ERR a", "DEL b", 1},
		"takes all, then closes": {"+OK\r\n+OK\r\n+OK\r\n", false, "+OK", "DEL a b", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, dials := newSender(t), 0
			from.s.opts.Dial = func(context.Context, string, string) (net.Conn, error) {
				dials++
				here, there := net.Pipe()
				t.Cleanup(func() { there.Close() })
				go func() {
					for r, i := resp.NewReader(there), 0; i < 3; i++ { // SELECT and two of RESTORE
						if _, err := r.Read(); err != nil {
							return
						}
					}
					_, _ = io.WriteString(there, c.answers)
					if !c.silent {
						there.Close()
					}
				}()
				return here, nil
			}
			from.do("mset a 1 b 2")
			from.logged()
			require.Equal(t, c.want, strings.TrimSpace(from.raw("migrate", "h", "1", "", "1", "500", "keys", "a", "b")))
			require.Equal(t, c.logged, from.logged())
			require.Equal(t, c.dials, dials)
		})
	}
}
