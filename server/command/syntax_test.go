package command

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseSyntax(t *testing.T) {
	t.Parallel()
	token := func(s, name string) Arg { return Arg{Name: name, Type: PureToken, Token: s, KeySpec: -1} }
	leaf := func(name string, typ ArgType) Arg { return Arg{Name: name, Type: typ, KeySpec: -1} }
	for text, want := range map[string][]Arg{
		"":          nil,
		"   ":       nil,
		"key":       {{Name: "key", Type: KeyName}},
		"key@2":     {{Name: "key", Type: KeyName, KeySpec: 2}},
		"value":     {leaf("value", String)},
		"by:string": {leaf("by", String)},
		"n:integer d:double t:unix-time p:pattern": {
			leaf("n", Integer), leaf("d", Double), leaf("t", UnixTime), leaf("p", GlobPattern)},
		"dst:key@1": {{Name: "dst", Type: KeyName, KeySpec: 1}},
		"[dst:key]": {{Name: "dst", Type: KeyName, Flags: Optional}},
		"key...":    {{Name: "key", Type: KeyName, Flags: Multiple}},
		"[count:integer^6.2.0!7.0.0...]": {{Name: "count", Type: Integer, KeySpec: -1, Since: "6.2.0",
			DeprecatedSince: "7.0.0", Flags: Optional | Multiple}},
		"NX":                 {token("NX", "nx")},
		"change=CH^3.0":      {{Name: "change", Type: PureToken, Token: "CH", KeySpec: -1, Since: "3.0"}},
		"equal==":            {token("=", "equal")},
		`empty-string=""`:    {token("", "empty-string")},
		"NO ONE":             {token("NO", "no"), token("ONE", "one")},
		"[FULL] id":          {{Name: "full", Type: PureToken, Token: "FULL", KeySpec: -1, Flags: Optional}, leaf("id", String)},
		"EX seconds:integer": {{Name: "seconds", Type: Integer, Token: "EX", KeySpec: -1}},
		"[GET... get-pattern/pattern:pattern@1]": {{Name: "get-pattern", Display: "pattern", Type: GlobPattern, Token: "GET",
			KeySpec: 1, Flags: Optional | Multiple | MultipleToken}},
		"FULL limit=<a b>": {token("FULL", "full"), {Name: "limit", Type: Block, KeySpec: -1,
			Args: []Arg{leaf("a", String), leaf("b", String)}}},
		"[limit=LIMIT <a b>^1.0]": {{Name: "limit", Type: Block, Token: "LIMIT", KeySpec: -1, Since: "1.0", Flags: Optional,
			Args: []Arg{leaf("a", String), leaf("b", String)}}},
		"data=<score:double member>...": {{Name: "data", Type: Block, KeySpec: -1, Flags: Multiple,
			Args: []Arg{leaf("score", Double), leaf("member", String)}}},
		"configs=CONFIG... <name value>": {{Name: "configs", Type: Block, Token: "CONFIG", KeySpec: -1,
			Flags: Multiple | MultipleToken, Args: []Arg{leaf("name", String), leaf("value", String)}}},
		"condition=[NX | XX]^2.6.12 x=<a | b=<c [d]>>": {
			{Name: "condition", Type: OneOf, KeySpec: -1, Since: "2.6.12", Flags: Optional,
				Args: []Arg{token("NX", "nx"), token("XX", "xx")}},
			{Name: "x", Type: OneOf, KeySpec: -1, Args: []Arg{leaf("a", String),
				{Name: "b", Type: Block, KeySpec: -1, Args: []Arg{leaf("c", String),
					{Name: "d", KeySpec: -1, Flags: Optional}}}}}},
	} {
		got, err := ParseSyntax(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"[", "]", "<a b>", "x=<a b", "x=[a b>", "[a b]", "[a | b]", "a | b", "x=<a>", "x=<>", "x=<a | >", "x=<| a>", "x=<a b | c>",
		"x=<a | b c>", "a:nothing", "a@x", "a@-1", "aB", "n=a", "n=TOKEN a", "x=", "[[a]]", "[]", "x=<a b>y", "T... ...",
		"TOKEN <a b>", "a=<a=<a=<a=<a=<a=<a=<a=<a=<a=<a b>>>>>>>>>>",
	} {
		args, err := ParseSyntax(text)
		require.ErrorIs(t, err, ErrSyntax, "%q parsed as %v", text, args)
	}
}

func FuzzParseSyntax(f *testing.F) {
	f.Add("key value condition=[NX | XX]^2.6.12 [GET... get-pattern/pattern:pattern@1] configs=CONFIG... <name value>")
	f.Fuzz(func(t *testing.T, text string) {
		args, err := ParseSyntax(text)
		if err != nil {
			require.ErrorIs(t, err, ErrSyntax)
			return
		}
		fewest, most := wordsOf(args)
		require.LessOrEqual(t, fewest, most)
	})
}
