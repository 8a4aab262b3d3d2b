package server

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"treedis/server/command"
)

// TestNoArgumentsPanic executes every command with as few arguments as its arity allows, and with some more: words from its syntax, numbers,
// names of keys of all types. What is replied does not matter.
func TestNoArgumentsPanic(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"", "0", "1", "-1", "2", "1.5", "a", "*", "$", ">", "+", "-", "9223372036854775807", "s", "l", "h", "z", "set", "x", "(1", "[a", "1-1"}
	fill := func() {
		for _, line := range []string{"flushall", "set s v", "rpush l 1 2 3", "hset h a 1 b 2", "zadd z 1 a 2 b", "sadd set a b 1", "xadd x 1-1 a b",
			"xgroup create x a 0", "geoadd geo 1 1 a"} {
			ss.do(line)
		}
	}
	for row := range ss.s.table.All() {
		if row.run == nil || outOfProcess(row) {
			continue
		}
		own := append(slices.Clone(words), strings.FieldsFunc(row.Syntax, func(c rune) bool { return strings.ContainsRune(" []<>|=.:@", c) })...)
		name := strings.Split(row.Name, "|")
		least := max(row.Arity, -row.Arity)
		fill()
		for n := least; n <= least+7 && (row.Arity < 0 || n == least); n++ {
			for range 40 {
				call := slices.Clone(name)
				for len(call) < n {
					call = append(call, own[r.IntN(len(own))])
				}
				executes(ss, call)
			}
		}
	}
}

// outOfProcess reports whether a command needs a connection, or does something to more than the data.
func outOfProcess(r *row) bool {
	if r.Flags.Has(command.Blocking) && r.Name == "replica|verify" || r.Flags.Has(command.Protected) || r.pushes {
		return true
	}
	return slices.Contains([]string{
		"shutdown", "replicaof", "slaveof", "failover", "psync", "sync", "save", "bgsave", "bgrewriteaof", "config|set", "config|rewrite", "migrate",
		"client|pause", "client|kill", "monitor", "acl|save", "acl|load", "quit", "client|reply",
	}, r.Name)
}

// executes tells of the call if it panics.
func executes(ss *session, call []string) {
	done := false
	defer func() {
		if !done {
			ss.t.Logf("%q panicked", call)
		}
	}()
	ss.raw(call...)
	for _, line := range [][]string{{"discard"}, {"select", "0"}} { // what the call may have begun
		ss.raw(line...)
	}
	done = true
}
