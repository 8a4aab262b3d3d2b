package rdb

import (
	"errors"
	"fmt"
)

// Causes of a failed read, as errors.Is finds them within an *Error.
var (
	ErrNotRDB      = errors.New("wrong signature, not an RDB file")
	ErrVersion     = errors.New("unsupported RDB format version")
	ErrTruncated   = errors.New("unexpected end of data")
	ErrChecksum    = errors.New("CRC error")
	ErrCorrupt     = errors.New("corrupt data")
	ErrUnsupported = errors.New("unsupported content")         // module values, formats of release candidates
	ErrDatabase    = errors.New("database index out of range") // for sinks to return

	// ErrDuplicate is for sinks to return when a key or an element comes twice.
	ErrDuplicate = fmt.Errorf("%w: duplicate", ErrCorrupt)
)

// ErrDump says that the frame of a DUMP payload is wrong, to which RESTORE
// answers "DUMP payload version or checksum are wrong". Any other error of
// ReadDump means that the value within is, "Bad data format".
var ErrDump = errors.New("DUMP payload version or checksum are wrong")

// ErrNotFunction says that a payload of FUNCTION DUMP holds something else.
var ErrNotFunction = errors.New("given type is not a function")

// errFunctionPre says that libraries are in a format that only release candidates wrote.
var errFunctionPre = unsupportedf("functions in the format of a Redis 7.0 release candidate")

// Misuse of a Writer.
var (
	ErrSequence = errors.New("rdb: sink methods called out of order")
	ErrCount    = errors.New("rdb: number of elements differs from the one announced")
	ErrNeeds    = errors.New("rdb: content needs a newer format version than was chosen")
)

var errLZF = corruptf("invalid LZF string")

// Error is what went wrong where. Offset counts bytes from the beginning of the
// snapshot and points behind what was read last; Key is the key whose value was
// being read, nil between keys.
type Error struct {
	Offset int64
	Key    []byte
	Err    error
}

func (e *Error) Error() string {
	if e.Key == nil {
		return fmt.Sprintf("rdb: offset %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("rdb: offset %d (key %q): %v", e.Offset, e.Key, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// corruptf returns an ErrCorrupt that says what is wrong.
func corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// unsupportedf returns an ErrUnsupported that says what.
func unsupportedf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

func versionError(v int) error { return fmt.Errorf("%w %d", ErrVersion, v) }

func checksumError(got, want uint64) error {
	return fmt.Errorf("%w: is %016x, should be %016x", ErrChecksum, got, want)
}

// corrupt returns an ErrCorrupt that err is the reason for.
func corrupt(err error) error { return fmt.Errorf("%w: %w", ErrCorrupt, err) }
