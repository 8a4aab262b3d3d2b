package server

import (
	"strings"
	"time"

	"treedis/server/acl"
	"treedis/server/command"
	"treedis/server/histogram"
)

// counter counts events. It is written by one loop under its slot of the keyspace lock, and read under
// the exclusive lock.
type counter int64

func (c *counter) add(n int64) { *c += counter(n) }

// stats are the counters behind INFO. Each loop counts for itself, so that no two cores write to one
// cache line; INFO adds them up under the exclusive lock.
type stats struct {
	loops []loopStats
	dirty int64 // changes since the last snapshot was saved; exclusive lock

	expiredKeys      int64 // exclusive lock, as all below
	evictedKeys      int64
	evictedClients   int64
	evictionTime     time.Duration // for how long more than maxmemory was in use, the current time not included
	lazyFreed        int64         // values: see freedLazily
	expiredStale     float64
	expiredTimeCap   int64
	expireTime       time.Duration // of active cycles
	connections      int64
	rejectedConns    int64
	unexpectedErrors int64
	cronRounds       int64
	cronTime         time.Duration
	rates            rates
	base             traffic // what the counters that go on read at the last reset
}

// loopStats are the counters of one loop.
type loopStats struct {
	commands       []commandStats // by Spec.ID
	errors         map[string]*counter
	keyspaceHits   counter
	keyspaceMisses counter
	errorReplies   counter
	refused        [acl.Channel + 1]counter // by acl.Reason; since the start
	executed       counter                  // commands
	longestBatch   counter                  // commands of one client in a row
	queryLimit     counter                  // clients closed for exceeding client-query-buffer-limit
	outputLimit    counter                  // clients closed for exceeding client-output-buffer-limit
	_              [64]byte
}

// commandStats are INFO's commandstats of one command.
type commandStats struct {
	calls, nanoseconds, rejected, failed counter
	latency                              *histogram.Histogram // nanoseconds; nil if none was recorded
}

// executed counts a call that took some nanoseconds.
func (c *commandStats) executed(ns int64, failed, tracked bool) {
	c.calls.add(1)
	c.nanoseconds.add(ns)
	if failed {
		c.failed.add(1)
	}
	if tracked {
		if c.latency == nil {
			c.latency = new(histogram.Histogram)
		}
		c.latency.Record(ns)
	}
}

func newStats(loops int, table *command.Table[row]) *stats {
	s := &stats{loops: make([]loopStats, max(loops, 1))}
	for i := range s.loops {
		s.loops[i] = newLoopStats(table)
	}
	return s
}

func newLoopStats(table *command.Table[row]) loopStats {
	return loopStats{commands: make([]commandStats, table.Len()), errors: map[string]*counter{}}
}

// of returns the counters of a loop.
func (s *stats) of(loop int) *loopStats { return &s.loops[loop%len(s.loops)] }

func (l *loopStats) command(r *row) *commandStats { return &l.commands[r.ID()] }

// maxErrorNames bounds errorstats: scripts may make up error codes without end.
const maxErrorNames = 128

// countErrorText counts an error reply by its code, the first word.
func (s *Server) countErrorText(loop int, text string) {
	st := s.stats.of(loop)
	st.errorReplies.add(1)
	code, _, _ := strings.Cut(strings.TrimPrefix(text, "-"), " ")
	n := st.errors[code]
	if n == nil {
		if len(st.errors) >= maxErrorNames {
			return
		}
		n = new(counter)
		st.errors[code] = n
	}
	n.add(1)
}

func (s *Server) countError(c *Call, text string) { s.countErrorText(c.c.loop, text) }

func (c *Call) stats() *loopStats { return c.c.counters }

// sum adds up one counter of all loops.
func (s *stats) sum(of func(*loopStats) counter) (n int64) {
	for i := range s.loops {
		n += int64(of(&s.loops[i]))
	}
	return n
}

// reset is CONFIG RESETSTAT. now is what the counters read that no one resets.
func (s *stats) reset(now traffic) {
	for i := range s.loops {
		l := &s.loops[i]
		clear(l.commands)
		clear(l.errors)
		l.keyspaceHits, l.keyspaceMisses, l.errorReplies = 0, 0, 0
		l.executed, l.longestBatch = 0, 0
		l.queryLimit, l.outputLimit = 0, 0
	}
	*s = stats{loops: s.loops, dirty: s.dirty, base: now}
}
