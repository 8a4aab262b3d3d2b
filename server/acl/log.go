package acl

import (
	"slices"
	"sync"
)

// groupWithin is how long apart, in ms, two refusals of the same kind may be to count as one entry; lookBack is how many entries
// are looked through for one.
const (
	groupWithin = 60_000
	lookBack    = 10
)

// Entry is something that was refused, once or several times.
type Entry struct {
	Count    int64
	Reason   Reason
	Context  string // toplevel, multi or lua
	Object   string // the command, key or channel
	User     string
	Client   string // the last client, as CLIENT LIST shows it
	ID       int64
	Created  int64 // unix ms
	Modified int64 // unix ms
}

func (e *Entry) like(o *Entry) bool {
	return e.Reason == o.Reason && e.Context == o.Context && e.Object == o.Object && e.User == o.User &&
		max(e.Modified-o.Modified, o.Modified-e.Modified) <= groupWithin
}

// Log is what was refused of late. Its zero value is empty.
type Log struct {
	mu      sync.Mutex
	entries []Entry // oldest first
	next    int64   // ID
}

// Add notes a refusal at a time in unix ms, of which e tells all but count, ID and times. It keeps limit entries at most.
func (l *Log) Add(e Entry, now, limit int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Count, e.Created, e.Modified = 1, now, now
	n := len(l.entries)
	for i := n - 1; i >= 0 && i >= n-lookBack; i-- {
		if old := l.entries[i]; old.like(&e) {
			e.Count, e.ID, e.Created = old.Count+1, old.ID, old.Created
			l.entries = append(slices.Delete(l.entries, i, i+1), e)
			return
		}
	}
	e.ID = l.next
	l.next++
	l.entries = append(l.entries, e)
	if over := int64(len(l.entries)) - limit; over > 0 {
		l.entries = slices.Delete(l.entries, 0, int(over))
	}
}

// Last returns the latest entries, at most n, the latest first.
func (l *Log) Last(n int64) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	have := int64(len(l.entries))
	list := slices.Clone(l.entries[have-max(min(n, have), 0):])
	slices.Reverse(list)
	return list
}

// Reset empties the log.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}
