package differential

// blockingGenerators are those of the blocking commands. No time that is waited is longer than a few milliseconds.
func blockingGenerators() map[string]func(*gen) []string {
	return map[string]func(*gen) []string{
		"soon":   from([]string{"0.001", "0.001", "0.001", "1e-3", "0.002", "-1", "-0.5", "x", "", "nan", "inf", "1e30", "9223372036854775807", "1 "}),
		"soonms": from([]string{"1", "1", "1", "2", "-1", "x", "", "1.5", "9223372036854775808"}),
	}
}

var blockingCommands = []entry{
	{syntax: "BLPOP key+ soon", blocks: true},
	{syntax: "BRPOP key+ soon", blocks: true},
	{syntax: "BRPOPLPUSH key key soon", blocks: true},
	{syntax: "BLMOVE key key (LEFT|RIGHT) (LEFT|RIGHT) soon", blocks: true},
	{syntax: "BLMPOP soon keys (LEFT|RIGHT) [COUNT count]", blocks: true},
	{syntax: "BZPOPMIN zkey+ soon", blocks: true},
	{syntax: "BZPOPMAX zkey+ soon", blocks: true},
	{syntax: "BZMPOP soon zkeys (MIN|MAX) [COUNT count]", blocks: true},
	{syntax: "XREAD BLOCK soonms [COUNT count] STREAMS streamkey (sid|$)", blocks: true},
	{syntax: "XREADGROUP GROUP sgroup consumer BLOCK soonms STREAMS streamkey >", blocks: true},
	{syntax: "XADD streamkey newid field val"},
	{syntax: "XGROUP CREATE streamkey sgroup 0 MKSTREAM"},
	{syntax: "RPUSH key val+"},
	{syntax: "RPUSH key val val val"},
	{syntax: "ZADD zkey (score member)+"},
	{syntax: "LRANGE key 0 -1"},
	{syntax: "DEL key"},
	{syntax: "SET key val"},
}
