package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseArgs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		file  string
		lines string
		stdin bool
	}{
		{},
		{args: []string{"a.conf"}, file: "a.conf"},
		{args: []string{"-"}, stdin: true},
		{args: []string{"a.conf", "-"}, file: "a.conf", stdin: true},
		{args: []string{"-", "--port", "1"}, lines: `port "1" `, stdin: true},
		{args: []string{"--port", "1", "-"}, lines: `port "1" `, stdin: true},
		{args: []string{"--logfile", "-", "--port", "1"}, lines: "logfile \"-\" \nport \"1\" "},
		{args: []string{"--port", "--bla"}, lines: `port "--bla" `},
		{args: []string{"--port", "--a", "--b"}, lines: "port \"--a\" \nb "},
		{args: []string{"--port 1", "--loglevel debug"}, lines: "port 1 \nloglevel debug "},
		{args: []string{"--port ", "2"}, lines: `port  "2" `},
		{args: []string{"--save"}, lines: `save ""`},
		{args: []string{"--save", "--port", "1"}, lines: "save \"\"\nport \"1\" "},
		{args: []string{"--SAVE", "60", "1"}, lines: `SAVE "60" "1" `},
		{args: []string{"--save", ""}, lines: `save "" `},
		{args: []string{"a.conf", "loglevel", "debug", "--port 1"}, file: "a.conf", lines: "\"loglevel\" \"debug\" \nport 1 "},
		{args: []string{"--a 'b"}, lines: "a 'b "},
		{args: []string{"--", "x"}, lines: ` "x" `},
		{args: []string{""}, file: "."},
	} {
		file, lines, stdin := parseArgs(c.args)
		require.Equal(t, c.file, file, c.args)
		require.Equal(t, c.lines, lines, c.args)
		require.Equal(t, c.stdin, stdin, c.args)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	empty := write(t, "empty.conf", "")
	saved := write(t, "saved.conf", "save 900 1\n")
	for _, c := range []struct {
		args []string
		want map[string]string
	}{
		{[]string{}, map[string]string{"port": "6379", "save": "3600 1 300 100 60 10000", "bind": "* -::*"}},
		{[]string{"--replicaof", "127.0.0.1", "6380"}, map[string]string{"slaveof": "127.0.0.1 6380"}},
		{[]string{"--slaveof", "127.0.0.1 6380"}, map[string]string{"replicaof": "127.0.0.1 6380"}},
		{[]string{"--replicaof", "no", "one"}, map[string]string{"replicaof": ""}},
		{[]string{"--replicaof", "h", "1", "--replicaof", "NO ONE"}, map[string]string{"replicaof": ""}},
		{[]string{saved, "--save", "100", "100"}, map[string]string{"save": "900 1 100 100"}},
		{[]string{saved, "--save", ""}, map[string]string{"save": ""}},
		{[]string{saved, "--save", "--loglevel", "verbose"}, map[string]string{"save": "", "loglevel": "verbose"}},
		{[]string{"--loglevel", "verbose", "--save"}, map[string]string{"save": "", "loglevel": "verbose"}},
		{[]string{"--save", "3600 1", "--save", "60 1000"}, map[string]string{"save": "3600 1 60 1000"}},
		{[]string{"--save", "60", "1", "--save", ""}, map[string]string{"save": ""}},
		{[]string{"--save", "", "--save", "60", "1"}, map[string]string{"save": "60 1"}},
		{[]string{"--proc-title-template", "--save", "--save", "", "--loglevel", "verbose"},
			map[string]string{"proc-title-template": "--save", "save": "", "loglevel": "verbose"}},
		{[]string{"--proc-title-template", "--my--title--template", "--loglevel", "verbose"},
			map[string]string{"proc-title-template": "--my--title--template", "loglevel": "verbose"}},
		{[]string{"--proc-title-template --my--title--template", "--loglevel verbose"},
			map[string]string{"proc-title-template": "--my--title--template", "loglevel": "verbose"}},
		{[]string{"--maxmemory 700mb", "--maxmemory-policy volatile-lru"},
			map[string]string{"maxmemory": "734003200", "maxmemory-policy": "volatile-lru"}},
		{[]string{empty, "loglevel", "verbose", "--maxmemory '700mb'", "--maxmemory-policy 'volatile-lru'"},
			map[string]string{"loglevel": "verbose", "maxmemory": "734003200", "maxmemory-policy": "volatile-lru"}},
		{[]string{"--shutdown-on-sigint", "nosave", "force", "now", "--shutdown-on-sigterm", "nosave force"},
			map[string]string{"shutdown-on-sigint": "nosave now force", "shutdown-on-sigterm": "nosave force"}},
		{[]string{"--hz", "0"}, map[string]string{"hz": "1"}},
		{[]string{"--HZ", "1000"}, map[string]string{"hz": "500"}},
		{[]string{"--bind", "127.0.0.1", "::1"}, map[string]string{"bind": "127.0.0.1 ::1"}},
		{[]string{"--bind", ""}, map[string]string{"bind": ""}},
		{[]string{"--unixsocketperm", "0700"}, map[string]string{"unixsocketperm": "700"}},
		{[]string{"--maxmemory-clients", "5%"}, map[string]string{"maxmemory-clients": "5%"}},
		{[]string{"--client-output-buffer-limit", "slave 1mb 0 0 pubsub 2 1 3"},
			map[string]string{"client-output-buffer-limit": "normal 0 0 0 slave 1048576 0 0 pubsub 2 1 3"}},
		{[]string{"--requirepass", "a b\n\"'\\\x00é"}, map[string]string{"requirepass": "a b\n\"'\\\x00é"}},
		{[]string{"--lua-replicate-commands", "yes", "--list-max-ziplist-value", "64"}, nil},
		{[]string{"--set-max-listpack-entries", "1", "--latency-tracking-info-percentiles", "50", "99.95"},
			map[string]string{"set-max-listpack-entries": "1", "latency-tracking-info-percentiles": "50 99.95"}},
	} {
		cfg := mustLoad(t, c.args...)
		for name, want := range c.want {
			require.Equal(t, want, show(t, cfg, name), "%q", c.args)
		}
	}
}

