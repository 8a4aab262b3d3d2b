package process

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]Supervisor{notifySocket: Systemd, upstartJob: Upstart, "HOME": None} {
		got := Detect(func(name string) string {
			if name == variable {
				return "x"
			}
			return ""
		})
		require.Equal(t, want, got)
		require.NotEmpty(t, got.String())
	}
}

// TestNotifySystemd uses a path and an abstract name, which systemd chooses between.
func TestNotifySystemd(t *testing.T) {
	dir, err := os.MkdirTemp("", "notify") // a short path: those of sockets are limited
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{filepath.Join(dir, "s"), "@" + filepath.Join(dir, "abstract")} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		require.NoError(t, err)
		defer l.Close()
		t.Setenv(notifySocket, name)
		require.NoError(t, NotifySystemd("READY=1\nSTATUS=x"))
		buf := make([]byte, 100)
		n, err := l.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "READY=1\nSTATUS=x", string(buf[:n]))
	}
	t.Setenv(notifySocket, "")
	require.ErrorIs(t, NotifySystemd("READY=1"), ErrNoSocket)
}

func TestSignalUpstart(t *testing.T) {
	t.Setenv(upstartJob, "")
	require.ErrorIs(t, SignalUpstart(), ErrNoJob)
}

func TestStartedByNobody(t *testing.T) {
	t.Setenv(daemonVariable, "")
	require.False(t, IsDaemon())
	Started() // tells no one
}
