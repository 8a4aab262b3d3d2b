package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sorted executes a command line and returns the elements of its reply in order.
func (ss *session) sorted(line string) string {
	ss.t.Helper()
	all := ss.texts(line)
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestSets(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"sadd s 3 1 2 1", ":3",
		"sadd s 3", ":0",
		"smembers s", "*3 $1 1 $1 2 $1 3",
		"smembers no", "*0",
		"scard s", ":3",
		"scard no", ":0",
		"sismember s 2", ":1",
		"sismember s 02", ":0",
		"sismember s x", ":0",
		"sismember no x", ":0",
		"smismember s 1 x 3", "*3 :1 :0 :1",
		"smismember no 1 x", "*2 :0 :0",
		"srem s x 1 2 1", ":2",
		"srem no x", ":0",
		"srem s 3 3", ":1",
		"scard s", ":0",
		"sadd s a b", ":2",
		"smove s t a", ":1",
		"smove s t a", ":0",
		"smove no t a", ":0",
		"smove s s b", ":1",
		"smove s s x", ":0",
		"smove s t b", ":1",
		"scard s", ":0",
		"smembers t", "*2 $1 a $1 b",
		"sadd u a", ":1",
		"smove t u a", ":1",
		"smembers u", "*1 $1 a",
		"set str x", "+OK",
		"smove no str a", ":0",
	)
	for _, line := range []string{"sadd str a", "srem str a", "smembers str", "scard str", "sismember str a", "smismember str a",
		"smove str t a", "smove t str a", "spop str", "spop str 1", "srandmember str", "srandmember str 1", "sscan str 0",
		"sinter str", "sinter no str", "sinter t str", "sintercard 2 no str", "sinterstore d no str", "sunion t str",
		"sunionstore d str", "sdiff no str", "sdiffstore d t str"} {
		require.Equal(t, "-"+errWrongType, ss.do(line), line)
	}
	ss.c.out.SetProtocol(3)
	ss.expect(
		"smembers u", "~1 $1 a",
		"smembers no", "~0",
		"sinter u u", "~1 $1 a",
		"sinter u no", "~0",
		"sunion u no", "~1 $1 a",
		"sdiff u no", "~1 $1 a",
		"srandmember u 2", "*1 $1 a",
		"srandmember no", "_",
		"srandmember no 2", "*0",
		"spop no", "_",
		"spop no 1", "~0",
		"spop u 0", "~0",
		"spop u 1", "~1 $1 a",
	)
}

func TestSetEncodings(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	for _, c := range []struct {
		n            int
		member, want string
	}{
		{512, "%d", "intset"}, {513, "%d", "hashtable"}, {128, "m%d", "listpack"}, {129, "m%d", "hashtable"},
	} {
		ss.do("del a")
		ss.c.db.Delete([]byte("a"))
		ss.addMany("sadd a", c.n, c.member)
		require.Equal(t, c.want, ss.encoding("a"))
	}
	ss.do("sadd b 1 2 x")
	require.Equal(t, "listpack", ss.encoding("b"))
	ss.do("sadd b " + strings.Repeat("x", 65))
	require.Equal(t, "hashtable", ss.encoding("b"))
}

// algebra holds sets of every encoding. Members are numbers below 600, or mNNN.
func algebra(ss *session) map[string]map[string]bool {
	sets := map[string]map[string]bool{"no": {}}
	add := func(key string, from, to int, format string) {
		if sets[key] == nil {
			sets[key] = map[string]bool{}
		}
		args := []string{"sadd", key}
		for i := from; i < to; i++ {
			m := fmt.Sprintf(format, i)
			sets[key][m] = true
			args = append(args, m)
		}
		ss.raw(args...)
	}
	add("ints", 0, 300, "%d")
	add("few", 290, 310, "%d")
	add("mixed", 0, 40, "m%d")
	add("mixed", 280, 300, "%d")
	add("many", 0, 600, "%d")
	add("names", 20, 400, "m%d")
	add("all", 0, 600, "%d")
	add("all", 0, 400, "m%d")
	return sets
}

