package server

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/store"
)

func TestZSetReplies(t *testing.T) {
	t.Parallel()
	for _, g := range zsetReplies {
		for _, entries := range []int{128, 0} {
			t.Run(fmt.Sprint(g.name, entries), func(t *testing.T) {
				t.Parallel()
				ss := newSession(t)
				l := store.DefaultLimits()
				l.ZSetEntries = entries
				ss.s.store.SetLimits(l)
				ss.expect(g.pairs...)
			})
		}
	}
}

func TestZSetRESP3(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.c.out.SetProtocol(3)
	ss.expect(
		"zadd z 1 a 2.5 b inf c", ":3",
		"zscore z b", ",2.5",
		"zscore z c", ",inf",
		"zscore z x", "_",
		"zmscore z a x", "*2 ,1 _",
		"zrank z b withscore", "*2 :1 ,2.5",
		"zrank z x withscore", "_",
		"zrank z x", "_",
		"zadd z incr 1 a", ",2",
		"zadd z nx incr 1 a", "_",
		"zincrby z 1 b", ",3.5",
		"zrange z 0 -1", "*3 $1 a $1 b $1 c",
		"zrange z 0 1 withscores", "*2 *2 $1 a ,2 *2 $1 b ,3.5",
		"zrangebyscore z -inf +inf withscores limit 1 1", "*1 *2 $1 b ,3.5",
		"zpopmin z", "*2 $1 a ,2",
		"zpopmax z 5", "*2 *2 $1 c ,inf *2 $1 b ,3.5",
		"zpopmin no", "*0",
		"zpopmin no 2", "*0",
		"zadd y 1 a 2 b 3 c", ":3",
		"zmpop 2 no y max count 2", "*2 $1 y *2 *2 $1 c ,3 *2 $1 b ,2",
		"zmpop 1 no min", "_",
		"zunion 1 y withscores", "*1 *2 $1 a ,1",
		"zunion 1 y", "*1 $1 a",
		"zdiff 2 y no withscores", "*1 *2 $1 a ,1",
		"zrandmember y 5 withscores", "*1 *2 $1 a ,1",
		"zrandmember y -2", "*2 $1 a $1 a",
		"zrandmember no", "_",
		"zrandmember no 2", "*0",
		"zscan y 0", "*2 $1 0 *2 $1 a $1 1",
	)
}

func TestZRangeStore(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"zadd z 1 a 2 b 3 c 4 d", ":4",
		"zrangestore d z 1 2", ":2",
		"zrange d 0 -1 withscores", "*4 $1 b $1 2 $1 c $1 3",
		"object encoding d", "$8 listpack",
		"zrangestore d z 2 +inf byscore", ":3",
		"zrange d 0 -1 withscores", "*6 $1 b $1 2 $1 c $1 3 $1 d $1 4",
		"object encoding d", "$8 skiplist",
		"zrangestore d z (4 1 byscore rev limit 1 1", ":1",
		"zrange d 0 -1", "*1 $1 b",
		"zrangestore z z 0 1 rev", ":2",
		"zrange z 0 -1 withscores", "*4 $1 c $1 3 $1 d $1 4",
		"zrangestore d no 0 -1", ":0",
		"exists d", ":0",
		"zrangestore d z 5 9", ":0",
		"zrangestore d z 0 -1 withscores", "-"+errSyntax,
		"zrangestore d z 0 -1 limit 1 1", "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
		"set s x", "+OK",
		"zrangestore s z 0 -1", ":2",
		"type s", "+zset",
		"set s x", "+OK",
		"zrangestore d s 0 -1", "-"+errWrongType,
		"zrangestore s no 0 -1", ":0",
		"exists s", ":0",
		"zrangestore d z x 1", "-"+errNotInteger,
	)
}

func TestZSetPicks(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"zadd z 1 a 2.5 b inf c", ":3",
		"zrandmember no", "$-1",
		"zrandmember no 3", "*0",
		"zrandmember no 3 withscores", "*0",
		"zrandmember z 0", "*0",
		"zrandmember z 9", "*3 $1 c $1 b $1 a",
		"zrandmember z 9 withscores", "*6 $1 c $3 inf $1 b $3 2.5 $1 a $1 1",
		"zrandmember z x", "-"+errNotInteger,
		"zrandmember z 1 foo", "-"+errSyntax,
		"zrandmember z 1 withscores x", "-"+errSyntax,
		"zrandmember z -9223372036854775808", "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
		"zrandmember z 9223372036854775807", "*3 $1 c $1 b $1 a",
		"zrandmember z 9223372036854775807 withscores", "-ERR value is out of range",
		"zrandmember no -9223372036854775807", "*0",
		"zscan z 0", "*2 $1 0 *6 $1 a $1 1 $1 b $3 2.5 $1 c $3 inf",
		"zscan z 5", "*2 $1 0 *6 $1 a $1 1 $1 b $3 2.5 $1 c $3 inf",
		"zscan z 0 match a", "*2 $1 0 *2 $1 a $1 1",
		"zscan z 0 match ? count 1", "*2 $1 0 *6 $1 a $1 1 $1 b $3 2.5 $1 c $3 inf",
		"zscan no 0", "*2 $1 0 *0",
		"zscan no 0 foo", "*2 $1 0 *0",
		"zscan z x", "-ERR invalid cursor",
		"zscan no x", "-ERR invalid cursor",
		"zscan z 0 foo", "-"+errSyntax,
		"zscan z 0 count 0", "-"+errSyntax,
	)
}

