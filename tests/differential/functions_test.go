package differential

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// registering is a library that runs code as it is loaded, "lib" by name.
func registering(code string) []string {
	return []string{"FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\n" + code}
}

// calling is the library with one function, f.
func calling(body string) []string {
	return registering("redis.register_function('f', function(keys, args) " + body + " end)")
}

// functionScript is a sequence of commands about functions whose replies must be Redis's to the byte. There is one library
// with one function at most when one is listed: the order of others is a hash table's.
func functionScript() [][]string {
	var cmds [][]string
	do := func(args ...string) { cmds = append(cmds, args) }
	for _, code := range []string{
		"return 1", "error('boom')", "local x = nil; x()", "redis.register_function()", "redis.foo()",
		"redis.register_function('f1', function() return 1 end, 1)",
		"redis.register_function(1, function() return 1 end)", "redis.register_function('f', 1)",
		"redis.register_function('f-', function() end)", "redis.register_function{function_name=1,callback=function() end}",
		"redis.register_function{[1]=1}", "redis.register_function{[{}]=1}",
		"redis.register_function{function_name='x',callback=function() end, flags={}}",
		"redis.register_function{function_name='x',callback=function() end, flags={'NO-WRITES','no-writes',1}}",
		"redis.register_function{function_name='x',callback=function() end, flags={'NO-WRITES','allow-oom','allow-stale','no-cluster'}}",
		"redis.register_function{FUNCTION_NAME='x',CallBack=function() end, description=1}",
		"redis.register_function{function_name='x',callback=function() end, description=true}",
		"redis.register_function('x',function() end) redis.register_function('x',function() end)",
		"pcall(function() end)", "redis.log('x')", "redis.log(redis.LOG_WARNING,'x') redis.register_function('a',function() end)",
		"redis.x=1", "a=1", "_G.x=1", "math.random()", "redis.setresp(3)", "redis.redis.call('ping')",
	} {
		do(registering(code)...)
		do("FUNCTION", "LIST")
	}
	for _, body := range []string{
		"return redis.register_function('x', function() end)", "return {keys[1], args[1], #keys, #args}", "return type(KEYS)", "y = 1",
		"return redis.call('nosuch')", "error('x')", "error({err='My error'})", "return redis.call('set', 'x')",
		"return redis.error_reply('ERR x')", "return redis.status_reply('fine')", "return redis.pcall('incr', keys[1])",
		"local o = {} for k in pairs(redis) do o[#o+1] = k end table.sort(o) return o",
		"return {type(getmetatable(redis)), type(redis.foo), tostring(math.foo)}", "return redis.breakpoint()",
		"redis.setresp(3) return redis.call('hgetall', 'h')", "return redis.call('hgetall', 'h')", "return cjson.encode({args[1], 1.5})",
		"return redis.sha1hex(args[1])", "return redis.call('eval', 'return 1', 0)", "return redis.call('function', 'list')",
		"getmetatable(_G).__index = 1", "redis.call = 1",
	} {
		do(calling(body)...)
		do("FCALL", "f", "1", "k", "v")
		do("FCALL_RO", "F", "1", "k", "v")
	}
	do(registering("local n = 0 redis.register_function('f', function() n = n + 1 return n end)")...)
	do("FCALL", "f", "0")
	do("FCALL", "f", "0")
	do(registering("local r = redis redis.register_function('f', function() r.x = 1 end)")...)
	do("FCALL", "f", "0")
	do(registering("local r = redis redis.register_function('f', function() r.register_function('x', function() end) end)")...)
	do("FCALL", "f", "0")
	for _, header := range []string{
		"", "#", "#!", "#! name=x", "#!lua", "#!lua name=", "#!lua name=a name=b", "#!lua x=y", "#!LUA NAME=lib", `#!Lua name="li\x62"`,
		`#!lua name="lib`, "#!js name=lib", "#!lua name=lib extra", "#!lua  name=lib ", "#!lua name=li-b", "#!lua\tname='lib'",
		`"#!lua" name=lib`, `#!"lua" name=lib`, "#!lua name=l\x00b",
	} {
		do("FUNCTION", "LOAD", "REPLACE", header+"\nredis.register_function('f', function() end)")
	}
	for _, line := range []string{
		"FUNCTION", "FUNCTION LOAD", "FUNCTION LOAD x", "FUNCTION LOAD replace", "FUNCTION LOAD foo x", "FUNCTION LOAD replace replace x",
		"FUNCTION LIST x", "FUNCTION LIST libraryname", "FUNCTION LIST LIBRARYNAME L* WITHCODE", "FUNCTION LIST LIBRARYNAME x*",
		"FUNCTION LIST withcode withcode", "FUNCTION LIST libraryname x libraryname x", "FUNCTION DELETE", "FUNCTION DELETE x",
		"FUNCTION DELETE LIB", "FUNCTION FLUSH x", "FUNCTION FLUSH sync x", "FUNCTION KILL", "FUNCTION RESTORE", "FUNCTION RESTORE x",
		"FUNCTION RESTORE x y", "FUNCTION RESTORE x y z", "FUNCTION STATS", "FUNCTION STATS x", "FUNCTION nosuch", "FCALL", "FCALL x",
		"FCALL x 0", "FCALL f x", "FCALL f -1", "FCALL f 1", "FCALL f 9223372036854775808", "FCALL_RO f 0", "FCALL nosuch x",
		"FUNCTION DELETE lib", "FUNCTION DELETE lib", "FUNCTION STATS", "FUNCTION FLUSH async", "FUNCTION LIST",
		"COMMAND GETKEYS FCALL f 2 a b c", "COMMAND GETKEYS FCALL_RO f 0 a",
	} {
		do(strings.Fields(line)...)
	}
	return cmds
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, proto := range []int{2, 3} {
		d := newDuel(t, group{name: "functions"})
		p := d.dial(proto)
		for _, c := range []*harness.Conn{p.ours, p.theirs} {
			c.OK(t, "HSET", "h", "a", "1")
			c.OK(t, "SET", "k", "text")
		}
		for _, cmd := range functionScript() {
			d.compare(p, 0, exact, cmd)
		}
		p.close()
	}
}

// TestScriptLibraries runs the corpus of cjson, cmsgpack, struct and bit on both servers.
func TestScriptLibraries(t *testing.T) {
	t.Parallel()
	root, err := harness.ModuleRoot()
	require.NoError(t, err)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, "server", "script", "lualib", "testdata", name))
		require.NoError(t, err)
		return strings.TrimRight(string(text), "\n")
	}
	d := newDuel(t, group{name: "script libraries"})
	p := d.dial(2)
	defer p.close()
	for line := range strings.Lines(read("corpus.txt")) {
		body := strings.TrimRight(line, "\n")
		if body == "" || body[0] == '#' || body[0] == ' ' {
			continue
		}
		script := read("show.lua") + " " + body +
			" end)) local o={} for i=1,r.n do o[#o+1]=show(r[i]) end return table.concat(o,' ')"
		assert.Equal(t, p.theirs.Must(t, "EVAL", script, "0").Text, p.ours.Must(t, "EVAL", script, "0").Text, body)
	}
}
