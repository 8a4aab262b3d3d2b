package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// call splits a command line; "" stands for an empty argument.
func call(line string) [][]byte {
	var args [][]byte
	for _, word := range strings.Fields(line) {
		if word == `""` {
			word = ""
		}
		args = append(args, []byte(word))
	}
	return args
}

// keySpecs are commands that between them have every kind of key spec and every KeyFinder.
func keySpecs() map[string]*Spec {
	counted := func(arity, pos int) *Spec {
		return &Spec{Arity: arity, Keys: []KeySpec{KeyNum(pos, RO|Access)}, FindKeys: CountedKeys(0, pos)}
	}
	eval := counted(-3, 2)
	eval.Flags = NoMandatoryKeys
	geo := func(from int) *Spec {
		return &Spec{Arity: -5, FindKeys: GeoRadiusKeys, Keys: []KeySpec{Key(1, RO|Access),
			KeyAfter("STORE", from, OW|Update), KeyAfter("STOREDIST", from, OW|Update)}}
	}
	stream := func(from int) *Spec {
		return &Spec{Arity: -4, FindKeys: StreamKeys, Keys: []KeySpec{KeysAfter("STREAMS", from, -1, 2, RO|Access)}}
	}
	return map[string]*Spec{
		"get":       {Arity: 2, Keys: []KeySpec{Key(1, RO|Access)}},
		"mset":      {Arity: -3, Keys: []KeySpec{KeyRange(1, -1, 2, OW|Update)}},
		"blpop":     {Arity: -3, Keys: []KeySpec{KeyRange(1, -2, 1, RW|Delete)}},
		"rename":    {Arity: 3, Keys: []KeySpec{Key(1, RW|Delete), Key(2, OW|Update)}},
		"pfmerge":   {Arity: -2, Keys: []KeySpec{Key(1, RW|Insert), KeyRange(2, -1, 1, RO|Access)}},
		"ping":      {Arity: -1},
		"spublish":  {Arity: 3, Keys: []KeySpec{Key(1, NotKey)}},
		"eval":      eval,
		"zunion":    counted(-3, 1),
		"store":     {Arity: -4, Keys: []KeySpec{Key(1, OW|Update), KeyNum(2, RO|Access)}, FindKeys: CountedKeys(1, 2)},
		"set":       {Arity: -3, Keys: []KeySpec{Key(1, RW|Access|Update|VariableFlags)}, FindKeys: SetKeys},
		"bitfield":  {Arity: -2, Keys: []KeySpec{Key(1, RW|Update|Access|VariableFlags)}, FindKeys: BitfieldKeys},
		"sort":      {Arity: -2, Keys: []KeySpec{Key(1, RO|Access), UnknownKeys(OW | Update)}, FindKeys: SortKeys},
		"sort_ro":   {Arity: -2, Keys: []KeySpec{Key(1, RO|Access), UnknownKeys(RO | Access)}, FindKeys: SortROKeys},
		"georadius": geo(6), "georadiusbymember": geo(5), "xread": stream(1), "xreadgroup": stream(4),
		"migrate": {Arity: -6, FindKeys: MigrateKeys, Keys: []KeySpec{Key(3, RW|Access|Delete),
			KeysAfter("KEYS", -2, -1, 0, RW|Access|Delete|Incomplete)}},
		"odd": {Arity: -1, Keys: []KeySpec{{Search: SearchIndex, Index: 1, Flags: RO}}}, // no way to find keys
	}
}