func TestCommandLineErrors(t *testing.T) {
	t.Parallel()
	file := write(t, "some.conf", "port 1\n# comment\n\n  maxmemory 1q\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--invalid"}, "command line, line 1: 'invalid': Bad directive or wrong number of arguments"},
		{[]string{"--port"}, "command line, line 1: 'port': wrong number of arguments"},
		{[]string{"--port", "6380", "--loglevel"}, "command line, line 2: 'loglevel': wrong number of arguments"},
		{[]string{"--port", "6379", "6380"}, `command line, line 1: 'port "6379" "6380"': wrong number of arguments`},
		{[]string{"--port", "--loglevel", "verbose"}, `'port "--loglevel" "verbose"': wrong number of arguments`},
		{[]string{"--port", "--bla", "--loglevel", "verbose"}, `'port "--bla"': argument couldn't be parsed into an integer`},
		{[]string{"--port", "70000"}, "argument must be between 0 and 65535 inclusive"},
		{[]string{"--logfile", "--my--log--file", "--loglevel", "--bla"},
			`'loglevel "--bla"': argument(s) must be one of the following: debug, verbose, notice, warning, nothing`},
		{[]string{"--shutdown-on-sigint"}, "'shutdown-on-sigint': argument(s) must be one of the following: default, save, nosave, now, force"},
		{[]string{"--shutdown-on-sigint", "now force", "--shutdown-on-sigterm"}, "'shutdown-on-sigterm': argument(s) must be one of the following"},
		{[]string{"--shutdown-on-sigint", "save nosave"}, "shutdown options SAVE and NOSAVE can't be used simultaneously"},
		{[]string{"--replicaof", "127.0.0.1", "abc"}, `'replicaof "127.0.0.1" "abc"': Invalid master port`},
		{[]string{"--replicaof", "--127.0.0.1", "abc"}, `'replicaof "--127.0.0.1" "abc"': Invalid master port`},
		{[]string{"--replicaof", "--127.0.0.1", "--abc"}, `'replicaof "--127.0.0.1"': wrong number of arguments`},
		{[]string{"--replicaof", "'h 1"}, "wrong number of arguments"},
		{[]string{"--a 'b"}, "Unbalanced quotes in configuration line"},
		{[]string{"--loadmodule", "x.so"}, "loadable modules are not supported"},
		{[]string{"--mod.x", "1"}, "loadable modules are not supported"},
		{[]string{"--sentinel"}, "sentinel directive while not in sentinel mode"},
		{[]string{"--activedefrag", "yes"}, "Active defragmentation cannot be enabled"},
		{[]string{"--save", "60"}, "Invalid save parameters"},
		{[]string{"--save", "0", "1"}, "Invalid save parameters"},
		{[]string{"--save", "1", "-1"}, "Invalid save parameters"},
		{[]string{"--user"}, "Bad directive or wrong number of arguments"},
		{[]string{"--rename-command", "a"}, "Bad directive or wrong number of arguments"},
		{[]string{"--include", "/nonexistent/a.conf"}, "line 1: 'include \"/nonexistent/a.conf\"': can't open config file '/nonexistent/a.conf': No such file or directory"},
		{[]string{"/nonexistent/a.conf"}, "/nonexistent/a.conf: can't open config file '/nonexistent/a.conf': No such file or directory"},
		{[]string{"/"}, "/: can't open config file '/': Is a directory"},
		{[]string{file}, file + ", line 4: 'maxmemory 1q': argument must be a memory value"},
		{[]string{"--logfile", "/nonexistent/x.log"}, "Can't open the log file: No such file or directory"},
		{[]string{"--dir", "/nonexistent"}, "No such file or directory"},
	} {
		_, err := load(t, c.args...)
		var le *LoadError
		require.ErrorAs(t, err, &le, c.args)
		require.Contains(t, err.Error(), c.want, c.args)
		require.Contains(t, err.Error(), "FATAL CONFIG FILE ERROR")
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestSpecialArguments(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]error{"--help": ErrHelp, "-h": ErrHelp, "--version": ErrVersion, "-v": ErrVersion} {
		_, err := load(t, arg)
		require.ErrorIs(t, err, want)
		_, err = load(t, "--port", "1", arg)
		require.NotErrorIs(t, err, want, "only the first argument")
	}
	var b strings.Builder
	require.NoError(t, Usage(&b))
	require.Contains(t, b.String(), "--maxmemory memory")
	require.NotContains(t, b.String(), "key-load-delay")

	b.Reset()
	require.NoError(t, Usage(&b, "--MaxMemory-S"))
	require.Contains(t, b.String(), "\nmaxmemory-samples 5\n")
	require.NotContains(t, b.String(), "maxmemory-clients")
	require.Error(t, Usage(&b, "nosuch"))
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for shell, has := range map[string][]string{
		"bash": {`--appendfsync) COMPREPLY=($(compgen -W "everysec always no" -- "$word"))`, " --maxmemory ", "complete -o filenames -F _treedis treedis"},
		"zsh":  {"#compdef treedis", "'*--appendonly[", ":appendonly:(yes no)'", ":dir:_files'"},
		"fish": {"complete -c treedis -l appendonly -d", "-x -a 'yes no'", "-l logfile"},
	} {
		var b strings.Builder
		require.NoError(t, Completion(&b, shell))
		for _, text := range has {
			require.Contains(t, b.String(), text, shell)
		}
		require.NotContains(t, b.String(), "activedefrag", "what has no effect is not offered")
	}
	require.Error(t, Completion(&strings.Builder{}, "tcsh"))
}

