package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

func (ss *session) encoding(key string) string {
	return ss.s.store.DB(0).Peek([]byte(key)).Encoding().String()
}

func TestStringReads(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"get a", "$-1",
		"strlen a", ":0",
		"set a hello", "+OK",
		"get a", "$5 hello",
		"strlen a", ":5",
		"set n 12345", "+OK",
		"get n", "$5 12345",
		"strlen n", ":5",
		"mget a b n", "*3 $5 hello $-1 $5 12345",
		"getrange a 1 3", "$3 ell",
		"getrange a -3 -1", "$3 llo",
		"getrange a -1 -3", "$0",
		"getrange a 3 1", "$0",
		"getrange a -100 100", "$5 hello",
		"getrange a -100 -99", "$1 h",
		"getrange a 5 9", "$0",
		"getrange a 0 9223372036854775807", "$5 hello",
		"getrange a -9223372036854775808 -9223372036854775808", "$1 h",
		"getrange b 0 -1", "$0",
		"substr n 0 1", "$2 12",
		"getrange a x 1", "-ERR value is not an integer or out of range",
		"getdel a", "$5 hello",
		"getdel a", "$-1",
	)
}

func TestSetOptions(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect(
		"set a 1 nx", "+OK",
		"set a 2 nx", "$-1",
		"set b 2 xx", "$-1",
		"set a 2 xx get", "$1 1",
		"set a 3 nx get", "$1 2",
		"set b 3 nx get", "$-1",
		"set a 1 nx xx", "-ERR syntax error",
		"set a 1 ex", "-ERR syntax error",
		"set a 1 ex 1 px 1", "-ERR syntax error",
		"set a 1 ex 1 keepttl", "-ERR syntax error",
		"set a 1 persist", "-ERR syntax error",
		"set a 1 ex 0", "-ERR invalid expire time in 'set' command",
		"set a 1 ex x", "-ERR value is not an integer or out of range",
		"set a 1 px 9223372036854775807", "-ERR invalid expire time in 'set' command",
		"setex a 0 1", "-ERR invalid expire time in 'setex' command",
		"psetex a -1 1", "-ERR invalid expire time in 'psetex' command",
		"getex a ex 0", "-ERR invalid expire time in 'getex' command",
		"getex a keepttl", "-ERR syntax error",
		"setnx a 5", ":0",
		"setnx c 5", ":1",
		"getset c 6", "$1 5",
		"getset d 6", "$-1",
	)
	ss.logged()
	ss.logs(
		"set a 1", "set a 1",
		"set a 2 ex 10", "SET a 2 PXAT 1700000010000",
		"set a 2 ex 5 ex 10", "SET a 2 PXAT 1700000010000",
		"set a 2 px 10 xx get", "SET a 2 PXAT 1700000000010",
		"set a 2 exat 1700000001", "SET a 2 PXAT 1700000001000",
		"set a 2 pxat 1700000000001", "set a 2 pxat 1700000000001",
		"set a 3 get keepttl GET xx", "set a 3 keepttl xx",
		"set a 3 nx", "",
		"setex a 1 v", "SET a v PXAT 1700000001000",
		"psetex a 1 v", "SET a v PXAT 1700000000001",
		"getset a w", "SET a w",
		"getex a", "",
		"getex a ex 1", "PEXPIREAT a 1700000001000",
		"getex a persist", "PERSIST a",
		"getex a persist", "",
		"getex a px 1", "PEXPIREAT a 1700000000001",
		"getex a exat 1", "DEL a",
		"getdel a", "",
		"set a 1 pxat 1", "set a 1 pxat 1",
		"get a", "DEL a",
		"mset a 1 b 2", "mset a 1 b 2",
		"getdel a", "DEL a",
	)
}

