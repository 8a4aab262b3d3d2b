package netio

import "io"

const (
	// minRead is the room that a read is given at least, unless the handler needs less: Redis's PROTO_IOBUF_LEN.
	minRead = 16 << 10
	// firstGrowth bounds what is allocated on a client's word alone, and growthFactor what on the strength of what it has sent:
	// a bulk of 512 MB is moved three times on its way, 14% of its bytes in all.
	firstGrowth  = 1 << 20
	growthFactor = 8
	// keptInputs bounds the input buffers that a loop keeps for reuse, none longer than firstGrowth.
	keptInputs = 4
	// smallRest is up to where input kept is copied before the loop's buffer for the next read, instead of being given a buffer that
	// has room for it: a client that stopped within a request costs what it sent.
	smallRest = 4 << 10
)

// In returns the input that is not consumed. It is valid until the callback ends or Consume is called.
func (c *Conn) In() []byte { return c.buf[c.r:c.w] }

// InLen returns the length of the input that is not consumed, in bytes.
func (c *Conn) InLen() int { return c.w - c.r }

// InCap returns the memory that the connection holds for input, in bytes; none of its own during Data.
func (c *Conn) InCap() int {
	if c.shared {
		return 0
	}
	return cap(c.buf)
}

// Consume drops the first n bytes of the input.
func (c *Conn) Consume(n int) { c.r += min(n, c.w-c.r) }

// Unconsume undoes the last Consume, or some of it: n bytes are input again. It is for the callback that consumed them.
func (c *Conn) Unconsume(n int) { c.r -= min(n, c.r) }

// Need tells how many bytes are missing until Data can do more, so that the buffer is made large enough at once. It holds until the next
// Data.
func (c *Conn) Need(n int) { c.need = n }

// input shows the handler a connection's input, once read and once left over, as far as there is.
func (l *Loop) input(c *Conn) {
	if c.state != stateOpen || c.inside {
		return
	}
	if c.unseen && !c.paused {
		c.unseen = false
		l.deliver(c)
	}
	switch {
	case c.state != stateOpen:
	case c.paused && c.hup:
		l.doom(c, io.EOF)
	case !c.paused && c.readable:
		l.read(c)
	}
}

// read reads once, so that every connection gets its turn, and shows what came.
func (l *Loop) read(c *Conn) {
	room := l.room(c)
	n, err := c.transport.read(room)
	if n > 0 {
		c.w += n
		l.bytesIn.add(n)
		l.reads.add(1)
		// Less than there was room for means that no more is there; whatever comes after this is told by a new event. An end
		// of input that was told of already is not told again.
		c.readable = n == len(room) || c.hup
		if c.readable {
			l.rerun(c)
		}
		l.deliver(c)
		return
	}
	c.readable = false
	l.keep(c)
	if err != errAgain {
		l.doom(c, err)
	}
}

// deliver calls Data, and keeps what it leaves.
func (l *Loop) deliver(c *Conn) {
	c.need = 0
	if !c.shared {
		l.publishInput(c) // the handler may want to know what a long request takes, before it executes it
	}
	l.lend(c)
	l.server.handler.Data(c)
	if c.state == stateClosed {
		return // taken over
	}
	l.settle(c)
	l.keep(c)
	l.publishInput(c)
}

// keep saves the input that was left from the loop's buffer.
func (l *Loop) keep(c *Conn) {
	switch {
	case c.InLen() == 0 || c.state != stateOpen:
		l.dropInput(c)
	case c.shared:
		var buf []byte
		if c.small() {
			buf = make([]byte, c.InLen())
		} else {
			buf = l.inputBuffer(c.bufferSize())
		}
		c.r, c.w = 0, copy(buf, c.In())
		c.buf, c.shared = buf, false
	}
}

// small tells whether the input kept, and what the handler needs besides, is for the loop's buffer.
func (c *Conn) small() bool { return c.InLen() <= smallRest && c.need <= readSize-smallRest }

// room returns where the next read goes: the loop's buffer, or behind the input kept.
func (l *Loop) room(c *Conn) []byte {
	if c.small() {
		n := copy(l.readBuf, c.In())
		l.dropInput(c)
		c.buf, c.shared, c.w = l.readBuf, true, n
		return c.buf[n:]
	}
	enough := minRead
	if c.need > 0 {
		enough = min(enough, c.need)
	}
	if len(c.buf)-c.w < enough {
		l.grow(c)
	}
	return c.buf[c.w:]
}

// grow makes room behind the input kept, by moving it to the front or to a larger buffer.
func (l *Loop) grow(c *Conn) {
	size := c.bufferSize()
	if size <= len(c.buf) {
		c.r, c.w = 0, copy(c.buf, c.In())
		return
	}
	old := c.buf
	buf := l.inputBuffer(size)
	c.r, c.w = 0, copy(buf, c.In())
	c.buf = buf
	l.keepInputBuffer(old)
}

// bufferSize returns how large a buffer the input kept and what is to come ask for.
func (c *Conn) bufferSize() int {
	have := c.InLen()
	if c.need == 0 {
		return max(2*have, have+minRead)
	}
	more := c.need // what comes behind a long request is read when that is done
	if have < firstGrowth/growthFactor {
		more = max(more, minRead)
	}
	return min(have+more, max(firstGrowth, growthFactor*have))
}

// inputBuffer returns a buffer of at least the given size, and less than twice that: it counts as the client's.
func (l *Loop) inputBuffer(size int) []byte {
	for i := len(l.inBufs) - 1; i >= 0; i-- {
		if buf := l.inBufs[i]; len(buf) >= size && len(buf) < 2*size {
			last := len(l.inBufs) - 1
			l.inBufs[i] = l.inBufs[last]
			l.inBufs = l.inBufs[:last]
			return buf
		}
	}
	return make([]byte, size)
}

func (l *Loop) keepInputBuffer(buf []byte) {
	if len(buf) <= smallRest || len(buf) > firstGrowth {
		return
	}
	if len(l.inBufs) < keptInputs {
		l.inBufs = append(l.inBufs, buf)
		return
	}
	// The list is kept of the longest, which serve any request.
	for i, kept := range l.inBufs {
		if len(kept) < len(buf) {
			l.inBufs[i] = buf
			return
		}
	}
}

// dropInput frees a connection's input buffer.
func (l *Loop) dropInput(c *Conn) {
	if c.buf != nil && !c.shared {
		l.keepInputBuffer(c.buf)
	}
	c.buf, c.shared, c.r, c.w = nil, false, 0, 0
}
