package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"treedis/server/config"
	"treedis/server/tlsconf"
)

// tlsState is what encrypted connections are made with.
type tlsState struct {
	material   atomic.Pointer[tlsconf.Material] // nil if nothing asks for TLS
	watch      tlsconf.Watch                    // cron's
	handshakes atomic.Int64                     // with clients, under way
}

// tlsDirectives are those that applyTLS depends on.
var tlsDirectives = []config.Directive{
	config.TLSPort, config.TLSReplication, config.TLSCluster, config.TLSAuthClients,
	config.TLSCertFile, config.TLSKeyFile, config.TLSKeyFilePass,
	config.TLSClientCertFile, config.TLSClientKeyFile, config.TLSClientKeyFilePass,
	config.TLSCACertFile, config.TLSCACertDir,
	config.TLSProtocols, config.TLSCiphers, config.TLSSessionCaching,
}

var (
	errTLSConfig = errors.New("Unable to update TLS configuration. Check server logs.") //lint:ignore ST1005 wire text
	errNoTLS     = errors.New("TLS is not set up")
	errTooMany   = errors.New("there are as many as maxclients allows")
)

// tlsWanted reports whether anything asks for TLS. Until then files are not looked at.
func (s *Server) tlsWanted() bool {
	return config.TLSPort.Get(s.cfg) != 0 || len(s.opts.TLSListeners) > 0 || config.TLSReplication.Get(s.cfg) || config.TLSCluster.Get(s.cfg)
}

// tlsSettings are the directives of TLS.
func (s *Server) tlsSettings() tlsconf.Settings {
	path := func(d config.String) string {
		name := d.Get(s.cfg)
		if name == "" {
			return ""
		}
		return s.cfg.Path(name)
	}
	needsCA := config.TLSAuthClients.Get(s.cfg) != config.TLSClientsNo || config.TLSReplication.Get(s.cfg) || config.TLSCluster.Get(s.cfg)
	return tlsconf.Settings{
		CertFile: path(config.TLSCertFile), KeyFile: path(config.TLSKeyFile), KeyPass: config.TLSKeyFilePass.Get(s.cfg),
		ClientCertFile: path(config.TLSClientCertFile), ClientKeyFile: path(config.TLSClientKeyFile),
		ClientKeyPass: config.TLSClientKeyFilePass.Get(s.cfg),
		CAFile:        path(config.TLSCACertFile), CADir: path(config.TLSCACertDir), NeedsCA: needsCA,
		Protocols: config.TLSProtocols.Get(s.cfg), Ciphers: config.TLSCiphers.Get(s.cfg),
		Tickets: config.TLSSessionCaching.Get(s.cfg),
	}
}

// applyTLS reads certificates and keys. If they are not in order what was in force stays so; at the start the reason goes to
// whoever starts the server, later to the log.
func (s *Server) applyTLS() error {
	if !s.tlsWanted() {
		s.tls.material.Store(nil)
		return nil
	}
	m, err := tlsconf.Load(s.tlsSettings())
	switch {
	case err == nil:
		s.tls.material.Store(m)
		s.doubtTLS(m)
		return nil
	case s.net == nil:
		return fmt.Errorf("TLS: %w", err)
	}
	s.logger.warningf("TLS stays as it was: %v", err)
	return errTLSConfig
}

// doubtTLS warns of a certificate that peers will refuse.
func (s *Server) doubtTLS(m *tlsconf.Material) {
	if doubt := m.Doubt(s.opts.Now()); doubt != "" {
		s.logger.warningf("WARNING: %s: peers will refuse it.", doubt)
	}
}

// reloadTLS takes over files that have changed, if they are in order. Cron calls it each second.
func (s *Server) reloadTLS() {
	old := s.tls.material.Load()
	if old == nil || !s.tls.watch.Due(old) {
		return
	}
	m, err := tlsconf.Load(old.Settings())
	if err != nil {
		s.logger.warningf("The files of TLS have changed, but can't be used, so those from before stay in force: %v", err)
		return
	}
	if s.tls.material.CompareAndSwap(old, m) { // else CONFIG SET was faster
		s.logger.noticef("The files of TLS have changed and are in force: %s", m)
		s.doubtTLS(m)
	}
}

// clientAuth is what is asked of clients that connect now.
func (s *Server) clientAuth() tls.ClientAuthType {
	switch config.TLSAuthClients.Get(s.cfg) {
	case config.TLSClientsNo:
		return tls.NoClientCert
	case config.TLSClientsOptional:
		return tls.VerifyClientCertIfGiven
	}
	return tls.RequireAndVerifyClientCert
}

// encrypt makes the handshake with a client that has connected to tls-port, if there may be another one. Whoever is turned away is not
// told why: that would take a handshake.
func (s *Server) encrypt(ctx context.Context, nc net.Conn) (net.Conn, error) {
	defer s.tls.handshakes.Add(-1)
	if !s.admits(s.tls.handshakes.Add(1)) {
		s.logger.verbosef("Client %s was refused: %v", nc.RemoteAddr(), errTooMany)
		return nil, errTooMany
	}
	secure, err := s.shake(ctx, nc)
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, io.EOF): // somebody looked whether the port is open
		s.logger.verbosef("Client %s has left without a handshake", nc.RemoteAddr())
	default:
		s.logger.warningf("Error accepting a client connection: %v (addr=%s laddr=%s)", err, nc.RemoteAddr(), nc.LocalAddr())
	}
	return secure, err
}

// admits reports whether that many more clients may be there, and counts a refusal if not.
func (s *Server) admits(more int64) bool {
	s.lock.borrow()
	defer s.lock.unlock()
	if int64(len(s.clients))+more <= config.MaxClients.Get(s.cfg) {
		return true
	}
	s.stats.rejectedConns++
	return false
}

func (s *Server) shake(ctx context.Context, nc net.Conn) (net.Conn, error) {
	m := s.tls.material.Load()
	if m == nil {
		return nil, errNoTLS
	}
	return m.Accept(ctx, nc, s.clientAuth())
}

// dial connects to another server, with TLS if secure is set.
func (s *Server) dial(ctx context.Context, addr string, secure bool) (net.Conn, error) {
	nc, err := s.opts.Dial(ctx, "tcp", addr)
	if err != nil || !secure {
		return nc, err
	}
	m := s.tls.material.Load()
	if m == nil {
		nc.Close()
		return nil, errNoTLS
	}
	conn, err := m.Connect(ctx, nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", addr, err)
	}
	return conn, nil
}
