package command

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testRow stands for the server's row.
type testRow struct {
	Spec
	run string
}

func doc(s Spec) Spec {
	s.Summary, s.Since, s.Group = "Do something", "1.0.0", "generic"
	return s
}

func testRows() []testRow {
	return []testRow{
		{doc(Spec{Name: "set", Arity: -3, Flags: Write | DenyOOM, Categories: CatString, Syntax: "key value [NX]",
			Keys: []KeySpec{Key(1, OW|Update)}}), "set"},
		{doc(Spec{Name: "config|set", Arity: -4, Flags: Admin, Syntax: "data=<name value>..."}), "config set"},
		{doc(Spec{Name: "config|get", Arity: -3, Flags: Admin, Syntax: "name..."}), "config get"},
		{doc(Spec{Name: "get", Arity: 2, Flags: ReadOnly | Fast, Categories: CatString, Syntax: "key",
			Keys: []KeySpec{Key(1, RO|Access)}}), "get"},
		{doc(Spec{Name: "config", Arity: -2}), ""},
		{doc(Spec{Name: "georadiusbymember_ro", Arity: 1, Flags: ReadOnly}), "geo"},
	}
}

func newTestTable(t testing.TB) *Table[testRow] {
	table, err := NewTable(testRows()[:2], testRows()[2:])
	require.NoError(t, err)
	return table
}

func TestLookup(t *testing.T) {
	t.Parallel()
	table := newTestTable(t)
	for line, want := range map[string]string{
		"get": "get", "GET k": "get", "gEt config": "get", "config": "config", "config get x": "config|get", "CONFIG Set": "config|set",
		"GeoRadiusByMember_RO": "georadiusbymember_ro",
		"config nosuch":        "?config", `config ""`: "?config", "config get|x": "?config",
		"nosuch": "", "config|get": "", "ge": "", "gett": "", `""`: "", "configget": "", "\x47\x45\x14": "", "get\x00": "",
		strings.Repeat("x", 1000): "", "config " + strings.Repeat("x", 1000): "?config",
	} {
		row, container := table.Lookup(call(line))
		switch {
		case row != nil:
			require.Nil(t, container, line)
			require.Equal(t, want, row.Name, line)
		case container != nil:
			require.Equal(t, want, "?"+container.Name, line)
		default:
			require.Empty(t, want, line)
		}
	}
	_, container := table.Lookup([][]byte{[]byte("config"), nil})
	require.NotNil(t, container)
}

