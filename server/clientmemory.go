package server

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
	"unsafe"

	"treedis/server/config"
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

// clientSums is what is known of the memory of all clients, but for their connections' buffers, which the loops add up. Safe for
// concurrent use.
type clientSums struct {
	extra     atomic.Int64 // beside the buffers
	condemned atomic.Int64 // of the buffers, what clients have that were evicted and are not closed yet
	// unevictable says that none is left that may be evicted, while those that may not take more than maxmemory-clients. It holds
	// until a client comes, or gives up its exemption: so nobody searches them all at each command.
	unevictable atomic.Bool
}

// clientMemory returns what all clients take, in bytes. It needs the lock, at least shared.
func (s *Server) clientMemory() int64 {
	n := int64(len(s.clients))*clientBytes + s.clientSums.extra.Load() - s.clientSums.condemned.Load()
	if s.net != nil {
		for _, l := range s.net.Loops() {
			n += l.Held()
		}
	}
	return n
}

// clientUsage is what a client takes up, in bytes beside the fields of Usage.
type clientUsage struct {
	netio.Usage
	parsed int   // of the input, what is behind it: a request that has not come whole
	args   int64 // arguments of the command under way
	extra  int64 // beside the buffers
}

func (p *peer) memory(by *Call) clientUsage {
	c := p.Client
	m := clientUsage{extra: c.extra}
	if c.conn != nil {
		m.Usage = c.conn.Usage()
	}
	switch {
	case c == by.c && c.conn != nil:
		// Its input lies in the loop's buffer, with the command that is being executed before what follows it.
		m.InLen = c.conn.InLen() + c.queryBytes
		m.InCap = max(m.InLen, c.conn.InCap())
		m.OutLen, m.OutCap = c.conn.OutLen(), c.conn.OutCap()
		m.args = argBytes(by.args)
	case c.blocked != nil || c.postponed:
		m.args = argBytes(c.call.args)
	default:
		m.parsed, m.args = min(c.parsed, m.InLen), int64(c.parsedArgs)
	}
	if p.replica != nil {
		m.OutLen = int(p.replica.Pending)
		m.OutQueued = m.OutLen // in the log, whose memory is counted once
	}
	return m
}

// output tells what CLIENT LIST says of the output: of a small one how long it is, of others how much memory in how many buffers they
// take. Limits apply to the latter.
func (m *clientUsage) output() (inBuffer, inList, buffers int) {
	if m.OutLen <= staticOutput {
		return m.OutLen, 0, 0
	}
	buffers = m.OutBuffers
	if m.OutLen > m.OutQueued || buffers == 0 {
		buffers++
	}
	return 0, max(m.OutCap, m.OutLen), buffers
}

// total is what all of it takes. Arguments lie in the input.
func (m *clientUsage) total() int64 {
	return clientBytes + int64(m.InCap) + int64(m.OutCap) + m.extra
}

// argBytes adds up the lengths of arguments.
func argBytes(args [][]byte) (n int64) {
	for _, a := range args {
		n += int64(len(a))
	}
	return n
}

// extraMemory is what the client takes beside its buffers.
func (c *Client) extraMemory() int64 {
	return c.multi.bytes + int64(c.multi.args)*argumentBytes + int64(len(c.multi.queued))*queuedBytes +
		int64(len(c.watched))*watchBytes + int64(c.subs.Total())*subscriptionBytes +
		int64(len(c.tracking.prefixes))*prefixBytes
}

// countMemory is called when any of that has changed, on the client's loop.
func (c *Client) countMemory() {
	if n := c.extraMemory(); n != c.extra {
		c.srv.clientSums.extra.Add(n - c.extra)
		c.extra = n
	}
}

// limitsClients reports whether maxmemory-clients is set.
func (s *Server) limitsClients() bool { return config.MaxMemoryClients.Get(s.cfg, math.MaxInt64) != 0 }

// clientsOver reports whether clients take more memory than maxmemory-clients, and some of them can go. It needs the lock, at
// least shared.
func (s *Server) clientsOver() bool {
	limit := config.MaxMemoryClients.Get(s.cfg, config.MaxMemory.Get(s.cfg))
	if limit <= 0 {
		return false
	}
	return !s.clientSums.unevictable.Load() && s.clientMemory() > limit
}

// evictClients closes the clients that take most, until the others keep to maxmemory-clients. Those that have asked not to be
// evicted count, but stay. It needs the exclusive lock.
func (s *Server) evictClients() {
	if !s.clientsOver() {
		return
	}
	type candidate struct {
		*Client
		buffers int64
	}
	var list []candidate
	for _, c := range s.clients {
		if !c.noEvict && !c.closing.Load() && c.conn != nil {
			u := c.conn.Usage()
			list = append(list, candidate{c, int64(u.InCap + u.OutCap)})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(b.buffers+b.extra, a.buffers+a.extra) })
	for _, c := range list {
		if !s.clientsOver() {
			break
		}
		s.logger.noticef("Evicting client %s, which takes %d bytes: together they take more than maxmemory-clients", c, clientBytes+c.buffers+c.extra)
		s.stats.evictedClients++
		c.condemned += c.buffers // not counted any more, though its loop has yet to close it
		s.clientSums.condemned.Add(c.buffers)
		c.kill()
		s.forget(c.Client)
	}
	s.clientSums.unevictable.Store(s.clientsOver())
}

// watchClients evicts clients where no command does: for input that makes no command yet. It is called without the lock.
func (s *Server) watchClients(loop int) {
	if !s.limitsClients() {
		return
	}
	s.lock.rlock(loop)
	over := s.clientsOver()
	s.lock.runlock(loop)
	if over {
		s.lock.borrow()
		defer s.lock.unlock()
		s.evictClients()
	}
}

// applyClientMemory evicts the clients that a lower maxmemory-clients has no room for.
func (s *Server) applyClientMemory() error {
	s.clientSums.unevictable.Store(false)
	s.evictClients()
	return nil
}
