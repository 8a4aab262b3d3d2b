package server

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
	"treedis/server/digest"
	"treedis/store/stream"
)

// dump returns the payload of a key.
func (ss *session) dump(key string) string {
	ss.t.Helper()
	_, payload, ok := strings.Cut(ss.raw("dump", key), "\r\n")
	require.True(ss.t, ok)
	return strings.TrimSuffix(payload, "\r\n")
}

// digestOf is DEBUG DIGEST-VALUE.
func (ss *session) digestOf(key string) string {
	var d digest.Sum
	d.Entry(ss.s.store.DB(0).Peek([]byte(key)))
	return hex.EncodeToString(d[:])
}

// fillTypes makes a small and a large key of each type, named by type and encoding.
func (ss *session) fillTypes() (keys []string) {
	db := ss.s.store.DB(0)
	ss.do("set string:int 12345")
	ss.do("set string:embstr hello")
	ss.do("set string:raw " + strings.Repeat("long ", 100)[:450])
	ss.raw("set", "string:huge", strings.Repeat("abc", 100_000))
	for key, n := range map[string]int{"listpack": 10, "large": 2000} {
		l := db.OpenList([]byte("list:" + key))
		s := db.OpenSet([]byte("set:" + key))
		h := db.OpenHash([]byte("hash:" + key))
		z := db.OpenZSet([]byte("zset:" + key))
		for i := range n {
			v := fmt.Appendf(nil, "value %d", i)
			l.PushBack(v)
			s.Add(v)
			h.Set(v, fmt.Append(nil, i))
			z.Set(v, float64(i)/3)
		}
		s = db.OpenSet([]byte("set:intset" + key))
		for i := range n {
			s.Add(fmt.Append(nil, i*i*i))
		}
	}
	s := &stream.Stream{}
	for i := range uint64(300) {
		require.NoError(ss.t, s.Append(stream.ID{Ms: 100 + i}, [][]byte{[]byte("f"), fmt.Append(nil, i)}, stream.DefaultLimits()))
	}
	db.PutStream([]byte("stream"), s, 0)
	for e := range db.All() {
		keys = append(keys, string(e.Key()))
	}
	return keys
}

func TestDumpRestore(t *testing.T) {
	t.Parallel()
	from, to := newSession(t), newSession(t)
	for _, key := range from.fillTypes() {
		payload := from.dump(key)
		require.Equal(t, "+OK\r\n", to.raw("restore", key, "0", payload), key)
		require.Equal(t, from.digestOf(key), to.digestOf(key), key)
		require.Equal(t, from.encoding(key), to.encoding(key), key)
		require.Equal(t, "-BUSYKEY Target key name already exists.\r\n", to.raw("restore", key, "0", payload))
		require.Equal(t, "+OK\r\n", to.raw("restore", "other", "0", payload, "replace"), key)
		require.Equal(t, from.digestOf(key), to.digestOf("other"), key)
	}
	to.expect("dump nosuch", "$-1")
}

func TestRestoreErrors(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("set k value")
	payload := ss.dump("k")
	restore := func(words ...string) string {
		return strings.TrimSpace(ss.raw(append([]string{"restore"}, words...)...))
	}
	const (
		busy     = "-BUSYKEY Target key name already exists."
		notInt   = "-ERR value is not an integer or out of range"
		frame    = "-ERR DUMP payload version or checksum are wrong"
		bad      = "-ERR Bad data format"
		idle     = "-ERR Invalid IDLETIME value, must be >= 0"
		freq     = "-ERR Invalid FREQ value, must be >= 0 and <= 255"
		ttl      = "-ERR Invalid TTL value, must be >= 0"
		syntax   = "-ERR syntax error"
		newerVer = "\x0c\x00"
	)
	for _, c := range []struct {
		want  string
		words []string
	}{
		{syntax, []string{"k", "x", "", "nosuch"}},
		{syntax, []string{"k", "x", "", "idletime"}},
		{syntax, []string{"k", "x", "", "idletime", "1", "freq", "1"}},
		{syntax, []string{"k", "x", "", "freq", "1", "idletime", "1"}},
		{idle, []string{"k", "x", "", "idletime", "-1"}},
		{notInt, []string{"k", "x", "", "idletime", "x"}},
		{freq, []string{"k", "x", "", "freq", "-1"}},
		{freq, []string{"k", "x", "", "freq", "256"}},
		{busy, []string{"k", "x", ""}},
		{notInt, []string{"k", "x", "", "replace"}},
		{ttl, []string{"new", "-1", ""}},
		{frame, []string{"new", "0", ""}},
		{frame, []string{"new", "0", "123456789"}},
		{frame, []string{"k", "0", payload[:len(payload)-1] + "x", "replace"}},
		{frame, []string{"new", "0", payload[:len(payload)-10] + newerVer + payload[len(payload)-8:]}},
	} {
		require.Equal(t, c.want, restore(c.words...), c.words)
	}
	// What stands in a sound frame may be wrong all the same.
	ss.s.debug.skipChecksum = true
	for _, p := range []string{payload[1:], "\x0f" + payload[1:], payload[:len(payload)-11] + payload[len(payload)-10:], payload[len(payload)-10:], "\x02\x02\x01a\x01a" + payload[len(payload)-10:]} {
		require.Equal(t, bad, restore("k", "0", p, "replace"), "%q", p)
	}
	ss.expect("get k", "$5 value", "dbsize", ":1")
}

