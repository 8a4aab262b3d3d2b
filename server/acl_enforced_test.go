package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/command"
)

// callOf makes a call that meets the command's arity, and whose keys, if it has any, can be found. What it would do
// does not matter: it is never executed.
func callOf(r *row) []string {
	call := strings.Split(r.Name, "|")
	n := r.Arity
	if len(r.Subcommands()) > 0 {
		return call // a further word would name one of them
	}
	if n < 0 {
		n = -n + 2
	}
	if strings.Contains(r.Syntax, "STREAMS") {
		call = append(call, "streams")
		if r.Name == "xreadgroup" {
			call = []string{r.Name, "group", "1", "1", "streams"}
		}
	}
	for len(call) < n {
		call = append(call, "1")
	}
	if strings.HasPrefix(r.Name, "xread") && len(call)%2 == 0 {
		return append(call, "1") // an ID for each key
	}
	return call
}

func toBytes(words []string) [][]byte {
	var b [][]byte
	for _, w := range words {
		b = append(b, []byte(w))
	}
	return b
}

func (w *wire) doWords(words ...string) string {
	w.t.Helper()
	w.sendWords(words...)
	return w.read()
}

// TestRightsAreEnforced: a user who lacks the right to one command can't run it, whichever it is: neither directly, nor in a
// transaction, be the right taken away before or after it is queued, nor in a script. The same holds for keys and channels.
func TestRightsAreEnforced(t *testing.T) {
	t.Parallel()
	n := startNode(t, "enable-debug-command yes", "enable-module-command yes")
	admin, user := n.dial(), n.dial()
	grant := func(rules ...string) {
		t.Helper()
		require.Equal(t, "OK", admin.doWords(append([]string{"acl", "setuser", "u", "reset", "on", "nopass"}, rules...)...))
	}
	grant()
	require.Equal(t, "OK", user.do("auth u x"))
	checked, withKeys, withChannels := 0, 0, 0
	for r := range n.s.table.All() {
		if r.run == nil {
			continue // a container, of which there is nothing to run
		}
		call := callOf(r)
		args := toBytes(call)
		refused := "User u has no permissions to run the '" + r.Name + "' command"
		if r.Flags.Has(command.NoAuth) {
			require.True(t, slices.Contains([]string{"auth", "hello", "quit", "reset"}, r.Name), "%s may be run by anybody", r.Name)
			continue
		}
		checked++
		grant("+@all", "~*", "&*", "-"+r.Name)
		first := "-NOPERM "
		if r.isExec {
			first = "-EXECABORT Transaction discarded because of: NOPERM "
		}
		require.Equal(t, first+refused, user.doWords(call...), "%q", call)
		user.enforcedInMulti(r, call, refused, func() { grant("+@all", "~*", "&*") }, func() { grant("+@all", "~*", "&*", "-"+r.Name) })
		user.enforcedInScript(r, call, refused)

		if keys := r.AppendKeys(nil, args); len(keys) > 0 {
			withKeys++
			grant("+@all", "&*", "~other", "%RW~others*")
			require.Equal(t, "-NOPERM No permissions to access a key", user.doWords(call...), "%q", call)
		} else {
			require.False(t, r.HasKeys() && !r.Flags.Has(command.NoMandatoryKeys), "%q: no keys found", call)
		}
		if r.Channels.Flags&(command.Subscribe|command.Publish) != 0 {
			withChannels++
			grant("+@all", "~*", "&other")
			require.Equal(t, "-NOPERM No permissions to access a channel", user.doWords(call...), "%q", call)
		}
	}
	require.Greater(t, checked, 300)
	require.Greater(t, withKeys, 150)
	require.Equal(t, 5, withChannels)
	// None of them has run but those that the test itself used.
	for _, line := range strings.Split(admin.do("info commandstats"), "\r\n") {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		if ok && !slices.Contains([]string{"auth", "acl|setuser", "multi", "exec", "discard", "eval", "info"}, name) {
			require.Contains(t, rest, "calls=0,", line)
		}
	}
}

// enforcedInMulti tries a call that is refused in a transaction, and one that is refused only when EXEC comes.
func (w *wire) enforcedInMulti(r *row, call []string, refused string, give, take func()) {
	w.t.Helper()
	if r.Name == "multi" {
		return // without it there are no transactions
	}
	require.Equal(w.t, "OK", w.do("multi"))
	switch reply := w.doWords(call...); {
	case r.isExec:
		require.Equal(w.t, "-EXECABORT Transaction discarded because of: NOPERM "+refused, reply)
		return
	case r.Flags.Has(command.NoMulti):
		require.Equal(w.t, "-"+errNoMulti, reply)
	default:
		require.Equal(w.t, "-NOPERM "+refused, reply)
	}
	require.Equal(w.t, "-"+errExecAbort, w.do("exec"))
	if r.inMulti || r.Flags.Has(command.NoMulti) {
		return
	}
	give()
	require.Equal(w.t, "OK", w.do("multi"))
	require.Equal(w.t, "QUEUED", w.doWords(call...), "%q", call)
	take()
	require.Equal(w.t, "[NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "+
		"This command is no longer allowed for the following reason: no permission to execute the command or subcommand]", w.do("exec"))
}

func (w *wire) enforcedInScript(r *row, call []string, refused string) {
	w.t.Helper()
	if r.Name == "eval" {
		return // refused itself
	}
	reply := w.doWords(append([]string{"eval", "return redis.pcall(unpack(ARGV))", "0"}, call...)...)
	if r.Flags.Has(command.NoScript) {
		require.Equal(w.t, "-ERR This Redis command is not allowed from script", reply, "%q", call)
		return
	}
	require.Equal(w.t, "-ERR ACL failure in script: "+refused, reply, "%q", call)
	allowed := w.doWords(append([]string{"eval", "return tostring(redis.acl_check_cmd(unpack(ARGV)))", "0"}, call...)...)
	require.Equal(w.t, "false", allowed, "%q", call)
}
