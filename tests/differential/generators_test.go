package differential

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// gen is one group's source of arguments.
type gen struct {
	*rand.Rand
	own      string   // the prefix of the keys that this group's commands are made for
	payloads []string // of DUMP, some of them spoilt

	streamClock uint64 // what the next stream IDs are made of
}

func (g *gen) pick(pool []string) string { return pool[g.IntN(len(pool))] }

// oneIn reports true once in n times.
func (g *gen) oneIn(n int) bool { return g.IntN(n) == 0 }

// The pools. No integer lies between 10^7 and 2^32: SETBIT and SETRANGE would make strings of hundreds of megabytes of it,
// and no count is below -1000 but the smallest integer, which every command refuses.
var (
	types = []string{"str", "list", "set", "hash", "zset"}

	bounds = []string{"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"4294967296", "18446744073709551615", "18446744073709551616"}

	junk = []string{"", "x", "-1", "0", "1", "3", "1.5", " 1", "1 ", "+1", "01", "-0", "nan", "inf", "1e3", "0x1", "\x00", "a b\r\n",
		"NX", "XX", "GET", "COUNT", "LIMIT", "WITHSCORES", "*", "(1", "[a", "str:1", "hash:1", "list:1", "set:1",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967296"}

	values = []string{"", "a", "ab", "hello", "hello world", "ohmytext", "mynewtext", "0", "1", "-5", "10", "007", "3.0e3", "10.5", "-0.25",
		" 12", "12 ", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "nan", "inf", "\x00\r\n\xff", "\xc3\xa9t\xc3\xa9",
		strings.Repeat("x", 44), strings.Repeat("y", 45), strings.Repeat("z", 64), strings.Repeat("w", 65), strings.Repeat("longer ", 40)}

	floats = []string{"1", "-1", "0", "-0", "1.5", "-0.25", "3.0", "1e3", "0.1", "1e-7", "2.5e10", "1e17", "1e21", "1e308", "inf", "-inf", "+inf",
		"nan", "abc", "", " 1", "1 ", "0x10", "12345678.125", "9007199254740993", "3.141592653589793"}

	members = []string{"a", "b", "c", "d", "e", "aa", "ab", "abc", "", "1", "2", "3", "5", "100", "-7", "65536", "4294967296", "1.5", "01", "\x00\xff",
		strings.Repeat("m", 64), strings.Repeat("n", 65), "foo", "bar", "baz", "Alpha", "zeta"}

	patterns = []string{"*", "a*", "*a", "?", "??", "[a-c]*", "[^a]*", "\\*", "str:*", "*:1", "h?sh:[0-3]", "nomatch", "", "[", "a\\"}

	lexRanges = []string{"-", "+", "[a", "(a", "[c", "(d", "[zeta", "(", "[", "x", "", "[\xff", "(aa"}
)

func (g *gen) count() string {
	if g.oneIn(12) {
		return g.pick(bounds)
	}
	return strconv.Itoa(g.IntN(12) - 2)
}

func (g *gen) key(typ string) string {
	if g.oneIn(20) {
		typ = g.pick(types)
	}
	return typ + ":" + strconv.Itoa(g.IntN(8))
}

// seconds of a time to live: far from the moment and from each other, so that no reply depends on how fast a server was.
func (g *gen) seconds() string {
	switch g.IntN(12) {
	case 0:
		return g.pick([]string{"0", "-1", "-100", "x", "", "1.5"})
	case 1:
		return g.pick(bounds)
	}
	return strconv.Itoa(10_000 + g.IntN(1_000_000))
}

func (g *gen) millis() string {
	s := g.seconds()
	if len(s) >= 5 && len(s) <= 7 {
		s += strconv.Itoa(100 + g.IntN(900))
	}
	return s
}

// unix is a point in time, in seconds: between the years 2100 and 2130, long past, or out of range.
func (g *gen) unix() string {
	switch g.IntN(12) {
	case 0:
		return g.pick([]string{"0", "-1", "1", "1000000000", "x"})
	case 1:
		return g.pick(bounds)
	}
	return strconv.Itoa(4_102_444_800 + g.IntN(1_000_000_000))
}

func (g *gen) unixMillis() string {
	s := g.unix()
	if len(s) == 10 {
		s += strconv.Itoa(100 + g.IntN(900))
	}
	return s
}

// counted emits a number and as many keys; now and then the number is wrong.
func (g *gen) counted(key func(*gen) []string) []string {
	n := 1 + g.IntN(3)
	out := []string{strconv.Itoa(n)}
	if g.oneIn(12) {
		out[0] = g.pick([]string{"0", "-1", "x", "4", "100", "9223372036854775807"})
	}
	for range n {
		out = append(out, key(g)...)
	}
	return out
}

func (g *gen) score() string {
	if g.oneIn(3) {
		return g.pick(floats)
	}
	return strconv.FormatFloat(float64(g.IntN(200)-50)/8, 'g', -1, 64)
}

func one(f func(g *gen) string) func(*gen) []string {
	return func(g *gen) []string { return []string{f(g)} }
}

func from(pool []string) func(*gen) []string { return one(func(g *gen) string { return g.pick(pool) }) }

func ofType(typ string) func(*gen) []string { return one(func(g *gen) string { return g.key(typ) }) }

func ownKey(g *gen) []string { return []string{g.key(g.own)} }

func anyKey(g *gen) []string { return []string{g.key(g.pick(types))} }

// generators by the name that syntax lines call them.
var generators = map[string]func(*gen) []string{
	"key":      ownKey,
	"anykey":   anyKey,
	"strkey":   ofType("str"),
	"setkey":   ofType("set"),
	"zkey":     ofType("zset"),
	"zkeys":    func(g *gen) []string { return g.counted(ofType("zset")) },
	"lexkey":   one((*gen).lexKey),
	"val":      from(values),
	"int":      one((*gen).count),
	"idx":      one((*gen).index),
	"listidx":  one((*gen).listIndex),
	"float":    from(floats),
	"score":    one((*gen).score),
	"member":   from(members),
	"field":    from(members),
	"pattern":  from(patterns),
	"lex":      from(lexRanges),
	"range":    one((*gen).scoreRange),
	"secs":     one((*gen).seconds),
	"millis":   one((*gen).millis),
	"unix":     one((*gen).unix),
	"unixms":   one((*gen).unixMillis),
	"count":    one((*gen).count),
	"posint":   one(func(g *gen) string { return strconv.Itoa(1 + g.IntN(5)) }),
	"smallint": from([]string{"0", "1", "5", "100", "255", "256", "-1", "x"}),
	"cursor":   from([]string{"0", "0", "0", "0", "0", "0", "0", "0", "x", "", "-", "18446744073709551616"}),
	"keys":     func(g *gen) []string { return g.counted(ownKey) },
	"anykeys":  func(g *gen) []string { return g.counted(anyKey) },
	"offset":   from([]string{"0", "1", "3", "5", "10", "44", "100", "5000", "-1", "x", "536870912", "4294967296", "9223372036854775807"}),
	"bitoff":   from([]string{"0", "1", "7", "8", "9", "100", "1000", "-1", "x", "4294967296", "9223372036854775807"}),
	"bit":      from([]string{"0", "1", "0", "1", "0", "1", "2", "-1", "x", ""}),
	"db":       from([]string{"0", "0", "1", "1", "2", "3", "16", "-1", "x", "", "9223372036854775807"}),
	"payload":  one(func(g *gen) string { return g.pick(g.payloads) }),
	"type":     from([]string{"string", "list", "set", "hash", "zset", "STRING", "nosuch", ""}),
	"name":     from([]string{"alice", "bob", "default", "", "with space", "caf\xc3\xa9", "a\nb"}),
	"text":     from(values),
	"proto":    from([]string{"2", "3", "1", "4", "x", "", "-1"}),
	"junk":     from(junk),
	"emptyarg": from([]string{""}),
	"unknown":  from([]string{"NOSUCH", "getx", "foo bar", "", "'quoted'", "a\r\nb", strings.Repeat("q", 140), "\x00bin"}),
}

func (g *gen) index() string {
	if g.oneIn(8) {
		return g.pick(bounds)
	}
	return strconv.Itoa(g.IntN(16) - 8)
}

// lexKey is a sorted set whose scores are all equal, the only ones that ranges by member are defined for: with mixed scores the
// answer depends on the encoding.
func (g *gen) lexKey() string {
	if g.oneIn(20) {
		return "str:0"
	}
	return "lex:" + strconv.Itoa(g.IntN(4))
}

// listIndex fits 32 bits: LSET of Redis 7.2 takes no more of it for a small list, and so hits an element that was not meant.
func (g *gen) listIndex() string {
	if s := g.index(); len(s) < 10 {
		return s
	}
	return g.pick([]string{"-100000", "100000", "x", "", "1.5"})
}

func (g *gen) scoreRange() string {
	switch g.IntN(8) {
	case 0:
		return "-inf"
	case 1:
		return "+inf"
	case 2:
		return "(" + g.score()
	case 3:
		return g.pick([]string{"(inf", "(-inf", "(", "", "[1", "nan", "x", "(x"})
	}
	return g.score()
}
