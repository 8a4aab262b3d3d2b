package config

var (
	Save = special(snapshotting, row{name: "save", flags: multiArg, unit: Seconds, doc: `
When to take a snapshot: pairs of seconds and changes. One is taken when that
many seconds have passed since the last and that many keys have changed. The
directive may be given several times; "" is never.`},
		saveKind{}, []SavePoint{{3600, 1}, {300, 100}, {60, 10000}})

	StopWritesOnBgsaveError = snapshotting.bool(row{name: "stop-writes-on-bgsave-error", doc: `
Refuse writes after a snapshot has failed, until one succeeds.`}, true)

	RDBCompression = snapshotting.bool(row{name: "rdbcompression", doc: `
Compress strings in snapshots.`}, true)

	RDBChecksum = snapshotting.bool(row{name: "rdbchecksum", flags: immutable, doc: `
End snapshots with a checksum and verify it when loading.`}, true)

	SanitizeDumpPayload = enum(snapshotting, row{name: "sanitize-dump-payload", flags: meaningless, doc: `
Whether to check every element of a loaded value: no, yes, or only for what
clients RESTORE. All are checked here in any case.`}, SanitizeNo,
		option[Sanitize]{"no", SanitizeNo},
		option[Sanitize]{"yes", SanitizeYes},
		option[Sanitize]{"clients", SanitizeClients})

	DBFilename = snapshotting.text(row{name: "dbfilename", flags: protected, checkText: checkDBFilename, doc: `
The snapshot's file, within dir.`}, "dump.rdb")

	RDBDelSyncFiles = snapshotting.bool(row{name: "rdb-del-sync-files", doc: `
Remove the file that repl-diskless-sync no has written for replicas once they
have it, where neither save points nor an append only file keep the data.`}, false)

	RDBSaveIncrementalFsync = snapshotting.bool(row{name: "rdb-save-incremental-fsync", doc: `
Flush a snapshot to the disk as it is written, every 4 megabytes.`}, true)

	Dir = special(snapshotting, row{name: "dir", flags: protected | denyLoading, doc: `
The folder of the snapshot, the append only file and every other file whose
path is relative.`}, dirKind{}, "")
)

// A Sanitize says which loaded values are checked in depth.
type Sanitize int64

const (
	SanitizeNo Sanitize = iota
	SanitizeYes
	SanitizeClients
)

// A Fsync says when the append only file is flushed to the disk.
type Fsync int64

const (
	FsyncNo Fsync = iota
	FsyncAlways
	FsyncEverysec
)

var (
	AppendOnly = aof.bool(row{name: "appendonly", flags: denyLoading, doc: `
Keep an append only file.`}, false)

	AppendFilename = aof.text(row{name: "appendfilename", flags: immutable, checkText: checkAOFFilename, doc: `
The first part of its files' names.`}, "appendonly.aof")

	AppendDirname = aof.text(row{name: "appenddirname", flags: immutable, checkText: checkAOFDirname, doc: `
The folder of these files, within dir.`}, "appendonlydir")

	AppendFsync = enum(aof, row{name: "appendfsync", doc: `
When to flush it to the disk: always, before a client is answered; everysec; or
no, which leaves it to the operating system.`}, FsyncEverysec,
		option[Fsync]{"everysec", FsyncEverysec},
		option[Fsync]{"always", FsyncAlways},
		option[Fsync]{"no", FsyncNo})

	NoAppendFsyncOnRewrite = aof.bool(row{name: "no-appendfsync-on-rewrite", doc: `
Do not flush while a snapshot or a rewrite is being written.`}, false)

	AutoAOFRewritePercentage = aof.int(row{name: "auto-aof-rewrite-percentage", unit: Percent, doc: `
Rewrite the file when it has grown by this many percent since the last time. 0
is never.`}, 100, 0, maxInt)

	AutoAOFRewriteMinSize = aof.memory(row{name: "auto-aof-rewrite-min-size", doc: `
Leave a file smaller than this alone.`}, 64<<20, 0, maxLong)

	AOFLoadTruncated = aof.bool(row{name: "aof-load-truncated", doc: `
Start with a file whose last command is cut off, without that command. With no,
such a file is an error.`}, true)

	AOFUseRDBPreamble = aof.bool(row{name: "aof-use-rdb-preamble", doc: `
Write the base in snapshot format, which is smaller and loads faster, rather
than as commands.`}, true)

	AOFTimestampEnabled = aof.bool(row{name: "aof-timestamp-enabled", doc: `
Note the time in the file, so that it can be cut at a moment.`}, false)

	AOFRewriteIncrementalFsync = aof.bool(row{name: "aof-rewrite-incremental-fsync", doc: `
Flush a rewritten file as it is written, every 4 megabytes.`}, true)
)
