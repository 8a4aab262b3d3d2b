package netio

import "net"

// transport is what a connection is read from and written to. Its methods are called on the connection's loop and never block.
type transport interface {
	// read reads some bytes. It returns errAgain if there are none, and io.EOF at the peer's end.
	read(p []byte) (int, error)
	// write writes bufs in order, as far as there is room. With room for none it returns errAgain.
	write(bufs [][]byte) (int, error)
	// idle tells whether all that write took has left the process.
	idle() bool
	// close ends the transport. What write took still leaves if the peer accepts it soon.
	close()
	// detach ends the transport and returns its connection, and the input that was taken from it.
	detach() (nc net.Conn, in []byte, err error)
	// fd is the descriptor's number, or -1.
	fd() int
}

// event is a set of reasons why a connection needs its loop.
type event uint8

const (
	evRead  event = 1 << iota // there is input, or its end
	evWrite                   // there is room for output
	evHup                     // the peer will send no more, or is gone
)

// poller is where a loop waits.
type poller interface {
	// poll calls ready for each connection that has an event. If block is set it waits for one, or for wake.
	poll(block bool, ready func(c *Conn, ev event))
	// wake ends a poll that waits. It is safe for concurrent use.
	wake()
	// add begins to serve a connection. It returns nil if the connection is not of the poller's kind.
	add(nc net.Conn, c *Conn) (transport, error)
	close()
}
