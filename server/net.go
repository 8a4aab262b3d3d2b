package server

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"treedis/server/config"
	"treedis/server/netio"
)

// handler is what the connections' loops call.
type handler struct{ s *Server }

// Opened registers a client, unless there are too many or protected mode turns it away.
func (h handler) Opened(conn *netio.Conn) {
	s := h.s
	c := s.newClient(conn, &conn.Out, conn.Loop().Index())
	conn.Context = c
	s.lock.borrow()
	defer s.lock.unlock()
	s.stats.connections++
	if int64(len(s.clients)) >= config.MaxClients.Get(s.cfg) {
		s.refuse(c, errMaxClients)
		return
	}
	if s.protects(conn.RemoteAddr()) {
		s.refuse(c, errProtected)
		return
	}
	s.nextClient++
	c.id = s.nextClient
	c.created = s.now()
	c.lastActive = c.created
	s.clients[c.id] = c
	s.clientSums.unevictable.Store(false)
	s.logger.debugf("Accepted %s", conn.RemoteAddr())
}

func (s *Server) refuse(c *Client, text string) {
	s.stats.rejectedConns++
	c.out.Error(text)
	c.conn.CloseAfterFlush()
}

// protects reports whether protected mode turns a peer away: the default user needs no password, and the connection
// comes from another machine.
func (s *Server) protects(remote string) bool {
	if !config.ProtectedMode.Get(s.cfg) || !s.users.Default().NeedsNoPassword() {
		return false
	}
	return !isLocal(remote)
}

// isLocal reports whether an address, as CLIENT LIST prints it, is of this machine: loopback, or a Unix
// socket.
func isLocal(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err != nil || ap.Addr().IsLoopback()
}

// Data executes what has arrived.
func (h handler) Data(conn *netio.Conn) {
	if c := conn.Context.(*Client); c.id != 0 {
		h.s.process(c)
	}
}

// Closed forgets a client.
func (h handler) Closed(conn *netio.Conn, err error) {
	c := conn.Context.(*Client)
	if c.id == 0 {
		return
	}
	if err != nil && err != io.EOF {
		h.s.logger.verbosef("Client %s (%s) closed: %v", conn.RemoteAddr(), c, err)
	}
	h.s.lock.borrow()
	defer h.s.lock.unlock()
	h.s.forget(c)
	h.s.leaveGate(c)
	h.s.clientSums.condemned.Add(-c.condemned)
	c.condemned = 0
}

// forget removes a client, which may be another loop's, from all that knows it. It needs the exclusive lock.
func (s *Server) forget(c *Client) {
	s.unwatchAll(c)
	s.channels.UnsubscribeAll(&c.subs)
	s.endMonitor(c)
	s.stopTracking(c)
	s.setSync(c, false, 0)
	s.setMaxLag(c, noMaxLag)
	if c.blocked != nil {
		c.blocked.stop()
		c.blocked = nil
	}
	delete(s.clients, c.id)
	s.clientSums.extra.Add(-c.extra)
	c.extra = 0
}

// kill closes another's connection, from any goroutine.
func (c *Client) kill() {
	c.closing.Store(true)
	if conn := c.conn; conn != nil {
		conn.Post(conn.Close)
	}
}

// keepAlive returns the interval of TCP keepalive probes.
func (s *Server) keepAlive() time.Duration {
	return time.Duration(config.TCPKeepalive.Get(s.cfg)) * time.Second
}

// dialFrom returns a function that opens connections from the address that bind-source-addr names, if any.
func dialFrom(cfg *config.Config) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		if source := config.BindSourceAddr.Get(cfg); source != "" {
			local, err := net.ResolveTCPAddr(network, net.JoinHostPort(source, "0"))
			if err != nil {
				return nil, err
			}
			d.LocalAddr = local
		}
		return d.DialContext(ctx, network, addr)
	}
}
