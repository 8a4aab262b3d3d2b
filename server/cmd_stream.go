package server

import (
	"math"
	"strconv"

	"treedis/server/command"
	"treedis/store"
	"treedis/store/stream"
)

var streamCommands = []row{
	{Spec: command.Spec{Name: "xadd", Arity: -5, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatStream,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Update).Note("updates rather than inserts, as it may trim"),
		},
		Since: "5.0.0", Group: "stream", Complexity: "O(1), plus O(N) to trim N entries",
		Summary: "Append an entry to a stream, perhaps trimming it",
		Syntax: "key [NOMKSTREAM^6.2.0] trim=[strategy=<MAXLEN | MINID^6.2.0> operator=[equal== | approximately=~] " +
			"threshold [LIMIT count:integer^6.2.0]] id-selector=<auto-id=* | id> data=<field value>...",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"6.2.0", "`NOMKSTREAM`, `MINID` and `LIMIT`"}, {"7.0.0", "IDs of the form `ms-*`"}}}, run: cmdXAdd},
	{Spec: command.Spec{Name: "xdel", Arity: -3, Flags: command.Write | command.Fast, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1) per ID",
		Summary: "Drop entries of a stream",
		Syntax:  "key id..."}, run: cmdXDel},
	{Spec: command.Spec{Name: "xinfo", Arity: -2,
		Since: "5.0.0", Group: "stream", Complexity: "by subcommand",
		Summary: "Commands about streams and their groups"}},
	{Spec: command.Spec{Name: "xinfo|consumers", Arity: 4, Flags: command.ReadOnly, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(2, command.RO|command.Access)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Describe the consumers of a group",
		Syntax:  "key group",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"7.2.0", "field `inactive`"}}}, run: cmdXInfoConsumers},
	{Spec: command.Spec{Name: "xinfo|groups", Arity: 3, Flags: command.ReadOnly, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(2, command.RO|command.Access)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Describe the consumer groups of a stream",
		Syntax:  "key",
		History: []command.Change{{"7.0.0", "fields `entries-read` and `lag`"}}}, run: cmdXInfoGroups},
	{Spec: command.Spec{Name: "xinfo|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatStream,
		Since:      "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp},
	{Spec: command.Spec{Name: "xinfo|stream", Arity: -3, Flags: command.ReadOnly, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(2, command.RO|command.Access)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Describe a stream, in full on demand",
		Syntax:  "key full-block=[FULL [COUNT count:integer]]",
		History: []command.Change{
			{"6.0.0", "`FULL`"},
			{"7.0.0", "fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`"},
			{"7.2.0", "field `active-time`; `seen-time` counts attempts, too"},
		}}, run: cmdXInfoStream},
	{Spec: command.Spec{Name: "xlen", Arity: 2, Flags: command.ReadOnly | command.Fast, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RO)},
		Since: "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Count the entries of a stream",
		Syntax:  "key"}, run: cmdXLen},
	{Spec: command.Spec{Name: "xrange", Arity: -4, Flags: command.ReadOnly, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "5.0.0", Group: "stream", Complexity: "O(N), N entries returned",
		Summary: "List the entries between two IDs",
		Syntax:  "key start end [COUNT count:integer]",
		History: []command.Change{{"6.2.0", "exclusive bounds"}}}, run: cmdXRange},
	{Spec: command.Spec{Name: "xread", Arity: -4, Flags: command.ReadOnly | command.Blocking,
		Categories: command.CatStream,
		Keys:       []command.KeySpec{command.KeysAfter("STREAMS", 1, -1, 2, command.RO|command.Access)},
		FindKeys:   command.StreamKeys,
		Since:      "5.0.0", Group: "stream",
		Summary: "Read what streams got after given IDs, waiting for more if need be",
		Syntax:  "[COUNT count:integer] [BLOCK milliseconds:integer] streams=STREAMS <key... id...>"}, run: cmdXRead},
	{Spec: command.Spec{Name: "xrevrange", Arity: -4, Flags: command.ReadOnly, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "5.0.0", Group: "stream", Complexity: "O(N), N entries returned",
		Summary: "List the entries between two IDs, latest first",
		Syntax:  "key end start [COUNT count:integer]",
		History: []command.Change{{"6.2.0", "exclusive bounds"}}}, run: cmdXRevRange},
	{Spec: command.Spec{Name: "xsetid", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatStream,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since:      "5.0.0", Group: "stream", Complexity: "O(1)",
		Summary: "Set the counters of a stream: servers send this",
		Syntax:  "key last-id [ENTRIESADDED entries-added:integer^7.0.0] [MAXDELETEDID max-deleted-id^7.0.0]",
		History: []command.Change{{"7.0.0", "`ENTRIESADDED` and `MAXDELETEDID`"}}}, run: cmdXSetID},
	{Spec: command.Spec{Name: "xtrim", Arity: -4, Flags: command.Write, Categories: command.CatStream,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Delete)},
		Since: "5.0.0", Group: "stream", Complexity: "O(N), N entries dropped, by whole nodes",
		Summary: "Drop the oldest entries of a stream",
		Syntax: "key trim=<strategy=<MAXLEN | MINID^6.2.0> operator=[equal== | approximately=~] threshold [LIMIT " +
			"count:integer^6.2.0]>",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{{"6.2.0", "`MINID` and `LIMIT`"}}}, run: cmdXTrim},
}

