package differential

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// recordEnv names the variable that, with the path of a redis-server 7.2, makes TestRecorded write its files anew.
const recordEnv = "DIFF_RECORD"

// recordedLen is how many commands of each group are recorded per protocol.
const recordedLen = 250

// recordedGroups are of what the peer, 7.0, does not have or does otherwise. They are compared with replies of the reference, Redis 7.2.4, that
// are kept in testdata: generated commands as all others, but the same every time.
func recordedGroups() []group {
	return []group{
		{name: "waiting", own: "str", entries: []entry{
			{syntax: "WAITAOF count count soonms", blocks: true},
			{syntax: "WAITAOF (0|1) (0|1|2) soonms", blocks: true},
			{syntax: "WAIT count soonms", blocks: true},
			{syntax: "WAIT 0 int", blocks: true},
			{syntax: "SET key val"},
		}},
		{name: "timeouts", own: "list", entries: []entry{
			{syntax: "BLPOP key badtimeout", asIs: true, blocks: true},
			{syntax: "BRPOP key badtimeout", asIs: true, blocks: true},
			{syntax: "BRPOPLPUSH key key badtimeout", asIs: true, blocks: true},
			{syntax: "BLMOVE key key LEFT RIGHT badtimeout", asIs: true, blocks: true},
			{syntax: "BLMPOP badtimeout keys LEFT", asIs: true, blocks: true},
			{syntax: "BZPOPMIN zkey badtimeout", asIs: true, blocks: true},
			{syntax: "BZPOPMAX zkey badtimeout", asIs: true, blocks: true},
			{syntax: "BZMPOP badtimeout zkeys MAX", asIs: true, blocks: true},
			{syntax: "XREAD BLOCK badtimeout STREAMS streamkey (sid|$)", asIs: true, blocks: true},
			{syntax: "XREADGROUP GROUP sgroup consumer BLOCK badtimeout STREAMS streamkey >", asIs: true, blocks: true},
		}},
		{name: "ranks", own: "zset", entries: []entry{
			{syntax: "ZRANK key member [WITHSCORE]"},
			{syntax: "ZREVRANK key member [WITHSCORE]"},
			{syntax: "ZADD key (score member)+"},
			{syntax: "ZINCRBY key score member"},
			{syntax: "ZADD key INCR score member"},
			{syntax: "ZSCORE key member"},
			{syntax: "ZMSCORE key member+"},
			{syntax: "ZRANGE key 0 -1 WITHSCORES"},
			{syntax: "ZPOPMAX key [count]"},
			{syntax: "ZUNION keys WITHSCORES"},
			{syntax: "ZINTER 2 key key {[WEIGHTS score score] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]}"},
			{syntax: "OBJECT ENCODING key"},
		}},
		{name: "consumers", own: "stream", setup: smallNodes, entries: []entry{
			{syntax: "XGROUP CREATECONSUMER streamkey sgroup consumer"},
			{syntax: "XGROUP DELCONSUMER streamkey sgroup consumer"},
			{syntax: "XGROUP CREATE streamkey sgroup (sid|$) [MKSTREAM]"},
			{syntax: "XREADGROUP GROUP sgroup consumer [COUNT count] [NOACK] STREAMS streamkey (>|sid)"},
			{syntax: "XREADGROUP GROUP sgroup consumer STREAMS streamkey streamkey >"},
			{syntax: "XREAD STREAMS streamkey streamkey sid"},
			{syntax: "XCLAIM streamkey sgroup consumer 0 sid+ JUSTID"},
			{syntax: "XAUTOCLAIM streamkey sgroup consumer 0 sid [COUNT posint] JUSTID"},
			{syntax: "XADD streamkey newid field val"},
			{syntax: "XDEL streamkey sid"},
			{syntax: "XSETID streamkey newid [ENTRIESADDED count MAXDELETEDID sid|ENTRIESADDED count|MAXDELETEDID sid]"},
			{syntax: "XINFO GROUPS streamkey"},
			{syntax: "XINFO STREAM streamkey"},
		}},
		{name: "clients", own: "str", entries: []entry{
			{syntax: "CLIENT NO-TOUCH (ON|OFF|junk)"},
			{syntax: "CLIENT SETINFO (LIB-NAME|LIB-VER|junk) name"},
			{syntax: "CLIENT TRACKING (ON|OFF) {[BCAST] [OPTIN] [OPTOUT] [NOLOOP] [PREFIX name]}", asIs: true},
			{syntax: "CLIENT TRACKINGINFO"},
			{syntax: "CLIENT GETREDIR"},
			{syntax: "CLIENT CACHING (YES|NO|junk)"},
			{syntax: "HELLO proto junk+", asIs: true},
			{syntax: "COMMAND GETKEYS (PING|GET|SET|MULTI|unknown) junk*"},
			{syntax: "COMMAND GETKEYSANDFLAGS (PING|GET|SET|XREADGROUP|unknown) junk*"},
			{syntax: "LPOS key val RANK int"},
			{syntax: "SELECT db"},
		}},
		{name: "expiry", own: "str", entries: []entry{
			{syntax: "SETEX key badexpiry val", asIs: true},
			{syntax: "PSETEX key badexpiry val", asIs: true},
			{syntax: "SET key val (EX|PX|EXAT|PXAT) badexpiry", asIs: true},
			{syntax: "GETEX key (EX|PX|EXAT|PXAT) badexpiry", asIs: true},
			{syntax: "EXPIRE key badexpiry", asIs: true},
			{syntax: "PEXPIRE key badexpiry", asIs: true},
			{syntax: "EXPIREAT key badexpiry", asIs: true},
			{syntax: "PEXPIREAT key badexpiry", asIs: true},
			{syntax: "RESTORE key badexpiry payload [ABSTTL] [REPLACE]", asIs: true},
			{syntax: "EXISTS key"},
		}},
	}
}

