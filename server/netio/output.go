package netio

const (
	// flushShare is how much a connection may write in one round before it is the others' turn.
	flushShare = 1 << 20
	// queueAt is the length from which output that cannot leave is put in the queue as it is, where more output no longer moves it.
	queueAt = 64 << 10
	// maxVec is the number of buffers passed to one write. Queued buffers are long, so a few are enough.
	maxVec = 32
)

// OutLen returns the length of the output that is not written, in bytes.
func (c *Conn) OutLen() int { return c.queued + len(c.Out.Buf) }

// OutCap returns the memory that the connection holds for output, in bytes.
func (c *Conn) OutCap() int { return c.queued + cap(c.Out.Buf) }

// OutPos returns the number of bytes appended to the output since the connection was opened. HeldOutput counts so too.
func (c *Conn) OutPos() int64 { return c.sent + int64(c.OutLen()) }

// Flush writes the output at the round's end, as is done without asking after the connection's own callbacks.
func (c *Conn) Flush() {
	if c.state.alive() {
		c.loop.soil(c)
	}
}

// Lend gives the connection an output buffer for what another's callback appends, and writes it at the round's end. It
// returns false if the connection takes nothing any more.
func (c *Conn) Lend() bool {
	if !c.state.alive() {
		return false
	}
	c.loop.lend(c)
	c.loop.soil(c)
	return true
}

// HeldOutput is what one connection appended in one round, and may not write yet.
type HeldOutput struct {
	c    *Conn
	upto int64 // counted like sent
}

// EachPending calls fn for each of the loop's connections that has appended output in this round. It is for BeforeFlush.
func (l *Loop) EachPending(fn func(c *Conn)) {
	for _, c := range l.dirty {
		if c.OutPos() != c.seen && c.state.alive() {
			fn(c)
		}
	}
}

// HoldRound keeps what the connection appended in this round from being written, until it is released. It is for the
// function that EachPending calls. What a connection holds is to be released in its order, and while it holds anything
// later output has to be held too.
func (c *Conn) HoldRound() HeldOutput {
	if !c.held {
		c.held, c.limit = true, c.seen
	}
	c.heldUpto = c.OutPos()
	return HeldOutput{c, c.heldUpto}
}

// Conn returns the connection that appended the output.
func (h HeldOutput) Conn() *Conn { return h.c }

// End returns where the output ends, as OutPos counts.
func (h HeldOutput) End() int64 { return h.upto }

// Release lets the output be written.
func (h HeldOutput) Release() {
	c := h.c
	switch {
	case !c.state.alive() || !c.held:
		return
	case h.upto == c.heldUpto: // nothing was held since
		c.held = false
	case h.upto > c.limit:
		c.limit = h.upto
	default:
		return
	}
	c.Flush()
}

// Replace changes the output, which must be the first that its connection holds. edit is given the bytes, and where they
// begin as OutPos counts, and returns others. Positions go on as if nothing had been changed. It returns false, and does
// nothing, while the connection is in the middle of a callback.
func (h HeldOutput) Replace(edit func(old []byte, from int64) []byte) bool {
	c := h.c
	if c.inside {
		return false
	}
	if !c.state.alive() || !c.held || h.upto <= c.limit {
		return true
	}
	from, upto := int(c.limit-c.sent), int(h.upto-c.sent)
	var before, after [][]byte
	var old []byte
	pos := 0
	for _, b := range append(c.queue, c.Out.Buf) {
		// The parts of b before, in and after the output.
		i := min(max(from-pos, 0), len(b))
		j := min(max(upto-pos, i), len(b))
		before, after = appendPart(before, b[:i]), appendPart(after, b[j:])
		old = append(old, b[i:j]...)
		pos += len(b)
	}
	edited := edit(old, c.limit)
	c.queue = append(appendPart(before, edited), after...)
	c.queued += len(c.Out.Buf) + len(edited) - len(old)
	c.Out.Buf = nil
	c.sent += int64(len(old) - len(edited))
	return true
}

func appendPart(parts [][]byte, b []byte) [][]byte {
	if len(b) == 0 {
		return parts
	}
	return append(parts, b)
}

// free returns how many bytes of the output may be written.
func (c *Conn) free() int {
	n := c.OutLen()
	if c.held {
		n = min(n, int(c.limit-c.sent))
	}
	return n
}

// flush writes a connection's output as far as the system takes it, and closes a connection that was waiting for that.
func (l *Loop) flush(c *Conn) {
	if !c.state.alive() {
		return
	}
	c.seen = c.OutPos()
	if !c.blocked {
		l.write(c)
	}
	if c.OutLen() > 0 {
		c.enqueue()
		l.publishOutput(c)
		return
	}
	l.takeBack(c)
	l.publishOutput(c)
	if c.state == stateDraining && c.transport.idle() {
		l.doom(c, nil)
	}
}

// write writes until there is nothing left, no room, or enough done for one round.
func (l *Loop) write(c *Conn) {
	defer clear(l.vec[:])
	for budget := flushShare; ; {
		free := min(c.free(), budget)
		if free == 0 {
			if budget == 0 {
				l.soil(c)
			}
			return
		}
		n, err := c.transport.write(c.pending(l.vec[:0], free))
		c.wrote(n)
		if n > 0 {
			l.bytesOut.add(n)
			l.writes.add(1)
		}
		budget -= n
		switch {
		case err == errAgain:
			c.blocked = true
			return
		case err != nil:
			l.doom(c, err)
			return
		}
	}
}

// pending appends the first n bytes of the output to vec, as far as vec's capacity goes.
func (c *Conn) pending(vec [][]byte, n int) [][]byte {
	for _, b := range c.queue {
		if n == 0 || len(vec) == cap(vec) {
			return vec
		}
		b = b[:min(n, len(b))]
		vec = append(vec, b)
		n -= len(b)
	}
	if n > 0 && len(vec) < cap(vec) {
		vec = append(vec, c.Out.Buf[:n])
	}
	return vec
}

// wrote drops the first n bytes of the output.
func (c *Conn) wrote(n int) {
	c.sent += int64(n)
	done := 0
	for done < len(c.queue) && n >= len(c.queue[done]) {
		n -= len(c.queue[done])
		c.queued -= len(c.queue[done])
		done++
	}
	if done > 0 {
		rest := copy(c.queue, c.queue[done:])
		clear(c.queue[rest:])
		c.queue = c.queue[:rest]
	}
	switch {
	case n == 0:
	case len(c.queue) > 0:
		c.queue[0] = c.queue[0][n:]
		c.queued -= n
	case n == len(c.Out.Buf):
		c.Out.Buf = c.Out.Buf[:0]
	default:
		// The rest goes to the queue, where dropping its front is free.
		c.queue = append(c.queue, c.Out.Buf[n:])
		c.queued += len(c.Out.Buf) - n
		c.Out.Buf = nil
	}
}

// enqueue moves output that is long to the queue, so that what is appended next does not copy it again and again.
func (c *Conn) enqueue() {
	if len(c.Out.Buf) < queueAt {
		return
	}
	c.queue = append(c.queue, c.Out.Buf)
	c.queued += len(c.Out.Buf)
	c.Out.Buf = nil
}
