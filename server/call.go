package server

import (
	"strings"

	"treedis/server/resp"
	"treedis/store"
)

// Call is one execution of one command: what a handler gets. A handler parses its arguments, operates on
// the store and replies; what it changed it says through modified, and the log follows from that.
//
// Handlers of rows that are not shared run under the exclusive lock.
type Call struct {
	srv *Server
	c   *Client // who asked: a connection's client, or a pseudo client such as the master's link
	row *row
	// args are the command's words, args[0] its name. They alias the connection's buffer: what
	// outlives the call must be copied.
	args [][]byte
	db   *store.DB
	out  *resp.Writer
	now  int64 // unix ms, the same throughout a command or transaction
	// expireNow is the time for logical expiry: now, or 0 for the master's stream, which deletes
	// expired keys by itself and until then acts on them.
	expireNow int64
	mode      lockMode

	dirty       int  // changes made; 0: nothing is logged
	failed      bool // an error was replied
	noPropagate bool
	wait        *keyWait // the command waited for keys, and is executed again
	waitsOn     bool     // in vain: it waits on
	redacted    []int    // of args, what monitors must not show
	rewritten   bool     // the effects stand in srv.effects already, in place of args
}

// lookup returns key's entry for reading, nil if there is none. It counts a hit or a miss and touches
// the access clock.
func (c *Call) lookup(key []byte) *store.Entry {
	e := c.lookupWrite(key)
	if !c.countLookup(e) {
		c.srv.notify(notifyKeyMiss, "keymiss", key, c.db)
	}
	return e
}

// inspect is lookup that leaves the access clock alone.
func (c *Call) inspect(key []byte) *store.Entry {
	e := c.peek(key)
	if !c.countLookup(e) {
		c.srv.notify(notifyKeyMiss, "keymiss", key, c.db)
	}
	return e
}

// countLookup counts a hit or a miss, and returns which.
func (c *Call) countLookup(e *store.Entry) (hit bool) {
	st := c.stats()
	if e == nil {
		st.keyspaceMisses.add(1)
		return false
	}
	st.keyspaceHits.add(1)
	return true
}

// lookupWrite is lookup for commands that write: it counts neither hit nor miss.
func (c *Call) lookupWrite(key []byte) *store.Entry {
	e, expired := c.db.Lookup(key, c.expireNow)
	if expired {
		c.srv.expireOnAccess(c, key)
		return nil
	}
	if e != nil && !c.c.noTouch {
		c.srv.clock.Touch(e)
	}
	return e
}

// lookupWriteIn is lookupWrite for a key of another database than the selected one.
func (c *Call) lookupWriteIn(db *store.DB, key []byte) *store.Entry {
	selected := c.db
	c.db = db
	e := c.lookupWrite(key)
	c.db = selected
	return e
}

// expired reports whether an entry has expired, without doing anything about it.
func (c *Call) expired(e *store.Entry) bool {
	at := e.Expire()
	return at != 0 && at <= c.expireNow
}

// peek is lookup that leaves hits, misses and the access clock alone.
func (c *Call) peek(key []byte) *store.Entry {
	e, expired := c.db.Lookup(key, c.expireNow)
	if expired {
		c.srv.expireOnAccess(c, key)
		return nil
	}
	return e
}

// typed is lookup that replies WRONGTYPE, and returns false, if the key holds another type. An absent
// key is nil, true.
func (c *Call) typed(key []byte, t store.Type) (*store.Entry, bool) {
	e := c.lookup(key)
	return e, c.checkType(e, t)
}

// typedWrite is typed for commands that write.
func (c *Call) typedWrite(key []byte, t store.Type) (*store.Entry, bool) {
	e := c.lookupWrite(key)
	return e, c.checkType(e, t)
}

func (c *Call) checkType(e *store.Entry, t store.Type) bool {
	if e != nil && e.Type() != t {
		c.err(errWrongType)
		return false
	}
	return true
}

