package server

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConnectionCommands(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"ping", "+PONG",
		"ping x", "$1 x",
		"ping x y", "-ERR wrong number of arguments for 'ping' command",
		"echo x", "$1 x",
		"select 15", "+OK",
		"select 16", "-ERR DB index is out of range",
		"select -1", "-ERR DB index is out of range",
		"select x", "-ERR value is not an integer or out of range",
		"select 2147483648", "-ERR value is out of range, value must between -2147483648 and 2147483647",
		"set a 1", "+OK",
		"select 0", "+OK",
		"get a", "$-1",
		"multi", "+OK",
		"select 15", "+QUEUED",
		"get a", "+QUEUED",
		"exec", "*2 +OK $1 1",
		"get a", "$1 1",
	)
}

func TestAuth(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"auth x", "-"+errNoPassword,
		"auth default x", "+OK",
		"auth other x", "-"+errWrongPass,
		"auth a b c", "-ERR syntax error",
		"config set requirepass secret", "+OK",
		"ping", "+PONG", // who is logged in stays so
		"reset", "+RESET",
		"ping", "-"+errNoAuth,
		"hello", "-"+errHelloNoAuth,
		"hello 3", "-"+errHelloNoAuth,
		"auth wrong", "-"+errWrongPass,
		"auth secretx", "-"+errWrongPass,
		"auth other secret", "-"+errWrongPass,
		"hello 2 auth default wrong setname x", "-"+errWrongPass,
		"get", "-ERR wrong number of arguments for 'get' command",
		"auth secret", "+OK",
		"client getname", "$-1",
		"reset", "+RESET",
		"hello 2 auth default secret setname me", "*14 $6 server $5 redis $7 version $5 7.2.4 $5 proto :2 $2 id :0 $4 mode $10 standalone $4 role $6 master $7 modules *0",
		"client getname", "$2 me",
	)
}

func TestHello(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"hello x", "-ERR Protocol version is not an integer or out of range",
		"hello 1", "-NOPROTO unsupported protocol version",
		"hello 4 junk", "-NOPROTO unsupported protocol version",
		"hello 3 junk", "-ERR Syntax error in HELLO option 'junk'",
		"hello 3 auth x", "-ERR Syntax error in HELLO option 'auth'",
		"hello 3 setname", "-ERR Syntax error in HELLO option 'setname'",
		"hello 3 setname \x7f", "-"+errClientName,
		"client getname", "$-1",
		"hello 3 setname x", "%7 $6 server $5 redis $7 version $5 7.2.4 $5 proto :3 $2 id :0 $4 mode $10 standalone $4 role $6 master $7 modules *0",
		"get nosuch", "_",
		"hello", "%7 $6 server $5 redis $7 version $5 7.2.4 $5 proto :3 $2 id :0 $4 mode $10 standalone $4 role $6 master $7 modules *0",
		"reset", "+RESET",
		"get nosuch", "$-1",
	)
}

func TestReset(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"client setname x", "+OK", "client setinfo lib-name lib", "+OK", "client no-evict on", "+OK", "client no-touch on", "+OK",
		"select 3", "+OK", "watch a", "+OK", "multi", "+OK", "set a b", "+QUEUED",
		"reset", "+RESET",
		"exec", "-ERR EXEC without MULTI",
		"client getname", "$-1",
	)
	require.Regexp(t, ` flags=N db=0 .* lib-name=lib `, ss.do("client info"))
	require.Empty(t, ss.s.watchers)
}

func TestClientReply(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"client reply skip", "", "ping", "", "ping", "+PONG",
		"client reply skip", "", "client reply on", "+OK", "ping", "+PONG",
		"client reply skip", "", "client reply skip", "", "ping", "", "ping", "+PONG",
		"client reply off", "", "ping", "", "nosuch", "", "client reply skip", "", "client reply on", "+OK", "ping", "+PONG",
		"client reply maybe", "-ERR syntax error",
		"multi", "+OK", "client reply skip", "+QUEUED", "exec", "*1", "ping", "", "ping", "+PONG",
	)
}

