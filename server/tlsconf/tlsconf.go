// Package tlsconf turns directives into what encrypted connections are made with: it reads certificates and keys, checks that they
// belong together, makes connections of both sides, and notices when the files have changed.
//
// It guarantees that a peer is never checked against the system's authorities, only against those that were named, and that an
// error says which file, or which directive, is at fault and why. It does not compare names: whoever has a certificate of a
// trusted authority is trusted, as in Redis.
package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Settings are the directives, file names made absolute. What is empty is not set.
type Settings struct {
	CertFile, KeyFile, KeyPass                   string // of this server
	ClientCertFile, ClientKeyFile, ClientKeyPass string // of connections it opens; the ones above if a file is not set
	CAFile, CADir                                string // authorities of the peers
	NeedsCA                                      bool   // peers are to be checked
	Protocols                                    string // versions, separated by blanks
	Ciphers                                      string // in OpenSSL's form
	Tickets                                      bool   // clients may resume sessions
}

// Errors of Load, beside those that name a file.
var (
	ErrNoCert = errors.New("tls-cert-file is not set")
	ErrNoKey  = errors.New("tls-key-file is not set")
	ErrNoCA   = errors.New("neither tls-ca-cert-file nor tls-ca-cert-dir is set, but there are peers to check " +
		"(tls-auth-clients, tls-replication, tls-cluster)")
)

// Material is what was read from the files. It never changes.
type Material struct {
	settings Settings
	stamp    stamp
	own      *x509.Certificate

	servers map[tls.ClientAuthType]*tls.Config
	client  *tls.Config
}

// Load reads all files.
func Load(s Settings) (*Material, error) {
	m := &Material{settings: s, stamp: s.stamp()} // before the files are read: what changes from now on is noticed
	switch {
	case s.CertFile == "":
		return nil, ErrNoCert
	case s.KeyFile == "":
		return nil, ErrNoKey
	case s.NeedsCA && s.CAFile == "" && s.CADir == "":
		return nil, ErrNoCA
	}
	own, err := loadPair(pair{"tls-cert-file", s.CertFile, "tls-key-file", s.KeyFile, s.KeyPass})
	if err != nil {
		return nil, err
	}
	m.own = own.Leaf
	theirs := own
	if s.ClientCertFile != "" && s.ClientKeyFile != "" {
		theirs, err = loadPair(pair{"tls-client-cert-file", s.ClientCertFile, "tls-client-key-file", s.ClientKeyFile, s.ClientKeyPass})
		if err != nil {
			return nil, err
		}
	}
	authorities, err := loadAuthorities(s.CAFile, s.CADir)
	if err != nil {
		return nil, err
	}
	base, err := common(s)
	if err != nil {
		return nil, err
	}
	m.configure(base, own, theirs, authorities)
	return m, nil
}

// common returns what both sides share.
func common(s Settings) (*tls.Config, error) {
	lowest, highest, err := parseProtocols(s.Protocols)
	if err != nil {
		return nil, err
	}
	suites, err := parseCiphers(s.Ciphers)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: lowest, MaxVersion: highest, CipherSuites: suites, SessionTicketsDisabled: !s.Tickets}, nil
}

// configure builds one configuration for each way to treat clients, so that each has keys of its own for the sessions that may be
// resumed: who was let in without a certificate can't come back where one is asked for.
func (m *Material) configure(base *tls.Config, own, theirs tls.Certificate, authorities *x509.CertPool) {
	m.servers = make(map[tls.ClientAuthType]*tls.Config)
	for _, auth := range []tls.ClientAuthType{tls.NoClientCert, tls.VerifyClientCertIfGiven, tls.RequireAndVerifyClientCert} {
		c := base.Clone()
		c.Certificates = []tls.Certificate{own}
		c.ClientAuth, c.ClientCAs = auth, authorities
		m.servers[auth] = c
	}
	m.client = base.Clone()
	// Whichever authorities the server says it trusts: it then knows who was refused, and so does this side.
	m.client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &theirs, nil }
	// A chain to the authorities is wanted, and nothing of the name: the check is verifyChain's, which the library then leaves to it.
	m.client.InsecureSkipVerify = true
	m.client.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, authorities) }
}

// verifyChain checks the certificate of a server.
func verifyChain(state tls.ConnectionState, authorities *x509.CertPool) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("tls: the server has shown no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: authorities, Intermediates: between})
	return err
}

// Doubt says why peers will not accept the server's certificate at this time, "" if there is nothing to say.
func (m *Material) Doubt(now time.Time) string {
	switch {
	case now.After(m.own.NotAfter):
		return fmt.Sprintf("the certificate in %s has expired on %s", m.settings.CertFile, m.own.NotAfter.Format(time.RFC3339))
	case now.Before(m.own.NotBefore):
		return fmt.Sprintf("the certificate in %s is not valid before %s", m.settings.CertFile, m.own.NotBefore.Format(time.RFC3339))
	}
	return ""
}

// String tells whose certificate it is, and until when it is valid.
func (m *Material) String() string {
	return fmt.Sprintf("certificate %q from %s, valid until %s", m.own.Subject, m.settings.CertFile, m.own.NotAfter.Format(time.RFC3339))
}

// Settings returns what the material was loaded by.
func (m *Material) Settings() Settings { return m.settings }
