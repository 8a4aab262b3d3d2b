package server

import (
	"math"
	"math/big"
	"slices"
	"time"

	"treedis/server/longdouble"
	"treedis/server/resp"
	"treedis/store"
)

// keyWait is a command that waits for one of its keys to hold something. Whoever waits for a key is served
// in the order of arrival, once the command or transaction that changed the key is over: the waiting
// command is executed again, as if it came now.
type keyWait struct {
	blocked *blockedCall
	row     *row
	args    [][]byte // copies
	db      int
	keys    []watchKey // each once
	want    keyWants
}

// keyWants is what a command waits for.
type keyWants struct {
	value store.Type // a key with a value of this type
	// orNone is set for commands that a key must not be taken away from: they are executed again, and fail, when it
	// is gone or something else.
	orNone bool
}

func (w keyWants) metBy(e *store.Entry) bool { return w.orNone || e != nil && e.Type() == w.value }

// keyWaits are the commands that wait for keys. Guarded by the exclusive lock.
type keyWaits struct {
	of      map[watchKey][]*keyWait // by key, first come first
	ready   []watchKey              // keys that changed and are waited for, each once
	serving bool
}

// blockOnKeys makes the client wait until one of the keys holds what it wants. The reply is a null array if that takes longer than
// timeout, 0 for ever, whatever the command; nothing replies where it may not block.
func (c *Call) blockOnKeys(keys [][]byte, want keyWants, timeout time.Duration, nothing func(*resp.Writer)) {
	if c.wait != nil {
		c.waitsOn = true // it was executed again in vain, and keeps its place
		return
	}
	if !c.mayBlock() {
		nothing(c.out)
		return
	}
	s := c.srv
	w := &keyWait{row: c.row, db: c.db.Index(), want: want}
	for _, key := range keys {
		k := watchKey{w.db, string(key)}
		if !slices.Contains(w.keys, k) {
			w.keys = append(w.keys, k)
			s.waits.of[k] = append(s.waits.of[k], w)
		}
	}
	w.blocked = c.block(timeout, func() { s.waits.remove(w) }, func(client *Client) { client.out.NullArray() })
	w.args = w.blocked.args
}

// remove takes a command out of all its keys' queues.
func (q *keyWaits) remove(w *keyWait) {
	for _, k := range w.keys {
		rest := slices.DeleteFunc(q.of[k], func(o *keyWait) bool { return o == w })
		if len(rest) == 0 {
			delete(q.of, k)
		} else {
			q.of[k] = rest
		}
	}
}

// count returns how many keys are waited for, and how many of them by a command that would be told if they went away.
func (q *keyWaits) count() (keys, orNone int64) {
	for _, waits := range q.of {
		if slices.ContainsFunc(waits, func(w *keyWait) bool { return w.want.orNone }) {
			orNone++
		}
	}
	return int64(len(q.of)), orNone
}

// signalReady notes that a key changed.
func (s *Server) signalReady(db *store.DB, key []byte) {
	q := &s.waits
	if len(q.of) == 0 || q.of[watchKey{db.Index(), string(key)}] == nil {
		return
	}
	if k := (watchKey{db.Index(), string(key)}); !slices.Contains(q.ready, k) {
		q.ready = append(q.ready, k)
	}
}

// signalReadyDB notes that all keys of a database may have changed.
func (s *Server) signalReadyDB(db *store.DB) {
	for k := range s.waits.of {
		if k.db == db.Index() {
			s.signalReady(db, []byte(k.key))
		}
	}
}

// serveWaits executes the commands that waited for what has changed, and those that they in turn make
// ready. It runs under the exclusive lock, between commands.
func (s *Server) serveWaits() {
	q := &s.waits
	if q.serving || len(q.ready) == 0 || s.loading.active() {
		return
	}
	q.serving = true
	defer func() { q.serving = false }()
	for len(q.ready) > 0 {
		ready := q.ready
		q.ready = nil
		for _, k := range ready {
			for _, w := range slices.Clone(q.of[k]) {
				s.serveWait(w, k)
			}
		}
	}
}

// serveWait executes a waiting command again, if the key holds what it waits for. The reply reaches its client
// by way of the client's loop.
func (s *Server) serveWait(w *keyWait, k watchKey) {
	client := w.blocked.c
	now := s.now()
	e, _ := s.store.DB(k.db).Lookup([]byte(k.key), now)
	if !w.want.metBy(e) || w.blocked.answered || client.closing.Load() {
		return
	}
	if text := s.forbidden(client, w.row, w.args, atTopLevel, client); text != "" { // rights may have changed
		s.waits.remove(w)
		w.blocked.rejected = true
		w.blocked.answerLocked(func(c *Client) {
			c.out.Error("NOPERM " + text)
			s.countErrorText(c.loop, "NOPERM")
		})
		return
	}
	var out resp.Writer
	out.SetProtocol(client.out.Protocol())
	call := &Call{
		srv: s, c: client, row: w.row, args: w.args, db: s.store.DB(w.db), out: &out, mode: exclusive,
		now: now, expireNow: now, wait: w,
	}
	t := &s.trackers
	t.current, t.hold = client, true
	began := s.mono()
	tells := client.receives()
	if tells {
		s.sendParcel(client, servedFrom, nil)
	}
	w.row.run(call)
	if tells {
		s.sendParcel(client, servedUpTo, nil)
	}
	w.blocked.took += s.mono() - began
	if t.count.Load() > 0 {
		s.rememberKeys(call)
	}
	if call.waitsOn {
		s.finishUnit(call) // it may have changed something all the same
		t.hold, t.held = false, nil
		return
	}
	s.waits.remove(w)
	w.blocked.failed = call.failed
	s.finishUnit(call)
	w.blocked.invalidated, t.hold, t.held = t.held, false, nil
	w.blocked.answerLocked(func(c *Client) { c.out.RawBytes(out.Buf) })
}

// timeoutSeconds parses args[i] as a timeout in seconds, with a fraction, 0 for none. Redis computes in long double and rounds
// up: what is a little below 0, -0.001 too, is 0 then.
func (c *Call) timeoutSeconds(i int) (time.Duration, bool) {
	if n, ok := resp.ParseInt(c.args[i]); ok && n >= 0 && n < 1<<32 {
		return longWait(n * 1000), true
	}
	seconds, ok := longdouble.Parse(c.args[i])
	if !ok {
		c.err("ERR timeout is not a float or out of range")
		return 0, false
	}
	ms, accuracy := seconds.Mul(seconds, big.NewFloat(1000)).Int64()
	if accuracy == big.Below && ms < math.MaxInt64 { // a fraction was cut off
		ms++
	}
	switch {
	case ms > math.MaxInt64-c.now:
		c.err("ERR timeout is out of range")
	case ms < 0:
		c.err("ERR timeout is negative")
	default:
		return longWait(ms), true
	}
	return 0, false
}

func cloneWords(words [][]byte) [][]byte {
	c := make([][]byte, len(words))
	for i, w := range words {
		c[i] = slices.Clone(w)
	}
	return c
}
