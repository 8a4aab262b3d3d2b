//lint:file-ignore ST1005 The texts are those of Redis, which clients read.

package script

import (
	"errors"
	"slices"
	"strings"
)

// Flags are what a script says of itself in its first line.
type Flags uint8

// The flags by their names in scripts.
const (
	NoWrites           Flags = 1 << iota // it changes nothing
	AllowOOM                             // it may run while too much memory is in use
	AllowStale                           // it may run on a replica that lost its master
	NoCluster                            // it must not run in a cluster
	AllowCrossSlotKeys                   // its keys may be in several slots
	// Compat is set for a script that says nothing: what it may do is decided command by command.
	Compat
)

var flagNames = []string{"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// Names lists the flags as scripts name them.
func (f Flags) Names() []string {
	var names []string
	for i, name := range flagNames {
		if f.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

// ParseFlag finds a flag by its name.
func ParseFlag(name string) (Flags, bool) {
	i := slices.Index(flagNames, name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// ParseShebang reads the first line of an EVAL script, if that is a "#!lua ...". code is the source from the end of
// that line on, so that the lines keep their numbers. The errors have texts for clients.
func ParseShebang(source string) (flags Flags, code string, err error) {
	if !strings.HasPrefix(source, "#!") {
		return Compat, source, nil
	}
	end := strings.IndexByte(source, '\n')
	if end < 0 {
		return 0, "", errors.New("Invalid script shebang")
	}
	words := strings.Fields(source[:end])
	if words[0] != "#!lua" {
		return 0, "", errors.New("Unexpected engine in script shebang: " + words[0])
	}
	for _, w := range words[1:] {
		list, ok := strings.CutPrefix(w, "flags=")
		if !ok {
			return 0, "", errors.New("Unknown lua shebang option: " + w)
		}
		for _, name := range strings.Split(list, ",") {
			f, ok := ParseFlag(name)
			if !ok && (name != "" || len(list) > 0) {
				return 0, "", errors.New("Unexpected flag in script shebang: " + name)
			}
			flags |= f
		}
	}
	return flags, source[end:], nil
}
