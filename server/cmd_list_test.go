package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

func TestListPushPop(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"llen l", ":0",
		"lpushx l a", ":0",
		"rpush l a 2 c", ":3",
		"lpush l y x", ":5",
		"lrange l 0 -1", "*5 $1 x $1 y $1 a $1 2 $1 c",
		"rpushx l d", ":6",
		"llen l", ":6",
		"lpop l", "$1 x",
		"rpop l", "$1 d",
		"lpop l 2", "*2 $1 y $1 a",
		"rpop l 0", "*0",
		"rpop l 9", "*2 $1 c $1 2",
		"lpop l", "$-1",
		"rpop l 1", "*-1",
		"lpop l 0", "*-1",
		"lpop l x", "-ERR value is out of range, must be positive",
		"rpop l -1", "-ERR value is out of range, must be positive",
		"lpop l 1 1", "-ERR wrong number of arguments for 'lpop' command",
		"set s 1", "+OK",
		"lpush s a", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"rpop s", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"llen s", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"lpop s -1", "-ERR value is out of range, must be positive",
	)
}

func TestListRead(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"rpush l a b c 1 2", ":5",
		"lindex l 0", "$1 a",
		"lindex l -1", "$1 2",
		"lindex l 5", "$-1",
		"lindex l -6", "$-1",
		"lindex l x", "-ERR value is not an integer or out of range",
		"lindex no x", "$-1",
		"lindex l 9223372036854775807", "$-1",
		"lrange l 1 2", "*2 $1 b $1 c",
		"lrange l -2 -1", "*2 $1 1 $1 2",
		"lrange l -100 100", "*5 $1 a $1 b $1 c $1 1 $1 2",
		"lrange l 3 2", "*0",
		"lrange l 5 9", "*0",
		"lrange l 0 -9", "*0",
		"lrange l -9223372036854775808 9223372036854775807", "*5 $1 a $1 b $1 c $1 1 $1 2",
		"lrange no 0 -1", "*0",
		"lrange no 0 x", "-ERR value is not an integer or out of range",
	)
}

func TestLPos(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"rpush l a b c 1 2 3 c c", ":8",
		"lpos l c", ":2",
		"lpos l 3", ":5",
		"lpos l x", "$-1",
		"lpos no c", "$-1",
		"lpos no c count 1", "*0",
		"lpos l c rank 2", ":6",
		"lpos l c rank 4", "$-1",
		"lpos l c rank -1", ":7",
		"lpos l c rank -3", ":2",
		"lpos l c count 2", "*2 :2 :6",
		"lpos l c count 0", "*3 :2 :6 :7",
		"lpos l x count 0", "*0",
		"lpos l c count 1 rank 2", "*1 :6",
		"lpos l c count 2 rank -2", "*2 :6 :2",
		"lpos l c count 0 maxlen 2", "*0",
		"lpos l c maxlen 3", ":2",
		"lpos l c rank -1 maxlen 1", ":7",
		"lpos l a rank -1 maxlen 7", "$-1",
		"lpos l c rank 0", "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
		"lpos l c rank -9223372036854775808", "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
		"lpos l c rank x", "-ERR value is not an integer or out of range",
		"lpos l c count -1", "-ERR COUNT can't be negative",
		"lpos l c maxlen x", "-ERR MAXLEN can't be negative",
		"lpos l c count", "-ERR syntax error",
		"lpos l c 1", "-ERR syntax error",
	)
}

func TestListEdit(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect(
		"lset l 0 a", "-ERR no such key",
		"linsert l before a b", ":0",
		"linsert l beside a b", "-ERR syntax error",
		"lrem l 0 a", ":0",
		"ltrim l 0 0", "+OK",
		"rpush l a b a c a", ":5",
		"lset l 1 B", "+OK",
		"lset l -1 A", "+OK",
		"lset l 5 A", "-ERR index out of range",
		"lset l -6 A", "-ERR index out of range",
		"lset l x A", "-ERR value is not an integer or out of range",
		"linsert l before a x", ":6",
		"linsert l AFTER c 77", ":7",
		"linsert l after none y", ":-1",
		"lrange l 0 -1", "*7 $1 x $1 a $1 B $1 a $1 c $2 77 $1 A",
		"lrem l -1 a", ":1",
		"lrange l 0 -1", "*6 $1 x $1 a $1 B $1 c $2 77 $1 A",
		"lrem l x a", "-ERR value is not an integer or out of range",
		"ltrim l 1 -2", "+OK",
		"lrange l 0 -1", "*4 $1 a $1 B $1 c $2 77",
		"ltrim l 0 9", "+OK",
		"ltrim l 0 x", "-ERR value is not an integer or out of range",
		"rpush l B B", ":6",
		"lrem l 2 B", ":2",
		"lrange l 0 -1", "*4 $1 a $1 c $2 77 $1 B",
		"lrem l -9223372036854775808 B", ":1",
		"ltrim l 4 5", "+OK",
		"llen l", ":0",
		"rpush l z z", ":2",
		"lrem l 0 z", ":2",
	)
	require.Nil(t, ss.s.store.DB(0).Peek([]byte("l")))
	require.Equal(t, "rpush l a b a c a; lset l 1 B; lset l -1 A; linsert l before a x; linsert l AFTER c 77; lrem l -1 a; "+
		"ltrim l 1 -2; rpush l B B; lrem l 2 B; lrem l -9223372036854775808 B; ltrim l 4 5; rpush l z z; lrem l 0 z", ss.logged())
}

