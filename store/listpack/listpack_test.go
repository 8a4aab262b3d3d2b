package listpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"iter"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// build returns the blob of the given elements.
func build(elems ...string) []byte {
	lp := New(0)
	for _, e := range elems {
		lp = Append(lp, []byte(e))
	}
	return lp
}

// strs returns the elements of lp in decimal or as they are.
func strs(lp []byte) []string {
	out := []string{}
	var buf [IntBufSize]byte
	for pos := range all(lp) {
		out = append(out, string(Get(lp, pos, &buf)))
	}
	return out
}

// check walks lp both ways and compares it with what it should hold.
func check(t *testing.T, want [][]byte, lp []byte) {
	t.Helper()
	require.NoError(t, Validate(lp, true))
	require.Equal(t, len(want), Len(lp))
	var buf [IntBufSize]byte
	i := 0
	for pos := range all(lp) {
		require.Equal(t, string(want[i]), string(Get(lp, pos, &buf)))
		require.True(t, Equal(lp, pos, want[i]))
		i++
	}
	require.Equal(t, len(want), i)
	for pos := range backward(lp) {
		i--
		require.Equal(t, string(want[i]), string(AppendValue(nil, lp, pos)))
	}
	require.Zero(t, i)
}

// The bytes come from DUMP of Redis 7.0.15.
func TestBytesOfRedis(t *testing.T) {
	t.Parallel()
	ints := strings.Fields(`0 127 128 -1 4095 -4096 4096 -4097 32767 -32768 32768 -32769
		8388607 -8388608 8388608 -8388609 2147483647 -2147483648 2147483648 -2147483649
		9223372036854775807 -9223372036854775808 9223372036854775808`)
	lp := build(append(ints, "", "a", "007", "-0")...)
	require.Equal(t, "9e0000001b00"+
		"00017f01c08002dfff02cfff02d00002f1001003f1ffef03f1ff7f03f1008003f200800004f2ff7fff04"+
		"f2ffff7f04f200008004f30000800005f3ffff7fff05f3ffffff7f05f30000008005f400000080000000"+
		"0009f4ffffff7fffffffff09f4ffffffffffffff7f09f4000000000000008009"+
		"93393232333337323033363835343737353830381480018161028330303704822d3003ff",
		hex.EncodeToString(lp))

	for _, tc := range []struct {
		size       int
		head, tail string
	}{
		{61, "4d0000000300bd78", "783ef1393003817902ff"},
		{63, "4f0000000300bf78", "7840f1393003817902ff"},
		{64, "510000000300e04078", "7842f1393003817902ff"},
		{125, "8e0000000300e07d78", "787ff1393003817902ff"},
		{126, "900000000300e07e78", "780180f1393003817902ff"},
		{4095, "111000000300efff78", "782081f1393003817902ff"},
		{4096, "151000000300f00010000078", "782085f1393003817902ff"},
		{16377, "0e4000000300f0f93f000078", "787ffef1393003817902ff"},
		{16378, "104000000300f0fa3f000078", "7800fffff1393003817902ff"},
		{16379, "114000000300f0fb3f000078", "78018080f1393003817902ff"},
	} {
		lp := hex.EncodeToString(build(strings.Repeat("x", tc.size), "12345", "y"))
		require.True(t, strings.HasPrefix(lp, tc.head), "%d: %s", tc.size, lp[:24])
		require.True(t, strings.HasSuffix(lp, tc.tail), "%d: %s", tc.size, lp[len(lp)-32:])
	}
}

func TestIntegerBounds(t *testing.T) {
	t.Parallel()
	var buf [IntBufSize]byte
	values := []int64{0, -1 << 63, 1<<63 - 1}
	for shift := range 63 {
		v := int64(1) << shift
		values = append(values, v-1, v, v+1, -v-1, -v, -v+1)
	}
	for _, v := range values {
		s := strconv.AppendInt(nil, v, 10)
		lp := AppendInt(New(0), v)
		require.Equal(t, lp, build(string(s)))
		require.Len(t, lp, EmptySize+EntrySizeInt(v))
		_, got, isInt := Value(lp, First(lp))
		require.True(t, isInt)
		require.Equal(t, v, got)
		require.Equal(t, s, Get(lp, First(lp), &buf))
	}
}

