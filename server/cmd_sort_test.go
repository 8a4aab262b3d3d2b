package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSort(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"rpush l 3 10 1 2.5", ":4",
		"sort l", "*4 $1 1 $3 2.5 $1 3 $2 10",
		"sort l desc", "*4 $2 10 $1 3 $3 2.5 $1 1",
		"sort l alpha", "*4 $1 1 $2 10 $3 2.5 $1 3",
		"sort_ro l limit 1 2", "*2 $3 2.5 $1 3",
		"sort l limit -1 1", "*1 $1 1",
		"sort l limit 9 1", "*0",
		"sort l limit 0 0", "*0",
		"sort l by nosort", "*4 $1 3 $2 10 $1 1 $3 2.5",
		"sort l by nosort desc limit 0 2", "*2 $3 2.5 $1 1",
		"mset w:1 30 w:10 20 w:3 10", "+OK",
		"sort l by w:*", "*4 $3 2.5 $1 3 $2 10 $1 1",
		"sort l by w:* desc get # get w:* limit 0 2", "*4 $1 1 $2 30 $2 10 $2 20",
		"hset h:1 f 7", ":1",
		"hset h:3 f 5", ":1",
		"sort l by h:*->f get h:*->f get plain", "*8 $-1 $-1 $-1 $-1 $1 5 $-1 $1 7 $-1",
		"sort l store d", ":4",
		"lrange d 0 -1", "*4 $1 1 $3 2.5 $1 3 $2 10",
		"object encoding d", "$8 listpack",
		"sort l get w:* store l", ":4",
		"lrange l 0 -1", "*4 $2 30 $0  $2 10 $2 20",
		"sort no store l", ":0",
		"exists l", ":0",
		"sort no", "*0",
		"sadd s c a b", ":3",
		"sort s", "-ERR One or more scores can't be converted into double",
		"sort s by nosort store d", ":3",
		"lrange d 0 -1", "*3 $1 a $1 b $1 c",
		"zadd z 1 b 2 a 3 c", ":3",
		"sort z alpha", "*3 $1 a $1 b $1 c",
		"sort z by nosort desc limit 1 2", "*2 $1 a $1 b",
		"sort w:1", "-"+errWrongType,
		"sort s limit x 1", "-"+errNotInteger,
		"sort s limit 1", "-"+errSyntax,
		"sort s foo", "-"+errSyntax,
		"sort_ro s store d", "-"+errSyntax,
	)
}

// An empty weight is one, and comes behind a missing one.
func TestSortEmptyWeight(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.raw("rpush", "l", "", "x")
	ss.raw("set", "w:", "")
	require.Equal(t, "*2 $1 x $0", ss.do("sort l alpha by w:*"))
}
