package server

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/repl/aof"
)

// restoreNode makes a node that has not started, and restores a point of the files in dir when it is. Its clock is an hour ahead.
func restoreNode(t *testing.T, dir string, to aof.Point, directives ...string) *node {
	n := newNode(t, append([]string{"dir " + dir, "appendonly yes", "aof-timestamp-enabled yes"}, directives...)...)
	n.s.opts.RestoreTo = to
	n.skew.Store(int64(time.Hour))
	return n
}

// threeWrites leaves files with writes at three instants in dir, ten seconds apart, and returns the point behind the first, by
// its second and by offset.
func threeWrites(t *testing.T, dir, preamble string) (byTime, byOffset aof.Point) {
	n := startNode(t, "dir "+dir, "appendonly yes", "aof-timestamp-enabled yes", "aof-use-rdb-preamble "+preamble)
	c := n.dial()
	c.do("set early 1")
	c.do("bgrewriteaof")
	n.logged("Background AOF rewrite finished successfully")
	for _, key := range []string{"a", "b", "c"} {
		c.do("set " + key + " 1 ex 100000")
		if key == "a" {
			byTime = aof.Point{Time: time.Now().Add(time.Duration(n.skew.Load())).Unix() + 5}
			byOffset = aof.Point{ByOffset: true, Offset: n.s.log.EndOffset()}
		}
		n.skew.Add(int64(10 * time.Second))
	}
	n.stop()
	return byTime, byOffset
}

func TestRestoreToAPoint(t *testing.T) {
	t.Parallel()
	for _, preamble := range []string{"yes", "no"} {
		for i := range 2 {
			dir := t.TempDir()
			byTime, byOffset := threeWrites(t, dir, preamble)
			to := []aof.Point{byTime, byOffset}[i]
			n := restoreNode(t, dir, to)
			require.NoError(t, n.s.Start())
			c := n.dial()
			c.expect("mget early a b c", "[1 1 (nil) (nil)]", "set later 1", "OK")
			n.stop()

			// What was restored, and written since, is what there is now; the same words once more don't undo it.
			n = restoreNode(t, dir, to)
			require.ErrorIs(t, n.s.Start(), aof.ErrTooEarly)
			n = restoreNode(t, dir, aof.Point{})
			require.NoError(t, n.s.Start())
			n.dial().expect("mget early a b later", "[1 1 (nil) 1]")
			n.stop()

			// Nothing of what there was is lost.
			kept, err := filepath.Glob(filepath.Join(dir, "appendonlydir-before-*"))
			require.NoError(t, err)
			require.Len(t, kept, 1)
			n = restoreNode(t, dir, aof.Point{}, "appenddirname "+filepath.Base(kept[0]))
			require.NoError(t, n.s.Start())
			n.dial().expect("mget early a b c later", "[1 1 1 1 (nil)]")
			n.stop()
		}
	}
}

// However far a restoration comes before it fails, the files that there were are in force.
func TestRestoreFailsAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range [][2]string{
		{"link", "base"}, {"link", "incr"}, {"rename", "manifest"}, {"syncdir", "appendonlydir-before"}, {"open", "temp-rewriteaof"},
		{"write", "temp-rewriteaof"}, {"sync", "temp-rewriteaof"}, {"rename", "base"}, {"open", ".3.incr"},
	} {
		dir := t.TempDir()
		to, _ := threeWrites(t, dir, "yes")
		n, fs := restoreNode(t, dir, to), &faultyFS{}
		n.s.opts.FS = fs
		fs.set(step[0], step[1], syscall.EIO)
		require.ErrorIs(t, n.s.Start(), syscall.EIO, step)
		n = restoreNode(t, dir, aof.Point{})
		require.NoError(t, n.s.Start())
		n.dial().expect("mget early a b c", "[1 1 1 1]")
		n.stop()
	}
}

func TestRestoreIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	to, byOffset := threeWrites(t, dir, "yes")
	before, err := os.ReadDir(filepath.Join(dir, "appendonlydir"))
	require.NoError(t, err)
	future := aof.Point{Time: time.Now().Add(2 * time.Hour).Unix()}
	for _, test := range []struct {
		to        aof.Point
		directive string
		err       error
	}{
		{aof.Point{Time: to.Time - 100}, "", aof.ErrTooEarly},
		{aof.Point{ByOffset: true, Offset: byOffset.Offset + 10000}, "", aof.ErrTooLate},
		{future, "", errRestoreFuture},
		{to, "appendonly no", errRestoreNoAOF},
		{to, "replicaof 127.0.0.1 1", errRestoreReplica},
		{to, "appenddirname nothing-here", errNothingToRestore},
	} {
		n := restoreNode(t, dir, test.to, test.directive)
		require.ErrorIs(t, n.s.Start(), test.err, strconv.Quote(test.directive))
	}
	after, err := os.ReadDir(filepath.Join(dir, "appendonlydir"))
	require.NoError(t, err)
	require.Equal(t, before, after)
}
