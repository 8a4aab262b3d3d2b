package script

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestErrorsNameWhatWasCalled: the texts are Lua's.
func TestErrorsNameWhatWasCalled(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"local x = nil; x()":                        "attempt to call local 'x' (a nil value)",
		"local x = {}; x.y()":                       "attempt to call field 'y' (a nil value)",
		"local x = {y = {}}; return x.y.z(1, 2, 3)": "attempt to call field 'z' (a nil value)",
		"local x = {y = 1}; x:y()":                  "attempt to call method 'y' (a number value)",
		"local x = 'a'; x:nothing()":                "attempt to call method 'nothing' (a nil value)",
		"local x; return (function() x() end)()":    "attempt to call upvalue 'x' (a nil value)",
		"local t = {} t[1]()":                       "attempt to call field '?' (a nil value)",
		"return (1)()":                              "attempt to call a number value",
	} {
		vm := newVM()
		fn, err := vm.Compile(source, "user_script")
		require.NoError(t, err)
		_, failed := vm.Do(&Run{}, fn)
		require.NotNil(t, failed, source)
		require.Equal(t, "ERR user_script:1: "+want, failed.Text, source)

		fn, err = vm.Compile("local ok, e = pcall(function() "+source+" end) return e", "user_script")
		require.NoError(t, err)
		v, failed := vm.Do(&Run{}, fn)
		require.Nil(t, failed)
		require.Equal(t, "user_script:1: "+want, v.String(), source)
	}
}
