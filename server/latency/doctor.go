package latency

import (
	"fmt"
	"slices"
	"strings"
)

// The events of a server. Its commands' are told apart by whether they are documented as fast.
const (
	Command     = "command"
	FastCommand = "fast-command"
	ExpireCycle = "expire-cycle"
	AOFWrite    = "aof-write"               // any of the three below
	AOFAlone    = "aof-write-alone"         // nothing else was known to use the disk
	AOFPending  = "aof-write-pending-fsync" // while an fsync was in progress
	AOFSaving   = "aof-write-active-child"  // while a snapshot or a base was being written
	AOFSync     = "aof-fsync-always"        // replies waited for it
	EvictCycle  = "eviction-cycle"
)

// Settings are what the advice depends on.
type Settings struct {
	Threshold  int64 // ms from which on events are noted, 0 for none
	SlowMicros int64 // from which on the slow log takes commands, negative for never
	HZ         int64
}

// advice is a piece of it, by what it is about.
type advice int

const (
	adviseSlowlogOn advice = iota
	adviseSlowlogLower
	adviseSlowlogRead
	adviseBigValues
	adviseMachine
	adviseDisk
	advisePendingSync
	adviseSaving
	adviseSyncPolicy
	adviseHZ
	adviseEviction
)

// Report says in sentences what is known of events, and what might help. now is in unix seconds.
func Report(events []Event, o Settings, now int64) string {
	if len(events) == 0 {
		if o.Threshold == 0 {
			return "Latency monitoring is off, and nothing is known of the past. " +
				"\"CONFIG SET latency-monitor-threshold <milliseconds>\" turns it on.\n"
		}
		return fmt.Sprintf("Nothing has taken %d milliseconds or more since the monitor was turned on or reset.\n", o.Threshold)
	}
	var b strings.Builder
	b.WriteString("These events held the server up:\n\n")
	var found []advice
	for i := range events {
		e := &events[i]
		n, mean, deviation, period := e.figures(now)
		fmt.Fprintf(&b, "%d. %s: %d latency spikes (average %dms, mean deviation %dms, period %.2f sec). Worst all time event %dms.\n",
			i+1, e.Name, n, mean, deviation, period, e.Worst)
		found = append(found, o.advise(e.Name)...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) == 0 {
		b.WriteString("\nThere is no simple advice for these.\n")
		return b.String()
	}
	b.WriteString("\nWhat may help:\n\n")
	for _, a := range found {
		b.WriteString("- " + o.text(a) + "\n")
	}
	return b.String()
}

// figures describes an event's samples: how many there are, their mean and mean absolute deviation in ms, and the mean time between
// two of them in seconds.
func (e *Event) figures(now int64) (n int, mean, deviation int64, period float64) {
	n = len(e.Samples)
	for _, s := range e.Samples {
		mean += s.Millis
	}
	mean /= int64(n)
	for _, s := range e.Samples {
		deviation += max(s.Millis-mean, mean-s.Millis)
	}
	deviation /= int64(n)
	return n, mean, deviation, float64(max(now-e.Samples[0].Time, 1)) / float64(n)
}

func (o Settings) advise(event string) []advice {
	switch event {
	case Command:
		about := []advice{adviseSlowlogRead, adviseBigValues}
		switch {
		case o.SlowMicros < 0:
			about = append(about, adviseSlowlogOn)
		case o.SlowMicros/1000 > o.Threshold:
			about = append(about, adviseSlowlogLower)
		}
		return about
	case FastCommand:
		return []advice{adviseMachine}
	case AOFAlone:
		return []advice{adviseDisk}
	case AOFPending:
		return []advice{adviseDisk, advisePendingSync}
	case AOFSaving:
		return []advice{adviseDisk, adviseSaving}
	case AOFSync:
		return []advice{adviseDisk, adviseSyncPolicy}
	case ExpireCycle:
		if o.HZ < 100 {
			return []advice{adviseHZ}
		}
	case EvictCycle:
		return []advice{adviseEviction}
	}
	return nil
}

func (o Settings) text(a advice) string {
	slow := fmt.Sprintf("\"CONFIG SET slowlog-log-slower-than %d\"", o.Threshold*1000)
	switch a {
	case adviseSlowlogOn:
		return "The slow log is off. " + slow + " makes it take the commands that the monitor counts."
	case adviseSlowlogLower:
		return "The slow log leaves out commands that the monitor counts. " + slow + " makes it take them too."
	case adviseSlowlogRead:
		return "SLOWLOG GET shows which commands take so long."
	case adviseBigValues:
		return "Commands that go through a whole large value, or through many keys, take as long as there is to go through: " +
			"smaller values, ranges or the SCAN family hold up the others less."
	case adviseMachine:
		return "Commands that do next to nothing took long, so the server was not given the processor. Look for other work on the machine, " +
			"noisy neighbours of a virtual one, swapping, a CPU quota, and GOGC or GOMEMLIMIT in the environment; " +
			"'redis-cli --intrinsic-latency 100' measures the machine without the server."
	case adviseDisk:
		return "The append-only file's disk is slow at times. A local SSD, and no other heavy writers on it, are what helps most."
	case advisePendingSync:
		return "Writes to the append-only file wait for its fsync: the file system lets no one write to a file that is being flushed."
	case adviseSaving:
		return "The append-only file is slow while a snapshot or a rewrite is written. If losing more in a crash of the machine is acceptable, " +
			"'no-appendfsync-on-rewrite yes' leaves out fsync meanwhile."
	case adviseSyncPolicy:
		return "Under 'appendfsync always' each reply to a write waits for the disk. 'everysec' does not wait, and may lose a second."
	case adviseHZ:
		return "Many keys expire at once. A higher 'hz', 100 say, does the same work in smaller portions."
	case adviseEviction:
		return "Much memory had to be made free at once. Lowering maxmemory step by step, and smaller values, spread that out."
	}
	return ""
}
