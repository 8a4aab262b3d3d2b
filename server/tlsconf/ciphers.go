package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	errProtocols    = errors.New("versions are TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3")
	errProtocolsGap = errors.New("a version between two others can't be left out")
)

// version is a version of the protocol.
type version struct {
	name   string
	number uint16
}

// versions in their order, which is that of their numbers too.
var versions = [...]version{{"TLSv1", tls.VersionTLS10}, {"TLSv1.1", tls.VersionTLS11}, {"TLSv1.2", tls.VersionTLS12}, {"TLSv1.3", tls.VersionTLS13}}

// parseProtocols returns the lowest and the highest version of a list.
func parseProtocols(list string) (lowest, highest uint16, err error) {
	words := strings.Fields(list)
	if len(words) == 0 {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	var named [len(versions)]bool
	for _, w := range words {
		i := slices.IndexFunc(versions[:], func(v version) bool { return strings.EqualFold(v.name, w) })
		if i < 0 {
			return 0, 0, fmt.Errorf("tls-protocols %q: %w", w, errProtocols)
		}
		named[i] = true
	}
	count := 0
	for i, v := range versions {
		if !named[i] {
			continue
		}
		if count++; lowest == 0 {
			lowest = v.number
		}
		highest = v.number
	}
	if int(highest-lowest)+1 != count {
		return 0, 0, fmt.Errorf("tls-protocols %q: %w", list, errProtocolsGap)
	}
	return lowest, highest, nil
}

// suite is a cipher suite for TLS 1.2 and older.
type suite struct {
	id     uint16
	names  []string // OpenSSL's, and the one it is registered by
	words  []string // of OpenSSL's that stand for it
	secure bool     // in use if nothing is said
}

// suites returns all that the library has.
func suites() (list []suite) {
	for _, secure := range []bool{true, false} {
		of := tls.CipherSuites
		if !secure {
			of = tls.InsecureCipherSuites
		}
		for _, c := range of() {
			if slices.Contains(c.SupportedVersions, tls.VersionTLS12) {
				list = append(list, newSuite(c, secure))
			}
		}
	}
	return list
}

// encryptions are the parts of registered names that OpenSSL writes in another way.
var encryptions = strings.NewReplacer(
	"AES_128_CBC_", "AES128-", "AES_256_CBC_", "AES256-", "AES_128_GCM", "AES128-GCM", "AES_256_GCM", "AES256-GCM",
	"CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", "3DES_EDE_CBC", "DES-CBC3", "RC4_128", "RC4", "_", "-")

func newSuite(c *tls.CipherSuite, secure bool) suite {
	exchange, encryption, _ := strings.Cut(strings.TrimPrefix(c.Name, "TLS_"), "_WITH_")
	name := encryptions.Replace(encryption)
	if exchange != "RSA" { // which OpenSSL leaves out
		name = strings.ReplaceAll(exchange, "_", "-") + "-" + name
	}
	s := suite{id: c.ID, names: []string{name, c.Name}, words: []string{"ALL"}, secure: secure}
	has := func(part string, words ...string) {
		if strings.Contains("-"+name+"-", part) {
			s.words = append(s.words, words...)
		}
	}
	if secure {
		s.words = append(s.words, "DEFAULT")
	}
	if exchange == "RSA" {
		s.words = append(s.words, "RSA", "kRSA", "aRSA")
	}
	has("-ECDHE-", "ECDHE", "kECDHE", "EECDH", "kEECDH", "ECDH")
	has("-ECDHE-RSA-", "aRSA")
	has("-ECDSA-", "ECDSA", "aECDSA")
	has("-AES128-", "AES", "AES128", "HIGH")
	has("-AES256-", "AES", "AES256", "HIGH")
	has("-GCM-", "AESGCM", "TLSv1.2")
	has("-CHACHA20-", "CHACHA20", "HIGH", "TLSv1.2")
	has("-DES-CBC3-", "3DES", "MEDIUM")
	has("-RC4-", "RC4", "MEDIUM")
	has("-SHA-", "SHA", "SHA1")
	return s
}

// is reports whether an item of a list stands for the suite: its name, or words joined by +, all of which have to fit.
func (s suite) is(item string) bool {
	if slices.Contains(s.names, item) {
		return true
	}
	for word := range strings.SplitSeq(item, "+") {
		if !slices.Contains(s.words, word) {
			return false
		}
	}
	return true
}

// parseCiphers reads a list in OpenSSL's form: names and words, those after ! or - taken away again. As there, what is not known
// stands for nothing, since lists name suites that only some libraries have. Words add no suite that is known to be weak; to
// have such a one, name it. The order does not count. nil is the library's choice.
func parseCiphers(list string) ([]uint16, error) {
	if list == "" {
		return nil, nil
	}
	all := suites()
	wanted, banned := map[uint16]bool{}, map[uint16]bool{}
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		name := strings.TrimLeft(item, "!-+@")
		op := item[:len(item)-len(name)]
		for _, s := range all {
			switch {
			case !s.is(name):
			case op == "" && !banned[s.id] && (s.secure || slices.Contains(s.names, name)):
				wanted[s.id] = true
			case op == "!":
				banned[s.id] = true
				delete(wanted, s.id)
			case op == "-":
				delete(wanted, s.id)
			}
		}
	}
	var ids []uint16
	for _, s := range all {
		if wanted[s.id] {
			ids = append(ids, s.id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("tls-ciphers %q: this stands for no cipher suite that there is", list)
	}
	return ids, nil
}
