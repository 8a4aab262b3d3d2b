// Package check is the command line `treedis check`: it reads a file that a server keeps its data in and reports on it.
package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"
)

// Errors of Run.
var (
	ErrUsage   = errors.New("usage: treedis check [--fix | --truncate-to-timestamp <unix seconds>] <file.rdb | file.aof | file.manifest>")
	ErrDamaged = errors.New("the file is damaged")
	ErrUnknown = errors.New("not a file of a kind that can be checked")
	ErrNoFix   = errors.New("a snapshot can't be repaired: what comes after the damage can't be found again")
	ErrNotLast = errors.New("only the last file of an append-only file can be cut: those after it have to go first")
	ErrNothing = errors.New("it holds nothing from before that time")
)

// Run does what the words after `treedis check` ask for, and reports to out. The error says why the exit status is not to be 0:
// ErrDamaged if the file was read and is no good. With --fix an append-only file is cut to its last whole command or transaction,
// with --truncate-to-timestamp to what it notes as written by then.
func Run(args []string, out io.Writer, now time.Time) error {
	flags := pflag.NewFlagSet("check", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	c := checker{out: out, now: now}
	flags.BoolVar(&c.fix, "fix", false, "repair the file")
	flags.Int64Var(&c.until, "truncate-to-timestamp", 0, "cut off what was written later")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 || c.fix && c.until != 0 || c.until < 0 {
		return ErrUsage
	}
	path := flags.Arg(0)
	head, err := readHead(path)
	switch {
	case err != nil:
		return err
	case isManifest(head):
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return c.manifest(path, data)
	case bytes.HasPrefix(head, []byte(magic)), bytes.HasPrefix(head, []byte("*")), bytes.HasPrefix(head, []byte("#")):
		return c.file(path, true)
	}
	return fmt.Errorf("%s: %w", path, ErrUnknown)
}

// readHead returns the first bytes of a file.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 4096))
}

// isManifest tells a manifest from files of commands: its lines name files.
func isManifest(head []byte) bool {
	return bytes.HasPrefix(head, []byte("file ")) || len(head) > 0 && head[0] == '#' && bytes.Contains(head, []byte("\nfile "))
}
