package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/resp"
)

// replies writes with both protocols and returns the lines of each: RESP2, RESP3.
func replies(write func(*resp.Writer)) (string, string) {
	var out [2]string
	for i := range out {
		w := &resp.Writer{}
		w.SetProtocol(2 + i)
		write(w)
		out[i] = flat(string(w.Bytes()))
	}
	return out[0], out[1]
}

// flat drops the lengths of bulk strings and joins the lines with blanks: "*2 get :2".
func flat(encoded string) string {
	var words []string
	lines := strings.Split(strings.TrimSuffix(encoded, "\r\n"), "\r\n")
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "$") {
			i++
		}
		words = append(words, lines[i])
	}
	return strings.Join(words, " ")
}

func TestWriteInfo(t *testing.T) {
	t.Parallel()
	table, err := NewTable([]testRow{
		{Spec: doc(Spec{Name: "sort", Arity: -2, Flags: Write | DenyOOM | MayReplicate, Categories: CatSet | CatDangerous,
			FindKeys: SortKeys, Syntax: "key [STORE destination:key@1]", Tips: []string{"nondeterministic_output"},
			Keys: []KeySpec{Key(1, RO|Access), UnknownKeys(OW | Update).Note("anywhere")}})},
		{Spec: doc(Spec{Name: "x", Arity: -2})},
		{Spec: doc(Spec{Name: "x|y", Arity: -4, Flags: ReadOnly | Fast, FindKeys: StreamKeys, Syntax: "key... [numkeys:integer] k:key@1...",
			Keys: []KeySpec{KeysAfter("STREAMS", 4, -1, 2, RO), KeyNum(2, RO)}})},
	})
	require.NoError(t, err)

	got2, got3 := replies(table.Find([]byte("sort")).WriteInfo)
	require.Equal(t, "*10 sort :-2 ~3 +write +denyoom +movablekeys :1 :1 :1 ~4 +@write +@set +@slow +@dangerous "+
		"~1 nondeterministic_output "+
		"~2 %3 flags ~2 +RO +access begin_search %2 type index spec %1 index :1 "+
		"find_keys %2 type range spec %3 lastkey :0 keystep :1 limit :0 "+
		"%4 notes anywhere flags ~2 +OW +update begin_search %2 type unknown spec %0 find_keys %2 type unknown spec %0 ~0", got3)
	require.Equal(t, "*10 sort :-2 *3 +write +denyoom +movablekeys :1 :1 :1 *4 +@write +@set +@slow +@dangerous "+
		"*1 nondeterministic_output "+
		"*2 *6 flags *2 +RO +access begin_search *4 type index spec *2 index :1 "+
		"find_keys *4 type range spec *6 lastkey :0 keystep :1 limit :0 "+
		"*8 notes anywhere flags *2 +OW +update begin_search *4 type unknown spec *0 find_keys *4 type unknown spec *0 *0", got2)

	_, got3 = replies(table.Find([]byte("x")).WriteInfo)
	require.Equal(t, "*10 x :-2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *1 "+
		"*10 x|y :-4 ~3 +readonly +fast +movablekeys :0 :0 :0 ~2 +@read +@fast ~0 "+
		"~2 %3 flags ~1 +RO begin_search %2 type keyword spec %2 keyword STREAMS startfrom :4 "+
		"find_keys %2 type range spec %3 lastkey :-1 keystep :1 limit :2 "+
		"%3 flags ~1 +RO begin_search %2 type index spec %1 index :2 "+
		"find_keys %2 type keynum spec %3 keynumidx :0 firstkey :1 keystep :1 ~0", got3)
}

func TestWriteDocs(t *testing.T) {
	t.Parallel()
	table, err := NewTable([]testRow{
		{Spec: Spec{Name: "old", Arity: -2, Summary: "Do it", Since: "1.0.0", Group: "sorted-set", Complexity: "O(1)", Flags: ReadOnly,
			Doc: Deprecated | SystemCommand, DeprecatedSince: "2.0.0", ReplacedBy: "NEW", History: []Change{{"1.2.0", "NX"}},
			Keys:   []KeySpec{KeyRange(1, -1, 1, RO)},
			Syntax: `pick=<key | none=""> [ID old-id/id:integer^1.1.0!1.3.0...] condition=[NX | XX]`}},
		{Spec: Spec{Name: "x", Arity: -2, Summary: "Hold commands", Since: "1.0.0", Group: "server"}},
		{Spec: Spec{Name: "x|y", Arity: 2, Summary: "Do little", Since: "1.5.0", Group: "server"}},
	})
	require.NoError(t, err)

	got2, got3 := replies(table.Find([]byte("old")).WriteDocs)
	require.Equal(t, "%9 summary Do it since 1.0.0 group sorted-set complexity O(1) doc_flags ~2 +deprecated +syscmd "+
		"deprecated_since 2.0.0 replaced_by NEW history ~1 *2 1.2.0 NX arguments *3 "+
		"%3 name pick type oneof arguments *2 %4 name key type key display_text key key_spec_index :0 "+
		"%4 name none type pure-token display_text none token  "+
		"%7 name old-id type integer display_text id token ID since 1.1.0 deprecated_since 1.3.0 flags ~2 +optional +multiple "+
		"%4 name condition type oneof flags ~1 +optional arguments *2 "+
		"%4 name nx type pure-token display_text nx token NX %4 name xx type pure-token display_text xx token XX", got3)
	require.Equal(t, strings.NewReplacer("%9", "*18", "%7", "*14", "%4", "*8", "%3", "*6", "~", "*").Replace(got3), got2)

	_, got3 = replies(table.Find([]byte("x")).WriteDocs)
	require.Equal(t, "%4 summary Hold commands since 1.0.0 group server "+
		"subcommands %1 x|y %3 summary Do little since 1.5.0 group server", got3)
}

func TestWriteKeyFlags(t *testing.T) {
	t.Parallel()
	got2, got3 := replies(func(w *resp.Writer) { WriteKeyFlags(w, OW|Update) })
	require.Equal(t, "*2 +OW +update", got2)
	require.Equal(t, "~2 +OW +update", got3)
}