func TestListMove(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect(
		"set s 1", "+OK",
		"rpoplpush l m", "$-1",
		"lmove l s left right", "$-1",
		"rpush l a b c", ":3",
		"rpoplpush l m", "$1 c",
		"lmove l m left right", "$1 a",
		"lrange m 0 -1", "*2 $1 c $1 a",
		"lmove m m left right", "$1 c",
		"lrange m 0 -1", "*2 $1 a $1 c",
		"lmove m m right right", "$1 c",
		"lmove l s left left", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"lmove s l left left", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"lmove l m up left", "-ERR syntax error",
		"lmove l l RIGHT left", "$1 b",
		"llen l", ":1",
		"lmove l m right left", "$1 b",
		"lrange m 0 -1", "*3 $1 b $1 a $1 c",
		"lmpop 2 l m left", "*2 $1 m *1 $1 b",
		"lmpop 2 l m right count 10", "*2 $1 m *2 $1 c $1 a",
		"lmpop 2 l m right", "*-1",
		"lmpop 0 l right", "-ERR numkeys should be greater than 0",
		"lmpop x l right", "-ERR numkeys should be greater than 0",
		"lmpop 2 l right", "-ERR syntax error",
		"lmpop 9223372036854775807 l right", "-ERR syntax error",
		"lmpop 1 l up", "-ERR syntax error",
		"lmpop 1 l left count 0", "-ERR count should be greater than 0",
		"lmpop 1 l left count", "-ERR syntax error",
		"lmpop 1 l left count 1 count 1", "-ERR syntax error",
		"lmpop 2 l s left", "-WRONGTYPE Operation against a key holding the wrong kind of value",
	)
	require.Equal(t, "set s 1; rpush l a b c; rpoplpush l m; lmove l m left right; lmove m m left right; lmove m m right right; "+
		"lmove l l RIGHT left; lmove l m right left; LPOP m 1; RPOP m 2", ss.logged())
	require.Zero(t, ss.s.store.Len()-1)
}

// TestLargeLists runs the commands over lists of many chunks.
func TestLargeLists(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	long := strings.Repeat("x", 3000)
	for range 10 {
		ss.do("rpush l " + long + " a b 7")
	}
	require.Equal(t, "quicklist", ss.encoding("l"))
	ss.expect(
		"llen l", ":40",
		"lindex l -1", "$1 7",
		"lindex l 21", "$1 a",
		"lpos l 7 rank -1", ":39",
		"lpos l 7 count 0 maxlen 12", "*3 :3 :7 :11",
		"lset l 20 short", "+OK",
		"lrange l 19 21", "*3 $1 7 $5 short $1 a",
		"linsert l after short more", ":41",
		"lrem l -5 7", ":5",
		"rpop l 2", "*2 $1 b $1 a",
	)
}

func TestListEvents(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	var events []string
	ss.s.opts.OnKeyEvent = func(_ int, event string, key []byte) { events = append(events, event+" "+string(key)) }
	for _, c := range []struct{ line, want string }{
		{"lpushx a 1", ""}, {"lpush a 1 2 3", "new a,lpush a"}, {"rpushx a 4", "rpush a"},
		{"lset a 0 x", "lset a"}, {"lset a 9 x", ""}, {"linsert a before x y", "linsert a"}, {"linsert a before none y", ""},
		{"lrem a 0 none", ""}, {"lrem a 0 x", "lrem a"}, {"ltrim a 0 -1", "ltrim a"},
		{"lmove a b left right", "new b,rpush b,lpop a"}, {"rpoplpush a a", "lpush a,rpop a"}, {"rpoplpush b b", "lpush b,rpop b"},
		{"rpoplpush b a", "lpush a,rpop b,del b"}, {"lpop a 0", ""}, {"lpop a", "lpop a"}, {"rpop a 2", "rpop a"},
		{"lmpop 2 b a right count 9", "rpop a,del a"}, {"rpush a 1", "new a,rpush a"}, {"ltrim a 1 0", "ltrim a,del a"},
		{"rpush a 1", "new a,rpush a"}, {"lrem a 1 1", "lrem a,del a"},
	} {
		events = nil
		ss.do(c.line)
		require.Equal(t, c.want, strings.Join(events, ","), c.line)
	}
}

func TestPackedThreshold(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	require.NoError(t, ss.s.cfg.Override(config.EnableDebugCommand, "yes"))
	require.NoError(t, ss.s.cfg.Override(config.ListMaxListpackSize, "2"))
	require.NoError(t, ss.s.applyLimits())
	ss.expect(
		"debug quicklist-packed-threshold x", "-ERR argument must be a memory value bigger than 1 and smaller than 4gb",
		"debug quicklist-packed-threshold 4gb", "-ERR argument must be a memory value bigger than 1 and smaller than 4gb",
		"debug quicklist-packed-threshold 3b", "+OK",
		"rpush l a bbb c ddd", ":4",
		"lrange l 0 -1", "*4 $1 a $3 bbb $1 c $3 ddd",
		"lset l 0 aaa", "+OK",
		"lset l 1 b", "+OK",
		"linsert l after c ccc", ":5",
		"lrange l 0 -1", "*5 $3 aaa $1 b $1 c $3 ccc $3 ddd",
	)
	require.Equal(t, 4, ss.s.store.DB(0).Peek([]byte("l")).List().Nodes())
}
