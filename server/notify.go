package server

import (
	"strconv"

	"treedis/server/config"
	"treedis/server/pubsub"
	"treedis/store"
)

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
	notifyEvicted = config.EventEvicted
	notifyStream  = config.EventStream
	notifyKeyMiss = config.EventKeyMiss
	notifyNew     = config.EventNew
)

// notify sends a keyspace event: under the exclusive lock, or under the shared one if it is a miss.
func (s *Server) notify(class notifyClass, event string, key []byte, db *store.DB) {
	if s.opts.OnKeyEvent != nil {
		s.opts.OnKeyEvent(db.Index(), event, key)
	}
	if selected := config.NotifyKeyspaceEvents.Get(s.cfg); selected&class != 0 && s.channels.Active() {
		s.publishEvent(selected, event, key, db.Index())
	}
}

// publishEvent publishes an event on the channel of its key and on that of its name, as far as those are selected.
// Replicas are not sent it: they have events of their own.
func (s *Server) publishEvent(selected notifyClass, event string, key []byte, db int) {
	var scratch [128]byte
	name := func(prefix string, rest []byte) []byte {
		b := strconv.AppendInt(append(scratch[:0], prefix...), int64(db), 10)
		return append(append(b, "__:"...), rest...)
	}
	word := []byte(event)
	if selected&config.EventKeyspace != 0 {
		s.publish(pubsub.Channel, name("__keyspace@", key), word)
	}
	if selected&config.EventKeyevent != 0 {
		s.publish(pubsub.Channel, name("__keyevent@", word), key)
	}
}
