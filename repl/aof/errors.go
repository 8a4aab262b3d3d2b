package aof

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// What is wrong with an append-only file.
var (
	// ErrTruncated: the file ends within a command or a transaction.
	ErrTruncated = errors.New("aof: the file ends too early")
	// ErrFormat: the file holds something that is no command.
	ErrFormat = errors.New("aof: bad file format")
	// ErrUnknownCommand: Target.Apply was given a command that it does not know.
	ErrUnknownCommand = errors.New("aof: unknown command")
	// ErrLoad: the files could not be loaded; the reason is in the log.
	ErrLoad = errors.New("aof: loading failed")
	// ErrPoint: the files can't be loaded up to the point asked for. The next three tell why.
	ErrPoint    = errors.New("aof: the point can't be restored")
	ErrTooEarly = fmt.Errorf("%w: it precedes all that the files hold", ErrPoint)
	ErrTooLate  = fmt.Errorf("%w: it is behind all that the files hold", ErrPoint)
	ErrNoPoints = fmt.Errorf("%w: the files don't tell where it is", ErrPoint)
	// ErrManifest: the manifest could not be read, or makes no sense.
	ErrManifest = errors.New("aof: bad manifest")
	// ErrUnsettled: a new manifest is in force, but a crash may bring the one before it back.
	ErrUnsettled = errors.New("aof: the directory could not be flushed")
	// ErrArchive: what follows of the log is not in the files any more.
	ErrArchive = errors.New("aof: the log's history is not there")
	// ErrClosed: the writer was closed.
	ErrClosed = errors.New("aof: writer closed")
)

// Cause is the text of the system's error within err, as the C library words it, or
// all of err's text.
func Cause(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
