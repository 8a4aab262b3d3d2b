package server

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script runs a script.
func (w *wire) script(source string, args ...string) string {
	w.t.Helper()
	w.sendWords(append([]string{"eval", source}, args...)...)
	return w.read()
}

// TestGreedyScripts: scripts that allocate without end are ended with an error, whatever they allocate, pcall or not, and the server
// goes on.
func TestGreedyScripts(t *testing.T) { // not in parallel: it looks at the memory of the process
	n := newNode(t)
	n.s.opts.ScriptMemory = 96 << 20
	require.NoError(t, n.s.Start())
	straight := "local s = string.rep('x', 1000000) local a = {} " // no loop, so that only what makes strings asks
	for i := range 100 {
		name := "a.v" + strings.Repeat("x", i)
		straight += name + " = s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s "
	}
	c := n.dial()
	for name, source := range map[string]string{
		"strings":  "local t = {} while true do t[#t + 1] = string.rep('x', 100000) .. #t end",
		"tables":   "local t = {} while true do t = {t, {}} end",
		"sparse":   "local t = {} while true do t[#t + 1] = {} t[#t][4000000] = 1 end",
		"hashes":   "local t = {} local i = 0 while true do i = i + 1 t['k' .. i] = {} end",
		"far":      "local t = {} local i = 60000000 while true do i = i + 1 t[i] = {} end",
		"closures": "local t = {} while true do t[#t + 1] = function() return t end end",
		"pcall":    "local t = {} while true do pcall(function() while true do t[#t + 1] = string.rep('y', 10000) .. #t end end) end",
		"straight": straight,
		"replies":  "local t = {} while true do t[#t + 1] = redis.call('lrange', KEYS[1], 0, -1) end",
	} {
		if name == "replies" {
			words := []string{"rpush", "list"}
			for range 1000 {
				words = append(words, strings.Repeat("e", 1000))
			}
			c.sendWords(words...)
			c.read()
		}
		runtime.GC()
		require.Contains(t, c.script(source, "1", "list"), "not enough memory", name)
		require.Equal(t, "PONG", c.do("ping"), name)
	}
	require.Equal(t, "1", c.script("return 1", "0"))
}

// endless is a script that runs until it is killed; write makes it write first.
const (
	endless = "while true do end"
	writing = "redis.call('set', KEYS[1], 'v') while true do end"
)

// busy waits until others are told that a script runs.
func (w *wire) busy() {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return strings.HasPrefix(w.do("ping"), "-BUSY ") }, patience, patience/1000)
}

func TestBusyScripts(t *testing.T) {
	t.Parallel()
	n := startNode(t, "busy-reply-threshold 20")
	runs, other := n.dial(), n.dial()
	require.Equal(t, "-"+errNotBusy, other.do("script kill"))
	for _, source := range []string{endless, "while true do pcall(redis.call, 'nosuch') end",
		"local function f() while true do end end while true do pcall(f) end", "while true do redis.call('get', KEYS[1]) end"} {
		runs.sendWords("eval", source, "1", "k")
		other.busy()
		require.Equal(t, "-"+errBusyEval, other.do("get k"), source)
		require.Equal(t, "-"+errBusyEval, other.do("function kill"), source)
		require.Equal(t, "OK", other.do("script kill"), source)
		require.Regexp(t, "^-ERR Script killed by user with SCRIPT KILL... script: ", runs.read(), source)
		require.Equal(t, "PONG", other.do("ping"), source)
		require.Equal(t, "PONG", runs.do("ping"), source)
	}
}

// TestBusyPipeline: what is sent behind a busy script waits for it, on its own connection; others may still begin transactions.
func TestBusyPipeline(t *testing.T) {
	t.Parallel()
	n := startNode(t, "busy-reply-threshold 20")
	runs, other, third := n.dial(), n.dial(), n.dial()
	third.do("multi")
	runs.sendWords("eval", endless, "0")
	runs.send("set k v")
	other.busy()
	require.Equal(t, "-"+errBusyEval, third.do("set x 1"))
	require.Regexp(t, "^-EXECABORT", third.do("exec"))
	require.Equal(t, "OK", other.do("script kill"))
	require.Contains(t, runs.read(), "Script killed by user")
	require.Equal(t, "OK", runs.read())
	require.Equal(t, "v", other.do("get k"))
}

func TestBusyWriter(t *testing.T) {
	t.Parallel()
	n := startNode(t, "busy-reply-threshold 20")
	runs, other := n.dial(), n.dial()
	runs.sendWords("eval", writing, "1", "k")
	other.busy()
	require.Regexp(t, "^-UNKILLABLE ", other.do("script kill"))
	require.Equal(t, "-"+errBusyEval, other.do("shutdown"), "without NOSAVE")
	other.send("shutdown nosave")
	require.Eventually(t, func() bool {
		select {
		case <-n.s.Done():
			return true
		default:
			return false
		}
	}, patience, patience/1000, "the server ends")
}

func TestBusyFunction(t *testing.T) {
	t.Parallel()
	n := startNode(t, "busy-reply-threshold 20")
	runs, other := n.dial(), n.dial()
	runs.sendWords("function", "load", "#!lua name=l\nredis.register_function('f', function() while true do end end)")
	require.Equal(t, "l", runs.read())
	runs.send("fcall f 0")
	other.busy()
	require.Equal(t, "-"+errBusyFunction, other.do("script kill"))
	require.Contains(t, other.do("function stats"), "f")
	require.Equal(t, "OK", other.do("function kill"))
	require.Contains(t, runs.read(), "Script killed by user with SCRIPT KILL...")
}
