package server

import "treedis/server/config"

// notifyClass is a class of keyspace events, as notify-keyspace-events selects them.
type notifyClass = config.KeyspaceEvents

// The classes that handlers name.
const (
	notifyGeneric = config.EventGeneric
	notifyString  = config.EventString
	notifyList    = config.EventList
	notifySet     = config.EventSet
	notifyHash    = config.EventHash
	notifyZSet    = config.EventZset
	notifyExpired = config.EventExpired
	notifyStream  = config.EventStream
	notifyKeyMiss = config.EventKeyMiss
	notifyNew     = config.EventNew
)
