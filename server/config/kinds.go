package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"treedis/server/resp"
)

// The types most directives have: switches, numbers, text and enums.

type boolKind struct{}

func (boolKind) parse(_ scope, d *directive, words []string) (value, error) {
	var v value
	switch strings.ToLower(words[0]) {
	case "yes":
		v.n = 1
	case "no":
	default:
		return v, errNotYesNo
	}
	if d.checkInt != nil {
		return v, d.checkInt(v.n)
	}
	return v, nil
}

func (boolKind) format(v value) string {
	if v.n != 0 {
		return "yes"
	}
	return "no"
}

func (k boolKind) lines(d *directive, v value) []confLine {
	return []confLine{{d.name + " " + k.format(v), v.n != d.def.n}}
}

func (boolKind) typeName() string { return "yes|no" }

type numberForm uint8

const (
	decimal numberForm = iota
	octal
	memory
	memoryOrPercent // a percentage is held as a negative number
)

// A numberKind is a number in a range. Its bounds are int64 whose bits are
// those of an uint64 for a directive flagged unsigned.
type numberKind struct {
	form     numberForm
	min, max int64
	clamp    func(int64) int64 // what is stored for a value in range, nil for itself
}

func (k numberKind) parse(_ scope, d *directive, words []string) (value, error) {
	n, err := k.number(words[0])
	if err == nil {
		err = k.inRange(d, n)
	}
	if err == nil && d.checkInt != nil {
		err = d.checkInt(n)
	}
	if err == nil && k.clamp != nil {
		n = k.clamp(n)
	}
	return value{n: n}, err
}

func (k numberKind) number(s string) (int64, error) {
	switch k.form {
	case octal:
		if n, overflow, ok := strtoll(s, 8); ok && !overflow {
			return n, nil
		}
		return 0, errNotOctal
	case memory:
		if n, ok := ParseMemory(s); ok {
			return int64(n), nil
		}
		return 0, errNotMemory
	case memoryOrPercent:
		if n, ok := ParseMemory(s); ok {
			return int64(n), nil
		}
		if pct, ok := strings.CutSuffix(s, "%"); ok {
			if n, ok := resp.ParseInt([]byte(pct)); ok && n >= 0 {
				return -n, nil
			}
		}
		return 0, errNotMemPct
	}
	if n, ok := resp.ParseInt([]byte(s)); ok {
		return n, nil
	}
	return 0, errNotInteger
}

func (k numberKind) inRange(d *directive, n int64) error {
	const between = "argument must be between %s and %s inclusive"
	if d.has(unsigned) {
		if uint64(n) >= uint64(k.min) && uint64(n) <= uint64(k.max) {
			return nil
		}
		base := 10
		if k.form == octal {
			base = 8
		}
		return fmt.Errorf(between, strconv.FormatUint(uint64(k.min), base), strconv.FormatUint(uint64(k.max), base))
	}
	if k.form == memoryOrPercent && n < 0 {
		if n < k.min {
			return fmt.Errorf("percentage argument must be less or equal to %d", -k.min)
		}
		return nil
	}
	if n < k.min || n > k.max {
		return fmt.Errorf(between, strconv.FormatInt(k.min, 10), strconv.FormatInt(k.max, 10))
	}
	return nil
}

func (k numberKind) format(v value) string {
	switch {
	case k.form == memoryOrPercent && v.n < 0:
		return strconv.FormatInt(-v.n, 10) + "%"
	case k.form == octal:
		return strconv.FormatUint(uint64(v.n), 8)
	case k.form == memory || k.form == memoryOrPercent:
		return strconv.FormatUint(uint64(v.n), 10)
	}
	return strconv.FormatInt(v.n, 10)
}

func (k numberKind) lines(d *directive, v value) []confLine {
	text := k.format(v)
	if k.form == memory || k.form == memoryOrPercent && v.n >= 0 {
		text = formatMemory(uint64(v.n))
	}
	return []confLine{{d.name + " " + text, v.n != d.def.n}}
}

func (k numberKind) typeName() string {
	switch k.form {
	case octal:
		return "octal"
	case memory:
		return "memory"
	case memoryOrPercent:
		return "memory|percent"
	}
	return "int"
}

// A textKind is text. Text that is optional and empty counts as not set, and
// CONFIG REWRITE leaves its line out.
type textKind struct{ optional bool }

func (k textKind) parse(_ scope, d *directive, words []string) (value, error) {
	if d.checkText != nil {
		if err := d.checkText(words[0]); err != nil {
			return value{}, err
		}
	}
	return value{ref: words[0]}, nil
}

func (textKind) format(v value) string { return v.ref.(string) }

func (k textKind) lines(d *directive, v value) []confLine {
	s := v.ref.(string)
	if k.optional && s == "" {
		return nil
	}
	return []confLine{{d.name + " " + quote(s), s != d.def.ref.(string)}}
}

func (textKind) typeName() string { return "string" }

// An option is one word of an enum.
type option[T ~int64] struct {
	name string
	val  T
}

// An enumKind is one of several words, or, for a directive of several
// arguments, a set of them whose values are bits. Two words may share a value:
// the first is the one shown.
type enumKind[T ~int64] struct{ options []option[T] }

func (k enumKind[T]) parse(_ scope, d *directive, words []string) (value, error) {
	if len(words) == 0 {
		return value{}, k.mismatch()
	}
	var v value
	for _, w := range words {
		i := k.index(w)
		if i < 0 {
			return value{}, k.mismatch()
		}
		v.n |= int64(k.options[i].val)
	}
	if d.checkInt != nil {
		return v, d.checkInt(v.n)
	}
	return v, nil
}

func (k enumKind[T]) index(word string) int {
	for i, o := range k.options {
		if strings.EqualFold(o.name, word) {
			return i
		}
	}
	return -1
}

func (k enumKind[T]) mismatch() error {
	return fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(k.names(), ", "))
}

func (k enumKind[T]) names() []string {
	names := make([]string, len(k.options))
	for i, o := range k.options {
		names[i] = o.name
	}
	return names
}

func (k enumKind[T]) format(v value) string {
	var names []string
	rest := v.n
	for _, o := range k.options {
		if int64(o.val) == v.n {
			return o.name
		}
		if o.val != 0 && rest&int64(o.val) == int64(o.val) {
			names = append(names, o.name)
			rest &^= int64(o.val)
		}
	}
	return strings.Join(names, " ")
}

func (k enumKind[T]) lines(d *directive, v value) []confLine {
	return []confLine{{d.name + " " + k.format(v), v.n != d.def.n}}
}

// typeName lists the words if they fit beside the directive's name.
func (k enumKind[T]) typeName() string {
	if s := strings.Join(k.names(), "|"); len(s) <= 24 {
		return s
	}
	return "word"
}

// The bounds of the C types Redis stores numbers in.
const (
	maxInt  = math.MaxInt32
	minInt  = math.MinInt32
	maxUint = math.MaxUint32
	maxLong = math.MaxInt64
	maxPort = 65535
)
