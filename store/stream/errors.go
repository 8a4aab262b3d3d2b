package stream

import "errors"

// Errors of Append.
var (
	ErrOrder    = errors.New("stream: entry ID is not greater than the last")
	ErrPairs    = errors.New("stream: fields without values")
	ErrTooLarge = errors.New("stream: entry too large")
)

// ErrCorrupt is wrapped by the errors of ValidateNode and Validate.
var ErrCorrupt = errors.New("stream: corrupt")
