package config

import "strings"

// An attr is a property of a directive.
type attr uint32

const (
	immutable   attr = 1 << iota // CONFIG SET refuses it
	protected                    // CONFIG SET asks enable-protected-configs
	sensitive                    // its value is kept out of logs and MONITOR
	hidden                       // CONFIG GET shows it only to its exact name
	denyLoading                  // CONFIG SET refuses it while a data set loads
	multiArg                     // takes several words
	volatile                     // hooks run even if the value did not change
	unsigned                     // a number of 64 bits without sign
	meaningless                  // accepted for compatibility, without effect
)

// A Unit is what a number counts.
type Unit uint8

const (
	Count Unit = iota
	Bytes
	Percent
	Microseconds
	Milliseconds
	Seconds
	Minutes
)

// A row is what every directive declares, whatever its type.
type row struct {
	name  string
	alias string // an older name, "" if none
	newer string // Valkey's name, "" if that is the same; CONFIG GET shows it only to its exact name
	flags attr
	unit  Unit
	doc   string // the lines of redis.conf.example, after a newline

	// Further checks of a value that has the right form and range, where the
	// type needs them: checkInt for numbers, flags and switches, checkText
	// for text.
	checkInt  func(int64) error
	checkText func(string) error
}

// A directive is a row with its type, default and place in a Config. It never
// changes once the package is initialised.
type directive struct {
	row
	section *section
	id      int // index into Config.slots
	kind    kind
	def     value
}

// A value is a directive's value: n for what fits a number, ref, immutable,
// for the rest.
type value struct {
	n   int64
	ref any
}

// A kind is a directive's type: how its values are read and written.
type kind interface {
	// parse reads the words after a directive's name.
	parse(s scope, d *directive, words []string) (value, error)
	// format writes a value as CONFIG GET shows it.
	format(v value) string
	// lines writes a value as CONFIG REWRITE does.
	lines(d *directive, v value) []confLine
	// typeName is the word --help shows for a value.
	typeName() string
}

// A scope is what reading a value may depend on.
type scope struct {
	cur  value  // the directive's value so far
	base string // what a relative path is relative to
	add  bool   // a further mention in the same configuration, which adds to cur
}

// A confLine is a line CONFIG REWRITE writes. A line not forced is written
// only in the place of an older one.
type confLine struct {
	text   string
	forced bool
}

// A section is a heading of redis.conf.example and of --help.
type section struct {
	title string
	doc   string
	rows  []*directive
}

// A registry collects the directives in the order of their declaration. The
// package's tables fill the one below while the package's variables are
// initialised; from then on it is only read.
type registry struct {
	sections []*section
	all      []*directive
	names    map[string]*directive // lower case, other names too
}

var table = &registry{names: make(map[string]*directive)}

func (r *registry) section(title, doc string) *section {
	s := &section{title: title, doc: doc}
	r.sections = append(r.sections, s)
	return s
}

// add declares a directive.
func (s *section) add(r row, k kind, def value) handle {
	r.doc = strings.TrimPrefix(r.doc, "\n")
	d := &directive{row: r, section: s, id: len(table.all), kind: k, def: def}
	s.rows = append(s.rows, d)
	table.all = append(table.all, d)
	table.names[d.name] = d
	if d.alias != "" {
		table.names[d.alias] = d
	}
	if d.newer != "" {
		table.names[d.newer] = d
	}
	return handle{d: d, id: d.id}
}

// lookup finds a directive by name or alias, in any case.
func (r *registry) lookup(name string) *directive {
	return r.names[strings.ToLower(name)]
}

func (d *directive) has(f attr) bool { return d.flags&f != 0 }

// A Directive is a handle of any type.
type Directive interface {
	// Name is the directive's name, in lower case.
	Name() string
	describe() *directive
}

type handle struct {
	d  *directive
	id int
}

func (h handle) Name() string         { return h.d.name }
func (h handle) describe() *directive { return h.d }

// Sensitive reports whether name is a directive whose value must not appear in
// the slow log, MONITOR and the like.
func Sensitive(name string) bool {
	d := table.lookup(name)
	return d != nil && d.has(sensitive)
}
