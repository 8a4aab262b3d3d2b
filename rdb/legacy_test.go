package rdb

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/intset"
	"treedis/store/listpack"
)

// The encoders here make what Redis wrote before 7.0 and no longer can.

// ziplist packs elements as old Redis did, integers in the smallest encoding.
func ziplist(elems ...string) []byte {
	out := make([]byte, ziplistHeader)
	tail, prev := ziplistHeader, 0
	for _, e := range elems {
		tail = len(out)
		if prev < 254 {
			out = append(out, byte(prev))
		} else {
			out = binary.LittleEndian.AppendUint32(append(out, 254), uint32(prev))
		}
		out = appendZiplistElem(out, e)
		prev = len(out) - tail
	}
	out = append(out, 0xFF)
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	binary.LittleEndian.PutUint32(out[4:], uint32(tail))
	binary.LittleEndian.PutUint16(out[8:], uint16(min(len(elems), math.MaxUint16)))
	return out
}

func appendZiplistElem(out []byte, e string) []byte {
	v, err := strconv.ParseInt(e, 10, 64)
	if err == nil && strconv.FormatInt(v, 10) == e {
		le := binary.LittleEndian.AppendUint64(nil, uint64(v))
		switch {
		case v >= 0 && v <= 12:
			return append(out, 0xF1+byte(v))
		case v == int64(int8(v)):
			return append(append(out, 0xFE), le[:1]...)
		case v == int64(int16(v)):
			return append(append(out, 0xC0), le[:2]...)
		case v == v<<40>>40:
			return append(append(out, 0xF0), le[:3]...)
		case v == int64(int32(v)):
			return append(append(out, 0xD0), le[:4]...)
		default:
			return append(append(out, 0xE0), le...)
		}
	}
	switch n := len(e); {
	case n < 1<<6:
		out = append(out, byte(n))
	case n < 1<<14:
		out = append(out, 0x40|byte(n>>8), byte(n))
	default:
		out = binary.BigEndian.AppendUint32(append(out, 0x80), uint32(n))
	}
	return append(out, e...)
}

// zipmap packs fields and values; every value has spare bytes behind it.
func zipmap(spare int, elems ...string) []byte {
	out := []byte{byte(min(len(elems)/2, 254))}
	for i, e := range elems {
		if len(e) < 254 {
			out = append(out, byte(len(e)))
		} else {
			out = binary.LittleEndian.AppendUint32(append(out, 254), uint32(len(e)))
		}
		if i%2 == 0 {
			out = append(out, e...)
			continue
		}
		out = append(append(append(out, byte(spare)), e...), make([]byte, spare)...)
	}
	return append(out, 0xFF)
}

func listpackOf(elems ...string) []byte {
	lp := listpack.New(0)
	for _, e := range elems {
		lp = listpack.Append(lp, []byte(e))
	}
	return lp
}

// rawString appends a string as it is, without any encoding.
func rawString(dst []byte, s string) []byte {
	return append(appendLength(dst, uint64(len(s))), s...)
}

// rawFile is a file of one key, from the version's header to its checksum.
func rawFile(version int, typ byte, value []byte) []byte {
	out := []byte("REDIS000" + strconv.Itoa(version%10))
	if version > 9 {
		out[7] = '1'
	}
	out = append(out, opSelectDB, 0, typ)
	out = append(rawString(out, "k"), value...)
	out = append(out, opEOF)
	if version >= checksumSince {
		out = binary.LittleEndian.AppendUint64(out, checksum(0, out))
	}
	return out
}

// one reads a file of one key and returns its line.
func one(t *testing.T, file []byte) string {
	t.Helper()
	rec := newRecorder(t)
	require.NoError(t, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(rec))
	require.Len(t, rec.lines, 2)
	return rec.lines[1]
}

