package server

import (
	"treedis/store"
	"treedis/store/stream"
)

// xinfoKey returns the stream that XINFO is asked about, or replies that there is none.
func (c *Call) xinfoKey() *stream.Live {
	e := c.lookup(c.args[2])
	if e == nil {
		c.err(errNoSuchKey)
		return nil
	}
	if !c.checkType(e, store.Stream) {
		return nil
	}
	return e.LiveStream()
}

// fieldID, fieldInt and fieldName reply with a field of a map and its value.
func (c *Call) fieldID(name string, id stream.ID) {
	c.out.BulkString(name)
	c.streamIDReply(id)
}

func (c *Call) fieldInt(name string, n int64) {
	c.out.BulkString(name)
	c.out.Int(n)
}

func (c *Call) fieldName(name, value string) {
	c.out.BulkString(name)
	c.out.BulkString(value)
}

// fieldProgress replies with how many entries a group has read and how many it has not, as far as that is known.
func (c *Call) fieldProgress(s *stream.Live, g *stream.LiveGroup) {
	c.out.BulkString("entries-read")
	c.intOrNull(g.EntriesRead, g.EntriesRead != stream.UnknownEntriesRead)
	c.out.BulkString("lag")
	c.intOrNull(s.Lag(g))
}

func (c *Call) intOrNull(n int64, known bool) {
	if known {
		c.out.Int(n)
	} else {
		c.out.Null()
	}
}

func cmdXInfoConsumers(c *Call) {
	s := c.xinfoKey()
	if s == nil {
		return
	}
	g := s.Group(c.args[3])
	if g == nil {
		c.err(noGroupFor(c.args[3], c.args[2]))
		return
	}
	c.out.Array(g.NumConsumers())
	for cons := range g.Consumers() {
		inactive := cons.ActiveTime
		if inactive != -1 {
			inactive = c.now - inactive
		}
		c.out.Map(4)
		c.fieldName("name", cons.Name())
		c.fieldInt("pending", int64(cons.NumPending()))
		c.fieldInt("idle", max(c.now-cons.SeenTime, 0))
		c.fieldInt("inactive", inactive)
	}
}

func cmdXInfoGroups(c *Call) {
	s := c.xinfoKey()
	if s == nil {
		return
	}
	c.out.Array(s.NumGroups())
	for g := range s.Groups() {
		c.out.Map(6)
		c.fieldName("name", g.Name())
		c.fieldInt("consumers", int64(g.NumConsumers()))
		c.fieldInt("pending", int64(g.NumPending()))
		c.fieldID("last-delivered-id", g.LastID)
		c.fieldProgress(s, g)
	}
}

func cmdXInfoStream(c *Call) {
	s := c.xinfoKey()
	if s == nil {
		return
	}
	full, count := len(c.args) > 3, int64(10)
	switch len(c.args) {
	case 3:
	case 4, 6:
		if !c.is(3, "full") || len(c.args) == 6 && !c.is(4, "count") {
			c.wrongSubcommand()
			return
		}
	default:
		c.wrongSubcommand()
		return
	}
	if len(c.args) == 6 {
		n, ok := c.int(5, "")
		if !ok {
			return
		}
		if n >= 0 {
			count = n
		}
	}
	fields := 10
	if full {
		fields = 9
	}
	c.out.Map(fields)
	c.fieldInt("length", int64(s.Length))
	c.fieldInt("radix-tree-keys", int64(s.Nodes()))
	c.fieldInt("radix-tree-nodes", int64(s.RadixNodes()))
	c.fieldID("last-generated-id", s.LastID)
	c.fieldID("max-deleted-entry-id", s.MaxDeletedID)
	c.fieldInt("entries-added", int64(s.EntriesAdded))
	c.fieldID("recorded-first-entry-id", s.FirstID)
	if full {
		c.fullStream(s, count)
		return
	}
	c.fieldInt("groups", int64(s.NumGroups()))
	c.out.BulkString("first-entry")
	c.edgeEntry(s, false)
	c.out.BulkString("last-entry")
	c.edgeEntry(s, true)
}

// edgeEntry replies with the first or the last entry, or null.
func (c *Call) edgeEntry(s *stream.Live, last bool) {
	r := s.Range(stream.ID{}, stream.MaxID, last)
	if r.Next() {
		c.streamEntry(&r)
	} else {
		c.out.Null()
	}
}

// fullStream replies with the entries, groups, consumers and what is pending, at most count of each unless that is 0.
func (c *Call) fullStream(s *stream.Live, count int64) {
	c.out.BulkString("entries")
	r := s.Range(stream.ID{}, stream.MaxID, false)
	c.streamEntries(&r, count)
	c.out.BulkString("groups")
	c.out.Array(s.NumGroups())
	for g := range s.Groups() {
		c.fullGroup(s, g, count)
	}
}

func (c *Call) fullGroup(s *stream.Live, g *stream.LiveGroup, count int64) {
	c.out.Map(7)
	c.fieldName("name", g.Name())
	c.fieldID("last-delivered-id", g.LastID)
	c.fieldProgress(s, g)
	c.fieldInt("pel-count", int64(g.NumPending()))
	c.out.BulkString("pending")
	n := atMost(count, g.NumPending())
	c.out.Array(n)
	cur := g.PendingFrom(stream.ID{})
	for range n {
		d := cur.Item()
		c.out.Array(4)
		c.streamIDReply(d.ID)
		c.out.BulkString(d.Consumer)
		c.out.Int(d.Time)
		c.out.Int(int64(d.Count))
		cur.Next()
	}
	c.out.BulkString("consumers")
	c.out.Array(g.NumConsumers())
	for cons := range g.Consumers() {
		c.fullConsumer(g, cons, count)
	}
}

func (c *Call) fullConsumer(g *stream.LiveGroup, cons *stream.LiveConsumer, count int64) {
	c.out.Map(5)
	c.fieldName("name", cons.Name())
	c.fieldInt("seen-time", cons.SeenTime)
	c.fieldInt("active-time", cons.ActiveTime)
	c.fieldInt("pel-count", int64(cons.NumPending()))
	c.out.BulkString("pending")
	n := atMost(count, cons.NumPending())
	c.out.Array(n)
	cur := cons.PendingFrom(stream.ID{})
	for range n {
		d, _ := g.Pending(cur.Item())
		c.out.Array(3)
		c.streamIDReply(d.ID)
		c.out.Int(d.Time)
		c.out.Int(int64(d.Count))
		cur.Next()
	}
}

// atMost returns n, or count if that is less and not 0.
func atMost(count int64, n int) int {
	if count == 0 {
		return n
	}
	return int(min(count, int64(n)))
}
