package differential

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// aclGen makes rules of ACL SETUSER, and commands to try as the user they are about.
type aclGen struct {
	*rand.Rand
	commands   []string // full names that both servers have
	categories []string
	older      bool // the peer is of a version before 7.2
}

func (g *aclGen) pick(from ...string) string { return from[g.IntN(len(from))] }

// cased changes the case of a word now and then.
func (g *aclGen) cased(word string) string {
	if g.IntN(6) == 0 {
		return strings.ToUpper(word)
	}
	return word
}

// userRule makes a rule that says something of the user as a whole.
func (g *aclGen) userRule() string {
	const hash = "b8b8eb83374c0bf3b1c3224159f6119dbfff1b7ed6dfecdd80d4e8a895790a34"
	switch g.IntN(14) {
	case 0:
		return g.cased("reset")
	case 1:
		return "clearselectors"
	case 2:
		return g.cased(g.pick("on", "off", "nopass", "resetpass"))
	case 3:
		return g.pick("skip-sanitize-payload", "sanitize-payload")
	case 4:
		return g.pick(">p1", ">p2", "<p1", "<p2", "#"+hash, "!"+hash, "#"+hash[1:], "!"+strings.ToUpper(hash))
	case 5, 6:
		rules := make([]string, g.IntN(4))
		for i := range rules {
			rules[i] = g.rule()
		}
		return g.pick("(", "( ") + strings.Join(rules, " ") + g.pick(")", " )")
	}
	return g.rule()
}

// rules makes up to four rules for one command.
func (g *aclGen) rules() (args []string) {
	for range g.IntN(5) {
		if rule := g.userRule(); g.IntN(8) == 0 {
			args = append(args, strings.Fields(rule)...) // a selector in several words
		} else {
			args = append(args, rule)
		}
	}
	return args
}

// rule makes a rule that may stand in a selector.
func (g *aclGen) rule() string {
	sign := g.pick("+", "+", "-")
	switch g.IntN(20) {
	case 0:
		return g.cased(g.pick("allkeys", "resetkeys", "allchannels", "resetchannels", "allcommands", "nocommands"))
	case 1:
		return g.pick("~*", "&*", "+@all", "-@all", "+@ALL")
	case 2, 3, 4, 5:
		return g.pick("~", "~", "%R~", "%W~", "%RW~", "%r~", "%wr~") + g.pick("a*", "b*", "*1", "[ab]?", "c", "*", "k1")
	case 6:
		return "&" + g.pick("ch*", "ch1", "news.*", "*", "ch[12]")
	case 7, 8, 9:
		return sign + "@" + g.cased(g.pick(g.categories...))
	case 10:
		return "+" + g.pick("select|0", "select|1", "debug|object", "get|a1", "set|A1", "config|nosuch", "config|get|x", "get|", "nosuch|x")
	case 11:
		return g.pick("nosuch", "+nosuch", "-@nosuch", "+", "-", "%X~a", "-select|0", "-config|nosuch", ")", "%R", "~", "&", "~a\tb")
	}
	return sign + g.cased(g.pick(g.commands...))
}

// call makes a command with arguments among which are keys, numbers of keys, and the keywords that keys follow.
func (g *aclGen) call() []string {
	call := strings.Split(g.pick(g.commands...), "|")
	for range g.IntN(7) {
		call = append(call, g.pick("a1", "a2", "b1", "b2", "c", "k1", "x", "1", "2", "0", "ch1", "ch2", "news.x", "STORE", "store", "KEYS", "GET",
			"STREAMS", "BY", "COUNT", "-1", "SET", "u8", "BLOCK", "GROUP", ""))
	}
	return call
}

// userText writes a reply to ACL GETUSER. From 7.0 it is without the rules about commands, in which 7.0 looks for categories,
// whereas 7.2 remembers what was said. What comes of them is compared by ACL DRYRUN.
func (g *aclGen) userText(r harness.Reply) string {
	var parts []string
	for i := 0; i < len(r.Elems); i++ {
		switch {
		case g.older && r.Elems[i].Text == "commands":
			i++
			continue
		case g.older && r.Elems[i].Text == "sanitize-payload": // the default, which 7.0 shows only if it was said
			continue
		}
		parts = append(parts, g.userText(r.Elems[i]))
	}
	return r.Text + "(" + strings.Join(parts, " ") + ")"
}

