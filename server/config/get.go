package config

import (
	"strings"

	"treedis/server/glob"
)

// A Pair is a directive's name and its value, as CONFIG GET replies.
type Pair struct{ Name, Value string }

// Get is CONFIG GET: the directives that match any of the patterns, each once.
// A name without * ? [ is looked up as it is and comes back in the case it was
// asked in; aliases match under their own names; hidden directives do not
// match patterns.
func (c *Config) Get(patterns ...string) []Pair {
	var pairs []Pair
	seen := make(map[string]bool)
	add := func(d *directive, name string) {
		if key := strings.ToLower(name); !seen[key] {
			seen[key] = true
			pairs = append(pairs, Pair{name, d.kind.format(c.slots[d.id].load())})
		}
	}
	for _, p := range patterns {
		if !strings.ContainsAny(p, "[*?") {
			if d := table.lookup(p); d != nil {
				add(d, p)
			}
			continue
		}
		pattern := []byte(p)
		for _, d := range table.all {
			if d.has(hidden) {
				continue
			}
			if glob.MatchFold(pattern, []byte(d.name)) {
				add(d, d.name)
			}
			if d.alias != "" && glob.MatchFold(pattern, []byte(d.alias)) {
				add(d, d.alias)
			}
		}
	}
	return pairs
}

// Changed returns, for reports, the directives whose values are not the
// default, as lines of a configuration file; secrets are left out.
func (c *Config) Changed() []string {
	var lines []string
	for _, d := range table.all {
		v := c.slots[d.id].load()
		text := d.kind.format(v)
		switch {
		case text == d.kind.format(d.def):
		case d.has(sensitive):
			lines = append(lines, d.name+" (redacted)")
		default:
			lines = append(lines, d.name+" "+text)
		}
	}
	return lines
}
