package differential

// migrateGenerators are those of MIGRATE.
func migrateGenerators() map[string]func(*gen) []string {
	return map[string]func(*gen) []string{
		"host":    from([]string{"127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "no such host"}),
		"port":    from([]string{targetPort, targetPort, targetPort, targetPort, targetPort, "1", "x", "0", ""}),
		"timeout": from([]string{"10000", "20000", "20000", "x", ""}),
		"secret":  from([]string{"secret", "", "x y"}),
	}
}

// migrateCommands are never spoilt but for their tables' own mistakes: an argument in another's place may name a port, or a timeout of 1 ms.
var migrateCommands = []entry{
	{syntax: "MIGRATE host port anykey db timeout {[COPY] [REPLACE]}", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port anykey 0 timeout {[COPY] [REPLACE]}", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port anykey 1 timeout REPLACE", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port (emptyarg|junk) db timeout {[COPY] [REPLACE]} KEYS anykey+", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port emptyarg db 20000 {[COPY] [REPLACE]} KEYS anykey+", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port anykey db timeout (AUTH secret|AUTH2 secret secret|AUTH|AUTH2 secret)", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port emptyarg db timeout (AUTH secret|AUTH2 secret secret) KEYS anykey+", asIs: true},
	{syntax: "MIGRATE 127.0.0.1 port anykey db timeout junk+", asIs: true},
	{syntax: "SET strkey val"},
	{syntax: "SETEX strkey secs val"},
	{syntax: "RPUSH anykey val+"},
	{syntax: "SADD anykey member+"},
	{syntax: "HSET anykey field val"},
	{syntax: "ZADD anykey score member"},
	{syntax: "EXPIRE anykey secs"},
	{syntax: "DBSIZE"},
	{syntax: "SELECT db"},
}

// waitCommands: without replicas they answer 0 when the time is over, or at once in a transaction.
var waitCommands = []entry{
	{syntax: "WAIT count soonms", blocks: true},
	{syntax: "WAIT 0 count", blocks: true},
	{syntax: "WAIT (1|2|100) soonms", blocks: true},
	{syntax: "SET strkey val"},
}

var selfTestCommands = []entry{
	{syntax: "PFSELFTEST", asIs: true},
	{syntax: "PFSELFTEST junk+", asIs: true},
}
