package differential

// smallNodes makes streams of many nodes, which approximate trimming removes whole.
var smallNodes = [][]string{{"CONFIG", "SET", "stream-node-max-entries", "4"}}

// streamCommands give every ID: one that the server makes of its clock could not be compared.
var streamCommands = []entry{
	{syntax: "XADD key [NOMKSTREAM] [MAXLEN count|MAXLEN 5|MINID sid] newid (field val)+"},
	{syntax: "XADD key (MAXLEN|MINID) [=|~] (maxlen|sid) [LIMIT limit] newid (field val)+"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XLEN key"},
	{syntax: "XDEL key sid+"},
	{syntax: "XTRIM key (MAXLEN|MINID) [=] sid"},
	{syntax: "XTRIM key (MAXLEN|MINID) ~ (maxlen|sid) [LIMIT limit]"},
	{syntax: "XRANGE key srange srange [COUNT count]"},
	{syntax: "XREVRANGE key srange srange [COUNT count]"},
	{syntax: "XREAD [COUNT count] STREAMS key sid"},
	{syntax: "XREAD [COUNT count] STREAMS key key sid sid"},
	{syntax: "XSETID key newid [ENTRIESADDED count MAXDELETEDID sid|ENTRIESADDED count|MAXDELETEDID sid]"},
	{syntax: "XGROUP CREATE key sgroup (sid|$) {[MKSTREAM] [ENTRIESREAD count]}"},
	{syntax: "XGROUP SETID key sgroup (sid|$) [ENTRIESREAD count]"},
	{syntax: "XGROUP DESTROY key sgroup"},
	// XREADGROUP and XCLAIM make their consumer in 7.2 whatever they find, in 7.0 only when they give it something. Only the
	// reply of CREATECONSUMER tells, so it has names of its own.
	{syntax: "XGROUP CREATECONSUMER key sgroup creatable"},
	{syntax: "XGROUP DELCONSUMER key sgroup (consumer|creatable)"},
	{syntax: "XREADGROUP GROUP sgroup consumer [COUNT count] [NOACK] STREAMS key (>|sid)"},
	{syntax: "XREADGROUP GROUP sgroup consumer STREAMS key key > >"},
	{syntax: "XGROUP unknown junk*"},
	{syntax: "XACK key sgroup sid+"},
	{syntax: "XPENDING key sgroup"},
	{syntax: "XPENDING key sgroup [IDLE minidle] srange srange scount [consumer]", check: pending},
	{syntax: "XCLAIM key sgroup consumer 0 sid+ JUSTID"},
	{syntax: "XCLAIM key sgroup consumer minidle sid+ {[IDLE idle|TIME pasttime] [RETRYCOUNT retries] [FORCE] [JUSTID] [LASTID sid]}"},
	{syntax: "XAUTOCLAIM key sgroup consumer 0 sid [COUNT posint] JUSTID"},
	{syntax: "XAUTOCLAIM key sgroup consumer minidle srange {[COUNT scount] [JUSTID]}"},
	{syntax: "DEL key"},
}

// streamInfoCommands work on groups whose consumers are all there from the beginning: 7.0 makes some of them later than 7.2.
var streamInfoCommands = []entry{
	{syntax: "XINFO STREAM key", check: described},
	{syntax: "XINFO STREAM key FULL [COUNT scount]", check: described},
	{syntax: "XINFO GROUPS key", check: described},
	{syntax: "XINFO CONSUMERS key sgroup", check: described},
	{syntax: "XINFO unknown junk*"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XDEL key sid"},
	{syntax: "XTRIM key MAXLEN (~|=) maxlen"},
	{syntax: "XSETID key newid [ENTRIESADDED count MAXDELETEDID sid|ENTRIESADDED count|MAXDELETEDID sid]"},
	{syntax: "XGROUP SETID key sgroup (sid|$) [ENTRIESREAD count]"},
	{syntax: "XREADGROUP GROUP sgroup consumer [COUNT count] [NOACK] STREAMS key (>|sid)", asIs: true},
	{syntax: "XACK key sgroup sid+"},
	{syntax: "XCLAIM key sgroup consumer minidle sid+ {[IDLE idle] [RETRYCOUNT retries] [FORCE]}", asIs: true},
}
