package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestXAdd(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"xadd s nomkstream 1-1 f v", "$-1",
		"xadd s 0-0 f v", "-ERR The ID specified in XADD must be greater than 0-0",
		"xadd s 1 f", "-ERR wrong number of arguments for 'xadd' command",
		"xadd s maxlen 1 limit 5 * f v", "-ERR syntax error, LIMIT cannot be used without the special ~ option",
		"xadd s limit 5 * f v", "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
		"xadd s maxlen 1 minid 1 * f v", "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
		"xadd s maxlen -1 * f v", "-ERR The MAXLEN argument must be >= 0.",
		"exists s", ":0",
		"xadd s 0-* f v", "$3 0-1",
		"xadd s * f v", "$15 1700000000000-0",
		"xadd s * f v", "$15 1700000000000-1",
		"xadd s 1700000000000-* f v", "$15 1700000000000-2",
		"xadd s 5-* f v", "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
		"xadd s maxlen 2 1700000000001 f v", "$15 1700000000001-0",
		"xlen s", ":2",
		"xadd s 18446744073709551615-* f v", "$22 18446744073709551615-0",
		"xadd s * f v", "$22 18446744073709551615-1",
		"xadd s 18446744073709551615-18446744073709551615 f v", "$41 18446744073709551615-18446744073709551615",
		"xadd s * f v", "-ERR The stream has exhausted the last possible ID, unable to add more items",
		"set x y", "+OK",
		"xadd x * f v", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"object encoding s", "$6 stream",
		"type s", "+stream",
	)
}

func TestXRange(t *testing.T) {
	t.Parallel()
	newSession(t).expect(
		"xadd s 1-1 a 1", "$3 1-1",
		"xadd s 1-2 b 2 c 3", "$3 1-2",
		"xadd s 2-0 a 4", "$3 2-0",
		"xrange s - +", "*3 *2 $3 1-1 *2 $1 a $1 1 *2 $3 1-2 *4 $1 b $1 2 $1 c $1 3 *2 $3 2-0 *2 $1 a $1 4",
		"xrange s (1-1 1", "*1 *2 $3 1-2 *4 $1 b $1 2 $1 c $1 3",
		"xrevrange s + (1-2", "*1 *2 $3 2-0 *2 $1 a $1 4",
		"xrange s - + count 0", "*-1",
		"xrange s - + count -5", "*-1",
		"xrange none - + count 0", "*0",
		"xrange s (18446744073709551615-18446744073709551615 +", "-ERR invalid start ID for the interval",
		"xrange s - (0-0", "-ERR invalid end ID for the interval",
		"xrange s (- +", "-ERR Invalid stream ID specified as stream command argument",
		"xrange s - + count", "-ERR syntax error",
		"xdel s 1-1 7-7 2-0", ":2",
		"xrevrange s + - count 1", "*1 *2 $3 1-2 *4 $1 b $1 2 $1 c $1 3",
		"xtrim s minid 9", ":1",
		"xlen s", ":0",
		"exists s", ":1",
		"xsetid s 1-9", "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
		"xsetid s 9-9 entriesadded 30 maxdeletedid 9-1", "+OK",
		"xinfo stream s", "*20 $6 length :0 $15 radix-tree-keys :0 $16 radix-tree-nodes :1 $17 last-generated-id $3 9-9 "+
			"$20 max-deleted-entry-id $3 9-1 $13 entries-added :30 $23 recorded-first-entry-id $3 0-0 $6 groups :0 "+
			"$11 first-entry $-1 $10 last-entry $-1",
	)
}

func TestStreamIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"5": "5-7", "5-6": "5-6", "007-+08": "7-8", " 1- 2": "1-2", "1-2\x00junk": "1-2", "1--05": "1-18446744073709551611",
		"18446744073709551615": "18446744073709551615-7",
		"":                     "", "-": "", "+": "", "-5": "", "5-": "", "5-*": "", "1-2-3": "", "18446744073709551616": "", "x": "", "1-x": "",
		"1--5": "", " ": "", "1- ": "", strings.Repeat("0", 128): "",
	} {
		id, ok := parseStreamID([]byte(text), 7, false)
		require.Equal(t, want != "", ok, "%q", text)
		if ok {
			require.Equal(t, want, id.String(), "%q", text)
		}
	}
	id, ok := parseStreamID([]byte("5-*"), 0, true)
	require.True(t, ok && id.autoSeq)
}

