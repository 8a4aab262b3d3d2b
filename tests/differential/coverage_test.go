package differential

import (
	"slices"
	"strings"
	"testing"

	"treedis/tests/harness"
)

// exempt lists the commands that stand in no grammar table, by the name of COMMAND LIST, with the reason. A container's name
// covers its subcommands.
var exempt = map[string]string{
	"acl":      "users are process-wide: TestACLRules compares them",
	"cluster":  "cluster mode is off on both sides",
	"config":   "each server's own parameters",
	"debug":    "it may stop or change the server at will; DIGEST and POPULATE are used by the harness",
	"function": "code that runs in the server",
	"info":     "each server's own figures: tests read its fields",
	"latency":  "measured times",
	"memory":   "each server's own figures",
	"module":   "there are none",
	"pubsub":   "counts subscribers, of whom a connection that takes turns must not be one",
	"script":   "code that runs in the server",
	"slowlog":  "measured times",

	"client|info":    "addresses, ages and identities",
	"client|kill":    "ends the connections that the test needs",
	"client|list":    "addresses, ages and identities",
	"client|pause":   "stops the server for the next command",
	"client|reply":   "takes replies away",
	"client|unblock": "needs a blocked client",
	"command|count":  "each server's own number",
	"command|docs":   "texts are the project's own words",
	"command|info":   "TestCommandInfo compares every row",
	"command|list":   "each server's own list",
	"command":        "each server's own table, of which TestCommandInfo compares every row",

	"client|maxlag": "this server's own", "client|sync": "this server's own", "replpos": "this server's own", "replica": "this server's own", "waitoffset": "this server's own",

	"bgrewriteaof": "files", "bgsave": "files", "save": "files", "lastsave": "a time", "shutdown": "ends the server",
	"monitor": "takes the connection over", "psync": "takes the connection over", "sync": "takes the connection over",
	"quit": "ends the connection", "replconf": "replication", "replicaof": "replication", "slaveof": "replication",
	"role": "replication", "failover": "replication",
	"subscribe": "takes the connection over", "psubscribe": "takes the connection over", "ssubscribe": "takes the connection over",
	"unsubscribe": "goes with subscribe", "punsubscribe": "goes with subscribe", "sunsubscribe": "goes with subscribe",
	"publish": "its effect is on other connections", "spublish": "its effect is on other connections",
	"eval": "code that runs in the server", "evalsha": "code that runs in the server", "eval_ro": "code that runs in the server",
	"evalsha_ro": "code that runs in the server", "fcall": "code that runs in the server", "fcall_ro": "code that runs in the server",
	"restore-asking": "cluster mode", "asking": "cluster mode",
	"readonly": "cluster mode", "readwrite": "cluster mode", "lolwut": "each server's own picture",
	"flushall": "every batch begins with it",
}

// dataGroups are the groups of COMMAND DOCS whose commands operate on keys and values, or wait for replicas: none of them is exempt.
// Other commands are registered in exempt, with a reason, where generated commands on two servers cannot compare them.
var dataGroups = map[string]bool{
	"string": true, "bitmap": true, "list": true, "set": true, "hash": true, "sorted-set": true, "stream": true, "hyperloglog": true,
	"geo": true, "generic": true,
}

// commandGroups returns the group of every command, by name.
func commandGroups(t *testing.T, s *harness.Server) map[string]string {
	t.Helper()
	groups := make(map[string]string)
	docs := s.Once(t, "COMMAND", "DOCS").Elems
	for i := 0; i+1 < len(docs); i += 2 {
		fields := docs[i+1].Elems
		for j := 0; j+1 < len(fields); j += 2 {
			if fields[j].Text == "group" {
				groups[docs[i].Text] = fields[j+1].Text
			}
		}
	}
	return groups
}

// TestEveryCommandIsCompared: each command in the server's table stands in a grammar table or is exempt for a reason, and
// no exemption outlives it.
func TestEveryCommandIsCompared(t *testing.T) {
	t.Parallel()
	compared := make(map[string]bool)
	for _, g := range append(groups(), recordedGroups()...) {
		for _, e := range g.entries {
			compared[e.command()] = true
		}
	}
	ours := harness.Start(t, harness.Treedis)
	served := commandList(t, ours)
	for name, group := range commandGroups(t, ours) {
		if dataGroups[group] && exempt[name] != "" {
			t.Errorf("%s operates on data: it has to stand in a grammar table", name)
		}
	}
	for name := range served {
		container, _, isSub := strings.Cut(name, "|")
		if strings.HasSuffix(name, "|help") {
			continue // help texts are the project's own words
		}
		if !isSub && slices.Contains(containers, strings.ToUpper(name)) && name != "command" {
			continue // its subcommands are what counts
		}
		if !compared[name] && exempt[name] == "" && (!isSub || exempt[container] == "" || container == "command") {
			t.Errorf("%s stands in no grammar table and is not exempt", name)
		}
	}
	for name := range exempt {
		if compared[name] {
			t.Errorf("%s is exempt and stands in a grammar table", name)
		}
	}
}
