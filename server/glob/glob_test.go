package glob

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", false}, {"*", "a", true}, {"**", "abc", true},
		{"a*", "a", true}, {"a**", "a", true}, {"a*?", "a", false}, {"*a", "a", true}, {"*a", "ba", true},
		{"h?llo", "hello", true}, {"h?llo", "hllo", false}, {"?", "", false},
		{"h*llo", "heeeello", true}, {"a*b*c", "a1b2b3c", true}, {"a*b*c", "a1b2b3", false},
		{"h[ae]llo", "hallo", true}, {"h[ae]llo", "hillo", false}, {"h[^e]llo", "hallo", true},
		{"h[^e]llo", "hello", false}, {"h[a-b]llo", "hbllo", true}, {"h[b-a]llo", "hallo", true},
		{"[a-c", "b", true}, {"[a-c", "d", false}, {"[", "a", false}, {"[^", "a", true}, {"[]", "a", false},
		{"[]a", "a", false}, {"[a-]", "]", true}, {"[a-]", "b", false}, {"[a-]", "^", true},
		{`[\]]`, "]", true}, {`[\]`, "]", true}, {`[\`, `\`, true}, {`\*`, "*", true}, {`\*`, "a", false},
		{`a\`, `a\`, true}, {`\\a`, `\a`, true}, {`\[a`, "[a", true}, {"a]", "a]", true},
		{"[a-\xff]", "b", false}, {"[\x80-\xff]", "\x90", true}, {"[\xff-a]", "A", true},
		{"A", "a", false}, {"[A-C]", "b", false}, {"*x", strings.Repeat("x", 1000) + "y", false},
	} {
		require.Equal(t, c.want, Match([]byte(c.pattern), []byte(c.s)), "%q %q", c.pattern, c.s)
	}
}

func TestMatchFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"MaxMemory*", "maxmemory-policy", true}, {"[A-C]x", "Bx", true}, {"[A-C]X", "bx", true}, {"[a]", "A", true},
		{`[\a]`, "A", false}, {`\a`, "A", true}, {"a", "b", false},
	} {
		require.Equal(t, c.want, MatchFold([]byte(c.pattern), []byte(c.s)), "%q %q", c.pattern, c.s)
	}
}

// TestHostilePattern would take ages if every star were tried with every text.
func TestHostilePattern(t *testing.T) {
	t.Parallel()
	require.False(t, Match([]byte(strings.Repeat("a*", 1000)+"b"), []byte(strings.Repeat("a", 5000))))
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, prefix string
		exact           bool
	}{
		{"", "", true}, {"user:42", "user:42", true}, {"user:*", "user:", false}, {"*", "", false},
		{"a?c", "a", false}, {"a[bc]", "a", false}, {`ab\*`, "ab", false},
	} {
		prefix, exact := Prefix([]byte(c.pattern))
		require.Equal(t, c.prefix, string(prefix), c.pattern)
		require.Equal(t, c.exact, exact, c.pattern)
	}
	require.True(t, All([]byte("*")))
	require.False(t, All([]byte("**")))
}

// FuzzMatch checks that literal prefixes hold for whatever matches, and that nothing panics.
func FuzzMatch(f *testing.F) {
	f.Add([]byte("a*[b-c]\\?"), []byte("axxb?"))
	f.Fuzz(func(t *testing.T, pattern, s []byte) {
		if !Match(pattern, s) {
			return
		}
		require.True(t, MatchFold(pattern, s) || strings.ContainsAny(string(pattern), "[\\"))
		prefix, exact := Prefix(pattern)
		require.True(t, strings.HasPrefix(string(s), string(prefix)))
		require.True(t, !exact || len(s) == len(prefix))
	})
}
