package slowlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func ids(entries []Entry) (ids []int64) {
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestLogKeepsTheLatest(t *testing.T) {
	t.Parallel()
	var l Log
	l.Add(Entry{})
	require.Zero(t, l.Len(), "the zero log keeps nothing")

	l.SetLimit(3)
	for range 5 {
		l.Add(Entry{})
	}
	require.Equal(t, []int64{5, 4, 3}, ids(l.Latest(-1)))
	require.Equal(t, []int64{5, 4}, ids(l.Latest(2)))
	require.Equal(t, []int64{5, 4, 3}, ids(l.Latest(100)))
	require.Empty(t, l.Latest(0))

	l.SetLimit(1)
	require.Equal(t, []int64{5}, ids(l.Latest(-1)))
	l.Reset()
	require.Zero(t, l.Len())
	l.Add(Entry{})
	require.Equal(t, []int64{6}, ids(l.Latest(-1)), "ids go on")
}

func TestShorten(t *testing.T) {
	t.Parallel()
	words := func(n int) (w [][]byte) {
		for i := range n {
			w = append(w, fmt.Append(nil, i))
		}
		return w
	}
	text := func(args [][]byte) (s []string) {
		for _, a := range args {
			s = append(s, string(a))
		}
		return s
	}
	require.Len(t, Shorten(words(32), nil, ""), 32)
	require.Equal(t, "31", text(Shorten(words(32), nil, ""))[31])
	require.Equal(t, "... (2 more arguments)", text(Shorten(words(33), nil, ""))[31])

	long := strings.Repeat("a", 129)
	require.Equal(t, []string{"set", long[:128], long[:128] + "... (1 more bytes)"},
		text(Shorten([][]byte{[]byte("set"), []byte(long[:128]), []byte(long)}, nil, "")))

	args := [][]byte{[]byte("auth"), []byte(long)}
	kept := Shorten(args, []int{1}, "(redacted)")
	require.Equal(t, []string{"auth", "(redacted)"}, text(kept))
	args[0][0] = 'x'
	require.Equal(t, "auth", string(kept[0]), "the words are copies")
}
