package config

// The sections of redis.conf.example and --help, in their order there.
var (
	network = table.section("NETWORK", "")
	tlsSec  = table.section("TLS",
		`Encrypted connections, on a port of their own. Files are in PEM format. They are
read again when one of these directives is set, and seconds after they changed:
a new certificate needs no restart.`)
	general      = table.section("GENERAL", "")
	snapshotting = table.section("SNAPSHOTTING",
		`A snapshot holds the data set as it was at one instant. It is written beside
the running server, to a temporary file that then takes dbfilename's place.`)
	aof = table.section("APPEND ONLY FILE",
		`The log of all writes, from which the data set is rebuilt at the start. It is a
folder of files: a base, increments after it, and a manifest that lists them.`)
	replication = table.section("REPLICATION",
		`A replica follows a master: it takes a copy of the data set, then every write.
After a short interruption it catches up from the master's backlog.`)
	security = table.section("SECURITY", "")
	clients  = table.section("CLIENTS", "")
	memSec   = table.section("MEMORY", "")
	lazyfree = table.section("LAZY FREEING",
		`Memory is given back by the garbage collector in the background, so freeing a
value never blocks. These directives choose whether UNLINK or DEL is logged.`)
	threads  = table.section("EVENT LOOPS", "")
	kernel   = table.section("OPERATING SYSTEM", "")
	shutdown = table.section("SHUTDOWN", "")
	scripts  = table.section("SCRIPTS", "")
	cluster  = table.section("CLUSTER",
		`This server does not take part in a Redis Cluster. These directives are accepted
and change nothing.`)
	slowlog   = table.section("SLOW LOG", "")
	latency   = table.section("LATENCY", "")
	events    = table.section("EVENT NOTIFICATION", "")
	dataTypes = table.section("DATA TYPES",
		`Small collections are kept as one flat block of bytes. These limits decide when
one becomes an indexed structure; OBJECT ENCODING shows which it is.`)
	defrag = table.section("DEFRAGMENTATION",
		`Go's allocator does not fragment the way malloc does, and there is nothing to
move. These directives are accepted; only activedefrag yes is refused.`)
	diagnostics = table.section("DIAGNOSTICS",
		`For tests and for hunting faults. CONFIG GET shows most of these only to their
full name.`)
)
