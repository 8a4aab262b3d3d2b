package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPipelineOnManyKeys sends pipelines to a database that is large enough for the server to look ahead in them, with all that is
// no command with a key between.
func TestPipelineOnManyKeys(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	w := n.dial()
	const keys = touchFrom + 1000
	var b []byte
	sent := 0
	for i := range keys {
		b = fmt.Appendf(b, "*3\r\n$3\r\nSET\r\n$8\r\nk%07d\r\n$5\r\n%05d\r\n", i, i)
		sent++
		if len(b) > 64<<10 || i == keys-1 {
			_, err := w.Write(b)
			require.NoError(t, err)
			for b = b[:0]; sent > 0; sent-- {
				require.Equal(t, "OK", w.read())
			}
		}
	}
	w.expect("dbsize", fmt.Sprint(keys))
	var want []string
	for i := range 200 {
		k := i * 7919 % keys
		b = fmt.Appendf(b, "*2\r\n$3\r\nGET\r\n$8\r\nk%07d\r\n", k)
		want = append(want, fmt.Sprintf("%05d", k))
		switch i % 5 {
		case 0:
			b = append(b, "PING\r\n"...)
			want = append(want, "PONG")
		case 1:
			b = append(b, "*1\r\n$4\r\nPING\r\n*0\r\n\r\n"...)
			want = append(want, "PONG")
		case 2:
			b = append(b, "*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\nx\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"...)
			want = append(want, "OK", "(nil)", "OK")
		}
	}
	cut := len(b) / 2 // somewhere within a command
	for _, part := range [][]byte{b[:cut], b[cut:]} {
		_, err := w.Write(part)
		require.NoError(t, err)
	}
	for _, text := range want {
		require.Equal(t, text, w.read())
	}
}
