package command

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSyntax reads the notation in which rows write down their arguments:
//
//	key value [NX] [EX seconds:integer] destination:key@1 field...
//
// A word in lower case is an argument. After its name may come, in this order,
//
//	/display     what people call it, if not its name; may hold a colon if the type follows
//	:type        integer, double, pattern, unix-time, key (assumed of one named key) or string (of others)
//	@n           index of its key spec; 0 is assumed of keys
//	^version     the version that brought it
//	!version     the version that deprecated it
//	...          it may be repeated
//
// A word that does not begin with a small letter is a token: it introduces the argument or the group that
// follows it, or else stands for itself, an argument of type pure-token named like the token in
// lower case, or otherwise by name=TOKEN. TOKEN... is repeated along with its argument. The token "" is the
// empty word.
//
//	[a]              an argument that is optional
//	name=<a b>       a block of arguments
//	name=<a | b>     one of several
//	name=[a | b]     either kind, optional
//	name=TOKEN <a b> either kind, introduced by a token
//
// Groups take ^, ! and ... after the closing bracket. The result has the shape of COMMAND DOCS in Redis 7.2. Errors
// wrap ErrSyntax and tell the position in bytes.
func ParseSyntax(text string) ([]Arg, error) {
	p := &syntaxParser{text: text}
	args, bars := p.list(0)
	if p.err == nil && p.pos < len(text) {
		p.fail("unexpected %q", text[p.pos])
	}
	if p.err == nil && bars {
		p.fail("alternatives need a named group")
	}
	if p.err != nil {
		return nil, p.err
	}
	return args, nil
}

// syntaxParser descends recursively. Its error is sticky: after the first, all productions return at once
// and the position no longer moves.
type syntaxParser struct {
	text string
	pos  int
	err  error
}

func (p *syntaxParser) fail(format string, a ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w at %d of %q: %s", ErrSyntax, p.pos, p.text, fmt.Sprintf(format, a...))
	}
}

// peek skips blanks and returns the next byte, 0 at the end.
func (p *syntaxParser) peek() byte {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
	if p.pos == len(p.text) || p.err != nil {
		return 0
	}
	return p.text[p.pos]
}

// word takes everything up to a blank or a bracket.
func (p *syntaxParser) word() string {
	start := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(" []<>|", rune(p.text[p.pos])) {
		p.pos++
	}
	return p.text[start:p.pos]
}

// list parses items up to a closing bracket or the end. With bars, every alternative must be a
// single item.
func (p *syntaxParser) list(depth int) (args []Arg, bars bool) {
	const deepest = 8 // Redis nests 4 deep
	if depth > deepest {
		p.fail("nested too deep")
	}
	count := 0 // items since the last bar
	for {
		switch c := p.peek(); c {
		case 0, ']', '>':
			if bars && count != 1 && p.err == nil {
				p.fail("an alternative of %d arguments", count)
			}
			return args, bars
		case '|':
			if count != 1 || len(args) > 1 && !bars {
				p.fail("an alternative of %d arguments", count)
			}
			p.pos++
			bars, count = true, 0
		default:
			args = append(args, p.item(depth))
			count++
		}
	}
}

func (p *syntaxParser) item(depth int) Arg {
	if p.peek() == '[' {
		return p.optional(depth)
	}
	name, word, named := "", p.word(), false
	if i := strings.IndexByte(word, '='); i > 0 {
		name, word, named = word[:i], word[i+1:], true
	}
	switch {
	case named && word == "" && (p.peek() == '[' || p.peek() == '<'):
		return p.group(name, "", depth)
	case word == "":
		p.fail("unexpected %q", p.peek())
		return Arg{}
	case isLower(word[0]):
		if named {
			p.fail("argument %q named twice", word)
		}
		return p.leaf(word)
	}
	return p.tokenItem(name, word, depth)
}

