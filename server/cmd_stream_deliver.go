package server

import (
	"strconv"

	"treedis/store/stream"
)

// openGroup is a group that a command gives entries to a consumer of, and what stands in the log for that: a claim
// for each entry.
type openGroup struct {
	c         *Call
	key, name []byte
	s         *stream.Live
	g         *stream.LiveGroup
}

// see returns the consumer of that name, made if there is none, which was seen now.
func (o *openGroup) see(name []byte) (cons *stream.LiveConsumer, created bool) {
	if created = o.g.CreateConsumer(name, o.c.now); created {
		o.c.groupChanged("xgroup-createconsumer", o.key)
	}
	cons = o.g.OpenConsumer(name)
	cons.SeenTime = o.c.now
	return cons, created
}

// logClaim logs that an entry was given to a consumer: XCLAIM key group consumer 0 id TIME ms RETRYCOUNT n FORCE JUSTID
// LASTID id.
func (o *openGroup) logClaim(d stream.Delivery) {
	var id, last [41]byte
	var time, count [20]byte
	o.c.rewrite(wordXClaim, o.key, o.name, []byte(d.Consumer), wordZero, d.ID.Append(id[:0]),
		wordTime, appendInt(&time, d.Time), wordRetryCount, strconv.AppendUint(count[:0], d.Count, 10),
		wordForce, wordJustID, wordLastID, o.g.LastID.Append(last[:0]))
}

// logPosition logs how far the group has come.
func (o *openGroup) logPosition() {
	var last [41]byte
	var read [20]byte
	o.c.rewrite(wordXGroup, wordSetID, o.key, o.name, o.g.LastID.Append(last[:0]),
		wordEntriesRead, appendInt(&read, o.g.EntriesRead))
}

func cmdXReadGroup(c *Call) {
	c.noPropagate = true // the claims stand for it
	o, ok := c.readArguments(true)
	if !ok || !c.readPoints(&o) {
		return
	}
	mark, n := c.out.DeferMap(), 0
	for i := range o.n {
		key := c.args[o.first+i]
		if c.lookup(key) != nil && c.readGroup(&o, key, o.from[i]) {
			n++
		}
	}
	c.readEnd(&o, mark, n)
}

// readGroup replies with what there is for a consumer in one stream, and returns false if that is nothing.
func (c *Call) readGroup(o *readOptions, key []byte, from readPoint) bool {
	s := c.db.OpenStream(key)
	og := &openGroup{c, key, o.group, s, s.OpenGroup(o.group)}
	cons, created := og.see(o.consumer)
	if created && o.noAck {
		c.rewrite(wordXGroup, wordCreateConsumer, key, o.group, o.consumer)
	}
	if !from.history {
		if last, ok := s.LastLive(); !ok || !og.g.LastID.Less(last) {
			return false
		}
	}
	c.readKey(key)
	if from.history {
		og.replayTo(cons, from.id, o.count)
	} else {
		og.deliverTo(cons, o.count, o.noAck)
	}
	c.dirty++
	return true
}

// deliverTo replies with the entries behind the group's last, at most count unless that is 0. Unless noAck is set,
// they are pending then.
func (o *openGroup) deliverTo(cons *stream.LiveConsumer, count int64, noAck bool) {
	c := o.c
	start, _ := o.g.LastID.Next()
	r := o.s.Range(start, stream.MaxID, false)
	mark, n := c.out.DeferArray(), 0
	for (count == 0 || int64(n) < count) && r.Next() {
		o.s.Advance(o.g, r.ID())
		c.streamEntry(&r)
		n++
		if noAck {
			continue
		}
		d := stream.Delivery{ID: r.ID(), Time: c.now, Count: 1, Consumer: cons.Name()}
		o.g.SetPending(d)
		cons.ActiveTime = c.now
		o.logClaim(d)
	}
	if noAck && n > 0 {
		o.logPosition()
	}
	c.out.SetArrayLen(mark, n)
}

// replayTo replies with the consumer's pending entries behind the ID after, at most count unless that is 0. Each counts
// as delivered once more, which is not logged.
func (o *openGroup) replayTo(cons *stream.LiveConsumer, after stream.ID, count int64) {
	c := o.c
	start, _ := after.Next()
	mark, n := c.out.DeferArray(), 0
	for cur := cons.PendingFrom(start); cur.Valid() && (count == 0 || int64(n) < count); cur.Next() {
		id := cur.Item()
		n++
		if !c.streamEntryAt(o.s, id) {
			c.out.Array(2)
			c.streamIDReply(id)
			c.out.NullArray()
			continue
		}
		d, _ := o.g.Pending(id)
		d.Time = c.now
		d.Count++
		o.g.SetPending(d)
	}
	c.out.SetArrayLen(mark, n)
}
