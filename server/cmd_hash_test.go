package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/resp"
)

// reply executes a command and parses its reply.
func (ss *session) reply(words ...string) resp.Value {
	ss.t.Helper()
	v, err := resp.NewReader(strings.NewReader(ss.raw(words...))).Read()
	require.NoError(ss.t, err)
	return v
}

// texts executes a command line and returns the elements of its reply, whose nesting is lost.
func (ss *session) texts(line string) []string {
	ss.t.Helper()
	var all []string
	var walk func(v resp.Value)
	walk = func(v resp.Value) {
		if v.Elems == nil {
			all = append(all, string(v.Str))
			return
		}
		for _, e := range v.Elems {
			walk(e)
		}
	}
	for _, e := range ss.reply(strings.Fields(line)...).Elems {
		walk(e)
	}
	return all
}

// addMany adds n numbered members, fields or the like with one command: %d in a word stands for the number.
func (ss *session) addMany(command string, n int, words ...string) {
	args := strings.Fields(command)
	for i := range n {
		for _, w := range words {
			args = append(args, strings.ReplaceAll(w, "%d", fmt.Sprint(i)))
		}
	}
	require.NotContains(ss.t, ss.raw(args...), "-")
}

func TestHashes(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"hset h a 1 b two", ":2",
		"hset h a 1 c 3", ":1",
		"hset h a", "-ERR wrong number of arguments for 'hset' command",
		"hset h a 1 b", "-ERR wrong number of arguments for 'hset' command",
		"hmset h a 1 b", "-ERR wrong number of arguments for 'hmset' command",
		"hmset h d 4", "+OK",
		"hget h b", "$3 two",
		"hget h a", "$1 1",
		"hget h x", "$-1",
		"hget no x", "$-1",
		"hmget h a x b", "*3 $1 1 $-1 $3 two",
		"hmget no a b", "*2 $-1 $-1",
		"hlen h", ":4",
		"hlen no", ":0",
		"hstrlen h b", ":3",
		"hstrlen h a", ":1",
		"hstrlen h x", ":0",
		"hstrlen no x", ":0",
		"hexists h a", ":1",
		"hexists h x", ":0",
		"hexists no x", ":0",
		"hgetall h", "*8 $1 a $1 1 $1 b $3 two $1 c $1 3 $1 d $1 4",
		"hkeys h", "*4 $1 a $1 b $1 c $1 d",
		"hvals h", "*4 $1 1 $3 two $1 3 $1 4",
		"hgetall no", "*0", "hkeys no", "*0", "hvals no", "*0",
		"hsetnx h a 2", ":0",
		"hsetnx h e 5", ":1",
		"hsetnx new e 5", ":1",
		"hdel h a x b a", ":2",
		"hdel h x", ":0",
		"hdel no x", ":0",
		"hdel h c d e", ":3",
		"hlen h", ":0",
		"set s x", "+OK",
	)
	for _, line := range []string{"hset s a 1", "hmset s a 1", "hsetnx s a 1", "hget s a", "hmget s a", "hgetall s", "hkeys s",
		"hvals s", "hlen s", "hstrlen s a", "hexists s a", "hdel s a", "hincrby s a 1", "hincrbyfloat s a 1", "hrandfield s",
		"hrandfield s 2", "hscan s 0 count bad"} {
		require.Equal(t, "-"+errWrongType, ss.do(line), line)
	}
	ss.c.out.SetProtocol(3)
	ss.expect(
		"hset h a 1", ":1",
		"hgetall h", "%1 $1 a $1 1",
		"hgetall no", "%0",
		"hkeys h", "*1 $1 a",
		"hget h x", "_",
		"hmget no a", "*1 _",
		"hrandfield h 1 withvalues", "*1 *2 $1 a $1 1",
		"hrandfield h -2 withvalues", "*2 *2 $1 a $1 1 *2 $1 a $1 1",
		"hrandfield no", "_",
	)
}

func TestHashIncrements(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.expect(
		"hincrby h n 5", ":5",
		"hincrby h n -7", ":-2",
		"hincrby h n x", "-ERR value is not an integer or out of range",
		"hincrby h n 9223372036854775807", ":9223372036854775805",
		"hincrby h n 3", "-ERR increment or decrement would overflow",
		"hset h m -9223372036854775808 s text l 01", ":3",
		"hincrby h m -1", "-ERR increment or decrement would overflow",
		"hincrby h s 1", "-ERR hash value is not an integer",
		"hincrby h l 1", "-ERR hash value is not an integer",
		"hincrbyfloat h f 1.5", "$3 1.5",
		"hincrbyfloat h f 1e2", "$5 101.5",
		"hincrbyfloat h f -101.5", "$1 0",
		"hincrbyfloat h f x", "-ERR value is not a valid float",
		"hincrbyfloat h f nan", "-ERR value is not a valid float",
		"hincrbyfloat h f inf", "-ERR value is NaN or Infinity",
		"hincrbyfloat h s 1", "-ERR hash value is not a float",
		"hset h big inf", ":1",
		"hincrbyfloat h big 1", "-ERR increment would produce NaN or Infinity",
		"hget h f", "$1 0",
	)
	ss.logged()
	ss.logs(
		"hincrby h n -1", "hincrby h n -1",
		"hincrbyfloat h f 0.1", "HSET h f 0.1",
		"hincrbyfloat h f 0.2", "HSET h f 0.3",
		"hincrbyfloat h s 1", "",
		"hsetnx h f 1", "",
		"hsetnx h g 1", "hsetnx h g 1",
		"hset h g 1", "hset h g 1",
		"hdel h nope", "",
		"hdel h g nope", "hdel h g nope",
	)
}

