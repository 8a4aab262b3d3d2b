// Package pubsub keeps who listens to which channels, patterns and shard channels. It knows nothing of connections,
// nor of what a message looks like: a Registry says whom one is for.
//
// Subscribers have a home, a small number, by which a topic keeps them apart: whoever delivers messages home by home
// asks for one list each, and none is made anew for a message.
//
// A Registry is not safe for concurrent use. Changes need exclusive access; the other methods may run side by side.
package pubsub

import (
	"maps"
	"slices"

	"treedis/server/glob"
)

// Kind is what a subscription is to.
type Kind uint8

// The kinds. Shard channels are a name space of their own, which patterns do not reach.
const (
	Channel Kind = iota
	Pattern
	Shard
	kinds
)

// Registry holds the subscriptions of subscribers that are known by a value of type S.
type Registry[S any] struct {
	homes    int
	topics   [kinds]map[string]*Topic[S]
	patterns []*Topic[S] // those of kind Pattern, oldest first: the order of messages that fit several
}

// Topic is a channel or pattern that somebody listens to.
type Topic[S any] struct {
	Name []byte
	Kind Kind

	homes [][]*Subscription[S] // by home
	count int
}

// Subscription is one subscriber's interest in one topic.
type Subscription[S any] struct {
	Owner S
	home  int
	topic *Topic[S]
	at    int // in topic.homes[home]
}

// Subscriber is the subscriptions of one subscriber. Its zero value has none.
type Subscriber[S any] struct {
	subs [kinds]map[string]*Subscription[S]
}

// New returns an empty registry of subscribers whose homes are below the given number.
func New[S any](homes int) *Registry[S] {
	r := &Registry[S]{homes: homes}
	for kind := range r.topics {
		r.topics[kind] = map[string]*Topic[S]{}
	}
	return r
}

// Count returns the number of subscriptions of a kind.
func (s *Subscriber[S]) Count(kind Kind) int { return len(s.subs[kind]) }

// Total returns the number of all subscriptions.
func (s *Subscriber[S]) Total() (n int) {
	for kind := range kinds {
		n += s.Count(kind)
	}
	return n
}

// Names lists what is subscribed to, in the order of the names.
func (s *Subscriber[S]) Names(kind Kind) []string { return slices.Sorted(maps.Keys(s.subs[kind])) }

// Subscribe adds a subscription, and reports whether it is new. owner and home are the same in all of a
// subscriber's calls.
func (r *Registry[S]) Subscribe(s *Subscriber[S], owner S, home int, kind Kind, name string) bool {
	if s.subs[kind][name] != nil {
		return false
	}
	t := r.topics[kind][name]
	if t == nil {
		t = &Topic[S]{Name: []byte(name), Kind: kind, homes: make([][]*Subscription[S], r.homes)}
		r.topics[kind][name] = t
		if kind == Pattern {
			r.patterns = append(r.patterns, t)
		}
	}
	sub := &Subscription[S]{Owner: owner, home: home, topic: t, at: len(t.homes[home])}
	t.homes[home] = append(t.homes[home], sub)
	t.count++
	if s.subs[kind] == nil {
		s.subs[kind] = map[string]*Subscription[S]{}
	}
	s.subs[kind][name] = sub
	return true
}

// Unsubscribe removes a subscription, and reports whether there was one. A topic that nobody listens to any more is
// forgotten.
func (r *Registry[S]) Unsubscribe(s *Subscriber[S], kind Kind, name string) bool {
	sub := s.subs[kind][name]
	if sub == nil {
		return false
	}
	delete(s.subs[kind], name)
	t := sub.topic
	list := t.homes[sub.home]
	last := len(list) - 1
	list[sub.at] = list[last]
	list[sub.at].at = sub.at
	list[last] = nil
	t.homes[sub.home] = list[:last]
	if t.count--; t.count == 0 {
		delete(r.topics[kind], name)
		if kind == Pattern {
			r.patterns = slices.DeleteFunc(r.patterns, func(o *Topic[S]) bool { return o == t })
		}
	}
	return true
}

// UnsubscribeAll removes all that a subscriber has.
func (r *Registry[S]) UnsubscribeAll(s *Subscriber[S]) {
	for kind := range kinds {
		for name := range s.subs[kind] {
			r.Unsubscribe(s, kind, name)
		}
	}
}

// Match appends the topics that a message to a channel, or shard channel, is for: the channel itself, then the patterns
// that fit it.
func (r *Registry[S]) Match(dst []*Topic[S], kind Kind, channel []byte) []*Topic[S] {
	if t := r.topics[kind][string(channel)]; t != nil {
		dst = append(dst, t)
	}
	if kind != Channel {
		return dst
	}
	for _, t := range r.patterns {
		if glob.Match(t.Name, channel) {
			dst = append(dst, t)
		}
	}
	return dst
}

// Active reports whether anybody listens to channels or patterns.
func (r *Registry[S]) Active() bool { return len(r.topics[Channel])+len(r.topics[Pattern]) > 0 }

// Len returns the number of topics of a kind.
func (r *Registry[S]) Len(kind Kind) int { return len(r.topics[kind]) }

// Subscribers returns how many listen to a topic of that very name.
func (r *Registry[S]) Subscribers(kind Kind, name []byte) int {
	if t := r.topics[kind][string(name)]; t != nil {
		return t.count
	}
	return 0
}

// Names lists the topics of a kind that fit a pattern, in the order of their names.
func (r *Registry[S]) Names(kind Kind, pattern []byte) []string {
	var names []string
	for name := range r.topics[kind] {
		if glob.All(pattern) || glob.Match(pattern, []byte(name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Len returns how many listen to the topic.
func (t *Topic[S]) Len() int { return t.count }

// At lists the topic's subscriptions by subscribers of a home. The caller must not change it.
func (t *Topic[S]) At(home int) []*Subscription[S] { return t.homes[home] }
