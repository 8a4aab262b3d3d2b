package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/rdb"
)

// library is a library with one function, whose body is given.
func library(name, function, flags, body string) string {
	return "#!lua name=" + name + "\nredis.register_function{function_name='" + function + "', flags={" + flags +
		"}, callback=function(KEYS, ARGV) " + body + " end}"
}

// load adds libraries.
func (ss *session) load(sources ...string) {
	ss.t.Helper()
	for _, source := range sources {
		require.NotContains(ss.t, ss.raw("FUNCTION", "LOAD", "REPLACE", source), "-ERR")
	}
}

func TestFunctionFlags(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.load(library("w", "w", "", "return redis.call('set', KEYS[1], ARGV[1])"),
		library("r", "r", "'no-writes'", "return redis.call('get', KEYS[1])"),
		library("liar", "liar", "'no-writes'", "return redis.call('set', KEYS[1], 1)"),
		library("oom", "oom", "'allow-oom'", "return redis.call('set', KEYS[1], ARGV[1])"))
	ss.expect(
		"fcall w 1 k v", "+OK", "fcall r 1 k", "$1 v", "fcall_ro R 1 k", "$1 v", "fcall_ro oom 1 k v",
		"-ERR Can not execute a script with write flag using *_ro command.",
		"fcall liar 1 k", "-ERR Write commands are not allowed from read-only scripts. script: liar, on @user_function:2.",
		"fcall_ro liar 1 k", "-ERR Write commands are not allowed from read-only scripts. script: liar, on @user_function:2.",
		"config set maxmemory 1", "+OK",
		"fcall w 1 k v", "-OOM command not allowed when used memory > 'maxmemory'.",
		"fcall r 1 k", "$1 v", "fcall oom 1 k x", "+OK",
		"function delete r", "+OK",
		"function load x", "-OOM command not allowed when used memory > 'maxmemory'.",
		"config set maxmemory 0", "+OK",
		"get k", "$1 x", "fcall r 0", "-ERR Function not found")
}

// TestFunctionsAreNotData: what empties databases leaves the libraries, and INFO counts them.
func TestFunctionsAreNotData(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.load(library("a", "a", "", "return 1"), library("b", "b", "", "return 2"))
	ss.expect("flushall", "+OK", "flushdb", "+OK", "fcall a 0", ":1",
		"function stats", "*4 $14 running_script $-1 $7 engines *2 $3 LUA *4 $15 libraries_count :2 $15 functions_count :2")
	info := ss.do("info memory")
	require.Contains(t, info, "number_of_functions:2 number_of_libraries:2 ")
	require.Regexp(t, `used_memory_functions:[1-9]`, info)
	ss.expect("function flush async", "+OK", "function list", "*0",
		"function stats", "*4 $14 running_script $-1 $7 engines *2 $3 LUA *4 $15 libraries_count :0 $15 functions_count :0")
}

// TestFunctionRestore: it works as a whole or not at all.
func TestFunctionRestore(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	dump := func() string { return ss.raw("FUNCTION", "DUMP") }
	payload := func() string {
		_, text, _ := strings.Cut(strings.TrimSuffix(dump(), "\r\n"), "\r\n")
		return text
	}
	ss.load(library("a", "f", "", "return 'old'"), library("b", "g", "", "return 1"))
	old, before := payload(), dump()
	ss.load(library("a", "f", "", "return 'new'"))
	require.Equal(t, "-ERR Library a already exists\r\n", ss.raw("FUNCTION", "RESTORE", old))
	ss.expect("fcall f 0", "$3 new")
	require.Equal(t, "+OK\r\n", ss.raw("FUNCTION", "RESTORE", old, "replace"))
	ss.expect("fcall f 0", "$3 old")
	require.Equal(t, before, dump())

	ss.expect("function delete b", "+OK")
	ss.load(library("c", "G", "", "return 1"))
	require.Equal(t, "-ERR Function g already exists\r\n", ss.raw("FUNCTION", "RESTORE", old, "REPLACE"))
	ss.expect("fcall g 0", ":1", "function delete b", "-ERR Library not found")
	require.Equal(t, "+OK\r\n", ss.raw("FUNCTION", "RESTORE", old, "FLUSH"))
	require.Equal(t, before, dump())

	for payload, want := range map[string]string{
		"":                        "-ERR DUMP payload version or checksum are wrong",
		old[:len(old)-1] + "x":    "-ERR DUMP payload version or checksum are wrong",
		ss.dumped("set k v", "k"): "-ERR given type is not a function",
	} {
		require.Equal(t, want+"\r\n", ss.raw("FUNCTION", "RESTORE", payload, "FLUSH"), "%q", payload)
	}
	require.Equal(t, before, dump())
}

// dumped executes a command and returns what DUMP says of a key afterwards.
func (ss *session) dumped(line, key string) string {
	ss.do(line)
	_, text, _ := strings.Cut(strings.TrimSuffix(ss.raw("DUMP", key), "\r\n"), "\r\n")
	return text
}

// TestFunctionsInSnapshots: DEBUG RELOAD keeps libraries, merges them, and refuses what is there twice.
func TestFunctionsInSnapshots(t *testing.T) {
	t.Parallel()
	n := startNode(t, "enable-debug-command yes")
	c := n.dial()
	load := func(name string) {
		c.sendWords("FUNCTION", "LOAD", library(name, name, "", "return '"+name+"'"))
		c.reads(name)
	}
	load("a")
	c.expect("debug reload", "OK", "fcall a 0", "a",
		"debug reload noflush", "-ERR Error trying to load the RDB dump, check server logs.", "fcall a 0", "a",
		"debug reload noflush merge", "OK", "fcall a 0", "a")
	load("b")
	c.expect("debug reload nosave noflush merge", "OK", "fcall a 0", "a", "fcall b 0", "b",
		"save", "OK", "function flush", "OK", "debug reload nosave", "OK", "fcall b 0", "b")

	// Without libraries a snapshot is one that servers before them can load.
	n.s.lock.lock()
	with := n.s.snapshotLocked(noFilter)
	n.s.functions = n.s.newFunctions()
	without := n.s.snapshotLocked(noFilter)
	n.s.lock.unlock()
	for version, snap := range map[string]*snapshot{"REDIS0010": with, "REDIS0009": without} {
		var b bytes.Buffer
		require.NoError(t, snap.WriteRDB(t.Context(), &b))
		require.Equal(t, version, b.String()[:len(version)])
	}
}

// TestEndlessLibraryInSnapshot: whoever made a snapshot is trusted to have loaded its libraries, but the server can be ended
// all the same.
func TestEndlessLibraryInSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var b bytes.Buffer
	w := rdb.NewWriter(&b, rdb.WriterOptions{Functions: true})
	require.NoError(t, w.Header())
	require.NoError(t, w.Function([]byte("#!lua name=endless\nwhile true do end")))
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), b.Bytes(), 0o600))
	n, started := loadingNode(t, dir)
	n.dial().expect("ping", "-"+errLoading)
	n.stop()
	require.ErrorIs(t, <-started, ErrStopped)
}
