package server

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandCommands(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"command info ping", "*1 *10 $4 ping :-1 *1 +fast :0 :0 :0 *2 +@fast +@connection *2 $25 request_policy:all_shards $29 response_policy:all_succeeded *0 *0",
		"command info nosuch config|nosuch", "*2 *-1 *-1",
		"command docs nosuch", "*0",
		"command getkeys get a", "*1 $1 a",
		"command getkeys mset a 1 b 2", "*2 $1 a $1 b",
		"command getkeysandflags set a b", "*1 *2 $1 a *2 +OW +update",
		"command getkeys ping", "-ERR The command has no key arguments",
		"command getkeys nosuch", "-ERR Invalid command specified",
		"command getkeys client nosuch", "-ERR Invalid command specified",
		"command getkeys get", "-ERR Invalid number of arguments specified for command",
		"command getkeys", "-ERR wrong number of arguments for 'command|getkeys' command",
		"command list filterby pattern CONFIG|*", "*5 $10 config|get $11 config|help $16 config|resetstat $14 config|rewrite $10 config|set",
		"command list filterby aclcat nosuch", "*0",
		"command list filterby module x", "*0",
		"command list filterby what x", "-ERR syntax error",
		"command list filterby pattern", "-ERR syntax error",
		"command list pattern x", "-ERR syntax error",
		"command nosuch", "-ERR unknown subcommand 'nosuch'. Try COMMAND HELP.",
	)
	count := strings.TrimPrefix(ss.do("command count"), ":")
	require.True(t, strings.HasPrefix(ss.raw("command"), "*"+count+"\r\n"))
	require.True(t, strings.HasPrefix(ss.raw("command", "info"), "*"+count+"\r\n"))
	n, err := strconv.Atoi(count)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(ss.raw("command", "docs"), "*"+strconv.Itoa(2*n)+"\r\n"))
	require.Contains(t, ss.do("command list filterby aclcat transaction"), "$4 exec")
	require.Equal(t, len(ss.s.table.Find([]byte("config")).Subcommands()), 5)
}

func TestTimeAndMemory(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.advance(1234567)
	ss.expect(
		"time", "*2 $10 1700000000 $4 1234",
		"memory usage nosuch", "$-1",
		"memory usage a samples", "-ERR syntax error",
		"memory usage a samples -1", "-ERR syntax error",
		"memory usage a samples x", "-ERR value is not an integer or out of range",
		"memory usage a what 1", "-ERR syntax error",
		"set a b", "+OK",
	)
	require.Regexp(t, `^:[1-9]\d*$`, ss.do("memory usage a"))
	require.Equal(t, ss.do("memory usage a"), ss.do("memory usage a samples 0"))
}