// someElems meet every encoding and every edge of a ziplist.
func someElems() []string {
	elems := []string{"", "a", strings.Repeat("b", 63), strings.Repeat("c", 64), strings.Repeat("d", 16383), strings.Repeat("e", 16384), "f",
		strings.Repeat("g", 250), strings.Repeat("h", 251), strings.Repeat("i", 252), "007", "-0"}
	for _, v := range []int64{0, 12, 13, 127, 128, -1, -128, -129, 32767, 32768, -32769, 1<<23 - 1, 1 << 23, -1 << 23,
		-1<<23 - 1, math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1, math.MaxInt64, math.MinInt64} {
		elems = append(elems, strconv.FormatInt(v, 10))
	}
	return append(elems, "last")
}

func TestLegacyTypes(t *testing.T) {
	t.Parallel()
	elems := someElems()
	quoted := make([]string, len(elems))
	for i, e := range elems {
		quoted[i] = short([]byte(e))
	}
	wantList := "list \"k\": " + strings.Join(quoted, " ")
	scored := []string{"a", "1.5", "b", "-3", "c", "inf", "d", "1e300"}
	const wantScored = `zset "k": "a"@1.5 "b"@-3 "c"@+Inf "d"@1e+300`
	const wantHash = `hash "k": "f"="v" "g"="1"`
	str := func(b []byte) []byte { return rawString(nil, string(b)) }
	set := intset.New()
	for _, v := range []int64{5, -70000, 1 << 40} {
		set, _ = intset.Add(set, v)
	}
	plainNode := append(appendLength(nil, containerPlain), rawString(nil, "whole")...)
	packedNode := append(appendLength(nil, containerPacked), str(listpackOf("x", "9"))...)
	emptyNode := append(appendLength(nil, containerPacked), str(listpackOf())...)

	for name, c := range map[string]struct {
		version int
		typ     byte
		value   []byte
		want    string
	}{
		"ziplist list":      {2, typeListZiplist, str(ziplist(elems...)), wantList},
		"quicklist":         {7, typeListQuicklist, append(append([]byte{2}, str(ziplist("1", "x"))...), str(ziplist("y"))...), `list "k": "1" "x" "y"`},
		"quicklist, hollow": {7, typeListQuicklist, append(append([]byte{2}, str(ziplist())...), str(ziplist("y"))...), `list "k": "y"`},
		"quicklist 2":       {10, typeListQuicklist2, append(append(append([]byte{3}, emptyNode...), plainNode...), packedNode...), `list "k": "whole" "x" "9"`},
		"ziplist zset":      {4, typeZSetZiplist, str(ziplist(scored...)), wantScored},
		"listpack zset":     {10, typeZSetListpack, str(listpackOf(scored...)), wantScored},
		"ziplist hash":      {4, typeHashZiplist, str(ziplist("f", "v", "g", "1")), wantHash},
		"listpack hash":     {10, typeHashListpack, str(listpackOf("f", "v", "g", "1")), wantHash},
		"listpack set":      {11, typeSetListpack, str(listpackOf("a", "7")), `set "k": "7" "a"`},
		"intset":            {2, typeSetIntset, str(set), `set "k": "-70000" "1099511627776" "5"`},
		"zipmap":            {1, typeHashZipmap, str(zipmap(0, "f", "v", "g", "1")), wantHash},
		"zipmap, spare":     {1, typeHashZipmap, str(zipmap(3, "f", "v", "g", "1")), wantHash},
		"zipmap, long": {1, typeHashZipmap, str(zipmap(1, strings.Repeat("f", 254), strings.Repeat("v", 300))),
			`hash "k": ` + short(bytes.Repeat([]byte("f"), 254)) + "=" + short(bytes.Repeat([]byte("v"), 300))},
		"text scores": {1, typeZSet, []byte("\x04\x01a\x031.5\x01b\x02-3\x01c\xfe\x01d\x051e300"), wantScored},
		"sorted hash": {6, typeHash, append([]byte{2}, "\x01f\x01v\x01g\xc0\x01"...), wantHash},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, one(t, rawFile(c.version, c.typ, c.value)))
		})
	}
}

