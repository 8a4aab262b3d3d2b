package differential

// streamCommands give every ID: one that the server makes of its clock could not be compared.
var streamCommands = []entry{
	{syntax: "XADD key [NOMKSTREAM] [MAXLEN count|MAXLEN 5|MINID sid] newid (field val)+"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XADD key newid (field val)+"},
	{syntax: "XLEN key"},
	{syntax: "XDEL key sid+"},
	{syntax: "XTRIM key (MAXLEN|MINID) [=] sid"},
	{syntax: "XRANGE key srange srange [COUNT count]"},
	{syntax: "XREVRANGE key srange srange [COUNT count]"},
	{syntax: "XREAD [COUNT count] STREAMS key sid"},
	{syntax: "XREAD [COUNT count] STREAMS key key sid sid"},
	{syntax: "XSETID key newid"},
	{syntax: "XGROUP CREATE key sgroup (sid|$) [MKSTREAM]"},
	{syntax: "XGROUP SETID key sgroup sid"},
	{syntax: "XGROUP DESTROY key sgroup"},
	// XREADGROUP and XCLAIM make their consumer in 7.2 whatever they find, in 7.0 only when they give it something. Only the
	// reply of CREATECONSUMER tells, so it has names of its own.
	{syntax: "XGROUP CREATECONSUMER key sgroup creatable"},
	{syntax: "XGROUP DELCONSUMER key sgroup (consumer|creatable)"},
	{syntax: "XREADGROUP GROUP sgroup consumer [COUNT count] [NOACK] STREAMS key (>|sid)"},
	{syntax: "XGROUP unknown junk*"},
	{syntax: "XACK key sgroup sid+"},
	{syntax: "XPENDING key sgroup"},
	{syntax: "XCLAIM key sgroup consumer 0 sid+ JUSTID"},
	{syntax: "XAUTOCLAIM key sgroup consumer 0 sid [COUNT posint] JUSTID"},
	{syntax: "DEL key"},
}
