package server

import (
	"treedis/server/resp"
	"treedis/store/stream"
)

// claimOptions are what XCLAIM and XAUTOCLAIM are told.
type claimOptions struct {
	minIdle int64
	justID  bool

	// XCLAIM only.
	ids        int   // index behind the last ID
	time       int64 // of the delivery, unix ms
	retryCount int64 // -1: to be counted
	force      bool
	last       stream.ID
}

// idle reports whether a delivery is as long ago as it has to be.
func (o *claimOptions) idle(d *stream.Delivery, now int64) bool {
	return o.minIdle == 0 || now-d.Time >= o.minIdle
}

// give makes an entry, which is pending for another or to be so, the consumer's, and replies with it.
func (o *openGroup) give(d stream.Delivery, cons *stream.LiveConsumer, justID bool) {
	d.Consumer = cons.Name()
	o.g.SetPending(d)
	if justID {
		o.c.streamIDReply(d.ID)
	} else {
		o.c.streamEntryAt(o.s, d.ID)
	}
	cons.ActiveTime = o.c.now
	o.logClaim(d)
	o.c.dirty++
}

// forget drops a pending entry that is not in the stream any more.
func (o *openGroup) forget(d stream.Delivery) {
	o.logClaim(d) // whoever follows finds out likewise
	o.c.dirty++
	o.g.Acknowledge(d.ID)
}

func cmdXClaim(c *Call) {
	s, g := c.groupForWriting()
	if g == nil {
		return
	}
	var o claimOptions
	if !c.claimArguments(&o) {
		return
	}
	c.noPropagate = true
	og := &openGroup{c, c.args[1], c.args[2], s, g}
	moved := g.LastID.Less(o.last)
	if moved {
		g.LastID = o.last
	}
	cons, _ := og.see(c.args[3])
	mark, n, dirty := c.out.DeferArray(), 0, c.dirty
	for i := 5; i < o.ids; i++ {
		id, _ := parseStreamID(c.args[i], 0, false)
		if og.claim(id.ID, &o, cons) {
			n++
		}
	}
	if moved && c.dirty == dirty { // otherwise the claims tell
		og.logPosition()
		c.dirty++
	}
	c.out.SetArrayLen(mark, n)
}

// claim gives an entry to the consumer if it may have it, and replies with it then.
func (o *openGroup) claim(id stream.ID, opts *claimOptions, cons *stream.LiveConsumer) bool {
	d, pending := o.g.Pending(id)
	switch {
	case !o.s.Has(id):
		if pending {
			o.forget(d)
		}
		return false
	case pending:
		if !opts.idle(&d, o.c.now) {
			return false
		}
	case opts.force:
		d = stream.Delivery{ID: id, Count: 1}
	default:
		return false
	}
	d.Time = opts.time
	if opts.retryCount >= 0 {
		d.Count = uint64(opts.retryCount)
	} else if !opts.justID {
		d.Count++
	}
	o.give(d, cons, opts.justID)
	return true
}

// claimArguments reads the arguments of XCLAIM behind the consumer.
func (c *Call) claimArguments(o *claimOptions) (ok bool) {
	if o.minIdle, ok = c.int(4, "ERR Invalid min-idle-time argument for XCLAIM"); !ok {
		return false
	}
	o.minIdle, o.time, o.retryCount = max(o.minIdle, 0), -1, -1
	for o.ids = 5; o.ids < len(c.args); o.ids++ {
		if _, ok := parseStreamID(c.args[o.ids], 0, false); !ok {
			break // what follows are options
		}
	}
	for i := o.ids; i < len(c.args); i++ {
		more := i+1 < len(c.args)
		ok = true
		switch {
		case c.is(i, "force"):
			o.force = true
		case c.is(i, "justid"):
			o.justID = true
		case c.is(i, "idle") && more:
			i++
			if o.time, ok = c.int(i, "ERR Invalid IDLE option argument for XCLAIM"); ok {
				o.time = c.now - o.time
			}
		case c.is(i, "time") && more:
			i++
			o.time, ok = c.int(i, "ERR Invalid TIME option argument for XCLAIM")
		case c.is(i, "retrycount") && more:
			i++
			o.retryCount, ok = c.int(i, "ERR Invalid RETRYCOUNT option argument for XCLAIM")
		case c.is(i, "lastid") && more:
			i++
			o.last, ok = c.streamID(i)
		default:
			c.err("ERR Unrecognized XCLAIM option '" + cString(c.args[i]) + "'")
			ok = false
		}
		if !ok {
			return false
		}
	}
	// A time that makes no sense may come of a clock that is not in step.
	if o.time < 0 || o.time > c.now {
		o.time = c.now
	}
	return true
}

// autoClaimAttempts is how many pending entries XAUTOCLAIM looks at for each that it may return.
const autoClaimAttempts = 10

func cmdXAutoClaim(c *Call) {
	var o claimOptions
	var ok bool
	if o.minIdle, ok = c.int(4, "ERR Invalid min-idle-time argument for XAUTOCLAIM"); !ok {
		return
	}
	o.minIdle = max(o.minIdle, 0)
	start, ok := c.streamStart(5)
	if !ok {
		return
	}
	count := int64(100)
	for i := 6; i < len(c.args); i++ {
		switch {
		case c.is(i, "count") && i+1 < len(c.args):
			i++
			if count, ok = c.intRange(i, 1, maxAutoClaim, "ERR COUNT must be > 0"); !ok {
				return
			}
		case c.is(i, "justid"):
			o.justID = true
		default:
			c.err(errSyntax)
			return
		}
	}
	s, g := c.groupForWriting()
	if g == nil {
		return
	}
	c.noPropagate = true
	og := &openGroup{c, c.args[1], c.args[2], s, g}
	og.autoClaim(c.args[3], start, count, &o)
}

// maxAutoClaim is the largest COUNT of XAUTOCLAIM.
const maxAutoClaim = (1<<63 - 1) / 16

// autoClaim gives the consumer pending entries from start on, and replies with them, with where to go on, and with those
// that were gone.
func (o *openGroup) autoClaim(consumer []byte, start stream.ID, count int64, opts *claimOptions) {
	c := o.c
	cons, _ := o.see(consumer)
	var claimed resp.Writer
	claimed.SetProtocol(c.out.Protocol())
	reply := c.out
	c.out = &claimed
	mark, n := claimed.DeferArray(), 0
	var gone []stream.ID
	cur := o.g.PendingFrom(start)
	for attempts := count * autoClaimAttempts; attempts > 0 && count > 0 && cur.Valid(); attempts-- {
		d := cur.Item()
		switch {
		case !o.s.Has(d.ID):
			o.forget(d)
			gone = append(gone, d.ID)
			count--
		case !opts.idle(&d, c.now):
			cur.Next()
			continue
		default:
			d.Time = c.now
			if !opts.justID {
				d.Count++
			}
			o.give(d, cons, opts.justID)
			n++
			count--
		}
		next, ok := d.ID.Next()
		if !ok {
			cur.Next()
			break
		}
		cur = o.g.PendingFrom(next) // the tree has changed
	}
	claimed.SetArrayLen(mark, n)
	c.out = reply
	c.out.Array(3)
	if cur.Valid() {
		c.streamIDReply(cur.Item().ID)
	} else {
		c.streamIDReply(stream.ID{})
	}
	c.out.RawBytes(claimed.Bytes())
	c.out.Array(len(gone))
	for _, id := range gone {
		c.streamIDReply(id)
	}
}