// modified says that the value of key changed: the command is logged, clients that watch the key are
// told, and the keyspace event goes out.
func (c *Call) modified(class notifyClass, event string, key []byte) {
	c.modifiedIn(c.db, class, event, key)
}

// modifiedIn is modified for a key of another database than the selected one.
func (c *Call) modifiedIn(db *store.DB, class notifyClass, event string, key []byte) {
	c.dirty++
	c.srv.keyChanged(db, key)
	c.srv.notify(class, event, key, db)
}

// created sends the event of a key that was not there before. It precedes the event of what created it.
func (c *Call) created(key []byte) { c.createdIn(c.db, key) }

// createdIn is created for a key of another database than the selected one.
func (c *Call) createdIn(db *store.DB, key []byte) { c.srv.notify(notifyNew, "new", key, db) }

// keyChanged tells the clients that watch a key, and those that wait for it.
func (s *Server) keyChanged(db *store.DB, key []byte) {
	s.touchWatched(db, key)
	s.signalReady(db, key)
}

// lost says that a collection has lost n of its elements, of which so many are left: it is deleted with the last one. Without a loss
// nothing changed.
func (c *Call) lost(class notifyClass, event string, key []byte, n, left int) {
	if n > 0 {
		c.modified(class, event, key)
		c.dirty += n - 1
		c.deleteIfEmpty(key, left == 0)
	}
}

// deleteIfEmpty removes a collection's key once its last element is gone, as Redis does, and sends
// the del event. empty is what the value says of itself.
func (c *Call) deleteIfEmpty(key []byte, empty bool) {
	if empty {
		c.db.Delete(key)
		c.srv.notify(notifyGeneric, "del", key, c.db)
	}
}

// err replies with an error and counts it.
func (c *Call) err(text string) {
	c.failed = true
	c.out.Error(text)
	c.srv.countError(c, text)
}

// help replies with the text of a container's HELP: lines come in pairs of a subcommand and what it does.
func (c *Call) help(lines ...string) {
	c.out.Array(len(lines) + 3)
	c.out.Simple(strings.ToUpper(string(c.args[0])) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		c.out.Simple(line)
	}
	c.out.Simple("HELP")
	c.out.Simple("    Print this help.")
}

// wrongArity replies that the number of arguments is wrong.
func (c *Call) wrongArity() {
	c.err("ERR wrong number of arguments for '" + c.row.Name + "' command")
}

// int parses args[i] as a 64-bit integer, and replies with text (errNotInteger if empty) if it is
// none.
func (c *Call) int(i int, text string) (int64, bool) {
	n, ok := resp.ParseInt(c.args[i])
	if !ok {
		if text == "" {
			text = errNotInteger
		}
		c.err(text)
	}
	return n, ok
}

// intRange is int with bounds. Out of them the reply is text as well.
func (c *Call) intRange(i int, lo, hi int64, text string) (int64, bool) {
	n, ok := resp.ParseInt(c.args[i])
	if !ok || n < lo || n > hi {
		if text == "" {
			text = errNotInteger
		}
		c.err(text)
		return 0, false
	}
	return n, true
}

// float parses args[i] as a double, and replies errNotFloat if it is none.
func (c *Call) float(i int) (float64, bool) {
	f, ok := resp.ParseFloat(c.args[i])
	if !ok {
		c.err(errNotFloat)
	}
	return f, ok
}

// is reports whether args[i] is the given word, which is in lower case, in whatever case.
func (c *Call) is(i int, word string) bool { return equalFold(c.args[i], word) }

// equalFold compares b with a word in lower-case ASCII.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// rewrite logs the given words in place of the command, as often as called. All that one command or
// transaction logs is one atomic group. The bytes are copied at once.
func (c *Call) rewrite(args ...[]byte) {
	c.rewritten = true
	c.srv.effects.add(c.db.Index(), args)
}

// words makes the arguments of rewrite from strings and bytes.
func words(name string, rest ...[]byte) [][]byte {
	return append([][]byte{[]byte(name)}, rest...)
}
