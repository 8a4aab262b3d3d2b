package repl

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How old a replica's data is.
//
// A replica that wants to know asks its master, as it introduces itself, to stamp the stream: REPLCONF stamps <every ms>. The
// master answers with its clock, "+OK <unix ms>", and from then on appends PING treedis:stamp:<unix ms> to the stream: a
// command that every server since Redis 3.0 takes for a ping, passes on to its own replicas and keeps out of its data. A
// replica that has applied a stamp has all that its master had then. It compares the clocks by that first answer, and
// takes the time that the question took for the master's: so it may think its data older than it is, by a round trip, and
// never younger.
//
// From a master that does not stamp, a replica knows when it received what it has applied, and not how long that was on its
// way. It is then as old as the last sign of life.

const stampPrefix = "treedis:stamp:"

// AppendStamp appends a stamp, which takes the place of a ping. Needs the keyspace lock.
func (l *Log) AppendStamp(now time.Time) int64 {
	return l.AppendQuiet(appendCommand(nil, "PING", stampPrefix+strconv.FormatInt(now.UnixMilli(), 10)))
}

// parseStamp returns the time of a stamp, false for any other command.
func parseStamp(args [][]byte) (unixMilli int64, ok bool) {
	if len(args) != 2 || len(args[0]) != 4 || !bytes.HasPrefix(args[1], []byte(stampPrefix)) || !equalFold(args[0], "ping") {
		return 0, false
	}
	n, err := strconv.ParseInt(string(args[1][len(stampPrefix):]), 10, 64)
	return n, err == nil
}

// StampPeriod is the shortest period that a replica has asked for stamps in, 0 if none has. Needs no lock.
func (m *Master) StampPeriod() time.Duration { return time.Duration(m.stamps.Load()) }

// stampsWantedLocked finds what StampPeriod returns.
func (m *Master) stampsWantedLocked() int64 {
	period := time.Duration(0)
	for _, r := range m.replicas {
		if p := r.info.Stamps; p > 0 && (period == 0 || p < period) {
			period = p
		}
	}
	return int64(period)
}

// sample is where the log ended at a time.
type sample struct {
	offset int64
	at     time.Time
}

// maxSamples bounds the past in which a master looks for how old a replica's data is: a minute, at ten samples a second.
const maxSamples = 600

// Sample notes where the log ends now. The server calls it several times a second, without any lock.
func (m *Master) Sample() {
	if m.Count() == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.samples) == maxSamples {
		m.samples = append(m.samples[:0], m.samples[1:]...)
	}
	m.samples = append(m.samples, sample{m.log.DataEnd(), m.now()})
}

// ageLocked is how old the data is of which offset is acknowledged: at most, but for what is older than the samples.
func (m *Master) ageLocked(offset int64, now time.Time) time.Duration {
	if offset >= m.log.DataEnd() || len(m.samples) == 0 {
		return 0
	}
	i, _ := slices.BinarySearchFunc(m.samples, offset+1, func(s sample, at int64) int {
		return int(min(max(s.offset-at, -1), 1))
	})
	return now.Sub(m.samples[max(i-1, 0)].at)
}

// stampsStep asks a master for stamps.
func stampsStep(period time.Duration) []string {
	return []string{"REPLCONF", "stamps", strconv.FormatInt(max(period.Milliseconds(), 1), 10)}
}

// tune takes in a master's answer to the request for stamps, which was sent at a time of this server's clock.
func (l *Link) tune(line string, sent time.Time) {
	_, ms, ok := strings.Cut(line, " ")
	if n, err := strconv.ParseInt(ms, 10, 64); ok && err == nil {
		l.ahead.Store(int64(time.UnixMilli(n).Sub(sent)))
		l.stamped.Store(true)
	}
}

// MasterClock is the time of the clock that stamps this server's stream, as far as it knows: this server's own if there is
// none, or none that stamps.
func (l *Link) MasterClock() time.Time {
	now := l.o.Now()
	if l.Up() && l.stamped.Load() {
		now = now.Add(time.Duration(l.ahead.Load()))
	}
	return now
}

// fresh notes that the data is as the master's was at a time of this server's clock.
func (l *Link) fresh(at int64) { l.freshAt.Store(max(at, l.freshAt.Load())) }

// Age is how old the data is at most, compared with the master's, and false if that is not known.
func (l *Link) Age() (time.Duration, bool) {
	at := l.freshAt.Load()
	if at == 0 {
		return 0, false
	}
	return max(0, time.Duration(l.o.Now().UnixNano()-at)), true
}

// Stamped reports whether the master stamps the stream, so that Age tells of its clock and not of signs of life.
func (l *Link) Stamped() bool { return l.stamped.Load() }

// AskedStamps is the period in which stamps were asked for when the link was made, 0 for none.
func (l *Link) AskedStamps() time.Duration { return time.Duration(l.askedStamps.Load()) }
