package server

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"treedis/server/command"
)

// choices makes decisions by the bytes of a fuzzer's input, so that a small change of the input is a small change of
// what happens. At its end all decisions are for the first of the possibilities.
type choices struct{ data []byte }

func (c *choices) done() bool { return len(c.data) == 0 }

func (c *choices) byte() byte {
	if c.done() {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return b
}

// below returns a number below n, which is at least 1.
func (c *choices) below(n int) int {
	if n > 256 {
		return (int(c.byte())<<8 | int(c.byte())) % n
	}
	return int(c.byte()) % n
}

// oneIn reports whether something happens that does so once in n times.
func (c *choices) oneIn(n int) bool { return c.below(n) == n-1 }

func (c *choices) word(of []string) string { return of[c.below(len(of))] }

// take returns the next n bytes of the input, or what is left of it.
func (c *choices) take(n int) string {
	n = min(n, len(c.data))
	s := string(c.data[:n])
	c.data = c.data[n:]
	return s
}

var (
	fuzzKeys = []string{"s", "n", "l", "h", "z", "set", "ints", "x", "geo", "hll", "bits", "new", "other", "k1", "k2", "{a}1", "{a}2"}
	// keysOfGroup are those that a command of the group probably has something to do with.
	keysOfGroup = map[string][]string{
		"string": {"s", "n", "bits"}, "list": {"l", "k1"}, "hash": {"h"}, "set": {"set", "ints", "k2"}, "sorted-set": {"z", "geo"},
		"stream": {"x", "k1"}, "geo": {"geo"}, "hyperloglog": {"hll", "k2"}, "bitmap": {"bits", "s"},
	}
	// No middling number is large: a string of a hundred megabytes, or a loop of a billion turns, would be no bug.
	fuzzInts = []string{"1", "0", "2", "3", "-1", "-2", "5", "8", "10", "100", "1000", "5000", "-100", "01", "1.5", "a", "", " 1",
		"9223372036854775807", "-9223372036854775808", "4294967296", "2147483648", "18446744073709551615", "99999999999999999999"}
	fuzzDoubles  = []string{"1", "0", "1.5", "-1", "0.1", "inf", "-inf", "nan", "1e308", "-1e-320", "3", "a", "", "100", "90", "180"}
	fuzzPatterns = []string{"*", "s", "k*", "[a-z]*", "?", "\\", "[^", "h?l*", "{a}*", ""}
	fuzzTimes    = []string{"1", "1000", "4000000000", "4000000000000", "1700000000", "-1", "0", "9223372036854775807", "a"}
	fuzzStrings  = []string{"a", "b", "c", "1", "2", "-3", "value", "", "0.5", "m1", "m2", "m3", "f", "g",
		strings.Repeat("long", 20), strings.Repeat("\x00\xff\r\n", 30), "12345678901234567890", "\xe4\xf6"}
	fuzzStreamIDs = []string{"*", "1-1", "0", "$", ">", "+", "-", "5-*", "7-0", "(1-1", "18446744073709551615-18446744073709551615", "0-0", "x-1", "="}
	fuzzBounds    = []string{"-inf", "+inf", "-", "+", "(1", "[a", "(b", "0", "1", "5", "[", "(", "-1"}
	fuzzScripts   = []string{
		"return redis.call(unpack(ARGV))", "return redis.pcall(unpack(ARGV))", "return KEYS", "return {1,'a',{2},nil,3}",
		"redis.call('set', KEYS[1] or 's', 'v'); return redis.call('incr', 'n')",
		"for i = 1, 5 do redis.call('rpush', KEYS[1] or 'l', i) end return redis.call('lrange', 'l', 0, -1)",
		"#!lua flags=no-writes\nreturn redis.call(unpack(ARGV))", "#!lua flags=allow-oom,allow-stale\nreturn redis.call(unpack(ARGV))",
		"redis.setresp(3); return redis.call(unpack(ARGV))", "return cjson.decode(ARGV[1] or '[1]')", "return cmsgpack.unpack(ARGV[1] or '')",
		"return {double=1.5}", "return redis.error_reply('E x')", "error('x')", "return redis.sha1hex(ARGV[1])", "syntax error(",
		"return tostring(redis.acl_check_cmd(unpack(ARGV)))",
	}
	fuzzLibraries = []string{
		"#!lua name=lib\nredis.register_function('f', function(keys, args) return redis.call(unpack(args)) end)",
		"#!lua name=lib2\nredis.register_function{function_name='g', callback=function(keys, args) return keys end, flags={'no-writes'}}",
		"#!lua name=lib\nlocal x = 1\nredis.register_function('f', function() x = x + 1 return x end)", "#!lua name=bad\nerror('x')", "#!js name=x\n", "",
	}
	fuzzSettings = []string{
		"maxmemory", "maxmemory-policy", "hz", "notify-keyspace-events", "lazyfree-lazy-user-del", "lazyfree-lazy-expire", "latency-tracking",
		"hash-max-listpack-entries", "list-max-listpack-size", "set-max-intset-entries", "zset-max-listpack-value", "stream-node-max-entries",
		"list-compress-depth", "slowlog-log-slower-than", "latency-monitor-threshold", "tracking-table-max-keys", "active-expire-effort",
		"rdbcompression", "min-replicas-to-write", "lfu-decay-time", "acllog-max-len", "slowlog-max-len", "activerehashing", "appendonly",
		"client-output-buffer-limit", "hll-sparse-max-bytes", "lazyfree-lazy-user-flush", "io-threads", "nosuch",
	}
	fuzzSettingValues = []string{"yes", "no", "0", "1", "3", "100", "1mb", "200000000", "-1", "allkeys-lru", "volatile-ttl", "allkeys-lfu", "allkeys-random",
		"KEA", "normal 0 0 0", "normal 100kb 10kb 1", "pubsub 1mb 0 0", "a", ""}
	fuzzRules = []string{"on", "off", "nopass", ">p", "<p", "~*", "~a*", "%R~x", "&*", "+@all", "-@write", "+get", "-set", "+config|get", "(+get ~k)",
		"reset", "resetkeys", "clearselectors", "allcommands", "+nosuch", "%W~", "#12"}
	// fuzzDebug are calls of DEBUG that leave the process and the history as they are.
	fuzzDebug = []string{"digest", "digest-value s l h z set x", "object l", "object s", "listpack h", "htstats 0", "htstats 0 full", "populate 20", "populate 30 p 100",
		"protocol map", "protocol attrib", "protocol bignum", "protocol push", "quicklist-packed-threshold 10", "quicklist-packed-threshold 0",
		"reload", "reload nosave noflush", "reload merge", "loadaof", "set-active-expire 0", "set-active-expire 1", "replybuffer resizing 0",
		"stringmatch-len 100 a*b", "error x", "log x", "sleep 0", "help", "nosuch", "config-rewrite-force-all"}
)

// wordsByName are the values that an argument of this name may have.
var wordsByName = map[string][]string{
	"id": fuzzStreamIDs, "start": fuzzStreamIDs, "end": fuzzStreamIDs, "threshold": {"1", "0", "3", "5-1", "2-0"}, "min": fuzzBounds, "max": fuzzBounds,
	"group": {"g", "g2", "new"}, "consumer": {"c", "c2", "new"}, "script": fuzzScripts, "function-code": fuzzLibraries,
	"library-name": {"lib", "lib2", "nosuch"}, "function": {"f", "g", "nosuch"}, "username": {"u", "v"}, "rule": fuzzRules, "password": {"p", ""},
	"sha1":    {"", "0000000000000000000000000000000000000000", sha1Hex(fuzzScripts[0])},
	"channel": {"ch", "ch2", "__keyspace@0__:s"}, "shardchannel": {"sch", "ch"}, "timeout": {"0", "0.01", "1", "100", "-1", "a", "1e10"},
	"milliseconds": {"1", "100", "100000", "-1", "9223372036854775807"}, "seconds": {"1", "100", "100000", "-1", "9223372036854775807"},
	"index": {"0", "1", "9", "15", "16", "-1", "a"}, "destination-db": {"0", "9", "1"}, "protover": {"2", "3", "4"},
	"encoding": {"u8", "i5", "u63", "i64", "u64", "i0", "x"}, "count": {"1", "2", "0", "3", "10", "-3", "100", "9223372036854775807", "-9223372036854775808", "a"},
	"serialized-value": {"\x00\x01a\x09\x00\x9a\x0b", "", "a"}, "longitude": {"13.361389", "1", "-190"}, "latitude": {"38.115556", "2", "90"},
	"replconfirm": {"ack 1"}, "numlocal": {"0", "1"}, "numreplicas": {"0", "1"},
}

func sha1Hex(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// sentence makes a call of the command by its syntax.
type sentence struct {
	c    *choices
	row  *row
	keys int // as many as the call has said that follow; 0 if it has not
	out  []string
}

// sentence returns a call of one of the commands: mostly one that its syntax allows.
func (v *vocabulary) sentence(c *choices) []string {
	r := v.rows[c.below(len(v.rows))]
	s := &sentence{c: c, row: r, out: strings.Split(r.Name, "|")}
	switch r.Name {
	case "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro":
		of := fuzzScripts
		switch r.Name {
		case "evalsha", "evalsha_ro":
			of = []string{sha1Hex(fuzzScripts[0]), sha1Hex(fuzzScripts[1]), ""}
		case "fcall", "fcall_ro":
			of = wordsByName["function"]
		}
		s.out = append(s.out, c.word(of))
		if c.oneIn(3) {
			s.out = append(s.out, "1", c.word(fuzzKeys))
		} else {
			s.out = append(s.out, "0")
		}
		return append(s.out, v.sentence(&choices{[]byte(c.take(8))})...)
	case "debug":
		return append(s.out, strings.Fields(c.word(v.debug))...)
	case "config|set":
		for range 1 + c.below(2) {
			s.out = append(s.out, c.word(fuzzSettings), c.word(fuzzSettingValues))
		}
		return s.out
	case "replicaof", "slaveof":
		return append(s.out, "no", "one")
	}
	s.all(r.Args())
	s.spoil()
	return s.out
}

// spoil makes some calls wrong.
func (s *sentence) spoil() {
	if !s.c.oneIn(8) || len(s.out) == 1 {
		return
	}
	last := len(s.out) - 1
	switch s.c.below(4) {
	case 0:
		s.out = s.out[:last]
	case 1:
		s.out = append(s.out, s.c.word(fuzzStrings))
	case 2:
		s.out[1+s.c.below(last)] = s.c.word(fuzzInts)
	case 3:
		s.out[1+s.c.below(last)] = s.c.word(fuzzStrings)
	}
}

func (s *sentence) all(args []command.Arg) {
	for i := range args {
		s.arg(&args[i])
	}
}

func (s *sentence) arg(a *command.Arg) {
	announced := a.Type == command.KeyName && s.keys > 0
	if a.Flags.Has(command.Optional) && !announced && s.c.below(3) != 1 {
		return
	}
	times := 1
	if a.Flags.Has(command.Multiple) {
		times += s.c.below(3)
		if announced {
			times = s.keys
		}
	}
	for i := range times {
		if a.Token != "" && a.Type != command.PureToken && (i == 0 || a.Flags.Has(command.MultipleToken)) {
			s.out = append(s.out, a.Token)
		}
		s.once(a)
	}
}

func (s *sentence) once(a *command.Arg) {
	c := s.c
	switch a.Type {
	case command.OneOf:
		s.arg(&a.Args[c.below(len(a.Args))])
		return
	case command.Block:
		s.all(a.Args)
		return
	case command.PureToken:
		s.out = append(s.out, a.Token)
		return
	case command.KeyName:
		of := keysOfGroup[s.row.Group]
		if len(of) == 0 || c.oneIn(3) {
			of = fuzzKeys
		}
		s.out = append(s.out, c.word(of))
		return
	}
	if a.Name == "numkeys" {
		s.keys = 1 + c.below(2)
		s.out = append(s.out, strconv.Itoa(s.keys))
		return
	}
	s.out = append(s.out, s.value(a))
}

func (s *sentence) value(a *command.Arg) string {
	c := s.c
	of := wordsByName[a.Name]
	if of != nil && s.row.Group != "stream" && (a.Name == "id" || a.Name == "start" || a.Name == "end" || a.Name == "threshold") {
		of = fuzzInts
	}
	if of != nil && !c.oneIn(16) {
		return c.word(of)
	}
	switch a.Type {
	case command.Integer:
		return c.word(fuzzInts)
	case command.Double:
		return c.word(fuzzDoubles)
	case command.GlobPattern:
		return c.word(fuzzPatterns)
	case command.UnixTime:
		return c.word(fuzzTimes)
	}
	return c.word(fuzzStrings)
}

// vocabulary is what calls are made of.
type vocabulary struct {
	rows  []*row
	debug []string // calls of DEBUG
}

// newVocabulary has all commands but those that end the process, reach out of it, make it a replica, or take seconds; and, if there are
// replicas, those that are not for them. (Behind bytes that are no command the words of a call are commands themselves: so there must
// be no CLUSTER FAILOVER either.)
func newVocabulary(s *Server, replicated bool) *vocabulary {
	v := &vocabulary{debug: fuzzDebug}
	for r := range s.table.All() {
		if r.run != nil && !slices.Contains([]string{"shutdown", "failover", "cluster|failover", "migrate", "pfselftest", "config|rewrite", "module|load", "module|loadex"}, r.Name) {
			v.rows = append(v.rows, r)
		}
	}
	if replicated {
		v.debug = slices.DeleteFunc(slices.Clone(v.debug), func(line string) bool {
			return strings.HasPrefix(line, "populate") || strings.HasPrefix(line, "reload ") || line == "loadaof"
		})
	}
	return v
}
