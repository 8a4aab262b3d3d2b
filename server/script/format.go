package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"treedis/server/script/lualib"
)

// stringFormat is string.format: C's printf.
func stringFormat(a args) int {
	format := a.string(1)
	var b strings.Builder
	n := 1
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			b.WriteByte(c)
			continue
		}
		i++
		if i < len(format) && format[i] == '%' {
			b.WriteByte('%')
			continue
		}
		spec := a.spec(format[i:])
		i += spec.length
		n++
		if n > a.L.GetTop() {
			a.fail(n, "no value")
		}
		var verb byte
		if i < len(format) {
			verb = format[i]
		}
		b.WriteString(a.formatOne(n, spec, verb))
		a.vm.checkSize(a.L, b.Len())
	}
	return a.pushString(b.String())
}

// formatSpec is what stands between a percent sign and its letter.
type formatSpec struct {
	minus, plus, space, alt, zero bool
	width, precision              int // precision -1: none
	length                        int // in bytes
}

func (a args) spec(s string) (f formatSpec) {
	i := 0
flags:
	for ; i < len(s); i++ {
		switch s[i] {
		case '-':
			f.minus = true
		case '+':
			f.plus = true
		case ' ':
			f.space = true
		case '#':
			f.alt = true
		case '0':
			f.zero = true
		default:
			break flags
		}
	}
	if i > 5 {
		raise(a.L, "invalid format (repeated flags)")
	}
	digits := func() (n int) {
		for k := 0; k < 2 && i < len(s) && s[i] >= '0' && s[i] <= '9'; k++ {
			n = 10*n + int(s[i]-'0')
			i++
		}
		return n
	}
	f.width, f.precision = digits(), -1
	if i < len(s) && s[i] == '.' {
		i++
		f.precision = digits()
	}
	if i < len(s) && s[i] >= '0' && s[i] <= '9' {
		raise(a.L, "invalid format (width or precision too long)")
	}
	f.length = i
	return f
}

func (a args) formatOne(n int, f formatSpec, verb byte) string {
	switch verb {
	case 'c':
		if c := byte(a.int(n)); c != 0 {
			return f.pad(string([]byte{c}))
		}
		return "" // C's strings end there
	case 'd', 'i':
		v := lualib.ToInt64(a.number(n))
		return f.integer(strings.TrimPrefix(strconv.FormatInt(v, 10), "-"), v < 0, true)
	case 'o', 'u', 'x', 'X':
		v := uint64(lualib.ToInt64(a.number(n)))
		if x := a.number(n); x >= 1<<63 && x < 1<<64 {
			v = uint64(x)
		}
		return f.unsigned(v, verb)
	case 'e', 'E', 'f', 'g', 'G':
		return f.float(a.number(n), verb)
	case 'q':
		return quoted(a.string(n))
	case 's':
		s := a.string(n)
		if f.precision >= 0 && f.precision < len(s) {
			s = s[:f.precision]
		}
		return f.pad(s)
	}
	what := ""
	if verb != 0 {
		what = string([]byte{verb})
	}
	raise(a.L, "invalid option '%"+what+"' to 'format'")
	return ""
}

func (f formatSpec) pad(s string) string {
	if len(s) >= f.width {
		return s
	}
	if f.minus {
		return s + strings.Repeat(" ", f.width-len(s))
	}
	return strings.Repeat(" ", f.width-len(s)) + s
}

// integer lays out digits with a sign.
func (f formatSpec) integer(digits string, negative, signed bool) string {
	if f.precision == 0 && digits == "0" {
		digits = ""
	}
	if n := f.precision - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	sign := ""
	switch {
	case negative:
		sign = "-"
	case signed && f.plus:
		sign = "+"
	case signed && f.space:
		sign = " "
	}
	if n := f.width - len(sign) - len(digits); f.zero && !f.minus && f.precision < 0 && n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	return f.pad(sign + digits)
}

func (f formatSpec) unsigned(v uint64, verb byte) string {
	switch verb {
	case 'u':
		return f.integer(strconv.FormatUint(v, 10), false, false)
	case 'o':
		digits := strconv.FormatUint(v, 8)
		if f.alt && digits[0] != '0' {
			digits = "0" + digits
		}
		return f.integer(digits, false, false)
	}
	digits, prefix := strconv.FormatUint(v, 16), ""
	if f.alt && v != 0 {
		prefix = "0x"
	}
	if n := f.width - len(prefix); f.zero && !f.minus && f.precision < 0 && n > len(digits) {
		digits = strings.Repeat("0", n-len(digits)) + digits
	}
	if n := f.precision - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	if f.precision == 0 && v == 0 {
		digits = ""
	}
	s := prefix + digits
	if verb == 'X' {
		s = strings.ToUpper(s)
	}
	return f.pad(s)
}

// float lays out a double. Go's fmt prints finite ones as C does.
func (f formatSpec) float(v float64, verb byte) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		s := string(appendNumber(nil, v))
		if s[0] != '-' && f.plus {
			s = "+" + s
		} else if s[0] != '-' && f.space {
			s = " " + s
		}
		if verb == 'E' || verb == 'G' {
			s = strings.ToUpper(s)
		}
		return f.pad(s)
	}
	if f.precision < 0 {
		f.precision = 6
	}
	spec := "%"
	for _, flag := range []struct {
		set  bool
		text string
	}{{f.minus, "-"}, {f.plus, "+"}, {f.space, " "}, {f.alt, "#"}, {f.zero && !f.minus, "0"}} {
		if flag.set {
			spec += flag.text
		}
	}
	if verb == 'g' || verb == 'G' {
		f.precision = max(f.precision, 1)
	}
	return fmt.Sprintf(spec+"*.*"+string(rune(verb)), f.width, f.precision, v)
}

// quoted writes a string so that Lua's compiler reads it back.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
