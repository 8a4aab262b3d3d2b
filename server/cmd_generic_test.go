package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

func TestDelExistsTypeTouch(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"mset a 1 b 2 c 3", "+OK",
		"exists a b x a", ":3",
		"touch a x b", ":2",
		"type a", "+string",
		"type x", "+none",
		"del a x a", ":1",
		"unlink b c", ":2",
		"dbsize", ":0",
		"randomkey", "$-1",
	)
}

func TestRename(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"rename a b", "-ERR no such key",
		"renamenx a b", "-ERR no such key",
		"set a 1 px 1000", "+OK",
		"set b 2", "+OK",
		"rename a a", "+OK",
		"renamenx a a", ":0",
		"renamenx a b", ":0",
		"rename a b", "+OK",
		"get b", "$1 1",
		"pttl b", ":1000",
		"exists a", ":0",
		"renamenx b c", ":1",
		"set d 1 px 1", "+OK",
	)
	ss.advance(time.Millisecond)
	ss.expect("renamenx c d", ":1", "rename d e", "+OK")
}

func TestMoveAndCopy(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	other := func(f func()) {
		db := ss.c.db
		ss.c.db = ss.s.store.DB(9)
		f()
		ss.c.db = db
	}
	ss.expect(
		"move a 0", "-ERR source and destination objects are the same",
		"move a x", "-ERR value is not an integer or out of range",
		"move a 99999999999", "-ERR value is out of range, value must between -2147483648 and 2147483647",
		"move a 16", "-ERR DB index is out of range",
		"move a 9", ":0",
		"set a 1 px 1000", "+OK",
		"move a 9", ":1",
		"exists a", ":0",
		"set a 2", "+OK",
		"move a 9", ":0",
		"copy a a", "-ERR source and destination objects are the same",
		"copy a b db", "-ERR syntax error",
		"copy a b db 16", "-ERR DB index is out of range",
		"copy x b", ":0",
		"copy a b", ":1",
		"copy a b", ":0",
		"incr b", ":3",
		"get a", "$1 2",
		"copy a b replace", ":1",
		"get b", "$1 2",
		"copy a a db 9", ":0",
	)
	other(func() { ss.expect("pttl a", ":1000", "get a", "$1 1") })
	ss.expect("copy a a db 9 replace", ":1")
	other(func() { ss.expect("pttl a", ":-1", "get a", "$1 2") })
}

func TestExpire(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"expire a 10", ":0",
		"ttl a", ":-2",
		"expiretime a", ":-2",
		"set a 1", "+OK",
		"ttl a", ":-1",
		"pexpiretime a", ":-1",
		"persist a", ":0",
		"expire a 10", ":1",
		"ttl a", ":10",
		"pttl a", ":10000",
		"expiretime a", ":1700000010",
		"pexpiretime a", ":1700000010000",
		"pexpire a 1499", ":1",
		"ttl a", ":1",
		"pexpire a 1500", ":1",
		"ttl a", ":2",
		"expireat a 1700000100", ":1",
		"pttl a", ":100000",
		"pexpireat a 1700000000001", ":1",
		"pttl a", ":1",
		"persist a", ":1",
		"pttl a", ":-1",
		"expire a x", "-ERR value is not an integer or out of range",
		"expire a x foo", "-ERR Unsupported option foo",
		"expire a 9223372036854775807", "-ERR invalid expire time in 'expire' command",
		"pexpire a 9223372036854775807", "-ERR invalid expire time in 'pexpire' command",
		"expireat a -9223372036854775808", "-ERR invalid expire time in 'expireat' command",
		"pexpireat a 9223372036854775807", ":1",
		"expire a 1 nx xx", "-ERR NX and XX, GT or LT options at the same time are not compatible",
		"expire a 1 gt lt", "-ERR GT and LT options at the same time are not compatible",
		"expire a 0", ":1",
		"exists a", ":0",
		"set a 1", "+OK",
		"expire a -1", ":1",
		"exists a", ":0",
	)
	ss.do("set a 1 px 10")
	ss.advance(9 * time.Millisecond)
	ss.expect("exists a", ":1")
	ss.advance(time.Millisecond)
	ss.expect("dbsize", ":1", "exists a", ":0", "dbsize", ":0")
}

