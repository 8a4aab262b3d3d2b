package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBitCountAndPos(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.raw("set", "s", "\x00\xff\xf0")
	ss.expect(
		"bitcount s", ":12",
		"bitcount s 0 -1", ":12",
		"bitcount s 1 1", ":8",
		"bitcount s 10 21 bit", ":10",
		"bitcount s -5 -5 bit", ":1",
		"bitcount s 2 1", ":0",
		"bitcount s -1 -2 junk", ":0",
		"bitcount s 0 0 junk", "-"+errSyntax,
		"bitcount s 0", "-"+errSyntax,
		"bitcount s x 1", "-"+errNotInteger,
		"bitcount no x", ":0",
		"bitpos s 1", ":8",
		"bitpos s 0", ":0",
		"bitpos s 0 1", ":20",
		"bitpos s 0 1 1", ":-1",
		"bitpos s 1 9 12 bit", ":9",
		"bitpos s 0 8 19 bit", ":-1",
		"bitpos s 2", "-ERR The bit argument must be 1 or 0.",
		"bitpos s x", "-"+errNotInteger,
		"bitpos s 1 x", "-"+errNotInteger,
		"bitpos s 1 0 1 2 bit", "-"+errSyntax,
		"bitpos s 1 0 x junk", "-"+errSyntax,
		"bitpos no 0", ":0",
		"bitpos no 1", ":-1",
		"set n 12", "+OK",
		"bitcount n", ":6",
		"rpush l a", ":1",
		"bitcount l", "-"+errWrongType,
		"bitpos l 1", "-"+errWrongType,
	)
	ss.raw("set", "ones", "\xff\xff\xff")
	ss.expect("bitpos ones 0", ":24", "bitpos ones 0 1", ":24", "bitpos ones 0 0 -1", ":-1", "bitpos ones 0 5", ":-1")
}

func TestBitOp(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.raw("set", "a", "\xff\x0f\x55")
	ss.raw("set", "b", "\x0f\xff")
	for op, want := range map[string]string{"AND": "\x0f\x0f\x00", "or": "\xff\xff\x55", "xor": "\xf0\xf0\x55"} {
		ss.expect("bitop "+op+" d a b", ":3")
		require.Equal(t, "$3\r\n"+want+"\r\n", ss.raw("get", "d"), op)
	}
	ss.expect(
		"bitop not d a", ":3",
		"object encoding d", "$3 raw",
		"bitop not d a b", "-ERR BITOP NOT must be called with a single source key.",
		"bitop nand d a b", "-"+errSyntax,
		"bitop and d no no2", ":0",
		"exists d", ":0",
		"pexpire a 1000", ":1",
		"bitop or a a b", ":3",
		"pttl a", ":-1",
		"sadd s x", ":1",
		"bitop or d a s", "-"+errWrongType,
		"bitop or s a a", ":3",
	)
}

func TestBitField(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	const badType = "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	ss.expect(
		"bitfield k", "*0",
		"bitfield k get u8 0 get i8 #1", "*2 :0 :0",
		"exists k", ":0",
		"bitfield k set u8 0 255 get i4 2 incrby u2 6 1", "*3 :0 :-1 :0",
		"bitfield k set i8 0 -200 overflow sat set i8 0 -200 incrby i8 0 -100", "*3 :-4 :56 :-128",
		"bitfield k overflow fail incrby u63 #1 -1 set u8 0 256", "*2 $-1 $-1",
		"strlen k", ":16",
		"bitfield fresh overflow fail incrby u8 0 -1", "*1 $-1",
		"strlen fresh", ":1",
		"bitfield_ro k get u8 0", "*1 :128",
		"bitfield_ro k set u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand",
		"bitfield k get u64 0", badType,
		"bitfield k get i65 0", badType,
		"bitfield k get x8 0", badType,
		"bitfield k get u 0", badType,
		"bitfield k get u8 -1", "-"+errBitOffset,
		"bitfield k get u8 #x", "-"+errBitOffset,
		"bitfield k get u8 4294967296", "-"+errBitOffset,
		"bitfield k set u8 0 x", "-"+errNotInteger,
		"bitfield k set u8 0", "-"+errSyntax,
		"bitfield k overflow none", "-ERR Invalid OVERFLOW type specified",
		"rpush l a", ":1",
		"bitfield l get u8 0", "-"+errWrongType,
		"bitfield l set u8 0 1", "-"+errWrongType,
	)
}
