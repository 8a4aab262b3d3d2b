package rdb

import (
	"math"

	"treedis/store/stream"
)

// UnknownLen is the n of a Begin method when the number of elements is not
// known ahead: lists come in nodes whose sizes are met one by one.
const UnknownLen = math.MaxUint64

// Key is a key and what the snapshot says about it beside its value.
type Key struct {
	Name     []byte
	ExpireAt int64 // unix milliseconds, 0 for none; an expiry at or before 1970 is read as 1
	Idle     int64 // seconds since the last access, -1 when unknown
	Freq     int   // LFU counter 0..255, -1 when unknown
}

// NewKey returns a Key of which no more is known than this. A Key literal has to
// set Idle and Freq, as their zero values are times and counters too.
func NewKey(name []byte, expireAt int64) Key {
	return Key{Name: name, ExpireAt: expireAt, Idle: -1, Freq: -1}
}

// Sink receives the content of a snapshot in order. Byte slices and keys are
// valid during the call only and must not be written to; streams are the sink's
// to keep. An error ends the reading and comes back wrapped in an *Error.
//
// A collection is a Begin method, one call per element, and EndKey; it is never
// empty, as a key without elements is passed over. n is the number of elements
// (of pairs, for hashes and sorted sets) or, for lists only, UnknownLen. While
// it is true in a sound snapshot, nothing vouches for it before the elements
// have come: a sink that reserves room by it has to set itself a limit.
type Sink interface {
	// Aux is a remark about the snapshot, such as redis-ver or repl-id. Names
	// that are not known are to be ignored.
	Aux(name, value []byte) error
	// Function is the source of a function library, its first line included.
	Function(library []byte) error
	// SelectDB says which database the keys from here on belong to. It is 0
	// before the first call.
	SelectDB(db int) error
	// ResizeDB announces about how many keys the current database has, and how
	// many of them expire. It is a hint no more trustworthy than any n.
	ResizeDB(keys, expires uint64) error

	String(k *Key, v []byte) error
	BeginList(k *Key, n uint64) error
	ListItem(v []byte) error
	BeginSet(k *Key, n uint64) error
	SetMember(m []byte) error
	BeginHash(k *Key, n uint64) error
	HashField(f, v []byte) error
	BeginZSet(k *Key, n uint64) error
	ZSetMember(m []byte, score float64) error
	Stream(k *Key, s *stream.Stream) error
	// EndKey closes what a Begin method has opened.
	EndKey() error
}
