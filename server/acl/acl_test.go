package acl

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/command"
)

// entry is a row of the table of commands that the tests have.
type entry struct{ command.Spec }

// catalog holds a few commands of every kind.
func catalog(t testing.TB) (*Catalog, map[string]*command.Spec) {
	t.Helper()
	spec := func(name string, flags command.Flags, cats command.Categories, keys ...command.KeySpec) entry {
		s := command.Spec{Name: name, Arity: -1, Flags: flags, Categories: cats, Keys: keys,
			Summary: "Do something", Since: "1.0.0", Group: "generic"}
		if len(keys) > 0 {
			s.Arity, s.Syntax = -2, "key..."
		}
		if strings.Contains(name, "|") {
			s.Arity = -2
		}
		return entry{s}
	}
	publish := spec("publish", command.PubSub, 0)
	publish.Channels = command.Channels{First: 1, Count: 1, Flags: command.Publish}
	listen := spec("psubscribe", command.PubSub, 0)
	listen.Channels = command.Channels{First: 1, Count: -1, Flags: command.Subscribe | command.Pattern}
	table, err := command.NewTable[entry]([]entry{
		spec("get", command.ReadOnly|command.Fast, command.CatString, command.Key(1, command.RO|command.Access)),
		spec("exists", command.ReadOnly|command.Fast, command.CatKeyspace, command.Key(1, command.RO)),
		spec("set", command.Write, command.CatString, command.Key(1, command.OW|command.Update)),
		spec("getset", command.Write, command.CatString, command.Key(1, command.RW|command.Access|command.Update)),
		spec("mget", command.ReadOnly, command.CatString, command.KeyRange(1, -1, 1, command.RO|command.Access)),
		spec("sadd", command.Write, command.CatSet, command.Key(1, command.RW|command.Insert)),
		spec("select", command.Fast, command.CatConnection), spec("ping", command.Fast, command.CatConnection),
		spec("auth", command.NoAuth|command.Fast, command.CatConnection),
		spec("config", 0, 0), spec("config|get", command.Admin, 0), spec("config|set", command.Admin, 0), publish, listen,
	})
	require.NoError(t, err)
	var specs []*command.Spec
	byName := map[string]*command.Spec{}
	for i := range table.Len() {
		s := table.Row(i).Meta()
		specs = append(specs, s)
		byName[s.Name] = s
	}
	return NewCatalog(specs), byName
}

func newUsers(t testing.TB) (*Users, map[string]*command.Spec) {
	c, specs := catalog(t)
	return New(c, func() bool { return false }), specs
}

// TestDescription: what rules make of a user, in the form from which it can be made again.
func TestDescription(t *testing.T) {
	t.Parallel()
	none := "off sanitize-payload resetchannels -@all"
	for _, c := range []struct{ rules, want string }{
		{"", none},
		{"on nopass", "on nopass sanitize-payload resetchannels -@all"},
		{"on off", none},
		{"ON NoPass skip-sanitize-payload", "on nopass skip-sanitize-payload resetchannels -@all"},
		{"+@all allkeys allchannels", "off sanitize-payload ~* &* +@all"},
		{"+get +@SET -SADD", "off sanitize-payload resetchannels -@all +get +@set -sadd"},
		{"+get -get +set", "off sanitize-payload resetchannels -@all -get +set"},
		{"+config|get +config", "off sanitize-payload resetchannels -@all +config"},
		{"+config +config|get -config|set +config", "off sanitize-payload resetchannels -@all +config"},
		{"+@all -config|set", "off sanitize-payload resetchannels +@all -config|set"},
		{"-@all +select|0 +select|0 +select|1", "off sanitize-payload resetchannels -@all +select|0 +select|1"},
		{"-@string +@all", "off sanitize-payload resetchannels +@all"},
		{"~a %R~b %W~c %rw~d %R~c", "off sanitize-payload ~a %R~b ~c ~d resetchannels -@all"},
		{"~a resetkeys ~b", "off sanitize-payload ~b resetchannels -@all"},
		{"&a &b* &a", "off sanitize-payload resetchannels &a &b* -@all"},
		{"allchannels resetchannels &x", "off sanitize-payload resetchannels &x -@all"},
		{"(+get ~a) ( +set ~b )", none + " (~a resetchannels -@all +get) (~b resetchannels -@all +set)"},
		{"(+get ~a) clearselectors ()", none + " (resetchannels -@all)"},
		{"on +get ~* (+@all) >x reset", none},
		{">a #" + hash("b") + " <a", "off sanitize-payload #" + hash("b") + " resetchannels -@all"},
		{"nopass >a >a", "off sanitize-payload #" + hash("a") + " resetchannels -@all"},
		{">a nopass", "off nopass sanitize-payload resetchannels -@all"},
		{">a !" + hash("a"), none},
	} {
		us, _ := newUsers(t)
		u, _, err := us.Set("u", strings.Fields(c.rules))
		require.NoError(t, err, c.rules)
		require.Equal(t, "u "+c.want, u.Describe(), c.rules)
		again, _, err := us.Set("v", strings.Fields(c.want))
		require.NoError(t, err, c.want)
		require.Equal(t, "v "+c.want, again.Describe(), c.want)
	}
}

