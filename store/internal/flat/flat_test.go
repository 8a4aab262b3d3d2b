package flat

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpliceAgainstModel(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewSource(1))
	var b, model []byte
	for range 5000 {
		pos := rnd.Intn(len(b) + 1)
		old := rnd.Intn(min(len(b)-pos, 80) + 1)
		repl := make([]byte, rnd.Intn(82))
		rnd.Read(repl)
		b = Splice(b, pos, old, len(repl))
		copy(b[pos:], repl)
		model = slices.Replace(model, pos, pos+old, repl...)
		require.Equal(t, len(model), len(b))
		require.True(t, slices.Equal(model, b))
		require.LessOrEqual(t, cap(b), max(2*len(b)+2, minShrink+16))
	}
}

func TestSpliceStaysInPlace(t *testing.T) {
	t.Parallel()
	b := make([]byte, 10, 100)
	require.Same(t, &b[0], &Splice(b, 5, 0, 90)[0])
	require.Same(t, &b[0], &Splice(b, 5, 5, 0)[0])
	require.NotSame(t, &b[0], &Splice(b, 5, 0, 91)[0])
}

func TestAppendsMoveRarely(t *testing.T) {
	t.Parallel()
	var b []byte
	moves, last := 0, 0
	for range 100_000 {
		if b = Splice(b, len(b), 0, 1); cap(b) != last {
			moves, last = moves+1, cap(b)
		}
	}
	require.Less(t, moves, 100)
}
