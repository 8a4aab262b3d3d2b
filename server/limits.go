package server

import "treedis/server/config"

// staticOutput is how many bytes of unread replies no limit is applied to: those of Redis's fixed buffer.
const staticOutput = 16 << 10

// outputClass is the class of client-output-buffer-limit that a client belongs to. Replicas are not clients any
// more: what they have not read is in the log, whose readers have limits of their own.
func (c *Client) outputClass() config.ClientClass {
	if c.subs.Total() > 0 {
		return config.PubSubClient
	}
	return config.NormalClient
}

// checkOutput closes a client whose unread replies exceed client-output-buffer-limit. Whoever has appended to a
// client's output calls it, on the client's loop and under the lock.
func (s *Server) checkOutput(c *Client) {
	if c.conn == nil {
		return
	}
	if n := c.conn.OutLen(); n > staticOutput || c.softSince != 0 {
		s.limitOutput(c, n, s.now())
	}
}

// outputBatch is after how many elements a reply that may be as long as the client asks for is looked at.
const outputBatch = 1024

// inBatches writes n elements of a reply by calls of write, and stops when the client is closed for all that it has not
// read.
func (c *Call) inBatches(n int, write func(n int)) {
	for n > 0 && !c.outputOver() {
		k := min(n, outputBatch)
		write(k)
		n -= k
	}
}

// outputOver reports whether the client is being closed, for its unread replies or for another reason.
func (c *Call) outputOver() bool {
	c.srv.checkOutput(c.c)
	return c.c.closing.Load()
}

// limitOutput closes a client that has n bytes of unread replies if that is too much, or has been for too long.
func (s *Server) limitOutput(c *Client, n int, now int64) {
	limit := config.ClientOutputBufferLimit.Get(s.cfg)[c.outputClass()]
	size := uint64(n)
	tooMuch := n > staticOutput && limit.Hard > 0 && size >= limit.Hard
	switch {
	case n <= staticOutput || limit.Soft == 0 || size < limit.Soft:
		c.softSince = 0
	case c.softSince == 0:
		c.softSince = now
	default: // in whole seconds, as the clock of Redis has it
		tooMuch = tooMuch || now/1000-c.softSince/1000 > limit.SoftSeconds
	}
	if tooMuch && !c.closing.Load() {
		s.stats.of(c.loop).outputLimit.add(1)
		s.logger.warningf("Client %s scheduled to be closed ASAP for overcoming of output buffer limits.", c)
		c.kill()
	}
}

// overInputLimit closes a client that has sent more than client-query-buffer-limit without completing a command. It
// runs on the client's loop under the lock.
func (s *Server) overInputLimit(c *Client) bool {
	if int64(c.conn.InLen()) <= config.ClientQueryBufferLimit.Get(s.cfg) {
		return false
	}
	s.stats.of(c.loop).queryLimit.add(1)
	s.logger.warningf("Closing client that reached max query buffer length: %s", c)
	c.closing.Store(true)
	return true
}

// closeStale closes the connections that have been silent for longer than timeout, and those that have had too much
// to read for too long; and those of MIGRATE that are no longer used.
func (s *Server) closeStale() {
	timeout := config.Timeout.Get(s.cfg) * 1000
	s.lock.lock()
	defer s.lock.unlock()
	now := s.now()
	for _, c := range s.clients {
		switch {
		case c.softSince != 0:
			s.limitOutput(c, c.conn.Usage().OutLen, now)
		case timeout > 0 && c.blocked == nil && !c.postponed && c.subs.Total() == 0 && !c.monitors && now-c.lastActive > timeout:
			s.logger.verbosef("Closing idle client")
			c.kill()
		}
	}
	s.targets.closeUnused(now - targetIdle)
}
