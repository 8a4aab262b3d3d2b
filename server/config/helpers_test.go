package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// load reads a command line into a new Config whose dir is a folder of the
// test's.
func load(t *testing.T, args ...string) (*Config, error) {
	t.Helper()
	c := inDir(t, t.TempDir())
	return c, c.Load(args, strings.NewReader(""))
}

func mustLoad(t *testing.T, args ...string) *Config {
	t.Helper()
	c, err := load(t, args...)
	require.NoError(t, err)
	return c
}

func inDir(t *testing.T, dir string) *Config {
	t.Helper()
	c := New()
	require.NoError(t, c.Override(Dir, dir))
	return c
}

// write makes a file in a folder of the test's and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// show is the value CONFIG GET shows.
func show(t *testing.T, c *Config, name string) string {
	t.Helper()
	pairs := c.Get(name)
	require.Len(t, pairs, 1, name)
	return pairs[0].Value
}

// values is what CONFIG GET shows of every directive, hidden ones too.
func values(c *Config) map[string]string {
	m := make(map[string]string)
	for _, d := range table.all {
		m[d.name] = d.kind.format(c.slots[d.id].load())
	}
	return m
}

var admin = Caller{Local: true}
