package config

// An OOMAdjust says whether the server adjusts the score by which Linux
// chooses a process to kill when memory runs out.
type OOMAdjust int64

const (
	OOMScoreNo OOMAdjust = iota
	OOMScoreRelative
	OOMScoreAbsolute
)

// A ShutdownFlags says what SHUTDOWN, or a signal, does besides ending the
// server. The bits are Redis's.
type ShutdownFlags int64

const (
	ShutdownDefault ShutdownFlags = 0
	ShutdownSave    ShutdownFlags = 1 << 0
	ShutdownNoSave  ShutdownFlags = 1 << 1
	ShutdownNow     ShutdownFlags = 1 << 2
	ShutdownForce   ShutdownFlags = 1 << 3
)

var shutdownOptions = []option[ShutdownFlags]{
	{"default", ShutdownDefault},
	{"save", ShutdownSave},
	{"nosave", ShutdownNoSave},
	{"now", ShutdownNow},
	{"force", ShutdownForce},
}

var (
	IOThreads = threads.int(row{name: "io-threads", flags: immutable, doc: `
How many event loops serve clients. With more than one, commands that only read
run at the same time on several processors.`}, 1, 1, 128)

	IOThreadsDoReads = threads.bool(row{name: "io-threads-do-reads", flags: immutable | meaningless, doc: `
Let those threads read and parse, which they always do here.`}, false)

	EventsPerIOThread = threads.int(row{name: "events-per-io-thread", flags: meaningless, doc: `
Events for each thread that is to take part. This is a directive of Valkey's.`}, 2, 0, maxInt)

	PrefetchBatchMaxSize = threads.int(row{name: "prefetch-batch-max-size", flags: meaningless, doc: `
Commands whose keys are looked up side by side, which are 16 here.
This is a directive of Valkey's.`}, 16, 0, 128)
)

var (
	OOMScoreAdj = enum(kernel, row{name: "oom-score-adj", doc: `
Tell Linux which process to kill first when memory runs out. With no the score
is left alone; relative, also written yes, adds to it; absolute sets it.`}, OOMScoreNo,
		option[OOMAdjust]{"no", OOMScoreNo},
		option[OOMAdjust]{"yes", OOMScoreRelative},
		option[OOMAdjust]{"relative", OOMScoreRelative},
		option[OOMAdjust]{"absolute", OOMScoreAbsolute})

	OOMScoreAdjValues = special(kernel, row{name: "oom-score-adj-values", flags: multiArg, doc: `
The scores of a master, of a replica and, unused here, of a child process, from
-2000 to 2000.`}, oomScoresKind{}, [3]int64{0, 200, 800})

	DisableTHP = kernel.bool(row{name: "disable-thp", flags: immutable | meaningless, doc: `
Turn huge pages off because they make fork costly. This server does not fork.`}, true)

	ServerCPUList = kernel.optional(row{name: "server_cpulist", flags: immutable | meaningless, doc: `
Processors for the main thread. Use taskset or the service manager.`})

	BioCPUList = kernel.optional(row{name: "bio_cpulist", flags: immutable | meaningless, doc: `
Processors for background threads.`})

	AOFRewriteCPUList = kernel.optional(row{name: "aof_rewrite_cpulist", flags: immutable | meaningless, doc: `
Processors for rewriting the append only file.`})

	BgsaveCPUList = kernel.optional(row{name: "bgsave_cpulist", flags: immutable | meaningless, doc: `
Processors for snapshots.`})

	JemallocBgThread = kernel.bool(row{name: "jemalloc-bg-thread", flags: meaningless, doc: `
Let jemalloc give memory back in the background. This server does not use it.`}, true)
)

var (
	ShutdownTimeout = shutdown.int(row{name: "shutdown-timeout", unit: Seconds, doc: `
Seconds to wait for replicas to catch up before the server ends. 0 does not
wait.`}, 10, 0, maxInt)

	ShutdownOnSigint = enum(shutdown, row{name: "shutdown-on-sigint", flags: multiArg, checkInt: checkShutdown, doc: `
How to end on SIGINT: default saves if there are save points; save and nosave
decide; now does not wait for replicas; force ends even if saving fails.`}, ShutdownDefault, shutdownOptions...)

	ShutdownOnSigterm = enum(shutdown, row{name: "shutdown-on-sigterm", flags: multiArg, checkInt: checkShutdown, doc: `
The same for SIGTERM.`}, ShutdownDefault, shutdownOptions...)
)

var BusyReplyThreshold = scripts.int(row{name: "busy-reply-threshold", alias: "lua-time-limit", unit: Milliseconds, doc: `
Milliseconds after which a script counts as slow: others are then answered BUSY
and may stop it. 0 is never.`}, 5000, 0, maxLong)

var (
	SlowlogLogSlowerThan = slowlog.int(row{name: "slowlog-log-slower-than", unit: Microseconds, doc: `
Microseconds from which a command goes into the slow log. 0 logs all of them, -1
none.`}, 10000, -1, maxLong)

	SlowlogMaxLen = slowlog.int(row{name: "slowlog-max-len", doc: `
How many commands the slow log remembers.`}, 128, 0, maxLong)
)

var (
	LatencyMonitorThreshold = latency.int(row{name: "latency-monitor-threshold", unit: Milliseconds, doc: `
Milliseconds from which the latency monitor notes an event. 0 turns it off.`}, 0, 0, maxLong)

	LatencyTracking = latency.bool(row{name: "latency-tracking", doc: `
Keep a histogram of the time each command takes.`}, true)

	LatencyTrackingInfoPercentiles = special(latency, row{name: "latency-tracking-info-percentiles", flags: multiArg, doc: `
The percentiles of these histograms that INFO shows. "" is none.`},
		percentilesKind{}, []float64{50, 99, 99.9})
)

var NotifyKeyspaceEvents = Events{events.add(row{name: "notify-keyspace-events", doc: `
Which events to publish. K and E choose the channels, __keyspace@<db>__ and
__keyevent@<db>__; the others choose the events: g generic, $ strings, l lists,
s sets, h hashes, z sorted sets, t streams, x expired, e evicted, d modules;
A is all of these. m is a key that is missed, n a new one. "" publishes none.`},
	eventsKind{}, value{})}