func TestKeepTTL(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	expiry := func() int64 { return ss.s.store.DB(0).Peek([]byte("a")).Expire() }
	ss.do("set a 1 px 1000")
	for _, line := range []string{"set a 2 keepttl", "incr a", "incrbyfloat a 1.5", "append a x", "setrange a 0 y", "setbit a 3 1", "getex a"} {
		ss.do(line)
		require.EqualValues(t, 1_700_000_001_000, expiry(), line)
	}
	for _, line := range []string{"set a 1", "getset a 1", "mset a 1", "getex a persist"} {
		ss.do("set a 1 px 1000")
		ss.do(line)
		require.Zero(t, expiry(), line)
	}
}

func TestStringEncodings(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	long := strings.Repeat("x", 44)
	for _, c := range []struct{ line, want string }{
		{"set a 10", "int"}, {"set a 010", "embstr"}, {"set a " + long, "embstr"}, {"set a x" + long, "raw"},
		{"getset a 5", "int"}, {"incr a", "int"}, {"incrbyfloat a 1", "embstr"}, {"incr a", "int"}, {"append a 1", "raw"},
		{"incrby a 1", "int"}, {"setrange a 0 7", "raw"}, {"set a 7", "int"}, {"setbit a 2 1", "raw"}, {"set a 7", "int"},
		{"setbit a 2 1", "raw"}, {"mset a 7", "int"}, {"getdel a", ""}, {"append a 12", "int"}, {"getdel a", ""},
		{"append a xy", "embstr"}, {"getdel a", ""}, {"setrange a 1 x", "raw"}, {"incrbyfloat b 1e30", "embstr"},
	} {
		ss.do(c.line)
		if c.want != "" {
			require.Equal(t, c.want, ss.encoding(c.line[strings.IndexByte(c.line, ' ')+1:][:1]), c.line)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect(
		"incr a", ":1",
		"decrby a 3", ":-2",
		"incrby a 9223372036854775807", ":9223372036854775805",
		"incrby a 3", "-ERR increment or decrement would overflow",
		"decrby a -9223372036854775808", "-ERR decrement would overflow",
		"incrby a x", "-ERR value is not an integer or out of range",
		"set s abc", "+OK",
		"incr s", "-ERR value is not an integer or out of range",
		"incrbyfloat s 1", "-ERR value is not a valid float",
		"incrbyfloat f x", "-ERR value is not a valid float",
		"incrbyfloat f inf", "-ERR increment would produce NaN or Infinity",
		"incrbyfloat f 0.1", "$3 0.1",
		"incrbyfloat f 0.2", "$3 0.3",
		"incrbyfloat f -0.3", "$1 0",
		"set m -9223372036854775808", "+OK",
		"decr m", "-ERR increment or decrement would overflow",
	)
	ss.logged()
	ss.logs(
		"incr n", "incr n",
		"incrbyfloat n 0.5", "SET n 1.5 KEEPTTL",
		"incr s", "",
	)
}

func TestAppendAndSetRange(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"append a foo", ":3",
		"append a bar", ":6",
		"get a", "$6 foobar",
		"setrange a 1 OO", ":6",
		"get a", "$6 fOObar",
		"setrange a 8 x", ":9",
		"setrange a -1 x", "-ERR offset is out of range",
		"setrange a x x", "-ERR value is not an integer or out of range",
		"setrange a 536870911 xx", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)",
		"setrange a 9223372036854775807 xx", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)",
		"set n 10", "+OK",
		"setrange n 1 5", ":2",
		"get n", "$2 15",
	)
	require.Equal(t, "$9\r\nfOObar\x00\x00x\r\n", ss.raw("get", "a"))
	require.Equal(t, ":9\r\n", ss.raw("setrange", "a", "100", ""))
	require.Equal(t, ":0\r\n", ss.raw("setrange", "none", "100", ""))
	require.Nil(t, ss.s.store.DB(0).Peek([]byte("none")))

	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "proto-max-bulk-len", "1mb"))
	ss.raw("set", "big", strings.Repeat("x", 1<<20))
	require.Equal(t, "-"+errStringTooLong+"\r\n", ss.raw("append", "big", "y"))
	ss.c.isMaster = true
	require.Equal(t, ":1048577\r\n", ss.raw("append", "big", "y"), "what the master did is done")
}

