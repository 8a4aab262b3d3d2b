package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRowsAreComplete(t *testing.T) {
	t.Parallel()
	full, quick := allRows(fullScale), allRows(quickScale)
	require.Len(t, quick, len(full))
	names := make(map[string]bool)
	for i, r := range full {
		require.False(t, names[r.name], "%s is there twice", r.name)
		names[r.name] = true
		require.Equal(t, r.name, quick[i].name)
		require.NotEmpty(t, r.group, r.name)
		require.NotEmpty(t, r.needs, r.name)
		require.NotEmpty(t, r.metrics, r.name)
		require.NotNil(t, r.open, r.name)
		require.LessOrEqual(t, len(r.name), widths[0], r.name)
		require.NotEqual(t, r.does, "", r.name)
		if r.name != "bgsave" && r.name != "fullsync" {
			require.NotEqual(t, r.does, quick[i].does, "%s has no quick size", r.name)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args   []string
		rounds int
		rows   int // 0: all
		full   bool
	}{
		{args: nil, rounds: 5, full: true},
		{args: []string{"--rounds", "7"}, rounds: 7, full: true},
		{args: []string{"--quick"}, rounds: 3},
		{args: []string{"--quick", "--rounds", "1"}, rounds: 1},
		{args: []string{"--rows", "set,get"}, rounds: 5, rows: 2},
		{args: []string{"--rows", "set,get", "--write"}, rounds: 5, rows: 2, full: true},
	} {
		o, err := parseOptions(tc.args)
		require.NoError(t, err, "%q", tc.args)
		require.Equal(t, tc.rounds, o.rounds, "%q", tc.args)
		require.Equal(t, tc.full, o.full(), "%q", tc.args)
		rows, err := o.choose()
		require.NoError(t, err)
		if tc.rows > 0 {
			require.Len(t, rows, tc.rows)
			require.Equal(t, "set", rows[0].name, "the table's order")
		} else {
			require.Len(t, rows, len(allRows(fullScale)))
		}
	}
	_, err := parseOptions([]string{"--rows", "get,nosuch"})
	require.ErrorIs(t, err, errUnknownRow)
	_, err = parseOptions([]string{"--rounds", "0"})
	require.ErrorIs(t, err, errRounds)
	_, err = parseOptions([]string{"--nosuch"})
	require.Error(t, err)
}

func TestShuffledIsOneToOne(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 50, 1000, 5000, 100_000, 1 << 16} {
		seen := make([]bool, n)
		for i := range n {
			k := shuffled(i, n)
			require.False(t, seen[k], "%d of %d", i, n)
			seen[k] = true
		}
	}
	// The table's largest: the product must not overflow, or keys would be missing.
	const largest = 10_000_000
	require.Less(t, uint64(largest), ^uint64(0)/2654435761)
}

func TestCollectionHasEveryMemberOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 49, 50, 51, 100, 125} {
		seen := make(map[int]bool)
		f := collection(n, "SADD", "k", func(i int) []string {
			require.False(t, seen[i])
			seen[i] = true
			return []string{digits(i)}
		})
		for i := range f.commands {
			f.command(nil, i)
		}
		require.Len(t, seen, n)
	}
}

func TestSizesOfData(t *testing.T) {
	t.Parallel()
	require.Len(t, key(7), 16)
	require.Equal(t, "key:000000000007", key(7), "as redis-benchmark writes its random keys")
	require.Len(t, payload(1024), 1024)
	require.Len(t, payload(0), 0)
}
