package rdb

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// The tests of this file hold the codec against a real redis-server: what it
// saves is read, what is written here it loads, and both must then hold the same.

// fillPeer gives the server keys of every type in every encoding it has.
func fillPeer(t *testing.T, s *harness.Server) {
	t.Helper()
	c := s.Dial(t)
	do := func(format string, args ...any) {
		t.Helper()
		c.OK(t, strings.Fields(fmt.Sprintf(format, args...))...)
	}
	do("CONFIG SET list-max-listpack-size 16 list-compress-depth 1 stream-node-max-entries 20")
	for _, v := range []string{"0", "-1", "127", "128", "-129", "32768", "-2147483648", "2147483648", "00", "-0", "1.5"} {
		do("SET str:%s %s", v, v)
	}
	c.OK(t, "SET", "str:empty", "")
	c.OK(t, "SET", "str:packed", strings.Repeat("abcdefgh", 5000))
	c.OK(t, "SET", "", "the key without a name")
	do("SET str:expires x PXAT 4102444800123")
	do("SET str:idle x")
	for i := range 200 {
		do("RPUSH list:small %d", i%10)
		do("RPUSH list:nodes item:%d z%s", i, strings.Repeat("z", i))
		do("SADD set:ints %d", i*i*i*i*i)
		do("SADD set:small m%d", i%40)
		do("SADD set:table member:%d", i)
		do("HSET hash:small f%d %d", i%30, i)
		do("HSET hash:table f%d v%s", i, strings.Repeat("v", i))
		do("ZADD zset:small %d.25 m%d", i%30, i%30)
		do("ZADD zset:skip %g m%d", float64(i)*1e15/7, i)
		do("XADD stream:plain %d-%d field %d other text", 1000+i/2, 1+i%2, i)
		if i%5 == 0 {
			do("XADD stream:groups %d-1 a %d", 1000+i, i)
		} else {
			do("XADD stream:groups %d-1 a %d b -%d", 1000+i, i, i)
		}
	}
	do("SADD set:wide 1 9223372036854775807 -9223372036854775808")
	do("ZADD zset:edge inf a -inf b 0 c -0.0 d 1e300 e 3 f")
	do("DEBUG QUICKLIST-PACKED-THRESHOLD 100b")
	do("RPUSH list:plain a %s b %s", strings.Repeat("P", 500), strings.Repeat("Q", 120))
	do("DEBUG QUICKLIST-PACKED-THRESHOLD 0")
	do("XGROUP CREATE stream:groups g1 0")
	do("XGROUP CREATE stream:groups g2 1050-0")
	do("XGROUP CREATE stream:plain whole 0")
	do("XREADGROUP GROUP g1 alice COUNT 30 STREAMS stream:groups >")
	do("XREADGROUP GROUP g1 bob COUNT 10 STREAMS stream:groups >")
	do("XCLAIM stream:groups g1 alice 0 1033-1 1035-1")
	do("XACK stream:groups g1 1003-1 1031-1")
	do("XGROUP CREATECONSUMER stream:groups g2 nobody")
	do("XDEL stream:groups 1001-1 1000-1 1120-1 1199-1")
	do("XTRIM stream:plain MAXLEN 150")
	do("XADD stream:fresh 1-1 a b")
	do("XADD stream:fresh 2-1 a b")
	do("XGROUP CREATE stream:fresh g 0")
	do("XREADGROUP GROUP g c STREAMS stream:fresh >")
	do("XADD stream:gone 1-1 a b")
	do("XDEL stream:gone 1-1")
	do("SELECT 5")
	do("SET other db")
	do("PEXPIREAT other 4102444800000")
	c.OK(t, "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 7 end)")
}

// saved returns the server's snapshot.
func saved(t *testing.T, s *harness.Server) []byte {
	t.Helper()
	s.Once(t, "SAVE")
	file, err := os.ReadFile(filepath.Join(s.Dir, "dump.rdb"))
	require.NoError(t, err)
	return file
}

// loaded starts a server on a snapshot.
func loaded(t *testing.T, file []byte) *harness.Server {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o600))
	return harness.Start(t, harness.Redis, harness.Dir(dir))
}

func read(t *testing.T, file []byte) *recorder {
	t.Helper()
	rec := newRecorder(t)
	r := NewReader(bytes.NewReader(file), ReaderOptions{})
	require.NoError(t, r.Read(rec))
	require.EqualValues(t, len(file), r.Offset())
	require.Zero(t, r.EmptyKeys())
	return rec
}

func copied(t *testing.T, file []byte, opts WriterOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, opts)
	must(t, w.Header())
	require.NoError(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(w))
	must(t, w.Close())
	return out.Bytes()
}

