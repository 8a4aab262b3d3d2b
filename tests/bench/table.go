package main

import "strconv"

// Headings of the document.
const (
	groupPlain    = "One command at a time"
	groupPipeline = "Pipelines"
	groupTypes    = "Data types"
	groupMessages = "Scripts and messages"
	groupAppend   = "Append-only file"
	groupMemory   = "Memory"
	groupPauses   = "Snapshots, synchronisation, pauses"
	groupSize     = "Many keys"
)

// allRows is the whole comparison, each row declared here or in scenarioRows and nowhere else.
func allRows(s scale) []row {
	rows := plainRows(s)
	rows = append(rows, pipelineRows(s)...)
	rows = append(rows, typeRows(s)...)
	rows = append(rows, evalRow(s), publishRow(100, s.of(100_000)))
	rows = append(rows, appendRows(s)...)
	rows = append(rows, memoryRows(s)...)
	rows = append(rows, evictRows(s)...)
	return append(rows, scenarioRows(s)...)
}

// Targets of rows whose cost is the network's, and of rows where the server's own work shows.
var (
	atLeastEqual = targets{throughput: 1, cpu: 1}
	wellAhead    = targets{throughput: 1.25, cpu: 0.8}
	atLeastHalf  = targets{throughput: 0.5} // gopher-lua is an interpreter in Go
)

func plainRows(s scale) []row {
	n, keys := s.of(300_000), s.of(100_000)
	plain := func(name string, clients, keyspace int, loaded filling, command ...string) row {
		return throughputRow(name, groupPlain, atLeastEqual, contents{once: loaded},
			load{clients: clients, pipeline: 1, requests: n, keyspace: keyspace, command: command})
	}
	return []row{
		plain("ping", 50, 0, filling{}, "PING"),
		plain("set", 50, keys, filling{}, "SET", keyPrefix+randomInt, payload(32)),
		plain("get", 50, keys, stringKeys(keys, 32), "GET", keyPrefix+randomInt),
		plain("incr", 50, keys, filling{}, "INCR", "counter:"+randomInt),
		plain("set-1000", 1000, keys, filling{}, "SET", keyPrefix+randomInt, payload(32)),
	}
}

func pipelineRows(s scale) []row {
	n, keys := s.of(3_000_000), s.of(1_000_000)
	piped := func(name string, want targets, c contents, l load) row {
		l.clients, l.pipeline, l.requests = 50, 32, n
		return throughputRow(name, groupPipeline, want, c, l)
	}
	return []row{
		piped("get-p32", wellAhead, contents{once: stringKeys(keys, 32)}, load{keyspace: keys, command: []string{"GET", keyPrefix + randomInt}}),
		piped("set-p32", wellAhead, contents{once: stringKeys(keys, 32)}, load{keyspace: keys, command: []string{"SET", keyPrefix + randomInt, payload(32)}}),
		piped("incr-p32", wellAhead, contents{}, load{keyspace: keys, command: []string{"INCR", "counter:" + randomInt}}),
		// Of 2,000 million possible keys, one in 1,300 comes twice in a round.
		piped("set-new", atLeastEqual, contents{flush: true}, load{keyspace: 2_000_000_000, command: []string{"SET", keyPrefix + randomInt, payload(32)}}),
	}
}

