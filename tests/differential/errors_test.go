package differential

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// failures is how many errors each group has to provoke.
const failures = 150

// state is all that a command may change: the data, and what replicas and the append-only file are told.
type state struct {
	digest          string
	offset, changes int64
}

func stateOf(t *testing.T, c *harness.Conn) state {
	t.Helper()
	replies, err := c.Pipeline([]string{"DEBUG", "DIGEST"}, []string{"INFO", "replication"}, []string{"INFO", "persistence"})
	require.NoError(t, err)
	return state{
		digest:  replies[0].Text,
		offset:  harness.ParseInfo(replies[1].Text).Int("master_repl_offset"),
		changes: harness.ParseInfo(replies[2].Text).Int("rdb_changes_since_last_save"),
	}
}

// TestErrorsChangeNothing: a command that is replied to with an error has changed no key, nor been logged. Two of three
// commands here are spoilt.
func TestErrorsChangeNothing(t *testing.T) {
	t.Parallel()
	if harness.StandIn() {
		t.Skip("Redis keeps no such promise: SORT ... STORE and others delete first")
	}
	for _, gr := range append(groups(), recordedGroups()...) {
		if slices.Contains([]string{"self-test", "connection", "timeouts"}, gr.name) {
			continue // no keys, or errors only
		}
		t.Run(gr.name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Treedis, harness.Args("--appendonly", "yes", "--appendfsync", "no"))
			provoke(t, gr, s)
			whole := s.Digest(t)
			s.Once(t, "DEBUG", "LOADAOF")
			require.Equal(t, whole, s.Digest(t))
		})
	}
}

// provoke sends commands of a group until enough of them have failed.
func provoke(t *testing.T, gr group, s *harness.Server) {
	t.Helper()
	for _, cmd := range gr.setup {
		s.Once(t, cmd...)
	}
	c, observer := play(t, s, group{}, 2), s.Dial(t)
	g := &gen{Rand: rand.New(rand.NewPCG(seed(t), 7)), own: gr.own, payloads: []string{c.OK(t, "DUMP", "str:0").Text, "", "junk"}}
	target := harness.Start(t, harness.Treedis)
	d := &duel{targets: [2]*harness.Server{target}}
	before := stateOf(t, observer)
	first := before.offset
	for failed := 0; failed < failures; {
		e := gr.entries[g.IntN(len(gr.entries))]
		cmd := parseSyntax(e.syntax).emit(g, nil)
		spoilt := !e.asIs && !g.oneIn(3)
		if spoilt {
			cmd = g.spoil(cmd)
		}
		if shortLived(cmd) || e.blocks && (spoilt || e.asIs) || len(cmd) == 1 && strings.EqualFold(cmd[0], "MONITOR") {
			continue
		}
		reply := c.Must(t, d.addressed(0, cmd)...)
		after := stateOf(t, observer)
		if reply.IsError() {
			failed++
			require.Equal(t, before, after, "%q: %s", cmd, reply.Text)
		}
		before = after
	}
	if gr.name != "clients" { // which write nothing
		require.Greater(t, before.offset, first)
	}
}