func recordedGenerators() map[string]func(*gen) []string {
	return map[string]func(*gen) []string{
		"badtimeout": from([]string{"-0.001", "-0.0015", "-0.002", "1e400", "-1e-400", "-1", "1e300", "1e16", "9223372036854775.808", "9223372036854775807", "-0x1p-3",
			"x", "", "nan", "inf", "-inf", "infinity", " 1", "1 ", "0x", "1e", "++1", "18446744073709551616", "-9223372036854775808"}),
		"badexpiry": from([]string{"0", "-1", "x", "", "1.5", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
			"9223372036854775", "9223372036854776", "-9223372036854776", "9223370399119966", " 1", "1e3"}),
	}
}

// TestRecorded sends the recorded commands and compares the replies with those of Redis 7.2.4.
func TestRecorded(t *testing.T) {
	t.Parallel()
	for _, gr := range recordedGroups() {
		t.Run(gr.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "redis-7.2", gr.name+".txt")
			if bin := os.Getenv(recordEnv); bin != "" {
				require.NoError(t, record(t, gr, path))
			}
			replay(t, gr, path)
		})
	}
}

// TestRecordedScripts evaluates the scripts of testdata/scripts.txt and compares the replies with those of Redis 7.2.4.
func TestRecordedScripts(t *testing.T) {
	t.Parallel()
	gr := group{name: "scripts", setup: [][]string{{"SET", "str", "text"}}}
	path := filepath.Join("testdata", "redis-7.2", "scripts.txt")
	if os.Getenv(recordEnv) != "" {
		require.NoError(t, recordScripts(t, gr, path))
	}
	replay(t, gr, path)
}

func recordScripts(t *testing.T, gr group, path string) error {
	text, err := os.ReadFile(filepath.Join("testdata", "scripts.txt"))
	if err != nil {
		return err
	}
	s := harness.Start(t, harness.Redis, harness.Executable(os.Getenv(recordEnv)))
	var out strings.Builder
	for _, proto := range []int{2, 3} {
		c := play(t, s, gr, proto)
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "# ") {
				continue
			}
			cmd := []string{"EVAL", strings.TrimSuffix(line, "\n"), "1", "k", "v", "w"}
			r, err := c.Do(cmd...)
			if err != nil {
				return fmt.Errorf("%q: %w", cmd, err)
			}
			fmt.Fprintf(&out, "%d\t%q\t%s\n", proto, r.Raw, quotedWords(cmd))
		}
		c.Close()
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// play is one connection's part of a recording.
func play(t *testing.T, s *harness.Server, gr group, proto int) *harness.Conn {
	c := s.DialProto(t, proto)
	_, err := c.Pipeline(slices.Concat([][]string{{"FLUSHALL"}}, fixture(), gr.setup)...)
	require.NoError(t, err)
	return c
}

// record writes a recording: per command the protocol, the arguments and the reply, each quoted, tabs between them.
func record(t *testing.T, gr group, path string) error {
	s := harness.Start(t, harness.Redis, harness.Executable(os.Getenv(recordEnv)))
	g := &gen{Rand: rand.New(rand.NewPCG(seed(t), uint64(len(gr.name)))), own: gr.own}
	s.Once(t, "SET", "dumped", "text")
	g.payloads = []string{s.Once(t, "DUMP", "dumped").Text, "", "junk"}
	var out strings.Builder
	for _, proto := range []int{2, 3} {
		c := play(t, s, gr, proto)
		for range recordedLen {
			for _, cmd := range g.recordable(gr.entries[g.IntN(len(gr.entries))]) {
				r, err := c.Do(cmd...)
				if err != nil {
					return fmt.Errorf("%q: %w", cmd, err)
				}
				fmt.Fprintf(&out, "%d\t%q\t%s\n", proto, r.Raw, quotedWords(cmd))
			}
		}
		c.Close()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// recordable makes a command of an entry, in a transaction if it might wait for ever.
func (g *gen) recordable(e entry) [][]string {
	cmd := parseSyntax(e.syntax).emit(g, nil)
	spoilt := !e.asIs && g.oneIn(6)
	if spoilt {
		if wrong := g.spoil(slices.Clone(cmd)); !shortLived(wrong) {
			cmd = wrong
		}
	}
	if e.blocks && (e.asIs || spoilt || g.oneIn(6)) {
		return [][]string{{"MULTI"}, cmd, {"EXEC"}}
	}
	return [][]string{cmd}
}

func quotedWords(cmd []string) string {
	out := make([]string, len(cmd))
	for i, a := range cmd {
		out[i] = strconv.Quote(a)
	}
	return strings.Join(out, "\t")
}

func replay(t *testing.T, gr group, path string) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	s := harness.Start(t, harness.Treedis)
	conns := map[string]*harness.Conn{}
	var history []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Split(lines.Text(), "\t")
		proto := words[0]
		if conns[proto] == nil {
			n, err := strconv.Atoi(proto)
			require.NoError(t, err)
			conns[proto] = play(t, s, gr, n)
		}
		for i, w := range words[1:] {
			words[1+i], err = strconv.Unquote(w)
			require.NoError(t, err, lines.Text())
		}
		history = append(history, lines.Text())
		got := conns[proto].Must(t, words[2:]...)
		require.Equal(t, words[1], string(got.Raw), "%q\nafter\n%s", words[2:], strings.Join(history[max(0, len(history)-historyTail):], "\n"))
	}
	require.NoError(t, lines.Err())
}