// TestBadRules: nothing of a command with a bad rule takes effect.
func TestBadRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rules, rule string
		err         error
	}{
		{"on nothing", "nothing", ErrSyntax},
		{"+nothing", "+nothing", ErrUnknown},
		{"-@nothing", "-@nothing", ErrUnknown},
		{"+config|nothing", "+config|nothing", ErrUnknown},
		{"-config|nothing", "-config|nothing", ErrUnknown},
		{"-select|0", "-select|0", ErrUnknown},
		{"+config|get|x", "+config|get|x", ErrFirstArg},
		{"+get|a|b", "+get|a|b", ErrUnknown},
		{"+select|", "+select|", ErrSyntax},
		{"~* ~a", "~a", ErrAfterAllKeys},
		{"&* &a", "&a", ErrAfterAllChannels},
		{"%X~a", "%X~a", ErrSyntax},
		{"%~a", "%~a", ErrSyntax},
		{"%RR~a", "%RR~a", ErrSyntax},
		{"<absent", "<absent", ErrNoPassword},
		{"#abc", "#abc", ErrBadHash},
		{"#" + strings.ToUpper(hash("x")), "#" + strings.ToUpper(hash("x")), ErrBadHash},
		{"(on)", "(on)", ErrSyntax},
		{"(+get (+set ) )", "(+get (+set )", ErrSyntax},
		{"on (+get", "(+get", ErrUnmatched},
		{")", ")", ErrSyntax},
	} {
		us, _ := newUsers(t)
		u, _, err := us.Set("u", []string{"on", "+ping"})
		require.NoError(t, err)
		was := u.Describe()
		_, _, err = us.Set("u", append([]string{"nopass"}, strings.Fields(c.rules)...))
		var bad *RuleError
		require.ErrorAs(t, err, &bad, c.rules)
		require.ErrorIs(t, err, c.err, c.rules)
		require.Equal(t, c.rule, bad.Rule)
		require.Equal(t, was, u.Describe(), c.rules)
		_, _, err = us.Set("new", strings.Fields(c.rules))
		require.Error(t, err)
		require.Nil(t, us.Find([]byte("new")))
	}
	us, _ := newUsers(t)
	for _, name := range []string{"a b", "a\x00", "a\n"} {
		_, _, err := us.Set(name, nil)
		require.ErrorIs(t, err, ErrName)
	}
}