func TestFindAndLists(t *testing.T) {
	t.Parallel()
	table := newTestTable(t)
	require.Equal(t, "config get", table.Find([]byte("Config|Get")).run)
	require.Nil(t, table.Find([]byte("config|nosuch")))
	require.Nil(t, table.Find([]byte("get|set")))
	require.Nil(t, table.Find(nil))

	var commands, all []string
	for row := range table.Commands() {
		commands = append(commands, row.Name)
	}
	for row := range table.All() {
		require.Equal(t, len(all), row.ID())
		require.Same(t, row, table.Row(row.ID()))
		all = append(all, row.Name)
	}
	require.Equal(t, []string{"config", "georadiusbymember_ro", "get", "set"}, commands)
	require.Equal(t, []string{"config", "config|get", "config|set", "georadiusbymember_ro", "get", "set"}, all)
	require.Equal(t, len(all), table.Len())

	config := table.Find([]byte("config"))
	require.Len(t, config.Subcommands(), 2)
	require.Equal(t, "config|get", config.Subcommands()[0].Name)
	require.Same(t, config.Meta(), config.Subcommands()[0].Parent())
	for range table.All() {
		break // stopping early must not panic
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	table := newTestTable(t)
	require.ErrorIs(t, table.Rename("nosuch", "x"), ErrNoCommand)
	require.ErrorIs(t, table.Rename("config|get", "x"), ErrNoCommand)
	require.ErrorIs(t, table.Rename("get", "SET"), ErrDuplicate)

	require.NoError(t, table.Rename("CONFIG", "Hidden"))
	row, _ := table.Lookup(call("hidden GET x"))
	require.Equal(t, "config|get", row.Name)
	row, container := table.Lookup(call("config get x"))
	require.Nil(t, row)
	require.Nil(t, container)

	require.NoError(t, table.Rename("set", ""))
	row, _ = table.Lookup(call("set"))
	require.Nil(t, row)
	for row := range table.All() {
		require.NotEqual(t, "set", row.Name)
	}
	require.NoError(t, table.Rename("get", "set"))
	row, _ = table.Lookup(call("SET"))
	require.Equal(t, "get", row.Name)

	require.NoError(t, table.Rename("hidden", ""))
	require.Nil(t, table.Find([]byte("hidden|get")))
}

// TestLookupAgainstMap compares a large table with a map.
func TestLookupAgainstMap(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	names := map[string]bool{}
	var rows []testRow
	for len(rows) < 2000 {
		name := fmt.Sprintf("%c%x_%d", 'a'+rune(r.IntN(26)), r.IntN(1<<12), r.IntN(9))
		if !names[name] {
			names[name] = true
			rows = append(rows, testRow{Spec: doc(Spec{Name: name, Arity: 1})})
		}
	}
	table, err := NewTable(rows)
	require.NoError(t, err)
	for name := range names {
		row, _ := table.Lookup([][]byte{[]byte(strings.ToUpper(name))})
		require.NotNil(t, row, name)
		require.Equal(t, name, row.Name)
		row, _ = table.Lookup([][]byte{[]byte(name + "x")})
		require.Nil(t, row)
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Spec{
		"1 1 1 ":            {Keys: []KeySpec{Key(1, RO)}},
		"1 -1 2 ":           {Keys: []KeySpec{KeyRange(1, -1, 2, OW)}},
		"1 -2 1 ":           {Keys: []KeySpec{KeyRange(1, -2, 1, RW)}},
		"1 2 1 ":            {Keys: []KeySpec{Key(1, RW), Key(2, OW)}},
		"1 -1 1 ":           {Keys: []KeySpec{Key(1, RW), KeyRange(2, -1, 1, RO)}},
		"1 1 1 movablekeys": {Keys: []KeySpec{Key(1, OW), KeyNum(2, RO)}},
		"3 3 1 movablekeys": {Keys: []KeySpec{Key(3, RW), KeysAfter("KEYS", -2, -1, 0, RW|Incomplete)}},
		"0 0 0 movablekeys": {Keys: []KeySpec{KeyNum(1, RO)}},
		"1 3 1 movablekeys": {Keys: []KeySpec{KeyRange(1, 2, 1, RO|Incomplete)}},
		"0 0 0 ":            {},
	} {
		s.setKeyRange()
		first, last, step := s.KeyRange()
		require.Equal(t, want, fmt.Sprintf("%d %d %d %s", first, last, step, strings.Join(s.Flags.Names(), ",")))
	}
	require.Equal(t, []string{"read", "fast"}, implied(ReadOnly|Fast, 0).Names())
	require.Equal(t, []string{"write", "slow", "blocking"}, implied(Write|Blocking, 0).Names())
	require.Equal(t, []string{"slow"}, implied(ReadOnly, CatScripting).Names())
	require.Equal(t, []string{"pubsub", "admin", "slow", "dangerous"}, implied(Admin|PubSub, 0).Names())
}

func TestNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"write", "allow_busy"}, (Write | AllowBusy | MayReplicate | Protected).Names())
	require.Empty(t, TouchesArbitraryKeys.Names())
	require.Len(t, AllCategories.Names(), 21)
	require.Equal(t, "scripting", AllCategories.Names()[20])
	c, ok := CategoryByName([]byte("SortedSet"))
	require.True(t, ok)
	require.Equal(t, CatSortedSet, c)
	_, ok = CategoryByName([]byte("@set"))
	require.False(t, ok)
	require.Equal(t, []string{"RO", "variable_flags"}, (RO | VariableFlags).Names())
	require.Equal(t, "unknown", ArgType(200).String())
}

