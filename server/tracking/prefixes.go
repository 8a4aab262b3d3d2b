package tracking

import (
	"maps"
	"slices"
	"strings"
)

// Prefixes is who wants to hear of all keys that begin in some way, and which such keys have changed since they were told
// last. It is not safe for concurrent use.
type Prefixes struct {
	of      map[string]*prefix
	changed bool
}

type prefix struct {
	clients map[int64]struct{}
	keys    map[string]int64 // changed, with the client that changed it last, 0 for none
}

// NewPrefixes returns an empty set.
func NewPrefixes() *Prefixes { return &Prefixes{of: map[string]*prefix{}} }

// Len returns the number of prefixes.
func (p *Prefixes) Len() int { return len(p.of) }

// Add makes a client hear of a prefix.
func (p *Prefixes) Add(text string, id int64) {
	b := p.of[text]
	if b == nil {
		b = &prefix{clients: map[int64]struct{}{}, keys: map[string]int64{}}
		p.of[text] = b
	}
	b.clients[id] = struct{}{}
}

// Remove makes a client hear of a prefix no more.
func (p *Prefixes) Remove(text string, id int64) {
	if b := p.of[text]; b != nil {
		if delete(b.clients, id); len(b.clients) == 0 {
			delete(p.of, text)
		}
	}
}

// Changed notes that a client, 0 for none, changed a key.
func (p *Prefixes) Changed(key []byte, by int64) {
	for text, b := range p.of {
		if strings.HasPrefix(string(key), text) {
			b.keys[string(key)] = by
			p.changed = true
		}
	}
}

// Pending reports whether there is anything to tell.
func (p *Prefixes) Pending() bool { return p.changed }

// Take calls tell for each prefix of which keys have changed: with the keys, each with the client that changed it, and the
// clients to be told, all in order. Then nothing is pending.
func (p *Prefixes) Take(tell func(keys []string, by map[string]int64, clients []int64)) {
	p.changed = false
	for _, text := range slices.Sorted(maps.Keys(p.of)) {
		b := p.of[text]
		if len(b.keys) == 0 {
			continue
		}
		keys := b.keys
		b.keys = map[string]int64{}
		tell(slices.Sorted(maps.Keys(keys)), keys, slices.Sorted(maps.Keys(b.clients)))
	}
}

// Overlap returns the first two prefixes of which one begins with the other, so that a key may fit both: one of those to be
// added, and one of those that are there or come after it. there tells which it is.
func Overlap(existing, added []string) (a, b string, there, found bool) {
	for i, text := range added {
		for _, other := range existing {
			if overlap(text, other) {
				return text, other, true, true
			}
		}
		for _, other := range added[i+1:] {
			if overlap(text, other) {
				return text, other, false, true
			}
		}
	}
	return "", "", false, false
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