// addOptions are what XADD and XTRIM are told before the entry.
type addOptions struct {
	stream.Trim
	trims   bool
	bound   int // index of the argument with the bound to trim to
	limited bool

	noCreate bool         // XADD only, as what follows
	id       streamIDText // unless auto
	auto     bool
}

func cmdXAdd(c *Call) {
	o, at, ok := c.addArguments(true)
	if !ok {
		return
	}
	key, pairs := c.args[1], c.args[min(at+1, len(c.args)):]
	if len(pairs) < 2 || len(pairs)%2 == 1 {
		c.wrongArity()
		return
	}
	if !o.auto && !o.id.autoSeq && o.id.IsZero() {
		c.err("ERR The ID specified in XADD must be greater than 0-0")
		return
	}
	e, ok := c.typedWrite(key, store.Stream)
	if !ok {
		return
	}
	var last stream.ID
	if e != nil {
		last = e.LiveStream().LastID
	} else if o.noCreate {
		c.out.Null()
		return
	}
	id, ok := c.newStreamID(&o, last)
	if !ok {
		return
	}
	s := c.db.OpenStream(key)
	if s.Append(id, pairs, c.db.StreamLimits()) != nil { // the order has been looked at
		if e == nil {
			c.db.Delete(key)
		}
		c.err("ERR Elements are too large to be stored")
		return
	}
	c.streamIDReply(id)
	if o.auto || o.id.autoSeq {
		c.args[at] = c.lastBulk(id)
	}
	if e == nil {
		c.created(key)
	}
	c.modified(notifyStream, "xadd", key)
	if o.trims {
		if s.Trim(o.Trim) > 0 {
			c.srv.notify(notifyStream, "xtrim", key, c.db)
		}
		c.logTrim(&o, s)
	}
}

// lastBulk returns the text of the ID that was the last reply: a copy that the log can be written from.
func (c *Call) lastBulk(id stream.ID) []byte {
	var scratch [41]byte
	n, end := len(id.Append(scratch[:0])), c.out.Len()-len("\r\n")
	return c.out.Buf[end-n : end]
}

// newStreamID returns the ID that a new entry gets behind the last, or replies why there is none.
func (c *Call) newStreamID(o *addOptions, last stream.ID) (id stream.ID, ok bool) {
	if last == stream.MaxID {
		c.err("ERR The stream has exhausted the last possible ID, unable to add more items")
		return id, false
	}
	switch id = o.id.ID; {
	case o.auto:
		if id = (stream.ID{Ms: uint64(c.now)}); id.Ms <= last.Ms {
			id, _ = last.Next()
		}
	case o.id.autoSeq && id.Ms == last.Ms && last.Seq != math.MaxUint64:
		id.Seq = last.Seq + 1
	}
	if !last.Less(id) {
		c.err("ERR The ID specified in XADD is equal or smaller than the target stream top item")
		return id, false
	}
	return id, true
}

// addArguments reads the options of XADD, up to the ID, whose index it returns, or those of XTRIM.
func (c *Call) addArguments(xadd bool) (o addOptions, at int, ok bool) {
	i := 2
	for ; i < len(c.args); i++ {
		more := len(c.args) - 1 - i
		if xadd && isWord(c.args[i], '*') {
			o.auto = true
			break
		}
		switch {
		case c.is(i, "maxlen") && more > 0, c.is(i, "minid") && more > 0:
			if i, ok = c.trimBound(i, &o); !ok {
				return o, 0, false
			}
		case c.is(i, "limit") && more > 0:
			if o.Limit, ok = c.int(i+1, ""); !ok {
				return o, 0, false
			}
			if o.Limit < 0 {
				c.err("ERR The LIMIT argument must be >= 0.")
				return o, 0, false
			}
			o.limited = true
			i++
		case xadd && c.is(i, "nomkstream"):
			o.noCreate = true
		case xadd:
			if o.id, ok = parseStreamID(c.args[i], 0, true); !ok {
				c.err(errStreamID)
				return o, 0, false
			}
			return o, i, c.trimLimit(&o, xadd)
		default:
			c.err(errSyntax)
			return o, 0, false
		}
	}
	return o, i, c.trimLimit(&o, xadd)
}

