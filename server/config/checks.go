//lint:file-ignore ST1005 The texts are those of Redis, which clients read.

package config

import (
	"errors"
	"slices"
	"strings"
)

// Checks of single values, with the words Redis refuses them in.

var (
	errDBFilename      = errors.New("dbfilename can't be a path, just a filename")
	errAOFFilename     = errors.New("appendfilename can't be a path, just a filename")
	errAOFFilenameNone = errors.New("appendfilename can't be empty")
	errAOFDirname      = errors.New("appenddirname can't be a path, just a dirname")
	errAOFDirnameNone  = errors.New("appenddirname can't be empty")
	errShutdownSave    = errors.New("shutdown options SAVE and NOSAVE can't be used simultaneously")
	errNodename        = errors.New("Announced human node name contained invalid character")
	errHostnameLength  = errors.New("Hostnames must be less than 256 characters")
	errHostnameChars   = errors.New("Hostnames may only contain alphanumeric characters, hyphens or dots")
	errProcTitle       = errors.New("template format is invalid or contains unknown variables")
	errLocale          = errors.New("Invalid locale name")
	errActiveDefrag    = errors.New("Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution")
)

func isBaseName(s string) bool { return !strings.ContainsAny(s, `/\`) }

func checkDBFilename(s string) error {
	if !isBaseName(s) {
		return errDBFilename
	}
	return nil
}

func checkAOFFilename(s string) error {
	switch {
	case s == "":
		return errAOFFilenameNone
	case !isBaseName(s):
		return errAOFFilename
	}
	return nil
}

func checkAOFDirname(s string) error {
	switch {
	case s == "":
		return errAOFDirnameNone
	case !isBaseName(s):
		return errAOFDirname
	}
	return nil
}

func checkShutdown(n int64) error {
	if f := ShutdownFlags(n); f&ShutdownSave != 0 && f&ShutdownNoSave != 0 {
		return errShutdownSave
	}
	return nil
}

func checkActiveDefrag(yes int64) error {
	if yes != 0 {
		return errActiveDefrag
	}
	return nil
}

func checkNodename(s string) error {
	if strings.ContainsAny(s, "!#$%&()*+:;<>?@[]^{|}~") {
		return errNodename
	}
	return nil
}

// maxHostname is the buffer Redis keeps a host name in, with the byte after
// its end.
const maxHostname = 256

func checkHostname(s string) error {
	if len(s) >= maxHostname {
		return errHostnameLength
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return errHostnameChars
		}
	}
	return nil
}

// checkLocale accepts the locales whose collation is that of bytes.
func checkLocale(s string) error {
	switch s {
	case "", "C", "POSIX", "C.UTF-8", "C.utf8":
		return nil
	}
	return errLocale
}

// checkProcTitle accepts a template that ExpandTitle does, unless it may come out empty.
func checkProcTitle(s string) error {
	text, err := ExpandTitle(s, func(name string) string {
		switch name {
		case "title", "server-mode", "unixsocket":
			return ""
		}
		return name
	})
	if err == nil && text == "" {
		err = errProcTitle
	}
	return err
}

// ExpandTitle puts values in place of the variables in braces of
// proc-title-template, where {{ is a brace. Blanks around the text go.
func ExpandTitle(template string, value func(name string) string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return strings.Trim(b.String(), " "), nil
		}
		if strings.HasPrefix(rest, "{") {
			b.WriteByte('{')
			template = rest[1:]
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !slices.Contains(titleVariables[:], name) {
			return "", errProcTitle
		}
		b.WriteString(value(name))
		template = after
	}
}

var titleVariables = [...]string{"title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"}
