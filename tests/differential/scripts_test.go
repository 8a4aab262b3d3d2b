package differential

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// luaSnippets are scripts whose replies must be Redis's to the byte. Fractions are not passed to commands: 7.0 prints 17 digits of
// them, 7.2 as few as tell them apart. Fields are not listed in the order of a hash table.
var luaSnippets = []string{
	// values to replies
	"return 1", "return 3.99", "return -3.99", "return 2^53", "return 1e300", "return 0/0", "return 1/0", "return 'x'", "return ''",
	"return true", "return false", "return nil", "return", "return {}", "return {1, 'a', {2, {3}}}", "return {1, nil, 3}",
	"return {1, false, 3}", "return {ok='fine'}", "return {err='ERR bad'}", "return {err='bad'}", "return {double=3.5}",
	"return {big_number='123456789012345678901234567890'}", "return {big_number='1\\r\\n2'}", "return {map={a='b'}}", "return {set={a=true}}",
	"return {verbatim_string={format='txt', string='x'}}", "return {verbatim_string={string='x'}}", "return {ok='a\\r\\nb'}",
	"redis.setresp(3) return true", "redis.setresp(3) return false", "redis.setresp(3) return nil", "redis.setresp(3) return {double=1.5}",
	"return function() end", "return {function() end, 1}", "return tostring(type(redis.call))", "return redis.error_reply('My Err')",
	"return redis.error_reply('-MY err')", "return redis.error_reply('ONE')", "return redis.status_reply('OK then')",
	"return redis.status_reply(1)", "return redis.error_reply()", "return redis.sha1hex('')", "return redis.sha1hex()", "return redis.sha1hex(12)",
	// replies to values
	"return redis.call('set', KEYS[1], ARGV[1])", "return redis.call('get', 'none')", "return type(redis.call('get', 'none'))",
	"return redis.call('set', KEYS[1], 'v')['ok']", "return redis.call('get', KEYS[1])", "return redis.call('incr', 'n') + 1",
	"return #redis.call('lrange', 'l', 0, -1)", "return redis.call('hgetall', 'h')", "redis.setresp(3) return redis.call('hgetall', 'h')",
	"redis.setresp(3) return redis.call('hgetall', 'h')['map']['a']", "redis.setresp(3) return redis.call('zscore', 'z', 'm')['double'] * 2",
	"redis.setresp(3) return redis.call('get', 'none')", "return redis.call('zscore', 'z', 'm')",
	"redis.setresp(4)", "redis.setresp()", "redis.setresp(2, 3)", "return redis.call('echo', 123456)", "return redis.call('echo', -7)",
	"redis.call('select', 2) redis.call('set', 'other', 1)", "return redis.call('exists', 'other')", "return redis.call('sort', 's', 'by', 'nosort')",
	// errors
	"return redis.call('nosuch')", "return redis.pcall('nosuch')", "return redis.call('get')", "return redis.call()", "return redis.pcall()",
	"return redis.call('get', {})", "return redis.call('get', nil)", "return redis.call('get', true)", "return redis.call('lpush', KEYS[1], 1)",
	"return redis.pcall('lpush', KEYS[1], 1)", "return redis.pcall('lpush', KEYS[1], 1)['err']", "local e = redis.pcall('lpush', KEYS[1], 1) error(e)",
	"return {pcall(redis.call, 'nosuch')}", "return redis.call('multi')", "return redis.call('subscribe', 'x')", "return redis.call('eval', 'return 1', 0)",
	"error('boom')", "error('boom', 0)", "error('boom', 2)", "error({err='MY boom'})", "error({err='boom'})", "error(12)", "return {pcall(error, 'x')}",
	"return {pcall(error, {err='x'})}", "return {pcall(function() error('in') end)}", "assert(false)", "assert(false, 'msg')", "assert(nil)",
	"return {xpcall(function() error('x') end, function(m) return 'handled ' .. m end)}", "return {} .. 'a'",
	"return 'a' .. {}", "return 1 < 'a'", "return {} < {}", "return nil > 1", "for i = 'a', 2 do end", "local function f() error('deep') end\n\nf()",
	"return ((", "return 1 +", "\n\n  = 1", "return 'unfinished", "return redis.breakpoint()", "return redis.debug('x')",
	"return redis.replicate_commands()", "return redis.set_repl(9)", "redis.set_repl(redis.REPL_NONE) return 1",
	"return redis.log(redis.LOG_DEBUG)", "return redis.log('a', 'b')", "return redis.log(9, 'b')", "return redis.log(redis.LOG_DEBUG, 'fine')",
	"return {redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING}", "return {redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_ALL, redis.REPL_NONE}",
	"#!lua\nreturn 1", "#!lua name=x\nreturn 1", "#!lua flags=no-writes\nreturn redis.call('set', 'a', 1)", "#!lua flags=no-writes,allow-oom\nreturn 2", "#!lua flags=bad\nreturn 1",
	"#!js\nreturn 1", "#!lua", "#!lua flags=\nreturn 1", "#!lua flags=allow-stale,no-cluster\nreturn 1", "#!lua bad\nreturn 1",
	// the sandbox
	"a = 1", "return a", "_G.a = 1", "rawset(_G, 'a', 1)", "setmetatable(_G, {})", "getmetatable(_G).__index = 1", "redis = 1", "redis.call = 1", "string.x = 1",
	"cjson.x = 1", "rawset(redis, 'x', 1)", "table.insert(redis, 1)", "setmetatable(redis, {})", "return type(getmetatable(redis))", "return print",
	"return dofile", "return loadfile", "return io", "return require", "return debug", "return module", "return package", "KEYS = 1", "KEYS[1] = 'x' return KEYS",
	"local n = 0 for _ in pairs(redis) do n = n + 1 end return n > 10", "return type(_G.redis.call)", "return {rawget(_G, 'nosuch')}",
	"return {next({})}", "return rawget(redis, 'LOG_DEBUG')", "local f = loadstring('return 1 + 1') return f()", "return {loadstring('return (')}",
	"return loadstring('\\27Lua')", "local t = setmetatable({}, {__index = function(t, k) return k .. '!' end}) return t.x", "return getmetatable('').__index == string",
	"local t = setmetatable({}, {__metatable = 'locked'}) return getmetatable(t)", "setmetatable(setmetatable({}, {__metatable = 1}), {})", "return tostring(setmetatable({}, {__tostring = function() return 'me' end}))",
	// numbers and strings
	"return tostring(1/3)", "return tostring(1e15)", "return tostring(123456789012345)", "return tostring(-0)", "return tostring(2^63)", "return 0.1 .. ''", "return 100 .. ''", "return 1e100 .. ''",
	"return tostring(0/0)", "return tostring(-(0/0))", "return tostring(1/0)", "return tonumber('0x10')", "return tonumber('  12  ')", "return tonumber('1e2')", "return tonumber('12a')", "return tonumber('z', 36)",
	"return tonumber('ff', 16)", "return tonumber('8', 8)", "return tonumber('')", "return tonumber('10', 99)", "return 7 % 3", "return -7 % 3", "return 7 % -3", "return tostring(5.5 % 2)", "return 2 ^ 10", "return '10' + 5",
	"return 010", "return 0x1F", "return tostring(1e-7)", "return string.format('%5.2f|%-5d|%05d|%x|%X|%o|%e|%g|%c|%s|%%', 3.14159, 42, 42, 255, 255, 8, 12345.678, 0.0001, 65, 'str')",
	"return string.format('%q', 'a\\n\"b\\0c\\\\')", "return string.format('%10.3s|', 'abcdef')", "return string.format('%d', '12')", "return string.format('%d', 'x')", "return string.format('%y', 1)", "return string.format('%d')",
	"return string.format('%s', nil)", "return string.format('%s %s', 1, 1.5)", "return string.format('%+d % d %#x %#o', 5, 5, 255, 8)", "return string.format('%i %u', 3.7, 3)", "return string.format('%.3f', 2/3)", "return string.format('%g', 1e20)",
	"return {string.find('hello', 'l')}", "return {string.find('hello', 'xyz')}", "return {string.find('hello', '')}", "return {string.find('hello', '', 10)}", "return {string.find('a.b', '.', 1, true)}", "return {string.find('hello', '(l)(l)')}",
	"return {string.match('key:123', '(%w+):(%d+)')}", "return {string.match('  trim  ', '^%s*(.-)%s*$')}", "return {string.match('abc', '()b()')}", "return {string.match('2024-01-02', '(%d+)-(%d+)-(%d+)')}", "return {string.match('x', 'y')}",
	"return {string.gsub('hello world', 'o', '0')}", "return {string.gsub('hello', '', '-')}", "return {string.gsub('abc', '%w', '%0%0')}", "return {string.gsub('abc', 'b', {b = 'X'})}", "return {string.gsub('abc', '.', function(c) if c == 'b' then return 'Y' end end)}",
	"return {string.gsub('hello world', '(%w+) (%w+)', '%2 %1')}", "return {string.gsub('abc', 'b', '%9')}", "return {string.gsub('aaa', 'a', 'b', 2)}", "return {string.gsub('abc', '^a', 'x')}", "local o = {} for k, v in string.gmatch('a=1, b=2', '(%w+)=(%w+)') do o[#o+1] = k .. v end return o",
	"return {string.find('a[b', '[', 1)}", "return {string.find('abc', '[a')}", "return {string.find('abc', '%')}", "return {string.match('f(a(b)c)d', '%b()')}", "return {string.match('THE (quick) fox', '%f[%a]%a+')}", "return {string.find('abc', '(')}", "return {string.find('abc', ')')}",
	"return {string.byte('abc', 1, -1)}", "return string.char(72, 105)", "return string.char(256)", "return string.rep('ab', 3)", "return string.rep('a', -1)", "return string.reverse('abc')", "return string.sub('hello', 2, -2)", "return string.sub('hello', -3)", "return string.sub('hello', 0)", "return string.upper('aé')", "return ('x'):rep(3)", "return #'abc'", "return string.len('a\\0b')",
	// tables and the rest
	"local t = {3, 1, 2} table.sort(t) return t", "local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t", "local t = {} for i = 1, 40 do t[i] = {i % 3, i} end table.sort(t, function(a, b) return a[1] < b[1] end) local o = {} for i, v in ipairs(t) do o[i] = v[2] end return o",
	"table.sort({3, 1, 2, 5, 4}, function(a, b) return true end)", "local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) return t", "table.insert({}, 1, 2, 3)", "local t = {1, 2, 3} return {table.remove(t, 1), #t, table.remove(t), table.remove({})}", "return table.concat({1, 2, 'x'}, '-')", "return table.concat({1, 2, 3}, ',', 2, 3)", "return table.concat({1, {}, 3})", "return table.maxn({1, 2, nil, 4})", "return table.getn({1, 2, 3})",
	"return {unpack({1, 2, 3})}", "return {unpack({1, 2, 3}, 2)}", "return {unpack({1, 2}, 1, 3)}", "return {select('#', 1, nil, 3)}", "return {select(2, 'a', 'b', 'c')}", "return {select(-1, 'a', 'b')}", "return select(0)", "return #{1, 2, 3}", "return {math.floor(3.7), math.ceil(3.2), math.abs(-5), math.max(1, 5, 3), math.min(4, 2)}", "return tostring(math.pi)", "return tostring(math.sqrt(2))", "return tostring(math.huge)", "return {math.fmod(7, 3), math.pow(2, 8)}", "return {math.modf(3.7)}", "return {math.frexp(8)}",
	"math.randomseed(42) local o = {} for i = 1, 5 do o[i] = tostring(math.random()) end return o", "math.randomseed(7) return {math.random(10), math.random(5, 9), math.random(100)}", "return math.random(0)", "return math.random(3, 1)", "math.random(1, 2, 3)", "math.floor('x')", "string.rep()", "return ipairs()", "return tostring()",
	"local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return {coroutine.resume(co, 1), select(2, coroutine.resume(co, 5))}", "local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) return {co(), co(), co()}", "local co = coroutine.create(function() error('x') end) return {tostring(coroutine.resume(co)), select(2, coroutine.resume(co))}", "return coroutine.status(coroutine.create(function() end))", "coroutine.yield(1)",
	"local function f(...) return select('#', ...), ... end return {f(1, nil, 3)}", "local s = 0 for i = 10, 1, -3 do s = s + i end return s", "local i = 0 repeat i = i + 1 until i > 3 return i", "local t = {} t[1.5] = 1 t['1'] = 2 t[1] = 3 return {t[1.5], t['1'], t[1]}", "return (function(...) return ... end)(1, 2)", "local t = {} t[nil] = 1", "local t = {} t[0/0] = 1", "return #KEYS + #ARGV", "return {KEYS[1], ARGV[1], ARGV[2], KEYS[2]}", "return cjson.encode({1, 2, {a = 'x'}})", "return cjson.decode('[1, {\"a\": null}]')[2].a == cjson.null", "return bit.band(7, 12)", "return struct.pack('>I2', 258)", "return cmsgpack.unpack(cmsgpack.pack({1, 2}))",
}

// TestScripts runs the snippets as scripts, and those that Redis takes for read-only ones too.
func TestScripts(t *testing.T) {
	t.Parallel()
	for _, proto := range []int{2, 3} {
		d := newDuel(t, group{name: "scripts"})
		p := d.dial(proto)
		for _, c := range []*harness.Conn{p.ours, p.theirs} {
			c.OK(t, "HSET", "h", "a", "1")
			c.OK(t, "ZADD", "z", "1.5", "m")
			c.OK(t, "RPUSH", "l", "a", "b")
			c.OK(t, "SADD", "s", "b", "a", "c")
			c.OK(t, "SET", "k", "text")
		}
		for _, s := range luaSnippets {
			ours, err := p.ours.Do("EVAL", s, "1", "k", "v", "w")
			require.NoError(t, err, s)
			theirs, err := p.theirs.Do("EVAL", s, "1", "k", "v", "w")
			require.NoError(t, err, s)
			assert.Equal(t, string(theirs.Raw), string(ours.Raw), "%q", s)
		}
		p.close()
	}
}