func TestClientNames(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"client getname", "$-1",
		"client setname a", "+OK",
		"client getname", "$1 a",
		"client setinfo lib-ver 1.2", "+OK",
		"client setinfo lib-what x", "-ERR Unrecognized option 'lib-what'",
		"client no-touch perhaps", "-ERR syntax error",
		"client", "-ERR wrong number of arguments for 'client' command",
		"client nosuch", "-ERR unknown subcommand 'nosuch'. Try CLIENT HELP.",
	)
	require.Equal(t, "-"+errClientName+"\r\n", ss.raw("client", "setname", "a b"))
	require.Equal(t, "-ERR LIB-NAME cannot contain spaces, newlines or special characters.\r\n", ss.raw("client", "setinfo", "LIB-NAME", "\n"))
	require.Equal(t, "+OK\r\n", ss.raw("client", "setname", ""))
	ss.expect("client getname", "$-1")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	for _, container := range []string{"client", "command", "config", "memory"} {
		text := ss.raw(container, "help")
		require.Contains(t, text, "\r\n+"+strings.ToUpper(container)+" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n")
		require.Contains(t, text, "\r\n+HELP\r\n")
	}
	require.Contains(t, ss.raw("client", "help"), "\r\n+REPLY (ON|OFF|SKIP)\r\n")
}

// clientLine is the form of a line of CLIENT LIST.
var clientLine = regexp.MustCompile(`^id=\d+ addr=\S* laddr=\S* fd=-?\d+ name=\S* age=\d+ idle=\d+ flags=\w+ db=\d+ sub=0 psub=0 ssub=0 ` +
	`multi=-?\d+ qbuf=\d+ qbuf-free=\d+ argv-mem=\d+ multi-mem=\d+ rbs=\d+ rbp=0 obl=\d+ oll=\d+ omem=\d+ tot-mem=\d+ events=r?w? ` +
	`cmd=[a-z|NUL-]+ user=(default|\(superuser\)) redir=-1 resp=[23] lib-name=\S* lib-ver=\S*$`)

// clients returns the lines of CLIENT LIST.
func (w *wire) clients(options string) (lines []string) {
	w.t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(w.do("client list "+options), "\n"), "\n") {
		if line != "" {
			require.Regexp(w.t, clientLine, line)
			lines = append(lines, line)
		}
	}
	return lines
}

func TestClientList(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	a, b := n.dial(), n.dial()
	a.expect("client setname a", "OK", "select 3", "OK", "client no-evict on", "OK", "watch k", "OK")
	idA, idB := a.do("client id"), b.do("client id")
	b.expect("client setname b", "OK", "set k v", "OK", "multi", "OK", "set k 12345", "QUEUED")
	lines := a.clients("")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "id="+idA+" addr="+a.LocalAddr().String()+" laddr="+a.RemoteAddr().String())
	// A second may have passed in between.
	require.Regexp(t, " name=a age=[01] idle=[01] flags=e db=3 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=0 argv-mem=10 ", lines[0])
	require.Contains(t, lines[0], " events=r cmd=client|list ")
	require.Contains(t, lines[1], " flags=x db=0 sub=0 psub=0 ssub=0 multi=1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=9 ")
	require.Contains(t, lines[1], " cmd=set ")
	require.Equal(t, []string{lines[1]}, a.clients("id 999 "+idB))
	require.Len(t, a.clients("id "+idA+" "+idB), 2)
	require.Len(t, a.clients("type normal"), 2)
	require.Empty(t, a.clients("type replica"))
	require.Empty(t, a.clients("type pubsub"))
	a.expect(
		"client list type what", "-ERR Unknown client type 'what'",
		"client list id x", "-ERR Invalid client ID",
		"client list id", "-ERR syntax error",
		"client list type", "-ERR syntax error",
		"client list type normal x", "-ERR syntax error",
	)
	n.skew.Store(int64(5 * time.Second))
	require.Regexp(t, `name=b age=[56] idle=[56] `, a.clients("")[1])
}

