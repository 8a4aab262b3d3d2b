package differential

// laterGroups are the groups of which a server may still lack commands; those it lists are compared.
func laterGroups() []group {
	return []group{
		{name: "bits", own: "str", entries: bitCommands, later: true},
		{name: "sorting", own: "list", entries: sortCommands, later: true},
		{name: "streams", own: "stream", entries: streamCommands, later: true},
		{name: "geo", own: "geo", entries: geoCommands, later: true},
		{name: "hyperloglog", own: "hll", entries: hllCommands, later: true},
	}
}

var bitCommands = []entry{
	{syntax: "SETBIT key bitoff bit"},
	{syntax: "GETBIT key bitoff"},
	{syntax: "BITCOUNT key [idx idx [BYTE|BIT]]"},
	{syntax: "BITPOS key bit [idx [idx [BYTE|BIT]]]"},
	{syntax: "BITOP (AND|OR|XOR) key key+"},
	{syntax: "BITOP NOT key key"},
	{syntax: "BITFIELD key (GET bittype bitfieldoff|SET bittype bitfieldoff int|INCRBY bittype bitfieldoff int|OVERFLOW (WRAP|SAT|FAIL))+", asIs: true},
	{syntax: "BITFIELD_RO key (GET bittype bitfieldoff)+", asIs: true},
	{syntax: "SET key val"},
	{syntax: "GET key"},
}

var sortCommands = []entry{
	{syntax: "SORT key {[LIMIT idx idx] [ASC|DESC] [ALPHA]}"},
	{syntax: "SORT key ALPHA {[LIMIT idx idx] [ASC|DESC] [GET sortpattern] [GET sortpattern]}"},
	{syntax: "SORT key BY sortpattern ALPHA [GET sortpattern]", check: unordered, asIs: true}, // BY what has no * is no order
	{syntax: "SORT lexkey BY NOSORT [LIMIT idx idx] [ASC|DESC]", asIs: true},
	{syntax: "SORT setkey ALPHA [ASC|DESC] [STORE key]"},
	{syntax: "SORT key STORE key"},
	{syntax: "SORT_RO key [ALPHA]"},
	{syntax: "RPUSH key int"},
	{syntax: "LPOP key"},
	{syntax: "DEL key"},
}

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

var geoCommands = []entry{
	{syntax: "GEOADD key {[NX|XX] [CH]} (lon lat member)+"},
	{syntax: "GEOPOS key member+"},
	{syntax: "GEODIST key member member [unit]"},
	{syntax: "GEOHASH key member+"},
	{syntax: "GEOSEARCH key FROMMEMBER member BYRADIUS radius unit ASC {[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT posint]}"},
	{syntax: "GEOSEARCH key FROMLONLAT lon lat BYBOX radius radius unit DESC {[WITHCOORD] [WITHDIST]}"},
	{syntax: "GEOSEARCHSTORE key key FROMLONLAT lon lat BYRADIUS radius unit ASC [STOREDIST]"},
	{syntax: "GEORADIUS key lon lat radius unit ASC {[WITHDIST] [COUNT posint]}"},
	{syntax: "GEORADIUS_RO key lon lat radius unit ASC [WITHDIST]"},
	{syntax: "GEORADIUSBYMEMBER key member radius unit ASC [WITHDIST]"},
	{syntax: "GEORADIUSBYMEMBER_RO key member radius unit ASC [WITHDIST]"},
	{syntax: "ZREM key member"},
}

var hllCommands = []entry{
	{syntax: "PFADD key member*"},
	{syntax: "PFADD key val+"},
	{syntax: "PFCOUNT key+"},
	{syntax: "PFMERGE key key*"},
	{syntax: "STRLEN key"},
	{syntax: "SET key val"},
	{syntax: "DEL key"},
}
