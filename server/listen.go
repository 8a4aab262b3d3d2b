package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"treedis/server/config"
	"treedis/server/netio"
)

// listener is an open socket.
type listener struct {
	net.Listener
	asked tcpAddress // by which of bind and port; zero for a Unix socket and for injected ones
}

// kind is what INFO and the log call the listener.
func (l listener) kind() string {
	if _, unix := l.Addr().(*net.UnixAddr); unix {
		return "unix"
	}
	return l.asked.kind()
}

// listenerKinds are all kinds, in Redis's order.
var listenerKinds = [...]string{"tcp", "unix", "tls"}

// tcpAddress is an address to listen on.
type tcpAddress struct {
	network, address string
	optional         bool // this machine may lack it
	tls              bool // connections to it are encrypted
}

func (a tcpAddress) kind() string {
	if a.tls {
		return "tls"
	}
	return "tcp"
}

func (a tcpAddress) port() string {
	_, port, _ := net.SplitHostPort(a.address)
	return port
}

var errNoAddress = errors.New("none of the addresses of bind is available")

// Errors of CONFIG SET, in Redis's words.
var (
	errPortInUse  = errors.New("Unable to listen on this port. Check server logs.") //lint:ignore ST1005 wire text
	errBindFailed = errors.New("Failed to bind to specified addresses.")            //lint:ignore ST1005 wire text
)

// tcpAddresses are the addresses that bind, port and tls-port ask for.
func (s *Server) tcpAddresses() []tcpAddress {
	return append(s.addressesOf(config.Port.Get(s.cfg), false), s.addressesOf(config.TLSPort.Get(s.cfg), true)...)
}

// addressesOf are those of a port, none for port 0. One that begins with - may be missing from this machine.
func (s *Server) addressesOf(port int64, tls bool) (list []tcpAddress) {
	if port == 0 {
		return nil
	}
	for _, addr := range config.Bind.Get(s.cfg) {
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
		list = append(list, tcpAddress{
			network: network, address: net.JoinHostPort(host, strconv.Itoa(int(port))), optional: strings.HasPrefix(addr, "-"),
			tls: tls,
		})
	}
	return list
}

// listenersGiven reports whether listeners were injected.
func (s *Server) listenersGiven() bool { return len(s.opts.Listeners)+len(s.opts.TLSListeners) > 0 }

// listen opens the sockets that the configuration asks for: TCP on every address of bind, and the Unix
// socket. Injected listeners take their place.
func (s *Server) listen() (err error) {
	s.listenMu.Lock()
	defer s.listenMu.Unlock()
	if s.listenersGiven() {
		for _, l := range s.opts.Listeners {
			s.listeners = append(s.listeners, listener{Listener: l})
		}
		for _, l := range s.opts.TLSListeners {
			s.listeners = append(s.listeners, listener{l, tcpAddress{tls: true}})
		}
		return nil
	}
	addresses := s.tcpAddresses()
	opened, err := s.openTCP(addresses)
	if err != nil {
		return err
	}
	if len(opened) == 0 && len(addresses) > 0 {
		return errNoAddress
	}
	s.listeners = opened
	if err := s.openUnix(); err != nil {
		closeAll(s.listeners)
		s.listeners = nil
		return err
	}
	return nil
}

// openTCP opens all of the addresses that this machine has, or none.
func (s *Server) openTCP(addresses []tcpAddress) (opened []listener, err error) {
	for _, a := range addresses {
		l, err := net.Listen(a.network, a.address)
		switch {
		case err == nil:
			opened = append(opened, listener{l, a})
		case !a.optional || !skippable(err):
			closeAll(opened)
			s.logger.warningf("Failed listening on port %s (%s), aborting.", a.port(), a.kind())
			return nil, fmt.Errorf("could not create server TCP listening socket %s: %w", a.address, err)
		}
	}
	return opened, nil
}

