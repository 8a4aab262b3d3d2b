package netio

import (
	"net"
	"sync/atomic"

	"treedis/server/resp"
)

// state is where a connection is in its life. It moves downwards only.
type state uint8

const (
	stateOpen     state = iota // served
	stateDraining              // reads no more; closed when its output is written
	stateDoomed                // to be torn down in this round
	stateClosed                // Closed was called, or the connection taken over
)

// String returns the state's name.
func (s state) String() string {
	return [...]string{"open", "draining", "doomed", "closed"}[s]
}

// alive tells whether functions posted to the connection still run.
func (s state) alive() bool { return s <= stateDraining }

// Conn is a connection. Its fields and methods are for callbacks on its loop only, those of other connections of the same loop
// included; Post, Loop, Usage and the addresses are safe for concurrent use.
type Conn struct {
	// Out takes the output. What was appended during a callback of this connection leaves at the round's end; who appends
	// during another's calls Flush. The handler may shorten what it has appended itself since the callback began.
	Out resp.Writer
	// Context is the handler's own.
	Context any

	loop      *Loop
	transport transport
	local     string
	remote    string
	place     int // in loop.conns
	state     state
	cause     error // what Closed will be told

	buf  []byte // input; loop.readBuf if shared
	r, w int    // buf[r:w] is not consumed yet
	need int    // see Need

	queue    [][]byte // output that did not leave in its round, before Out
	queued   int      // bytes in queue
	sent     int64    // bytes written, or replaced by fewer
	limit    int64    // while held: up to where output may be written, counted like sent
	heldUpto int64    // up to where HoldRound was called last, counted like sent
	seen     int64    // up to where output has been through a BeforeFlush, counted like sent

	shared   bool // buf is the loop's
	readable bool // an event told of input, and no read since has come to its end
	hup      bool // the peer has ended its side
	paused   bool
	unseen   bool // Data is due even if nothing more is read
	blocked  bool // the last write found no room; an event will tell
	held     bool
	again    bool // on loop.again
	dirty    bool // on loop.dirty
	inside   bool // a callback of it serves others

	closed atomic.Bool // state is stateClosed
	usage  usage
}

// Loop returns the loop that the connection belongs to. It never changes.
func (c *Conn) Loop() *Loop { return c.loop }

// RemoteAddr and LocalAddr return the addresses as CLIENT LIST shows them: "ip:port", "[ipv6]:port", or "path:0" for both sides
// of a Unix socket.
func (c *Conn) RemoteAddr() string { return c.remote }
func (c *Conn) LocalAddr() string  { return c.local }

// FD returns the descriptor's number, or -1 if the connection has none of its own.
func (c *Conn) FD() int { return c.transport.fd() }

// Post runs fn on the connection's loop, after what was posted before it. It never blocks and is safe for concurrent use. It returns
// false, and drops fn, if the connection is closed; fn is dropped as well if the connection is closed before its turn.
func (c *Conn) Post(fn func()) bool {
	if c.closed.Load() {
		return false
	}
	return c.loop.post(task{c: c, fn: fn})
}

// Close closes the connection at the round's end without writing what is pending, and calls Closed. From another goroutine, post it.
func (c *Conn) Close() { c.CloseWith(nil) }

// CloseWith is Close with the cause that Closed is to be given.
func (c *Conn) CloseWith(cause error) { c.loop.doom(c, cause) }

// CloseAfterFlush ends the reading of input, and closes the connection once its output is written. Output that is held is waited for.
func (c *Conn) CloseAfterFlush() {
	if c.state == stateOpen {
		c.state = stateDraining
		c.loop.soil(c)
	}
}

// Closing tells whether the connection is closed, or one of the Close methods was called.
func (c *Conn) Closing() bool { return c.state != stateOpen }

// Pause stops the calls of Data. Input stays with the system, and with it the pressure on the peer; that the peer disconnects is
// noticed nonetheless, and closes the connection.
func (c *Conn) Pause() { c.paused = true }

// Paused tells whether Pause was called more recently than Resume.
func (c *Conn) Paused() bool { return c.paused }

// Resume undoes Pause. Input that was left unconsumed is shown again before any more is read, not from within Resume.
func (c *Conn) Resume() {
	if !c.paused {
		return
	}
	c.paused = false
	c.unseen = c.InLen() > 0
	if c.unseen || c.readable {
		c.loop.rerun(c)
	}
}

// Hijack takes the connection out of the server's hands, flushing what the system accepts at once. It returns the connection in
// blocking use, the input not consumed, and the output not written, held or not. The handler's callback in progress is the last: Closed
// is not called.
func (c *Conn) Hijack() (nc net.Conn, in, out []byte, err error) {
	if !c.state.alive() {
		return nil, nil, nil, ErrConnClosed
	}
	l := c.loop
	l.flush(c)
	if !c.state.alive() {
		return nil, nil, nil, c.cause
	}
	in = append(in, c.In()...)
	for _, b := range c.queue {
		out = append(out, b...)
	}
	out = append(out, c.Out.Buf...)
	nc, more, err := c.transport.detach()
	if err != nil {
		l.doom(c, err)
		return nil, nil, nil, err
	}
	l.remove(c)
	return nc, append(in, more...), out, nil
}