func TestRestoreExpiry(t *testing.T) {
	t.Parallel()
	ss := newSession(t).record()
	ss.do("rpush k a")
	payload := ss.dump("k")
	now := ss.now.UnixMilli()
	ss.logged()
	for _, c := range []struct {
		words  string
		expire int64
		logged string // with P for the payload
	}{
		{"k 0 P replace", 0, "restore k 0 P replace"},
		{"k 500 P replace", now + 500, fmt.Sprintf("restore k %d P replace ABSTTL", now+500)},
		{fmt.Sprintf("k %d P absttl replace", now+7), now + 7, fmt.Sprintf("restore k %d P absttl replace", now+7)},
		{fmt.Sprintf("k %d P absttl replace", now), -1, "DEL k"},
		{"k 1 P absttl", -1, ""},
		{"k 9223372036854775807 P", -1, ""},
		{"k 10 P idletime 5", now + 10, fmt.Sprintf("restore k %d P idletime 5 ABSTTL", now+10)},
	} {
		words := strings.Fields("restore " + c.words)
		for i := range words {
			if words[i] == "P" {
				words[i] = payload
			}
		}
		require.Equal(t, "+OK\r\n", ss.raw(words...), c.words)
		require.Equal(t, c.logged, strings.ReplaceAll(ss.logged(), payload, "P"), c.words)
		e := ss.s.store.DB(0).Peek([]byte("k"))
		if c.expire < 0 {
			require.Nil(t, e, c.words)
		} else {
			require.Equal(t, c.expire, e.Expire(), c.words)
		}
	}
	// A key that has expired is not in the way.
	ss.advance(20 * time.Millisecond)
	require.Equal(t, "+OK\r\n", ss.raw("restore", "k", "0", payload))
	require.Equal(t, "MULTI; DEL k; restore k 0 P; EXEC", strings.ReplaceAll(ss.logged(), payload, "P"))
}

func TestRestoreAccessClock(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.do("set k v")
	payload := ss.dump("k")
	e := func() int64 { return ss.s.clock.Idle(ss.s.store.DB(0).Peek([]byte("k"))) }
	ss.raw("restore", "k", "0", payload, "replace", "idletime", "1000")
	require.EqualValues(t, 1000, e())
	ss.raw("restore", "k", "0", payload, "replace", "freq", "200") // means nothing without an LFU policy
	require.Zero(t, e())
	ss.s.clock.SetPolicy(config.AllKeysLFU, 10, 1)
	ss.raw("restore", "k", "0", payload, "replace", "freq", "200")
	require.EqualValues(t, 200, ss.s.clock.Frequency(ss.s.store.DB(0).Peek([]byte("k"))))
}

// The log says what is wrong with a payload, in words that Redis has for it.
func TestRestoreLogsWhatIsWrong(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	log := &lockedBuffer{}
	require.NoError(t, ss.s.cfg.Set(config.Caller{}, "loglevel", "verbose"))
	ss.s.logger.setOutput(log)
	ss.s.debug.skipChecksum = true
	for payload, want := range map[string]string{
		"\x0D\x1B\x25\x00\x00\x00\x16\x00\x00\x00\x04\x00\x00\x02a\x00\x04\x02b\x00\x04\x02c\x00\x04\x02d\x00\xFF": "Hash ziplist integrity check failed",
		"\x10\x17\x17\x00\x00\x00\x04\x00\x82a\x00\x03\x82b\x00\x03\x82a\x00\x03\x82d\x00\x03\xff":                 "hash listpack with dup elements",
		"\x10\x13\x13\x00\x00\x00\x03\x00\x82a\x00\x03\x82b\x00\x03\x82c\x00\x03\xff":                              "Hash listpack integrity check failed",
		"\x09\x02\x00\xFF": "Zipmap integrity check failed",
		"\x0F\x00\x00\x00\x00\x01\x07mygroup\x00\x00\x00\x02\x04name\x2A\x4C\xAA\x9A\x7D\x01\x00\x00\x00\x04name\x2B\x4C\xAA\x9A\x7D\x01\x00\x00\x00": "Duplicate stream consumer detected",
	} {
		require.Equal(t, "-ERR Bad data format\r\n", ss.raw("restore", "k", "0", payload+"\x0A\x00\x00\x00\x00\x00\x00\x00\x00\x00"), want)
		require.Contains(t, log.String(), "Internal error in RDB reading offset ")
		require.Contains(t, log.String(), want)
	}
}

func TestLazyFreedValuesAreCounted(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	fill := func() {
		for i := range 200 {
			ss.do(fmt.Sprintf("sadd s %s%d", strings.Repeat("x", 100), i))
		}
	}
	freed := func() int64 { return ss.s.stats.lazyFreed }
	fill()
	ss.do("set small 1")
	ss.expect("unlink small", ":1")
	require.Zero(t, freed())
	ss.expect("unlink s", ":1")
	require.EqualValues(t, 1, freed())
	fill()
	ss.expect("del s", ":1")
	require.EqualValues(t, 1, freed())
	ss.do("set a 1")
	ss.do("set b 1")
	ss.expect("flushall sync", "+OK")
	require.EqualValues(t, 1, freed())
	ss.do("set a 1")
	ss.do("set b 1")
	ss.expect("flushall async", "+OK", "config resetstat", "+OK")
	require.Zero(t, freed())
}
