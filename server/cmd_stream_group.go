package server

import (
	"strings"

	"treedis/server/command"
	"treedis/store"
	"treedis/store/stream"
)

var streamGroupCommands = []row{
	{Spec: command.Spec{Name: "xack", Arity: -4, Flags: command.Write | command.Fast, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1) per ID",
		Summary: "Tell a consumer group that entries are dealt with",
		Syntax:  "key group id..."}, run: cmdXAck},
	{Spec: command.Spec{Name: "xautoclaim", Arity: -6, Flags: command.Write | command.Fast,
		Categories: command.CatStream,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since:      "6.2.0", Group: "stream", Complexity: "O(1) for a small COUNT",
		Summary: "Take over entries that others have left pending for too long, a batch at a time",
		Syntax:  "key group consumer min-idle-time start [COUNT count:integer] [JUSTID]",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"7.0.0", "IDs of pending entries that no longer exist"}}}, run: cmdXAutoClaim},
	{Spec: command.Spec{Name: "xclaim", Arity: -6, Flags: command.Write | command.Fast, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "5.0.0", Group: "stream", Complexity: "O(log N), N pending entries of the group",
		Summary: "Take over given entries that others have left pending",
		Syntax: "key group consumer min-idle-time id... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time] " +
			"[RETRYCOUNT count:integer] [FORCE] [JUSTID] [LASTID lastid]",
		Tips: []string{"nondeterministic_output"}}, run: cmdXClaim},
	{Spec: command.Spec{Name: "xgroup", Arity: -2,
		Since: "5.0.0", Group: "stream", Complexity: "by subcommand",
		Summary: "Commands that manage consumer groups"}},
	{Spec: command.Spec{Name: "xgroup|create", Arity: -5, Flags: command.Write | command.DenyOOM,
		Categories: command.CatStream,
		Keys:       []command.KeySpec{command.Key(2, command.RW|command.Insert)},
		Since:      "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Set up a consumer group",
		Syntax:  "key group id-selector=<id | new-id=$> [MKSTREAM] [ENTRIESREAD entries-read:integer]",
		History: []command.Change{{"7.0.0", "`ENTRIESREAD`"}}}, run: cmdXGroupCreate},
	{Spec: command.Spec{Name: "xgroup|createconsumer", Arity: 5, Flags: command.Write | command.DenyOOM,
		Categories: command.CatStream,
		Keys:       []command.KeySpec{command.Key(2, command.RW|command.Insert)},
		Since:      "6.2.0", Group: "stream", Complexity: "O(1)",
		Summary: "Add a consumer to a group",
		Syntax:  "key group consumer"}, run: cmdXGroupCreateConsumer},
	{Spec: command.Spec{Name: "xgroup|delconsumer", Arity: 5, Flags: command.Write, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(2, command.RW|command.Delete)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Drop a consumer along with its pending entries",
		Syntax:  "key group consumer"}, run: cmdXGroupDelConsumer},
	{Spec: command.Spec{Name: "xgroup|destroy", Arity: 4, Flags: command.Write, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(2, command.RW|command.Delete)},
		Since: "5.0.0", Group: "stream", Complexity: "O(N), N pending entries of the group",
		Summary: "Drop a group with all it knows about its consumers",
		Syntax:  "key group"}, run: cmdXGroupDestroy},
	{Spec: command.Spec{Name: "xgroup|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatStream,
		Since:      "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp},
	{Spec: command.Spec{Name: "xgroup|setid", Arity: -5, Flags: command.Write, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(2, command.RW|command.Update)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Move the point from which a group reads on",
		Syntax:  "key group id-selector=<id | new-id=$> [ENTRIESREAD entriesread/entries-read:integer]",
		History: []command.Change{{"7.0.0", "`ENTRIESREAD`"}}}, run: cmdXGroupSetID},
	{Spec: command.Spec{Name: "xpending", Arity: -3, Flags: command.ReadOnly, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "5.0.0", Group: "stream", Complexity: "O(N), N entries returned; O(M) with IDLE, M entries scanned",
		Summary: "Sum up, or list, what a consumer group has not acknowledged",
		Syntax:  "key group filters=[[IDLE min-idle-time:integer^6.2.0] start end count:integer [consumer]]",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"6.2.0", "`IDLE` and exclusive bounds"}}}, run: cmdXPending},
	{Spec: command.Spec{Name: "xreadgroup", Arity: -7, Flags: command.Write | command.Blocking,
		Categories: command.CatStream,
		Keys:       []command.KeySpec{command.KeysAfter("STREAMS", 4, -1, 2, command.RO|command.Access)},
		FindKeys:   command.StreamKeys,
		Since:      "5.0.0", Group: "stream",
		Complexity: "O(M) per stream, M entries returned; XADD pays O(N) for N waiting clients",
		Summary:    "Read streams as a member of a consumer group, waiting for more if need be",
		Syntax: "group-block=GROUP <group consumer> [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK] " +
			"streams=STREAMS <key... id...>"}, run: cmdXReadGroup},
}

func noGroup(key, group []byte) string {
	return "NOGROUP No such key '" + cString(key) + "' or consumer group '" + cString(group) + "'"
}

// groupChanged is modified for what concerns a group, which neither watching nor waiting clients are told.
func (c *Call) groupChanged(event string, key []byte) {
	c.dirty++
	c.srv.notify(notifyStream, event, key, c.db)
}

// groupForWriting returns the stream at args[1] and its group args[2], or replies that there is none.
func (c *Call) groupForWriting() (*stream.Live, *stream.LiveGroup) {
	key := c.args[1]
	e, ok := c.typed(key, store.Stream)
	switch {
	case !ok:
	case e == nil || e.LiveStream().Group(c.args[2]) == nil:
		c.err(noGroup(key, c.args[2]))
	default:
		s := c.db.OpenStream(key)
		return s, s.OpenGroup(c.args[2])
	}
	return nil, nil
}

