package command

import "math/bits"

// Flags say how the server may treat a command before and around its handler.
// Bit order is the order in which COMMAND lists the names.
type Flags uint32

// The flags COMMAND shows, in its order, then those it keeps to itself.
const (
	Write           Flags = 1 << iota // may change the data set: exclusive lock, refused on a read-only replica
	ReadOnly                          // reads keys and changes nothing: shared lock
	DenyOOM                           // refused over maxmemory, as it may grow the data set
	Admin                             // for operators
	PubSub                            // belongs to publish/subscribe
	NoScript                          // refused in scripts
	Blocking                          // may park its client
	Loading                           // allowed while the data set loads
	Stale                             // allowed on a replica that lost its master, replica-serve-stale-data being off
	SkipMonitor                       // not shown to MONITOR
	SkipSlowlog                       // not entered in the slow log
	Asking                            // implies ASKING in a cluster
	Fast                              // takes constant or logarithmic time
	NoAuth                            // allowed before authentication
	NoMandatoryKeys                   // key arguments are optional
	NoAsyncLoading                    // refused during a diskless load that keeps serving the old data set
	NoMulti                           // refused inside MULTI
	MovableKeys                       // first/last/step miss some keys; derived by NewTable, never declared
	AllowBusy                         // allowed while a script overstays its time

	MayReplicate         // not a write, yet may append to the log
	Protected            // needs enable-debug-command and the like
	TouchesArbitraryKeys // reaches keys that its arguments do not name

	flagsEnd
)

const hiddenFlags = MayReplicate | Protected | TouchesArbitraryKeys

var flagNames = [...]string{
	"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "blocking", "loading", "stale",
	"skip_monitor", "skip_slowlog", "asking", "fast", "no_auth", "no_mandatory_keys",
	"no_async_loading", "no_multi", "movablekeys", "allow_busy",
}

// Has reports whether all bits of g are set in f.
func (f Flags) Has(g Flags) bool { return f&g == g }

// Names lists the flags that COMMAND shows, in its order.
func (f Flags) Names() []string { return namesOf(uint32(f&^hiddenFlags), flagNames[:]) }

// Categories are the ACL categories of a command, a bit each, in the order of ACL CAT.
type Categories uint32

// The ACL categories. CatRead, CatWrite, CatPubSub, CatAdmin, CatFast, CatSlow and CatBlocking
// follow from the flags and need not be declared.
const (
	CatKeyspace Categories = 1 << iota
	CatRead
	CatWrite
	CatSet
	CatSortedSet
	CatList
	CatHash
	CatString
	CatBitmap
	CatHyperLogLog
	CatGeo
	CatStream
	CatPubSub
	CatAdmin
	CatFast
	CatSlow
	CatBlocking
	CatDangerous
	CatConnection
	CatTransaction
	CatScripting

	categoriesEnd
)

var categoryNames = [...]string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog",
	"geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection",
	"transaction", "scripting",
}

// AllCategories has every category set; its Names are the reply of ACL CAT.
const AllCategories = categoriesEnd - 1

// Has reports whether all bits of d are set in c.
func (c Categories) Has(d Categories) bool { return c&d == d }

// Names lists the categories in ACL CAT's order, without the leading '@'.
func (c Categories) Names() []string { return namesOf(uint32(c), categoryNames[:]) }

// CategoryByName finds a category by its name without '@', in any case.
func CategoryByName(name []byte) (Categories, bool) {
	for i, s := range categoryNames {
		if equalFold(name, s) {
			return 1 << i, true
		}
	}
	return 0, false
}

// implied returns the categories that follow from a command's flags, given those declared.
// Scripting commands that only read stay out of @read, and whatever is not @fast is @slow.
func implied(f Flags, declared Categories) Categories {
	var c Categories
	if f.Has(Write) {
		c |= CatWrite
	}
	if f.Has(ReadOnly) && !declared.Has(CatScripting) {
		c |= CatRead
	}
	if f.Has(Admin) {
		c |= CatAdmin | CatDangerous
	}
	if f.Has(PubSub) {
		c |= CatPubSub
	}
	if f.Has(Blocking) {
		c |= CatBlocking
	}
	if f.Has(Fast) {
		return c | CatFast
	}
	if !declared.Has(CatFast) {
		c |= CatSlow
	}
	return c
}

// DocFlags mark commands in COMMAND DOCS.
type DocFlags uint8

// The documentation flags, in COMMAND DOCS' order.
const (
	Deprecated    DocFlags = 1 << iota // kept for old clients
	SystemCommand                      // meant for servers, not people
)

var docFlagNames = [...]string{"deprecated", "syscmd"}

// Names lists the flags in COMMAND DOCS' order.
func (f DocFlags) Names() []string { return namesOf(uint32(f), docFlagNames[:]) }

// namesOf maps each set bit, lowest first, to its name. Bits past the table have none.
func namesOf(set uint32, table []string) []string {
	set &= 1<<len(table) - 1
	names := make([]string, 0, bits.OnesCount32(set))
	for ; set != 0; set &= set - 1 {
		names = append(names, table[bits.TrailingZeros32(set)])
	}
	return names
}
