package config

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// A slot holds one directive's value. Readers take no lock.
type slot struct {
	n   atomic.Int64
	ref atomic.Pointer[any]
}

func (s *slot) load() value {
	v := value{n: s.n.Load()}
	if p := s.ref.Load(); p != nil {
		v.ref = *p
	}
	return v
}

func (s *slot) store(v value) {
	s.n.Store(v.n)
	if v.ref != nil {
		s.ref.Store(&v.ref)
	}
}

// A Config is the values of all directives for one server. Use New.
type Config struct {
	slots []slot // by directive.id

	mu    sync.Mutex // held through Load, Set, Override and Rewrite
	hooks []*hook    // guarded by mu

	// Written by Load only, which comes before any concurrent use.
	file      string          // absolute path of the configuration file, or ""
	mentioned map[string]bool // names of directives set by the user
	users     []Line
	renames   []Line
}

// A Line is a directive of the configuration file that is left to others to
// interpret, as its words after the name.
type Line struct {
	Args []string
	Origin
}

// New returns a Config in which every directive has its default.
func New() *Config {
	c := &Config{slots: make([]slot, len(table.all)), mentioned: make(map[string]bool)}
	for _, d := range table.all {
		c.slots[d.id].store(d.def)
	}
	if wd, err := os.Getwd(); err == nil {
		c.slots[Dir.id].store(value{ref: wd})
	}
	return c
}

// File returns the absolute path of the configuration file, or "" if the
// server runs without one.
func (c *Config) File() string { return c.file }

// Users returns the user lines, in order: a name and its ACL rules.
func (c *Config) Users() []Line { return c.users }

// Renames returns the rename-command lines, in order: a command's name and its
// new one, which is empty to remove the command.
func (c *Config) Renames() []Line { return c.renames }

// Meaningless returns the names, sorted, of the directives the user set which
// have no effect here, so that the log can say so.
func (c *Config) Meaningless() []string {
	var names []string
	for _, d := range table.all {
		if d.has(meaningless) && c.mentioned[d.name] {
			names = append(names, d.name)
		}
	}
	slices.Sort(names)
	return names
}

// Path resolves a file name against the directive dir.
func (c *Config) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(Dir.Get(c), name)
}

// Override gives a directive a value from inside the server, past the checks
// CONFIG SET makes on who may change what, and without running hooks. Words
// are those that would follow the name in the configuration file. REPLICAOF
// uses it, so that CONFIG REWRITE records the new master.
func (c *Config) Override(d Directive, words ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	desc := d.describe()
	v, err := desc.parse(c.scopeOf(desc), words)
	if err != nil {
		return err
	}
	c.slots[desc.id].store(v)
	return nil
}

func (c *Config) scopeOf(d *directive) scope {
	return scope{cur: c.slots[d.id].load(), base: Dir.Get(c)}
}

// parse reads words as the directive's type says and runs its own checks.
func (d *directive) parse(s scope, words []string) (value, error) {
	if !d.has(multiArg) && len(words) != 1 {
		return value{}, errArgCount
	}
	return d.kind.parse(s, d, words)
}
