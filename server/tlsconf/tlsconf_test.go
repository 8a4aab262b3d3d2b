package tlsconf

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/tlsconf/tlstest"
)

// settings are those of a server with a new certificate.
func settings(t *testing.T) (Settings, *tlstest.Authority) {
	t.Helper()
	dir := t.TempDir()
	ca := tlstest.NewAuthority(t, "ca")
	own := ca.Issue(dir, "server")
	return Settings{CertFile: own.Cert, KeyFile: own.Key, CAFile: ca.Write(dir), NeedsCA: true, Tickets: true}, ca
}

func load(t *testing.T, s Settings) *Material {
	t.Helper()
	m, err := Load(s)
	require.NoError(t, err)
	return m
}

// meet lets a client and a server make their handshakes, and each tell the other that it was done. It returns what either failed at.
func meet(t *testing.T, server, client *Material, auth tls.ClientAuthType) (serverErr, clientErr error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	talk := func(nc net.Conn, err error) error {
		if err != nil {
			return err
		}
		defer nc.Close()
		if _, err := nc.Write([]byte{1}); err != nil {
			return err
		}
		_, err = io.ReadFull(nc, make([]byte, 1))
		return err
	}
	var both sync.WaitGroup
	both.Go(func() {
		nc, err := listener.Accept()
		if err != nil {
			serverErr = err
			return
		}
		defer nc.Close()
		serverErr = talk(server.Accept(t.Context(), nc, auth))
	})
	nc, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	clientErr = talk(client.Connect(t.Context(), nc))
	nc.Close()
	both.Wait()
	return serverErr, clientErr
}

func TestPeersMeet(t *testing.T) {
	t.Parallel()
	s, ca := settings(t)
	m := load(t, s)
	serverErr, clientErr := meet(t, m, m, tls.RequireAndVerifyClientCert)
	require.NoError(t, serverErr)
	require.NoError(t, clientErr)

	// A certificate of its own for what is opened.
	s.ClientCertFile, s.ClientKeyFile = s.CertFile, ca.Issue(t.TempDir(), "other").Key
	_, err := Load(s)
	require.ErrorContains(t, err, "tls-client-key-file "+s.ClientKeyFile)
	s.ClientKeyFile = s.KeyFile
	serverErr, clientErr = meet(t, m, load(t, s), tls.RequireAndVerifyClientCert)
	require.NoError(t, serverErr)
	require.NoError(t, clientErr)
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := settings(t)
	m := load(t, s)
	other, _ := settings(t)

	_, err := meet(t, m, load(t, other), tls.NoClientCert)
	require.ErrorContains(t, err, "signed by unknown authority", "the client does not know the server")

	other.CAFile = s.CAFile
	stranger := load(t, other)
	for _, auth := range []tls.ClientAuthType{tls.RequireAndVerifyClientCert, tls.VerifyClientCertIfGiven, tls.RequestClientCert} {
		err, _ := meet(t, m, stranger, auth)
		require.ErrorContains(t, err, "signed by unknown authority", "the server does not know the client")
	}
	err, _ = meet(t, m, stranger, tls.NoClientCert)
	require.NoError(t, err)

	s.CAFile, s.NeedsCA = "", false
	err, _ = meet(t, load(t, s), stranger, tls.RequireAndVerifyClientCert)
	require.ErrorContains(t, err, "signed by unknown authority", "without authorities nobody is trusted, nor are the system's")
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][2]uint16{
		"":                         {tls.VersionTLS12, tls.VersionTLS13},
		"TLSv1.2":                  {tls.VersionTLS12, tls.VersionTLS12},
		"tlsv1.3  TLSv1.2":         {tls.VersionTLS12, tls.VersionTLS13},
		"TLSv1 TLSv1.1 tlsv1.2":    {tls.VersionTLS10, tls.VersionTLS12},
		"TLSv1.1 TLSv1.2 TLSv1.2 ": {tls.VersionTLS11, tls.VersionTLS12},
	} {
		lowest, highest, err := parseProtocols(list)
		require.NoError(t, err, list)
		require.Equal(t, want, [2]uint16{lowest, highest}, list)
	}
	for list, want := range map[string]error{"TLSv1.4": errProtocols, "SSLv3 TLSv1.2": errProtocols, "TLSv1.1 TLSv1.3": errProtocolsGap} {
		_, _, err := parseProtocols(list)
		require.ErrorIs(t, err, want, list)
	}
}

