package server

import (
	"time"

	"treedis/server/resp"
	"treedis/store"
	"treedis/store/stream"
)

func cmdXLen(c *Call) {
	e, ok := c.typed(c.args[1], store.Stream)
	switch {
	case !ok:
	case e == nil:
		c.out.Int(0)
	default:
		c.out.Int(int64(e.LiveStream().Length))
	}
}

func cmdXRange(c *Call)    { c.xrange(2, 3, false) }
func cmdXRevRange(c *Call) { c.xrange(3, 2, true) }

// xrange replies with the entries between args[start] and args[end].
func (c *Call) xrange(start, end int, backward bool) {
	from, ok := c.streamStart(start)
	if !ok {
		return
	}
	to, ok := c.streamEnd(end)
	if !ok {
		return
	}
	count := int64(-1)
	for i := 4; i < len(c.args); i += 2 {
		if !c.is(i, "count") || i+1 == len(c.args) {
			c.err(errSyntax)
			return
		}
		if count, ok = c.int(i+1, ""); !ok {
			return
		}
		count = max(count, 0)
	}
	e, ok := c.typed(c.args[1], store.Stream)
	switch {
	case !ok:
	case e == nil:
		c.out.Array(0)
	case count == 0:
		c.out.NullArray()
	default:
		r := e.LiveStream().Range(from, to, backward)
		c.streamEntries(&r, count)
	}
}

// streamEntries replies with the entries that r has yet to come to, at most count if that is above 0.
func (c *Call) streamEntries(r *stream.Range, count int64) {
	mark, n := c.out.DeferArray(), 0
	for (count <= 0 || int64(n) < count) && r.Next() {
		c.streamEntry(r)
		n++
	}
	c.out.SetArrayLen(mark, n)
}

// streamEntry replies with an entry: its ID, and fields and values in turn.
func (c *Call) streamEntry(r *stream.Range) {
	c.out.Array(2)
	c.streamIDReply(r.ID())
	n := r.NumFields()
	c.out.Array(2 * n)
	for range n {
		field, value := r.Field()
		c.out.Bulk(field)
		c.out.Bulk(value)
	}
}

// streamEntryAt replies with the entry that has an ID, and returns false if there is none.
func (c *Call) streamEntryAt(s *stream.Live, id stream.ID) bool {
	r := s.Range(id, id, false)
	if !r.Next() {
		return false
	}
	c.streamEntry(&r)
	return true
}

// readOptions are what XREAD and XREADGROUP are told.
type readOptions struct {
	grouped         bool // XREADGROUP
	group, consumer []byte
	noAck           bool
	count           int64 // 0: all
	blocks          bool
	timeout         time.Duration

	first, n int // index of the first key, and how many there are; as many IDs follow
	from     []readPoint
}

// readPoint is from where a stream is read.
type readPoint struct {
	id      stream.ID // entries behind it
	history bool      // XREADGROUP: those that the consumer was given before
}

func cmdXRead(c *Call) {
	o, ok := c.readArguments(false)
	if !ok || !c.readPoints(&o) {
		return
	}
	mark, n := c.out.DeferMap(), 0
	for i := range o.n {
		key := c.args[o.first+i]
		e := c.lookup(key)
		if e == nil {
			continue
		}
		s := e.LiveStream()
		after := o.from[i].id
		if last, ok := s.LastLive(); !ok || !after.Less(last) {
			continue
		}
		n++
		c.readKey(key)
		start, _ := after.Next()
		r := s.Range(start, stream.MaxID, false)
		c.streamEntries(&r, o.count)
	}
	c.readEnd(&o, mark, n)
}

// readKey begins the reply for one stream.
func (c *Call) readKey(key []byte) {
	if c.out.Protocol() == 2 {
		c.out.Array(2)
	}
	c.out.Bulk(key)
}