func TestGetKeys(t *testing.T) {
	t.Parallel()
	specs := keySpecs()
	for line, want := range map[string]string{ // position=flags; each checked against a running Redis 7.2.4
		"get x":                          "1=RO,access",
		"get":                            ErrArgCount.Error(),
		"get x y":                        ErrArgCount.Error(),
		"ping":                           ErrNoKeyArgs.Error(),
		"spublish c m":                   ErrNoKeyArgs.Error(),
		"mset a 1":                       "1=OW,update",
		"mset a 1 b 2":                   "1=OW,update 3=OW,update",
		"mset a 1 b":                     "1=OW,update 3=OW,update",
		"blpop a b 0":                    "1=RW,delete 2=RW,delete",
		"rename a b":                     "1=RW,delete 2=OW,update",
		"pfmerge d":                      ErrInvalidArgs.Error(),
		"pfmerge d a b":                  "1=RW,insert 2=RO,access 3=RO,access",
		"odd 1":                          ErrInvalidArgs.Error(),
		"eval s 0":                       "",
		"eval s 1 k a":                   "3=RO,access",
		"eval s 2 k":                     "",
		"eval s 01 k":                    "3=",
		"eval s 2x k j":                  "3= 4=",
		"eval s 2x k":                    "",
		"eval s x k":                     "",
		"eval s -1 k":                    "",
		"eval s 99999999999999 k":        "",
		"eval s -9223372036854775807 k":  "3=",
		"eval s +1 k":                    "3=",
		"eval s + k":                     "",
		"eval s 4294967297 k":            "3=",
		"eval s -4294967295 k":           "3=",
		"eval s 18446744073709551617 k":  "",
		"eval s -18446744073709551617 k": "",
		"zunion 2 a b weights 1 2":       "2=RO,access 3=RO,access",
		"zunion 0 a":                     ErrInvalidArgs.Error(),
		"store d 2 a b":                  "1=OW,update 3=RO,access 4=RO,access",
		"store d 2 a":                    ErrInvalidArgs.Error(),
		"store d 02 a b":                 "3= 4= 1=",
		"set k v":                        "1=OW,update",
		"set k v NX Get":                 "1=RW,access,update",
		"set get get":                    "1=OW,update",
		"bitfield k":                     "1=RO,access",
		"bitfield k get u8 0":            "1=RO,access",
		"bitfield k OVERFLOW sat":        "1=RO,access",
		"bitfield k get u8":              "1=RW,access,update",
		"bitfield k get u8 0 set":        "1=RW,access,update",
		"bitfield k incrby u8 0 1":       "1=RW,access,update",
		"sort_ro k get x":                "1=RO,access",
		"sort k":                         "1=RO,access",
		"sort k by x get y STORE z":      "1=RO,access 7=OW,update",
		"sort k store":                   "1=RO,access",
		"sort k store a store b":         "1=RO,access 5=OW,update",
		"sort k limit 1 2 store z":       "1=RO,access 6=OW,update",
		"sort k by store x":              "1=RO,access",
		"migrate h 1 k 0 1":              "3=RW,access,delete",
		`migrate h 1 "" 0 1 copy replace keys a b`:   "9=RW,access,delete 10=RW,access,delete",
		`migrate h 1 "" 0 1 auth keys keys a`:        "9=RW,access,delete",
		`migrate h 1 "" 0 1 auth2 keys p keys a`:     "10=RW,access,delete",
		`migrate h 1 "" 0 1 keys`:                    "3=RW,access,delete",
		"migrate h 1 k 0 1 keys a":                   ErrInvalidArgs.Error(),
		"georadius k 1 2 3 m":                        "1=RO,access",
		"georadius k 1 2 3 m store d":                "1=RO,access 7=OW,update",
		"georadius k 1 2 3 m store d StoreDist e":    "1=RO,access 7=OW,update 9=OW,update",
		"georadius k 1 2 3 m store":                  "1=RO,access",
		"georadiusbymember k store 1 km":             "1=RO,access",
		"georadiusbymember k m 1 km store d":         "1=RO,access 6=OW,update",
		"xread streams a 0":                          "2=RO,access",
		"xread block 0 count 2 STREAMS a b 0 1":      "6=RO,access 7=RO,access",
		"xread count 1 streams a":                    ErrInvalidArgs.Error(),
		"xread count 1 stream a 0":                   ErrInvalidArgs.Error(),
		"xreadgroup group g c streams a >":           "5=RO,access",
		"xreadgroup group streams c streams a >":     "5=RO,access",
		"xreadgroup group g c noack streams a b > >": "6=RO,access 7=RO,access",
	} {
		args := call(line)
		keys, err := specs[string(args[0])].GetKeys(args)
		if err != nil {
			require.Equal(t, want, err.Error(), line)
			continue
		}
		var got []string
		for _, k := range keys {
			got = append(got, fmt.Sprintf("%d=%s", k.Pos, strings.Join(k.Flags.Names(), ",")))
		}
		require.Equal(t, want, strings.Join(got, " "), line)
	}
}

// Not parallel: AllocsPerRun counts the allocations of the whole process.
func TestAppendKeysKeepsWhatIsThere(t *testing.T) {
	specs := keySpecs()
	kept := KeyRef{Pos: 77, Flags: RM}
	buf := make([]KeyRef, 1, 8)
	buf[0] = kept
	for _, line := range []string{"mset a 1 b 2", "store d 2 a b", "store d 5 a b", "set k v", "eval s 02 a b"} {
		args := call(line)
		spec := specs[string(args[0])]
		require.Equal(t, kept, spec.AppendKeys(buf, args)[0])
		require.Zero(t, testing.AllocsPerRun(10, func() { spec.AppendKeys(buf, args) }), line)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	args := call("cmd a b c")
	require.Equal(t, call("a b c"), Channels{First: 1, Count: -1}.In(args))
	require.Equal(t, call("a"), Channels{First: 1, Count: 1}.In(args))
	require.Equal(t, call("c"), Channels{First: 3, Count: 5}.In(args))
	require.Empty(t, Channels{First: 4, Count: -1}.In(args))
	require.Empty(t, Channels{}.In(args))
}

// FuzzAppendKeys feeds every spec and finder arbitrary calls: positions stay within them and no call panics.
func FuzzAppendKeys(f *testing.F) {
	f.Add("store d 2 a b")
	f.Add(`migrate h 1 "" 0 1 auth2 keys p keys a`)
	f.Add("xreadgroup group g c noack streams a b > >")
	f.Fuzz(func(t *testing.T, line string) {
		args := call(line)
		for name, spec := range keySpecs() {
			if !spec.ArityOK(len(args)) {
				continue
			}
			for _, k := range spec.AppendKeys(nil, args) {
				require.True(t, k.Pos > 0 && k.Pos < len(args), "%s: key at %d of %q", name, k.Pos, args)
			}
		}
	})
}
