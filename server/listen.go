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
)

// listener is an open socket.
type listener struct {
	net.Listener
	asked tcpAddress // by which of bind and port; zero for a Unix socket and for injected ones
}

// tcpAddress is an address to listen on.
type tcpAddress struct {
	network, address string
	optional         bool // this machine may lack it
}

var errNoAddress = errors.New("none of the addresses of bind is available")

// Errors of CONFIG SET, in Redis's words.
var (
	errPortInUse  = errors.New("Unable to listen on this port. Check server logs.") //lint:ignore ST1005 wire text
	errBindFailed = errors.New("Failed to bind to specified addresses.")            //lint:ignore ST1005 wire text
)

// tcpAddresses are the addresses that bind and port ask for. One that begins with - may be missing from this
// machine.
func (s *Server) tcpAddresses() (list []tcpAddress) {
	port := config.Port.Get(s.cfg)
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
		})
	}
	return list
}

// listen opens the sockets that the configuration asks for: TCP on every address of bind, and the Unix
// socket. Injected listeners take their place.
func (s *Server) listen() (err error) {
	s.listenMu.Lock()
	defer s.listenMu.Unlock()
	if len(s.opts.Listeners) > 0 {
		for _, l := range s.opts.Listeners {
			s.listeners = append(s.listeners, listener{Listener: l})
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
			s.logger.warningf("Failed listening on port %d (tcp), aborting.", config.Port.Get(s.cfg))
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

func (s *Server) applyPort() error { return s.relisten(errPortInUse) }
func (s *Server) applyBind() error { return s.relisten(errBindFailed) }

// relisten makes the TCP sockets those that bind and port ask for by now. What is asked for still stays
// open. New ones are opened before old ones are closed, unless they may be in each other's way, as * and an
// address of the same port are.
func (s *Server) relisten(failure error) error {
	if s.net == nil || len(s.opts.Listeners) > 0 {
		return nil // not started; or bind and port do not count
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
		if err := s.net.Serve(l.Listener); err != nil {
			return failure
		}
	}
	return nil
}

// samePort reports whether a socket has the port of an address.
func samePort(open []listener, addresses []tcpAddress) bool {
	if len(open) == 0 || len(addresses) == 0 {
		return false
	}
	_, a, _ := net.SplitHostPort(open[0].asked.address)
	_, b, _ := net.SplitHostPort(addresses[0].address)
	return a == b
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