// trimBound reads MAXLEN or MINID, which is args[i], with what follows, and returns the index of its last word.
func (c *Call) trimBound(i int, o *addOptions) (int, bool) {
	if o.trims {
		c.err("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
		return i, false
	}
	o.trims, o.ByID = true, c.is(i, "minid")
	i++
	if i+1 < len(c.args) && (isWord(c.args[i], '~') || isWord(c.args[i], '=')) {
		o.Approx = c.args[i][0] == '~'
		i++
	}
	o.bound = i
	if o.ByID {
		var ok bool
		o.MinID, ok = c.streamID(i)
		return i, ok
	}
	n, ok := c.int(i, "")
	if ok && n < 0 {
		c.err("ERR The MAXLEN argument must be >= 0.")
		return i, false
	}
	o.MaxLen = uint64(n)
	return i, ok
}

// trimLimit checks the options as a whole and sets how much is trimmed at most. The master has settled that for
// its replicas.
func (c *Call) trimLimit(o *addOptions, xadd bool) bool {
	switch {
	case o.Limit != 0 && !o.trims:
		c.err("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
		return false
	case !xadd && !o.trims:
		c.err("ERR syntax error, XTRIM must be called with a trimming strategy")
		return false
	case c.c.isMaster:
		o.Limit = 0
	case o.limited && !o.Approx:
		c.err("ERR syntax error, LIMIT cannot be used without the special ~ option")
		return false
	case !o.limited && o.Approx:
		// A hundred nodes, so that nobody has to wait long.
		if o.Limit = 100 * min(int64(c.db.StreamLimits().Entries), 10_000); o.Limit == 0 {
			o.Limit = 10_000
		}
	}
	return true
}

// logTrim has the command logged with what it has come to if that was left to the server.
func (c *Call) logTrim(o *addOptions, s *stream.Live) {
	if !o.Approx {
		return
	}
	c.args[o.bound-1] = wordEquals
	if !o.ByID {
		c.args[o.bound] = strconv.AppendUint(nil, s.Length, 10)
		return
	}
	first, ok := s.FirstKept()
	if !ok {
		first = stream.MaxID
	}
	c.args[o.bound] = first.Append(nil)
}

func cmdXTrim(c *Call) {
	o, _, ok := c.addArguments(false)
	if !ok {
		return
	}
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Stream)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0)
		return
	}
	s := c.db.OpenStream(key)
	n := s.Trim(o.Trim)
	if n > 0 {
		c.logTrim(&o, s)
		c.streamShrunk("xtrim", key, int(n))
	}
	c.out.Int(n)
}

// streamShrunk is modified for a stream that lost n entries, which gives nobody who waits for more anything.
func (c *Call) streamShrunk(event string, key []byte, n int) {
	c.dirty += n
	c.srv.touchWatched(c.db, key)
	c.srv.notify(notifyStream, event, key, c.db)
}

func cmdXDel(c *Call) {
	key := c.args[1]
	e, ok := c.typedWrite(key, store.Stream)
	if !ok {
		return
	}
	if e == nil {
		c.out.Int(0)
		return
	}
	ids, ok := c.streamIDs(2)
	if !ok {
		return
	}
	s, n := c.db.OpenStream(key), 0
	for _, id := range ids {
		if s.Delete(id) {
			n++
		}
	}
	if n > 0 {
		c.streamShrunk("xdel", key, n)
	}
	c.out.Int(int64(n))
}

func cmdXSetID(c *Call) {
	id, ok := c.streamID(2)
	if !ok {
		return
	}
	added, maxDeleted := int64(-1), stream.ID{}
	for i := 3; i < len(c.args); i += 2 {
		switch {
		case c.is(i, "entriesadded") && i+1 < len(c.args):
			if added, ok = c.int(i+1, ""); !ok {
				return
			}
			if added < 0 {
				c.err("ERR entries_added must be positive")
				return
			}
		case c.is(i, "maxdeletedid") && i+1 < len(c.args):
			if maxDeleted, ok = c.streamID(i + 1); !ok {
				return
			}
			if id.Less(maxDeleted) {
				c.err("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
				return
			}
		default:
			c.err(errSyntax)
			return
		}
	}
	c.setStreamID(id, added, maxDeleted)
}

// setStreamID executes XSETID. added is -1, and maxDeleted 0-0, if they are to stay.
func (c *Call) setStreamID(id stream.ID, added int64, maxDeleted stream.ID) {
	key := c.args[1]
	e := c.lookupWrite(key)
	if e == nil {
		c.err(errNoSuchKey)
		return
	}
	if !c.checkType(e, store.Stream) {
		return
	}
	s := e.LiveStream()
	if id.Less(s.MaxDeletedID) {
		c.err("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
		return
	}
	if s.Length > 0 {
		if last, _ := s.LastLive(); id.Less(last) {
			c.err("ERR The ID specified in XSETID is smaller than the target stream top item")
			return
		}
		if added != -1 && s.Length > uint64(added) {
			c.err("ERR The entries_added specified in XSETID is smaller than the target stream length")
			return
		}
	}
	s = c.db.OpenStream(key)
	total := s.EntriesAdded
	if added != -1 {
		total = uint64(added)
	}
	if maxDeleted.IsZero() {
		maxDeleted = s.MaxDeletedID
	}
	s.SetID(id, total, maxDeleted)
	c.out.OK()
	c.groupChanged("xsetid", key)
}
