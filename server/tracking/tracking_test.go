package tracking

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	t.Parallel()
	table := NewTable()
	table.Remember([]byte("a"), 1)
	table.Remember([]byte("a"), 1)
	table.Remember([]byte("a"), 2)
	table.Remember([]byte("b"), 1)
	keys, items := table.Size()
	require.Equal(t, []int{2, 3}, []int{keys, items})
	require.Equal(t, []int64{1, 2}, table.Take([]byte("a")))
	require.Nil(t, table.Take([]byte("a")))
	table.Clear()
	keys, items = table.Size()
	require.Zero(t, keys+items)
}

// What is over the limit goes, with an effort that grows as long as it does not suffice.
func TestEvict(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for i := range 350 {
		table.Remember(fmt.Append(nil, i), 1)
	}
	require.Len(t, table.Evict(10), 100)
	require.Len(t, table.Evict(10), 200)
	require.Len(t, table.Evict(10), 40)
	require.Empty(t, table.Evict(10))
	table.Remember([]byte("x"), 1)
	require.Len(t, table.Evict(10), 1)
	_, items := table.Size()
	require.Equal(t, 10, items)
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	p := NewPrefixes()
	p.Add("", 1)
	p.Add("a:", 1)
	p.Add("a:", 2)
	p.Add("b:", 3)
	p.Changed([]byte("a:2"), 2)
	p.Changed([]byte("a:1"), 0)
	p.Changed([]byte("c"), 1)
	require.True(t, p.Pending())
	var told []string
	tell := func(keys []string, by map[string]int64, clients []int64) {
		told = append(told, fmt.Sprint(keys, by, clients))
	}
	p.Take(tell)
	require.Equal(t, []string{"[a:1 a:2 c] map[a:1:0 a:2:2 c:1] [1]", "[a:1 a:2] map[a:1:0 a:2:2] [1 2]"}, told)
	require.False(t, p.Pending())
	told = nil
	p.Remove("a:", 1)
	p.Remove("a:", 2)
	p.Remove("", 1)
	require.Equal(t, 1, p.Len())
	p.Changed([]byte("a:1"), 0)
	p.Take(tell)
	require.Empty(t, told)
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		existing, added []string
		want            string
	}{
		{nil, nil, " false false"},
		{[]string{"a"}, []string{"b", "c"}, " false false"},
		{[]string{"ab"}, []string{"b", "a"}, "a ab true true"},
		{[]string{"x"}, []string{"b", "bc"}, "b bc false true"},
		{[]string{""}, []string{"q"}, "q  true true"},
	} {
		a, b, there, found := Overlap(c.existing, c.added)
		text := ""
		if found {
			text = a + " " + b
		}
		require.Equal(t, c.want, fmt.Sprint(text, " ", there, " ", found))
	}
}
