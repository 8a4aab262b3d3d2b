package server

import (
	"context"
	"strings"

	"github.com/stretchr/testify/require"

	"treedis/repl"
	"treedis/server/resp"
)

// logTail reads what a session's server logs.
type logTail struct {
	reader *repl.Reader
	read   int64 // offset up to which it has been read
}

// record makes the session's server log what it changes, for logged.
func (ss *session) record() *session {
	end := ss.s.log.EndOffset()
	r, ok := ss.s.log.NewReader(end, nil)
	require.True(ss.t, ok)
	ss.s.log.SetSelectedDB(0)
	ss.tail = &logTail{reader: r, read: end}
	return ss
}

// logged returns the commands logged since it was called last, separated by "; ".
func (ss *session) logged() string {
	var in []byte
	for ss.tail.read < ss.s.log.EndOffset() {
		chunks, err := ss.tail.reader.Next(context.Background())
		require.NoError(ss.t, err)
		for _, p := range chunks {
			in = append(in, p...)
			ss.tail.read += int64(len(p))
		}
	}
	var parser resp.Parser
	var all []string
	for len(in) > 0 {
		args, used, err := parser.Next(in)
		require.NoError(ss.t, err)
		require.NotZero(ss.t, used, "the log ends amid a command: %q", in)
		var line []string
		for _, a := range args {
			line = append(line, string(a))
		}
		all = append(all, strings.Join(line, " "))
		in = in[used:]
	}
	return strings.Join(all, "; ")
}

// logs executes command lines, each followed by what it must log.
func (ss *session) logs(pairs ...string) {
	ss.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		ss.do(pairs[i])
		require.Equal(ss.t, pairs[i+1], ss.logged(), pairs[i])
	}
}