func TestParseInt(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "-", "+1", "01", "-0", "00", " 1", "1 ", "1.0", "0x1", "-01", "1\x00", "--1", "a", "1a", "/", ":",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
		"-99999999999999999999", "100000000000000000000", strings.Repeat("1", 64),
	} {
		_, ok := ParseInt([]byte(s))
		require.False(t, ok, s)
		lp := build(s)
		str, _, isInt := Value(lp, First(lp))
		require.False(t, isInt)
		require.Equal(t, s, string(str))
	}
	for _, s := range []string{"0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808", "1000000000000000000"} {
		v, ok := ParseInt([]byte(s))
		require.True(t, ok, s)
		require.Equal(t, s, strconv.FormatInt(v, 10))
	}
}

func TestEntrySize(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 62, 63, 64, 125, 126, 127, 4095, 4096, 16377, 16378, 16379, 1<<21 - 7, 1<<21 - 6, 1<<21 - 5} {
		elem := bytes.Repeat([]byte{'x'}, n)
		lp := Append(New(0), elem)
		require.Len(t, lp, EmptySize+EntrySize(elem), n)
		check(t, [][]byte{elem}, lp)
	}
	for _, s := range []string{"5", "-5", "5000", "70000", "-9000000", "3000000000"} {
		require.Len(t, build(s), EmptySize+EntrySize([]byte(s)))
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	lp := New(100)
	require.Equal(t, []byte{7, 0, 0, 0, 0, 0, 0xFF}, lp)
	require.GreaterOrEqual(t, cap(lp), 100)
	require.Equal(t, -1, First(lp))
	require.Equal(t, -1, Last(lp))
	require.Equal(t, -1, Seek(lp, 0))
	require.Equal(t, -1, Seek(lp, -1))
	require.Equal(t, -1, Find(lp, First(lp), []byte("a"), 0))
	require.Equal(t, 7, Bytes(lp))
	require.True(t, SafeToAdd(lp, SafeBytes-7))
	require.False(t, SafeToAdd(lp, SafeBytes-6))
}

func TestInPlaceWithinCapacity(t *testing.T) {
	t.Parallel()
	lp := New(64)
	grown := Append(lp, []byte("abc"))
	require.Same(t, &lp[0], &grown[0])
	grown, _ = Delete(grown, First(grown))
	require.Same(t, &lp[0], &grown[0])
	require.Equal(t, New(0), grown)
	require.Less(t, cap(ShrinkToFit(New(1000))), 32)
	full := build("abcdefghi")
	require.Same(t, &full[0], &ShrinkToFit(full)[0])
}

func TestShrinksWhenMostIsDeleted(t *testing.T) {
	t.Parallel()
	lp := New(0)
	for i := range 1000 {
		lp = AppendInt(lp, int64(i))
	}
	for Len(lp) > 3 {
		lp, _ = Delete(lp, Last(lp))
	}
	require.LessOrEqual(t, cap(lp), 128)
	require.Equal(t, []string{"0", "1", "2"}, strs(lp))
}

