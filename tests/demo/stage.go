package main

import (
	"fmt"
	"io"
	"strconv"

	"treedis/tests/harness"
)

// stage is the program's way to say what it does and what was seen.
type stage struct {
	*harness.Program
	out   io.Writer
	steps int
}

func newStage(out io.Writer) *stage {
	return &stage{Program: harness.NewProgram("demo", out), out: out}
}

// Skipf fails: a demonstration that shows nothing is none.
func (s *stage) Skipf(format string, args ...any) { s.Fatalf(format, args...) }

func (s *stage) step(title string) {
	s.steps++
	fmt.Fprintf(s.out, "\n%d. %s\n", s.steps, title)
}

func (s *stage) say(format string, args ...any) { s.Logf(format, args...) }

func (s *stage) must(err error) {
	if err != nil {
		s.Fatalf("%v", err)
	}
}

// require says what was seen, or that it was not.
func (s *stage) require(ok bool, format string, args ...any) {
	if !ok {
		s.Fatalf("not seen: "+format, args...)
	}
	s.say(format, args...)
}

// showOffsets prints a master's offset, and of each of its replicas the offset acknowledged and the lag, once every replica has
// acknowledged what the master had at first: replicas do so once a second.
func (s *stage) showOffsets(master *harness.Server) {
	want := master.Info(s).Int("master_repl_offset")
	var info harness.Info
	harness.Eventually(s, func() bool {
		info = master.Info(s)
		return lowestOffset(info) >= want
	}, harness.Patience, "all replicas have acknowledged offset %d", want)
	s.say("offset of the master on port %d: %s", master.Port(), info["master_repl_offset"])
	for i := range info.Int("connected_slaves") {
		r := info.Sub("slave" + strconv.FormatInt(i, 10))
		s.say("    replica on port %s: %s, offset %s, lag %s s", r["port"], r["state"], r["offset"], r["lag"])
	}
}

// lowestOffset is the least that a replica has acknowledged.
func lowestOffset(info harness.Info) int64 {
	lowest := info.Int("master_repl_offset")
	for i := range info.Int("connected_slaves") {
		lowest = min(lowest, info.Sub("slave"+strconv.FormatInt(i, 10)).Int("offset"))
	}
	return lowest
}
