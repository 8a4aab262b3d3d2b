package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

var (
	errNoCertificate = errors.New("there is no certificate in it")
	errNoKey         = errors.New("there is no private key in it")
	errNoAuthority   = errors.New("there is no certificate in any of its files")
)

// pair is a certificate and its key, by the directives that name them.
type pair struct {
	certDirective, certFile string
	keyDirective, keyFile   string
	pass                    string
}

// loadPair reads a certificate, with those above it, and its key.
func loadPair(p pair) (tls.Certificate, error) {
	fail := func(directive, file string, err error) (tls.Certificate, error) {
		return tls.Certificate{}, fileError(directive, file, err)
	}
	chain, err := os.ReadFile(p.certFile)
	if err != nil {
		return fail(p.certDirective, p.certFile, err)
	}
	if _, err := certificates(chain); err != nil {
		return fail(p.certDirective, p.certFile, err)
	}
	text, err := os.ReadFile(p.keyFile)
	if err != nil {
		return fail(p.keyDirective, p.keyFile, err)
	}
	key, err := openKey(text, p.pass)
	if err != nil {
		return fail(p.keyDirective, p.keyFile, err)
	}
	c, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return fail(p.keyDirective, p.keyFile, fmt.Errorf("for the certificate in %s: %w", p.certFile, err))
	}
	return c, nil
}

// fileError says which directive's file is at fault.
func fileError(directive, file string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s %s: %w", directive, file, err)
}

// certificates returns those of a PEM file, at least one.
func certificates(text []byte) (list []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errNoCertificate
	}
	return list, nil
}

// loadAuthorities returns the certificates of a file and of a folder's files; none if neither is named, so that nobody is trusted.
func loadAuthorities(file, dir string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if file != "" {
		text, err := os.ReadFile(file)
		if err == nil {
			err = addAuthorities(pool, text)
		}
		if err != nil {
			return nil, fileError("tls-ca-cert-file", file, err)
		}
	}
	if dir != "" {
		if err := addFolder(pool, dir); err != nil {
			return nil, err
		}
	}
	return pool, nil
}

func addAuthorities(pool *x509.CertPool, text []byte) error {
	list, err := certificates(text)
	for _, c := range list {
		pool.AddCert(c)
	}
	return err
}

// addFolder adds the certificates of a folder's files. Files without any may be there too.
func addFolder(pool *x509.CertPool, dir string) error {
	const directive = "tls-ca-cert-dir"
	paths, err := folderFiles(dir)
	if err != nil {
		return fileError(directive, dir, err)
	}
	found := false
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err == nil {
			err = addAuthorities(pool, text)
		}
		switch {
		case errors.Is(err, errNoCertificate):
		case err != nil:
			return fileError(directive, path, err)
		default:
			found = true
		}
	}
	if !found {
		return fileError(directive, dir, errNoAuthority)
	}
	return nil
}

// folderFiles returns the paths of a folder's files, links to files included, without hidden ones.
func folderFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			paths = append(paths, path)
		}
	}
	return paths, nil
}