func TestEdits(t *testing.T) {
	t.Parallel()
	lp := build("b", "d")
	lp = InsertBefore(lp, First(lp), []byte("a"))
	lp = InsertAfter(lp, Seek(lp, 1), []byte("c"))
	lp = Prepend(lp, []byte("-7"))
	lp = Prepend(lp, []byte("-1000"))
	lp = InsertBefore(lp, Seek(lp, 1), []byte("70000"))
	lp = AppendInt(lp, 1<<40)
	require.Equal(t, []string{"-1000", "70000", "-7", "a", "b", "c", "d", "1099511627776"}, strs(lp))
	lp = Replace(lp, Seek(lp, 3), []byte(strings.Repeat("long", 100)))
	lp = ReplaceInt(lp, Seek(lp, -1), 3)
	lp = Replace(lp, Seek(lp, 3), []byte("9"))
	require.Equal(t, []string{"-1000", "70000", "-7", "9", "b", "c", "d", "3"}, strs(lp))
	lp, next := Delete(lp, Seek(lp, 4))
	require.True(t, Equal(lp, next, []byte("c")))
	lp, next = DeleteRange(lp, next, 100)
	require.Equal(t, -1, next)
	lp, next = DeleteRange(lp, First(lp), 0)
	require.Equal(t, First(lp), next)
	require.Equal(t, []string{"-1000", "70000", "-7", "9"}, strs(lp))
	lp, next = DeleteRange(lp, First(lp), 4)
	require.Equal(t, -1, next)
	require.Equal(t, New(0), lp)
}

func TestFind(t *testing.T) {
	t.Parallel()
	lp := build("f1", "v1", "2", "f1", "f3", "2", "f4", "-1")
	find := func(s string, gap int) int {
		pos := Find(lp, First(lp), []byte(s), gap)
		for i := range Len(lp) {
			if Seek(lp, i) == pos {
				return i
			}
		}
		return pos
	}
	for _, tc := range []struct {
		elem      string
		gap, want int
	}{
		{"f1", 0, 0}, {"f1", 1, 0}, {"v1", 0, 1}, {"v1", 1, -1}, {"2", 1, 2}, {"2", 0, 2}, {"f4", 1, 6},
		{"-1", 1, -1}, {"-1", 0, 7}, {"02", 0, -1}, {"", 0, -1}, {"f4", 2, 6}, {"f4", 5, 6}, {"f4", 6, -1}, {"f1", 100, 0},
	} {
		require.Equal(t, tc.want, find(tc.elem, tc.gap), tc)
	}
	require.Equal(t, Seek(lp, 5), Find(lp, Seek(lp, 3), []byte("2"), 0))
}

// Foreign writers may store as a string what would fit an integer.
func TestStringThatReadsAsInteger(t *testing.T) {
	t.Parallel()
	lp := []byte{10, 0, 0, 0, 1, 0, 0x81, '5', 2, 0xFF}
	require.Error(t, Validate(append(slices.Clone(lp), 0xFF), true))
	require.NoError(t, Validate(lp, true))
	_, _, isInt := Value(lp, First(lp))
	require.False(t, isInt)
	v, ok := Int(lp, First(lp))
	require.True(t, ok)
	require.EqualValues(t, 5, v)
	require.True(t, Equal(lp, First(lp), []byte("5")))
	require.Equal(t, First(lp), Find(lp, First(lp), []byte("5"), 0))
}

func TestCountBeyondHeader(t *testing.T) {
	t.Parallel()
	lp := New(1 << 19)
	for i := range countUnknown + 2 {
		lp = AppendInt(lp, int64(i&127))
		if i == countUnknown-2 {
			require.Equal(t, countUnknown-1, count(lp))
		}
	}
	require.Equal(t, countUnknown, count(lp))
	require.Equal(t, countUnknown+2, Len(lp))
	require.NoError(t, Validate(lp, true))
	require.Equal(t, Last(lp), Seek(lp, countUnknown+1))
	require.Equal(t, Last(lp), Seek(lp, -1))
	require.Equal(t, First(lp), Seek(lp, -countUnknown-2))
	require.Equal(t, -1, Seek(lp, -countUnknown-3))
	require.Equal(t, -1, Seek(lp, countUnknown+2))
	lp, _ = DeleteRange(lp, Seek(lp, 10), countUnknown)
	require.Equal(t, countUnknown, count(lp))
	require.Equal(t, 10, Len(lp))
	require.Equal(t, 11, count(Merge(lp, build("a"))))
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tc := range [][2][]string{
		{{}, {}}, {{"a"}, {}}, {{}, {"a"}}, {{"a", "1"}, {"b", "1000", "c"}},
	} {
		a, b := build(tc[0]...), build(tc[1]...)
		got := Merge(a, b)
		require.Equal(t, build(append(slices.Clone(tc[0]), tc[1]...)...), got)
		require.Equal(t, build(tc[1]...), b)
	}
}

