package server

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// scan runs one step, and returns the next cursor and the keys.
func (ss *session) scan(cursor string, options ...string) (next string, keys []string) {
	reply := strings.Split(ss.raw(append([]string{"scan", cursor}, options...)...), "\r\n")
	require.Equal(ss.t, "*2", reply[0], reply)
	for i := 5; i < len(reply); i += 2 {
		keys = append(keys, reply[i])
	}
	return reply[2], keys
}

// scanAll iterates to the end, and returns every key returned and the number of steps. between runs after
// each step.
func (ss *session) scanAll(between func(cursor string), options ...string) (keys []string, steps int) {
	for cursor := "0"; ; {
		next, some := ss.scan(cursor, options...)
		keys, steps = append(keys, some...), steps+1
		if next == "0" {
			slices.Sort(keys)
			return keys, steps
		}
		if cursor = next; between != nil {
			between(cursor)
		}
	}
}

// fill sets prefix1 to prefixN, and returns the names in order.
func (ss *session) fill(prefix string, n int) (keys []string) {
	for i := range n {
		k := prefix + strconv.Itoa(i)
		ss.raw("set", k, "1")
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func TestKeys(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	user := ss.fill("user:", 20)
	ss.fill("other:", 20)
	ss.raw("set", "", "1")
	keys := func(pattern string) []string {
		reply := strings.Split(ss.raw("keys", pattern), "\r\n")
		var all []string
		for i := 2; i < len(reply); i += 2 {
			all = append(all, reply[i])
		}
		require.Equal(t, "*"+strconv.Itoa(len(all)), reply[0])
		slices.Sort(all)
		return all
	}
	require.Len(t, keys("*"), 41)
	require.Equal(t, user, keys("user:*"))
	require.Len(t, keys("user:1?"), 10)
	require.Len(t, keys("*:1[0-4]"), 10)
	require.Equal(t, []string{"user:3"}, keys("user:3"))
	require.Equal(t, []string{""}, keys(""))
	require.Empty(t, keys("none"))
	ss.do("pexpire user:3 1")
	ss.advance(time.Millisecond)
	require.Len(t, keys("*"), 40)
	require.Empty(t, keys("user:3"))
	require.NotContains(t, keys("user:*"), "user:3")
	require.Equal(t, ":41", ss.do("dbsize"), "KEYS deletes nothing")
}

func TestScan(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	all := ss.fill("key:", 1000)
	for _, count := range []string{"1", "10", "5000"} {
		keys, _ := ss.scanAll(nil, "count", count)
		require.Equal(t, all, slices.Compact(keys))
	}
	keys, _ := ss.scanAll(nil, "type", "STRING")
	require.Equal(t, all, slices.Compact(keys))
	keys, _ = ss.scanAll(nil, "type", "hash")
	require.Empty(t, keys)
	keys, _ = ss.scanAll(nil, "type", "nonsense")
	require.Empty(t, keys)
	keys, _ = ss.scanAll(nil, "match", "*:77?")
	require.Len(t, keys, 10)
	ss.expect("scan x", "-ERR invalid cursor", "scan 0 foo", "-ERR syntax error", "scan 0 count 0", "-ERR syntax error")

	for i := range 1000 {
		if i%2 == 0 {
			ss.do(fmt.Sprintf("pexpire key:%d 1", i))
		}
	}
	ss.advance(time.Millisecond)
	keys, _ = ss.scanAll(nil)
	require.Len(t, slices.Compact(keys), 500)
	require.Equal(t, ":500", ss.do("dbsize"), "expired keys that SCAN meets are deleted")
}

func TestScanWithPrefix(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.fill("other:", 3000)
	few := ss.fill("few:", 100)
	many := ss.fill("many:", 1000)

	keys, steps := ss.scanAll(nil, "match", "few:*", "count", "1")
	require.Equal(t, few, keys)
	require.Equal(t, 1, steps, "what few keys have the prefix is one step")
	keys, steps = ss.scanAll(nil, "match", "many:*", "count", "50")
	require.Equal(t, many, keys, "each once")
	require.Equal(t, 1+(1000-scanWhole+49)/50, steps)
	keys, _ = ss.scanAll(nil, "match", "many:1?1", "type", "string")
	require.Len(t, keys, 10)
	keys, steps = ss.scanAll(nil, "match", "many:7")
	require.Equal(t, []string{"many:7"}, keys)
	require.Equal(t, 1, steps)
	keys, _ = ss.scanAll(nil, "match", "nothing*")
	require.Empty(t, keys)
	require.Zero(t, ss.s.scans.recent.Len(), "iterations that are over leave nothing behind")
	require.Empty(t, ss.s.scans.byCursor)
}

// TestScanWhileWriting deletes and adds keys between the steps: what is there throughout must come.
func TestScanWhileWriting(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"k:*", "*"} {
		ss := newSession(t)
		stay := ss.fill("k:stay", 500)
		ss.fill("k:go", 500)
		n := 0
		keys, _ := ss.scanAll(func(string) {
			ss.do(fmt.Sprintf("del k:go%d", n))
			ss.do(fmt.Sprintf("set k:new%d 1", n))
			n++
		}, "match", pattern, "count", "7")
		for _, k := range stay {
			require.Contains(t, keys, k)
		}
	}
}

// TestScanForgotten iterates although the cursors mean nothing to the server: after each step it forgets them.
func TestScanForgotten(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	all := ss.fill("k:", 700)
	steps := 0
	keys, _ := ss.scanAll(func(cursor string) {
		if steps++; steps < 3 {
			ss.s.scans.forget(mustUint(t, cursor))
		}
	}, "match", "k:*")
	require.Equal(t, all, slices.Compact(keys))

	// A remembered cursor is worth nothing for another pattern, none, or another database.
	for _, options := range [][]string{{"match", "k*"}, nil, {"match", "*"}} {
		cursor, _ := ss.scan("0", "match", "k:*")
		require.True(t, isRememberedCursor(mustUint(t, cursor)))
		var keys []string
		for cursor != "0" {
			var some []string
			cursor, some = ss.scan(cursor, options...)
			keys = append(keys, some...)
		}
		slices.Sort(keys)
		require.Equal(t, all, slices.Compact(keys), options)
	}
	_, ok := ss.s.scans.resume(1, 0, []byte("k:"))
	require.False(t, ok)

	// A key too long to remember.
	long := ss.fill("l:"+strings.Repeat("x", maxScanPosition), 300)
	keys, _ = ss.scanAll(nil, "match", "l:*")
	require.Equal(t, long, slices.Compact(keys))
}

// TestScanRepeated sends a cursor twice, as clients do whose connection broke.
func TestScanRepeated(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.fill("k:", 700)
	first, _ := ss.scan("0", "match", "k:*")
	_, once := ss.scan(first, "match", "k:*")
	_, twice := ss.scan(first, "match", "k:*")
	require.Equal(t, once, twice)
	require.Len(t, once, 10)
}

func TestScanPositionsAreBounded(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	all := ss.fill("k:", 200)
	oldest, _ := ss.scan("0", "match", "k:*")
	for range maxScanPositions {
		ss.scan("0", "match", "k:*")
	}
	require.Equal(t, maxScanPositions, ss.s.scans.recent.Len())
	require.Len(t, ss.s.scans.byCursor, maxScanPositions)
	var keys []string
	for cursor := oldest; cursor != "0"; {
		var some []string
		cursor, some = ss.scan(cursor, "match", "k:*")
		keys = append(keys, some...)
	}
	slices.Sort(keys)
	require.Equal(t, all, slices.Compact(keys), "it starts again, in hash order")
}

func mustUint(t testing.TB, s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err)
	return n
}

// BenchmarkScanPrefix iterates over 100 keys among a million.
func BenchmarkScanPrefix(b *testing.B) {
	ss := newSession(b)
	for i := range 1_000_000 {
		ss.c.db.SetInt(fmt.Appendf(nil, "user:%d:%d", i/100, i%100), 1, 0)
	}
	args := words("scan", []byte("0"), []byte("match"), []byte("user:42:*"))
	for b.Loop() {
		ss.s.do(ss.c, args)
		ss.c.out.Reset()
	}
}
