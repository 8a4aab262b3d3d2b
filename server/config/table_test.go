package config

import (
	_ "embed"
	"flag"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite redis.conf.example")

const examplePath = "../../redis.conf.example"

// redisDirectives lists the directives of Redis 7.2.4, each with its alias if
// it has one.
//
//go:embed testdata/redis-7.2-directives.txt
var redisDirectives string

func TestEveryRedisDirectiveIsKnown(t *testing.T) {
	t.Parallel()
	want := make(map[string]string)
	for line := range strings.Lines(redisDirectives) {
		name, alias, _ := strings.Cut(strings.TrimSpace(line), " ")
		want[name] = alias
	}
	for _, d := range table.all {
		doc := strings.ReplaceAll(d.doc, "\n", " ")
		if strings.HasSuffix(doc, "Only this server has this directive.") || strings.HasSuffix(doc, "This is a directive of Valkey's.") {
			require.NotContains(t, want, d.name)
			continue
		}
		alias, ok := want[d.name]
		require.True(t, ok, d.name)
		require.Equal(t, alias, d.alias, d.name)
		delete(want, d.name)
	}
	require.Empty(t, want)
}

func TestRows(t *testing.T) {
	t.Parallel()
	for i, d := range table.all {
		require.Equal(t, i, d.id)
		require.Equal(t, strings.ToLower(d.name), d.name)
		require.Same(t, d, table.lookup(strings.ToUpper(d.name)))
		require.NotEmpty(t, d.doc, d.name)
		require.True(t, strings.HasSuffix(d.doc, "."), d.name)
		for line := range strings.SplitSeq(d.doc, "\n") {
			require.LessOrEqual(t, len(line), 80, "%s: %s", d.name, line)
		}
		require.LessOrEqual(t, len(d.summary()), 150, d.name)
	}
}

// TestDefaults feeds every default back: as CONFIG GET shows it and as CONFIG
// REWRITE writes it.
func TestDefaults(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	for _, d := range table.all {
		cur := c.slots[d.id].load()
		words := []string{d.kind.format(cur)}
		if d.has(multiArg) {
			words = splitSpaces(words[0])
		}
		if d == ReplicaOf.d {
			continue // shows no value for a master
		}
		v, err := d.parse(c.scopeOf(d), words)
		require.NoError(t, err, d.name)
		require.Equal(t, d.kind.format(cur), d.kind.format(v), d.name)
	}
}

func TestNumberBounds(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	for _, d := range table.all {
		k, ok := d.kind.(numberKind)
		if !ok {
			continue
		}
		try := func(n int64) error {
			text := k.format(value{n: n})
			_, err := d.parse(c.scopeOf(d), []string{text})
			return err
		}
		require.NoError(t, try(k.min), d.name)
		require.NoError(t, try(k.max), d.name)
		if k.form == decimal && k.max < math.MaxInt64 {
			require.ErrorContains(t, try(k.max+1), "argument must be between", d.name)
		}
		if k.form == decimal && k.min > math.MinInt64 {
			require.ErrorContains(t, try(k.min-1), "argument must be between", d.name)
		}
		if k.form == memory && k.min > 0 {
			require.ErrorContains(t, try(k.min-1), "argument must be between", d.name)
		}
		if k.form == memory && k.max == math.MaxInt64 {
			require.ErrorContains(t, try(math.MinInt64), "argument must be between", d.name)
		}
		for _, bad := range []string{"x", "1x", "-", "--1", " 1", "1 "} {
			_, err := d.parse(c.scopeOf(d), []string{bad})
			if k.form == octal && bad == " 1" {
				continue // strtoll passes over blanks before a number
			}
			require.Error(t, err, "%s %q", d.name, bad)
		}
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"", 0, true}, {"b", 0, true}, {"1B", 1, true}, {"1k", 1000, true}, {"1Kb", 1024, true},
		{"1m", 1e6, true}, {"1mb", 1 << 20, true}, {"1G", 1e9, true}, {"1GB", 1 << 30, true}, {"007", 7, true},
		{"18446744073709551615", math.MaxUint64, true}, {"18446744073709551616", math.MaxUint64, true},
		{"17179869184gb", 0, true}, {"-1", 0, false}, {"1tb", 0, false}, {"1 mb", 0, false}, {"1.5gb", 0, false},
		{strings.Repeat("0", 127) + "", 0, true}, {strings.Repeat("0", 128), 0, false},
	} {
		got, ok := ParseMemory(c.text)
		require.Equal(t, c.ok, ok, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for n, want := range map[uint64]string{0: "0", 1: "1", 1024: "1kb", 1 << 20: "1mb", 5 << 30: "5gb", 1<<30 + 1024: "1048577kb", 1000: "1000"} {
		require.Equal(t, want, formatMemory(n))
	}
}

func TestStrtoll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		want     int64
		overflow bool
		ok       bool
	}{
		{"", 0, false, true}, {"12", 12, false, true}, {" +12", 12, false, true}, {"-12", -12, false, true},
		{"-", 0, false, false}, {"+", 0, false, false}, {" ", 0, false, false}, {"1x", 0, false, false},
		{"99999999999999999999", math.MaxInt64, true, true}, {"-99999999999999999999", math.MinInt64, true, true},
	} {
		n, overflow, ok := strtoll(c.text, 10)
		require.Equal(t, c.ok, ok, c.text)
		require.Equal(t, c.overflow, overflow, c.text)
		require.Equal(t, c.want, n, c.text)
	}
	_, _, ok := strtoll("8", 8)
	require.False(t, ok)
}