// randomElem favours the boundaries of the encodings.
func randomElem(rnd *rand.Rand) []byte {
	switch rnd.Intn(4) {
	case 0:
		return strconv.AppendInt(nil, int64(rnd.Uint64())>>rnd.Intn(64), 10)
	case 1:
		return bytes.Repeat([]byte{byte(rnd.Intn(256))}, 60+rnd.Intn(8))
	case 2:
		return bytes.Repeat([]byte{'z'}, []int{0, 125, 126, 127, 128, 4095, 4096}[rnd.Intn(7)])
	default:
		return []byte(fmt.Sprint("e", rnd.Intn(50)))
	}
}

func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range int64(20) {
		rnd := rand.New(rand.NewSource(seed))
		lp, model := New(0), [][]byte{}
		for range 400 {
			lp, model = randomEdit(t, rnd, lp, model)
			require.NoError(t, Validate(lp, true))
			require.Equal(t, len(model), Len(lp))
		}
		check(t, model, lp)
	}
}

// randomEdit does the same random change to a blob and to its model.
func randomEdit(t *testing.T, rnd *rand.Rand, lp []byte, model [][]byte) ([]byte, [][]byte) {
	elem := randomElem(rnd)
	if len(model) == 0 || rnd.Intn(6) == 0 {
		return Append(lp, elem), append(model, elem)
	}
	i := rnd.Intn(len(model))
	pos := Seek(lp, i)
	require.Equal(t, pos, Seek(lp, i-len(model)))
	require.True(t, Equal(lp, pos, model[i]))
	require.Equal(t, bytes.Equal(elem, model[i]), Equal(lp, pos, elem))
	switch rnd.Intn(7) {
	case 0:
		return Prepend(lp, elem), slices.Insert(model, 0, elem)
	case 1:
		return InsertBefore(lp, pos, elem), slices.Insert(model, i, elem)
	case 2:
		return InsertAfter(lp, pos, elem), slices.Insert(model, i+1, elem)
	case 3:
		out := Replace(lp, pos, elem)
		require.True(t, Equal(out, pos, elem))
		model[i] = elem
		return out, model
	case 4:
		out, next := Delete(lp, pos)
		require.Equal(t, next < 0, i == len(model)-1)
		return out, slices.Delete(model, i, i+1)
	case 5:
		n := rnd.Intn(4)
		out, _ := DeleteRange(lp, pos, n)
		return out, slices.Delete(model, i, min(i+n, len(model)))
	default:
		at := slices.IndexFunc(model[i:], func(e []byte) bool { return bytes.Equal(e, elem) })
		found := Find(lp, pos, elem, 0)
		require.Equal(t, at, slices.Index(positions(lp)[i:], found))
		return lp, model
	}
}

// all walks the positions from the first element to the last.
func all(lp []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for pos := First(lp); pos >= 0 && yield(pos); {
			pos = Next(lp, pos)
		}
	}
}

// backward walks the positions from the last element to the first.
func backward(lp []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for pos := Last(lp); pos >= 0 && yield(pos); {
			pos = Prev(lp, pos)
		}
	}
}

func positions(lp []byte) []int { return slices.Collect(all(lp)) }

func TestNoAllocation(t *testing.T) {
	lp := New(1 << 12)
	for i := range 60 {
		lp = Append(lp, []byte(fmt.Sprint("field", i)))
		lp = AppendInt(lp, int64(i)*1000)
	}
	var buf [IntBufSize]byte
	elem := []byte("field59")
	sum := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		pos := Find(lp, First(lp), elem, 1)
		lp = ReplaceInt(lp, Next(lp, pos), 77)
		for pos := range backward(lp) {
			sum += len(Get(lp, pos, &buf))
		}
		lp, _ = Delete(Append(lp, elem), Last(lp))
	}))
}
