// Package latency remembers what held a server up: for each kind of event the worst of each of the latest seconds in
// which it took long. It draws them, and says what could be done about them. What counts as long is the caller's business.
package latency

import (
	"maps"
	"slices"
	"sync"
)

// Samples is how many samples of an event are kept.
const Samples = 160

// Sample is the worst that happened within a second.
type Sample struct {
	Time   int64 // unix seconds
	Millis int64 // it took so long
}

// Event is what is known of a kind of event.
type Event struct {
	Name    string
	Samples []Sample // oldest first, at least one
	Worst   int64    // ms, of all times
}

// Latest is the last sample.
func (e *Event) Latest() Sample { return e.Samples[len(e.Samples)-1] }

// Monitor keeps the samples of all events. The zero Monitor is empty. It is safe for concurrent use.
type Monitor struct {
	mu     sync.Mutex
	events map[string]*Event
}

// Add notes that an event ended at a time, in unix seconds, after so many milliseconds.
func (m *Monitor) Add(name string, now, millis int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.events == nil {
		m.events = map[string]*Event{}
	}
	e := m.events[name]
	if e == nil {
		e = &Event{Name: name}
		m.events[name] = e
	}
	e.Worst = max(e.Worst, millis)
	if n := len(e.Samples); n > 0 && e.Samples[n-1].Time == now {
		last := &e.Samples[n-1]
		last.Millis = max(last.Millis, millis)
		return
	}
	if len(e.Samples) == Samples {
		e.Samples = slices.Delete(e.Samples, 0, 1)
	}
	e.Samples = append(e.Samples, Sample{now, millis})
}

// Events returns a copy of what is known, by name.
func (m *Monitor) Events() []Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Event, 0, len(m.events))
	for _, name := range slices.Sorted(maps.Keys(m.events)) {
		list = append(list, m.events[name].clone())
	}
	return list
}

// Event returns a copy of what is known of one kind, and whether anything is.
func (m *Monitor) Event(name string) (Event, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.events[name]
	if e == nil {
		return Event{}, false
	}
	return e.clone(), true
}

func (e *Event) clone() Event { return Event{e.Name, slices.Clone(e.Samples), e.Worst} }

// Reset forgets the events whose names fit, and returns how many there were.
func (m *Monitor) Reset(fits func(name string) bool) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.events)
	maps.DeleteFunc(m.events, func(name string, _ *Event) bool { return fits(name) })
	return before - len(m.events)
}
