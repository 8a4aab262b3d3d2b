package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
)

func TestModuleCommands(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect("module list", "*0")
	for _, line := range []string{"module load a.so", "module loadex a.so args x", "module unload a"} {
		require.Contains(t, ss.do(line), "-ERR MODULE command not allowed.", line)
	}
	require.NoError(t, ss.s.cfg.Override(config.EnableModuleCommand, "local"))
	ss.expect(
		"module load a.so x", "-ERR Error loading the extension. Please check the server logs.",
		"module loadex a.so config a b args x", "-ERR Error loading the extension. Please check the server logs.",
		"module unload a", "-ERR Error unloading module: no such module with that name",
	)
}

func TestClusterIsDisabled(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	const disabled = "-ERR This instance has cluster support disabled"
	ss.expect("cluster info", disabled, "cluster help", disabled, "cluster setslot 1 node x", disabled,
		"readonly", disabled, "readwrite", disabled, "asking", disabled,
		"cluster nosuch", "-ERR unknown subcommand 'nosuch'. Try CLUSTER HELP.")
}

func TestLolwut(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	for range 50 {
		text := ss.raw("lolwut", "version", "5")
		require.Contains(t, text, "Redis ver. 7.2.4")
		require.GreaterOrEqual(t, strings.Count(text, "\n"), 3)
	}
	ss.expect("lolwut version x", "-ERR value is not an integer or out of range")
}
