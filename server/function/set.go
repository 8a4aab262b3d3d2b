//lint:file-ignore ST1005 The texts are those of Redis, which clients read.

// Package function keeps libraries of functions: their sources, and the functions that these register when they are
// loaded. It knows no commands and no sockets; how a source is run is its engine's affair.
//
// A change is made as a whole or not at all: a library that cannot be loaded leaves the one that it was to replace.
//
// A Set is guarded by its owner. What Sources returns is never changed.
package function

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"treedis/server/script"
)

// Engine is the only engine there is, as libraries name it.
const Engine = "LUA"

// Function is a function of a library.
type Function struct {
	script.Registration
	Library *Library
}

// Library is a loaded library.
type Library struct {
	Name      string
	Source    string      // whole, with its first line
	Functions []*Function // in the order in which they were registered
}

// machine runs the functions of a set and of its siblings. It is made when it is needed: most servers have no functions.
type machine struct {
	make func() *script.VM
	vm   *script.VM
}

func (m *machine) get() *script.VM {
	if m.vm == nil {
		m.vm = m.make()
	}
	return m.vm
}

// Set is a set of libraries whose functions all have names of their own.
type Set struct {
	machine   *machine
	libraries map[string]*Library
	functions map[string]*Function // by their names in lower case
}

// VMMemory returns what the VM of the functions takes by itself, in bytes.
func (s *Set) VMMemory() int64 { return s.machine.vm.Memory() }

// NewSet returns an empty set, whose functions run in what vm makes.
func NewSet(vm func() *script.VM) *Set { return emptySet(&machine{make: vm}) }

func emptySet(m *machine) *Set {
	return &Set{machine: m, libraries: map[string]*Library{}, functions: map[string]*Function{}}
}

// VM returns the machine in which the functions can be called.
func (s *Set) VM() *script.VM { return s.machine.get() }

// Sibling returns an empty set in the same machine, which the set can be joined with later.
func (s *Set) Sibling() *Set { return emptySet(s.machine) }

// Load runs a library's source and adds the library, in place of one with its name if replace is set. It returns the
// name. A source that still runs when ctx is done is stopped.
func (s *Set) Load(ctx context.Context, source string, replace bool) (name string, err error) {
	h, err := parseHeader(source)
	if err != nil {
		return "", err
	}
	if !strings.EqualFold(h.engine, Engine) {
		return "", errors.New("Engine '" + h.engine + "' not found")
	}
	old := s.libraries[h.name]
	if old != nil && !replace {
		return "", errors.New("Library '" + h.name + "' already exists")
	}
	lib := &Library{Name: h.name, Source: source}
	if err := s.VM().LoadLibrary(ctx, h.code, lib.register); err != nil {
		return "", err
	}
	if len(lib.Functions) == 0 {
		return "", errors.New("No functions registered")
	}
	if err := s.collision(lib, old); err != nil {
		return "", err
	}
	if old != nil {
		s.unlink(old)
	}
	s.link(lib)
	return lib.Name, nil
}

// register adds a function to a library that is being loaded.
func (l *Library) register(f script.Registration) error {
	if !validName(f.Name) {
		return errBadName
	}
	if slices.ContainsFunc(l.Functions, func(g *Function) bool { return g.Name == f.Name }) {
		return errors.New("Function already exists in the library")
	}
	l.Functions = append(l.Functions, &Function{f, l})
	return nil
}

// collision tells which function of lib another library than old has, too.
func (s *Set) collision(lib *Library, old *Library) error {
	for _, f := range lib.Functions {
		if other := s.functions[strings.ToLower(f.Name)]; other != nil && (old == nil || other.Library != old) {
			return errors.New("Function " + f.Name + " already exists")
		}
	}
	return nil
}

func (s *Set) link(lib *Library) {
	s.libraries[lib.Name] = lib
	for _, f := range lib.Functions {
		if name := strings.ToLower(f.Name); s.functions[name] == nil {
			s.functions[name] = f
		}
	}
}

func (s *Set) unlink(lib *Library) {
	delete(s.libraries, lib.Name)
	for _, f := range lib.Functions {
		if name := strings.ToLower(f.Name); s.functions[name] == f {
			delete(s.functions, name)
		}
	}
}

// Delete removes a library and reports whether it was there.
func (s *Set) Delete(name string) bool {
	lib := s.libraries[name]
	if lib != nil {
		s.unlink(lib)
	}
	return lib != nil
}

// Join adds the libraries of a sibling. Those with names that are taken replace the others if replace is set.
func (s *Set) Join(other *Set, replace bool) error {
	joined := &Set{machine: s.machine, libraries: maps.Clone(s.libraries), functions: maps.Clone(s.functions)}
	for _, lib := range other.Libraries() {
		if old := joined.libraries[lib.Name]; old != nil {
			if !replace {
				return errors.New("Library " + lib.Name + " already exists")
			}
			joined.unlink(old)
		}
	}
	for _, lib := range other.Libraries() {
		if err := joined.collision(lib, nil); err != nil {
			return err
		}
	}
	for _, lib := range other.Libraries() {
		joined.link(lib)
	}
	*s = *joined
	return nil
}

// Function finds a function, in whatever case its name is given; nil if there is none.
func (s *Set) Function(name []byte) *Function {
	var room [64]byte
	lower := append(room[:0], name...)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return s.functions[string(lower)]
}

// Libraries lists the libraries by name.
func (s *Set) Libraries() []*Library {
	return slices.SortedFunc(maps.Values(s.libraries), func(a, b *Library) int { return strings.Compare(a.Name, b.Name) })
}

// Sources lists the sources of the libraries, from which the set can be made again.
func (s *Set) Sources() [][]byte {
	libraries := s.Libraries()
	sources := make([][]byte, len(libraries))
	for i, lib := range libraries {
		sources[i] = []byte(lib.Source)
	}
	return sources
}

// Len returns the numbers of libraries and of functions.
func (s *Set) Len() (libraries, functions int) { return len(s.libraries), len(s.functions) }

// Rough sizes, in bytes, of what belongs to each library and function besides the texts.
const (
	librarySize  = 160
	functionSize = 240
)

// Memory estimates how many bytes the set holds beside what its machine does.
func (s *Set) Memory() int64 {
	n := 0
	for _, lib := range s.libraries {
		n += librarySize + len(lib.Name) + len(lib.Source)
		for _, f := range lib.Functions {
			n += functionSize + 2*len(f.Name) + len(f.Description)
		}
	}
	return int64(n)
}