func TestZSetLogged(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.logs(
		"zadd z 1 a 2 b 3 c 4 d 5 e", "zadd z 1 a 2 b 3 c 4 d 5 e",
		"zadd z 1 a", "",
		"zadd z xx 1 no", "",
		"zincrby z 1.5 a", "zincrby z 1.5 a",
		"zincrby z 0 a", "",
		"zrem z no", "",
		"zpopmin z 2", "zpopmin z 2",
		"zmpop 2 no z max count 9", "ZPOPMAX z 3",
		"zmpop 1 z min", "",
		"zpopmin z", "",
		"zadd z 1 a 2 b", "zadd z 1 a 2 b",
		"zmpop 1 z min", "ZPOPMIN z 1",
		"zunionstore d 1 no", "",
		"zunionstore d 1 z", "zunionstore d 1 z",
		"zrangestore d no 0 -1", "zrangestore d no 0 -1",
		"zrangestore d no 0 -1", "",
		"zremrangebyrank z 5 6", "",
		"zremrangebyrank z 0 -1", "zremrangebyrank z 0 -1",
	)
}

func TestZSetEvents(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	var events []string
	ss.s.opts.OnKeyEvent = func(_ int, event string, key []byte) { events = append(events, event+" "+string(key)) }
	for _, c := range []struct {
		line  string
		want  []string
		dirty int64
	}{
		{"zadd z 1 a 2 b 3 c 4 d 5 e 6 f", []string{"new z", "zadd z"}, 6},
		{"zadd z 1 a 9 b 9 g", []string{"zadd z"}, 2},
		{"zadd z 1 a", nil, 0},
		{"zadd z incr 1 a", []string{"zincr z"}, 1},
		{"zincrby z 1 h", []string{"zincr z"}, 1},
		{"zincrby z 0 h", nil, 0},
		{"zrem z h x g", []string{"zrem z"}, 2},
		{"zremrangebyrank z 0 1", []string{"zremrangebyrank z"}, 2},
		{"zremrangebyscore z 5 5", []string{"zremrangebyscore z"}, 1},
		{"zrangestore d z 0 -1", []string{"new d", "zrangestore d"}, 1},
		{"zrangestore d z 0 0", []string{"zrangestore d"}, 1},
		{"zrangestore d no 0 0", []string{"keymiss no", "del d"}, 1},
		{"zunionstore d 2 z z", []string{"new d", "zunionstore d"}, 1},
		{"zinterstore d 2 z z", []string{"zinterstore d"}, 1},
		{"zdiffstore e 1 z", []string{"new e", "zdiffstore e"}, 1},
		{"zdiffstore e 2 z z", []string{"del e"}, 1},
		{"zpopmin z", []string{"zpopmin z"}, 1},
		{"zpopmax z 9", []string{"zpopmax z", "del z"}, 2},
		{"zmpop 1 d max count 3", []string{"zpopmax d", "del d"}, 3},
		{"zadd l 0 a 0 b", []string{"new l", "zadd l"}, 2},
		{"zremrangebylex l - +", []string{"zremrangebylex l", "del l"}, 2},
		{"zadd l 0 a", []string{"new l", "zadd l"}, 1},
		{"zrem l a", []string{"zrem l", "del l"}, 1},
	} {
		events = nil
		before := ss.s.stats.dirty
		ss.do(c.line)
		require.Equal(t, c.want, events, c.line)
		require.Equal(t, c.dirty, ss.s.stats.dirty-before, c.line)
	}
}

func TestZSetStoreReplacesExpiry(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("zadd z 1 a", ":1", "set d x ex 1", "+OK", "set e x ex 1", "+OK", "zrangestore d z 0 -1", ":1", "zunionstore e 1 z", ":1")
	require.Zero(t, ss.s.store.DB(0).Peek([]byte("d")).Expire())
	ss.advance(2 * time.Second)
	ss.expect("zcard d", ":1", "zcard e", ":1")
}

