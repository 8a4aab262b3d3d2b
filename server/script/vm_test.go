package script

import (
	"testing"

	"treedis/server/resp"

	"github.com/stretchr/testify/require"
)

// testHost answers every command with a fixed reply.
type testHost struct {
	reply, refused string
	got            [][]string
}

func (h *testHost) Call(args [][]byte) ([]byte, string) {
	var words []string
	for _, a := range args {
		words = append(words, string(a))
	}
	h.got = append(h.got, words)
	return []byte(h.reply), h.refused
}
func (h *testHost) SetProtocol(int)               {}
func (h *testHost) SetReplication(Replication)    {}
func (h *testHost) Allowed([][]byte) (bool, bool) { return true, true }

func newVM() *VM {
	return New(Options{
		Rand: NewRand(), Eval: true, Version: "7.2.4", VersionNum: 0x070204,
		Log: func(int, string) {}, Enabled: func(int) bool { return true },
	})
}

// eval runs a script and returns its reply, as RESP.
func eval(t *testing.T, vm *VM, h Host, source string) string {
	t.Helper()
	fn, err := vm.Compile(source, "user_script")
	if err != nil {
		return "-" + err.Error()
	}
	r := &Run{Host: h, Name: "f", Yield: func() string { return "" }}
	v, e := vm.Do(r, fn)
	if e != nil {
		return "-" + e.Reply("f")
	}
	var out resp.Writer
	vm.Reply(&out, r, v, func(text string, _ bool) { out.Error(text) })
	return string(out.Buf)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, reply string }{
		{"return 1", ":1\r\n"},
		{"return 'a'..1 ..0.1 ..1/3", "$21\r\na10.10.33333333333333\r\n"},
		{"return {1,2,{3,'x'},nil,4}", "*3\r\n:1\r\n:2\r\n*2\r\n:3\r\n$1\r\nx\r\n"},
		{"return redis.call('get','x')", "$1\r\nv\r\n"},
		{"return server.call('get','x')", "$1\r\nv\r\n"},
		{"server.x = 1", "-ERR user_script:1: Attempt to modify a readonly table script: f, on @user_script:1."},
		{"x = 1", "-ERR user_script:1: Attempt to modify a readonly table script: f, on @user_script:1."},
		{"return x", "-ERR user_script:1: Script attempted to access nonexistent global variable 'x' script: f, on @user_script:1."},
		{"redis.x = 1", "-ERR user_script:1: Attempt to modify a readonly table script: f, on @user_script:1."},
		{"rawset(redis, 'x', 1)", "-ERR Attempt to modify a readonly table script: f, on @user_script:1."},
		{"return error('x')", "-ERR user_script:1: x script: f, on @user_script:1."},
		{"return pcall(error, 'x')", "$-1\r\n"},
		{"return {pcall(function() error({err='E x'}) end)}", "*2\r\n$-1\r\n$3\r\nE x\r\n"},
		{"\n\nlocal function f() return f() + 1 end return f()", "-ERR stack overflow"},
		{"local function f() return pcall(f) end return f()", ""},
		{"local s='x' while true do s = s..s end", "-ERR user_script:1: not enough memory script: f, on @user_script:1."},
		{"local a return a.b", ""},
		{"return string.format('%5.1f|%d|%s|%q|%x', 3.14159, 42, 'hi', 'a\\nb', 255)", ""},
		{"return {string.find('hello world', 'o (w)')}", ""},
		{"return {string.gsub('hello world', '%w+', '<%0>')}", ""},
		{"local t = {5,2,8,1} table.sort(t) return t", "*4\r\n:1\r\n:2\r\n:5\r\n:8\r\n"},
		{"local co = coroutine.wrap(function() coroutine.yield(1) return 2 end) return {co(), co()}", "*2\r\n:1\r\n:2\r\n"},
		{"return cjson.encode({1,2,3})", ""},
		{"return tostring(math.random())", ""},
		{"return #redis.sha1hex('')", ":40\r\n"},
		{"return ((((", ""},
		{"return 010", ":10\r\n"},
		{"local r = 0 for k in pairs(_G) do r = r + 1 end return r", ""},
	} {
		got := eval(t, newVM(), &testHost{reply: "$1\r\nv\r\n"}, c.source)
		if c.reply != "" {
			require.Equal(t, c.reply, got, c.source)
		}
	}
}