func TestEmptyCollectionsArePassedOver(t *testing.T) {
	t.Parallel()
	str := func(b []byte) []byte { return rawString(nil, string(b)) }
	for typ, value := range map[byte][]byte{
		typeList: {0}, typeSet: {0}, typeHash: {0}, typeZSet: {0}, typeZSet2: {0},
		typeListQuicklist: {0}, typeListQuicklist2: {0},
		typeListZiplist: str(ziplist()), typeHashZiplist: str(ziplist()), typeZSetZiplist: str(ziplist()),
		typeSetListpack: str(listpackOf()), typeHashListpack: str(listpackOf()), typeZSetListpack: str(listpackOf()),
	} {
		file := rawFile(9, typ, value)
		rec := newRecorder(t)
		var told []string
		r := NewReader(bytes.NewReader(file), ReaderOptions{EmptyKey: func(name []byte) { told = append(told, string(name)) }})
		require.NoError(t, r.Read(rec), typ)
		require.Equal(t, []string{"db 0"}, rec.lines)
		require.EqualValues(t, 1, r.EmptyKeys())
		require.Equal(t, []string{"k"}, told)

		payload := sealed(append([]byte{typ}, value...), 9)
		err := ReadDump(payload, key("k"), rec, ReaderOptions{})
		require.ErrorIs(t, err, ErrCorrupt)
		require.NotErrorIs(t, err, ErrDump)
	}
}

// sealed puts the trailer of DUMP behind a value.
func sealed(value []byte, version uint16) []byte {
	out := binary.LittleEndian.AppendUint16(bytes.Clone(value), version)
	return binary.LittleEndian.AppendUint64(out, checksum(0, out))
}

func TestBrokenBlobs(t *testing.T) {
	t.Parallel()
	zl, zm := ziplist("a", "1", strings.Repeat("b", 300), "c"), zipmap(2, "f", "v", "g", "w")
	set, _ := intset.Add(intset.New(), 5)
	for typ, blob := range map[byte][]byte{
		typeListZiplist: zl, typeHashZiplist: zl, typeHashZipmap: zm, typeSetIntset: set,
		typeHashListpack: listpackOf("a", "b"), typeSetListpack: listpackOf("a"),
	} {
		read := func(b []byte) error {
			return NewReader(bytes.NewReader(rawFile(9, typ, rawString(nil, string(b)))), ReaderOptions{}).Read(newRecorder(t))
		}
		require.NoError(t, read(blob))
		for n := range blob {
			require.ErrorIs(t, read(blob[:n]), ErrCorrupt, "type %d cut to %d", typ, n)
		}
		require.ErrorIs(t, read(append(bytes.Clone(blob), 0xFF)), ErrCorrupt)
	}
	for name, file := range map[string][]byte{
		"odd hash":         rawFile(9, typeHashZiplist, rawString(nil, string(ziplist("a", "b", "c")))),
		"odd zset":         rawFile(9, typeZSetListpack, rawString(nil, string(listpackOf("a")))),
		"text as score":    rawFile(9, typeZSetListpack, rawString(nil, string(listpackOf("a", "b")))),
		"NaN":              rawFile(9, typeZSetListpack, rawString(nil, string(listpackOf("a", "nan")))),
		"binary NaN":       rawFile(9, typeZSet2, append([]byte("\x01\x01a"), binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.NaN()))...)),
		"text NaN":         rawFile(1, typeZSet, []byte("\x01\x01a\xfd")),
		"empty zipmap":     rawFile(1, typeHashZipmap, rawString(nil, "\x00\xff")),
		"empty intset":     rawFile(9, typeSetIntset, rawString(nil, string(intset.New()))),
		"empty list node":  rawFile(9, typeListQuicklist, []byte{1, 0}),
		"list container":   rawFile(10, typeListQuicklist2, []byte{1, 3, 1, 'x'}),
		"length encoding":  rawFile(9, typeList, []byte{0x82}),
		"string as length": rawFile(9, typeList, []byte{0xC0, 1}),
		"string encoding":  rawFile(9, typeString, []byte{0xC4}),
		"type 8":           rawFile(9, 8, []byte{0}),
		"type 22":          rawFile(9, 22, []byte{0}),
	} {
		err := NewReader(bytes.NewReader(file), ReaderOptions{}).Read(newRecorder(t))
		require.ErrorIs(t, err, ErrCorrupt, name)
	}
}