func TestHashEncodings(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.addMany("hset a", 512, "f%d", "v")
	require.Equal(t, "listpack", ss.encoding("a"))
	ss.do("hset a f0 w")
	require.Equal(t, "listpack", ss.encoding("a"))
	ss.do("hset a x 1")
	require.Equal(t, "hashtable", ss.encoding("a"))
	ss.addMany("hset b", 513, "f", "v%d")
	require.Equal(t, "hashtable", ss.encoding("b"))
	ss.expect("hlen b", ":1")
	ss.do("hset c f " + strings.Repeat("x", 64))
	require.Equal(t, "listpack", ss.encoding("c"))
	ss.do("hsetnx c f " + strings.Repeat("x", 65))
	require.Equal(t, "listpack", ss.encoding("c"))
	ss.do("hsetnx c g " + strings.Repeat("x", 65))
	require.Equal(t, "hashtable", ss.encoding("c"))
	ss.do("hincrby d " + strings.Repeat("x", 65) + " 1")
	require.Equal(t, "hashtable", ss.encoding("d"))
}

func TestHScan(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"hscan no 0", "*2 $1 0 *0",
		"hscan no x", "-ERR invalid cursor",
		"hset h a 1 b 2 ab 3", ":3",
		"hscan h 0", "*2 $1 0 *6 $1 a $1 1 $1 b $1 2 $2 ab $1 3",
		"hscan h 0 match a*", "*2 $1 0 *4 $1 a $1 1 $2 ab $1 3",
		"hscan h 7 count 1", "*2 $1 0 *6 $1 a $1 1 $1 b $1 2 $2 ab $1 3",
		"hscan h 0 count 0", "-ERR syntax error",
		"hscan h 0 nope", "-ERR syntax error",
	)
	ss.addMany("hset h", 1000, "f%d", "v%d")
	seen, steps, cursor := map[string]string{}, 0, "0"
	for first := true; first || cursor != "0"; first = false {
		all := ss.texts("hscan h " + cursor + " match f*")
		cursor = all[0]
		for i := 1; i+1 < len(all); i += 2 {
			seen[all[i]] = all[i+1]
		}
		steps++
	}
	require.Len(t, seen, 1000)
	require.Equal(t, "v77", seen["f77"])
	require.Greater(t, steps, 10)
}

func TestHRandField(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"hrandfield no", "$-1",
		"hrandfield no 5", "*0",
		"hset h a 1", ":1",
		"hrandfield h", "$1 a",
		"hrandfield h 0", "*0",
		"hrandfield h 3", "*1 $1 a",
		"hrandfield h 3 withvalues", "*2 $1 a $1 1",
		"hrandfield h -2 WITHVALUES", "*4 $1 a $1 1 $1 a $1 1",
		"hrandfield h x", "-ERR value is not an integer or out of range",
		"hrandfield h 1 nope", "-ERR syntax error",
		"hrandfield h 1 withvalues x", "-ERR syntax error",
		"hrandfield h -9223372036854775808", "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
		"hrandfield h 4611686018427387904 withvalues", "-ERR value is out of range",
		"hrandfield h -4611686018427387904 withvalues", "-ERR value is out of range",
		"hrandfield h 4611686018427387903 withvalues", "*2 $1 a $1 1",
	)
	for _, size := range []int{100, 1000} {
		ss.addMany("hset big", size, "f%d", "v%d")
		for _, n := range []int{1, 3, size / 2, size - 1, size} {
			all := ss.texts(fmt.Sprintf("hrandfield big %d withvalues", n))
			require.Len(t, all, 2*n)
			seen := map[string]bool{}
			for i := 0; i < len(all); i += 2 {
				require.False(t, seen[all[i]])
				seen[all[i]] = true
				require.Equal(t, "v"+all[i][1:], all[i+1])
			}
		}
		require.Len(t, ss.texts(fmt.Sprintf("hrandfield big -%d", 3*size)), 3*size)
	}
}
