package server

import (
	"treedis/store"
	"treedis/store/stream"
)

// pendingFilter is what XPENDING lists.
type pendingFilter struct {
	from, to stream.ID
	count    int64
	minIdle  int64 // ms, 0: any
	one      bool  // only those of the consumer
	consumer []byte
}

func cmdXPending(c *Call) {
	var f pendingFilter
	if len(c.args) > 3 && !c.pendingArguments(&f) {
		return
	}
	e, ok := c.typed(c.args[1], store.Stream)
	if !ok {
		return
	}
	var g *stream.LiveGroup
	if e != nil {
		g = e.LiveStream().Group(c.args[2])
	}
	switch {
	case g == nil:
		c.err(noGroup(c.args[1], c.args[2]))
	case len(c.args) == 3:
		c.pendingSummary(g)
	default:
		c.pendingList(g, &f)
	}
}

func (c *Call) pendingArguments(f *pendingFilter) (ok bool) {
	if len(c.args) < 6 || len(c.args) > 9 {
		c.err(errSyntax)
		return false
	}
	i := 3
	if c.is(i, "idle") {
		if f.minIdle, ok = c.int(i+1, ""); !ok {
			return false
		}
		if len(c.args) < 8 {
			c.err(errSyntax)
			return false
		}
		i += 2
	}
	if f.count, ok = c.int(i+2, ""); !ok {
		return false
	}
	if f.from, ok = c.streamStart(i); !ok {
		return false
	}
	if f.to, ok = c.streamEnd(i + 1); !ok {
		return false
	}
	if i+3 < len(c.args) {
		f.one, f.consumer = true, c.args[i+3]
	}
	return true
}

// pendingSummary replies with how much is pending, between which IDs, and for whom.
func (c *Call) pendingSummary(g *stream.LiveGroup) {
	c.out.Array(4)
	c.out.Int(int64(g.NumPending()))
	last, ok := g.LastPending()
	if !ok {
		c.out.Null()
		c.out.Null()
		c.out.NullArray()
		return
	}
	first := g.PendingFrom(stream.ID{})
	c.streamIDReply(first.Item().ID)
	c.streamIDReply(last.ID)
	mark, n := c.out.DeferArray(), 0
	for cons := range g.Consumers() {
		if cons.NumPending() == 0 {
			continue
		}
		n++
		c.out.Array(2)
		c.out.BulkString(cons.Name())
		c.out.BulkInt(int64(cons.NumPending()))
	}
	c.out.SetArrayLen(mark, n)
}

// pendingList replies with pending entries one by one.
func (c *Call) pendingList(g *stream.LiveGroup, f *pendingFilter) {
	mark, n := c.out.DeferArray(), 0
	show := func(d stream.Delivery) bool {
		if int64(n) >= f.count || f.to.Less(d.ID) {
			return false
		}
		idle := c.now - d.Time
		if f.minIdle != 0 && idle < f.minIdle {
			return true
		}
		n++
		c.out.Array(4)
		c.streamIDReply(d.ID)
		c.out.BulkString(d.Consumer)
		c.out.Int(max(idle, 0))
		c.out.Int(int64(d.Count))
		return true
	}
	if !f.one {
		for cur := g.PendingFrom(f.from); cur.Valid() && show(cur.Item()); {
			cur.Next()
		}
	} else if cons := g.Consumer(f.consumer); cons != nil {
		for cur := cons.PendingFrom(f.from); cur.Valid(); cur.Next() {
			if d, _ := g.Pending(cur.Item()); !show(d) {
				break
			}
		}
	}
	c.out.SetArrayLen(mark, n)
}
