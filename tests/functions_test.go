package tests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// library is a library of the given name, with a function of that name, which returns a text.
func library(name, returns string) string {
	return "#!lua name=" + name + "\nredis.register_function{function_name='" + name +
		"', flags={'no-writes'}, callback=function() return '" + returns + "' end}"
}

// functions returns what a server says of its libraries.
func functions(t *testing.T, s *harness.Server) string {
	t.Helper()
	return string(s.Once(t, "FUNCTION", "LIST", "WITHCODE").Raw)
}

// TestFunctionsAreReplicated: in a full synchronisation, and command by command.
func TestFunctionsAreReplicated(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := linked(t, p)
		m := master.Dial(t)
		m.OK(t, "FUNCTION", "LOAD", library("before", "1"))
		replica.Once(t, "FUNCTION", "LOAD", library("lost", "1"))
		replica.ReplicaOf(t, link.Port())
		replica.WaitLinkUp(t)
		same := func() {
			t.Helper()
			replica.WaitCaughtUp(t, master)
			require.Equal(t, functions(t, master), functions(t, replica))
		}
		same()
		r := replica.Dial(t)
		require.Equal(t, "1", r.OK(t, "FCALL", "before", "0").Text)
		require.True(t, r.Must(t, "FUNCTION", "LOAD", library("own", "1")).IsError())
		require.True(t, r.Must(t, "FUNCTION", "DELETE", "before").IsError())

		m.OK(t, "FUNCTION", "LOAD", "REPLACE", library("before", "2"))
		same()
		require.Equal(t, "2", r.OK(t, "FCALL", "before", "0").Text)
		dump := m.OK(t, "FUNCTION", "DUMP").Text
		m.OK(t, "FUNCTION", "DELETE", "before")
		same()
		m.OK(t, "FUNCTION", "RESTORE", dump, "APPEND")
		same()
		require.Equal(t, "2", r.OK(t, "FCALL_RO", "before", "0").Text)

		// What a function does is replicated, not that it was called.
		m.OK(t, "FUNCTION", "LOAD", "#!lua name=push\nredis.register_function('push', function(keys, args) "+
			"redis.call('rpush', keys[1], redis.call('incr', 'n'), args[1]) return redis.call('llen', keys[1]) end)")
		for range 10 {
			m.OK(t, "FCALL", "push", "1", "list", "x")
		}
		requireSame(t, master, replica)
		require.EqualValues(t, 20, r.OK(t, "LLEN", "list").Int())
		m.OK(t, "FUNCTION", "FLUSH")
		same()
	})
}

// TestFunctionsSurviveRestart: they are in the snapshot, which either server may load.
func TestFunctionsSurviveRestart(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	for _, p := range []struct{ from, to harness.Kind }{
		{harness.Treedis, harness.Treedis}, {harness.Treedis, harness.Redis}, {harness.Redis, harness.Treedis},
	} {
		t.Run(p.from.String()+" to "+p.to.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			from := harness.Start(t, p.from, harness.Dir(dir))
			for _, name := range []string{"a", "b"} {
				from.Once(t, "FUNCTION", "LOAD", library(name, name))
			}
			from.Once(t, "FLUSHALL")
			from.Once(t, "SAVE")
			from.Stop(t)
			to := harness.Start(t, p.to, harness.Dir(dir))
			require.Equal(t, "b", to.Once(t, "FCALL", "b", "0").Text)
			require.EqualValues(t, 2, to.Info(t).Int("number_of_libraries"))
		})
	}
}

// TestFunctionDumpsAreExchangeable: each server restores what the other dumped.
func TestFunctionDumpsAreExchangeable(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	ours, theirs := harness.Start(t, harness.Treedis), harness.Start(t, harness.Redis)
	for _, p := range []struct{ from, to *harness.Server }{{ours, theirs}, {theirs, ours}} {
		for _, name := range []string{"a", "b"} {
			p.from.Once(t, "FUNCTION", "LOAD", library(name, name))
		}
		p.to.Once(t, "FUNCTION", "RESTORE", p.from.Once(t, "FUNCTION", "DUMP").Text, "FLUSH")
		require.Equal(t, "b", p.to.Once(t, "FCALL", "B", "0").Text)
		require.EqualValues(t, 2, p.to.Info(t).Int("number_of_functions"))
		p.from.Once(t, "FUNCTION", "FLUSH")
		p.to.Once(t, "FUNCTION", "RESTORE", p.from.Once(t, "FUNCTION", "DUMP").Text, "FLUSH")
		require.Equal(t, "*0\r\n", functions(t, p.to))
	}
}

// TestFunctionsInAppendOnlyFile: command by command, and in a base of either form.
func TestFunctionsInAppendOnlyFile(t *testing.T) {
	t.Parallel()
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble "+preamble, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Treedis, harness.Args("--appendonly", "yes", "--aof-use-rdb-preamble", preamble))
			for _, name := range []string{"a", "b", "c"} {
				s.Once(t, "FUNCTION", "LOAD", library(name, name))
			}
			s.Once(t, "FUNCTION", "DELETE", "a")
			s.RewriteAOF(t)
			s.Once(t, "FUNCTION", "LOAD", library("d", "d"))
			s.Once(t, "FUNCTION", "LOAD", "REPLACE", library("b", "new"))
			want := functions(t, s)
			s.Stop(t)
			s.Restart(t)
			require.Equal(t, want, functions(t, s))
			require.Equal(t, "new", s.Once(t, "FCALL", "b", "0").Text)
		})
	}
}
