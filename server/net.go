package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
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
	s.lock.lock()
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
	s.logger.debugf("Accepted %s", conn.RemoteAddr())
}

func (s *Server) refuse(c *Client, text string) {
	s.stats.rejectedConns++
	c.out.Error(text)
	c.conn.CloseAfterFlush()
}

// protects reports whether protected mode turns a peer away: no password is set, and the connection
// comes from another machine.
func (s *Server) protects(remote string) bool {
	if !config.ProtectedMode.Get(s.cfg) || s.authRequired() {
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
	h.s.lock.lock()
	defer h.s.lock.unlock()
	h.s.forget(c)
}

// forget removes a client from all that knows it. It needs the exclusive lock.
func (s *Server) forget(c *Client) {
	s.unwatchAll(c)
	if c.blocked != nil {
		c.blocked.stop()
		c.blocked = nil
	}
	delete(s.clients, c.id)
}

// kill closes another's connection, from any goroutine.
func (c *Client) kill() {
	c.closing.Store(true)
	if conn := c.conn; conn != nil {
		conn.Post(conn.Close)
	}
}

// listen opens the sockets that the configuration asks for: TCP on every address of bind, and the Unix
// socket. An address that begins with - may be missing from this machine. Injected listeners take
// their place.
func (s *Server) listen() (err error) {
	defer func() {
		switch {
		case err != nil:
			s.closeListeners()
		case len(s.listeners) > 0:
			addr := s.listeners[0].Addr()
			s.addr.Store(&addr)
		}
	}()
	if len(s.opts.Listeners) > 0 {
		s.listeners = s.opts.Listeners
		return nil
	}
	port := config.Port.Get(s.cfg)
	if port != 0 {
		if err := s.listenTCP(int(port)); err != nil {
			return err
		}
	}
	path := config.UnixSocket.Get(s.cfg)
	if path == "" {
		return nil
	}
	_ = os.Remove(path) // a socket that a killed server left behind
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("opening Unix socket: %w", err)
	}
	s.listeners = append(s.listeners, l)
	if perm := config.UnixSocketPerm.Get(s.cfg); perm != 0 {
		if err := os.Chmod(path, os.FileMode(perm)); err != nil {
			return fmt.Errorf("unixsocketperm: %w", err)
		}
	}
	return nil
}

func (s *Server) listenTCP(port int) error {
	opened := 0
	for _, addr := range config.Bind.Get(s.cfg) {
		optional := strings.HasPrefix(addr, "-")
		host := strings.TrimPrefix(addr, "-")
		network := "tcp4"
		switch {
		case host == "*":
			host = "0.0.0.0"
		case host == "::*":
			host, network = "::", "tcp6"
		case strings.Contains(host, ":"):
			network = "tcp6"
		}
		l, err := net.Listen(network, net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			if optional && skippable(err) {
				continue
			}
			s.logger.warningf("Failed listening on port %d (tcp), aborting.", port)
			return fmt.Errorf("could not create server TCP listening socket %s:%d: %w", host, port, err)
		}
		s.listeners = append(s.listeners, l)
		opened++
	}
	if opened == 0 && len(config.Bind.Get(s.cfg)) > 0 {
		return fmt.Errorf("port %d: none of the addresses of bind is available", port)
	}
	return nil
}

// skippable tells an address that this machine lacks from one that is taken.
func skippable(err error) bool {
	for _, e := range []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT, syscall.ESOCKTNOSUPPORT, syscall.EPFNOSUPPORT, syscall.ENOPROTOOPT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (s *Server) closeListeners() {
	for _, l := range s.listeners {
		l.Close()
	}
	s.listeners = nil
	s.addr.Store(nil)
}

// Addr returns the address of the first listener, nil before Start.
func (s *Server) Addr() net.Addr {
	if addr := s.addr.Load(); addr != nil {
		return *addr
	}
	return nil
}

// keepAlive returns the interval of TCP keepalive probes.
func (s *Server) keepAlive() time.Duration {
	return time.Duration(config.TCPKeepalive.Get(s.cfg)) * time.Second
}