func TestExpandTitle(t *testing.T) {
	t.Parallel()
	value := func(name string) string { return "<" + name + ">" }
	for template, want := range map[string]string{
		"{title} {{port} x ":        "<title> {port} x",
		"a {listen-addr}{tls-port}": "a <listen-addr><tls-port>",
		"{nosuch}":                  "",
		"{title":                    "",
	} {
		got, err := ExpandTitle(template, value)
		require.Equal(t, want == "", err != nil, template)
		require.Equal(t, want, got)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	c, err := load(t, "--port", "1", "--requirepass", "secret")
	require.NoError(t, err)
	require.Contains(t, c.Changed(), "port 1")
	require.Contains(t, c.Changed(), "requirepass (redacted)")
	require.NotContains(t, strings.Join(c.Changed(), " "), "secret")
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := write(t, "a.conf", "port 1\nhz 11\ntimeout 21\nloglevel debug\n")
	c := New()
	require.NoError(t, c.Load([]string{file, "--port", "3", "-"}, strings.NewReader("port 2\nhz 12")))
	require.EqualValues(t, 3, Port.Get(c))
	require.EqualValues(t, 12, HZ.Get(c))
	require.EqualValues(t, 21, Timeout.Get(c))
	require.Equal(t, LogDebug, LogLevel.Get(c))
	require.Equal(t, file, c.File())

	err := New().Load([]string{"-"}, strings.NewReader("port 2\nport x"))
	require.ErrorContains(t, err, "standard input, line 2: 'port x'")
	require.ErrorContains(t, New().Load([]string{"-"}, failing{}), "standard input")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("gone") }

func TestFileSyntax(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, write(t, "a.conf", "# port 1\r\n \t\r\n\tPORT\t 7 \r\n"+
		`requirepass "a\x41\n\"\q"`+"\n"+
		`masterauth 'it\'s \n'`+"\n"+
		`"hz" "20"`+"\n"+
		"user alice on >secret ~* +@all\nrename-command FLUSHALL \"\"\nrename-command get fetch\n"+
		"cluster-enabled yes\nactiverehashing yes"))
	require.EqualValues(t, 7, Port.Get(c))
	require.Equal(t, "aA\n\"q", RequirePass.Get(c))
	require.Equal(t, `it's \n`, MasterAuth.Get(c))
	require.EqualValues(t, 20, HZ.Get(c))
	require.Len(t, c.Users(), 1)
	require.Equal(t, []string{"alice", "on", ">secret", "~*", "+@all"}, c.Users()[0].Args)
	require.ErrorContains(t, c.Users()[0].Fail(errors.New("no")), "line 7: 'user alice on >secret ~* +@all': no")
	require.Len(t, c.Renames(), 2)
	require.Equal(t, []string{"FLUSHALL", ""}, c.Renames()[0].Args)
	require.Equal(t, []string{"activerehashing", "cluster-enabled"}, c.Meaningless())
}

