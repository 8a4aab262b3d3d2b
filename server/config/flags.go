package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// The directives as flags. A flag's value is the rest of a configuration line:
// words in quotes, so that directives of several arguments fit.

// A flagValue is a directive of a loader's Config.
type flagValue struct {
	l *loader
	d *directive
}

func (v flagValue) String() string {
	if v.l == nil || v.d == nil {
		return ""
	}
	return v.d.kind.format(v.l.c.slots[v.d.id].load())
}

func (v flagValue) Set(text string) error {
	words, ok := splitWords(text)
	if !ok {
		return errQuotes
	}
	return v.l.set(v.d, words)
}

func (v flagValue) Type() string { return v.d.kind.typeName() }

// A flagAction is a directive without a value, which acts when it is read.
type flagAction struct {
	form string // the arguments, for --help
	do   func(words []string) error
}

func (flagAction) String() string { return "" }

func (a flagAction) Set(text string) error {
	words, ok := splitWords(text)
	if !ok {
		return errQuotes
	}
	return a.do(words)
}

func (a flagAction) Type() string { return a.form }

// flagSet registers every directive. Names are looked up in any case, and an
// alias stands for the directive's name.
func (l *loader) flagSet() *pflag.FlagSet {
	fs := pflag.NewFlagSet("treedis", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if d := table.lookup(name); d != nil {
			return pflag.NormalizedName(d.name)
		}
		return pflag.NormalizedName(strings.ToLower(name))
	})
	for _, d := range table.all {
		f := fs.VarPF(flagValue{l, d}, d.name, "", d.summary())
		f.Hidden = d.has(hidden)
	}
	for _, a := range l.actions() {
		fs.Var(a.flag, a.name, a.doc)
	}
	return fs
}

type action struct {
	name string
	flag flagAction
	doc  string // lines for redis.conf.example
}

// actions are the directives that only a configuration file or the command
// line knows, and that have no value to get.
func (l *loader) actions() []action {
	return []action{
		{"include", flagAction{"path", func(words []string) error {
			if len(words) != 1 {
				return errBadDirective
			}
			return l.include(words[0])
		}}, `Reads another file at this point. The path may hold * ? and [...], which
match any number of files, also none. A relative path starts at dir.`},
		{"rename-command", flagAction{"command name", func(words []string) error {
			if len(words) != 2 {
				return errBadDirective
			}
			l.c.renames = append(l.c.renames, Line{words, l.at})
			return nil
		}}, `Gives a command another name, or none at all: "" takes it away. ACL rules do
the same for some users only; they know the command by its old name.`},
		{"user", flagAction{"name rule ...", func(words []string) error {
			if len(words) == 0 {
				return errBadDirective
			}
			l.c.users = append(l.c.users, Line{words, l.at})
			return nil
		}}, `Declares an ACL user with the rules of ACL SETUSER; each once, and "default"
too if it is not to be allowed everything. CONFIG REWRITE writes all users
here. With an aclfile, users stand there and must not stand here.`},
		{"loadmodule", flagAction{"path [arg ...]", func(words []string) error {
			return errModules
		}}, `Loads an extension of Redis. There are none for this server: it does not
start with such a line.`},
		{"sentinel", flagAction{"", func([]string) error {
			return errSentinel
		}}, `Configures a Sentinel. This server has no such mode: it does not start with
such a line. Sentinels of Redis can watch over it.`},
	}
}

// summary is a directive's documentation up to its first full stop.
func (d *directive) summary() string {
	s := strings.ReplaceAll(d.doc, "\n", " ")
	if i := strings.Index(s, ". "); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, ".")
}