func TestSetAlgebra(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	sets := algebra(ss)
	keys := []string{"no", "ints", "few", "mixed", "many", "names", "all"}
	join := func(keep func(m string) bool) string {
		var all []string
		for m := range sets["all"] {
			if keep(m) {
				all = append(all, m)
			}
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	ops := map[string]func(m string, operands []string) bool{
		"sinter": func(m string, operands []string) bool {
			return !slices.ContainsFunc(operands, func(k string) bool { return !sets[k][m] })
		},
		"sunion": func(m string, operands []string) bool {
			return slices.ContainsFunc(operands, func(k string) bool { return sets[k][m] })
		},
		"sdiff": func(m string, operands []string) bool {
			return sets[operands[0]][m] && !slices.ContainsFunc(operands[1:], func(k string) bool { return sets[k][m] })
		},
	}
	for _, a := range keys {
		for _, b := range keys {
			for _, c := range []string{"", "mixed"} {
				operands := slices.DeleteFunc([]string{a, b, c}, func(k string) bool { return k == "" })
				line := strings.Join(operands, " ")
				for op, in := range ops {
					want := join(func(m string) bool { return in(m, operands) })
					require.Equal(t, want, ss.sorted(op+" "+line), "%s %s", op, line)
					n := len(strings.Fields(want))
					require.Equal(t, fmt.Sprintf(":%d", n), ss.do(op+"store dst "+line))
					require.Equal(t, want, ss.sorted("smembers dst"))
					if op == "sinter" {
						card := fmt.Sprintf("sintercard %d %s", len(operands), line)
						require.Equal(t, fmt.Sprintf(":%d", n), ss.do(card))
						require.Equal(t, fmt.Sprintf(":%d", min(n, 3)), ss.do(card+" limit 3"))
						require.Equal(t, fmt.Sprintf(":%d", n), ss.do(card+" limit 0"))
					}
				}
			}
		}
	}
	ss.expect(
		"sintercard 0 a", "-ERR numkeys should be greater than 0",
		"sintercard x a", "-ERR numkeys should be greater than 0",
		"sintercard 3 a b", "-ERR Number of keys can't be greater than number of args",
		"sintercard 1 a limit", "-ERR syntax error",
		"sintercard 1 a b", "-ERR syntax error",
		"sintercard 1 a limit -1", "-ERR LIMIT can't be negative",
		"sintercard 1 a limit x", "-ERR LIMIT can't be negative",
	)
}

func TestSetStoreEncodings(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	algebra(ss)
	for _, c := range [][2]string{
		{"sunionstore dst ints few", "intset"},
		{"sunionstore dst ints mixed", "hashtable"},
		{"sunionstore dst few mixed", "listpack"},
		{"sunionstore dst many", "hashtable"},
		{"sinterstore dst ints many", "intset"},
		{"sinterstore dst many all", "hashtable"},
		{"sinterstore dst mixed all", "listpack"},
		{"sinterstore dst mixed many", "intset"},
		{"sinterstore dst few mixed", "intset"},
		{"sinterstore dst names mixed", "listpack"},
		{"sdiffstore dst many ints", "intset"},
		{"sdiffstore dst all names", "hashtable"},
		{"sdiffstore dst mixed ints", "listpack"},
		{"sdiffstore dst mixed names all", ""},
		{"sdiffstore mixed mixed names no", "listpack"},
	} {
		line, want := c[0], c[1]
		ss.do(line)
		key := strings.Fields(line)[1]
		if want == "" {
			require.Nil(t, ss.c.db.Peek([]byte(key)))
		} else {
			require.Equal(t, want, ss.encoding(key), line)
		}
	}
}

func TestSetLogging(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.logs(
		"sadd s a b c", "sadd s a b c",
		"sadd s a", "",
		"srem s x", "",
		"srem s a x", "srem s a x",
		"smove s s b", "",
		"smove s t x", "",
		"smove s t c", "smove s t c",
		"spop s", "SREM s b",
		"spop s", "",
		"spop t 1", "DEL t",
		"sunionstore d no", "",
		"sadd d 1 2", "sadd d 1 2",
		"spop d 0", "",
		"sunionstore e d", "sunionstore e d",
		"sinterstore e d no", "sinterstore e d no",
		"sinterstore e d no", "",
		"sdiffstore d d e", "sdiffstore d d e",
		"spop d 5", "DEL d",
	)
	ss.addMany("sadd big", 5000, "m%d")
	ss.logged()
	popped := ss.texts("spop big 3000")
	require.Len(t, popped, 3000)
	lines := strings.Split(ss.logged(), "; ")
	require.Len(t, lines, 5)
	require.Equal(t, "MULTI", lines[0])
	require.Equal(t, "EXEC", lines[4])
	var removed []string
	for i, line := range lines[1:4] {
		words := strings.Fields(line)
		require.Equal(t, []string{"SREM", "big"}, words[:2])
		require.Len(t, words[2:], min(1024, 3000-1024*i))
		removed = append(removed, words[2:]...)
	}
	require.Equal(t, popped, removed)
	ss.expect("scard big", ":2000")
}

func TestSPop(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"spop no", "$-1",
		"spop no 1", "*0",
		"spop no x", "-ERR value is out of range, must be positive",
		"spop no -1", "-ERR value is out of range, must be positive",
		"spop no 1 2", "-ERR syntax error",
	)
	for _, format := range []string{"%d", "m%d"} {
		for _, size := range []int{10, 100, 1000} {
			for _, n := range []int{1, size / 3, size - size/20 - 1, size - 1, size, size + 1} {
				key := fmt.Sprintf("%s-%d-%d", format, size, n)
				ss.addMany("sadd "+key, size, format)
				popped := ss.texts(fmt.Sprintf("spop %s %d", key, n))
				all := slices.Concat(popped, ss.texts("smembers "+key))
				require.Len(t, popped, min(n, size))
				slices.Sort(all)
				require.Len(t, slices.Compact(all), size)
				require.Equal(t, n >= size, ss.c.db.Peek([]byte(key)) == nil)
			}
		}
	}
}

func TestSRandMember(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"srandmember no", "$-1",
		"srandmember no 5", "*0",
		"sadd s a", ":1",
		"srandmember s", "$1 a",
		"srandmember s 0", "*0",
		"srandmember s 3", "*1 $1 a",
		"srandmember s -3", "*3 $1 a $1 a $1 a",
		"srandmember s x", "-ERR value is not an integer or out of range",
		"srandmember s -9223372036854775808", "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
		"srandmember s 9223372036854775807", "*1 $1 a",
		"srandmember s 1 2", "-ERR syntax error",
	)
	for _, format := range []string{"%d", "m%d"} {
		for _, size := range []int{100, 1000} {
			key := fmt.Sprintf("%s%d", format, size)
			ss.addMany("sadd "+key, size, format)
			for _, n := range []int{1, 3, size / 2, size - 1, size} {
				all := ss.texts(fmt.Sprintf("srandmember %s %d", key, n))
				slices.Sort(all)
				require.Len(t, slices.Compact(all), n)
			}
			require.Len(t, ss.texts(fmt.Sprintf("srandmember %s -%d", key, 3*size)), 3*size)
		}
	}
}

func TestSScan(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"sscan no 0", "*2 $1 0 *0",
		"sadd s 1 2 12", ":3",
		"sscan s 0 count 1", "*2 $1 0 *3 $1 1 $1 2 $2 12",
		"sscan s 0 match 1*", "*2 $1 0 *2 $1 1 $2 12",
		"sscan s 0 type set", "-ERR syntax error",
	)
	ss.addMany("sadd s", 1000, "m%d")
	seen, cursor := map[string]bool{}, "0"
	for first := true; first || cursor != "0"; first = false {
		all := ss.texts("sscan s " + cursor + " match m* count 50")
		require.Less(t, len(all), 100)
		cursor = all[0]
		for _, m := range all[1:] {
			seen[m] = true
		}
	}
	require.Len(t, seen, 1000)
}
