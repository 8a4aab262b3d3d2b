package repl

import (
	"context"
	"io"
	"os"
	"sync"
)

// Level is how much a log line matters; the levels are Redis's.
type Level int

// Levels, from the least to the most important.
const (
	Debug Level = iota
	Verbose
	Notice
	Warning
)

// Logf writes one line to the server's log. It must not block for long, and must
// not take the keyspace lock.
type Logf func(level Level, format string, args ...any)

// Filter says what a snapshot for a replica leaves out (REPLCONF rdb-filter-only).
type Filter struct {
	ExcludeData      bool
	ExcludeFunctions bool
}

// Snapshot is the data set as it was at one instant. Its methods need no lock.
type Snapshot interface {
	// WriteRDB encodes the snapshot; ctx ends it early. It may be called several times, and by
	// several goroutines at once: every call must write the same bytes.
	WriteRDB(ctx context.Context, w io.Writer) error
	// Release is called once, when nobody needs the snapshot any more.
	Release()
}

// Source is the server, seen from the master side.
type Source interface {
	// The keyspace lock, exclusive.
	sync.Locker

	// SnapshotLocked takes a snapshot, at once. Needs the keyspace lock. The log
	// still knows the selected database (for the repl-stream-db field) and its
	// end is the snapshot's offset.
	SnapshotLocked(f Filter) (Snapshot, error)

	// SaveLocked begins to write the data set, as it is, to the server's own snapshot file. done is called once, under the
	// keyspace lock, when that is over; the file is then the caller's to close, and stays what it is if the server
	// writes another. unneeded says, without any lock, that nobody waits for the file any more: the server ends the save
	// if it has no use for it either. ErrSaveBusy: the disk is written to already. Needs the keyspace lock.
	SaveLocked(done func(*os.File, error)) (unneeded func(), err error)

	// IsReplica reports whether this server has a master itself. Needs no lock.
	IsReplica() bool

	// PropagatePing appends a PING to the log, under the lock, unless this server
	// is a replica (its stream is its master's, verbatim) or replication is
	// paused for a failover. Called without any lock.
	PropagatePing()

	// ReplicaCommand is called, without any lock and from the replica's own
	// goroutine, for what a replica sends beside acknowledgements. args are valid
	// during the call. An error ends the connection: a replica must not be
	// replied to, since it would take the reply for a part of the stream.
	ReplicaCommand(r ReplicaInfo, args [][]byte) error
}