func TestExpireConditions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		had, options string
		seconds      string
		want         string
	}{
		{"", "nx", "10", ":1"}, {"", "xx", "10", ":0"}, {"", "gt", "10", ":0"}, {"", "lt", "10", ":1"}, {"", "lt", "-1", ":1"},
		{"10", "nx", "20", ":0"}, {"10", "xx", "20", ":1"}, {"10", "gt", "20", ":1"}, {"10", "gt", "10", ":0"},
		{"10", "lt", "5", ":1"}, {"10", "lt", "10", ":0"}, {"10", "xx gt", "11", ":1"}, {"", "xx lt", "11", ":0"}, {"10", "lt", "-5", ":1"},
	} {
		ss := newSession(t)
		ss.do("set a 1")
		if c.had != "" {
			ss.do("expire a " + c.had)
		}
		require.Equal(t, c.want, ss.do("expire a "+c.seconds+" "+c.options), "%+v", c)
	}
}

func TestGenericPropagation(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.do("mset a 1 b 2 c 3 d 4")
	ss.logged()
	ss.logs(
		"expire a 10", "PEXPIREAT a 1700000010000",
		"expire a 20 gt xx", "PEXPIREAT a 1700000020000 gt xx",
		"expire a 10 gt", "",
		"pexpireat a 1700000020001", "PEXPIREAT a 1700000020001",
		"persist a", "persist a",
		"persist a", "",
		"expire a 0", "DEL a",
		"del a", "",
		"del b x", "del b x",
		"rename c e", "rename c e",
		"renamenx d e", "",
		"copy d b", "copy d b",
		"move b 3", "move b 3",
		"touch d", "",
		"flushdb async", "flushdb async",
		"flushall", "flushall",
		"swapdb 0 0", "swapdb 0 0",
		"swapdb x 0", "",
	)
	ss.do("set a 1 px 1")
	ss.logged()
	ss.advance(time.Millisecond)
	ss.logs("keys *", "", "set a 2", "MULTI; DEL a; set a 2; EXEC")
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "lazyfree-lazy-expire", "yes"))
	ss.logs("expire a 0", "UNLINK a")

	ss.do("set a 1")
	ss.logged()
	ss.c.isMaster = true
	ss.logs("expire a -1", "PEXPIREAT a 1699999999001")
	ss.expect("exists a", ":1")
	ss.logs("pexpireat a 0", "PEXPIREAT a 0")
	ss.c.isMaster = false
	ss.expect("exists a", ":0")
}

func TestLazyExpiryIsNoTransaction(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{"mget a b": "DEL a; DEL b", "exists b a": "DEL b; DEL a", "scan 0 match a": "DEL a"} {
		ss := newSession(t).record()
		ss.do("set a 1 px 1")
		ss.do("set b 1 px 1")
		ss.logged()
		ss.advance(time.Millisecond)
		ss.logs(line, want)
	}
}

func TestGenericEvents(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	var events []string
	ss.s.opts.OnKeyEvent = func(db int, event string, key []byte) {
		events = append(events, event+" "+string(key)+"@"+string(rune('0'+db)))
	}
	ss.do("mset a 1 b 2")
	for _, c := range []struct{ line, want string }{
		{"exists x a", "keymiss x@0"}, {"type x", "keymiss x@0"}, {"object encoding x", ""}, {"touch x", "keymiss x@0"},
		{"expire a 10", "expire a@0"}, {"persist a", "persist a@0"}, {"rename a c", "new c@0,rename_from a@0,rename_to c@0"},
		{"copy c d", "new d@0,copy_to d@0"}, {"copy c c db 1", "new c@1,copy_to c@1"}, {"move d 1", "new d@1,move_from d@0,move_to d@1"},
		{"del c x b", "del c@0,del b@0"}, {"flushall", ""}, {"set a 1 px 1", "new a@0,set a@0,expire a@0"}, {"pexpire a 0", "del a@0"},
	} {
		events = nil
		ss.do(c.line)
		require.Equal(t, c.want, strings.Join(events, ","), c.line)
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"object encoding x", "$-1",
		"mset a 5 b foo c 10000", "+OK",
		"object encoding a", "$3 int",
		"object encoding b", "$6 embstr",
		"object refcount a", ":2147483647",
		"object refcount b", ":1",
		"object refcount c", ":1",
		"object idletime a", ":0",
		"object freq a", "-ERR An LFU maxmemory policy is not selected, access frequency not tracked."+policyNote,
	)
	require.Contains(t, ss.do("object help"), "*11 +OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	require.Contains(t, ss.do("object foo a"), "-ERR unknown subcommand 'foo'. Try OBJECT HELP.")
	ss.s.clock.SetPolicy(config.AllKeysLFU, 10, 1)
	require.Contains(t, ss.do("object idletime a"), "-ERR An LFU maxmemory policy is selected")
}

func TestFlushAndSwap(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"mset a 1 b 2", "+OK",
		"swapdb 0 1", "+OK",
		"dbsize", ":0",
		"swapdb 1 0", "+OK",
		"dbsize", ":2",
		"swapdb 0 16", "-ERR DB index is out of range",
		"swapdb x 16", "-ERR invalid first DB index",
		"swapdb 16 x", "-ERR invalid second DB index",
		"swapdb 0 99999999999", "-ERR invalid second DB index",
		"flushdb foo", "-ERR syntax error",
		"flushdb async sync", "-ERR syntax error",
		"flushdb sync", "+OK",
		"dbsize", ":0",
	)
	ss.do("set a 1")
	ss.expect(
		"watch a", "+OK",
		"flushall", "+OK",
		"multi", "+OK",
		"exec", "*-1",
		"watch a", "+OK", // absent before and after
		"flushdb", "+OK",
		"multi", "+OK",
		"exec", "*0",
	)
}