func TestKeyspaceEvents(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "A": "A", "g$lshzxetd": "A", "AKE": "AKE", "KEA": "AKE", "Kg$": "g$K", "Em": "Em", "An": "A", "n": "n", "gn": "gn", "mA": "Am",
	} {
		v, err := eventsKind{}.parse(scope{}, nil, []string{text})
		require.NoError(t, err)
		require.Equal(t, want, KeyspaceEvents(v.n).String(), text)
	}
}

func TestEnumText(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	for words, want := range map[string]string{
		"default": "default", "DEFAULT save": "save", "force now": "now force", "nosave now": "nosave now", "now now": "now",
	} {
		require.NoError(t, c.Set(admin, "shutdown-on-sigterm", words))
		require.Equal(t, want, ShutdownOnSigterm.Text(c))
	}
	require.Equal(t, "noeviction", MaxMemoryPolicy.Text(c))
	require.Error(t, c.Set(admin, "loglevel", "debug verbose"))
}

func TestDuration(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "--repl-timeout", "7", "--slowlog-log-slower-than", "-1", "--busy-reply-threshold", strconv.Itoa(math.MaxInt64))
	require.Equal(t, 7*time.Second, ReplTimeout.Duration(c))
	require.Equal(t, -time.Microsecond, SlowlogLogSlowerThan.Duration(c))
	require.EqualValues(t, math.MaxInt64, BusyReplyThreshold.Duration(c))
	require.Equal(t, time.Minute, LFUDecayTime.Duration(c))
}

func TestChecks(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "--enable-protected-configs", "yes")
	for _, s := range []struct {
		name, text, want string
	}{
		{"dbfilename", "a/b", "dbfilename can't be a path, just a filename"},
		{"dbfilename", `a\b`, "dbfilename can't be a path, just a filename"},
		{"dbfilename", "", ""},
		{"proc-title-template", "{title}", "template format is invalid or contains unknown variables"},
		{"proc-title-template", "", "template format is invalid or contains unknown variables"},
		{"proc-title-template", "a {", "template format is invalid or contains unknown variables"},
		{"proc-title-template", "a {title", "template format is invalid or contains unknown variables"},
		{"proc-title-template", "{{", ""},
		{"proc-title-template", "{title}x{port}", ""},
		{"cluster-announce-hostname", strings.Repeat("a", 256), "Hostnames must be less than 256 characters"},
		{"cluster-announce-hostname", strings.Repeat("a", 255), ""},
		{"locale-collate", "C", ""},
	} {
		err := c.Set(admin, s.name, s.text)
		if s.want == "" {
			require.NoError(t, err, s)
		} else {
			require.ErrorContains(t, err, s.want, s)
		}
	}
	_, err := load(t, "--appendfilename", "")
	require.ErrorContains(t, err, "appendfilename can't be empty")
	_, err = load(t, "--appenddirname", "a/b")
	require.ErrorContains(t, err, "appenddirname can't be a path, just a dirname")
}

// TestExample checks redis.conf.example against the table; with -update it
// writes it.
func TestExample(t *testing.T) {
	text := Example()
	if *update {
		require.NoError(t, os.WriteFile(examplePath, []byte(text), 0o644))
	}
	file, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	require.Equal(t, text, string(file), "redis.conf.example is stale: run go test ./server/config -update")

	c := mustLoad(t)
	before := values(c)
	require.NoError(t, c.Load([]string{"-"}, strings.NewReader(text)))
	require.Equal(t, before, values(c))
	require.Empty(t, c.Meaningless())
	for _, d := range table.all {
		require.Contains(t, text, "\n"+map[bool]string{true: "# "}[d.has(meaningless) || d == ReplicaOf.d]+d.name+" ", d.name)
	}
}
