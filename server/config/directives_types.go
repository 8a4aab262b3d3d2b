package config

var (
	HashMaxListpackEntries = dataTypes.int(row{name: "hash-max-listpack-entries", alias: "hash-max-ziplist-entries", flags: unsigned, doc: `
The most fields of a flat hash.`}, 512, 0, maxLong)

	HashMaxListpackValue = dataTypes.memory(row{name: "hash-max-listpack-value", alias: "hash-max-ziplist-value", flags: unsigned, doc: `
The longest field or value in one.`}, 64, 0, maxLong)

	ListMaxListpackSize = dataTypes.int(row{name: "list-max-listpack-size", alias: "list-max-ziplist-size", doc: `
The size of a list's blocks: a positive number is elements, -1 to -5 are 4, 8,
16, 32 and 64 kilobytes.`}, -2, minInt, maxInt)

	ListCompressDepth = dataTypes.int(row{name: "list-compress-depth", flags: meaningless, doc: `
How many blocks at each end of a list to leave uncompressed. None is compressed
here.`}, 0, 0, maxInt)

	SetMaxIntsetEntries = dataTypes.int(row{name: "set-max-intset-entries", flags: unsigned, doc: `
The most members of a flat set of integers.`}, 512, 0, maxLong)

	SetMaxListpackEntries = dataTypes.int(row{name: "set-max-listpack-entries", flags: unsigned, doc: `
The most members of a flat set of other members.`}, 128, 0, maxLong)

	SetMaxListpackValue = dataTypes.int(row{name: "set-max-listpack-value", flags: unsigned, unit: Bytes, doc: `
The longest member of one, in bytes.`}, 64, 0, maxLong)

	ZsetMaxListpackEntries = dataTypes.int(row{name: "zset-max-listpack-entries", alias: "zset-max-ziplist-entries", flags: unsigned, doc: `
The most members of a flat sorted set.`}, 128, 0, maxLong)

	ZsetMaxListpackValue = dataTypes.memory(row{name: "zset-max-listpack-value", alias: "zset-max-ziplist-value", flags: unsigned, doc: `
The longest member of one.`}, 64, 0, maxLong)

	HLLSparseMaxBytes = dataTypes.memory(row{name: "hll-sparse-max-bytes", flags: unsigned, doc: `
The size at which a HyperLogLog goes over to its dense form.`}, 3000, 0, maxLong)

	StreamNodeMaxBytes = dataTypes.memory(row{name: "stream-node-max-bytes", flags: unsigned, doc: `
The size of a stream's blocks. 0 is no limit.`}, 4096, 0, maxLong)

	StreamNodeMaxEntries = dataTypes.int(row{name: "stream-node-max-entries", doc: `
The most entries of such a block. 0 is no limit.`}, 100, 0, maxLong)

	ActiveRehashing = dataTypes.bool(row{name: "activerehashing", flags: meaningless, doc: `
Spend time on resizing hash tables. They grow page by page here.`}, true)
)

var (
	ActiveDefrag = defrag.bool(row{name: "activedefrag", flags: meaningless, checkInt: checkActiveDefrag, doc: `
Move values together while the server runs.`}, false)

	ActiveDefragIgnoreBytes = defrag.memory(row{name: "active-defrag-ignore-bytes", flags: unsigned | meaningless, doc: `
Waste not worth the effort.`}, 100<<20, 1, maxLong)

	ActiveDefragThresholdLower = defrag.int(row{name: "active-defrag-threshold-lower", flags: meaningless, unit: Percent, doc: `
Percent of waste at which to begin.`}, 10, 0, 1000)

	ActiveDefragThresholdUpper = defrag.int(row{name: "active-defrag-threshold-upper", flags: meaningless, unit: Percent, doc: `
Percent of waste at which to make the greatest effort.`}, 100, 0, 1000)

	ActiveDefragCycleMin = defrag.int(row{name: "active-defrag-cycle-min", flags: meaningless, unit: Percent, doc: `
The least effort, in percent of a processor.`}, 1, 1, 99)

	ActiveDefragCycleMax = defrag.int(row{name: "active-defrag-cycle-max", flags: meaningless, unit: Percent, doc: `
The greatest effort, in percent of a processor.`}, 25, 1, 99)

	ActiveDefragMaxScanFields = defrag.int(row{name: "active-defrag-max-scan-fields", flags: meaningless, doc: `
Elements of a collection to look at in one go.`}, 1000, 1, maxLong)
)

var (
	UseExitOnPanic = diagnostics.bool(row{name: "use-exit-on-panic", flags: hidden | meaningless, doc: `
End with exit rather than abort after a failed assertion.`}, false)

	EnableDebugAssert = diagnostics.bool(row{name: "enable-debug-assert", flags: hidden | meaningless, doc: `
Allow DEBUG ASSERT, which needs no more than enable-debug-command here.
This is a directive of Valkey's.`}, false)

	AOFDisableAutoGC = diagnostics.bool(row{name: "aof-disable-auto-gc", flags: hidden, doc: `
Keep files the append only file has no more use for.`}, false)

	RDBKeySaveDelay = diagnostics.int(row{name: "rdb-key-save-delay", flags: hidden, unit: Microseconds, doc: `
Microseconds to wait after each key of a snapshot. A negative number -n waits
one microsecond after every n keys.`}, 0, minInt, maxInt)

	KeyLoadDelay = diagnostics.int(row{name: "key-load-delay", flags: hidden, unit: Microseconds, doc: `
The same while loading.`}, 0, minInt, maxInt)

	LoadingProcessEventsIntervalBytes = diagnostics.int(row{name: "loading-process-events-interval-bytes", flags: hidden, unit: Bytes, doc: `
Bytes to load at the start before clients are told that the server is loading.
Until then, or for a quarter of a second, they wait.`}, 2<<20, 1024, maxInt)

	WatchdogPeriod = diagnostics.int(row{name: "watchdog-period", flags: hidden, unit: Milliseconds, doc: `
Milliseconds for which nobody is served before the log shows what the server is
at; at least two turns of hz. 0 is never.`}, 0, 0, maxInt)

	ClusterPingInterval = diagnostics.int(row{name: "cluster-ping-interval", flags: hidden | meaningless, unit: Milliseconds, doc: `
Milliseconds between pings on the cluster bus.`}, 0, 0, maxLong)
)