// TestExchangeOfWatchedKeys flushes or swaps the database of a watched key that is live, has expired, or is absent, for one in which
// it is each of these.
func TestExchangeOfWatchedKeys(t *testing.T) {
	t.Parallel()
	const spoilt, fine = "*-1", "*0"
	for _, c := range []struct{ was, comes, want string }{
		{"live", "flush", spoilt}, {"expired", "flush", fine}, {"absent", "flush", fine},
		{"live", "live", spoilt}, {"live", "expired", spoilt}, {"live", "absent", spoilt},
		{"expired", "live", spoilt}, {"expired", "expired", fine}, {"expired", "absent", fine},
		{"absent", "live", spoilt}, {"absent", "expired", fine}, {"absent", "absent", fine},
	} {
		ss := newSession(t)
		for db, state := range []string{c.was, c.comes} {
			key, at := []byte("a"), ss.now.UnixMilli()+1
			switch state {
			case "live":
				ss.s.store.DB(db).SetInt(key, 1, 0)
			case "expired":
				ss.s.store.DB(db).SetInt(key, 1, at)
			}
		}
		ss.advance(2 * time.Millisecond)
		ss.do("watch a")
		if c.comes == "flush" {
			ss.do("flushdb")
		} else {
			ss.do("swapdb 0 1")
		}
		ss.do("multi")
		require.Equal(t, c.want, ss.do("exec"), "%+v", c)
	}
}

func TestFlushAllSaves(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	dir := t.TempDir()
	require.NoError(t, ss.s.cfg.Load([]string{"--dir", dir}, nil))
	ss.expect("set a 1", "+OK", "flushall", "+OK")
	require.EqualValues(t, 2, ss.s.stats.dirty)
	require.NoFileExists(t, dir+"/dump.rdb")
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "save", "3600 1"))
	ss.expect("set a 1", "+OK", "flushdb", "+OK")
	require.NoFileExists(t, dir+"/dump.rdb")
	ss.expect("set a 1", "+OK", "flushall", "+OK")
	require.Zero(t, ss.s.stats.dirty)
	require.FileExists(t, dir+"/dump.rdb")
}

func TestRandomKey(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("mset a 1 b 1 c 1")
	seen := map[string]bool{}
	for range 200 {
		seen[ss.do("randomkey")] = true
	}
	require.Len(t, seen, 3)
	ss.do("pexpire a 1")
	ss.do("pexpire b 1")
	ss.advance(time.Millisecond)
	for range 20 {
		require.Equal(t, "$1 c", ss.do("randomkey"))
	}
	for _, k := range []string{"x", "y", "c"} {
		ss.do("set " + k + " 1 px 1")
	}
	ss.advance(time.Millisecond)
	require.Equal(t, "$-1", ss.do("randomkey"), "all have expired")
	require.Equal(t, ":0", ss.do("dbsize"))
}