func TestAgainstRedis(t *testing.T) {
	t.Parallel()
	master := harness.Start(t, harness.Redis)
	fillPeer(t, master)
	file := saved(t, master)
	want := read(t, file)

	for _, opts := range []WriterOptions{
		{Functions: true, Checksum: true, Compress: true},
		{Functions: true},
	} {
		copy1 := copied(t, file, opts)
		require.Equal(t, want.content(), read(t, copy1).content())
		other := loaded(t, copy1)
		harness.WaitSameData(t, master, other)
		require.Equal(t, master.Once(t, "FUNCTION", "LIST").Raw, other.Once(t, "FUNCTION", "LIST").Raw)
		for _, s := range []string{"stream:plain", "stream:groups", "stream:fresh", "stream:gone"} {
			a, b := master.Once(t, "XINFO", "STREAM", s, "FULL"), other.Once(t, "XINFO", "STREAM", s, "FULL")
			require.Equal(t, streamInfo(a), streamInfo(b), s)
		}
		// The server's own copy of our copy still says the same.
		require.ElementsMatch(t, want.content(), read(t, saved(t, other)).content())
	}
}

// TestAccessAttributes reads what the server says about accesses under either
// kind of eviction policy, and has it read it back.
func TestAccessAttributes(t *testing.T) {
	t.Parallel()
	for policy, attr := range map[string]string{"allkeys-lfu": " freq=", "allkeys-lru": " idle="} {
		master := harness.Start(t, harness.Redis, harness.Args("--maxmemory", "1gb", "--maxmemory-policy", policy))
		fillPeer(t, master)
		file := saved(t, master)
		rec := read(t, file)
		for _, line := range rec.content() {
			if !strings.HasPrefix(line, "db ") && !strings.HasPrefix(line, "function ") {
				require.Contains(t, line, attr)
			}
		}
		again := copied(t, file, WriterOptions{Functions: true, Checksum: true})
		require.Equal(t, rec.content(), read(t, again).content())
		harness.WaitSameData(t, master, loaded(t, again))
	}
}

// streamInfo is an XINFO STREAM FULL reply without what the memory layout
// decides.
func streamInfo(r harness.Reply) string {
	var out []string
	for i := 0; i+1 < len(r.Elems); i += 2 {
		if name := r.Elems[i].Text; !strings.HasPrefix(name, "radix-tree") {
			out = append(out, fmt.Sprintf("%s=%q", name, r.Elems[i+1].Raw))
		}
	}
	return strings.Join(out, " ")
}

func TestDumpAgainstRedis(t *testing.T) {
	t.Parallel()
	master := harness.Start(t, harness.Redis)
	fillPeer(t, master)
	other := harness.Start(t, harness.Redis)
	from, to := master.Dial(t), other.Dial(t)
	dumper := NewDumper(WriterOptions{Compress: true})
	for _, name := range from.OK(t, "KEYS", "*").Texts() {
		payload := from.OK(t, "DUMP", name).Text
		rec := newRecorder(t)
		require.NoError(t, ReadDump([]byte(payload), key(name), rec, ReaderOptions{}), name)
		require.Len(t, rec.lines, 1)

		ours, err := dumper.Append([]byte("before"), func(w *Writer) error {
			return ReadDump([]byte(payload), key(name), w, ReaderOptions{})
		})
		require.NoError(t, err, name)
		ours = bytes.TrimPrefix(ours, []byte("before"))
		if version := ours[len(ours)-dumpTrailer]; strings.HasPrefix(name, "stream:") && name != "stream:fresh" {
			require.EqualValues(t, functionsVersion, version, name)
		} else {
			require.EqualValues(t, plainVersion, version, name)
		}
		expiry := from.OK(t, "PEXPIRETIME", name).Int()
		to.OK(t, "RESTORE", name, strconv.FormatInt(max(expiry, 0), 10), string(ours), "ABSTTL")
		back := newRecorder(t)
		require.NoError(t, ReadDump([]byte(to.OK(t, "DUMP", name).Text), key(name), back, ReaderOptions{}), name)
		require.Equal(t, rec.lines, back.lines)
		require.Equal(t, from.OK(t, "DEBUG", "DIGEST-VALUE", name).Raw, to.OK(t, "DEBUG", "DIGEST-VALUE", name).Raw, name)
	}
}

// TestWrittenForRedis has the server load a file that was made here from
// scratch, long and short.
func TestWrittenForRedis(t *testing.T) {
	t.Parallel()
	server := loaded(t, allFile(t, WriterOptions{Checksum: true, Compress: true}))
	c := server.Dial(t)
	require.Equal(t, "value", c.OK(t, "GET", "s").Text)
	require.Equal(t, []string{"a", "12345", ""}, c.OK(t, "LRANGE", "l", "0", "-1").Texts())
	require.Equal(t, []string{"-1", "1", "2"}, c.OK(t, "SORT", "ints").Texts())
	require.EqualValues(t, 250, c.OK(t, "SELECT", "9").Int()+c.OK(t, "XLEN", "stream").Int())
	require.Equal(t, []string{"r", "-inf", "q", "1.5", "p", "inf"}, c.OK(t, "ZRANGE", "z", "0", "-1", "WITHSCORES").Texts())
	require.Equal(t, "300", field(c.OK(t, "XINFO", "STREAM", "stream"), "entries-added"))
	require.Equal(t, "250", field(c.OK(t, "XINFO", "STREAM", "plain stream"), "entries-added"))
}

func field(r harness.Reply, name string) string {
	for i := 0; i+1 < len(r.Elems); i += 2 {
		if r.Elems[i].Text == name {
			return r.Elems[i+1].Text
		}
	}
	return ""
}
