package server

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/tlsconf/tlstest"
)

// foreign is a listener whose connections seem to come from another machine.
type foreign struct{ net.Listener }

func (l foreign) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return foreignConn{c}, nil
}

type foreignConn struct{ net.Conn }

func (foreignConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1000} }

// startSecure starts a node with a listener for encrypted connections. It returns a function that connects to that.
func startSecure(t *testing.T, wrap func(net.Listener) net.Listener, directives ...string) (*node, func() (*tls.Conn, error)) {
	dir := t.TempDir()
	ca := tlstest.NewAuthority(t, "ca")
	pair := ca.Issue(dir, "server")
	n := newNode(t, append(directives, "tls-cert-file "+pair.Cert, "tls-key-file "+pair.Key, "tls-ca-cert-file "+ca.Write(dir))...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	n.s.opts.TLSListeners = []net.Listener{wrap(l)}
	require.NoError(t, n.s.applyTLS())
	require.NoError(t, n.s.Start())
	return n, func() (*tls.Conn, error) { return tls.Dial("tcp", l.Addr().String(), ca.Client(pair)) }
}

func TestTLSProtectedMode(t *testing.T) {
	t.Parallel()
	n, dial := startSecure(t, func(l net.Listener) net.Listener { return foreign{l} })
	c, err := dial()
	require.NoError(t, err)
	defer c.Close()
	text, err := io.ReadAll(c)
	require.NoError(t, err, "the end is a proper one")
	require.Equal(t, "-"+errProtected+"\r\n", string(text))

	n.set("protected-mode", "no")
	c, err = dial()
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("ping\r\nquit\r\n"))
	require.NoError(t, err)
	text, err = io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "+PONG\r\n+OK\r\n", string(text))
}

// TestTLSMaxClients: who is one too many is turned away before the handshake, and whoever is at one counts.
func TestTLSMaxClients(t *testing.T) {
	t.Parallel()
	n, dial := startSecure(t, func(l net.Listener) net.Listener { return l }, "maxclients 2", "loglevel verbose")
	w := n.dial()
	w.expect("ping", "PONG")
	n.s.tls.handshakes.Add(1)
	_, err := dial()
	require.Error(t, err)
	n.logged(errTooMany.Error())
	n.s.tls.handshakes.Add(-1)
	c, err := dial()
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("ping\r\n"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, len("+PONG\r\n")))
	require.NoError(t, err)
	_, err = dial()
	require.Error(t, err)
	n.s.lock.borrow()
	defer n.s.lock.unlock()
	require.EqualValues(t, 2, n.s.stats.rejectedConns)
}

// TestTLSKilledWhileReading: a client that is told to go while it takes in nothing is gone at once, and so is its connection.
func TestTLSKilledWhileReading(t *testing.T) {
	t.Parallel()
	n, dial := startSecure(t, func(l net.Listener) net.Listener { return l })
	c, err := dial()
	require.NoError(t, err)
	defer c.Close()
	w := n.dial()
	w.expect("setrange big 20000000 x", "20000001")
	_, err = c.Write([]byte("client setname slow\r\nget big\r\n"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, len("+OK\r\n$")))
	require.NoError(t, err)
	w.expect("client kill type normal skipme yes", "1", "ping", "PONG")
	n.until(func() bool { return n.s.net.Loops()[0].Len() == 1 }, "the connection is gone")
}