// groupOf returns the stream at args[2] and its group args[3] for a subcommand of XGROUP, or replies that there is
// none. The group may be absent if optional.
func (c *Call) groupOf(optional bool) (s *stream.Live, g *stream.LiveGroup, ok bool) {
	key := c.args[2]
	e, ok := c.typedWrite(key, store.Stream)
	switch {
	case !ok:
		return nil, nil, false
	case e == nil:
		c.err("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")
		return nil, nil, false
	case !optional && e.LiveStream().Group(c.args[3]) == nil:
		c.err(noGroupFor(c.args[3], key))
		return nil, nil, false
	}
	s = c.db.OpenStream(key)
	return s, s.OpenGroup(c.args[3]), true
}

func noGroupFor(group, key []byte) string {
	return "NOGROUP No such consumer group '" + cString(group) + "' for key name '" + cString(key) + "'"
}

// groupOptions reads the options of XGROUP CREATE and SETID.
func (c *Call) groupOptions(create bool) (mkStream bool, read int64, ok bool) {
	read = stream.UnknownEntriesRead
	for i := 5; i < len(c.args); i++ {
		switch {
		case create && c.is(i, "mkstream"):
			mkStream = true
		case c.is(i, "entriesread") && i+1 < len(c.args):
			if read, ok = c.int(i+1, ""); !ok {
				return false, 0, false
			}
			if read < 0 && read != stream.UnknownEntriesRead {
				c.err("ERR value for ENTRIESREAD must be positive or -1")
				return false, 0, false
			}
			i++
		default:
			c.wrongSubcommand()
			return false, 0, false
		}
	}
	return mkStream, read, true
}

// wrongSubcommand replies that a subcommand's arguments are not what it takes.
func (c *Call) wrongSubcommand() {
	c.err("ERR unknown subcommand or wrong number of arguments for '" + clip(c.args[1], 128) + "'. Try " +
		strings.ToUpper(c.row.Parent().Name) + " HELP.")
}

func cmdXGroupCreate(c *Call) {
	mkStream, read, ok := c.groupOptions(true)
	if !ok {
		return
	}
	key, name := c.args[2], c.args[3]
	var e *store.Entry
	if mkStream {
		if e, ok = c.typedWrite(key, store.Stream); !ok {
			return
		}
	} else if _, _, ok = c.groupOf(true); !ok {
		return
	} else {
		e = c.db.Peek(key)
	}
	if len(c.args) > 8 {
		c.wrongSubcommand()
		return
	}
	var id stream.ID
	if !isWord(c.args[4], '$') {
		if id, ok = c.streamID(4); !ok {
			return
		}
	} else if e != nil {
		id = e.LiveStream().LastID
	}
	s := c.db.OpenStream(key)
	if e == nil {
		c.created(key)
		c.srv.keyChanged(c.db, key)
	}
	if !s.CreateGroup(name, id, read) {
		c.err("BUSYGROUP Consumer Group name already exists")
		return
	}
	c.out.OK()
	c.groupChanged("xgroup-create", key)
}

func cmdXGroupSetID(c *Call) {
	_, read, ok := c.groupOptions(false)
	if !ok {
		return
	}
	s, g, ok := c.groupOf(false)
	if !ok {
		return
	}
	if len(c.args) > 7 {
		c.wrongSubcommand()
		return
	}
	id := s.LastID
	if word := c.args[4]; isWord(word, '-') {
		id = stream.ID{}
	} else if isWord(word, '+') {
		id = stream.MaxID
	} else if !isWord(word, '$') {
		if id, ok = c.streamID(4); !ok {
			return
		}
	}
	g.LastID, g.EntriesRead = id, read
	c.out.OK()
	c.groupChanged("xgroup-setid", c.args[2])
}

func cmdXGroupDestroy(c *Call) {
	s, g, ok := c.groupOf(true)
	if !ok {
		return
	}
	if g == nil {
		c.out.Int(0)
		return
	}
	s.DeleteGroup(c.args[3])
	c.out.Int(1)
	c.groupChanged("xgroup-destroy", c.args[2])
	c.srv.signalReady(c.db, c.args[2]) // whoever waits for the group is told that it is gone
}

func cmdXGroupCreateConsumer(c *Call) {
	_, g, ok := c.groupOf(false)
	if !ok {
		return
	}
	if !g.CreateConsumer(c.args[4], c.now) {
		c.out.Int(0)
		return
	}
	c.out.Int(1)
	c.groupChanged("xgroup-createconsumer", c.args[2])
}

func cmdXGroupDelConsumer(c *Call) {
	_, g, ok := c.groupOf(false)
	if !ok {
		return
	}
	pending, ok := g.DeleteConsumer(c.args[4])
	c.out.Int(int64(pending))
	if ok {
		c.groupChanged("xgroup-delconsumer", c.args[2])
	}
}

func cmdXAck(c *Call) {
	key := c.args[1]
	e, ok := c.typed(key, store.Stream)
	if !ok {
		return
	}
	if e == nil || e.LiveStream().Group(c.args[2]) == nil {
		c.out.Int(0)
		return
	}
	ids, ok := c.streamIDs(3)
	if !ok {
		return
	}
	g := c.db.OpenStream(key).OpenGroup(c.args[2])
	n := 0
	for _, id := range ids {
		if g.Acknowledge(id) {
			n++
		}
	}
	c.dirty += n
	c.out.Int(int64(n))
}
