package netio

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestHurry watches the slice of a loop's thread while one, two and none want it to hurry.
func TestHurry(t *testing.T) {
	t.Parallel()
	s, err := New(Options{}, &funcs{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	slice := func() uint64 {
		got := make(chan uint64)
		s.Loops()[0].Post(func() {
			attr, err := unix.SchedGetAttr(0, 0)
			if err != nil {
				attr = new(unix.SchedAttr)
			}
			got <- attr.Runtime
		})
		return <-got
	}
	before := slice()
	if before == 0 {
		t.Skip("this kernel knows no slices")
	}
	first, second := s.Hurry(), s.Hurry()
	require.EqualValues(t, promptSlice, slice())
	first()
	first()
	require.EqualValues(t, promptSlice, slice(), "one is left")
	second()
	require.Equal(t, before, slice())
}
