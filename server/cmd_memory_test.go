package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/resp"
)

func TestMemoryStats(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	stats := func() map[string]resp.Value {
		v, byName := ss.reply("memory", "stats"), map[string]resp.Value{}
		for i := 0; i < len(v.Elems); i += 2 {
			byName[string(v.Elems[i].Str)] = v.Elems[i+1]
		}
		return byName
	}
	empty := stats()
	require.Len(t, empty, 27)
	ss.expect("set a "+strings.Repeat("x", 10_000), "+OK", "select 2", "+OK", "set b 1 ex 100", "+OK")
	full := stats()
	require.Len(t, full, 29)
	require.Contains(t, full, "db.0")
	require.Contains(t, full, "db.2")
	require.EqualValues(t, 2, full["keys.count"].Int)
	require.Greater(t, full["dataset.bytes"].Int, int64(10_000))
	require.Less(t, full["dataset.bytes"].Int, int64(12_000))
	require.Equal(t, full["total.allocated"].Int, full["overhead.total"].Int+full["dataset.bytes"].Int)
	ss.expect("memory purge", "+OK")
	require.Contains(t, ss.do("memory doctor"), "There is too little data")
	require.Contains(t, ss.do("memory malloc-stats"), "/gc/heap/live:bytes ")
	ss.expect("select 0", "+OK")
	for range 60 {
		ss.do("append a " + strings.Repeat("x", 300_000))
	}
	ss.do("info memory") // where the peak is seen
	ss.expect("del a", ":1")
	for range 20 {
		ss.do("append a " + strings.Repeat("x", 300_000))
	}
	require.Contains(t, ss.do("memory doctor"), "more than one and a half times as much as now")
}
