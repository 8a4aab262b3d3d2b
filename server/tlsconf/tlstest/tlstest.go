// Package tlstest makes certificates for tests. They are good for an hour, and for nothing but tests.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// T is what is asked of a test.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Authority issues certificates.
type Authority struct {
	t    T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	text []byte
}

// Pair is a certificate and its key, each in a file.
type Pair struct{ Cert, Key string }

// NewAuthority returns one of its own, which nothing else knows.
func NewAuthority(t T, name string) *Authority {
	t.Helper()
	a := &Authority{t: t}
	template := a.template(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	a.key = a.newKey()
	a.cert, a.text = a.sign(template, template, a.key, a.key)
	return a
}

func (a *Authority) check(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatalf("making certificates: %v", err)
	}
}

func (a *Authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.check(err)
	return key
}

func (a *Authority) template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	a.check(err)
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
}

func (a *Authority) sign(template, parent *x509.Certificate, of, by *ecdsa.PrivateKey) (*x509.Certificate, []byte) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &of.PublicKey, by)
	a.check(err)
	cert, err := x509.ParseCertificate(der)
	a.check(err)
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Write writes the authority's certificate to a file of a folder, whose path it returns.
func (a *Authority) Write(dir string) string {
	return a.write(filepath.Join(dir, a.cert.Subject.CommonName+".crt"), a.text)
}

// write puts a file in place at once, whole.
func (a *Authority) write(path string, text []byte) string {
	a.check(os.WriteFile(path+".new", text, 0o600))
	a.check(os.Rename(path+".new", path))
	return path
}

// Issue writes a new certificate, and its key, to files of a folder that are called name; those that are there are replaced.
func (a *Authority) Issue(dir, name string) Pair {
	return a.IssueUntil(dir, name, time.Now().Add(time.Hour))
}

// IssueUntil is Issue for a certificate that expires at a time.
func (a *Authority) IssueUntil(dir, name string, until time.Time) Pair {
	template, key := a.template(name), a.newKey()
	template.NotBefore, template.NotAfter = until.Add(-2*time.Hour), until
	_, text := a.sign(template, a.cert, key, a.key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	a.check(err)
	path := filepath.Join(dir, name)
	return Pair{
		Cert: a.write(path+".crt", text),
		Key:  a.write(path+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
}

// Client returns what a client of a server on 127.0.0.1 needs: it trusts the authority, and shows the pair, if there is one, to
// whoever asks for a certificate.
func (a *Authority) Client(pairs ...Pair) *tls.Config {
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
	c.RootCAs.AddCert(a.cert)
	for _, p := range pairs {
		cert, err := tls.LoadX509KeyPair(p.Cert, p.Key)
		a.check(err)
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	}
	return c
}
