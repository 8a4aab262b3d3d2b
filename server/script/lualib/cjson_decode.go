package lualib

import (
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// decode returns the value that its one argument, JSON, stands for.
func (m *jsonModule) decode(L *lua.LState) int {
	oneArgument(L)
	text := checkString(L, 1)
	if len(text) >= 2 && (text[0] == 0 || text[1] == 0) {
		raise(L, "JSON parser does not support UTF-16 or UTF-32")
	}
	d := jsonDecoder{m: m, L: L, text: text, slots: 1}
	d.next()
	v := d.value()
	if d.next(); d.token != "T_END" {
		d.expected("the end")
	}
	L.Push(v)
	return 1
}

// jsonDecoder is one decoding in progress: the text, the place in it, and the token that was read last.
type jsonDecoder struct {
	m    *jsonModule
	L    *lua.LState
	text string
	pos  int

	token  string     // its name, as it stands in errors; or what is wrong there
	start  int        // where it begins, or where it is wrong
	scalar lua.LValue // what it stands for, if it is a value by itself; nil if it is not

	depth int
	slots int // of the stack, as many as Redis's decoder would hold now

	// Elements of the containers that are not yet closed. Their number is known only at the end, and a table
	// of the right size is a fraction of one that has grown.
	values []lua.LValue
	keys   []string
	tmp    []byte
}

// expected throws the error of a token where something else should stand.
func (d *jsonDecoder) expected(what string) {
	raise(d.L, "Expected %s but found %s at character %d", what, d.token, d.start+1)
}

// wrong makes an error of the token.
func (d *jsonDecoder) wrong(why string) { d.token, d.start = why, d.pos }

// next reads a token. As in C, a zero byte ends the text.
func (d *jsonDecoder) next() {
	for {
		switch byteAt(d.text, d.pos) {
		case ' ', '\t', '\n', '\r':
			d.pos++
			continue
		}
		break
	}
	d.start, d.scalar = d.pos, nil
	switch c := byteAt(d.text, d.pos); c {
	case 0:
		d.token = "T_END"
	case '{':
		d.punctuation("T_OBJ_BEGIN")
	case '}':
		d.punctuation("T_OBJ_END")
	case '[':
		d.punctuation("T_ARR_BEGIN")
	case ']':
		d.punctuation("T_ARR_END")
	case ',':
		d.punctuation("T_COMMA")
	case ':':
		d.punctuation("T_COLON")
	case '"':
		d.string()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if d.m.decodeInvalid == 0 && d.lenientNumber() {
			d.wrong("invalid number")
			return
		}
		d.number()
	default:
		d.word()
	}
}

func (d *jsonDecoder) punctuation(name string) {
	d.token = name
	d.pos++
}

// word reads true, false, null, and the numbers that JSON does not have.
func (d *jsonDecoder) word() {
	switch rest := d.text[d.pos:]; {
	case hasPrefix(rest, "true"):
		d.literal("T_BOOLEAN", lua.LTrue, 4)
	case hasPrefix(rest, "false"):
		d.literal("T_BOOLEAN", lua.LFalse, 5)
	case hasPrefix(rest, "null"):
		d.literal("T_NULL", d.m.null, 4)
	case d.m.decodeInvalid == 1 && d.lenientNumber():
		d.number()
	default:
		d.wrong("invalid token")
	}
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

func (d *jsonDecoder) literal(name string, v lua.LValue, length int) {
	d.token, d.scalar = name, v
	d.pos += length
}

// lenientNumber tells whether here stands what C reads as a number and JSON does not allow.
func (d *jsonDecoder) lenientNumber() bool {
	i := d.pos
	switch byteAt(d.text, i) {
	case '+':
		return true
	case '-':
		i++
	}
	if c := byteAt(d.text, i); c == '0' {
		after := byteAt(d.text, i+1)
		return after|0x20 == 'x' || isDigit(after)
	}
	return hasFold(d.text, i, "inf") || hasFold(d.text, i, "nan")
}

func (d *jsonDecoder) number() {
	f, n := parseFloat(d.text[d.pos:])
	if n == 0 {
		d.wrong("invalid number")
		return
	}
	d.literal("T_NUMBER", lua.LNumber(f), n)
}

// string reads a string. Bytes that are not UTF-8 pass.
func (d *jsonDecoder) string() {
	d.pos++
	d.tmp = d.tmp[:0]
	plain := d.pos
	for {
		c := byteAt(d.text, d.pos)
		if c != '"' && c != '\\' && c != 0 {
			d.pos++
			continue
		}
		d.tmp = append(d.tmp, d.text[plain:d.pos]...)
		if c != '\\' {
			break
		}
		if !d.escape() {
			return
		}
		plain = d.pos
	}
	if byteAt(d.text, d.pos) == 0 {
		d.wrong("unexpected end of string")
		return
	}
	d.literal("T_STRING", lua.LString(d.tmp), 1)
}

// escape reads what begins with a backslash, and tells whether it is right.
func (d *jsonDecoder) escape() bool {
	c := byteAt(d.text, d.pos+1)
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 't':
		c = '\t'
	case 'n':
		c = '\n'
	case 'f':
		c = '\f'
	case 'r':
		c = '\r'
	case 'u':
		return d.unicodeEscape()
	default:
		d.wrong("invalid escape code")
		return false
	}
	d.tmp = append(d.tmp, c)
	d.pos += 2
	return true
}

// unicodeEscape reads \uXXXX, or two of them that make one character.
func (d *jsonDecoder) unicodeEscape() bool {
	r, length := d.hex4(d.pos+2), 6
	if r&0xf800 == 0xd800 { // half of a pair
		low := rune(-1)
		if byteAt(d.text, d.pos+6) == '\\' && byteAt(d.text, d.pos+7) == 'u' {
			low = d.hex4(d.pos + 8)
		}
		if r&0x400 != 0 || low < 0 || low&0xfc00 != 0xdc00 {
			r = -1
		} else {
			r, length = (r&0x3ff)<<10|low&0x3ff+0x10000, 12
		}
	}
	if r < 0 {
		d.wrong("invalid unicode escape code")
		return false
	}
	d.tmp = utf8.AppendRune(d.tmp, r)
	d.pos += length
	return true
}

// hex4 returns the value of four hexadecimal digits, -1 if that is not what stands there.
func (d *jsonDecoder) hex4(i int) rune {
	r := rune(0)
	for range 4 {
		digit := hexDigit(byteAt(d.text, i))
		if digit < 0 {
			return -1
		}
		r = r<<4 | rune(digit)
		i++
	}
	return r
}

// value returns the value that begins with the current token.
func (d *jsonDecoder) value() lua.LValue {
	switch {
	case d.scalar != nil:
		return d.scalar
	case d.token == "T_OBJ_BEGIN":
		return d.object()
	case d.token == "T_ARR_BEGIN":
		return d.array()
	}
	d.expected("value")
	return lua.LNil
}

// descend enters a container that needs slots of the stack, and holds some of them while its elements are read.
func (d *jsonDecoder) descend(needs, holds int) {
	d.depth++
	if d.depth > d.m.decodeDepth || d.slots+needs > maxSlots {
		raise(d.L, "Found too many nested data structures (%d) at character %d", d.depth, d.pos)
	}
	d.slots += holds
}

func (d *jsonDecoder) ascend(held int) {
	d.depth--
	d.slots -= held
}

func (d *jsonDecoder) array() lua.LValue {
	d.descend(2, 1)
	base := len(d.values)
	d.next()
	for more := d.token != "T_ARR_END"; more; {
		v := d.value()
		d.values = append(d.values, v)
		switch d.next(); d.token {
		case "T_ARR_END":
			more = false
		case "T_COMMA":
			d.next()
		default:
			d.expected("comma or array end")
		}
	}
	t := d.L.CreateTable(len(d.values)-base, 0)
	for i, v := range d.values[base:] {
		t.RawSetInt(i+1, v)
	}
	d.values = d.values[:base]
	d.ascend(1)
	return t
}

func (d *jsonDecoder) object() lua.LValue {
	d.descend(3, 2)
	base, keyBase := len(d.values), len(d.keys)
	d.next()
	for more := d.token != "T_OBJ_END"; more; {
		if d.token != "T_STRING" {
			d.expected("object key string")
		}
		d.keys = append(d.keys, string(d.scalar.(lua.LString)))
		if d.next(); d.token != "T_COLON" {
			d.expected("colon")
		}
		d.next()
		v := d.value()
		d.values = append(d.values, v)
		switch d.next(); d.token {
		case "T_OBJ_END":
			more = false
		case "T_COMMA":
			d.next()
		default:
			d.expected("comma or object end")
		}
	}
	t := d.L.CreateTable(0, len(d.values)-base)
	for i, v := range d.values[base:] {
		t.RawSetString(d.keys[keyBase+i], v)
	}
	d.values, d.keys = d.values[:base], d.keys[:keyBase]
	d.ascend(2)
	return t
}
