//lint:file-ignore ST1005 The texts are those of Redis, which clients read.

package function

import (
	"errors"
	"strings"

	"treedis/server/resp"
)

// header is what a library's first line says: "#!engine name=library".
type header struct {
	engine, name string
	code         string // the rest, from the end of that line on, so that lines keep their numbers
}

// Errors of libraries. They have texts for clients, as all errors of this package.
var (
	errNoHeader  = errors.New("Missing library metadata")
	errBadHeader = errors.New("Invalid library metadata")
	errNoName    = errors.New("Library name was not given")
	errTwoNames  = errors.New("Invalid metadata value, name argument was given multiple times")
	errBadName   = errors.New("Library names can only contain letters, numbers, or underscores(_) and must be at least one character long")
)

func parseHeader(source string) (h header, err error) {
	if !strings.HasPrefix(source, "#!") {
		return h, errNoHeader
	}
	end := strings.IndexAny(source, "\n\x00")
	if end < 0 || source[end] == 0 {
		return h, errBadHeader
	}
	words, ok := resp.SplitArgs(nil, []byte(source[:end]))
	if !ok || len(words) == 0 || len(words[0]) < 2 {
		return h, errBadHeader
	}
	h.engine, h.code = string(words[0][2:]), source[end:]
	named := false
	for _, word := range words[1:] {
		if len(word) < 5 || !strings.EqualFold(string(word[:5]), "name=") {
			return h, errors.New("Invalid metadata value given: " + string(word))
		}
		if named {
			return h, errTwoNames
		}
		h.name, named = string(word[5:]), true
	}
	switch {
	case !named:
		return h, errNoName
	case !validName(h.name):
		return h, errBadName
	}
	return h, nil
}

// validName reports whether a library or a function may have the name.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name != ""
}
