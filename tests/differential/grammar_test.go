package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A node is a parsed piece of a command's syntax; emit appends the arguments of one random instance.
//
// The notation is that of command documentation, with four additions:
//
//	WORD        itself                       name      a value from the generator of that name (generators_test.go)
//	a b         one after the other          (a|b)     one of them
//	[a|b]       one of them or nothing       {a b}     all of them, in any order
//	x+          one to four times            x*        none to four times
type node interface {
	emit(g *gen, dst []string) []string
}

type (
	word     string
	value    string
	sequence []node
	choice   []node
	optional struct{ node }
	shuffled []node
	repeated struct {
		node
		min int
	}
)

func (w word) emit(_ *gen, dst []string) []string { return append(dst, string(w)) }

func (v value) emit(g *gen, dst []string) []string { return append(dst, generator(string(v))(g)...) }

func (s sequence) emit(g *gen, dst []string) []string {
	for _, n := range s {
		dst = n.emit(g, dst)
	}
	return dst
}

func (c choice) emit(g *gen, dst []string) []string { return c[g.IntN(len(c))].emit(g, dst) }

func (o optional) emit(g *gen, dst []string) []string {
	if g.IntN(5) < 2 {
		return o.node.emit(g, dst)
	}
	return dst
}

func (s shuffled) emit(g *gen, dst []string) []string {
	for _, i := range g.Perm(len(s)) {
		dst = s[i].emit(g, dst)
	}
	return dst
}

func (r repeated) emit(g *gen, dst []string) []string {
	for range r.min + g.IntN(4) {
		dst = r.node.emit(g, dst)
	}
	return dst
}

// generator returns the generator of that name, or nil.
func generator(name string) func(*gen) []string {
	for _, pool := range []map[string]func(*gen) []string{generators, streamGenerators(), specialGenerators(), blockingGenerators(),
		migrateGenerators(), recordedGenerators()} {
		if f := pool[name]; f != nil {
			return f
		}
	}
	return nil
}

// syntaxParser is a recursive-descent parser over the tokens of one syntax line.
type syntaxParser struct {
	tokens []string
	at     int
}

// parseSyntax panics on a malformed line: the tables are part of the program.
func parseSyntax(line string) sequence {
	for _, sep := range "()[]{}|+*" {
		line = strings.ReplaceAll(line, string(sep), " "+string(sep)+" ")
	}
	p := &syntaxParser{tokens: strings.Fields(line)}
	seq := p.sequence()
	if p.at != len(p.tokens) {
		panic(fmt.Sprintf("syntax %q: unexpected %q", line, p.tokens[p.at]))
	}
	return seq
}

func (p *syntaxParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *syntaxParser) sequence() sequence {
	var seq sequence
	for {
		tok := p.peek()
		if tok == "" || strings.Contains(")]}|", tok) {
			return seq
		}
		p.at++
		seq = append(seq, p.suffixed(p.item(tok)))
	}
}

func (p *syntaxParser) item(tok string) node {
	switch tok {
	case "(":
		return p.choice(")")
	case "[":
		return optional{p.choice("]")}
	case "{":
		seq := p.sequence()
		p.expect("}")
		return shuffled(seq)
	}
	if generator(tok) != nil {
		return value(tok)
	}
	if tok != strings.ToUpper(tok) || tok == "" {
		panic(fmt.Sprintf("syntax: no generator named %q", tok))
	}
	return word(tok)
}

func (p *syntaxParser) choice(end string) node {
	c := choice{p.sequence()}
	for p.peek() == "|" {
		p.at++
		c = append(c, p.sequence())
	}
	p.expect(end)
	return c
}

func (p *syntaxParser) expect(tok string) {
	if p.peek() != tok {
		panic(fmt.Sprintf("syntax %v: %q expected at %d", p.tokens, tok, p.at))
	}
	p.at++
}

func (p *syntaxParser) suffixed(n node) node {
	switch p.peek() {
	case "+":
		p.at++
		return repeated{n, 1}
	case "*":
		p.at++
		return repeated{n, 0}
	}
	return n
}

// spoil makes a command wrong in one place, or writes one of its words in another case, which is not wrong.
func (g *gen) spoil(args []string) []string {
	if len(args) == 1 {
		return append(args, g.pick(junk))
	}
	i, j := 1+g.IntN(len(args)-1), 1+g.IntN(len(args)-1)
	switch g.IntN(7) {
	case 0:
		return append(args[:i], args[i+1:]...)
	case 1:
		return append(args, args[i])
	case 2:
		return append(args, g.pick(junk))
	case 3:
		args[i] = g.pick(junk)
	case 4:
		args[i], args[j] = args[j], args[i]
	case 5:
		return args[:i]
	default:
		args[0] = strings.ToLower(args[0])
		args[i] = strings.ToLower(args[i])
	}
	return args
}

func TestSyntaxNotation(t *testing.T) {
	t.Parallel()
	g := &gen{Rand: rand.New(rand.NewPCG(1, 2)), own: "str"}
	seen := make(map[string]bool)
	for range 2000 {
		args := parseSyntax("CMD (A|B C) [D] {E [F]} G+").emit(g, nil)
		require.Equal(t, "CMD", args[0])
		seen[strings.Join(args, " ")] = true
	}
	for _, want := range []string{"CMD A E G", "CMD B C D E F G", "CMD A F E G G G G"} {
		require.True(t, seen[want], want)
	}
	require.NotContains(t, seen, "CMD A E")
	for _, bad := range []string{"A (B", "A ]", "A nosuchgenerator", "A {B"} {
		require.Panics(t, func() { parseSyntax(bad) }, bad)
	}
}
