package main

import "time"

// scale is how large a run is.
type scale struct {
	divisor int           // of every count in the table
	calm    time.Duration // a server is idle that uses no CPU for so long
	steady  time.Duration // memory has settled that does not change for so long
	warmUp  time.Duration // how long a load runs before what it disturbs is measured
	window  time.Duration // how long latency under a steady load is observed
}

// Memory: the Go runtime gives freed pages back in the background, within seconds, and both servers hold nothing back for less.
var (
	fullScale  = scale{divisor: 1, calm: 100 * time.Millisecond, steady: 3 * time.Second, warmUp: time.Second, window: 10 * time.Second}
	quickScale = scale{divisor: 20, calm: 30 * time.Millisecond, steady: 200 * time.Millisecond, warmUp: 100 * time.Millisecond, window: time.Second}
)

// of is a count of the table, given for a full run.
func (s scale) of(full int) int { return max(1, full/s.divisor) }
