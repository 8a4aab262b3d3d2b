// Package server is everything that talks to a client: it accepts connections, parses commands, executes
// them on the store, logs their effects and feeds replicas; and it follows a master.
//
// A Server has no state outside itself. Clock, randomness, listeners and dialer are injected, so
// that a master and its replicas run side by side in one process.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"treedis/repl"
	"treedis/repl/aof"
	"treedis/server/access"
	"treedis/server/acl"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/function"
	"treedis/server/netio"
	"treedis/server/process"
	"treedis/server/pubsub"
	"treedis/server/tracking"
	"treedis/store"
)

// Version is the version of treedis, RedisVersion that of the Redis whose behaviour it follows and
// which it reports to clients.
const (
	Version      = "0.1.0"
	RedisVersion = "7.2.4"

	redisVersionNum = 0x070204 // as scripts see it
)

// Options are what a Server needs from outside. The zero value of each field stands for the real thing.
type Options struct {
	Config *config.Config   // directives; nil for all defaults
	Now    func() time.Time // wall clock
	Seed   uint64           // of all randomness; 0 for a random one
	Log    io.Writer        // where the log goes if logfile is not set; nil for standard output

	// OwnsProcess says that the process has no other work: the server may tune its garbage collector, tells whoever
	// supervises the process of its state, and ends the process after a crash that it has reported.
	OwnsProcess bool

	// SetTitle sets what ps shows of the process; nil leaves it alone.
	SetTitle func(title string)
	// OnListening, if set, is called once the server listens and has written its pid file, before it loads its data.
	OnListening func()

	// Listeners take the place of those that bind, port and unixsocket ask for. The server closes them.
	Listeners []net.Listener
	// TLSListeners are as Listeners, and their connections are encrypted, as those to tls-port are.
	TLSListeners []net.Listener
	// Dial connects to a master; nil for a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// FS is the file system of the append-only file; nil for the system's.
	FS aof.FS
	// RestoreTo makes the server begin with the data as it was at this point, if that is not zero. See aof_restore.go.
	RestoreTo aof.Point

	// ScriptMemory is by how many bytes the heap may grow while a script runs; 0 for a quarter of the machine's memory.
	ScriptMemory int64

	// OnKeyEvent, if set, is called for every keyspace event, under the keyspace lock: it must not
	// block, nor keep key.
	OnKeyEvent func(db int, event string, key []byte)
}

// Server is one server. Its methods are safe for concurrent use.
type Server struct {
	// Set by New and not changed.
	opts     Options
	cfg      *config.Config
	log      *repl.Log
	logger   *logger
	table    *command.Table[row]
	started  time.Time // carries the monotonic clock
	ownClock bool      // Options.Now was left to the server
	runID    string
	ids      *repl.Identity
	master   *repl.Master
	lock     *keyspaceLock
	gates    []loopGate              // by loop, whose goroutine's each is
	failAt   func(step string) error // makes steps of saving fail in tests

	// Guarded by lock: changed under the exclusive one, unless their types say more.
	store         *store.Store
	effects       effects
	stats         *stats
	watchers      watchers
	waits         keyWaits
	users         *acl.Users // looked up under the shared lock too
	clients       map[int64]*Client
	nextClient    int64
	channels      *pubsub.Registry[*Client] // looked up under the shared lock too
	trackers      trackers
	monitors      []*Client // who has asked to see all commands
	targets       targets
	offsetWaits   map[*offsetWait]struct{}
	localExpiries localExpiries
	expiry        activeExpiry
	eviction      eviction
	scripts       scripts
	functions     *function.Set
	persist       persistence
	aof           appendOnly
	memory        memoryStats
	oom           process.OOMScore
	role          role
	masterClient  *Client // executes the master's stream
	sync          syncReplication
	diverged      divergence
	pauses        pauses
	failover      failover
	debug         debugState
	stop          stopState
	halted        bool // no client's command is executed any more

	// Safe by themselves: atomic, or with a lock of their own that is a leaf.
	slow        slowness
	watchdog    watchdog
	aclLog      acl.Log
	verify      verifications
	staleness   staleness
	out         outboxes
	clock       access.Clock
	loading     loadingState
	scriptWatch scriptWatch
	wallOffset  atomic.Int64 // unix nanoseconds when mono was 0; 0 if the wall clock is not the system's
	clientSums  clientSums
	scans       scanPositions
	temps       tempFiles
	tls         tlsState
	signal      stopSignal
	sortRooms   sync.Pool // of *sortRoom
	// savesInBackground is how many snapshots and bases are being written for nobody who waits.
	savesInBackground atomic.Int64

	collector collector // cron's

	rand   *rand.Rand // guarded by randMu
	randMu sync.Mutex // a leaf

	listenMu  sync.Mutex // taken after the keyspace lock
	listeners []listener // guarded by listenMu

	startMu    sync.Mutex         // held by Start and Shutdown; taken before the keyspace lock
	down       bool               // guarded by startMu: Shutdown was called
	net        *netio.Server      // written by Start before the first client
	supervisor process.Supervisor // as net
	admit      func()             // as net; lets clients in, which until then wait at the sockets
	admitLater *time.Timer        // as net; calls admit; nil if nothing is loaded

	life     context.Context // until Shutdown
	end      context.CancelCauseFunc
	wg       sync.WaitGroup // goroutines that Shutdown waits for
	stopOnce sync.Once
	quit     chan struct{} // closed to ask for Shutdown
	failure  error         // set before quit is closed: why the server could not go on
	stopped  chan struct{} // closed when Shutdown has finished
}