func TestInclude(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	put("conf.d/1.conf", "port 1\ntimeout 1\nsave 1 1\n")
	put("conf.d/2.conf", "timeout 2\nsave 2 2\n")
	main := put("main.conf", "port 5\ninclude conf.d/*.conf\ninclude none.d/*.conf\nhz 20\n")
	c := inDir(t, dir)
	require.NoError(t, c.Load([]string{main}, nil))
	require.EqualValues(t, 1, Port.Get(c))
	require.EqualValues(t, 2, Timeout.Get(c))
	require.EqualValues(t, 20, HZ.Get(c))
	require.Equal(t, []SavePoint{{1, 1}, {2, 2}}, Save.Get(c))

	bad := put("bad.conf", "hz x\n")
	c = inDir(t, dir)
	err := c.Load([]string{put("outer.conf", "port 1\n\ninclude bad.conf\n")}, nil)
	require.ErrorContains(t, err, bad+", line 1: 'hz x': argument couldn't be parsed")

	put("a.conf", "include b.conf\n")
	loop := put("b.conf", "port 1\ninclude a.conf\n")
	c = inDir(t, dir)
	err = c.Load([]string{filepath.Join(dir, "a.conf")}, nil)
	require.ErrorContains(t, err, loop+", line 2: 'include a.conf': the file includes itself")

	// dir takes effect at once, also for files that are included after it.
	put("sub/x.conf", "hz 33\n")
	c = inDir(t, dir)
	require.NoError(t, c.Load([]string{put("dir.conf", "dir ./sub\ninclude x.conf\n")}, nil))
	require.EqualValues(t, 33, HZ.Get(c))
	require.Equal(t, filepath.Join(Dir.Get(c), "dump.rdb"), c.Path("dump.rdb"))
	require.Equal(t, "/x", c.Path("/x"))
}

func TestLogFile(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "--logfile", "a.log")
	require.FileExists(t, c.Path("a.log"))
}

func FuzzLoad(f *testing.F) {
	f.Add("port 1\n# x\nsave 1 2\nsave \"\"\n")
	f.Add("user a on\nrename-command a b\nclient-output-buffer-limit normal 1 1 1")
	f.Add("requirepass \"\\x00\\xff\"\nbind a b\n'")
	f.Add("unixsocketperm 777\nmaxmemory-clients 5%\nlatency-tracking-info-percentiles 0x1 inf")
	f.Add(Example())
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if low := strings.ToLower(text); strings.Contains(low, "include") || strings.Contains(low, "logfile") {
			t.Skip("reaches for other files")
		}
		path := filepath.Join(dir, "fuzz.conf")
		c := inDir(t, dir)
		if err := c.Load([]string{"-"}, strings.NewReader(text)); err != nil {
			var le *LoadError
			require.ErrorAs(t, err, &le)
			return
		}
		// What was accepted can be written and read again.
		c.file = path
		require.NoError(t, c.Rewrite(RewriteOptions{All: true}))
		again := inDir(t, dir)
		require.NoError(t, again.Load([]string{path}, nil))
		require.Equal(t, values(c), values(again))
	})
}
