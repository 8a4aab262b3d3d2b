package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHyperLogLog(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	const notHLL = "-WRONGTYPE Key is not a valid HyperLogLog string value."
	ss.expect(
		"pfadd h", ":1",
		"pfadd h", ":0",
		"pfcount h", ":0",
		"pfadd h a b c", ":1",
		"pfadd h a b c", ":0",
		"pfcount h", ":3",
		"pfcount no", ":0",
		"pfadd g c d", ":1",
		"pfcount h g no", ":4",
		"pfmerge m h g no", "+OK",
		"pfcount m", ":4",
		"pfdebug encoding m", "+sparse",
		"pfdebug decode m", "$57 Z:7292 v:1,1 Z:1143 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603",
		"pfdebug todense m", ":1",
		"pfdebug todense m", ":0",
		"pfdebug encoding m", "+dense",
		"pfdebug decode m", "-ERR HLL encoding is not sparse",
		"pfcount m", ":4",
		"strlen m", ":12304",
		"pfmerge h m", "+OK",
		"pfdebug encoding h", "+dense",
		"pfadd h a d e", ":1",
		"pfcount h", ":5",
		"pfdebug foo h", "-ERR Unknown PFDEBUG subcommand 'foo'",
		"pfdebug getreg no", "-ERR The specified key does not exist",
		"set s HYLL", "+OK",
		"pfadd s a", notHLL,
		"pfcount s", notHLL,
		"pfcount no s", notHLL,
		"pfmerge x s", notHLL,
		"set n 1", "+OK",
		"pfadd n a", notHLL,
		"rpush l a", ":1",
		"pfadd l a", "-"+errWrongType,
		"pfcount l", "-"+errWrongType,
		"pfadd corrupt a b", ":1",
		"append corrupt x", ":25",
		"pfcount corrupt", "-INVALIDOBJ Corrupted HLL object detected",
		"pfcount corrupt g", "-INVALIDOBJ Corrupted HLL object detected",
		"pfmerge corrupt", "-INVALIDOBJ Corrupted HLL object detected",
		"pfdebug getreg corrupt", "-INVALIDOBJ Corrupted HLL object detected",
	)
	require.True(t, strings.HasPrefix(ss.do("pfdebug getreg g"), "*16384 :0 :0"))
}

// The estimate that PFCOUNT finds is written to the value, though the command counts as one that reads.
func TestPFCountIsLogged(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.record()
	ss.do("pfadd h a b")
	ss.do("pfcount h")
	require.Equal(t, "$1\r\n\x00\r\n", ss.raw("getrange", "h", "15", "15"))
	ss.do("pfcount h")
	ss.do("pfadd h a")
	ss.do("pfadd h c")
	require.Equal(t, "$1\r\n\x80\r\n", ss.raw("getrange", "h", "15", "15"))
	require.Equal(t, "pfadd h a b; pfcount h; pfadd h c", ss.logged())
}
