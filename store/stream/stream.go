// Package stream holds the value of a Redis stream in two forms. Stream is the
// plain one that files are written from and read into: nodes, counters and
// consumer groups one after the other. Live is the one that commands work on:
// the same nodes, and what is pending, in copy-on-write trees.
//
// A node is a listpack in the layout Redis 5 and later use in memory, in RDB
// files and in DUMP payloads, so a node passes between them unchanged. Its first
// elements, the master entry, name the fields that its entries mostly share:
//
//	live deleted numFields field* 0
//
// live and deleted count the entries that follow, each of which is one of
//
//	flags msDelta seqDelta value* count                        flags & SameFields
//	flags msDelta seqDelta numFields (field value)* count
//
// The deltas are relative to the ID the node is filed under, which is that of
// its first entry, deleted or not, and wrap around as 64 bit integers do. count
// is the number of elements of the entry before it, for walks from the tail.
//
// Guarantees: nothing here panics or reads outside of a node that has passed
// ValidateNode or was built by Append. Iterators allocate nothing and write
// nothing. A Live is cloned in constant time, and does not change then, whatever
// is written to its clones: see Live. Not guaranteed: neither form is safe for
// use by several goroutines while one of them changes it, and Stream.Append
// changes its last node in place.
package stream

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// ID names an entry: unix milliseconds, and a sequence number within them.
type ID struct{ Ms, Seq uint64 }

// MaxID is the greatest ID.
var MaxID = ID{math.MaxUint64, math.MaxUint64}

// IDSize is the length of an ID in binary form.
const IDSize = 16

// Compare returns -1, 0 or 1 as id comes before, is, or comes after other.
func (id ID) Compare(other ID) int {
	if c := cmp.Compare(id.Ms, other.Ms); c != 0 {
		return c
	}
	return cmp.Compare(id.Seq, other.Seq)
}

// Less reports whether id comes before other.
func (id ID) Less(other ID) bool { return id.Compare(other) < 0 }

// IsZero reports whether id is 0-0, which no entry can have.
func (id ID) IsZero() bool { return id == ID{} }

// Append appends the text form, ms-seq.
func (id ID) Append(dst []byte) []byte {
	dst = append(strconv.AppendUint(dst, id.Ms, 10), '-')
	return strconv.AppendUint(dst, id.Seq, 10)
}

// Next returns the ID that follows, false when there is none.
func (id ID) Next() (ID, bool) {
	if id.Seq++; id.Seq == 0 {
		id.Ms++
	}
	return id, !id.IsZero()
}

// Prev returns the ID before this one, false when there is none.
func (id ID) Prev() (ID, bool) {
	if id.IsZero() {
		return MaxID, false
	}
	if id.Seq--; id.Seq == math.MaxUint64 {
		id.Ms--
	}
	return id, true
}

func (id ID) String() string { return string(id.Append(nil)) }

// AppendBinary appends the 16 byte big endian form, which sorts as IDs do and
// is what RDB files hold.
func (id ID) AppendBinary(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, id.Ms)
	return binary.BigEndian.AppendUint64(dst, id.Seq)
}

// DecodeID reads the 16 byte big endian form. b must be at least IDSize long.
func DecodeID(b []byte) ID {
	return ID{Ms: binary.BigEndian.Uint64(b), Seq: binary.BigEndian.Uint64(b[8:])}
}

// Stream is the plain value of a stream key.
type Stream struct {
	Counters
	Nodes  []Node  // ascending by First, none of them without entries
	Groups []Group // names are unique
}

// Counters are what a stream knows of itself as a whole.
type Counters struct {
	Length       uint64 // live entries over all nodes
	LastID       ID     // greatest ID ever added, or set by XSETID
	FirstID      ID     // first live entry, 0-0 when there is none
	MaxDeletedID ID     // greatest ID ever deleted by XDEL, 0-0 if none was
	EntriesAdded uint64 // entries ever added
}

// added counts an entry that was appended.
func (c *Counters) added(id ID) {
	if c.Length == 0 {
		c.FirstID = id
	}
	c.Length++
	c.EntriesAdded++
	c.LastID = id
}

// Node is a run of entries. Listpack has no spare capacity that belongs to
// anybody else.
type Node struct {
	First    ID
	Listpack []byte
}

// Group is a consumer group.
type Group struct {
	Name        []byte
	LastID      ID
	EntriesRead int64      // UnknownEntriesRead when it cannot be told
	Pending     []Pending  // ascending by ID
	Consumers   []Consumer // names are unique
}

// UnknownEntriesRead is the EntriesRead of a group whose position in the
// stream cannot be counted.
const UnknownEntriesRead = -1

// Pending is an entry that was delivered and not acknowledged. The entry itself
// may have been deleted since.
type Pending struct {
	ID            ID
	DeliveryTime  int64 // unix milliseconds
	DeliveryCount uint64
	Consumer      int // index into the Consumers of the group
}

// Consumer is a member of a group. Times are unix milliseconds.
type Consumer struct {
	Name       []byte
	SeenTime   int64 // last attempt to read or claim
	ActiveTime int64 // last time that got it an entry, -1 if none ever did
}

// FirstLive returns the ID of the first entry that is not deleted.
func (s *Stream) FirstLive() (ID, bool) {
	it := s.Iter()
	if !it.Next() {
		return ID{}, false
	}
	return it.ID(), true
}

// EstimateEntriesRead returns how many entries were ever added up to and
// including id, or UnknownEntriesRead when deletions or an id between two known
// points make that impossible to tell. It is what Redis 7 gives a group whose
// file has no counter.
func (c *Counters) EstimateEntriesRead(id ID) int64 {
	last := id.Compare(c.LastID)
	switch {
	case c.EntriesAdded == 0:
		return 0
	case last == 0, last < 0 && c.Length == 0:
		return int64(c.EntriesAdded)
	case last > 0:
		return UnknownEntriesRead
	case !c.MaxDeletedID.IsZero() && !c.MaxDeletedID.Less(c.FirstID):
		return UnknownEntriesRead
	}
	switch id.Compare(c.FirstID) {
	case -1:
		return int64(c.EntriesAdded - c.Length)
	case 0:
		return int64(c.EntriesAdded - c.Length + 1)
	default:
		return UnknownEntriesRead
	}
}

// DeletedFrom reports whether an entry at id or behind it is known to have been
// deleted by XDEL, so that entries from there on cannot be counted by their
// positions.
func (c *Counters) DeletedFrom(id ID) bool {
	return c.Length > 0 && !c.MaxDeletedID.IsZero() && !c.MaxDeletedID.Less(c.FirstID) && !c.MaxDeletedID.Less(id)
}

// FindPending returns the index in Pending of the entry with this ID, or where
// it would have to be inserted.
func (g *Group) FindPending(id ID) (index int, found bool) {
	return slices.BinarySearchFunc(g.Pending, id, func(p Pending, id ID) int { return p.ID.Compare(id) })
}

// FindConsumer returns the index of the consumer of this name, or -1.
func (g *Group) FindConsumer(name []byte) int {
	return slices.IndexFunc(g.Consumers, func(c Consumer) bool { return bytes.Equal(c.Name, name) })
}