// TestCheck: what users may do, and which of several reasons is told.
func TestCheck(t *testing.T) {
	t.Parallel()
	us, specs := newUsers(t)
	for i, c := range []struct {
		rules, call string
		want        Verdict
	}{
		{"+@all ~* &*", "get a", Verdict{}},
		{"", "ping", Verdict{Command, 0}},
		{"", "auth x", Verdict{}},
		{"+ping", "ping", Verdict{}},
		{"+get", "get a", Verdict{Key, 1}},
		{"+get ~a*", "get abc", Verdict{}},
		{"+get ~a*", "get b", Verdict{Key, 1}},
		{"+mget ~a", "mget a a b", Verdict{Key, 3}},
		{"+mget ~b (+mget ~a)", "mget a b", Verdict{Key, 2}},
		{"+@all %R~a", "get a", Verdict{}},
		{"+@all %R~a", "set a", Verdict{Key, 1}},
		{"+@all %W~a", "set a", Verdict{}},
		{"+@all %W~a", "get a", Verdict{Key, 1}},
		{"+@all %R~a", "getset a", Verdict{Key, 1}},
		{"+@all %R~a %W~a", "getset a", Verdict{}},
		{"+@all %R~a*  %W~ab", "getset ab", Verdict{Key, 1}}, // one pattern has to give all that it takes
		{"+@all %W~a", "exists a", Verdict{}},
		{"+@all %W~a", "exists b", Verdict{Key, 1}},
		{"(+get ~a) (+set ~b)", "set b", Verdict{}},
		{"(+get ~a) (+set ~b)", "set a", Verdict{Key, 1}},
		{"(+get ~a) (+set ~b)", "ping", Verdict{Command, 0}},
		{"+select|0", "select 0", Verdict{}},
		{"+select|0", "select 1", Verdict{Command, 0}},
		{"+select|0 -select", "select 0", Verdict{Command, 0}},
		{"+select|Ab", "select aB", Verdict{}},
		{"+config|get", "config get", Verdict{}},
		{"+config|get", "config set", Verdict{Command, 0}},
		{"+config -config|set", "config set", Verdict{Command, 0}},
		{"+@all -@admin", "config set", Verdict{Command, 0}},
		{"+publish", "publish a m", Verdict{Channel, 1}},
		{"+publish &a*", "publish ab m", Verdict{}},
		{"+psubscribe &a*", "psubscribe a*", Verdict{}},
		{"+psubscribe &a*", "psubscribe a* ab*", Verdict{Channel, 2}},
	} {
		u, _, err := us.Set("u"+strconv.Itoa(i), strings.Fields(c.rules))
		require.NoError(t, err)
		words := strings.Fields(c.call)
		spec := specs[words[0]]
		if len(spec.Subcommands()) > 0 {
			spec = specs[words[0]+"|"+words[1]]
		}
		var args [][]byte
		for _, w := range words {
			args = append(args, []byte(w))
		}
		require.Equal(t, c.want, new(Checker).Check(u, spec, args), "%s: %s", c.rules, c.call)
	}
	require.Equal(t, Verdict{}, new(Checker).Check(nil, specs["set"], [][]byte{[]byte("set"), []byte("a")}), "the server itself")
}

// TestPasswords: who may log in, and that what is kept of a password is its hash.
func TestPasswords(t *testing.T) {
	t.Parallel()
	us, _ := newUsers(t)
	u, _, err := us.Set("u", []string{">secret", ">other"})
	require.NoError(t, err)
	require.False(t, u.Accepts([]byte("secret")), "the user is off")
	_, _, err = us.Set("u", []string{"on"})
	require.NoError(t, err)
	require.True(t, u.Accepts([]byte("secret")))
	require.True(t, u.Accepts([]byte("other")))
	require.False(t, u.Accepts([]byte("Secret")))
	require.NotContains(t, u.Describe(), "secret")
	require.True(t, us.Open())
	us.SetDefaultPassword("x")
	require.False(t, us.Open())
	require.False(t, us.Default().Accepts([]byte("y")))
	require.True(t, us.Default().Accepts([]byte("x")))
	us.SetDefaultPassword("")
	require.True(t, us.Open())
	require.True(t, us.Default().Accepts([]byte("any")))
	_, _, err = us.Set("default", []string{"off"})
	require.NoError(t, err)
	require.False(t, us.Open())
}

// TestLoad: a file is taken as a whole or not at all.
func TestLoad(t *testing.T) {
	t.Parallel()
	us, _ := newUsers(t)
	a, _, err := us.Set("a", []string{"on", "+get", "~x"})
	require.NoError(t, err)
	saved := us.File()
	require.Equal(t, "user a on sanitize-payload ~x resetchannels -@all +get\nuser default on nopass sanitize-payload ~* &* +@all\n", saved)
	for text, want := range map[string]string{
		"user a on\nbad":             "f:2 should start with user keyword followed by the username. ",
		"\n# note":                   "f:2 should start with user keyword followed by the username. ",
		"user":                       "f:1 should start with user keyword followed by the username. ",
		"user a on\nuser a off":      "WARNING: Duplicate user 'a' found on line 2. ",
		"user a +nothing ~* ~b &* x": "f:1: Error in applying operation '+nothing': Unknown command or category name in ACL. f:1: " + ErrAfterAllKeys.Error() + ". ",
		"user a (+get":               "f:1: Unmatched parenthesis in selector definition.",
		"user a\tb on":               "'f:1: username 'a\tb' contains invalid characters. ",
	} {
		gone, err := us.Load(text, "f")
		require.Nil(t, gone)
		require.EqualError(t, err, want+"WARNING: ACL errors detected, no change to the previously active ACL rules was performed", text)
		require.Equal(t, saved, us.File(), text)
	}
	def := us.Default()
	gone, err := us.Load("user default off\r\n\n  user b on  >x ( +get ~a )\nuser c (+set ~a) ", "f")
	require.NoError(t, err)
	require.Equal(t, []*User{a}, gone)
	require.Same(t, def, us.Default())
	require.False(t, us.Open())
	require.Nil(t, us.Find([]byte("a")))
	require.Equal(t, "b on sanitize-payload #"+hash("x")+" resetchannels -@all (~a resetchannels -@all +get)", us.Find([]byte("b")).Describe())
	gone, err = us.Load(saved, "f")
	require.NoError(t, err)
	require.Len(t, gone, 2)
	require.Equal(t, saved, us.File())
}

