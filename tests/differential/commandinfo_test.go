package differential

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// infoDifferences72 is what Redis 7.2 says in the places of COMMAND INFO where 7.0 says otherwise: those fields must be this.
var infoDifferences72 = map[string]string{
	"command|getkeys arity":         "-3",
	"command|getkeysandflags arity": "-3",
	"zrank arity":                   "-3",
	"zrevrank arity":                "-3",
	// Blocking commands became allowed in scripts, where they do not block.
	"blmove flags":     "(blocking denyoom write)",
	"blpop flags":      "(blocking write)",
	"brpop flags":      "(blocking write)",
	"brpoplpush flags": "(blocking denyoom write)",
	"bzpopmax flags":   "(blocking fast write)",
	"bzpopmin flags":   "(blocking fast write)",
	"wait flags":       "",
	// Cluster clients may ask for the topology while data is loaded.
	"cluster|shards flags": "(loading stale)",
	"cluster|slots flags":  "(loading stale)",
	// What a cluster client has to do with requests and replies.
	"acl|deluser hints":      "(request_policy:all_nodes response_policy:all_succeeded)",
	"acl|save hints":         "(request_policy:all_nodes response_policy:all_succeeded)",
	"acl|setuser hints":      "(request_policy:all_nodes response_policy:all_succeeded)",
	"client|setname hints":   "(request_policy:all_nodes response_policy:all_succeeded)",
	"config|resetstat hints": "(request_policy:all_nodes response_policy:all_succeeded)",
	"config|rewrite hints":   "(request_policy:all_nodes response_policy:all_succeeded)",
	"latency|reset hints":    "(request_policy:all_nodes response_policy:agg_sum)",
	"msetnx hints":           "",
	"randomkey hints":        "(request_policy:all_shards response_policy:special nondeterministic_output)",
	"scan hints":             "(nondeterministic_output request_policy:special response_policy:special)",
}

// TestCommandInfo compares the rows of COMMAND INFO that both servers have: name, arity, flags, key positions, categories,
// hints and key specifications. Flags and categories are sets; hints and notes are texts, of which only the hints' are facts.
func TestCommandInfo(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	ours, theirs := infoRows(t, harness.Treedis), infoRows(t, harness.Redis)
	for name, mine := range ours {
		peer, ok := theirs[name]
		if !ok {
			continue
		}
		for i, field := range []string{"name", "arity", "flags", "first key", "last key", "key step", "categories", "hints", "key specifications"} {
			a, b := factsOf(mine.Elems[i]), factsOf(peer.Elems[i])
			if newer, changed := infoDifferences72[name+" "+field]; changed && !harness.StandIn() {
				b = newer
			}
			if a != b {
				t.Errorf("%s: %s differ:\nours:   %s\ntheirs: %s", name, field, a, b)
			}
		}
	}
}

func infoRows(t *testing.T, kind harness.Kind) map[string]harness.Reply {
	t.Helper()
	rows := make(map[string]harness.Reply)
	var add func(harness.Reply)
	add = func(list harness.Reply) {
		for _, row := range list.Elems {
			require.Len(t, row.Elems, 10, "a row of COMMAND INFO")
			rows[row.Elems[0].Text] = row
			add(row.Elems[9])
		}
	}
	add(harness.Start(t, kind).Once(t, "COMMAND"))
	return rows
}

// factsOf writes a field so that equal facts give equal text: arrays of words sorted, notes left out.
func factsOf(r harness.Reply) string {
	if len(r.Elems) == 0 {
		return r.Text
	}
	var parts []string
	words := true
	for i := 0; i < len(r.Elems); i++ {
		if r.Elems[i].Text == "notes" && r.Elems[i].Kind == '$' {
			i++ // prose
			continue
		}
		words = words && r.Elems[i].Kind == '+'
		parts = append(parts, factsOf(r.Elems[i]))
	}
	if words {
		slices.Sort(parts)
	}
	return "(" + strings.Join(parts, " ") + ")"
}

// TestWrongArity sends every command that both servers have with one argument too few, and one too many where there is a
// limit. Nothing is executed, so no command is too dangerous for it.
func TestWrongArity(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	ours, theirs := harness.Start(t, harness.Treedis), harness.Start(t, harness.Redis)
	rows := infoRows(t, harness.Redis)
	served := commandList(t, ours)
	for _, proto := range []int{2, 3} {
		a, b := ours.DialProto(t, proto), theirs.DialProto(t, proto)
		for name, row := range rows {
			if _, changed := infoDifferences72[name+" arity"]; changed || !served[name] {
				continue
			}
			words := strings.Split(name, "|")
			arity := int(row.Elems[1].Int())
			lengths := []int{max(arity, -arity) - 1}
			if arity > 0 {
				lengths = append(lengths, arity+1)
			}
			for _, n := range lengths {
				if n < len(words) {
					continue
				}
				args := slices.Clone(words)
				for len(args) < n {
					args = append(args, "x")
				}
				mine, peer := a.Must(t, args...), b.Must(t, args...)
				require.True(t, peer.IsError(), "%q", args)
				if !bytes.Equal(mine.Raw, peer.Raw) {
					t.Errorf("%q: %q, and from the real server %q", args, mine.Raw, peer.Raw)
				}
			}
		}
	}
}
