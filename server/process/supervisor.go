package process

import (
	"errors"
	"net"
	"os"
)

// Supervisor is who started the process and wants to hear of its state.
type Supervisor int

// The supervisors.
const (
	None Supervisor = iota
	Systemd
	Upstart
)

// String is the name that INFO shows.
func (s Supervisor) String() string {
	switch s {
	case Systemd:
		return "systemd"
	case Upstart:
		return "upstart"
	}
	return "no"
}

// The variables by which supervisors make themselves known.
const (
	notifySocket = "NOTIFY_SOCKET"
	upstartJob   = "UPSTART_JOB"
)

// Detect returns which of the supervisors started the process.
func Detect(getenv func(string) string) Supervisor {
	switch {
	case getenv(upstartJob) != "":
		return Upstart
	case getenv(notifySocket) != "":
		return Systemd
	}
	return None
}

// ErrNoSocket is why systemd can't be told anything.
var ErrNoSocket = errors.New("NOTIFY_SOCKET not found")

// NotifySystemd sends lines of the form VARIABLE=value, as sd_notify(3) describes them, to the socket that systemd listens at.
func NotifySystemd(lines string) error {
	path := os.Getenv(notifySocket)
	if path == "" {
		return ErrNoSocket
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte(lines))
	return err
}
