// Package netio moves bytes between connections and a Handler. It knows nothing of commands.
//
// Connections belong to loops. A loop is one goroutine that works in rounds:
//
//	wait -> read and Data -> posted functions -> Closed -> BeforeFlush -> write
//
// so that whatever a round's callbacks appended to the connections' output leaves after BeforeFlush, with one write for each
// connection. What it guarantees:
//
//   - All callbacks of a connection, and the functions posted to it, run on its loop, one at a time and never nested: Closed
//     comes once, after every other callback of its connection, and never from within a method of Conn.
//   - Posted functions run in the order they were posted, connections of one loop included, and before the loop sleeps.
//   - Output leaves in the order it was appended, and none of it before the BeforeFlush that follows.
//   - A connection that has no input and no output pending owns no buffer.
//
// What it does not: it sets no limit on what is buffered. The handler sees InLen and OutLen and closes what grew too far.
//
// On Linux, TCP and Unix sockets are served by epoll, edge-triggered: a connection is registered once and no further epoll_ctl
// is needed for pausing it or for waiting until it takes output again. Reads and writes are raw system calls, which cost the
// scheduler nothing as they cannot block. Connections of any other kind, encrypted ones for instance, and all on other systems, are
// read and written by goroutines of their own that exchange bytes with the loop; the Handler cannot tell the difference.
package netio

import "time"

// Handler is told what happens to connections. Every method runs on the connection's loop.
type Handler interface {
	// Opened is the first callback of a connection. It may append output, and close the connection.
	Opened(c *Conn)
	// Data says that c.In has bytes that the last call did not see, or was not given the chance to see since the connection was
	// paused. The handler consumes what it can and leaves the rest, which it will see again with what comes after.
	Data(c *Conn)
	// Closed is the last callback of a connection. err is nil if the handler closed it, io.EOF if the peer did, ErrServerClosed
	// if the server was closed, and what the system reported otherwise.
	Closed(c *Conn, err error)
}

// Options configure a Server. The zero value is one loop.
type Options struct {
	// Loops is the number of loops.
	Loops int
	// KeepAlive is the interval of TCP keepalive probes, 0 for none. See Server.SetKeepAlive.
	KeepAlive time.Duration
	// BeforeFlush, if set, is called on each loop in each round, after the callbacks and before their output is written.
	BeforeFlush func(l *Loop)
	// AcceptError, if set, is told of errors of Accept that are not the listener's end, from the goroutine that accepts.
	AcceptError func(err error)
	// Portable serves every connection the way that works on every system.
	Portable bool
}
