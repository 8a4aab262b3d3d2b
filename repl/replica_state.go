package repl

import (
	"net"
	"strconv"
	"time"
)

// ReplicaState is where a replica's connection stands, seen from its master.
//
//	            full                                      mark sent
//	PSYNC --> WaitSnapshot --> EncodeSnapshot ------------------------> Online
//	  |                             | length-prefixed                    ^  |
//	  |                             v                 all sent           |  |
//	  |                         SendSnapshot ----------------------------+  |
//	  |                             | snapshot only                         |
//	  |                             v                                       |
//	  |                         SnapshotSent ----------> Closing <----------+
//	  |  partial                                            ^
//	  +-----------------> Online ---------------------------+
//
// Closing is final, and reached from every state when the connection ends.
type ReplicaState uint8

const (
	// WaitSnapshot: a full synchronization was asked for and is put off for
	// others to share its snapshot.
	WaitSnapshot ReplicaState = iota
	// EncodeSnapshot: the snapshot was taken; it is being streamed with an end
	// mark, or measured to be sent with its length.
	EncodeSnapshot
	// SendSnapshot: the snapshot is being sent with its length before it.
	SendSnapshot
	// SnapshotSent: a replica that wanted no stream has its snapshot.
	SnapshotSent
	// Online: the stream is being sent. After a snapshot with an end mark, it is
	// held back until the first acknowledgement.
	Online
	// Closing: the connection has ended or is about to.
	Closing
)

// String is the name of the state in logs.
func (s ReplicaState) String() string {
	switch s {
	case WaitSnapshot:
		return "wait snapshot"
	case EncodeSnapshot:
		return "encode snapshot"
	case SendSnapshot:
		return "send snapshot"
	case SnapshotSent:
		return "snapshot sent"
	case Online:
		return "online"
	case Closing:
		return "closing"
	}
	return "unknown"
}

// Info is the state's name in INFO, or "" for a replica that INFO leaves out. A
// snapshot with an end mark shows as wait_bgsave to its end, as in Redis.
func (s ReplicaState) Info() string {
	switch s {
	case WaitSnapshot, EncodeSnapshot:
		return "wait_bgsave"
	case SendSnapshot:
		return "send_bulk"
	case Online:
		return "online"
	}
	return ""
}

// ReplicaInfo is what a replica told of itself by REPLCONF before it asked to
// synchronize.
type ReplicaInfo struct {
	ClientID   uint64
	PeerAddr   string // "ip:port" of the connection's other end
	AnnounceIP string // REPLCONF ip-address, "" if not given
	Port       int    // REPLCONF listening-port, 0 if not given
	CapaEOF    bool   // takes a snapshot with an end mark
	CapaPSYNC2 bool   // understands +CONTINUE <id>
	CapaVerify bool   // can answer with digests of its data
	RDBOnly    bool   // wants the snapshot and no stream
	Filter     Filter
	Stamps     time.Duration // how often it wants the stream stamped, 0 for not at all
	Context    any           // the server's own
}

// Validate reports what keeps such a replica from being served at all.
func (r ReplicaInfo) Validate() error {
	if r.Filter != (Filter{}) && !r.CapaEOF {
		return ErrFilterNeedsEOF
	}
	return nil
}

// IP is the address under which the replica is to be shown.
func (r ReplicaInfo) IP() string {
	if r.AnnounceIP != "" {
		return r.AnnounceIP
	}
	if host, _, err := net.SplitHostPort(r.PeerAddr); err == nil {
		return host
	}
	return r.PeerAddr
}

// Name is the replica's name in logs.
func (r ReplicaInfo) Name() string {
	ip := r.IP()
	if ip == "" {
		return "client id #" + strconv.FormatUint(r.ClientID, 10)
	}
	if r.Port == 0 {
		return ip + ":<unknown-replica-port>"
	}
	return net.JoinHostPort(ip, strconv.Itoa(r.Port))
}

// ReplicaStatus is a copy of a replica's state, for INFO, ROLE and CLIENT LIST.
type ReplicaStatus struct {
	ReplicaInfo
	State       ReplicaState
	AckOffset   int64         // last acknowledged
	FsyncOffset int64         // last acknowledged as on disk
	Lag         time.Duration // since the last sign of life; valid when Online
	Age         time.Duration // of its data; valid when Online
	Pending     int64         // bytes of the log not sent yet
	FromDisk    bool          // what is pending is read from disk
	AttachedAt  time.Time
}
