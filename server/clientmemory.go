package server

import (
	"unsafe"

	"treedis/server/netio"
)

const (
	// clientBytes is what a client takes without buffers.
	clientBytes = int64(unsafe.Sizeof(Client{}) + unsafe.Sizeof(netio.Conn{}))
	// watchBytes, subscriptionBytes, prefixBytes and queuedBytes are about what a watched key, a channel or pattern, a prefix of
	// tracking and a queued command take, without the bytes of its arguments.
	watchBytes        = 160
	subscriptionBytes = 160
	prefixBytes       = 96
	queuedBytes       = int64(unsafe.Sizeof(queuedCommand{}))
	argumentBytes     = int64(unsafe.Sizeof([]byte(nil)))
)

// clientMemory returns what all clients take, in bytes. It needs the lock, at least shared.
func (s *Server) clientMemory() int64 {
	n := int64(len(s.clients))*clientBytes + s.clientExtra.Load() - s.condemned.Load()
	if s.net != nil {
		for _, l := range s.net.Loops() {
			n += l.Held()
		}
	}
	return n
}

// extraMemory is what the client takes beside its buffers.
func (c *Client) extraMemory() int64 {
	return c.multi.memory + int64(len(c.watched))*watchBytes + int64(c.subs.Total())*subscriptionBytes +
		int64(len(c.tracking.prefixes))*prefixBytes
}

// countMemory is called when any of that has changed, on the client's loop.
func (c *Client) countMemory() {
	if n := c.extraMemory(); n != c.extra {
		c.srv.clientExtra.Add(n - c.extra)
		c.extra = n
	}
}
