package listpack

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidateRejects(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, blob string }{
		{"nothing", ""},
		{"header only", "060000000000"},
		{"total too small", "060000000000ff"},
		{"total too large", "080000000000ff"},
		{"no end", "0700000000000000"},
		{"wrong last byte", "07000000000000"},
		{"count too large", "070000000100ff"},
		{"count too small", "0900000000000101ff"},
		{"end in the middle", "090000000000ffffff"},
		{"unknown encoding", "090000000100f501ff"},
		{"backlen of another size", "0900000001000102ff"},
		{"backlen marked", "0900000001000181ff"},
		{"integer cut", "090000000100f101ff"},
		{"int64 cut", "0c0000000100f400000000ff"},
		{"string cut", "0a00000001008a6101ff"},
		{"string over the end", "0a0000000100826103ff"},
		{"12 bit length cut", "080000000100e1ff"},
		{"32 bit length cut", "0a0000000100f0ffffff"},
		{"32 bit length huge", "0d0000000100f0ffffffff05ff"},
		{"backlen of six bytes", "0d0000000100868080808080ff"},
	} {
		raw, err := hex.DecodeString(tc.blob)
		require.NoError(t, err)
		require.ErrorIs(t, Validate(raw, true), ErrCorrupt, tc.name)
	}
	require.NoError(t, Validate(New(0), true))
	shallow := build("abc")
	shallow[headerSize] = 0xF5
	require.NoError(t, Validate(shallow, false))
	require.ErrorIs(t, Validate(shallow, true), ErrCorrupt)
}

// Every single byte flip is either refused or leaves a blob that can be used.
func TestValidateFlips(t *testing.T) {
	t.Parallel()
	lp := build("a", "1", "-1", "5000", "70000", "-9000000", "3000000000", strings.Repeat("y", 70), "", "z")
	for i := range lp {
		for bit := range 8 {
			bad := Clone(lp)
			bad[i] ^= 1 << bit
			exercise(t, bad)
		}
	}
}

// exercise uses a blob in every way if it validates.
func exercise(t *testing.T, lp []byte) {
	if Validate(lp, true) != nil {
		return
	}
	elems := [][]byte{}
	for pos := range all(lp) {
		elems = append(elems, AppendValue(nil, lp, pos))
	}
	check(t, elems, lp)
	if len(elems) == 0 {
		return
	}
	last := Seek(lp, -1)
	require.Equal(t, Last(lp), last)
	require.Equal(t, last, Seek(lp, len(elems)-1))
	Find(lp, First(lp), []byte("12"), 1)
	edited := Append(Clone(lp), []byte("tail"))
	edited = Replace(edited, Seek(edited, len(elems)/2), []byte("middle"))
	edited, _ = Delete(edited, First(edited))
	require.NoError(t, Validate(edited, true))
	require.Equal(t, len(elems), Len(edited))
	require.NoError(t, Validate(Merge(edited, lp), true))
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(nil), true)
	f.Add(build("a", "1", "70000", strings.Repeat("x", 200))[headerSize:], true)
	f.Add(build(strings.Repeat("x", 4096), "-1")[headerSize:], false)
	f.Fuzz(func(t *testing.T, body []byte, known bool) {
		exercise(t, body)
		// Behind a header that fits, more of the input gets past the first checks.
		lp := append([]byte{0, 0, 0, 0, 0xFF, 0xFF}, body...)
		lp = append(lp, end)
		binary.LittleEndian.PutUint32(lp, uint32(len(lp)))
		if known && Validate(lp, true) == nil {
			setCount(lp, Len(lp))
		}
		exercise(t, lp)
	})
}
