package harness

import (
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Client returns a go-redis client of the server, closed when the test ends. It sends nothing of its own beyond HELLO, so that
// Redis 7.0, which does not know CLIENT SETINFO, counts no errors from it.
func (s *Server) Client(t T) *redis.Client { return NewClient(t, s.Addr(), 3) }

// NewClient returns a go-redis client for an address, speaking RESP2 or RESP3.
func NewClient(t T, addr string, proto int) *redis.Client {
	c := redis.NewClient(&redis.Options{
		Addr:            addr,
		Protocol:        proto,
		DisableIdentity: true,
		DialTimeout:     Patience,
		ReadTimeout:     Patience,
		MaxRetries:      -1, // a write must not be sent twice: tests count them
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},
	})
	t.Cleanup(func() { c.Close() })
	return c
}

// Info is an INFO reply: field to value, sections merged.
type Info map[string]string

// ParseInfo parses the text of INFO.
func ParseInfo(text string) Info {
	info := make(Info)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && !strings.HasPrefix(line, "#") {
			info[name] = value
		}
	}
	return info
}

// Int returns a numeric field, or -1 where it is absent or no number, which no counter ever is.
func (i Info) Int(name string) int64 {
	n, err := strconv.ParseInt(i[name], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Sub splits a composite field such as slave0 or db0 ("keys=1,expires=0") into its parts.
func (i Info) Sub(name string) Info {
	out := make(Info)
	for part := range strings.SplitSeq(i[name], ",") {
		if k, v, ok := strings.Cut(part, "="); ok {
			out[k] = v
		}
	}
	return out
}

// Info asks the server for INFO over a connection of its own.
func (s *Server) Info(t T) Info {
	t.Helper()
	return ParseInfo(s.Once(t, "INFO").Text)
}

// TryInfo is Info where the connection may be closed at any moment: sentinels close a server's clients when they change its role.
func (s *Server) TryInfo() (Info, error) {
	c, err := Dial(s.Addr())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, err := c.Do("INFO")
	if err != nil {
		return nil, err
	}
	return ParseInfo(r.Text), nil
}

// Once sends one command over a connection of its own. An error reply ends the test.
func (s *Server) Once(t T, args ...string) Reply {
	t.Helper()
	c, err := Dial(s.Addr())
	if err != nil {
		t.Fatalf("connecting to %v: %v", s.Kind, err)
	}
	defer c.Close()
	return c.OK(t, args...)
}

// Supports reports whether the server knows a command.
func (s *Server) Supports(t T, name string) bool {
	t.Helper()
	r := s.Once(t, "COMMAND", "INFO", name)
	return len(r.Elems) == 1 && !r.Elems[0].Null
}
