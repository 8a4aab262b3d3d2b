package lualib

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// newState makes a state as the script engine does, as far as the libraries can tell.
func newState(t testing.TB) *lua.LState {
	L := lua.NewState(lua.Options{RegistryMaxSize: 1 << 20})
	t.Cleanup(L.Close)
	OpenCJSON(L)
	OpenCMsgpack(L)
	OpenStruct(L)
	OpenBit(L)
	return L
}

// eval runs a script, named as in Redis, and returns its one result.
func eval(t testing.TB, L *lua.LState, script string) string {
	fn, err := L.Load(strings.NewReader(script), "user_script")
	require.NoError(t, err)
	L.Push(fn)
	require.NoError(t, L.PCall(0, 1, nil))
	result := L.Get(-1)
	L.Pop(1)
	return result.String()
}

//go:embed testdata/show.lua
var showPrefix string

// shown makes of the body of a function a script that returns what calling it gives, in text.
func shown(body string) string {
	return strings.TrimRight(showPrefix, "\n") + " " + body +
		" end)) local o={} for i=1,r.n do o[#o+1]=show(r[i]) end return table.concat(o,' ')"
}

//go:embed testdata/corpus.txt
var corpus string

// TestCorpus compares the libraries with the results that Redis 7.2.4 gave.
func TestCorpus(t *testing.T) {
	t.Parallel()
	script := ""
	for line := range strings.Lines(corpus) {
		line = strings.TrimRight(line, "\n")
		want, isResult := strings.CutPrefix(line, "  ")
		if !isResult {
			script = line
			continue
		}
		t.Run(script, func(t *testing.T) {
			require.Equal(t, want, eval(t, newState(t), shown(script)))
		})
	}
}
