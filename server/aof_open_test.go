package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Clients are served while the append-only file is opened, which takes as long as its first base.
func TestConfigSetWhileTheAOFIsOpened(t *testing.T) {
	t.Parallel()
	fs := &faultyFS{}
	named := fs.stall("rename", ".base.rdb")
	n := newNode(t, "appendonly yes", "aof-disable-auto-gc yes")
	n.s.opts.FS = fs
	started := make(chan error, 1)
	go func() { started <- n.s.Start() }()
	n.until(func() bool { return n.s.aof.writer.Load() != nil }, "the base is being written")
	require.Equal(t, "OK", n.dial().do("config set aof-disable-auto-gc no"))
	close(named)
	require.NoError(t, <-started)
}
