// Package resp encodes and decodes the Redis serialization protocol, versions 2 and 3.
//
// It has three independent parts:
//
//   - Writer appends replies to a byte slice. It never fails and never blocks; whoever owns the bytes sends them.
//   - Parser splits a client's input into requests, inline or multibulk, resumably and without copying.
//   - Reader reads replies, for the places where the server is itself a client.
//
// What it guarantees: the bytes of a reply are those that Redis 7.2 sends, number texts and protocol error texts included;
// no input makes it panic; a Parser reads every input byte once, in however many pieces it arrives.
//
// What it does not: nothing here is safe for concurrent use, and a Parser's arguments alias the caller's buffer, so they
// are valid only as long as those bytes stay where they are.
//
// The formats are those of https://redis.io/docs/reference/protocol-spec; array, bulk, integer and status encoding are
// redcon's append primitives.
package resp

// Type is the first byte of a reply, which tells its type.
type Type byte

// The reply types of RESP2 and, from TypeNull on, of RESP3.
const (
	TypeStatus    Type = '+'
	TypeError     Type = '-'
	TypeInt       Type = ':'
	TypeBulk      Type = '$'
	TypeArray     Type = '*'
	TypeNull      Type = '_'
	TypeBool      Type = '#'
	TypeDouble    Type = ','
	TypeBigNumber Type = '('
	TypeBulkError Type = '!'
	TypeVerbatim  Type = '='
	TypeMap       Type = '%'
	TypeSet       Type = '~'
	TypePush      Type = '>'
	TypeAttribute Type = '|'
)

// Limits of the request protocol, in bytes or elements, as in Redis.
const (
	// MaxInline bounds an inline request, and the line that announces a multibulk or bulk length.
	MaxInline = 64 << 10
	// DefaultMaxBulk is proto-max-bulk-len's default.
	DefaultMaxBulk = 512 << 20
	// UnauthMaxArgs and UnauthMaxBulk bound what a client may announce before it has authenticated.
	UnauthMaxArgs = 10
	UnauthMaxBulk = 16 << 10
)