func TestCiphers(t *testing.T) {
	t.Parallel()
	const (
		rsa128   = tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
		ecdsa128 = tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
		rsa256   = tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
		ecdsa256 = tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	)
	for list, want := range map[string][]uint16{
		"ECDHE-RSA-AES128-GCM-SHA256":                           {rsa128},
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256":                 {rsa128},
		"ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256": {rsa128},
		"ECDHE+AESGCM":                       {rsa128, ecdsa128, rsa256, ecdsa256},
		"ALL:!CHACHA20:-SHA1 @STRENGTH":      {rsa128, ecdsa128, rsa256, ecdsa256},
		"HIGH:!aRSA:!CHACHA20:!SHA1:!AES128": {ecdsa256},
		"!AES256:AESGCM":                     {rsa128, ecdsa128},
		"AES128-SHA256":                      {tls.TLS_RSA_WITH_AES_128_CBC_SHA256},
		"DES-CBC3-SHA":                       {tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
		"ECDHE-ECDSA-CHACHA20-POLY1305":      {tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
	} {
		ids, err := parseCiphers(list)
		require.NoError(t, err, list)
		require.ElementsMatch(t, want, ids, list)
	}
	ids, err := parseCiphers("DEFAULT:-AES128-SHA256")
	require.NoError(t, err)
	for _, c := range tls.InsecureCipherSuites() {
		require.False(t, slices.Contains(ids, c.ID), c.Name)
	}
	for _, list := range []string{"nosuch", "DEFAULT:!ALL", ":", "!ALL:DEFAULT"} {
		_, err := parseCiphers(list)
		require.Error(t, err, list)
	}
}

func TestEncryptedKeys(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aes256", "sha1", "des3", "traditional"} {
		s := Settings{CertFile: "testdata/plain.crt", KeyFile: "testdata/" + name + ".key"}
		_, err := Load(s)
		require.ErrorIs(t, err, errNeedsPass, name)
		require.ErrorContains(t, err, "tls-key-file testdata/"+name+".key: ")
		s.KeyPass = "12345"
		_, err = Load(s)
		require.Error(t, err, name)
		s.KeyPass = "1234"
		load(t, s)
	}
	_, err := Load(Settings{CertFile: "testdata/plain.crt", KeyFile: "testdata/scrypt.key", KeyPass: "1234"})
	require.ErrorContains(t, err, "not supported")
	load(t, Settings{CertFile: "testdata/plain.crt", KeyFile: "testdata/plain.key", KeyPass: "not needed"})
}

// TestBadFiles: an error names the directive, the file and the reason.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	good, ca := settings(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	empty := file("empty.pem", "")
	broken := file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	brokenKey := file("broken.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	missing := filepath.Join(dir, "missing")
	another := ca.Issue(dir, "another")
	folder := t.TempDir()
	for name, test := range map[string]struct {
		spoil func(s *Settings)
		says  []string
	}{
		"no certificate":     {func(s *Settings) { s.CertFile = "" }, []string{"tls-cert-file is not set"}},
		"no key":             {func(s *Settings) { s.KeyFile = "" }, []string{"tls-key-file is not set"}},
		"no authority":       {func(s *Settings) { s.CAFile = "" }, []string{"tls-ca-cert-file", "tls-auth-clients"}},
		"missing":            {func(s *Settings) { s.CertFile = missing }, []string{"tls-cert-file " + missing, "no such file"}},
		"missing key":        {func(s *Settings) { s.KeyFile = missing }, []string{"tls-key-file " + missing, "no such file"}},
		"missing authority":  {func(s *Settings) { s.CAFile = missing }, []string{"tls-ca-cert-file " + missing, "no such file"}},
		"missing folder":     {func(s *Settings) { s.CADir = missing }, []string{"tls-ca-cert-dir " + missing, "no such file"}},
		"empty":              {func(s *Settings) { s.CertFile = empty }, []string{"tls-cert-file " + empty, "no certificate"}},
		"empty key":          {func(s *Settings) { s.KeyFile = empty }, []string{"tls-key-file " + empty, "no private key"}},
		"empty authority":    {func(s *Settings) { s.CAFile = empty }, []string{"tls-ca-cert-file " + empty, "no certificate"}},
		"empty folder":       {func(s *Settings) { s.CADir = folder }, []string{"tls-ca-cert-dir " + folder, "no certificate"}},
		"folder, damaged":    {func(s *Settings) { s.CADir = dir }, []string{"tls-ca-cert-dir " + broken, "x509"}},
		"damaged":            {func(s *Settings) { s.CertFile = broken }, []string{"tls-cert-file " + broken, "x509"}},
		"damaged key":        {func(s *Settings) { s.KeyFile = brokenKey }, []string{"tls-key-file " + brokenKey, "private key"}},
		"another's key":      {func(s *Settings) { s.KeyFile = another.Key }, []string{"tls-key-file " + another.Key, good.CertFile, "does not match"}},
		"versions":           {func(s *Settings) { s.Protocols = "x" }, []string{"tls-protocols"}},
		"ciphers":            {func(s *Settings) { s.Ciphers = "x" }, []string{"tls-ciphers"}},
		"certificate for ca": {func(s *Settings) { s.CAFile = another.Key }, []string{"tls-ca-cert-file " + another.Key, "no certificate"}},
	} {
		s := good
		test.spoil(&s)
		_, err := Load(s)
		for _, text := range test.says {
			require.ErrorContains(t, err, text, name)
		}
	}
	s := good
	s.CAFile, s.CADir = "", t.TempDir()
	ca.Write(s.CADir)
	require.NoError(t, os.WriteFile(filepath.Join(s.CADir, "README"), []byte("text"), 0o600))
	m := load(t, s)
	serverErr, _ := meet(t, m, m, tls.RequireAndVerifyClientCert)
	require.NoError(t, serverErr, "a folder in the file's stead")
}

func TestDoubt(t *testing.T) {
	t.Parallel()
	s, _ := settings(t)
	m := load(t, s)
	require.Empty(t, m.Doubt(time.Now()))
	require.Contains(t, m.Doubt(time.Now().Add(2*time.Hour)), s.CertFile+" has expired")
	require.Contains(t, m.Doubt(time.Now().Add(-4*time.Hour)), "not valid before")
	require.Contains(t, m.String(), "CN=server")
}

// TestWatch: a change is due once two looks have found the same, and once only.
func TestWatch(t *testing.T) {
	t.Parallel()
	s, ca := settings(t)
	dir := filepath.Dir(s.CertFile)
	s.CADir = dir
	var w Watch
	m := load(t, s)
	looks := func(want ...bool) {
		t.Helper()
		for i, due := range want {
			require.Equal(t, due, w.Due(m), "look %d", i)
		}
	}
	looks(false, false)
	ca.Issue(dir, "server")
	looks(false, true, false, false)
	m = load(t, s)
	looks(false, false)

	require.NoError(t, os.Remove(s.KeyFile))
	looks(false)
	ca.Issue(dir, "server")
	looks(false, true, false)
	m = load(t, s)

	tlstest.NewAuthority(t, "second").Write(dir)
	looks(false, true, false)
	m = load(t, s)
	looks(false, false)
}

// TestSilentPeer: a handshake ends with its context, and tells why.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	s, _ := settings(t)
	m := load(t, s)
	here, there := net.Pipe()
	defer there.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(time.Millisecond, func() { cancel(errSilent) })
	_, err := m.Accept(ctx, here, tls.NoClientCert)
	require.ErrorIs(t, err, errSilent)
}
