package tests

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// elementOperations work on one element of a collection, %d being a number below its size that is another each time, and %n one that
// is not. Each leaves the size about as it was.
var elementOperations = []string{
	"HSET hash f%d v", "HSET hash g%n v", "HGET hash f%d", "HDEL hash f%d", "HEXISTS hash f%d", "HINCRBY hash h%n 1", "HSTRLEN hash f%d",
	"HMGET hash f%d nosuch", "HRANDFIELD hash", "HSETNX hash f%d v", "HLEN hash", "HSCAN hash 0 COUNT 1",
	"SADD set n%n", "SREM set m%d", "SISMEMBER set m%d", "SMISMEMBER set m%d nosuch", "SRANDMEMBER set", "SPOP set", "SMOVE set other m%d",
	"SCARD set", "SSCAN set 0 COUNT 1",
	"ZADD zset %d n%n", "ZADD zset %d m%d", "ZREM zset m%d", "ZRANK zset m%d", "ZREVRANK zset m%d", "ZINCRBY zset 7 m%d", "ZSCORE zset m%d",
	"ZRANGE zset %d %d", "ZRANGEBYSCORE zset %d %d LIMIT 0 1", "ZCOUNT zset %d 1000000", "ZPOPMIN zset", "ZPOPMAX zset", "ZRANDMEMBER zset",
	"ZREMRANGEBYRANK zset %d %d", "ZCARD zset", "ZSCAN zset 0 COUNT 1",
	"LPUSH list x", "RPUSH list x", "LPOP list", "RPOP list", "LINDEX list %d", "LSET list %d y", "LRANGE list %d %d", "LLEN list",
	"LMOVE list list LEFT RIGHT",
	"XADD stream * f v", "XDEL stream 1-%d", "XRANGE stream 1-%d + COUNT 1", "XREVRANGE stream 1-%d - COUNT 1", "XLEN stream",
	"XREAD COUNT 1 STREAMS stream 1-%d", "XREADGROUP GROUP g c COUNT 1 STREAMS stream >", "XACK stream g 1-%d",
	"SETRANGE string %d xyz", "GETRANGE string %d %d", "SETBIT string %d 1", "GETBIT string %d", "STRLEN string",
	"SETRANGE string %n z",
	"EXISTS hash", "TYPE zset", "OBJECT ENCODING list", "RENAME hash hash2", "RENAME hash2 hash", "EXPIRE set 100000", "PERSIST set", "TOUCH zset",
}

const (
	operationsPerRound = 200
	scalingRounds      = 8
	// costlier is how many times what it costs with 10,000 elements an operation may cost with a million: the tree is half as deep again,
	// and the memory is not in the processor's caches. What goes through all elements costs a hundred times as much.
	costlier = 14
	// scalingSlack is in microseconds, for clocks and operations that take next to nothing.
	scalingSlack = 3.0
)

// TestElementsScale: no operation on one element of a large collection costs more than a logarithm of its size.
func TestElementsScale(t *testing.T) {
	t.Parallel()
	costs := make(map[string][2]float64)
	for i, size := range []int{10_000, 1_000_000} {
		s := harness.Start(t, harness.Treedis)
		c := s.Dial(t)
		fill(t, c, size)
		for round := range scalingRounds { // the rounds of an operation far from each other, so that no collection of garbage spoils them all
			for _, op := range elementOperations {
				cost, now := costs[op], roundCost(t, c, op, size, round)
				if round == 0 || now < cost[i] {
					cost[i] = now
				}
				costs[op] = cost
			}
		}
		s.Stop(t)
	}
	for op, cost := range costs {
		if cost[1] > cost[0]*costlier+scalingSlack {
			t.Errorf("%s: %.2f us with 10,000 elements, %.2f us with 1,000,000", op, cost[0], cost[1])
		}
	}
}

// fill makes one collection of each type with so many elements, and a string of so many bytes.
func fill(t *testing.T, c *harness.Conn, size int) {
	t.Helper()
	const step = 1000
	for from := 0; from < size; from += step {
		hash, set, zset, list := []string{"HSET", "hash"}, []string{"SADD", "set"}, []string{"ZADD", "zset"}, []string{"RPUSH", "list"}
		cmds := make([][]string, 0, step+4)
		for i := from; i < from+step; i++ {
			n := strconv.Itoa(i)
			hash, set = append(hash, "f"+n, "value"), append(set, "m"+n)
			zset, list = append(zset, n, "m"+n), append(list, "element "+n)
			cmds = append(cmds, []string{"XADD", "stream", "1-" + strconv.Itoa(i+1), "f", "v"})
		}
		replies, err := c.Pipeline(append(cmds, hash, set, zset, list)...)
		require.NoError(t, err)
		for _, r := range replies {
			require.False(t, r.IsError(), r.Text)
		}
	}
	c.OK(t, "SETRANGE", "string", strconv.Itoa(size-1), "x")
	c.OK(t, "XGROUP", "CREATE", "stream", "g", "0")
}

// roundCost returns what an operation costs by the server's own account, in microseconds. The least of several rounds counts, as whatever
// disturbs adds to it.
func roundCost(t *testing.T, c *harness.Conn, op string, size, round int) float64 {
	t.Helper()
	name := "cmdstat_" + strings.ToLower(strings.Fields(op)[0])
	if strings.HasPrefix(op, "OBJECT") {
		name += "|encoding"
	}
	at := 1 + round*operationsPerRound*7919%(size-1)
	cmds := make([][]string, operationsPerRound)
	for i := range cmds {
		at = (at + 7919) % (size - 1)
		words := strings.ReplaceAll(op, "%d", strconv.Itoa(at))
		cmds[i] = strings.Fields(strings.ReplaceAll(words, "%n", strconv.Itoa(size+at)))
	}
	if strings.HasPrefix(op, "RENAME hash2") {
		c.Must(t, "RENAME", "hash", "hash2")
	}
	c.OK(t, "CONFIG", "RESETSTAT")
	replies, err := c.Pipeline(cmds...)
	require.NoError(t, err)
	if !strings.HasPrefix(op, "RENAME") {
		for _, r := range replies {
			require.False(t, r.IsError(), "%s: %s", op, r.Text)
		}
	}
	stats := harness.ParseInfo(c.OK(t, "INFO", "commandstats").Text).Sub(name)
	require.Positive(t, stats.Int("calls"), "%s: %v", op, fmt.Sprint(stats))
	if strings.HasPrefix(op, "RENAME hash ") {
		c.Must(t, "RENAME", "hash2", "hash")
	}
	return float64(stats.Int("usec")) / float64(stats.Int("calls"))
}