// TestACLRules gives a user generated rules on both servers: the same are refused, and the user may do the same afterwards.
func TestACLRules(t *testing.T) {
	t.Parallel()
	d := newDuel(t, group{name: "acl", batches: 150})
	g := &aclGen{Rand: d.gen.Rand, categories: d.theirs.Once(t, "ACL", "CAT").Texts()}
	g.older = strings.Contains(d.theirs.Once(t, "INFO", "server").Text, "redis_version:7.0")
	require.Equal(t, g.categories, d.ours.Once(t, "ACL", "CAT").Texts())
	changed := map[string]bool{}
	for name := range infoDifferences72 {
		name, _, _ = strings.Cut(name, " ")
		changed[name] = true
	}
	for _, name := range d.theirs.Once(t, "COMMAND", "LIST").Texts() {
		if d.served[name] && !changed[name] {
			g.commands = append(g.commands, name)
		}
	}
	slices.Sort(g.commands)
	for _, category := range g.categories {
		sameCategory(t, d, g.commands, category)
	}
	for _, proto := range []int{2, 3} {
		a := &aclDuel{duel: d, g: g, admin: d.dial(proto)}
		for range d.group.rounds(t) {
			a.round()
			if t.Failed() {
				return
			}
		}
		t.Logf("RESP%d: %d calls allowed, %d refused", proto, a.allowed, a.refused)
		require.Greater(t, a.allowed, 100)
		require.Greater(t, a.refused, 100)
		a.admin.close()
	}
}

// sameCategory compares the commands that both servers have of a category.
func sameCategory(t *testing.T, d *duel, both []string, category string) {
	t.Helper()
	members := func(s *harness.Server) []string {
		list := slices.DeleteFunc(s.Once(t, "ACL", "CAT", category).Texts(), func(name string) bool { return !slices.Contains(both, name) })
		slices.Sort(list)
		return list
	}
	require.Equal(t, members(d.theirs), members(d.ours), category)
}

// aclDuel changes users on both servers, and looks what they may do.
type aclDuel struct {
	*duel
	g                *aclGen
	admin            *pair
	allowed, refused int // calls
}

// both has the administrator send a command to both.
func (a *aclDuel) both(args ...string) (ours, theirs harness.Reply) {
	a.t.Helper()
	a.history = append(a.history, fmt.Sprintf("%q", args))
	return a.admin.ours.Must(a.t, args...), a.admin.theirs.Must(a.t, args...)
}

// same wants two texts to be the same.
func (a *aclDuel) same(ours, theirs string) {
	a.t.Helper()
	if ours != theirs {
		a.t.Errorf("%q, and from the real server %q\n%s", ours, theirs, strings.Join(a.history, "\n"))
	}
}

// round changes a user, compares what is said of it, and tries what it may do.
func (a *aclDuel) round() {
	a.t.Helper()
	a.history = nil
	name := a.g.pick("u", "v")
	for range 1 + a.g.IntN(4) {
		ours, theirs := a.both(append([]string{"ACL", "SETUSER", name}, a.g.rules()...)...)
		a.same(ours.Text, theirs.Text)
	}
	ours, theirs := a.both("ACL", "GETUSER", name)
	a.same(a.g.userText(ours), a.g.userText(theirs))
	user := a.dial(2)
	defer user.close()
	a.both("ACL", "LOG", "RESET")
	a.both("ACL", "SETUSER", name, "on", "nopass")
	for _, c := range user.both() {
		c.OK(a.t, "AUTH", name, "x")
	}
	for range 25 {
		a.try(user, name, a.g.call())
	}
	ours, theirs = a.both("ACL", "LOG", "100")
	require.Equal(a.t, logText(theirs), logText(ours), strings.Join(a.history, "\n"))
}

// try compares whether a user may make a call, and has the user make it if not: there it does no harm.
func (a *aclDuel) try(user *pair, name string, call []string) {
	a.t.Helper()
	ours, theirs := a.both(append([]string{"ACL", "DRYRUN", name}, call...)...)
	theirs.Text = strings.Replace(theirs.Text, "This user has", "User "+name+" has", 1) // 7.0 does not say who
	a.same(ours.Text, theirs.Text)
	a.history = a.history[:len(a.history)-1]
	switch {
	case theirs.Text == "OK":
		a.allowed++
	case !theirs.IsError():
		a.refused++
		ours, theirs := user.ours.Must(a.t, call...), user.theirs.Must(a.t, call...)
		if strings.HasPrefix(ours.Text, "NOPERM ") != strings.HasPrefix(theirs.Text, "NOPERM ") {
			a.t.Errorf("%q: %q, and from the real server %q", call, ours.Text, theirs.Text)
		}
	}
}

// logText writes what a reply to ACL LOG says of each entry, but for times and clients.
func logText(r harness.Reply) (lines []string) {
	for _, e := range r.Elems {
		line := ""
		for i := 0; i+1 < len(e.Elems); i += 2 {
			if slices.Contains([]string{"count", "reason", "context", "object", "username"}, e.Elems[i].Text) {
				line += e.Elems[i].Text + "=" + e.Elems[i+1].Text + " "
			}
		}
		lines = append(lines, line)
	}
	return lines
}