func TestMSetNX(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"mset a 1 b", "-ERR wrong number of arguments for 'mset' command",
		"mset a 1 a 2", "+OK",
		"get a", "$1 2",
		"msetnx b 1 a 3", ":0",
		"get b", "$-1",
		"msetnx b 1 c 3 b 2", ":1",
		"get b", "$1 2",
	)
}

func TestLCS(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"mset key1 ohmytext key2 mynewtext", "+OK",
		"lcs key1 key2", "$6 mytext",
		"lcs key1 key2 len", ":6",
		"lcs key1 key2 idx", "*4 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6",
		"lcs key1 key2 idx minmatchlen 4 withmatchlen", "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6",
		"lcs key1 key2 len idx", "-ERR If you want both the length and indexes, please just use IDX.",
		"lcs key1 none", "$0",
		"lcs key1 none idx", "*4 $7 matches *0 $3 len :0",
		"lcs key1 key2 minmatchlen", "-ERR syntax error",
		"lcs key1 key2 minmatchlen x", "-ERR value is not an integer or out of range",
	)
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "proto-max-bulk-len", "1mb"))
	ss.raw("mset", "key1", strings.Repeat("x", 1000), "key2", strings.Repeat("y", 1000))
	require.Equal(t, "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len", ss.do("lcs key1 key2"))
}

func TestBits(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect(
		"setbit a 7 1", ":0",
		"setbit a 7 0", ":1",
		"setbit a 9 1", ":0",
		"getbit a 9", ":1",
		"getbit a 100", ":0",
		"getbit none 0", ":0",
		"strlen a", ":2",
		"set n 1", "+OK",
		"getbit n 2", ":1",
		"setbit a 4294967296 1", "-ERR bit offset is not an integer or out of range",
		"setbit a -1 1", "-ERR bit offset is not an integer or out of range",
		"setbit a 1 2", "-ERR bit is not an integer or out of range",
		"getbit a x", "-ERR bit offset is not an integer or out of range",
	)
	ss.logged()
	ss.logs(
		"setbit a 9 1", "", // nothing changes
		"setbit a 99 0", "setbit a 99 0", // but the length
		"setbit a 9 0", "setbit a 9 0",
	)
}

func TestStringEvents(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	var events []string
	ss.s.opts.OnKeyEvent = func(_ int, event string, key []byte) { events = append(events, event+" "+string(key)) }
	for _, c := range []struct{ line, want string }{
		{"set a 1", "new a,set a"}, {"set a 1 ex 10", "set a,expire a"}, {"getex a persist", "persist a"},
		{"getex a exat 1", "del a"}, {"get a", "keymiss a"}, {"incr a", "new a,incrby a"}, {"incrbyfloat a 1", "incrbyfloat a"},
		{"append a 1", "append a"}, {"setrange a 0 9", "setrange a"}, {"setbit a 0 1", "setbit a"}, {"getset a 1", "set a"},
		{"mset a 1 b 1", "set a,new b,set b"}, {"getdel a", "del a"}, {"set a 1 pxat 1", "new a,set a,expire a"},
		{"set a 1", "expired a,new a,set a"},
	} {
		events = nil
		ss.do(c.line)
		require.Equal(t, c.want, strings.Join(events, ","), c.line)
	}
}

func TestStringsWrongType(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect("rpush l x", ":1", "mget l", "*1 $-1")
	ss.logged()
	for _, line := range []string{
		"get l", "getdel l", "getex l", "getset l x", "getrange l 0 1", "strlen l", "append l x", "incr l", "incrby l 1", "incrbyfloat l 1",
		"setrange l 0 x", "set l x get", "setbit l 0 1", "getbit l 0",
	} {
		require.Equal(t, "-"+errWrongType, ss.do(line), line)
		require.Empty(t, ss.logged(), line)
	}
	ss.expect(
		"lcs l l", "-ERR The specified keys must contain string values",
		"setnx l x", ":0",
		"set l x", "+OK",
		"type l", "+string",
	)
}
