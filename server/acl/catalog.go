package acl

import (
	"slices"
	"strings"

	"treedis/server/command"
)

// Catalog is the commands that rules may name, by the names that they have in Redis, whatever rename-command makes of them.
// It does not change.
type Catalog struct {
	specs  []*command.Spec // in the order of their names
	byName map[string]*command.Spec
	ids    int // above all Spec.ID
}

// NewCatalog returns the catalog of commands and subcommands.
func NewCatalog(specs []*command.Spec) *Catalog {
	c := &Catalog{specs: slices.Clone(specs), byName: make(map[string]*command.Spec, len(specs))}
	slices.SortFunc(c.specs, func(a, b *command.Spec) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range specs {
		c.byName[s.Name] = s
		c.ids = max(c.ids, s.ID()+1)
	}
	return c
}

// In lists the commands and subcommands of a category, by name.
func (c *Catalog) In(category command.Categories) []string {
	var names []string
	for _, s := range c.specs {
		if s.Categories.Has(category) {
			names = append(names, s.Name)
		}
	}
	return names
}

// find finds a command or subcommand by its full name, in any case.
func (c *Catalog) find(name string) *command.Spec { return c.byName[lower(name)] }

// lower changes ASCII letters alone: no other letter may pass for one of them.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// hasSpaces reports whether a name or pattern holds what ends a word of a rule, or a NUL.
func hasSpaces(s string) bool { return strings.ContainsAny(s, " \t\n\v\f\r\x00") }
