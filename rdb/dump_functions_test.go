package rdb

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

func functionsIn(payload []byte) (libs []string, err error) {
	err = ReadFunctions(payload, ReaderOptions{}, func(source []byte) error {
		libs = append(libs, string(source))
		return nil
	})
	return libs, err
}

func TestFunctionsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, libs := range [][]string{nil, {"a"}, {"123", "", strings.Repeat("x", 100_000), "#!lua name=a\nreturn 1"}} {
		var sources [][]byte
		for _, lib := range libs {
			sources = append(sources, []byte(lib))
		}
		for _, compress := range []bool{false, true} {
			payload := AppendFunctions([]byte("head"), WriterOptions{Compress: compress}, sources)
			require.Equal(t, "head", string(payload[:4]))
			got, err := functionsIn(payload[4:])
			require.NoError(t, err)
			require.Equal(t, libs, got)
		}
	}
}

func TestFunctionsErrors(t *testing.T) {
	t.Parallel()
	_, err := functionsIn([]byte("bad"))
	require.ErrorIs(t, err, ErrDump)
	_, err = functionsIn([]byte("something longer than a trailer"))
	require.ErrorIs(t, err, ErrDump)
	_, err = functionsIn(sealed([]byte{opFunctionPre}, 10))
	require.ErrorIs(t, err, ErrUnsupported)
	_, err = functionsIn(sealed([]byte{typeString, 1, 'a'}, 10))
	require.ErrorIs(t, err, ErrNotFunction)
	for _, cut := range []string{"\xf5", "\xf5\x05abc", "\xf5\x80\xff\xff\xff\xff"} {
		_, err = functionsIn(sealed([]byte(cut), 10))
		require.ErrorIs(t, err, ErrTruncated)
	}
	refused := errors.New("refused")
	err = ReadFunctions(AppendFunctions(nil, WriterOptions{}, [][]byte{nil}), ReaderOptions{}, func([]byte) error { return refused })
	require.Equal(t, refused, err)
}

// TestFunctionsAgainstRedis takes a payload from Redis, and gives it one.
func TestFunctionsAgainstRedis(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Redis)
	c := s.Dial(t)
	lib := "#!lua name=lib\nredis.register_function('f', function() return 7 end)"
	c.OK(t, "FUNCTION", "LOAD", lib)
	got, err := functionsIn([]byte(c.OK(t, "FUNCTION", "DUMP").Text))
	require.NoError(t, err)
	require.Equal(t, []string{lib}, got)

	other := "#!lua name=other\nredis.register_function('g', function() return '" + strings.Repeat("x", 100) + "' end)"
	c.OK(t, "FUNCTION", "RESTORE", string(AppendFunctions(nil, WriterOptions{Compress: true}, [][]byte{[]byte(other)})))
	require.Equal(t, strings.Repeat("x", 100), c.OK(t, "FCALL", "g", "0").Text)
}
