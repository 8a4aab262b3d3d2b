package harness

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// errUnwind is what FailNow and Skipf panic with, to unwind to Play.
var errUnwind = errors.New("the play ends here")

// Program is a T for programs that are no tests: it prints what a test would log, and ends a play where a test would end. It
// belongs to the goroutine that plays.
type Program struct {
	name     string
	out      io.Writer
	failed   bool
	skipped  string
	cleanups []func()
}

var _ T = (*Program)(nil)

// NewProgram returns a T that prints to out; name goes into the names of its temporary directories.
func NewProgram(name string, out io.Writer) *Program { return &Program{name: name, out: out} }

// Play runs f to its end, or until it fails or skips, and then what Cleanup was given, the last first.
func (p *Program) Play(f func()) {
	defer func() {
		for len(p.cleanups) > 0 {
			last := p.cleanups[len(p.cleanups)-1]
			p.cleanups = slices.Delete(p.cleanups, len(p.cleanups)-1, len(p.cleanups))
			p.unwound(last)
		}
	}()
	p.unwound(f)
}

// unwound runs f and stops the unwinding that f may have begun.
func (p *Program) unwound(f func()) {
	defer func() {
		if r := recover(); r != nil && r != errUnwind {
			panic(r)
		}
	}()
	f()
}

// Helper does nothing: no lines are reported.
func (p *Program) Helper() {}

// Name returns the program's name.
func (p *Program) Name() string { return p.name }

// Failed reports whether anything failed so far.
func (p *Program) Failed() bool { return p.failed }

// Skipped returns why the play was skipped, or "".
func (p *Program) Skipped() string { return p.skipped }

// Logf prints an indented line.
func (p *Program) Logf(format string, args ...any) { fmt.Fprintf(p.out, "    "+format+"\n", args...) }

// Errorf prints a failure; the play goes on.
func (p *Program) Errorf(format string, args ...any) {
	p.failed = true
	p.Logf("FAILED: "+format, args...)
}

// FailNow ends the play as failed.
func (p *Program) FailNow() {
	p.failed = true
	panic(errUnwind)
}

// Fatalf prints a failure and ends the play.
func (p *Program) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	p.FailNow()
}

// Skipf ends the play, which has not failed.
func (p *Program) Skipf(format string, args ...any) {
	p.skipped = fmt.Sprintf(format, args...)
	panic(errUnwind)
}

// Cleanup registers what runs when the play has ended.
func (p *Program) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

// TempDir returns a new directory that is removed with the play.
func (p *Program) TempDir() string {
	dir, err := os.MkdirTemp("", "treedis-"+p.name+"-")
	if err != nil {
		p.Fatalf("%v", err)
	}
	p.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left of it is in the system's temporary directory
	return dir
}
