package differential

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

// geoCommands: the last digit of a distance is the C library's, so stored ones have a check of their own.
var geoCommands = []entry{
	{syntax: "GEOADD key {[NX|XX] [CH]} (lon lat member)+"},
	{syntax: "GEOPOS key member+"},
	{syntax: "GEODIST key member member [unit]"},
	{syntax: "GEOHASH key member+"},
	{syntax: "GEOSEARCH key FROMMEMBER member BYRADIUS radius unit ASC {[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT posint]}"},
	{syntax: "GEOSEARCH key FROMLONLAT lon lat BYBOX radius radius unit DESC {[WITHCOORD] [WITHDIST]}"},
	{syntax: "GEOSEARCHSTORE key key FROMLONLAT lon lat BYRADIUS radius unit ASC"},
	{syntax: "GEORADIUS key lon lat radius unit ASC {[WITHDIST] [COUNT posint]}"},
	{syntax: "GEORADIUS_RO key lon lat radius unit ASC [WITHDIST]"},
	{syntax: "GEORADIUSBYMEMBER key member radius unit ASC [WITHDIST]"},
	{syntax: "GEORADIUS key lon lat radius unit {[ASC|DESC] [COUNT posint] [STORE key]}"},
	{syntax: "GEORADIUSBYMEMBER key member radius unit {[ASC|DESC] [COUNT posint [ANY]] [STORE key]}"},
	{syntax: "GEORADIUS key lon lat radius unit {[ASC|DESC] STOREDIST distkey [WITHDIST]}", asIs: true, check: storedDistances},
	{syntax: "GEORADIUSBYMEMBER key member radius unit {[COUNT posint] STOREDIST distkey [STORE distkey]}", asIs: true, check: storedDistances},
	{syntax: "GEOSEARCHSTORE distkey key FROMMEMBER member BYRADIUS radius unit {[ASC|DESC] STOREDIST}", asIs: true, check: storedDistances},
	{syntax: "GEOSEARCHSTORE distkey key FROMLONLAT lon lat BYBOX radius radius unit {[COUNT posint] [ASC|DESC] STOREDIST}", asIs: true,
		check: storedDistances},
	{syntax: "GEOSEARCH key {FROMMEMBER member BYBOX radius radius unit [ASC|DESC] [COUNT posint [ANY]] [WITHDIST] [WITHHASH]}", check: unordered},
	{syntax: "GEORADIUSBYMEMBER_RO key member radius unit ASC [WITHDIST]"},
	{syntax: "ZREM key member"},
}

var hllCommands = []entry{
	{syntax: "PFADD key member*"},
	{syntax: "PFADD key val+"},
	{syntax: "PFCOUNT key+"},
	{syntax: "PFMERGE key key*"},
	{syntax: "PFDEBUG (ENCODING|DECODE|TODENSE|GETREG) key"},
	{syntax: "STRLEN key"},
	{syntax: "SET key val"},
	{syntax: "DEL key"},
}
