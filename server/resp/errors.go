package resp

import "errors"

// Protocol errors of a request. The message is what the client is told after "-ERR ", then the connection is closed.
// Errors that carry a byte of the input (see UnexpectedByteError) are not sentinels.
var (
	ErrInlineTooBig        = errors.New("Protocol error: too big inline request")
	ErrUnbalancedQuotes    = errors.New("Protocol error: unbalanced quotes in request")
	ErrMultibulkLineTooBig = errors.New("Protocol error: too big mbulk count string")
	ErrMultibulkLength     = errors.New("Protocol error: invalid multibulk length")
	ErrMultibulkUnauth     = errors.New("Protocol error: unauthenticated multibulk length")
	ErrBulkLineTooBig      = errors.New("Protocol error: too big bulk count string")
	ErrBulkLength          = errors.New("Protocol error: invalid bulk length")
	ErrBulkUnauth          = errors.New("Protocol error: unauthenticated bulk length")
)

// ErrInlineFromMaster says that a replication stream held an inline request, which a master never sends: the two sides
// have lost step. It is logged and never sent.
var ErrInlineFromMaster = errors.New("resp: inline request in a replication stream")

// Errors of a reply that was read.
var (
	ErrReplySyntax   = errors.New("resp: malformed reply")
	ErrReplyTooBig   = errors.New("resp: reply exceeds the size limit")
	ErrReplyTooDeep  = errors.New("resp: reply is nested too deeply")
	ErrReplyNotValue = errors.New("resp: reply is of another type")
)

// UnexpectedByteError is the protocol error of an argument that does not begin with '$'; it is the byte found instead.
type UnexpectedByteError byte

// Error returns the client's text.
func (e UnexpectedByteError) Error() string {
	return "Protocol error: expected '$', got '" + string([]byte{byte(e)}) + "'"
}
