package server

import (
	"strconv"
	"sync/atomic"
	"time"

	"treedis/repl"
	"treedis/server/acl"
	"treedis/server/netio"
	"treedis/server/resp"
	"treedis/store"
)

// Client is the server's view of one connection, or a pseudo client that executes commands on behalf
// of the master's stream.
//
// Its fields are written by its own loop under the keyspace lock, at least shared; whoever looks
// at another's client holds the lock exclusively. Exceptions are marked.
type Client struct {
	srv  *Server
	conn *netio.Conn // nil for a pseudo client, and once a replica's feed has taken it over
	loop int         // whose slot of the lock it takes
	// counters are the loop's; a pseudo client whose commands INFO does not count has some of its own.
	counters *loopStats
	id       int64

	addr, laddr string // the connection's ends, "" for a pseudo client
	fd          int    // -1 if there is none

	out    *resp.Writer // its replies; its own loop only
	parser resp.Parser  // its own loop only
	call   Call         // reused from command to command
	lock   lockHolder

	db              *store.DB
	name            string
	libName, libVer string
	user            *acl.User // nil: the server itself, which may do everything
	checker         acl.Checker
	authenticated   bool
	noEvict         bool
	noTouch         bool
	reply           replyMode

	multi      transaction
	watched    []watchedKey
	watchDirty bool         // a watched key changed: EXEC fails
	expired    []watchKey   // keys found expired under the shared lock
	blocked    *blockedCall // nil unless a command waits
	postponed  bool         // the next command is held back: see pauses
	arrival    uint64       // if so, its number among those held back

	subs   subscriptions // to channels and patterns; see pubsub.Registry
	pushes []laterPush   // that are to follow a reply; its own loop only
	held   bool          // what comes now is to follow the reply to the command that waits; its own loop only

	monitors bool // sees the commands of all

	tracking     clientTracking
	redirectedTo bool // another client has redirected its invalidations here

	maxLag int64 // ms by which data it reads may be old, 0 for any, noMaxLag for what replica-max-lag-ms says

	sync clientSync // what of its output replicas have to confirm

	writeOffset int64     // where the log ended after its last write, for WAIT
	writeIDs    *repl.IDs // the history that this is an offset of; nil before a first write

	offer    *repl.ReplicaInfo // what REPLCONF told; nil for ordinary clients
	isMaster bool              // executes the master's stream
	isScript bool              // executes the commands of scripts

	mark       time.Duration // monotonic time at the end of the last command, or when the lock was got
	batchBegan time.Duration // monotonic time of the batch's start
	batchTime  int64         // unix ms at that moment
	batchStart int64         // commands at that moment
	created    int64         // unix ms
	lastActive int64         // unix ms
	lastRow    *row
	commands   int64
	touched    int // results of Touch, which mean nothing; its own loop only
	queryBytes int // what the command being executed took up in the input; its own loop only
	parsed     int // of the input, how much of an incomplete command has been parsed
	parsedArgs int // and the bytes of its arguments so far

	softSince int64 // unix ms since which the unread replies exceed the soft limit; 0 if they do not

	full       bool        // more memory is in use than maxmemory, and nothing can go: what takes more is refused
	extra      int64       // memory beside the connection's buffers, as it was counted
	condemned  int64       // its part of clientSums.condemned
	closing    atomic.Bool // set by anyone who kills it
	closeAfter bool        // close once the replies are written
}

// replyMode is what CLIENT REPLY chose.
type replyMode uint8

const (
	replyOn replyMode = iota
	replyOff
	replySkipNext // CLIENT REPLY SKIP has just run
	replySkip     // the command whose reply is skipped runs now
)

// String identifies the client in the log.
func (c *Client) String() string { return "id=" + strconv.FormatInt(c.id, 10) + " addr=" + c.addr }

// newClient returns a client that is not registered: of a connection, or a pseudo client if conn is nil.
func (s *Server) newClient(conn *netio.Conn, out *resp.Writer, loop int) *Client {
	c := &Client{srv: s, conn: conn, out: out, loop: loop, db: s.store.DB(0), maxLag: noMaxLag, fd: -1}
	if conn != nil {
		c.addr, c.laddr, c.fd = conn.RemoteAddr(), conn.LocalAddr(), conn.FD()
	}
	c.lock = lockHolder{l: s.lock, loop: loop, inRound: conn != nil}
	c.counters = s.stats.of(loop)
	c.beDefault()
	return c
}