func TestZSetEncodings(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	pairs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " %d m%d", i, i)
		}
		return b.String()
	}
	long := strings.Repeat("x", 65)
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"zadd k" + pairs(128)}, "listpack"},
		{[]string{"zadd k" + pairs(129)}, "skiplist"},
		{[]string{"zadd k 1 a", "zadd k" + strings.Repeat(" 1 a", 129)}, "skiplist"}, // by the number of arguments
		{[]string{"zadd k 1 " + long[1:]}, "listpack"},
		{[]string{"zadd k 1 " + long}, "skiplist"},
		{[]string{"zadd k 1 a 1 " + long}, "skiplist"},
		{[]string{"zadd k 1 a", "zincrby k 1 " + long}, "skiplist"},
		{[]string{"zadd k 1 " + long, "zrem k " + long, "zadd k 1 a"}, "listpack"},
		{[]string{"zadd a" + pairs(129), "zunionstore k 1 a"}, "skiplist"},
		{[]string{"zadd a" + pairs(129), "zadd b 1 m1", "zinterstore k 2 a b"}, "listpack"},
		{[]string{"zadd a" + pairs(129), "zadd b 1 m1", "zdiffstore k 2 a b"}, "listpack"},
		{[]string{"zadd a 1 " + long, "zunionstore k 1 a"}, "skiplist"},
		{[]string{"zadd a" + pairs(129), "zrangestore k a 0 127"}, "listpack"},
		{[]string{"zadd a" + pairs(129), "zrangestore k a 0 128"}, "skiplist"},
		{[]string{"zadd a 1 " + long, "zrangestore k a 0 0"}, "skiplist"},
		{[]string{"sadd a 1 2 3", "zunionstore k 1 a"}, "listpack"},
	} {
		ss.s.store.Flush()
		for _, line := range c.lines {
			require.NotEqual(t, "-", ss.do(line)[:1], line)
		}
		require.Equal(t, c.want, ss.encoding("k"), "%.80q", c.lines)
	}
}

// TestZScanScores pins that ZSCAN prints the scores of large sets with 17 digits, as Redis does.
func TestZScanScores(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		0: "0", 0.1: "0.10000000000000001", -3: "-3", 1e20: "1e+20", 100000: "100000", math.Inf(-1): "-inf", 1e16: "10000000000000000", 1e17: "1e+17",
		0.0001: "0.0001", 0.00001: "1.0000000000000001e-05", 5e-324: "4.9406564584124654e-324", 2.5: "2.5", math.Copysign(0, -1): "-0",
	} {
		require.Equal(t, want, string(appendScanScore(nil, f)))
	}
	ss := newSession(t)
	ss.expect(
		"zadd z 0.1 a", ":1",
		"zscan z 0", "*2 $1 0 *2 $1 a $3 0.1",
		"zadd z 0.1 "+strings.Repeat("x", 65), ":1",
		"zrem z a", ":1",
		"zscan z 0", "*2 $1 0 *2 $65 "+strings.Repeat("x", 65)+" $19 0.10000000000000001",
	)
}

func TestZScanVisitsAll(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	for i := range 1000 {
		ss.do(fmt.Sprintf("zadd z %d m%d", i, i))
	}
	seen := map[string]bool{}
	for cursor, steps := "0", 0; ; steps++ {
		words := ss.texts("zscan z " + cursor + " match m*5")
		for i := 1; i < len(words); i += 2 {
			require.Equal(t, "m"+words[i+1], words[i])
			seen[words[i]] = true
		}
		if cursor = words[0]; cursor == "0" {
			require.Greater(t, steps, 10)
			break
		}
	}
	require.Len(t, seen, 100)
}

func TestZRandMember(t *testing.T) {
	t.Parallel()
	for _, n := range []int{20, 500} {
		ss := newSession(t)
		for i := range n {
			ss.do(fmt.Sprintf("zadd z %d %d", i, i))
		}
		for _, k := range []int{1, 5, n / 2, n - 1} {
			got := ss.texts(fmt.Sprintf("zrandmember z %d", k))
			require.Len(t, got, k)
			slices.Sort(got)
			require.Len(t, slices.Compact(got), k, "distinct")
			pairs := ss.texts(fmt.Sprintf("zrandmember z -%d withscores", 3*k))
			require.Len(t, pairs, 6*k)
			for i := 0; i < len(pairs); i += 2 {
				require.Equal(t, pairs[i], pairs[i+1])
			}
		}
		seen := map[string]int{}
		for range 50 * n {
			seen[ss.do("zrandmember z")]++
		}
		require.Len(t, seen, n)
	}
}

// TestZDiffWays compares the two ways to subtract with each other.
func TestZDiffWays(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("zadd few 1 m3 1 m700 1 x")
	ss.do("sadd set m4 m500 y")
	for i := range 1000 {
		ss.do(fmt.Sprintf("zadd many %d m%d", i, i))
	}
	var want []string
	for i := range 1000 {
		if i != 3 && i != 4 && i != 500 && i != 700 {
			want = append(want, fmt.Sprint("m", i))
		}
	}
	require.Equal(t, want, ss.texts("zdiff 4 many few set no"))
	require.Equal(t, []string{"x"}, ss.texts("zdiff 2 few many"))
	ss.expect("zdiff 2 set many", "*1 $1 y", "zdiff 3 many few many", "*0")
}