func TestLostChannels(t *testing.T) {
	t.Parallel()
	us, _ := newUsers(t)
	for _, c := range []struct {
		rules string
		lost  bool
	}{
		{"&a &b", false}, {"&c", false}, {"resetchannels &a &b", true}, {"allchannels", false}, {"resetchannels", true}, {"(&a)", false},
		{"&a clearselectors", false}, {"resetchannels (&a)", false}, {"clearselectors", true},
	} {
		_, lost, err := us.Set("u", strings.Fields(c.rules))
		require.NoError(t, err)
		require.Equal(t, c.lost, lost, c.rules)
	}
	u, _, err := us.Set("u", strings.Fields("reset &a* (&b*)"))
	require.NoError(t, err)
	require.True(t, u.MayListen([]byte("ab"), false))
	require.True(t, u.MayListen([]byte("bb"), false))
	require.False(t, u.MayListen([]byte("ab*"), true))
	require.True(t, u.MayListen([]byte("b*"), true))
}

func TestLog(t *testing.T) {
	t.Parallel()
	var l Log
	e := Entry{Reason: Key, Context: "toplevel", Object: "k", User: "u", Client: "first"}
	l.Add(e, 1000, 3)
	e.Client = "second"
	l.Add(e, 61_000, 3)
	got := l.Last(10)
	require.Equal(t, []Entry{{Count: 2, Reason: Key, Context: "toplevel", Object: "k", User: "u", Client: "second", Created: 1000, Modified: 61_000}}, got)
	l.Add(e, 121_001, 3)
	require.Len(t, l.Last(10), 2, "too long after")
	for i := range 10 {
		e.Object = strconv.Itoa(i)
		l.Add(e, 121_001, 3)
	}
	got = l.Last(2)
	require.Len(t, got, 2)
	require.Equal(t, "9", got[0].Object)
	require.EqualValues(t, 11, got[0].ID)
	require.Len(t, l.Last(10), 3)
	require.Empty(t, l.Last(-1))
	l.Add(e, 121_001, 0)
	l.Reset()
	require.Empty(t, l.Last(10))
}

// FuzzRules: no rule panics, and what it makes of a user can be written and read again.
func FuzzRules(f *testing.F) {
	for _, rule := range []string{"+@all", "(+get ~a", "%RW~x", "+select|0", ">x", "#", "(", ")", "()", "+config|get", "-@x"} {
		f.Add(rule, "~a")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		us, specs := newUsers(t)
		u, _, err := us.Set("u", []string{a, b})
		if err != nil {
			return
		}
		new(Checker).Check(u, specs["get"], [][]byte{[]byte("get"), []byte(a)})
		saved := us.File()
		if _, err := us.Load(saved, "f"); err != nil {
			t.Fatalf("%q %q: %q: %v", a, b, saved, err)
		}
		if us.File() != saved {
			t.Fatalf("%q %q: %q became %q", a, b, saved, us.File())
		}
	})
}

// BenchmarkCheck shows what a check costs: nothing where the user may do everything, and otherwise a look-up of the bit, the search for
// the keys and a match of each.
func BenchmarkCheck(b *testing.B) {
	us, specs := newUsers(b)
	some, _, err := us.Set("some", []string{"+@all", "-@admin", "~other*", "~app:*"})
	require.NoError(b, err)
	args := [][]byte{[]byte("set"), []byte("app:1"), []byte("x")}
	var k Checker
	set := specs["set"]
	for name, u := range map[string]*User{"default": us.Default(), "patterns": some} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if k.Check(u, set, args).Reason != Allowed {
					b.Fatal("refused")
				}
			}
		})
	}
}
