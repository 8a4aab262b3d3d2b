package server

import (
	"slices"
	"sync/atomic"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/resp"
	"treedis/server/tracking"
)

// clientTracking is what CLIENT TRACKING chose for a client.
type clientTracking struct {
	on       bool
	bcast    bool // told of all keys with its prefixes, instead of those that it read
	optIn    bool // reads count after CLIENT CACHING YES only
	optOut   bool // reads count unless after CLIENT CACHING NO
	noLoop   bool // not told of what it changed itself
	caching  bool // CLIENT CACHING precedes the command that runs
	broken   bool // who it redirects to has gone; its own loop only, under the lock
	redirect int64
	prefixes []string // in order
}

// trackers is client-side caching. Nothing of it costs anything but a comparison while no client tracks.
type trackers struct {
	count    atomic.Int64 // clients that track; changed under the exclusive lock, which guards all but the table
	table    *tracking.Table
	prefixes *tracking.Prefixes

	current *Client  // whose command or transaction runs under the exclusive lock
	hold    bool     // current's own invalidations wait for its reply
	held    [][]byte // those, as values of the message
}

// trackingChannel is where RESP2 clients that others redirect to are told.
const trackingChannel = "__redis__:invalidate"

// stopTracking ends a client's tracking. What the table has of it is dropped when it is met.
func (s *Server) stopTracking(c *Client) {
	t := &c.tracking
	if !t.on {
		return
	}
	for _, prefix := range t.prefixes {
		s.trackers.prefixes.Remove(prefix, c.id)
	}
	*t = clientTracking{}
	c.countMemory()
	if s.trackers.count.Add(-1) == 0 {
		s.trackers.table.Clear()
	}
}

// rememberKeys notes the keys that a command has read, for the client on whose behalf it ran.
func (s *Server) rememberKeys(call *Call) {
	r, c := call.row, call.c
	if c.isScript {
		c = s.scripts.run.caller
	}
	t := &c.tracking
	if !t.on || t.bcast || t.optIn && !t.caching || t.optOut && t.caching ||
		!r.Flags.Has(command.ReadOnly) || r.Flags.Has(command.PubSub) || r.flagsOf != nil {
		return
	}
	var scratch [16]command.KeyRef
	for _, key := range r.AppendKeys(scratch[:0], call.args) {
		s.trackers.table.Remember(call.args[key.Pos], c.id)
	}
}

// limitTracking forgets keys that were read if there are more than tracking-table-max-keys, as if they had changed. It needs
// the lock, at least shared.
func (s *Server) limitTracking() {
	limit := config.TrackingTableMaxKeys.Get(s.cfg)
	if limit == 0 {
		return
	}
	for _, e := range s.trackers.table.Evict(int(min(limit, 1<<62))) {
		s.tellReaders([]byte(e.Key), e.IDs)
	}
}

// invalidate tells the clients that may have a key in their caches that it changed, those who asked for prefixes once
// the unit is over. It needs the exclusive lock.
func (s *Server) invalidate(key []byte) {
	t := &s.trackers
	if t.prefixes.Len() > 0 {
		by := int64(0)
		if t.current != nil {
			by = t.current.id
		}
		t.prefixes.Changed(key, by)
	}
	if ids := t.table.Take(key); ids != nil {
		s.tellReaders(key, ids)
	}
}

func (s *Server) tellReaders(key []byte, ids []int64) {
	var w resp.Writer
	w.Array(1)
	w.Bulk(key)
	for _, id := range ids {
		c := s.clients[id]
		if c == nil || !c.tracking.on || c.tracking.bcast || c.tracking.noLoop && c == s.trackers.current {
			continue
		}
		s.tellTracker(c, w.Buf)
	}
}

// invalidateAll tells all who track that nothing they have is valid any more. It needs the exclusive lock.
func (s *Server) invalidateAll() {
	s.trackers.table.Clear()
	if s.trackers.count.Load() == 0 {
		return
	}
	for _, c := range s.clients {
		if c.tracking.on {
			var w resp.Writer
			w.SetProtocol(c.out.Protocol())
			w.Null()
			s.tellTracker(c, w.Buf)
		}
	}
}

// broadcast tells those who asked for prefixes which keys have changed. It needs the exclusive lock.
func (s *Server) broadcast() {
	if !s.trackers.prefixes.Pending() {
		return
	}
	s.trackers.prefixes.Take(func(keys []string, by map[string]int64, clients []int64) {
		all := keysValue(keys)
		for _, id := range clients {
			c := s.clients[id]
			switch {
			case c == nil:
			case !c.tracking.noLoop:
				s.tellTracker(c, all)
			default:
				others := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return by[key] == id })
				if len(others) > 0 {
					s.tellTracker(c, keysValue(others))
				}
			}
		}
	})
}

// keysValue encodes an array of keys.
func keysValue(keys []string) []byte {
	var w resp.Writer
	w.Array(len(keys))
	for _, key := range keys {
		w.BulkString(key)
	}
	return w.Buf
}

// tellTracker sends an invalidation, whose value is encoded, to a client that tracks or to whom it redirects. It needs the
// lock, at least shared.
func (s *Server) tellTracker(c *Client, value []byte) {
	if c == s.trackers.current && s.trackers.hold && c.tracking.redirect == 0 {
		s.trackers.held = append(s.trackers.held, value)
		return
	}
	kind := invalidation
	if id := c.tracking.redirect; id != 0 {
		if to := s.clients[id]; to != nil {
			c, kind = to, redirected
		} else {
			kind = brokenRedirection
		}
	}
	s.sendParcel(c, kind, value)
}

// pushInvalidation appends an invalidation to the output of a client of this loop, in the form that it understands. A RESP2
// client understands none unless it is subscribed and another redirects to it.
func (s *Server) pushInvalidation(c *Client, kind parcelKind, value []byte) {
	var w resp.Writer
	switch {
	case kind == brokenRedirection:
		c.tracking.broken = true
		if c.out.Protocol() == 2 {
			return
		}
		w.Array(2)
		w.BulkString("tracking-redir-broken")
		w.Int(c.tracking.redirect)
	case c.out.Protocol() == 3:
		w.Array(2)
		w.BulkString("invalidate")
	case kind == redirected && c.subs.Total() > 0:
		w.Array(3)
		w.BulkString("message")
		w.BulkString(trackingChannel)
	default:
		return
	}
	if kind != brokenRedirection {
		w.RawBytes(value)
	}
	s.push(c, kind, w.Buf)
}

// endUnit sends what the unit left to be said of the keys that it changed.
func (s *Server) endUnit() {
	s.broadcast()
	s.trackers.current = nil
}

// trackingCron sees to the limit of the table where no command does.
func (s *Server) trackingCron() {
	if s.trackers.count.Load() > 0 {
		s.lock.lock()
		defer s.lock.unlock()
		s.limitTracking()
	}
}
