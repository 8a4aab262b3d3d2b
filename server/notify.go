package server

// notifyClass is a class of keyspace events, as notify-keyspace-events selects them.
type notifyClass uint16

// The classes, by the letters that the directive uses.
const (
	notifyGeneric notifyClass = 1 << iota // g
	notifyString                          // $
	notifyList                            // l
	notifySet                             // s
	notifyHash                            // h
	notifyZSet                            // z
	notifyExpired                         // x
	notifyEvicted                         // e
	notifyStream                          // t
	notifyKeyMiss                         // m
	notifyNew                             // n
)
