package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// TestRewriteText gives the file before and after. The lines every rewrite
// appends, of directives that are always written, are at the end.
func TestRewriteText(t *testing.T) {
	t.Parallel()
	const always = "save 3600 1\nsave 300 100\nsave 60 10000\n"
	for _, c := range []struct {
		name   string
		before string
		set    []string
		users  []string
		want   string
	}{
		{"comments and order stay",
			"# a comment\nport 1\n\n\n\n# another\n  TIMEOUT   5  \n" + always,
			nil, nil,
			"# a comment\nport 1\n\n# another\ntimeout 5\n" + always},
		{"a changed value is replaced where it stands",
			"port 1\n" + always + "hz 20\n",
			[]string{"port", "2", "hz", "10"}, nil,
			"port 2\n" + always + "hz 10\n"},
		{"an alias becomes the name, duplicates go",
			"slave-priority 1\n" + always + "replica-priority 2\nport 1\n",
			nil, nil,
			"replica-priority 2\n" + always + "\nport 1\n"},
		{"appended after the marker",
			always, []string{"maxmemory", "5mb", "requirepass", "a \"b\"\n", "maxmemory-clients", "5%"}, nil,
			always + rewriteMarker + "\nrequirepass \"a \\\"b\\\"\\n\"\nmaxmemory-clients 5%\nmaxmemory 5mb\n"},
		{"the marker is not repeated",
			always + rewriteMarker + "\nport 1\n", []string{"hz", "20"}, nil,
			always + rewriteMarker + "\nport 1\nhz 20\n"},
		{"save is rewritten line by line",
			"save 1 1\nport 1\nsave 2 2\nsave 3 3\n", []string{"save", "7 7"}, nil,
			"save 7 7\nport 1\n\n"},
		{"no save points",
			always, []string{"save", ""}, nil,
			"save \"\"\n\n"},
		{"what is not understood becomes a comment, what others interpret stays",
			"rename-command FLUSHALL \"\"\nlist-max-ziplist-entries 5\n" + always, nil, nil,
			"rename-command FLUSHALL \"\"\n# ??? list-max-ziplist-entries 5\n" + always},
		{"users",
			"user a off\nuser b off\n" + always, nil, []string{"a on", "default on nopass", "c off"},
			"user a on\nuser default on nopass\n" + always + rewriteMarker + "\nuser c off\n"},
		{"users live in the aclfile",
			"user a off\naclfile x.acl\n" + always, nil, []string{"a on"},
			"\naclfile \"x.acl\"\n" + always},
		{"text that is not set goes",
			"requirepass x\n" + always, []string{"requirepass", ""}, nil,
			"\n" + always},
		{"the default bind goes",
			"bind 127.0.0.1\n" + always, []string{"bind", "* -::*"}, nil,
			"\n" + always},
		{"output limits",
			always, []string{"client-output-buffer-limit", "slave 1mb 2 3"}, nil,
			always + rewriteMarker + "\nclient-output-buffer-limit replica 1mb 2 3\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// These two are always written; here they are in the file, at its
			// end but for the marker's lines.
			const fixed = "latency-tracking-info-percentiles 50 99 99.9\n"
			path := write(t, "a.conf", fixed+"dir ./\n"+c.before)
			cfg := inDir(t, filepath.Dir(path))
			require.NoError(t, cfg.Load([]string{path}, nil))
			if len(c.set) > 0 {
				require.NoError(t, cfg.Set(admin, c.set...))
			}
			require.NoError(t, cfg.Rewrite(RewriteOptions{Users: c.users}))
			text := read(t, path)
			require.Equal(t, fixed+"dir "+quote(Dir.Get(cfg))+"\n"+c.want, text)
			require.NoError(t, cfg.Rewrite(RewriteOptions{Users: c.users}))
			require.Equal(t, text, read(t, path), "a second time changes nothing")
		})
	}
}

func TestRewriteReplicaOf(t *testing.T) {
	t.Parallel()
	path := write(t, "a.conf", "slaveof a 1\n")
	c := inDir(t, filepath.Dir(path))
	require.NoError(t, c.Load([]string{path}, nil))
	require.NoError(t, c.Override(ReplicaOf, "b", "2"))
	require.NoError(t, c.Rewrite(RewriteOptions{}))
	require.Contains(t, read(t, path), "replicaof b 2\n")
	require.NoError(t, c.Override(ReplicaOf, "no", "one"))
	require.NoError(t, c.Rewrite(RewriteOptions{}))
	require.NotContains(t, read(t, path), "replicaof")
}

// TestRewriteAll sets every directive to the value it shows, writes all of
// them, and reads them back.
func TestRewriteAll(t *testing.T) {
	t.Parallel()
	path := write(t, "a.conf", "enable-protected-configs yes\nreplicaof localhost 7\n")
	c := inDir(t, filepath.Dir(path))
	require.NoError(t, c.Load([]string{path}, nil))
	for _, p := range c.Get("*") {
		if !table.lookup(p.Name).has(immutable) {
			require.NoError(t, c.Set(admin, p.Name, p.Value), p.Name)
		}
	}
	before := values(c)
	require.NoError(t, c.Rewrite(RewriteOptions{All: true}))
	again := New()
	require.NoError(t, again.Load([]string{path}, nil))
	require.Equal(t, before, values(again))
}

func TestRewriteErrors(t *testing.T) {
	t.Parallel()
	c := mustLoad(t)
	require.ErrorIs(t, c.Rewrite(RewriteOptions{}), ErrNoConfigFile)

	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "a.conf")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte("port 1\n"), 0o600))
	c = inDir(t, dir)
	require.NoError(t, c.Load([]string{path}, nil))

	require.NoError(t, os.Remove(path))
	require.NoError(t, c.Rewrite(RewriteOptions{}), "a file that is gone is written anew")
	require.Contains(t, read(t, path), "port 1\n")
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")

	require.NoError(t, os.RemoveAll(filepath.Dir(path)))
	require.EqualError(t, c.Rewrite(RewriteOptions{}), "ERR Rewriting config file: No such file or directory")
}
