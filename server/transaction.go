package server

import (
	"bytes"

	"treedis/server/command"
	"treedis/store"
)

// transaction is a client's MULTI state.
type transaction struct {
	active    bool // between MULTI and EXEC
	executing bool // EXEC runs its commands
	spoiled   bool // a command could not be queued: EXEC aborts
	queued    []queuedCommand
	bytes     int64 // of the arguments queued
	args      int   // how many those are

	has, lacks command.Flags // flags that a queued command has, and that one lacks
}

type queuedCommand struct {
	row  *row
	args [][]byte
}

// queue keeps a command with its flags for EXEC. The arguments are copied: they alias the connection's buffer.
func (t *transaction) queue(r *row, args [][]byte, flags command.Flags) {
	size := 0
	for _, a := range args {
		size += len(a)
	}
	buf := make([]byte, 0, size)
	kept := make([][]byte, len(args))
	for i, a := range args {
		n := len(buf)
		buf = append(buf, a...)
		kept[i] = buf[n:len(buf):len(buf)]
	}
	t.queued = append(t.queued, queuedCommand{r, kept})
	t.bytes += int64(size)
	t.args += len(args)
	t.has |= flags
	t.lacks |= ^flags
}

func (t *transaction) spoil() {
	if t.active {
		t.spoiled = true
	}
}

// watchKey names a key for WATCH.
type watchKey struct {
	db  int
	key string
}

// watchedKey is a key that a client watches. dirty is set when it changes.
type watchedKey struct {
	watchKey
	expired bool // it had expired already when it was watched, so its deletion changes nothing
}

// watchers are the clients that watch each key. Guarded by the keyspace lock: WATCH and UNWATCH hold it
// exclusively, writes look it up.
type watchers map[watchKey]map[*Client]struct{}

func (s *Server) watch(c *Client, key []byte) {
	w := watchKey{c.db.Index(), string(key)}
	for _, k := range c.watched {
		if k.watchKey == w {
			return
		}
	}
	_, expired := c.db.Lookup(key, c.call.expireNow)
	c.watched = append(c.watched, watchedKey{w, expired})
	if s.watchers[w] == nil {
		s.watchers[w] = map[*Client]struct{}{}
	}
	s.watchers[w][c] = struct{}{}
	c.countMemory()
}

func (s *Server) unwatchAll(c *Client) {
	for _, k := range c.watched {
		if delete(s.watchers[k.watchKey], c); len(s.watchers[k.watchKey]) == 0 {
			delete(s.watchers, k.watchKey)
		}
	}
	c.watched, c.watchDirty = nil, false
	c.countMemory()
}

// touchWatched spoils the transactions of the clients that watch the key, and tells those that may have it in a cache.
func (s *Server) touchWatched(db *store.DB, key []byte) {
	if s.trackers.count.Load() > 0 {
		s.invalidate(key)
	}
	if len(s.watchers) == 0 {
		return
	}
	for c := range s.watchers[watchKey{db.Index(), string(key)}] {
		c.touchedWatch(db.Index(), key)
	}
}

// touchedWatch notes the change of a watched key, unless it is but the deletion of one that had
// expired before it was watched.
func (c *Client) touchedWatch(db int, key []byte) {
	for i := range c.watched {
		k := &c.watched[i]
		if k.db != db || !bytes.Equal(key, []byte(k.key)) {
			continue
		}
		if k.expired && c.srv.store.DB(db).Peek(key) == nil {
			k.expired = false
			return
		}
		c.watchDirty = true
	}
}

// touchWatchedDB spoils the transactions that watch a key which a flush, or the exchange of database
// a's contents for b's, changes: one that exists in either. b is nil for a flush. A key that has expired is as good
// as none: neither its deletion nor its coming or staying changes anything.
func (s *Server) touchWatchedDB(a, b *store.DB, now int64) {
	for w, clients := range s.watchers {
		if w.db != a.Index() {
			continue
		}
		key := []byte(w.key)
		was, comes, alive := a.Peek(key) != nil, false, false
		if b != nil {
			e, expired := b.Lookup(key, now)
			comes, alive = e != nil || expired, e != nil
		}
		if !was && !comes {
			continue
		}
		for c := range clients {
			c.exchangedWatch(w, was, comes, alive)
		}
	}
}

// exchangedWatch notes that a watched key which was there, or not, is replaced by one that comes, alive or
// expired, or by none.
func (c *Client) exchangedWatch(w watchKey, was, comes, alive bool) {
	for i := range c.watched {
		k := &c.watched[i]
		switch {
		case k.watchKey != w:
		case k.expired && !comes:
			k.expired = false
		case k.expired && !alive:
		case !was && !alive:
			k.expired = true
		default:
			c.watchDirty = true
		}
	}
}

// watchedExpired reports whether a key that the client watches has expired since.
func (c *Client) watchedExpired(now int64) bool {
	for _, k := range c.watched {
		if _, expired := c.srv.store.DB(k.db).Lookup([]byte(k.key), now); expired && !k.expired {
			return true
		}
	}
	return false
}

// endTransaction forgets the queued commands and the watched keys.
func (s *Server) endTransaction(c *Client) {
	c.multi = transaction{}
	s.unwatchAll(c)
}

func cmdMulti(c *Call) {
	if c.c.multi.active {
		c.err(errNestedMulti)
		return
	}
	c.c.multi.active = true
	c.out.OK()
}

func cmdDiscard(c *Call) {
	if !c.c.multi.active {
		c.err("ERR DISCARD without MULTI")
		return
	}
	c.srv.endTransaction(c.c)
	c.out.OK()
}

func cmdWatch(c *Call) {
	if c.c.multi.active {
		c.err("ERR WATCH inside MULTI is not allowed")
		return
	}
	if !c.c.watchDirty { // EXEC fails anyway
		for _, key := range c.args[1:] {
			c.srv.watch(c.c, key)
		}
	}
	c.out.OK()
}

func cmdUnwatch(c *Call) {
	c.srv.unwatchAll(c.c)
	c.out.OK()
}

func cmdExec(c *Call) {
	s, client := c.srv, c.c
	switch {
	case !client.multi.active:
		c.err("ERR EXEC without MULTI")
		return
	case client.watchedExpired(c.expireNow):
		client.watchDirty = true
	}
	if client.multi.spoiled {
		s.endTransaction(client)
		c.err(errExecAbort)
		return
	}
	if client.watchDirty {
		s.endTransaction(client)
		c.out.NullArray()
		return
	}
	exec, queued := *c, client.multi.queued
	s.unwatchAll(client) // own writes need not look for own watches
	client.multi.active, client.multi.executing = false, true
	c.out.Array(len(queued))
	for _, q := range queued {
		if text := s.forbiddenNow(client, q.row, q.args); text != "" {
			c.out.Error(text)
			s.countErrorText(client.loop, text)
			continue
		}
		s.run(client, q.row, q.args)
	}
	// run has reused the call: it is EXEC's again, which changes nothing itself.
	exec.db = client.db
	*c = exec
	s.endTransaction(client)
}
