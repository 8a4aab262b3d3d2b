package server

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"treedis/repl"
	"treedis/server/config"
)

// Bounded staleness: a replica refuses reads when its data is older than replica-max-lag-ms, or than the client's own limit,
// allows. How old it is, it knows by the stamps that its master puts into the stream for it; see repl/stamp.go.

// staleness is the server's part of it. Safe for concurrent use.
type staleness struct {
	least    atomic.Int64 // of the limits that clients have of their own, in ms; 0 if none has one
	stamping atomic.Bool  // a goroutine stamps the stream
}

// noMaxLag says that a client has no limit of its own.
const noMaxLag = -1

// Stamps are asked for so often that what they leave unknown is a quarter of the limit.
const (
	stampsPerLimit = 4
	minStampPeriod = 10 * time.Millisecond
)

// staleText is the error for a read of data that is too old for the client, "" if it is not. It needs the lock, at least shared.
func (s *Server) staleText(c *Client) string {
	limit := c.maxLag
	if limit == noMaxLag {
		limit = config.ReplicaMaxLag.Get(s.cfg)
	}
	if limit == 0 || c.isScript { // whose EVAL was let through
		return ""
	}
	age, known := s.role.link.Age()
	switch {
	case !known:
		return fmt.Sprintf("STALE It is not known how old this replica's data is, at most %d ms are allowed", limit)
	case age.Milliseconds() <= limit:
		return ""
	}
	return fmt.Sprintf("STALE This replica's data is %d ms old, at most %d ms are allowed", age.Milliseconds(), limit)
}

func cmdClientMaxLag(c *Call) {
	limit, ok := c.intRange(2, 0, 1<<40, "ERR CLIENT MAXLAG takes a number of milliseconds")
	if !ok {
		return
	}
	c.srv.setMaxLag(c.c, limit)
	c.out.OK()
}

// setMaxLag gives a client a limit of its own, or noMaxLag. It needs the exclusive lock.
func (s *Server) setMaxLag(c *Client, limit int64) {
	if c.maxLag == limit {
		return
	}
	c.maxLag = limit
	least := int64(0)
	for _, other := range s.clients {
		if other.maxLag > 0 && (least == 0 || other.maxLag < least) {
			least = other.maxLag
		}
	}
	s.staleness.least.Store(least)
	s.askForStamps()
}

// stampsWanted is how often the master is to stamp the stream: for this server, or for its replicas.
func (s *Server) stampsWanted() time.Duration {
	period := s.master.StampPeriod()
	for _, limit := range []int64{config.ReplicaMaxLag.Get(s.cfg), s.staleness.least.Load()} {
		if limit == 0 {
			continue
		}
		p := max(time.Duration(limit)*time.Millisecond/stampsPerLimit, minStampPeriod)
		if period == 0 || p < period {
			period = p
		}
	}
	return period
}

// askForStamps makes the link to the master anew if that is to stamp the stream more often: as it is made the wish is told.
func (s *Server) askForStamps() {
	link := s.role.link
	wanted, asked := s.stampsWanted(), link.AskedStamps()
	if link.Up() && wanted > 0 && (asked == 0 || wanted < asked) {
		link.Disconnect()
	}
}

// applyMaxLag follows a change of the directive.
func (s *Server) applyMaxLag() error {
	s.askForStamps()
	return nil
}

// stampCron sees to it that the stream is stamped while somebody wants that.
func (s *Server) stampCron(ctx context.Context) {
	s.master.Sample()
	if s.role.isReplica() {
		s.askForStamps()
	} else if s.master.StampPeriod() > 0 && s.staleness.stamping.CompareAndSwap(false, true) {
		s.wg.Go(func() {
			defer s.staleness.stamping.Store(false)
			s.stampStream(ctx)
		})
	}
}

// stampStream stamps the stream for as long as a replica wants it.
func (s *Server) stampStream(ctx context.Context) {
	for {
		s.lock.lock()
		if !s.streamHeld() {
			s.log.AppendStamp(s.opts.Now())
		}
		s.lock.unlock()
		s.kickAOF()
		period := s.master.StampPeriod()
		if period == 0 || s.role.isReplica() {
			return
		}
		select {
		case <-time.After(period):
		case <-ctx.Done():
			return
		}
	}
}

// infoAge writes how old a replica's data is.
func (s *Server) infoAge(w *infoWriter, st repl.LinkStatus) {
	age, known := s.role.link.Age()
	ms, source := age.Milliseconds(), "arrival"
	switch {
	case !known:
		ms, source = -1, "none"
	case s.role.link.Stamped():
		source = "stamps"
	}
	w.int("replica_lag_bytes", max(0, st.ReadOffset-st.Offset))
	w.int("replica_lag_ms", ms)
	w.str("replica_lag_source", source)
}

// infoReplicaAge writes how old the data of one's n-th replica is.
func (s *Server) infoReplicaAge(w *infoWriter, n int, r repl.ReplicaStatus) {
	if r.State != repl.Online {
		return
	}
	w.text("lag_slave", strconv.Itoa(n), ":bytes=", strconv.FormatInt(max(0, s.log.DataEnd()-r.AckOffset), 10),
		",ms=", strconv.FormatInt(r.Age.Milliseconds(), 10))
}
