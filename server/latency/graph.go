package latency

import (
	"fmt"
	"strings"
)

const (
	graphColumns = 80
	graphRows    = 4
	// graphMarks end a column in its top row; each row below it is full.
	graphMarks = "_o#"
	graphFull  = '|'
)

// Graph draws an event's samples: a column for each, with its age below, written downwards.
func (e *Event) Graph(now int64) string {
	low, high := e.Samples[0].Millis, e.Samples[0].Millis
	for _, s := range e.Samples {
		low, high = min(low, s.Millis), max(high, s.Millis)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", e.Name, high, low, e.Worst)
	b.WriteString(strings.Repeat("-", graphColumns) + "\n")
	for from := 0; from < len(e.Samples); from += graphColumns {
		if from > 0 {
			b.WriteByte('\n')
		}
		part := e.Samples[from:min(from+graphColumns, len(e.Samples))]
		drawBars(&b, part, low, high)
		drawAges(&b, part, now)
	}
	return b.String()
}

// drawBars draws a line for each row, highest first.
func drawBars(b *strings.Builder, samples []Sample, low, high int64) {
	const steps = int64(len(graphMarks) * graphRows)
	span := max(high-low, 1)
	line := make([]byte, len(samples))
	for row := range int64(graphRows) {
		base := (graphRows - 1 - row) * int64(len(graphMarks)) // steps below this row
		for i, s := range samples {
			step := min((s.Millis-low)*steps/span, steps-1) - base
			switch {
			case step < 0:
				line[i] = ' '
			case step < int64(len(graphMarks)):
				line[i] = graphMarks[step]
			default:
				line[i] = graphFull
			}
		}
		b.Write(append(line, '\n'))
	}
}

// drawAges writes the samples' ages downwards, below an empty line.
func drawAges(b *strings.Builder, samples []Sample, now int64) {
	ages := make([]string, len(samples))
	longest := 0
	for i, s := range samples {
		ages[i] = age(now - s.Time)
		longest = max(longest, len(ages[i]))
	}
	line := make([]byte, len(samples))
	for row := -1; row < longest; row++ {
		for i := range line {
			line[i] = ' '
			if row >= 0 && row < len(ages[i]) {
				line[i] = ages[i][row]
			}
		}
		b.Write(append(line, '\n'))
	}
}

// age writes seconds in the largest unit that fits.
func age(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds < 24*3600:
		return fmt.Sprintf("%dh", seconds/3600)
	}
	return fmt.Sprintf("%dd", seconds/(24*3600))
}
