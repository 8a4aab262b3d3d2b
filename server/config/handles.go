package config

import (
	"math"
	"time"
)

// The types of handle. Get takes one atomic load, whichever the type.

// A Bool is a directive that is yes or no.
type Bool struct{ handle }

func (h Bool) Get(c *Config) bool { return c.slots[h.id].n.Load() != 0 }

// An Int is a directive that is a number; its Unit says of what.
type Int struct{ handle }

func (h Int) Get(c *Config) int64 { return c.slots[h.id].n.Load() }

// Duration is the value as a span of time, for directives counted in units of
// time; it saturates.
func (h Int) Duration(c *Config) time.Duration {
	unit := h.d.unit.duration()
	n := h.Get(c)
	if unit > 1 && n > math.MaxInt64/int64(unit) {
		return math.MaxInt64
	}
	return time.Duration(n) * unit
}

func (u Unit) duration() time.Duration {
	switch u {
	case Microseconds:
		return time.Microsecond
	case Milliseconds:
		return time.Millisecond
	case Seconds:
		return time.Second
	case Minutes:
		return time.Minute
	}
	return 1
}

// A Memory is a directive that is a number of bytes.
type Memory struct{ handle }

// Get returns the number of bytes. The few directives that Redis keeps in 64
// bits without sign saturate at the largest int64.
func (h Memory) Get(c *Config) int64 {
	n := c.slots[h.id].n.Load()
	if n < 0 {
		return math.MaxInt64
	}
	return n
}

// A Share is a directive that is either a number of bytes or a percentage of
// maxmemory.
type Share struct{ handle }

// Get returns the number of bytes given maxmemory, where 0 is no limit.
func (h Share) Get(c *Config, maxmemory int64) int64 {
	n := c.slots[h.id].n.Load()
	if n >= 0 {
		return n
	}
	return int64(float64(maxmemory) * float64(-n) / 100)
}

// An Enum is a directive that is one of several words, or a set of them.
type Enum[T ~int64] struct {
	handle
	kind enumKind[T]
}

func (h Enum[T]) Get(c *Config) T { return T(c.slots[h.id].n.Load()) }

// Text is the value as CONFIG GET shows it.
func (h Enum[T]) Text(c *Config) string { return h.kind.format(c.slots[h.id].load()) }

// A String is a directive that is text.
type String struct{ handle }

func (h String) Get(c *Config) string { return get[string](c, h.id) }

// A Special is a directive whose value has a type of its own. What Get returns
// is shared and must not be written to.
type Special[T any] struct{ handle }

func (h Special[T]) Get(c *Config) T { return get[T](c, h.id) }

// An Events is the directive of keyspace notifications.
type Events struct{ handle }

func (h Events) Get(c *Config) KeyspaceEvents {
	return KeyspaceEvents(c.slots[h.id].n.Load())
}

// get reads a slot whose directive was declared with a value of type T.
func get[T any](c *Config, id int) T { return (*c.slots[id].ref.Load()).(T) }

// Declarations. The methods are on the section a directive is shown in.

func (s *section) bool(r row, def bool) Bool {
	var v value
	if def {
		v.n = 1
	}
	return Bool{s.add(r, boolKind{}, v)}
}

func (s *section) int(r row, def, min, max int64) Int {
	return Int{s.add(r, numberKind{form: decimal, min: min, max: max}, value{n: def})}
}

// number declares an Int with a form or a clamp of its own.
func (s *section) number(r row, def int64, k numberKind) Int {
	return Int{s.add(r, k, value{n: def})}
}

func (s *section) memory(r row, def, min, max int64) Memory {
	r.unit = Bytes
	return Memory{s.add(r, numberKind{form: memory, min: min, max: max}, value{n: def})}
}

func (s *section) text(r row, def string) String {
	return String{s.add(r, textKind{}, value{ref: def})}
}

// optional declares text that may be not set at all.
func (s *section) optional(r row) String {
	return String{s.add(r, textKind{optional: true}, value{ref: ""})}
}

func enum[T ~int64](s *section, r row, def T, options ...option[T]) Enum[T] {
	k := enumKind[T]{options}
	return Enum[T]{s.add(r, k, value{n: int64(def)}), k}
}

func special[T any](s *section, r row, k kind, def T) Special[T] {
	return Special[T]{s.add(r, k, value{ref: def})}
}
