package config

import (
	"strconv"
	"strings"
)

// A SavePoint asks for a snapshot when Seconds have passed since the last one
// and at least Changes writes happened.
type SavePoint struct {
	Seconds int64
	Changes int64
}

func (p SavePoint) String() string {
	return strconv.FormatInt(p.Seconds, 10) + " " + strconv.FormatInt(p.Changes, 10)
}

// A ClientClass is a kind of client with its own output buffer limit.
type ClientClass int

const (
	NormalClient ClientClass = iota
	ReplicaClient
	PubSubClient
)

// String gives the names CONFIG GET and CLIENT LIST use.
func (c ClientClass) String() string {
	switch c {
	case NormalClient:
		return "normal"
	case ReplicaClient:
		return "slave"
	case PubSubClient:
		return "pubsub"
	}
	return "unknown"
}

// An OutputLimit says when a client that does not read is disconnected: at
// once above Hard bytes, or after SoftSeconds above Soft bytes. Zero is no
// limit.
type OutputLimit struct {
	Hard, Soft  uint64
	SoftSeconds int64
}

// OutputLimits are the limits of each ClientClass.
type OutputLimits [3]OutputLimit

// A Master is the address of the server to replicate from. An empty Host means
// that there is none.
type Master struct {
	Host string
	Port int
}

// KeyspaceEvents is the set of event classes clients are told of. The bits are
// Redis's.
type KeyspaceEvents uint32

const (
	EventKeyspace KeyspaceEvents = 1 << 0 // K: publish to __keyspace@<db>__
	EventKeyevent KeyspaceEvents = 1 << 1 // E: publish to __keyevent@<db>__
	EventGeneric  KeyspaceEvents = 1 << 2 // g
	EventString   KeyspaceEvents = 1 << 3 // $
	EventList     KeyspaceEvents = 1 << 4 // l
	EventSet      KeyspaceEvents = 1 << 5 // s
	EventHash     KeyspaceEvents = 1 << 6 // h
	EventZset     KeyspaceEvents = 1 << 7 // z
	EventExpired  KeyspaceEvents = 1 << 8 // x
	EventEvicted  KeyspaceEvents = 1 << 9 // e
	EventStream   KeyspaceEvents = 1 << 10
	EventKeyMiss  KeyspaceEvents = 1 << 11 // m, not part of A
	EventModule   KeyspaceEvents = 1 << 13 // d
	EventNew      KeyspaceEvents = 1 << 14 // n, not part of A

	EventAll = EventGeneric | EventString | EventList | EventSet | EventHash |
		EventZset | EventExpired | EventEvicted | EventStream | EventModule // A
)

// eventLetters lists the classes in the order CONFIG GET writes them; those
// before the gap are the ones A stands for.
const eventLetters = "g$lshzxetdnKEm"

func eventClass(c rune) KeyspaceEvents {
	switch c {
	case 'A':
		return EventAll
	case 'g':
		return EventGeneric
	case '$':
		return EventString
	case 'l':
		return EventList
	case 's':
		return EventSet
	case 'h':
		return EventHash
	case 'z':
		return EventZset
	case 'x':
		return EventExpired
	case 'e':
		return EventEvicted
	case 't':
		return EventStream
	case 'd':
		return EventModule
	case 'n':
		return EventNew
	case 'K':
		return EventKeyspace
	case 'E':
		return EventKeyevent
	case 'm':
		return EventKeyMiss
	}
	return 0
}

// String writes the classes as CONFIG GET does. With A, n is not shown, which
// is how Redis 7.2 does it.
func (ev KeyspaceEvents) String() string {
	var b strings.Builder
	if ev&EventAll == EventAll {
		b.WriteByte('A')
	}
	for _, c := range eventLetters {
		bits := eventClass(c)
		if ev&bits == 0 || ev&EventAll == EventAll && bits&(EventAll|EventNew) != 0 {
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