// readEnd ends the reply with its number of streams, or waits, as told, if there are none.
func (c *Call) readEnd(o *readOptions, mark resp.Mark, n int) {
	if n > 0 {
		if c.out.Protocol() == 2 {
			c.out.SetArrayLen(mark, n)
		} else {
			c.out.SetMapLen(mark, n)
		}
		return
	}
	c.out.Truncate(int(mark))
	if !o.blocks {
		c.out.NullArray()
		return
	}
	// What $ means is settled now: when the command is executed again it would have moved.
	args := append([][]byte(nil), c.args...)
	for i := range o.n {
		if id := o.first + o.n + i; isWord(args[id], '$') {
			args[id] = o.from[i].id.Append(nil)
		}
	}
	c.args = args
	c.blockOnKeys(args[o.first:o.first+o.n], keyWants{store.Stream, o.grouped}, o.timeout, (*resp.Writer).NullArray)
}

// readArguments reads the arguments up to the keys.
func (c *Call) readArguments(grouped bool) (o readOptions, ok bool) {
	for i := 1; i < len(c.args) && o.first == 0; i++ {
		more := len(c.args) - i - 1
		switch {
		case c.is(i, "block") && more > 0:
			i++
			if c.c.isScript {
				c.err("ERR " + cString(c.args[0]) + " command is not allowed with BLOCK option from scripts")
				return o, false
			}
			if o.timeout, ok = c.timeoutMillis(i); !ok {
				return o, false
			}
			o.blocks = true
		case c.is(i, "count") && more > 0:
			i++
			if o.count, ok = c.int(i, ""); !ok {
				return o, false
			}
			o.count = max(o.count, 0)
		case c.is(i, "streams") && more > 0:
			o.first, o.n = i+1, more/2
			if more%2 != 0 {
				c.unbalanced(grouped)
				return o, false
			}
		case c.is(i, "group") && more > 1:
			if !grouped {
				c.err("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
				return o, false
			}
			o.grouped, o.group, o.consumer = true, c.args[i+1], c.args[i+2]
			i += 2
		case c.is(i, "noack"):
			if !grouped {
				c.err("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
				return o, false
			}
			o.noAck = true
		default:
			c.err(errSyntax)
			return o, false
		}
	}
	switch {
	case o.first == 0:
		c.err(errSyntax)
		return o, false
	case grouped && !o.grouped:
		c.err("ERR Missing GROUP option for XREADGROUP")
		return o, false
	}
	return o, true
}

func (c *Call) unbalanced(grouped bool) {
	symbol := "$"
	if grouped {
		symbol = ">"
	}
	c.err("ERR Unbalanced '" + c.row.Name + "' list of streams: for each stream key an ID or '" + symbol + "' must be specified.")
}

// readPoints reads the IDs, and sees to it that keys and groups are there.
func (c *Call) readPoints(o *readOptions) (ok bool) {
	o.from = make([]readPoint, 0, 8)
	for i := range o.n {
		key, at := c.args[o.first+i], o.first+o.n+i
		e, ok := c.typed(key, store.Stream)
		if !ok {
			return false
		}
		if o.grouped && (e == nil || e.LiveStream().Group(o.group) == nil) {
			c.err(noGroup(key, o.group) + " in XREADGROUP with GROUP option")
			return false
		}
		p, ok := c.readPoint(o, at, e)
		if !ok {
			return false
		}
		o.from = append(o.from, p)
	}
	return true
}

// readPoint reads the ID at args[i], for the stream that e has.
func (c *Call) readPoint(o *readOptions, i int, e *store.Entry) (p readPoint, ok bool) {
	switch {
	case isWord(c.args[i], '$') && o.grouped:
		c.err("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.")
		return p, false
	case isWord(c.args[i], '$'):
		if e != nil {
			p.id = e.LiveStream().LastID
		}
		return p, true
	case isWord(c.args[i], '>') && !o.grouped:
		c.err("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
		return p, false
	case isWord(c.args[i], '>'):
		return p, true
	}
	p.id, ok = c.streamID(i)
	p.history = p.id != stream.MaxID // which stands for > in Redis
	return p, ok
}
