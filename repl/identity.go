package repl

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// IDLen is the length of a replication id: 160 random bits in hexadecimal.
const IDLen = 40

// ValidID reports whether an id that came from outside can be one: 40 letters and digits. Files are named after ids.
func ValidID(id string) bool {
	return len(id) == IDLen && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

// noID stands for "no second id", as INFO shows it.
var noID = strings.Repeat("0", IDLen)

// IDs names the histories that a server's log is part of.
type IDs struct {
	// ID is the current history's.
	ID string
	// ID2 is the one that the current history grew out of: the former master's,
	// after a promotion. 40 zeros when there is none.
	ID2 string
	// SecondOffset is the first byte (1-based) of which ID2's history is not
	// known; a peer that names ID2 may ask for bytes up to and including it.
	// -1 without an ID2.
	SecondOffset int64
}

// Accepts reports whether a peer that names id and wants the 1-based byte first
// shares this history up to there.
func (ids IDs) Accepts(id string, first int64) bool {
	return ids.isID(id) || ids.isID2(id) && first <= ids.SecondOffset
}

func (ids IDs) isID(id string) bool  { return strings.EqualFold(id, ids.ID) }
func (ids IDs) isID2(id string) bool { return strings.EqualFold(id, ids.ID2) }

// Identity is the server's replication ids. They change under the keyspace lock,
// together with whatever made them change, and can be read by anyone.
type Identity struct {
	random   io.Reader // used under the keyspace lock only
	ids      atomic.Pointer[IDs]
	onChange func() // used under the keyspace lock only
}

// OnChange registers the function that is called after each change, under the
// keyspace lock.
func (i *Identity) OnChange(f func()) { i.onChange = f }

// set puts ids in force.
func (i *Identity) set(ids IDs) {
	i.ids.Store(&ids)
	if i.onChange != nil {
		i.onChange()
	}
}

// NewIdentity returns an identity with a new id. random must not fail; it is read
// under the keyspace lock only.
func NewIdentity(random io.Reader) *Identity {
	id := &Identity{random: random}
	id.ids.Store(&IDs{ID: randomHex(random), ID2: noID, SecondOffset: -1})
	return id
}

// Get returns the ids in force.
func (i *Identity) Get() IDs { return *i.Current() }

// Current is Get without the copy. What it returns never changes.
func (i *Identity) Current() *IDs { return i.ids.Load() }

// Change begins a new history with a new id: no peer can continue from the old
// one any more, except by ID2 where there is one. Needs the keyspace lock.
func (i *Identity) Change() {
	ids := i.Get()
	ids.ID = randomHex(i.random)
	i.set(ids)
}

// Clear forgets ID2. Needs the keyspace lock.
func (i *Identity) Clear() {
	ids := i.Get()
	ids.ID2, ids.SecondOffset = noID, -1
	i.set(ids)
}

// Set adopts a master's history after a full synchronization; there is no ID2
// then. Needs the keyspace lock.
func (i *Identity) Set(id string) {
	i.set(IDs{ID: id, ID2: noID, SecondOffset: -1})
}

// Shift makes the current id the second, valid for what was propagated until end
// (a peer with all of it asks for byte end+1), and id the current one. An empty
// id stands for a new one: that is a promotion. Needs the keyspace lock.
func (i *Identity) Shift(id string, end int64) {
	if id == "" {
		id = randomHex(i.random)
	}
	i.set(IDs{ID: id, ID2: i.Get().ID, SecondOffset: end + 1})
}

// Restore makes a restarted master continue the history that a snapshot file
// names: replicas that know it can ask for bytes up to offset+1, where the
// new history, with an id of its own, begins. Needs the keyspace lock.
func (i *Identity) Restore(id string, offset int64) {
	ids := i.Get()
	ids.ID2, ids.SecondOffset = id, offset+1
	i.set(ids)
}

// randomHex returns 40 random hexadecimal digits.
func randomHex(random io.Reader) string {
	var b [IDLen / 2]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		// A source of randomness that ends is a fault of the program's set-up; ids
		// of zeros are still valid and still make peers take a full copy.
		return noID
	}
	return hex.EncodeToString(b[:])
}

// String is for logs.
func (ids IDs) String() string {
	return fmt.Sprintf("%s (second %s up to %d)", ids.ID, ids.ID2, ids.SecondOffset)
}
