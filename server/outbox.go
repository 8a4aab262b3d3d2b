package server

import (
	"sync"
	"sync/atomic"

	"treedis/server/pubsub"
)

// topic is a channel or pattern that clients listen to.
type topic = pubsub.Topic[*Client]

// subscriptions are what one client listens to.
type subscriptions = pubsub.Subscriber[*Client]

// outboxes hold what goes to clients without being a reply to them, until the loop of each comes to it: one outbox per
// loop, so that a message to many is encoded once and costs one wake-up a loop.
//
// All that goes through them reaches every client in the same order, that of the lock below. It is a leaf, taken with the
// keyspace lock held at least shared.
type outboxes struct {
	mu    sync.Mutex
	boxes []outbox // by loop
}

type outbox struct {
	mail  []parcel // guarded by outboxes.mu, as all up to waiting
	bytes []byte   // the encoded messages
	woken bool     // the loop has been told, and has not come to it yet

	waiting atomic.Bool // mail is not empty
	deliver func()      // what is posted to the loop

	// The loop's own: the memory of what it took last.
	spareMail  []parcel
	spareBytes []byte
}

// parcel is a message, outbox.bytes[from:upto], and whom it is for.
type parcel struct {
	topic      *topic  // its subscribers on this loop
	client     *Client // or one client, if topic is nil
	kind       parcelKind
	from, upto int
}

// parcelKind is what a parcel holds.
type parcelKind uint8

const (
	encodedMessage    parcelKind = iota // a message as it is
	invalidation                        // the value of an invalidation for a client that tracks
	redirected                          // one for a client to whom another redirects
	brokenRedirection                   // nothing: the client redirects to one that has gone
	servedFrom                          // nothing: what follows was caused by the client's own waiting command
	servedUpTo                          // nothing: that was all of it
)

// put adds a parcel whose message, the bytes from from on, the box has just been given. It reports whether the loop has to
// be woken, and needs the outboxes' lock.
func (b *outbox) put(p parcel, from int) (wake bool) {
	p.from, p.upto = from, len(b.bytes)
	b.mail = append(b.mail, p)
	b.waiting.Store(true)
	wake = !b.woken
	b.woken = true
	return wake
}

// newOutboxes returns an outbox for each loop.
func (s *Server) newOutboxes(loops int) outboxes {
	boxes := make([]outbox, max(loops, 1))
	for i := range boxes {
		boxes[i].deliver = func() { s.deliverOn(i) }
	}
	return outboxes{boxes: boxes}
}

// deliverOn appends what waits in a loop's outbox to the output of its clients. It is posted to the loop.
func (s *Server) deliverOn(loop int) {
	s.lock.rlock(loop)
	defer s.lock.runlock(loop)
	s.out.mu.Lock()
	s.out.boxes[loop].woken = false
	s.out.mu.Unlock()
	s.deliver(loop)
}

// deliver is deliverOn for code that runs on the loop and holds the lock.
func (s *Server) deliver(loop int) {
	box := &s.out.boxes[loop]
	if !box.waiting.Load() {
		return
	}
	s.out.mu.Lock()
	mail, bytes := box.mail, box.bytes
	box.mail, box.bytes = box.spareMail, box.spareBytes
	box.waiting.Store(false)
	s.out.mu.Unlock()
	for i := range mail {
		p := &mail[i]
		message := bytes[p.from:p.upto]
		switch {
		case p.topic != nil:
		case p.kind == encodedMessage:
			s.push(p.client, p.kind, message)
			continue
		case p.kind == servedFrom, p.kind == servedUpTo:
			p.client.held = p.kind == servedFrom
			continue
		default:
			s.pushInvalidation(p.client, p.kind, message)
			continue
		}
		for _, sub := range p.topic.At(loop) {
			s.push(sub.Owner, p.kind, message)
		}
	}
	clear(mail)
	box.spareMail, box.spareBytes = mail[:0], trim(bytes)
	if cap(mail) > 1<<12 {
		box.spareMail = nil
	}
}

// deliverTo is deliver before a command of a client whom messages may be for: what was sent before the command comes
// before its reply.
func (s *Server) deliverTo(c *Client) {
	if s.out.boxes[c.loop].waiting.Load() && c.receives() {
		s.deliver(c.loop)
	}
}

// receives reports whether others may send the client something.
func (c *Client) receives() bool {
	return c.conn != nil && (c.monitors || c.tracking.on || c.redirectedTo || c.subs.Total() > 0)
}

// releasePushes sends what came during a transaction, or was caused by a command that waited, whose reply is complete.
func (c *Client) releasePushes() {
	for _, p := range c.pushes {
		c.out.RawBytes(p.bytes)
		c.showsPush(p.kind, len(p.bytes))
	}
	c.pushes = nil
}

// showsPush notes that the last n bytes of output are a message. Invalidations show no data, so that replicas need not confirm
// anything for them; and they must not be dropped, or the client would go on with what it has in its cache.
func (c *Client) showsPush(kind parcelKind, n int) {
	if term := c.srv.sync.term; term != nil && kind == encodedMessage {
		c.shows(term, n, true)
	}
}

// push appends a message to the output of a client of this loop. The message is encoded for RESP2, from which RESP3's differs
// in the first byte alone. A client in the middle of a transaction gets it after the transaction's reply, and one whose waiting command
// caused it after the reply to that.
func (s *Server) push(c *Client, kind parcelKind, message []byte) {
	if c.conn == nil || c.closing.Load() || !c.conn.Lend() {
		return
	}
	if c.multi.executing || c.held {
		c.pushes = append(c.pushes, laterPush{kind, appendPush(nil, message, c.out.Protocol())})
		return
	}
	c.out.Buf = appendPush(c.out.Buf, message, c.out.Protocol())
	c.showsPush(kind, len(message))
	s.checkOutput(c)
}

// laterPush is a message that follows a reply.
type laterPush struct {
	kind  parcelKind
	bytes []byte
}

func appendPush(dst, message []byte, protocol int) []byte {
	at := len(dst)
	dst = append(dst, message...)
	if protocol >= 3 && dst[at] == '*' {
		dst[at] = '>'
	}
	return dst
}

// wakeLoops tells loops that there is mail. It is called without the outboxes' lock, which they need at once.
func (s *Server) wakeLoops(loops []int) {
	for _, i := range loops {
		s.net.Loops()[i].Post(s.out.boxes[i].deliver)
	}
}

// sendParcel sends bytes of some kind to one client.
func (s *Server) sendParcel(c *Client, kind parcelKind, b []byte) {
	s.out.mu.Lock()
	box := &s.out.boxes[c.loop]
	from := len(box.bytes)
	box.bytes = append(box.bytes, b...)
	wake := box.put(parcel{client: c, kind: kind}, from)
	s.out.mu.Unlock()
	if wake {
		s.net.Loops()[c.loop].Post(box.deliver)
	}
}

// sendEach sends one message to several clients, encoded for RESP2.
func (s *Server) sendEach(clients []*Client, message []byte) {
	var list [16]int
	wake := list[:0]
	s.out.mu.Lock()
	for i := range s.out.boxes {
		box, from := &s.out.boxes[i], -1
		for _, c := range clients {
			if c.loop != i {
				continue
			}
			if from < 0 {
				from = len(box.bytes)
				box.bytes = append(box.bytes, message...)
			}
			if box.put(parcel{client: c}, from) {
				wake = append(wake, i)
			}
		}
	}
	s.out.mu.Unlock()
	s.wakeLoops(wake)
}
