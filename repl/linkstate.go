package repl

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

const (
	defaultRetryDelay = time.Second
	defaultAckPeriod  = time.Second
)

// LinkState is where the link to the master stands.
//
//	None <--------------------------- PromoteLocked, from every state
//	  | SetMasterLocked
//	  v            (after the retry delay, or at once if the link was up)
//	Connect <--------------------------------------------------------+
//	  |                                                              |
//	  v          dialled          PING, AUTH, REPLCONF, PSYNC        |
//	Connecting ----------> Handshake --+---------------> Transfer    | any
//	                                   | +CONTINUE          |        | error
//	                                   v                    |        |
//	                               Connected <--------------+--------+
//	                                            loaded
type LinkState uint8

const (
	// LinkNone: this server is a master.
	LinkNone LinkState = iota
	// LinkConnect: about to connect, perhaps after a delay.
	LinkConnect
	// LinkConnecting: the connection is being made.
	LinkConnecting
	// LinkHandshake: from PING to the reply to PSYNC.
	LinkHandshake
	// LinkTransfer: a snapshot is being received and loaded.
	LinkTransfer
	// LinkConnected: the stream is being applied.
	LinkConnected
)

// String is the state's name in ROLE.
func (s LinkState) String() string {
	switch s {
	case LinkNone:
		return "none"
	case LinkConnect:
		return "connect"
	case LinkConnecting:
		return "connecting"
	case LinkHandshake:
		return "handshake"
	case LinkTransfer:
		return "sync"
	case LinkConnected:
		return "connected"
	}
	return "unknown"
}

// Address is where a master listens.
type Address struct {
	Host string
	Port int
}

// String is "host:port".
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// LinkConfig is the directives that the link obeys, asked for anew whenever one
// is needed.
type LinkConfig struct {
	MasterUser    string        // masteruser
	MasterAuth    string        // masterauth
	ListeningPort int           // replica-announce-port, or the port listened on
	AnnounceIP    string        // replica-announce-ip
	Timeout       time.Duration // repl-timeout
	Stamps        time.Duration // how often the master is to stamp the stream, 0 for not at all
	KeepDiverged  bool          // tell OnDiverged of what a full synchronization discards
}

// SyncInfo describes a full synchronization.
type SyncInfo struct {
	ReplID string // "" from a master too old for PSYNC
	Offset int64  // replication offset of the snapshot, -1 with such a master
	// Size is the snapshot's length in bytes, or -1 when an end mark ends it.
	Size int64
	// SameHistory: the data served so far is an older state of what is loaded.
	SameHistory bool
	// Known is how long ago this master was first in sync with this server, since it
	// was told to follow it; 0 if it has not been.
	Known time.Duration
}

// Dataset is a keyspace that LoadRDB made, not yet in use. What it is, is the
// Target's affair.
type Dataset any

// Target is the server, seen from the link.
type Target interface {
	// The keyspace lock, exclusive.
	sync.Locker

	// LoadRDB reads a snapshot into a fresh keyspace, while the old one goes on
	// being served. r ends exactly where the snapshot ends; its errors are the
	// connection's, and come soon after ctx has ended. Called without any lock. An
	// error that wraps ErrUnwanted is the server's own decision against the master's data.
	LoadRDB(ctx context.Context, r io.Reader, info SyncInfo) (Dataset, error)
	// InstallLocked puts the loaded data set into use, and makes the session
	// that applies the stream start in the database the snapshot names. The log
	// and the ids are the master's already. Needs the keyspace lock.
	InstallLocked(d Dataset, info SyncInfo)
	// Discard is called instead of InstallLocked for a data set that was loaded in
	// vain. Called without any lock.
	Discard(d Dataset)

	// AheadLocked is called before the first of some commands is executed, and again after every 16. The stream goes on with raw,
	// which ends where a command does. Needs the keyspace lock.
	AheadLocked(raw []byte)
	// ApplyLocked executes one command of the stream. The bytes are valid during
	// the call only. Commands of a transaction come one by one, MULTI and EXEC
	// among them, all under one hold of the lock and only once EXEC has arrived: a
	// connection that is cut leaves no open transaction behind. The log is the
	// link's business. Needs the keyspace lock.
	ApplyLocked(args [][]byte)
	// Paused reports whether the stream is to wait: it is read, not applied. It is
	// asked with the keyspace lock held, and without.
	Paused() bool
	// FsyncedOffset is the offset up to which the stream is on disk, or false
	// when there is no append-only file. Needs no lock.
	FsyncedOffset() (int64, bool)
}

// LinkOptions is what a Link is built from; all but OnTakeoverLocked and the durations are needed.
type LinkOptions struct {
	Log      *Log
	Identity *Identity
	Master   *Master // serves the sub-replicas, who are disconnected with each new history
	Target   Target
	Config   func() LinkConfig
	// Dial connects to a master; it must end soon after ctx has.
	Dial func(ctx context.Context, addr Address) (net.Conn, error)
	Now  func() time.Time
	Logf Logf
	// OnTakeoverLocked, if set, is told whether the other side accepted the PSYNC ...
	// FAILOVER that SetMasterLocked asked for. It is called with the keyspace lock
	// held, and not once another master is followed, or none.
	OnTakeoverLocked func(accepted bool)

	// OnDiverged, if set, is told of the writes that a full synchronization is about to
	// discard and that the master does not have. An error ends the attempt. It is called
	// without any lock; the log does not change meanwhile.
	OnDiverged func(Divergence) error

	RetryDelay time.Duration // between attempts; 1 s if 0
	AckPeriod  time.Duration // between acknowledgements; 1 s if 0
}

// LinkStatus is a copy of the link's state, for INFO and ROLE.
type LinkStatus struct {
	State  LinkState
	Master Address // valid unless State is LinkNone
	// HasOffset: there is a history to continue, of which Offset was applied and
	// ReadOffset received. Without one the next synchronization is a full one.
	HasOffset          bool
	Offset, ReadOffset int64
	// The connection's ends, "" without one.
	LocalAddr, RemoteAddr string
	// LastIO is when something was last received on a link that is up; zero when
	// it is not.
	LastIO time.Time
	// DownSince is when the link went down; zero when it is up or never was.
	DownSince time.Time
	// A full synchronization's progress, valid in LinkTransfer. SyncTotal is 0
	// when an end mark ends the snapshot, -1 before the master has begun.
	SyncTotal, SyncRead int64
	SyncLastIO          time.Time
	InputBytes          int64 // total_net_repl_input_bytes
}

// Up reports whether the stream is being applied (master_link_status).
func (s LinkStatus) Up() bool { return s.State == LinkConnected }
