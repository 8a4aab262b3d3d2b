package resp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppendQuoted(t *testing.T) {
	t.Parallel()
	require.Equal(t, `""`, string(AppendQuoted(nil, "")))
	require.Equal(t, `x"a\"\\\n\r\t\a\b\x00\xff'"`, string(AppendQuoted([]byte("x"), "a\"\\\n\r\t\a\b\x00\xff'")))
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	words, ok := SplitArgs(nil, AppendQuoted(nil, all))
	require.True(t, ok)
	require.Equal(t, [][]byte{all}, words)
}