// Errors of Start.
var (
	ErrStarted = errors.New("server: already started")
	ErrStopped = errors.New("server: stopped")
)

// setDefaults gives what is not set the real thing.
func (o *Options) setDefaults() {
	if o.Config == nil {
		o.Config = config.New()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = os.Stdout
	}
	if o.Dial == nil {
		o.Dial = dialFrom(o.Config)
	}
	if o.FS == nil {
		o.FS = aof.OS{}
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
}

// New returns a server that has not started.
func New(opts Options) (*Server, error) {
	ownClock := opts.Now == nil
	opts.setDefaults()
	table, err := newTable()
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: opts, cfg: opts.Config, table: table, started: time.Now(), ownClock: ownClock, rand: rand.New(rand.NewPCG(opts.Seed, opts.Seed)),
		users: newUsers(table, opts.Config), clients: map[int64]*Client{}, watchers: watchers{}, targets: targets{},
		waits: keyWaits{of: map[watchKey][]*keyWait{}}, offsetWaits: map[*offsetWait]struct{}{}, localExpiries: localExpiries{},
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	s.signal.wake = make(chan struct{}, 1)
	s.debug.commands = debugCommands()
	s.debug.activeExpire.Store(true)
	s.runID = s.randomHex(40)
	s.collector.init(opts.OwnsProcess)
	if opts.OwnsProcess {
		process.UseProcessors()
	}
	s.logger = newLogger(opts.Log, opts.Now, s.roleMark)
	s.newLoopState(int(config.IOThreads.Get(s.cfg)))
	s.trackers.table, s.trackers.prefixes = tracking.NewTable(), tracking.NewPrefixes()
	s.log = repl.NewLog(config.ReplBacklogSize.Get(s.cfg))
	s.effects.log, s.effects.before = s.log, func() { s.stampLocked(s.now()) }
	s.clock.Init(s.random)
	s.setClocks()
	s.store = s.newStore()
	s.expiry = activeExpiry{cursors: make([]uint64, s.store.Databases()), avgTTL: make([]int64, s.store.Databases())}
	s.aof.manifest, s.aof.lastOK, s.aof.lastTook = new(aof.Manifest), true, -1
	s.aof.archive = s.newArchive()
	s.persist.lastSave, s.persist.lastOK, s.persist.lastTook = s.now()/1000, true, -1
	s.newReplication()
	s.newScripts()
	s.functions = s.newFunctions()
	s.measureStartup()
	if err := s.applyConfig(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return s, nil
}

// newLoopState makes all that there is one of for each event loop.
func (s *Server) newLoopState(loops int) {
	s.lock = newKeyspaceLock(loops)
	s.stats = newStats(loops, s.table)
	s.out = s.newOutboxes(loops)
	s.channels = pubsub.New[*Client](len(s.out.boxes))
	s.gates = make([]loopGate, loops)
	for i := range s.gates {
		s.gates[i].s, s.gates[i].index = s, i
	}
}

// newStore returns an empty store by the configuration: the server's own, or one to load a snapshot into.
func (s *Server) newStore() *store.Store {
	st := store.New(store.Options{Databases: int(config.Databases.Get(s.cfg)), Limits: s.limits()})
	st.SetClock(s.clock.Initial()) // keys that are loaded count as accessed now, unless their file knows better
	return st
}

// now returns the wall clock in unix milliseconds.
func (s *Server) now() int64 { return s.opts.Now().UnixMilli() }

// nowAt is now at a reading of the monotonic clock that was taken a moment ago, without looking at another clock: every batch of
// commands asks, and to look costs a hundredth of a SET. That the wall clock was set is noticed by cron.
func (s *Server) nowAt(mono time.Duration) int64 {
	if offset := s.wallOffset.Load(); offset != 0 {
		return (offset + int64(mono)) / int64(time.Millisecond)
	}
	return s.now()
}

// setClocks sets what tells the time between two looks at the wall clock.
func (s *Server) setClocks() {
	now := s.opts.Now()
	s.clock.Set(now.UnixMilli())
	if s.ownClock {
		s.wallOffset.Store(now.UnixNano() - int64(now.Sub(s.started)))
	}
}

// random returns a uniform 64-bit number.
func (s *Server) random() uint64 {
	s.randMu.Lock()
	defer s.randMu.Unlock()
	return s.rand.Uint64()
}

// randomHex returns n random hexadecimal digits.
func (s *Server) randomHex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[s.random()&15]
	}
	return string(b)
}
