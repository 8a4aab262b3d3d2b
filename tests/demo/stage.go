package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"treedis/tests/harness"
)

// errStepFailed is what a failed step panics with, to unwind to run.
var errStepFailed = errors.New("a step failed")

// stage is the harness's T for a program: it prints what a test would log, and ends the play where a test would fail.
type stage struct {
	out      io.Writer
	steps    int
	failed   bool
	cleanups []func()
}

var _ harness.T = (*stage)(nil)

func newStage(out io.Writer) *stage { return &stage{out: out} }

func (s *stage) Helper()      {}
func (s *stage) Name() string { return "demo" }
func (s *stage) Failed() bool { return s.failed }

func (s *stage) Logf(format string, args ...any) { fmt.Fprintf(s.out, "    "+format+"\n", args...) }

func (s *stage) Errorf(format string, args ...any) {
	s.failed = true
	fmt.Fprintf(s.out, "    FAILED: "+format+"\n", args...)
}

func (s *stage) FailNow() {
	s.failed = true
	panic(errStepFailed)
}

func (s *stage) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	s.FailNow()
}

// Skipf fails: a demonstration that shows nothing is none.
func (s *stage) Skipf(format string, args ...any) { s.Fatalf(format, args...) }

func (s *stage) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// cleanup runs what Cleanup was given, the last first.
func (s *stage) cleanup() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}

func (s *stage) TempDir() string {
	dir, err := os.MkdirTemp("", "treedis-demo-")
	s.must(err)
	s.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left of it is in the system's temporary directory
	return dir
}

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
