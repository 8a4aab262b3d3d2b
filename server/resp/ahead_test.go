package resp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecondWord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		buf, word string
		n         int
	}{
		{"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "k", 20},
		{"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n*1\r\n", "k", 26},
		{"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "", 19},
		{"*2\r\n$3\r\nGET\r\n$1\r\nk\r", "", 0},
		{"*2\r\n$3\r\nGET\r\n$1\r\n", "", 0},
		{"*2\r\n$3\r\nGET\r\n$1", "", 0},
		{"*2\r\n$3\r\nGET\r\n$\r\nk\r\n", "", 0},
		{"*2\r\n$3\r\nGET\r\n$-1\r\nk\r\n", "", 0},
		{"*2\r\n$3\r\nGET\r\n$9999999999\r\nk\r\n", "", 0},
		{"*99999999999999999999\r\n$3\r\n", "", 0},
		{"*1\r\n$4\r\nPING\r\n", "", 0},
		{"*0\r\n", "", 0},
		{"*\r\n", "", 0},
		{"PING\r\n", "", 0},
		{"", "", 0},
	} {
		word, n := SecondWord([]byte(c.buf))
		require.Equal(t, c.n, n, "%q", c.buf)
		require.Equal(t, c.word, string(word), "%q", c.buf)
	}
}

func FuzzSecondWord(f *testing.F) {
	f.Add([]byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		word, n := SecondWord(buf)
		if n == 0 {
			return
		}
		var p Parser
		args, used, err := p.Next(buf)
		if err != nil { // a line end that is none, which Parser refuses
			return
		}
		require.Equal(t, used, n)
		require.Equal(t, args[1], word)
	})
}
