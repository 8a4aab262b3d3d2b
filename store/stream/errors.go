package stream

import (
	"errors"
	"fmt"
)

// Errors of Append.
var (
	ErrOrder    = errors.New("stream: entry ID is not greater than the last")
	ErrPairs    = errors.New("stream: fields without values")
	ErrTooLarge = errors.New("stream: entry too large")
)

// ErrCorrupt is wrapped by the errors of ValidateNode and Validate.
var ErrCorrupt = errors.New("stream: corrupt")

// ErrNode, an ErrCorrupt, is wrapped by those that are about a node's own bytes.
var ErrNode = fmt.Errorf("%w: node", ErrCorrupt)
