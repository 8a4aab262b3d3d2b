package server

import (
	"errors"

	"treedis/rdb"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
)

var dumpCommands = []row{
	{Spec: command.Spec{Name: "dump", Arity: 2, Flags: command.ReadOnly, Categories: command.CatKeyspace,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "2.6.0", Group: "generic", Complexity: "O(N*M), N objects of M bytes on average",
		Summary: "Export a value in serialized form",
		Syntax:  "key",
		Tips:    []string{"nondeterministic_output"}}, run: cmdDump},
	{Spec: command.Spec{Name: "restore", Arity: -4, Flags: command.Write | command.DenyOOM,
		Categories: command.CatKeyspace | command.CatDangerous,
		Keys:       []command.KeySpec{command.Key(1, command.OW|command.Update)},
		Since:      "2.6.0", Group: "generic",
		Complexity: "O(N*M), N objects of M bytes on average; O(N*M*log(N)) for sorted sets",
		Summary:    "Import a value from its serialized form",
		Syntax: "key ttl:integer serialized-value [REPLACE^3.0.0] [ABSTTL^5.0.0] [IDLETIME seconds:integer^5.0.0] " +
			"[FREQ frequency:integer^5.0.0]",
		History: []command.Change{{"3.0.0", "`REPLACE`"}, {"5.0.0", "`ABSTTL`"}, {"5.0.0", "`IDLETIME` and `FREQ`"}}}, run: cmdRestore},
	{Spec: command.Spec{Name: "restore-asking", Arity: -4, Flags: command.Write | command.DenyOOM | command.Asking,
		Categories: command.CatKeyspace | command.CatDangerous,
		Keys:       []command.KeySpec{command.Key(1, command.OW|command.Update)},
		Since:      "3.0.0", Group: "server",
		Complexity: "as RESTORE",
		Summary:    "RESTORE, as the nodes of a cluster send it to each other",
		Syntax: "key ttl:integer serialized-value [REPLACE^3.0.0] [ABSTTL^5.0.0] [IDLETIME seconds:integer^5.0.0] " +
			"[FREQ frequency:integer^5.0.0]",
		Doc:     command.SystemCommand,
		History: []command.Change{{"3.0.0", "`REPLACE`"}, {"5.0.0", "`ABSTTL`"}, {"5.0.0", "`IDLETIME` and `FREQ`"}}}, run: cmdRestore},
}

func cmdDump(c *Call) {
	e := c.lookup(c.args[1])
	if e == nil {
		c.out.Null()
		return
	}
	payload, err := dumpPayload(e, config.RDBCompression.Get(c.srv.cfg))
	if err != nil {
		c.err("ERR " + err.Error())
		return
	}
	c.out.Bulk(payload)
}

// dumpPayload returns the payload of DUMP for a value.
func dumpPayload(e *store.Entry, compress bool) ([]byte, error) {
	return rdb.AppendDump(nil, rdb.WriterOptions{Compress: compress}, func(w *rdb.Writer) error {
		return rdb.NewEntryWriter(w).Write(rdb.NewKey(nil, 0), e)
	})
}

// restoreOptions are the options of RESTORE.
type restoreOptions struct {
	replace, absTTL bool
	idle            int64 // seconds, -1 if not given
	freq            int64 // -1 if not given
}

func (o *restoreOptions) parse(c *Call) (ok bool) {
	*o = restoreOptions{idle: -1, freq: -1}
	for i := 4; i < len(c.args); i++ {
		last := i == len(c.args)-1
		switch {
		case c.is(i, "replace"):
			o.replace = true
		case c.is(i, "absttl"):
			o.absTTL = true
		case c.is(i, "idletime") && !last && o.freq < 0:
			i++
			if o.idle, ok = c.int(i, ""); !ok {
				return false
			}
			if o.idle < 0 {
				c.err("ERR Invalid IDLETIME value, must be >= 0")
				return false
			}
		case c.is(i, "freq") && !last && o.idle < 0:
			i++
			if o.freq, ok = c.int(i, ""); !ok {
				return false
			}
			if o.freq < 0 || o.freq > 255 {
				c.err("ERR Invalid FREQ value, must be >= 0 and <= 255")
				return false
			}
		default:
			c.err(errSyntax)
			return false
		}
	}
	return true
}

func cmdRestore(c *Call) {
	key := c.args[1]
	var o restoreOptions
	if !o.parse(c) {
		return
	}
	if !o.replace && c.lookupWrite(key) != nil {
		c.err(errBusyKey)
		return
	}
	ttl, ok := c.int(2, "")
	if !ok {
		return
	}
	if ttl < 0 {
		c.err("ERR Invalid TTL value, must be >= 0")
		return
	}
	at := ttl
	if ttl != 0 && !o.absTTL {
		at += c.now // past the range it comes out as a time in the past, as in Redis
	}
	e := c.restored(at)
	if e == nil {
		return
	}
	deleted := o.replace && c.db.Delete(key)
	if at != 0 && c.isPast(at) {
		if deleted {
			c.rewrite(c.srv.overwriteWord(), key)
			c.modified(notifyGeneric, "del", key)
		}
		c.out.OK()
		return
	}
	c.db.Take(e)
	if at != 0 {
		c.gaveExpiry(c.db, key)
	}
	c.created(key)
	c.srv.clock.Restore(e, o.idle, int(o.freq))
	if ttl != 0 && !o.absTTL {
		c.rewriteAbsolute(at)
	}
	c.modified(notifyGeneric, "restore", key)
	c.out.OK()
}

// restored decodes the payload of RESTORE to an entry that has yet to be taken into the store, or replies with
// what is wrong and returns nil.
func (c *Call) restored(at int64) *store.Entry {
	sib := c.srv.store.Sibling()
	if at != 0 {
		at = max(at, 1) // 0 is none, and what is below has a meaning of its own
	}
	k := rdb.NewKey(c.args[1], at)
	o := rdb.ReaderOptions{SkipChecksum: c.srv.debug.skipChecksum}
	switch err := rdb.ReadDump(c.args[3], &k, rdb.NewLoader(sib, rdb.LoadOptions{}), o); {
	case errors.Is(err, rdb.ErrDump):
		c.err("ERR DUMP payload version or checksum are wrong")
	case err != nil:
		c.srv.logger.verbosef("%s", rdbErrorText(err))
		c.err("ERR Bad data format")
	default:
		return sib.DB(0).Peek(c.args[1])
	}
	return nil
}

// rewriteAbsolute logs RESTORE with a point in time in place of a time to live.
func (c *Call) rewriteAbsolute(at int64) {
	var scratch [20]byte
	args := append([][]byte(nil), c.args...)
	args[2] = appendInt(&scratch, at)
	c.rewrite(append(args, wordAbsTTL)...)
}

// overwriteWord is the command that is logged for a key whose replacement has expired already.
func (s *Server) overwriteWord() []byte {
	if config.LazyfreeLazyServerDel.Get(s.cfg) {
		return wordUnlink
	}
	return wordDel
}
