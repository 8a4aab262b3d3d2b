package latency

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMonitorKeepsTheWorstOfEachSecond(t *testing.T) {
	t.Parallel()
	var m Monitor
	require.Empty(t, m.Events())
	_, known := m.Event(Command)
	require.False(t, known)

	m.Add(Command, 100, 7)
	m.Add(Command, 100, 9)
	m.Add(Command, 100, 8)
	m.Add(Command, 101, 3)
	m.Add(AOFWrite, 101, 5)
	e, known := m.Event(Command)
	require.True(t, known)
	require.Equal(t, Event{Command, []Sample{{100, 9}, {101, 3}}, 9}, e)
	require.Equal(t, Sample{101, 3}, e.Latest())
	events := m.Events()
	require.Len(t, events, 2)
	require.Equal(t, AOFWrite, events[0].Name)

	for i := range int64(Samples) {
		m.Add(Command, 200+i, 1)
	}
	e, _ = m.Event(Command)
	require.Len(t, e.Samples, Samples)
	require.Equal(t, Sample{200, 1}, e.Samples[0])
	require.EqualValues(t, 9, e.Worst, "for all time")

	require.Equal(t, 1, m.Reset(func(name string) bool { return name == Command }))
	require.Len(t, m.Events(), 1)
}

func TestGraph(t *testing.T) {
	t.Parallel()
	e := Event{"command", []Sample{{1000, 300}, {1010, 150}, {1020, 400}}, 500}
	require.Equal(t, "command - high 400 ms, low 150 ms (all time high 500 ms)\n"+
		"--------------------------------------------------------------------------------\n"+
		"  #\n"+
		"o |\n"+
		"| |\n"+
		"|_|\n"+
		"   \n"+
		"115\n"+
		"mm5\n"+
		"  s\n", e.Graph(1075))
	one := Event{"command", []Sample{{1000, 300}}, 300}
	require.Contains(t, one.Graph(1000+2*24*3600), "\n \n \n \n_\n \n2\nd\n")

	var many Event
	for i := range int64(Samples) {
		many.Samples = append(many.Samples, Sample{i, i})
	}
	require.Contains(t, many.Graph(Samples), "\n\n", "it goes on below after 80 columns")
}

func TestReport(t *testing.T) {
	t.Parallel()
	require.Contains(t, Report(nil, Settings{}, 0), "is off")
	require.Contains(t, Report(nil, Settings{Threshold: 100}, 0), "Nothing has taken 100")

	events := []Event{{Command, []Sample{{100, 100}, {110, 200}}, 250}, {AOFSync, []Sample{{110, 50}}, 50}}
	text := Report(events, Settings{Threshold: 10, SlowMicros: -1}, 120)
	require.Contains(t, text, "1. command: 2 latency spikes (average 150ms, mean deviation 50ms, period 10.00 sec). Worst all time event 250ms.")
	require.Contains(t, text, "slowlog-log-slower-than 10000")
	require.Contains(t, text, "appendfsync always")
	require.NotContains(t, Report(events, Settings{Threshold: 10, SlowMicros: 100}, 120), "slowlog-log-slower-than")

	require.Contains(t, Report([]Event{{"else", []Sample{{1, 1}}, 1}}, Settings{}, 1), "no simple advice")
	for a := adviseSlowlogOn; a <= adviseEviction; a++ {
		require.NotEmpty(t, Settings{}.text(a))
	}
}