func TestConsumerGroups(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	noGroup := "-NOGROUP No such key 's' or consumer group 'g'"
	ss.expect(
		"xgroup create s g $", "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
		"xreadgroup group g c streams s >", noGroup+" in XREADGROUP with GROUP option",
		"xpending s g", noGroup,
		"xclaim s g c 0 1-1", noGroup,
		"xack s g 1-1", ":0",
		"xgroup create s g $ mkstream", "+OK",
		"xgroup create s g $", "-BUSYGROUP Consumer Group name already exists",
		"xgroup setid s none $", "-NOGROUP No such consumer group 'none' for key name 's'",
		"xadd s 1-1 f 1", "$3 1-1",
		"xadd s 2-1 f 2", "$3 2-1",
		"xreadgroup group g alice count 1 streams s >", "*1 *2 $1 s *1 *2 $3 1-1 *2 $1 f $1 1",
		"xreadgroup group g bob streams s >", "*1 *2 $1 s *1 *2 $3 2-1 *2 $1 f $1 2",
		"xreadgroup group g bob streams s >", "*-1",
		"xpending s g", "*4 :2 $3 1-1 $3 2-1 *2 *2 $5 alice $1 1 *2 $3 bob $1 1",
	)
	ss.advance(time.Second)
	ss.expect(
		"xpending s g - + 10", "*2 *4 $3 1-1 $5 alice :1000 :1 *4 $3 2-1 $3 bob :1000 :1",
		"xpending s g idle 1001 - + 10", "*0",
		"xpending s g - + 10 bob", "*1 *4 $3 2-1 $3 bob :1000 :1",
		"xpending s g - + 10 nobody", "*0",
		"xreadgroup group g alice streams s 0", "*1 *2 $1 s *1 *2 $3 1-1 *2 $1 f $1 1",
		"xpending s g - + 10 alice", "*1 *4 $3 1-1 $5 alice :0 :2",
		"xclaim s g alice 5000 2-1", "*0",
		"xclaim s g alice 500 2-1 justid", "*1 $3 2-1",
		"xautoclaim s g bob 0 - count 1", "*3 $3 2-1 *1 *2 $3 1-1 *2 $1 f $1 1 *0",
		"xdel s 2-1", ":1",
		"xautoclaim s g bob 0 2", "*3 $3 0-0 *0 *1 $3 2-1",
		"xinfo groups s", "*1 *12 $4 name $1 g $9 consumers :2 $7 pending :1 $17 last-delivered-id $3 2-1 $12 entries-read :2 $3 lag :0",
		"xinfo consumers s g", "*2 *8 $4 name $5 alice $7 pending :0 $4 idle :0 $8 inactive :0 "+
			"*8 $4 name $3 bob $7 pending :1 $4 idle :0 $8 inactive :0",
		"xack s g 1-1 x", "-ERR Invalid stream ID specified as stream command argument",
		"xgroup delconsumer s g bob", ":1",
		"xack s g 1-1", ":0",
		"xgroup destroy s g", ":1",
		"xgroup destroy s g", ":0",
		"xread streams s 0 0", "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
		"xread streams s 0", "*1 *2 $1 s *1 *2 $3 1-1 *2 $1 f $1 1",
		"xread streams s $", "*-1",
	)
	ss.do("hello 3")
	ss.expect(
		"xread streams s 0", "%1 $1 s *1 *2 $3 1-1 *2 $1 f $1 1",
	)
}

func TestStreamsAreLoggedAsWhatHappened(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	const claim = "XCLAIM s g c 0 %id TIME 1700000000000 RETRYCOUNT %n FORCE JUSTID LASTID %last"
	claimed := func(id, n, last string) string {
		return strings.NewReplacer("%id", id, "%n", n, "%last", last).Replace(claim)
	}
	const now = "1700000000000"
	ss.logs(
		"xadd s * f v", "xadd s "+now+"-0 f v",
		"xadd s "+now+"-* f v", "xadd s "+now+"-1 f v",
		"xadd s maxlen ~ 1 limit 5 * f v", "xadd s maxlen = 3 limit 5 "+now+"-2 f v",
		"xadd s minid ~ 1 * f v", "xadd s minid = "+now+"-0 "+now+"-3 f v",
		"xtrim s maxlen ~ 0", "xtrim s maxlen = 0",
		"xtrim s maxlen ~ 0", "",
		"xadd s "+now+"-9 f v", "xadd s "+now+"-9 f v",
		"xgroup create s g 0", "xgroup create s g 0",
		"xreadgroup group g c streams s >", claimed(now+"-9", "1", now+"-9"),
		"xreadgroup group g c streams s 0", "",
		"xclaim s g c 0 "+now+"-9", claimed(now+"-9", "3", now+"-9"),
		"xclaim s g c 0 1-1 lastid "+now+"-10", "XGROUP SETID s g "+now+"-10 ENTRIESREAD 5",
		"xadd s "+now+"-11 f v", "xadd s "+now+"-11 f v",
		"xreadgroup group g d noack streams s >", "MULTI; XGROUP CREATECONSUMER s g d; XGROUP SETID s g "+now+"-11 ENTRIESREAD 6; EXEC",
		"xdel s "+now+"-9", "xdel s "+now+"-9",
		"xautoclaim s g d 0 0", claimed(now+"-9", "3", now+"-11"),
		"xack s g "+now+"-9", "",
		"xsetid s "+now+"-12", "xsetid s "+now+"-12",
	)
}

// TestBlockedReaders drives clients that wait for streams over real connections.
func TestBlockedReaders(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	write, read := n.dial(), n.dial()
	waits := func() {
		t.Helper()
		n.until(func() bool { return strings.Contains(write.do("info clients"), "blocked_clients:1") }, "client waits")
	}
	write.expect("xadd s 1-1 f 1", "1-1")
	read.send("xread block 0 streams s $")
	waits()
	write.expect("xadd s 2-1 f 2", "2-1")
	require.Equal(t, "[[s [[2-1 [f 2]]]]]", read.read())

	read.send("xread block 10 streams s $")
	require.Equal(t, "(nil)", read.read())

	for _, gone := range []struct{ by, reply string }{
		{"xgroup destroy s g", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"},
		{"del s", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"},
		{"set s x", "WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"flushall", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"},
	} {
		write.do("del s")
		write.expect("xgroup create s g $ mkstream", "OK")
		read.send("xreadgroup group g c block 0 streams s >")
		waits()
		write.do(gone.by)
		require.Contains(t, read.read(), gone.reply, gone.by)
	}

	write.expect("xgroup create s g $ mkstream", "OK")
	read.send("xreadgroup group g c block 0 streams s >")
	waits()
	require.Contains(t, write.do("info clients"), "total_blocking_keys:1\r\ntotal_blocking_keys_on_nokey:1\r\n")
	write.expect("xadd s 1-1 f v", "1-1")
	require.Equal(t, "[[s [[1-1 [f v]]]]]", read.read())
	write.expect("xpending s g", "[1 1-1 1-1 [[c 1]]]")
}