// TestClientListUnread shows what waits to be read and to be written.
func TestClientListUnread(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	a, b := n.dial(), n.dial()
	a.expect("client setname a", "OK")
	_, err := b.Write([]byte("*2\r\n$3\r\nget"))
	require.NoError(t, err)
	n.until(func() bool { return strings.Contains(a.do("client list"), " qbuf=3 qbuf-free=0 argv-mem=0 ") }, "input that is not complete")

	_, err = b.Write([]byte("\r\n$10\r\n12345"))
	require.NoError(t, err)
	n.until(func() bool { return strings.Contains(a.do("client list"), " qbuf=5 qbuf-free=0 argv-mem=3 ") }, "the argument is parsed")

	c := n.dial()
	c.expect("client setname c", "OK")
	a.expect("setrange big 3000000 x", ":3000001"[1:])
	for range 20 {
		c.send("get big")
	}
	line := regexp.MustCompile(`name=c .* oll=[1-9]\d* omem=[1-9]\d{6,} .* events=rw `)
	n.until(func() bool { return line.MatchString(a.do("client list")) }, "output that is not read")
	c.Close()
	n.until(func() bool { return len(a.clients("")) == 2 }, "the client is gone")
}

func TestClientKill(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	me := n.dial()
	me.expect(
		"client kill 127.0.0.1:1", "-ERR No such client",
		"client kill id 0", "-ERR client-id should be greater than 0",
		"client kill id x", "-ERR client-id should be greater than 0",
		"client kill id 999999", "0",
		"client kill type what", "-ERR Unknown client type 'what'",
		"client kill user nobody", "-ERR No such user 'nobody'",
		"client kill skipme maybe", "-ERR syntax error",
		"client kill maxage 10", "-ERR syntax error",
		"client kill id 1 type", "-ERR syntax error",
		"client kill id 0 type", "-ERR client-id should be greater than 0",
	)
	var victims []*wire
	victim := func() *wire {
		w := n.dial()
		w.expect("ping", "PONG")
		victims = append(victims, w)
		return w
	}
	me.expect("client kill "+victim().LocalAddr().String(), "OK")
	me.expect("client kill addr "+victim().LocalAddr().String(), "1")
	me.expect("client kill id "+victim().do("client id"), "1")
	victim()
	victim()
	require.Len(t, me.clients(""), 3)
	me.expect("client kill type normal", "2")
	victim()
	me.expect("client kill user default laddr "+me.RemoteAddr().String()+" skipme yes", "1")
	require.Len(t, me.clients(""), 1, "who is killed is gone at once")
	for _, w := range victims {
		w.closed()
	}
	other := victim()
	me.expect("client kill skipme no", "2")
	me.closed()
	other.closed()
	last := n.dial()
	last.expect("client kill "+last.LocalAddr().String(), "OK")
	last.closed()
}

func TestKillReplicationLinks(t *testing.T) {
	t.Parallel()
	master := startNode(t)
	replica := startReplica(t, master)
	m, r := master.dial(), replica.dial()

	lines := m.clients("type replica")
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], " flags=S ")
	require.Contains(t, lines[0], " cmd=psync ")
	require.Equal(t, lines, m.clients("type slave"))
	require.Len(t, m.clients(""), 2)

	lines = r.clients("type master")
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], " addr=127.0.0.1:"+master.port()+" ")
	require.Contains(t, lines[0], " flags=M ")

	connected := func() int64 { return master.s.master.Stats().SyncPartialOK }
	before := connected()
	m.expect("client kill type replica", "1")
	master.until(func() bool { return connected() > before }, "the replica is back")
	replica.inSync(master)

	before = connected()
	r.expect("client kill type master", "1")
	master.until(func() bool { return connected() > before }, "the link is back")
	replica.inSync(master)
	r.expect("ping", "PONG")
}

func TestQuit(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	w := n.dial()
	w.expect("multi", "OK", "set a b", "QUEUED")
	w.send("quit")
	w.send("set a b")
	require.Equal(t, "OK", w.read())
	w.closed()
	n.dial().expect("exists a", "0")
}

func TestUnixSocketClient(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/s"
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	n := newNode(t)
	n.s.opts.Listeners = append(n.s.opts.Listeners, l)
	require.NoError(t, n.s.Start())
	c, err := net.Dial("unix", path)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("client info\r\n"))
	require.NoError(t, err)
	buf := make([]byte, 1024)
	k, err := c.Read(buf)
	require.NoError(t, err)
	require.Contains(t, string(buf[:k]), " addr="+path+":0 laddr="+path+":0 ")
	require.Contains(t, string(buf[:k]), " flags=U ")
}