// optional parses [item].
func (p *syntaxParser) optional(depth int) Arg {
	p.pos++
	args, bars := p.list(depth + 1)
	p.expect(']')
	if len(args) != 1 || bars {
		p.fail("a group of %d arguments needs a name", len(args))
		return Arg{}
	}
	if args[0].Flags.Has(Optional) {
		p.fail("optional twice")
	}
	args[0].Flags |= Optional
	return args[0]
}

// group parses the bracketed part of name=<...> and name=[...].
func (p *syntaxParser) group(name, token string, depth int) Arg {
	a := Arg{Name: name, Type: Block, Token: token, KeySpec: -1}
	closing := byte('>')
	if p.text[p.pos] == '[' {
		closing, a.Flags = ']', Optional
	}
	p.pos++
	var bars bool
	if a.Args, bars = p.list(depth + 1); bars {
		a.Type = OneOf
	}
	if len(a.Args) < 2 {
		p.fail("group %q holds less than two arguments", name)
	}
	p.expect(closing)
	if rest := p.suffixes(&a, p.word()); rest != "" {
		p.fail("unexpected %q", rest)
	}
	return a
}

// tokenItem parses what may follow a token: an argument, a group, or nothing.
func (p *syntaxParser) tokenItem(name, word string, depth int) Arg {
	token, repeated := strings.CutSuffix(word, "...")
	var a Arg
	next := p.peek()
	switch {
	case next == '<':
		a = p.group(name, token, depth)
	case isLower(next) && !p.wordHas('='):
		if a = p.leaf(p.word()); name != "" {
			p.fail("argument %q named twice", a.Name)
		}
	default:
		a = Arg{Name: name, Type: PureToken, KeySpec: -1}
		if token = p.suffixes(&a, word); name == "" {
			a.Name = strings.ToLower(token)
		}
		if token == `""` {
			a.Token = ""
			return a
		}
	}
	if a.Token = token; a.Name == "" || token == "" {
		p.fail("token %q without a name", token)
	}
	if repeated {
		a.Flags |= Multiple | MultipleToken
	}
	return a
}

// wordHas looks for c in the word ahead without taking it.
func (p *syntaxParser) wordHas(c byte) bool {
	start := p.pos
	word := p.word()
	p.pos = start
	return strings.IndexByte(word, c) >= 0
}

// leaf parses the word of an argument with a value, back to front.
func (p *syntaxParser) leaf(word string) Arg {
	a := Arg{KeySpec: -1}
	word = p.suffixes(&a, word)
	word, spec, hasSpec := strings.Cut(word, "@")
	switch colon := strings.LastIndexByte(word, ':'); {
	case colon >= 0:
		word, a.Type = word[:colon], p.leafType(word[colon+1:])
	case word == "key":
		a.Type = KeyName
	}
	a.Name, a.Display, _ = strings.Cut(word, "/")
	if a.Type == KeyName {
		a.KeySpec = 0
	}
	if hasSpec {
		n, err := strconv.Atoi(spec)
		if err != nil || n < 0 {
			p.fail("bad key spec %q", spec)
		}
		a.KeySpec = n
	}
	if a.Name == "" || strings.ToLower(a.Name) != a.Name {
		p.fail("bad argument name %q", a.Name)
	}
	return a
}

func (p *syntaxParser) leafType(name string) ArgType {
	for t, s := range argTypeNames[:PureToken] {
		if s == name {
			return ArgType(t)
		}
	}
	p.fail("unknown type %q", name)
	return String
}

// suffixes strips ..., !version and ^version from the end of a word, in this order, and notes them in a.
func (p *syntaxParser) suffixes(a *Arg, word string) string {
	word, repeated := strings.CutSuffix(word, "...")
	if repeated {
		a.Flags |= Multiple
	}
	word, a.DeprecatedSince, _ = strings.Cut(word, "!")
	word, a.Since, _ = strings.Cut(word, "^")
	return word
}

func (p *syntaxParser) expect(c byte) {
	if p.peek() != c {
		p.fail("missing %q", c)
		return
	}
	p.pos++
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