// typeRows are the collections and large values. Those that make a collection grow or shrink begin each round with the same one.
func typeRows(s scale) []row {
	members := s.of(100_000)
	typed := func(name string, pipeline, requests, keyspace int, c contents, command ...string) row {
		return throughputRow(name, groupTypes, atLeastEqual, c,
			load{clients: 50, pipeline: pipeline, requests: s.of(requests), keyspace: keyspace, command: command})
	}
	fresh := func(f filling) contents { return contents{flush: true, each: f} }
	loaded := func(f filling) contents { return contents{once: f} }
	from := s.of(50_000)
	mset := []string{"MSET"}
	for range 10 {
		mset = append(mset, keyPrefix+randomInt, payload(32))
	}
	return []row{
		typed("lpush", 32, 3_000_000, 0, fresh(filling{}), "LPUSH", "mylist", "element"),
		typed("rpop", 32, 2_000_000, 0, fresh(bigList(s.of(2_000_000))), "RPOP", "mylist"),
		typed("sadd", 32, 2_000_000, members, fresh(filling{}), "SADD", "myset", "element:"+randomInt),
		typed("hset", 32, 2_000_000, members, fresh(filling{}), "HSET", "myhash", "field:"+randomInt, payload(16)),
		typed("zadd", 32, 1_000_000, members, fresh(filling{}), "ZADD", "myzset", randomInt, "element:"+randomInt),
		typed("spop", 32, 1_000_000, 0, fresh(bigSet(s.of(1_000_000))), "SPOP", "myset"),
		typed("lrange", 1, 200_000, 0, loaded(bigList(s.of(100_000))), "LRANGE", "mylist", "0", "99"),
		typed("mset", 8, 500_000, s.of(1_000_000), loaded(filling{}), mset...),
		typed("hgetall", 16, 1_000_000, s.of(20_000), loaded(hashKeys(s.of(20_000), 16)), "HGETALL", "hash:"+randomInt),
		typed("zrange", 16, 1_000_000, 0, loaded(bigSortedSet(members)), "ZRANGE", "myzset", strconv.Itoa(from), strconv.Itoa(from+19)),
		typed("zrank", 32, 1_000_000, members, loaded(bigSortedSet(members)), "ZRANK", "myzset", "element:"+randomInt),
		typed("get-1k", 8, 1_000_000, members, loaded(stringKeys(members, 1024)), "GET", keyPrefix+randomInt),
		typed("set-1k", 8, 1_000_000, members, loaded(stringKeys(members, 1024)), "SET", keyPrefix+randomInt, payload(1024)),
		typed("setrange", 32, 2_000_000, members, loaded(stringKeys(members, 1024)), "SETRANGE", keyPrefix+randomInt, "512", payload(16)),
		typed("bitcount", 16, 500_000, 0, loaded(oneString(10_000)), "BITCOUNT", "mystring"),
		typed("pfadd", 32, 2_000_000, members, fresh(filling{}), "PFADD", "myhll", "element:"+randomInt),
		typed("xadd", 32, 2_000_000, 0, fresh(filling{}), "XADD", "mystream", "*", "field", payload(16)),
		typed("xreadgroup", 32, 1_000_000, 0, fresh(streamWithGroup(s.of(1_000_000))),
			"XREADGROUP", "GROUP", "mygroup", "alice", "COUNT", "1", "STREAMS", "mystream", ">"),
		typed("sinter", 8, 200_000, 0, loaded(inTurn(smallSet("few", 100), smallSet("many", 1000))), "SINTER", "few", "many"),
		typed("zunionstore", 8, 100_000, 0, loaded(inTurn(smallSortedSet("left", 0, 100), smallSortedSet("right", 50, 100))),
			"ZUNIONSTORE", "both", "2", "left", "right"),
		typed("sort", 8, 200_000, 0, loaded(numbers(100)), "SORT", "numbers"),
		typed("geosearch", 8, 200_000, geoPoints, loaded(points(geoPoints)),
			"GEOSEARCH", "places", "FROMMEMBER", "place:"+randomInt, "BYRADIUS", "44", "km", "ASC"),
	}
}

func memoryRows(s scale) []row {
	million := s.of(1_000_000)
	return []row{
		memoryRow("mem-strings", "strings, keys of 16 bytes, values of 32", million, "SET", stringKeys(million, 32)),
		memoryRow("mem-hashes", "hashes of 8 fields", s.of(200_000), "HSET", hashKeys(s.of(200_000), 8)),
		memoryRow("mem-zset", "members of one sorted set", million, "ZADD", bigSortedSet(million)),
		memoryRow("mem-list", "elements of one list", million, "RPUSH", bigList(million)),
		memoryRow("mem-set", "members of one set", million, "SADD", bigSet(million)),
	}
}

func scenarioRows(s scale) []row {
	twoMillion := s.of(2_000_000)
	writes := func(pipeline, requests int) load {
		return load{clients: 50, pipeline: pipeline, requests: s.of(requests), keyspace: s.of(1_000_000),
			command: []string{"SET", keyPrefix + randomInt, payload(32)}}
	}
	return []row{
		bgsaveRow(twoMillion),
		fullSyncRow(twoMillion),
		startRow(twoMillion),
		catchUpRow(s.of(1_000_000), s.of(60*backgroundRate)),
		// 2M writes are 180 MB of log: a replica that is behind by all of them is within Redis's output limit of 256 MB.
		replicatedRow("set-replicated", groupPipeline, 1, 0, writes(32, 2_000_000)),
		replicatedRow("set-replicas4", groupPipeline, 4, 1, writes(32, 2_000_000)),
		replicatedRow("set-replicas4-p1", groupPlain, 4, 1, writes(1, 300_000)),
		syncedRow("set-synced-p1", groupPlain, 0, writes(1, 100_000)),
		syncedRow("set-synced", groupPipeline, 3, writes(32, 400_000)),
		pausesRow(s.of(1_000_000), s.of(1_000_000)),
		scanRow(s.of(50_000)),
		growthRow(s.of(100_000), s.of(10_000_000), s.of(2_000_000)),
	}
}
