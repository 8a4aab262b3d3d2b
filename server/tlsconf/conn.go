package tlsconf

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

const (
	// handshakeTime is how long a peer may take over the handshake.
	handshakeTime = 10 * time.Second
	// farewellTime is how long closing a connection may take. Its last message waits for room with the peer.
	farewellTime = 100 * time.Millisecond
)

// errSilent says that a peer has let handshakeTime go by.
var errSilent = errors.New("no handshake within 10 seconds")

// Conn is an encrypted connection. Unlike the library's own it is closed in no time, whatever the peer does.
type Conn struct{ *tls.Conn }

// Close tells the peer, if it is listening, and closes the connection.
func (c Conn) Close() error {
	late := time.AfterFunc(farewellTime, func() { c.NetConn().Close() })
	defer late.Stop()
	return c.Conn.Close()
}

// SetNoDelay is that of the TCP connection beneath.
func (c Conn) SetNoDelay(on bool) error {
	if tcp, ok := c.NetConn().(interface{ SetNoDelay(bool) error }); ok {
		return tcp.SetNoDelay(on)
	}
	return nil
}

// Accept makes the handshake with a client, whose certificate is looked at as auth says: NoClientCert, VerifyClientCertIfGiven or
// RequireAndVerifyClientCert. nc stays the caller's if it fails.
func (m *Material) Accept(ctx context.Context, nc net.Conn, auth tls.ClientAuthType) (net.Conn, error) {
	config := m.servers[auth]
	if config == nil {
		config = m.servers[tls.RequireAndVerifyClientCert]
	}
	return shake(ctx, tls.Server(nc, config))
}

// Connect makes the handshake with a server. nc stays the caller's if it fails.
func (m *Material) Connect(ctx context.Context, nc net.Conn) (net.Conn, error) {
	return shake(ctx, tls.Client(nc, m.client))
}

func shake(ctx context.Context, c *tls.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeTime, errSilent)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, err
	}
	return Conn{c}, nil
}
