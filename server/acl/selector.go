package acl

import (
	"maps"
	"slices"
	"strings"

	"treedis/server/command"
	"treedis/server/glob"
)

// selector is one set of rights: a command is allowed if it, all its keys and all its channels are allowed by the same
// selector. Every user has a first one, the root; others are what parentheses enclose.
type selector struct {
	commands  []uint64 // a bit by Spec.ID
	all       bool     // every command, without a look at the bits
	future    bool     // began with +@all, rather than with nothing
	firstArgs map[int][]string
	rules     []string // what made the bits, in order, without +@all and -@all

	keys        []keyPattern
	allKeys     bool
	channels    []string
	allChannels bool
}

// access is what may be done to a key.
type access uint8

const (
	read access = 1 << iota
	write
)

type keyPattern struct {
	pattern string
	access  access
}

func (k keyPattern) String() string {
	switch k.access {
	case read:
		return "%R~" + k.pattern
	case write:
		return "%W~" + k.pattern
	}
	return "~" + k.pattern
}

func newSelector(c *Catalog, allChannels bool) *selector {
	return &selector{commands: make([]uint64, (c.ids+63)/64), allChannels: allChannels}
}

func (s *selector) clone() *selector {
	n := *s
	n.commands, n.rules = slices.Clone(s.commands), slices.Clone(s.rules)
	n.keys, n.channels = slices.Clone(s.keys), slices.Clone(s.channels)
	n.firstArgs = maps.Clone(s.firstArgs)
	for id, args := range n.firstArgs {
		n.firstArgs[id] = slices.Clone(args)
	}
	return &n
}

func (s *selector) has(id int) bool { return s.commands[id/64]&(1<<(id%64)) != 0 }

// unrestricted reports whether the selector allows everything.
func (s *selector) unrestricted() bool { return s.all && s.allKeys && s.allChannels }

// setAll is +@all and -@all.
func (s *selector) setAll(allow bool) {
	bits := uint64(0)
	if allow {
		bits = ^bits
	}
	for i := range s.commands {
		s.commands[i] = bits
	}
	s.all, s.future = allow, allow
	s.rules, s.firstArgs = nil, nil
}

// setCommand allows or forbids a command and its subcommands.
func (s *selector) setCommand(spec *command.Spec, allow bool) {
	s.setBit(spec.ID(), allow)
	delete(s.firstArgs, spec.ID())
	for _, sub := range spec.Subcommands() {
		s.setBit(sub.ID(), allow)
	}
}

func (s *selector) setBit(id int, allow bool) {
	if allow {
		s.commands[id/64] |= 1 << (id % 64)
	} else {
		s.commands[id/64] &^= 1 << (id % 64)
		s.all = false
	}
}

// setFirstArg allows a command, which may be forbidden otherwise, with a certain first argument.
func (s *selector) setFirstArg(id int, arg string) {
	if s.firstArgs == nil {
		s.firstArgs = map[int][]string{}
	}
	arg = lower(arg)
	if !slices.Contains(s.firstArgs[id], arg) {
		s.firstArgs[id] = append(s.firstArgs[id], arg)
	}
}

// note keeps a rule about a command or category. Earlier ones that it makes void are dropped: those about the same, and those about
// subcommands of the same command.
func (s *selector) note(about string, allow bool) {
	about = lower(about)
	s.rules = slices.DeleteFunc(s.rules, func(old string) bool {
		return old[1:] == about || strings.HasPrefix(old[1:], about+"|")
	})
	sign := "-"
	if allow {
		sign = "+"
	}
	s.rules = append(s.rules, sign+about)
}

// permits reports whether the selector allows a command, keys and channels aside. What is needed to log in is always allowed.
func (s *selector) permits(spec *command.Spec, args [][]byte) bool {
	if s.all || s.has(spec.ID()) || spec.Flags.Has(command.NoAuth) {
		return true
	}
	allowed := s.firstArgs[spec.ID()]
	return len(allowed) > 0 && len(args) > 1 && slices.Contains(allowed, lower(string(args[1])))
}

// needs returns the access that a command's use of a key takes. A key that a command neither reads nor changes, such as
// that of EXISTS, takes a pattern of any kind.
func needs(flags command.KeyFlags) (a access) {
	if flags.Has(command.Access) {
		a |= read
	}
	if flags&(command.Insert|command.Delete|command.Update) != 0 {
		a |= write
	}
	return a
}

func (s *selector) permitsKey(key []byte, flags command.KeyFlags) bool {
	need := needs(flags)
	return s.allKeys || slices.ContainsFunc(s.keys, func(k keyPattern) bool {
		return k.access&need == need && glob.Match([]byte(k.pattern), key)
	})
}

// permitsAllKeys reports whether every key may be used in such a way.
func (s *selector) permitsAllKeys(flags command.KeyFlags) bool {
	need := needs(flags)
	return s.allKeys || slices.ContainsFunc(s.keys, func(k keyPattern) bool {
		return k.access&need == need && k.pattern == "*"
	})
}

func (s *selector) permitsChannel(name []byte, isPattern bool) bool {
	return s.allChannels || matchChannel(s.channels, name, isPattern)
}

// matchChannel looks a channel up among patterns. What is a pattern itself has to be among them literally.
func matchChannel(patterns []string, name []byte, isPattern bool) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return isPattern && p == string(name) || !isPattern && glob.Match([]byte(p), name)
	})
}