func TestNewTableErrors(t *testing.T) {
	t.Parallel()
	key := []KeySpec{Key(1, RO)}
	for name, s := range map[string]Spec{
		"":                     {Arity: 1},
		"Get":                  {Arity: 1},
		"a b":                  {Arity: 1},
		"nosuch|sub":           {Arity: 2},
		"no-arity":             {},
		"syntax":               {Arity: 2, Syntax: "["},
		"arity-low":            {Arity: 1, Syntax: "value"},
		"arity-high":           {Arity: -3, Syntax: "value..."},
		"arity-fixed":          {Arity: 2, Syntax: "[value]"},
		"arity-without-syntax": {Arity: 2},
		"write-and-read":       {Arity: 1, Flags: Write | ReadOnly},
		"oom":                  {Arity: 1, Flags: DenyOOM},
		"no-mandatory-keys":    {Arity: 1, Flags: NoMandatoryKeys},
		"flag":                 {Arity: 1, Flags: flagsEnd},
		"declared-movable":     {Arity: 2, Flags: MovableKeys, Keys: key, Syntax: "key"},
		"spec-unused":          {Arity: 2, Keys: key, Syntax: "value"},
		"spec-missing":         {Arity: 2, Syntax: "key"},
		"spec-writes":          {Arity: 2, Flags: ReadOnly, Keys: []KeySpec{Key(1, RW)}, Syntax: "key"},
		"spec-two-accesses":    {Arity: 2, Flags: Write, Keys: []KeySpec{Key(1, RO|RW)}, Syntax: "key"},
		"spec-in-name":         {Arity: 2, Keys: []KeySpec{Key(0, RO)}, Syntax: "key"},
		"spec-past-call":       {Arity: 2, Keys: []KeySpec{Key(2, RO)}, Syntax: "key"},
		"spec-step":            {Arity: 2, Keys: []KeySpec{KeyRange(1, 0, 0, RO)}, Syntax: "key"},
		"spec-unknown":         {Arity: 2, Keys: []KeySpec{UnknownKeys(RO)}, Syntax: "key"},
		"tip":                  {Arity: 1, Tips: []string{"nonsense"}},
		"deprecated":           {Arity: 1, Doc: Deprecated},
	} {
		s.Name = name
		_, err := NewTable([]testRow{{Spec: doc(s)}})
		require.ErrorIs(t, err, ErrSpec, name)
		require.ErrorContains(t, err, name)
	}
	for _, s := range []Spec{{Name: "x", Arity: 1}, {Name: "x", Arity: 1, Summary: "s", Since: "1", Group: "nonsense"}} {
		_, err := NewTable([]testRow{{Spec: s}})
		require.ErrorIs(t, err, ErrSpec)
	}
	_, err := NewTable(testRows(), testRows()[:1])
	require.ErrorIs(t, err, ErrDuplicate)
	rows := append(testRows(), testRow{Spec: doc(Spec{Name: "get|x", Arity: 2})})
	_, err = NewTable(rows)
	require.ErrorIs(t, err, ErrSpec, "a container must not have keys")
	_, err = NewTable(slices.Concat(testRows(), []testRow{{Spec: doc(Spec{Name: "bad", Syntax: "["})}}))
	require.ErrorIs(t, err, ErrSyntax)
}

func BenchmarkLookup(b *testing.B) {
	table := newTestTable(b)
	for _, line := range []string{"get", "SET", "config get", "GeoRadiusByMember_RO", "nosuch"} {
		args := call(line)
		b.Run(line, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Lookup(args)
			}
		})
	}
}
