package script

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSparseArray: an element far behind the others takes no memory for those between.
func TestSparseArray(t *testing.T) {
	vm := newVM()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, c := range []struct{ source, reply string }{
		{"local t = {} t[60000000] = 1 return {#t, t[60000000], t[59999999] == nil}", "*3\r\n:0\r\n:1\r\n:1\r\n"},
		{"local t = {} t[2^26 - 2] = 1 return t[2^26 - 2]", ":1\r\n"},
		{"local t = {} rawset(t, 50000000, 1) return next(t)", ":50000000\r\n"},
		{"local t = {} table.insert(t, 50000000, 1) return table.maxn(t)", ":50000000\r\n"},
		{"local t = {[40000000] = 1} return t[40000000]", ":1\r\n"},
	} {
		require.Equal(t, c.reply, eval(t, vm, &testHost{}, c.source), c.source)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
}

// TestLongArray: what lies behind the array part is seen as before it.
func TestLongArray(t *testing.T) {
	t.Parallel()
	vm := newVM()
	const source = `local n = 4194310 local t = {}
		for i = 1, n do t[i] = i end
		local out = {#t, #(t), unpack(t, n - 1)}
		t[#t + 1] = 'x'
		table.insert(t, 'y')
		out[#out + 1] = {#t, t[#t - 1], t[#t], table.getn(t)}
		out[#out + 1] = {table.remove(t), table.remove(t), #t}
		out[#out + 1] = table.concat(t, ',', n - 10, n - 8)
		local last for i, v in ipairs(t) do last = v end
		out[#out + 1] = last
		return out`
	require.Equal(t, "*8\r\n:4194310\r\n:4194310\r\n:4194309\r\n:4194310\r\n"+
		"*4\r\n:4194312\r\n$1\r\nx\r\n$1\r\ny\r\n:4194312\r\n*3\r\n$1\r\ny\r\n$1\r\nx\r\n:4194310\r\n"+
		"$23\r\n4194300,4194301,4194302\r\n:4194310\r\n", eval(t, vm, &testHost{}, source))
}

func TestLengthOperator(t *testing.T) {
	t.Parallel()
	vm := newVM()
	for _, c := range []struct{ source, reply string }{
		{"local x = {1, 2} return #x + #'abc' + #{1} + #KEYS_", "-"},
		{"local x = {1, 2} return #x + #'abc' + #{1} + #('a' .. 'b')", ":8\r\n"},
		{"local x = {{1, 2, 3}} return #x[1]", ":3\r\n"},
		{"local function f() return {1}, {1, 2} end return #f()", ":1\r\n"},
		{"local x = {1, 2} return -#x * 2", ":-4\r\n"},
		{"local x = {} x[#x + 1] = #x x[#x + 1] = #x return x", "*2\r\n:0\r\n:1\r\n"},
		{"local x return #x", "-ERR user_script:1: attempt to get length of a nil value script: f, on @user_script:1."},
		{"local x = {} return #x.y", "-ERR user_script:1: attempt to get length of a nil value script: f, on @user_script:1."},
	} {
		if got := eval(t, vm, &testHost{}, c.source); c.reply == "-" {
			require.Equal(t, "-", got[:1], c.source)
		} else {
			require.Equal(t, c.reply, got, c.source)
		}
	}
}
