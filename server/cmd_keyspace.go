package server

import (
	"errors"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var keyspaceCommands = []row{
	{Spec: command.Spec{Name: "dbsize", Arity: 1, Flags: command.ReadOnly | command.Fast,
		Categories: command.CatKeyspace,
		Since:      "1.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Count the keys of the database",
		Tips:    []string{"request_policy:all_shards", "response_policy:agg_sum"}}, run: cmdDBSize},
	{Spec: command.Spec{Name: "flushall", Arity: -1, Flags: command.Write,
		Categories: command.CatKeyspace | command.CatDangerous,
		Since:      "1.0.0", Group: "server", Complexity: "O(N), N keys in all databases",
		Summary: "Empty every database",
		Syntax:  "flush-type=[ASYNC^4.0.0 | SYNC^6.2.0]",
		Tips:    []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		History: []command.Change{{"4.0.0", "`ASYNC`"}, {"6.2.0", "`SYNC`"}}}, run: cmdFlushAll},
	{Spec: command.Spec{Name: "flushdb", Arity: -1, Flags: command.Write,
		Categories: command.CatKeyspace | command.CatDangerous,
		Since:      "1.0.0", Group: "server", Complexity: "O(N), N keys in the database",
		Summary: "Empty this database",
		Syntax:  "flush-type=[ASYNC^4.0.0 | SYNC^6.2.0]",
		Tips:    []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		History: []command.Change{{"4.0.0", "`ASYNC`"}, {"6.2.0", "`SYNC`"}}}, run: cmdFlushDB},
	{Spec: command.Spec{Name: "swapdb", Arity: 3, Flags: command.Write | command.Fast,
		Categories: command.CatKeyspace | command.CatDangerous,
		Since:      "4.0.0", Group: "server", Complexity: "O(N), N clients that watch or block on their keys",
		Summary: "Exchange the contents of two databases",
		Syntax:  "index1:integer index2:integer"}, run: cmdSwapDB},
}

func cmdDBSize(c *Call) { c.out.Int(int64(c.db.Len())) }

func cmdFlushDB(c *Call) { c.flush(c.db) }

func cmdFlushAll(c *Call) {
	all := make([]*store.DB, c.srv.store.Databases())
	for i := range all {
		all[i] = c.srv.store.DB(i)
	}
	if c.flush(all...) {
		clear(c.srv.localExpiries)
		c.srv.saveFlushedLocked()
		c.srv.master.RestartSnapshots()
	}
}

// flush empties databases. ASYNC and SYNC make no difference: either takes no time, and the collector frees the
// memory. It is logged even if there was nothing to delete. It returns false if it replied an error.
func (c *Call) flush(dbs ...*store.DB) bool {
	if len(c.args) > 2 || len(c.args) == 2 && !c.is(1, "async") && !c.is(1, "sync") {
		c.err(errSyntax)
		return false
	}
	lazy := c.flushesLazily()
	for _, db := range dbs {
		if lazy {
			c.srv.stats.lazyFreed += int64(db.Len())
		}
		c.srv.touchWatchedDB(db, nil, c.now)
		c.srv.stats.dirty += int64(db.Flush())
		c.srv.signalReadyDB(db)
	}
	c.srv.invalidateAll()
	c.rewrite(c.args...)
	c.out.OK()
	return true
}

// saveFlushedLocked makes the snapshot on disk an empty one, as Redis does after FLUSHALL, if there are save points: data that was
// flushed must not come back with a restart. A background save under way is of no use any more; if it is
// still ending, another follows it.
func (s *Server) saveFlushedLocked() {
	if s.loading.active() {
		return
	}
	s.abortSaveLocked()
	if len(config.Save.Get(s.cfg)) > 0 && errors.Is(s.saveNowLocked(), errSaveBusy) {
		s.persist.scheduled = true
	}
}

func cmdSwapDB(c *Call) {
	a, ok := c.databaseNumber(1, "ERR invalid first DB index")
	if !ok {
		return
	}
	b, ok := c.databaseNumber(2, "ERR invalid second DB index")
	if !ok {
		return
	}
	x, y := c.databaseAt(a), c.databaseAt(b)
	if x == nil || y == nil {
		c.err(errDBIndex)
		return
	}
	if x != y {
		c.srv.touchWatchedDB(x, y, c.now)
		c.srv.touchWatchedDB(y, x, c.now)
		c.srv.store.Swap(x.Index(), y.Index())
		c.srv.signalReadyDB(x)
		c.srv.signalReadyDB(y)
	}
	c.dirty++
	c.out.OK()
}
