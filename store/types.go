package store

import "treedis/store/stream"

// Type is the type of a key's value, as TYPE reports it.
type Type uint8

// The types, in Redis's own numbering (which DEBUG DIGEST and modules rely on).
const (
	String Type = iota
	List
	Set
	ZSet
	Hash
	Stream
)

// String returns the name that the TYPE command gives.
func (t Type) String() string {
	return [...]string{"string", "list", "set", "zset", "hash", "stream"}[t]
}

// Encoding tells how a value is laid out, by the names that OBJECT ENCODING gives for Redis's
// layouts; what lies beneath is ours.
type Encoding uint8

// The encodings. A flat encoding lies inside the entry's own allocation, the others in an object.
const (
	EncInt       Encoding = iota // 8 bytes, little endian
	EncEmbstr                    // short string set as a whole
	EncRaw                       // any other string
	EncListpack                  // small list, set, hash or sorted set: a listpack
	EncIntset                    // small set of integers: an intset
	EncQuicklist                 // list of listpack chunks
	EncHashtable                 // large set or hash
	EncSkiplist                  // large sorted set
	EncStream                    // stream
)

// String returns the name that OBJECT ENCODING gives.
func (e Encoding) String() string {
	return [...]string{"int", "embstr", "raw", "listpack", "intset", "quicklist", "hashtable", "skiplist", "stream"}[e]
}

// Limits are the thresholds at which small values change to their large representation.
// They are Redis's directives; a change holds for the writes that follow.
type Limits struct {
	HashEntries, HashValue int // hash-max-listpack-entries, -value (bytes)
	SetIntsetEntries       int // set-max-intset-entries
	SetEntries, SetValue   int // set-max-listpack-entries, -value (bytes)
	ZSetEntries, ZSetValue int // zset-max-listpack-entries, -value (bytes)
	ListSize               int // list-max-listpack-size: > 0 elements, -1..-5 for 4..64 KB
	ListPlain              int // bytes from which an element of a large list is held by itself; 0: 1 GiB

	Stream stream.Limits // stream-node-max-bytes, -entries
}

// DefaultLimits returns Redis 7.2's defaults.
func DefaultLimits() Limits {
	return Limits{
		HashEntries: 512, HashValue: 64,
		SetIntsetEntries: 512, SetEntries: 128, SetValue: 64,
		ZSetEntries: 128, ZSetValue: 64,
		ListSize: -2,
		Stream:   stream.DefaultLimits(),
	}
}
