package config

// A DisklessLoad says how a replica takes the master's data set.
type DisklessLoad int64

const (
	DisklessLoadDisabled DisklessLoad = iota
	DisklessLoadOnEmptyDB
	DisklessLoadSwapDB
)

// A PropagationError is what to do about a command that fails when it comes
// from the master or the append only file.
type PropagationError int64

const (
	PropagationIgnore PropagationError = iota
	PropagationPanic
	PropagationPanicOnReplicas
)

var (
	ReplicaOf = special(replication, row{name: "replicaof", alias: "slaveof", flags: immutable | multiArg, doc: `
The master to follow: a host and a port. Without it, or with "no one", this
server is a master.`}, masterKind{}, Master{})

	MasterAuth = replication.optional(row{name: "masterauth", newer: "primaryauth", flags: sensitive, doc: `
The password to give the master.`})

	MasterUser = replication.optional(row{name: "masteruser", newer: "primaryuser", flags: sensitive, doc: `
The user to log in to the master as. Empty is its default user.`})

	ReplicaServeStaleData = replication.bool(row{name: "replica-serve-stale-data", alias: "slave-serve-stale-data", doc: `
While the link to the master is down, answer from the data at hand. With no,
most commands get an error instead.`}, true)

	ReplicaReadOnly = replication.bool(row{name: "replica-read-only", alias: "slave-read-only", doc: `
Refuse writes from clients of a replica.`}, true)

	SyncReplicas = Int{replication.add(row{name: "sync-replicas", doc: `
Answer a write, and what shows one, only when this many replicas have it, or all
that are connected. 0 answers at once. Only this server has this directive.`}, replicasKind{}, value{})}

	SyncTimeout = replication.int(row{name: "sync-timeout", unit: Milliseconds, doc: `
Milliseconds after which an answer that waits for replicas becomes an error. 0
waits for ever. Only this server has this directive.`}, 0, 0, maxInt)

	SyncReads = replication.bool(row{name: "sync-reads", doc: `
With sync-replicas, let each read wait for replicas too, so that a master that
has been replaced unawares shows nothing old.
Only this server has this directive.`}, false)

	ReplicaMaxLag = replication.int(row{name: "replica-max-lag-ms", unit: Milliseconds, doc: `
Milliseconds by which a replica's data may be old: beyond that reads get an
error. 0 is no limit. Only this server has this directive.`}, 0, 0, maxInt)

	MinReplicasToWrite = replication.int(row{name: "min-replicas-to-write", alias: "min-slaves-to-write", doc: `
Refuse writes while fewer replicas than this are connected and up to date. 0
asks for none.`}, 0, 0, maxInt)

	MinReplicasMaxLag = replication.int(row{name: "min-replicas-max-lag", alias: "min-slaves-max-lag", unit: Seconds, doc: `
Seconds since its last sign of life for which a replica counts as up to date.`}, 10, 0, maxInt)

	ReplBacklogSize = Memory{replication.add(row{name: "repl-backlog-size", unit: Bytes, doc: `
How much of the latest writes to keep for replicas that come back, at least 16
kilobytes.`}, numberKind{form: memory, min: 1, max: maxLong, clamp: func(n int64) int64 {
		return max(n, 16<<10)
	}}, value{n: 1 << 20})}

	ReplDivergentDir = replication.optional(row{name: "repl-divergent-dir", doc: `
Where to keep the writes that a former master has and its new master has not,
before it copies the new master's data. Empty keeps none. Only this server has
this directive.`})

	ReplBacklogDiskSize = Memory{replication.add(row{name: "repl-backlog-disk-size", unit: Bytes, doc: `
With appendonly yes, how much of the latest writes to serve to replicas from the
append only file when memory has them no longer. 0 is none. Only this server
has this directive.`},
		numberKind{form: memory, min: 0, max: maxLong}, value{n: 256 << 20})}

	ReplBacklogTTL = replication.int(row{name: "repl-backlog-ttl", unit: Seconds, doc: `
Seconds after the last replica has gone for which to keep them. 0 is for ever.`}, 3600, 0, maxLong)

	ReplTimeout = replication.int(row{name: "repl-timeout", unit: Seconds, doc: `
Seconds of silence after which a master or a replica is given up.`}, 60, 1, maxInt)

	ReplPingReplicaPeriod = replication.int(row{name: "repl-ping-replica-period", alias: "repl-ping-slave-period", unit: Seconds, doc: `
Seconds between the pings a master sends its replicas. Keep it well below
repl-timeout.`}, 10, 1, maxInt)

	ReplDisableTCPNoDelay = replication.bool(row{name: "repl-disable-tcp-nodelay", doc: `
Let TCP gather small packets to replicas, for less traffic and more delay.`}, false)

	ReplDisklessSync = replication.bool(row{name: "repl-diskless-sync", doc: `
Send snapshots to replicas straight from memory. With no, the snapshot's file
is written first, and sent; replicas that come meanwhile share it.`}, true)

	ReplDisklessSyncDelay = replication.int(row{name: "repl-diskless-sync-delay", unit: Seconds, doc: `
Seconds to wait for more replicas before a snapshot is sent to all of them.`}, 5, 0, maxInt)

	ReplDisklessSyncMaxReplicas = replication.int(row{name: "repl-diskless-sync-max-replicas", doc: `
Do not wait any longer once this many replicas are there. 0 waits in any case.`}, 0, 0, maxInt)

	ReplFullSyncMax = replication.int(row{name: "repl-full-sync-max", doc: `
How many replicas get a snapshot at the same time; others wait for their turn. 0
is any number. Only this server has this directive.`}, 4, 0, maxInt)

	DualChannelReplication = replication.bool(row{name: "dual-channel-replication-enabled", flags: meaningless, doc: `
Send a snapshot and what is written meanwhile over two connections. That is held
once for all replicas here, so there is nothing to relieve of it.
This is a directive of Valkey's.`}, false)

	ReplDisklessLoad = enum(replication, row{name: "repl-diskless-load", flags: denyLoading, doc: `
How a replica takes over the master's snapshot: disabled, on-empty-db or swapdb.
With swapdb the old data answers until the new has arrived in full.`}, DisklessLoadDisabled,
		option[DisklessLoad]{"disabled", DisklessLoadDisabled},
		option[DisklessLoad]{"on-empty-db", DisklessLoadOnEmptyDB},
		option[DisklessLoad]{"swapdb", DisklessLoadSwapDB})

	ReplicaRefuseEmptyMaster = replication.bool(row{name: "replica-refuse-empty-master", doc: `
Keep the data when the master comes back without its own, and go on serving
reads from it. Only this server has this directive.`}, false)

	ReplicaPriority = replication.int(row{name: "replica-priority", alias: "slave-priority", doc: `
Sentinel prefers the replica with the lowest number for the next master, and
never takes one with 0.`}, 100, 0, maxInt)

	ReplicaAnnounced = replication.bool(row{name: "replica-announced", doc: `
Let Sentinel tell clients of this replica.`}, true)

	ReplicaAnnounceIP = replication.optional(row{name: "replica-announce-ip", alias: "slave-announce-ip", doc: `
The address to give the master as this replica's. Empty is the one the master
sees.`})

	ReplicaAnnouncePort = replication.int(row{name: "replica-announce-port", alias: "slave-announce-port", doc: `
The port to give the master as this replica's. 0 is the one it listens on.`}, 0, 0, maxPort)

	ReplicaIgnoreMaxMemory = replication.bool(row{name: "replica-ignore-maxmemory", alias: "slave-ignore-maxmemory", doc: `
Leave eviction to the master and apply its deletions only.`}, true)

	ReplicaLazyFlush = replication.bool(row{name: "replica-lazy-flush", alias: "slave-lazy-flush", flags: meaningless, doc: `
Free the old data set in the background when a new one arrives.`}, false)

	ReplicaIgnoreDiskWriteErrors = replication.bool(row{name: "replica-ignore-disk-write-errors", doc: `
Go on applying the master's writes when they cannot be written to the disk.
With no the replica stops.`}, false)

	PropagationErrorBehavior = enum(replication, row{name: "propagation-error-behavior", doc: `
What to do when a write from the master or the append only file fails: ignore,
panic, or panic-on-replicas.`}, PropagationIgnore,
		option[PropagationError]{"ignore", PropagationIgnore},
		option[PropagationError]{"panic", PropagationPanic},
		option[PropagationError]{"panic-on-replicas", PropagationPanicOnReplicas})
)
