package server

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"treedis/server/config"
	"treedis/server/resp"
)

const (
	// maxTargets is how many connections of MIGRATE are kept, and targetIdle for how long, in ms, after their last
	// use. Both are Redis's.
	maxTargets = 64
	targetIdle = 10_000
	// noDB is the selected database of a target that has to be told.
	noDB = -1
)

// targetAddress is where a target is, in the words of the client.
type targetAddress struct{ host, port string }

// target is a connection that MIGRATE sends keys on.
type target struct {
	conn net.Conn
	r    *resp.Reader
	db   int64 // selected, noDB if unknown
	used int64 // unix ms
}

// targets keeps the connections of MIGRATE, so that one key after another goes without connecting anew. Guarded by the
// exclusive lock.
type targets map[targetAddress]*target

// errUnresolved is for targets that no address is found for.
var errUnresolved = errors.New("no such address")

// open returns the connection to an address. Errors: errUnresolved, or what dialling failed at.
func (ts targets) open(s *Server, a targetAddress, timeout time.Duration) (*target, error) {
	if t := ts[a]; t != nil {
		return t, nil
	}
	port := leadingInt(a.port)
	if a.host == "" || port < 0 { // not this host, as it would be by the resolver's reading
		return nil, errUnresolved
	}
	if len(ts) >= maxTargets {
		for other := range ts { // whichever comes first
			ts.close(other)
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := s.dial(ctx, net.JoinHostPort(a.host, strconv.Itoa(int(uint16(port)))), config.TLSCluster.Get(s.cfg))
	var unresolved *net.DNSError
	if errors.As(err, &unresolved) {
		return nil, errUnresolved
	}
	if err != nil {
		return nil, err
	}
	t := &target{conn: conn, r: resp.NewReader(conn), db: noDB}
	ts[a] = t
	return t, nil
}

// leadingInt reads the number that text begins with, as C's atoi, which reads ports, does: 0 if there is none.
func leadingInt(text string) int32 {
	end := 0
	for end < len(text) && ('0' <= text[end] && text[end] <= '9' || end == 0 && (text[0] == '-' || text[0] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(text[:end], 10, 64) // cut to the range if it is out of it
	return int32(n)
}

// close closes the connection to an address, if there is one.
func (ts targets) close(a targetAddress) {
	if t := ts[a]; t != nil {
		t.conn.Close()
		delete(ts, a)
	}
}

// closeUnused closes the connections whose last use is before the given time, in unix ms.
func (ts targets) closeUnused(before int64) {
	for a, t := range ts {
		if t.used < before {
			ts.close(a)
		}
	}
}

func (t *target) write(b []byte, timeout time.Duration) error {
	if err := t.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	_, err := t.conn.Write(b)
	return err
}

func (t *target) read(timeout time.Duration) (resp.Value, error) {
	// On a connection that is closed it fails; what came before may be buffered still, and then Read tells.
	_ = t.conn.SetReadDeadline(time.Now().Add(timeout))
	return t.r.Read()
}
