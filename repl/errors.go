package repl

import "errors"

// What ends a reader of the log.
var (
	// ErrReaderClosed: the reader's owner closed it.
	ErrReaderClosed = errors.New("repl: log reader closed")
	// ErrReaderTooSlow: unread bytes reached the reader's limit.
	ErrReaderTooSlow = errors.New("repl: log reader overcame its output buffer limit")
	// ErrLogReset: the log now holds another history.
	ErrLogReset = errors.New("repl: log continues another history")
)

// What ends a replica's connection, seen from the master side.
var (
	// ErrClosed: the master side or the link was closed.
	ErrClosed = errors.New("repl: closed")
	// ErrDisconnected: the connection was ended on purpose (CLIENT KILL, a change of
	// replication id, a new data set).
	ErrDisconnected = errors.New("repl: disconnected")
	// ErrTimeout: nothing was heard, or nothing could be written, for repl-timeout.
	ErrTimeout = errors.New("repl: timeout")
	// ErrSnapshotOnly: a replica that wanted nothing but the snapshot has it.
	ErrSnapshotOnly = errors.New("repl: snapshot-only replica served")
	// ErrSnapshotSize: a snapshot encoded to different lengths in two passes.
	ErrSnapshotSize = errors.New("repl: snapshot changed its length between two passes")
)

// What keeps a request to synchronize from being served.
var (
	// ErrFilterNeedsEOF: a filtered snapshot goes only to replicas with capa eof.
	ErrFilterNeedsEOF = errors.New("repl: filtered replica requires the EOF capability")
	// ErrSaveBusy: a snapshot on disk has to wait for what is being written there.
	ErrSaveBusy = errors.New("repl: another snapshot is being written")
	// ErrSnapshotFailed: no snapshot could be taken.
	ErrSnapshotFailed = errors.New("repl: no snapshot to synchronize with")
)

// What is wrong with a stream of commands.
var (
	// ErrProtocol is wrapped by every error about malformed input.
	ErrProtocol = errors.New("repl: protocol error")
	// ErrTooBig: an argument, a line or a command is longer than its limit.
	ErrTooBig = errors.New("repl: input exceeds its limit")
)

// What ends an attempt of the link to a master.
var (
	// ErrMasterRefused: the master answered a step of the handshake with an error.
	ErrMasterRefused = errors.New("repl: master refused")
	// ErrTryLater: the master cannot serve PSYNC now but should later.
	ErrTryLater = errors.New("repl: master cannot synchronize yet")
	// ErrUnwanted: the server does not want the master's data in place of its own, and
	// has said so in the log.
	ErrUnwanted = errors.New("repl: the master's data is not wanted")
	// ErrStopped: the link was told to follow another master or none.
	ErrStopped = errors.New("repl: link stopped")
)
