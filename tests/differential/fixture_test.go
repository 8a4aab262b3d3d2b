package differential

import (
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// prepare empties both servers and gives them the same keys of every type, small and large.
func (d *duel) prepare() {
	d.t.Helper()
	p := d.dial(2)
	defer p.close()
	d.gen.payloads = nil
	if d.group.target {
		d.targets[0].Once(d.t, "FLUSHALL")
		d.targets[1].Once(d.t, "FLUSHALL")
	}
	for _, c := range p.both() {
		replies, err := c.Pipeline(append([][]string{{"FLUSHALL"}}, fixture()...)...)
		require.NoError(d.t, err)
		for _, r := range replies {
			require.False(d.t, r.IsError(), "preparing: %s", r.Text)
		}
	}
	for _, key := range []string{"str:0", "list:0", "set:0", "hash:0", "zset:0", "set:3", "hash:7"} {
		payload := p.theirs.OK(d.t, "DUMP", key).Text
		d.gen.payloads = append(d.gen.payloads, payload, payload)
	}
	cut := d.gen.payloads[0]
	d.gen.payloads = append(d.gen.payloads, "", "junk", cut[:len(cut)-1], "x"+cut[1:])
}

// fixture is what every batch begins with. Key 7 of a type is beyond the compact encodings.
func fixture() [][]string {
	cmds := [][]string{
		{"SET", "str:0", "hello"}, {"SET", "str:1", "42"}, {"SET", "str:2", strings.Repeat("v", 100)}, {"SETEX", "str:3", "100000", "volatile"},
		{"RPUSH", "list:0", "a", "b", "c"}, {"RPUSH", "list:1", "1", "2", "3", "a", "b", "a"},
		{"SADD", "set:0", "a", "b", "c"}, {"SADD", "set:1", "b", "c", "d"}, {"SADD", "set:3", "1", "2", "3"},
		{"HSET", "hash:0", "a", "1", "b", "two", "c", "3.5"}, {"HSET", "hash:1", "a", "x"},
		{"ZADD", "zset:0", "1", "a", "2", "b", "3", "c"}, {"ZADD", "zset:1", "0", "a", "0", "b", "0", "c", "0", "d", "0", "foo"},
		{"ZADD", "zset:2", "-1.5", "b", "2", "c", "inf", "e"},
		{"ZADD", "lex:0", "0", "a", "0", "b", "0", "c", "0", "d", "0", "foo", "0", "zeta"},
	}
	for i := range 4 {
		key := "stream:" + strconv.Itoa(i)
		for _, group := range []string{"g1", "g2"} {
			cmds = append(cmds, []string{"XGROUP", "CREATE", key, group, "0", "MKSTREAM"})
			for _, consumer := range []string{"alice", "bob", "carol"} {
				cmds = append(cmds, []string{"XGROUP", "CREATECONSUMER", key, group, consumer})
			}
		}
	}
	for i := range 200 {
		n := strconv.Itoa(i)
		cmds = append(cmds, []string{"RPUSH", "list:7", strings.Repeat("element", 10) + n}, []string{"SADD", "set:6", "m" + n},
			[]string{"SADD", "set:7", n}, []string{"HSET", "hash:7", "f" + n, n}, []string{"ZADD", "zset:7", n, "z" + n}, []string{"ZADD", "lex:3", "0", "lex" + n})
	}
	return cmds
}
