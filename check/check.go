// Package check is the command line `treedis check`: it reads a file that a server keeps its data in and reports on it.
package check

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"
)

// Errors of Run.
var (
	ErrUsage   = errors.New("usage: treedis check [--fix] <file.rdb>")
	ErrDamaged = errors.New("the file is damaged")
	ErrUnknown = errors.New("not a file of a kind that can be checked")
	ErrNoFix   = errors.New("a snapshot can't be repaired: what comes after the damage can't be found again")
)

// Run does what the words after `treedis check` ask for, and reports to out. The error says why the exit status is not to be 0:
// ErrDamaged if the file was read and is no good.
func Run(args []string, out io.Writer, now time.Time) error {
	flags := pflag.NewFlagSet("check", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	fix := flags.Bool("fix", false, "repair the file")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return ErrUsage
	}
	f, err := os.Open(flags.Arg(0))
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return fmt.Errorf("%s: %w", f.Name(), ErrUnknown)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err = snapshot(f, out, now)
	if *fix && errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w; %w", err, ErrNoFix)
	}
	return err
}
