package netio

import "errors"

// ErrServerClosed is what Serve returns after Close, and the cause that Closed is given.
var ErrServerClosed = errors.New("netio: server closed")

// ErrConnClosed is what the methods of a connection return after it was closed or taken over.
var ErrConnClosed = errors.New("netio: connection closed")

// errAgain says that a transport has no byte to give or no room to take one, and that an event will tell when it has.
var errAgain = errors.New("netio: not ready")
