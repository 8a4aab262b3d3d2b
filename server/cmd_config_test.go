package server

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

func TestConfigCommands(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"config get maxmemory", "*2 $9 maxmemory $1 0",
		"config set maxmemory 10mb maxmemory-policy allkeys-lru", "+OK",
		"config get maxmemory maxmemory-p* nosuch", "*4 $9 maxmemory $8 10485760 $16 maxmemory-policy $11 allkeys-lru",
		"config set maxmemory 1 maxmemory 2", "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter",
		"config set maxmemory 1 nosuch 2", "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'",
		"config set maxmemory", "-ERR wrong number of arguments for 'config|set' command",
		"config set databases 3", "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
		"config get maxmemory", "*2 $9 maxmemory $8 10485760",
		"config rewrite", "-ERR The server is running without a config file",
		"hello 3", "%7 $6 server $5 redis $7 version $5 7.2.4 $5 proto :3 $2 id :0 $4 mode $10 standalone $4 role $6 master $7 modules *0",
		"config get maxmemory", "%1 $9 maxmemory $8 10485760",
	)
}

func TestConfigRewrite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "redis.conf")
	require.NoError(t, os.WriteFile(file, []byte("# mine\nmaxmemory 1mb\n"), 0o644))
	cfg := config.New()
	require.NoError(t, cfg.Load([]string{file}, strings.NewReader("")))
	s, err := New(Options{Config: cfg, Log: &lockedBuffer{}})
	require.NoError(t, err)
	ss := &session{t: t, s: s}
	ss.c = s.newClient(nil, newSession(t).c.out, 0)
	ss.expect("config set maxmemory 2mb", "+OK", "config rewrite", "+OK")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "# mine\nmaxmemory 2mb\n")
}

// listening starts a node that listens where its configuration says.
func listening(t *testing.T) (*node, int) {
	port := freePort(t)
	n := newNode(t, "bind 127.0.0.1", "port "+strconv.Itoa(port))
	for _, l := range n.s.opts.Listeners {
		l.Close()
	}
	n.s.opts.Listeners = nil
	require.NoError(t, n.s.Start())
	return n, port
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// answers reports whether a server answers on a loopback port.
func answers(t *testing.T, port int) bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = c.Write([]byte("ping\r\n"))
	require.NoError(t, err)
	buf := make([]byte, 7)
	n, _ := c.Read(buf)
	return string(buf[:n]) == "+PONG\r\n"
}

func TestConfigSetPort(t *testing.T) {
	t.Parallel()
	n, first := listening(t)
	w := n.dial()
	second := freePort(t)
	w.expect("config set port "+strconv.Itoa(second), "OK", "ping", "PONG")
	require.True(t, answers(t, second))
	require.False(t, answers(t, first))

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	w.expect("config set maxmemory 1mb port "+port,
		"-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.")
	w.expect("config get maxmemory", "[maxmemory 0]")
	require.True(t, answers(t, second))

	w.expect("config set bind *", "OK")
	require.True(t, answers(t, second))
	w.expect("config set bind 192.0.2.1", "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.")
	require.True(t, answers(t, second), "what was listened on is again")
	w.expect("config set port 0", "OK")
	require.False(t, answers(t, second))
}