func (s *Server) openUnix() error {
	path := config.UnixSocket.Get(s.cfg)
	if path == "" {
		return nil
	}
	_ = os.Remove(path) // a socket that a killed server left behind
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("opening Unix socket: %w", err)
	}
	s.listeners = append(s.listeners, listener{Listener: l})
	if perm := config.UnixSocketPerm.Get(s.cfg); perm != 0 {
		if err := os.Chmod(path, os.FileMode(perm)); err != nil {
			return fmt.Errorf("unixsocketperm: %w", err)
		}
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

// applyPort puts port and tls-port into effect.
func (s *Server) applyPort() error {
	if s.tlsWanted() && s.tls.material.Load() == nil {
		if err := s.applyTLS(); err != nil {
			return err
		}
	}
	return s.relisten(errPortInUse)
}

func (s *Server) applyBind() error { return s.relisten(errBindFailed) }

// relisten makes the TCP sockets those that bind, port and tls-port ask for by now. What is asked for still stays
// open. New ones are opened before old ones are closed, unless they may be in each other's way, as * and an
// address of the same port are.
func (s *Server) relisten(failure error) error {
	if s.net == nil || s.listenersGiven() {
		return nil // not started; or the directives do not count
	}
	s.listenMu.Lock()
	defer s.listenMu.Unlock()
	wanted := s.tcpAddresses()
	var kept, old []listener
	for _, l := range s.listeners {
		if l.asked == (tcpAddress{}) || slices.Contains(wanted, l.asked) {
			kept = append(kept, l)
		} else {
			old = append(old, l)
		}
	}
	missing := slices.DeleteFunc(wanted, func(a tcpAddress) bool {
		return slices.ContainsFunc(kept, func(l listener) bool { return l.asked == a })
	})
	if samePort(old, missing) {
		closeAll(old)
		s.listeners, old = kept, nil
	}
	opened, err := s.openTCP(missing)
	if err == nil && len(missing) > 0 && len(opened)+len(kept) == 0 {
		err = errNoAddress
	}
	if err != nil {
		s.logger.warningf("Listening as configured: %v", err)
		return failure
	}
	closeAll(old)
	s.listeners = append(kept, opened...)
	for _, l := range opened {
		if err := s.serveListener(s.net, l); err != nil {
			return failure
		}
	}
	return nil
}

// samePort reports whether a socket has the port of an address.
func samePort(open []listener, addresses []tcpAddress) bool {
	return slices.ContainsFunc(open, func(l listener) bool {
		return slices.ContainsFunc(addresses, func(a tcpAddress) bool { return a.port() == l.asked.port() })
	})
}

// serveListener accepts the connections of a listener from now on.
func (s *Server) serveListener(n *netio.Server, l listener) error {
	if l.asked.tls {
		return n.ServeUpgraded(l.Listener, s.encrypt)
	}
	return n.Serve(l.Listener)
}

func (s *Server) closeListeners() {
	s.listenMu.Lock()
	defer s.listenMu.Unlock()
	closeAll(s.listeners)
	s.listeners = nil
}

func closeAll(list []listener) {
	for _, l := range list {
		l.Close()
	}
}

// sockets returns the open sockets.
func (s *Server) sockets() []listener {
	s.listenMu.Lock()
	defer s.listenMu.Unlock()
	return slices.Clone(s.listeners)
}

// Addr returns the address of the first listener, nil before Start.
func (s *Server) Addr() net.Addr {
	list := s.sockets()
	if len(list) == 0 {
		return nil
	}
	return list[0].Addr()
}

// openKinds returns the kinds of the open sockets.
func (s *Server) openKinds() (kinds []string) {
	list := s.sockets()
	for _, kind := range listenerKinds {
		if slices.ContainsFunc(list, func(l listener) bool { return l.kind() == kind }) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// tcpPort returns the port that is open for plain, or for encrypted, connections; 0 if none is.
func (s *Server) tcpPort(tls bool) int {
	for _, l := range s.sockets() {
		if addr, ok := l.Addr().(*net.TCPAddr); ok && l.asked.tls == tls {
			return addr.Port
		}
	}
	return 0
}
