package store

import (
	"bytes"
	"cmp"
	"slices"
)

// zdraft gathers the members of a sorted set that may stay small: all their bytes in one piece of memory, found by a hash table of
// their numbers.
type zdraft struct {
	items    []zdraftItem
	text     []byte               // of all members
	index    [2 * maxDraft]uint16 // by hash: the number of an item, plus one; the next free place where that is taken
	listpack []byte               // what the set becomes
}

// zdraftItem is a member, which stands in text[from:to].
type zdraftItem struct {
	score    float64
	hash     uint64
	from, to int32
}

const (
	// maxDraft bounds the members of a draft.
	maxDraft = 512
	// maxDraftBytes bounds their bytes.
	maxDraftBytes = 64 << 10
)

// newDraft returns an empty draft.
func (s *Store) newDraft() *zdraft {
	if d, ok := s.drafts.Get().(*zdraft); ok {
		return d
	}
	return new(zdraft)
}

// releaseDraft keeps a draft to be used again.
func (s *Store) releaseDraft(d *zdraft) {
	if len(d.items) > 0 {
		clear(d.index[:])
	}
	d.items, d.text = d.items[:0], d.text[:0]
	if cap(d.listpack) > 2*maxDraftBytes {
		d.listpack = nil
	}
	s.drafts.Put(d)
}

// full reports whether there may be no room for a member.
func (d *zdraft) full(member []byte) bool {
	return len(d.items) == maxDraft || len(d.text)+len(member) > maxDraftBytes
}

// add adds a member, or returns the score that it has already.
func (d *zdraft) add(hash uint64, member []byte, score float64) (have *float64) {
	at := hash % uint64(len(d.index))
	for ; d.index[at] != 0; at = (at + 1) % uint64(len(d.index)) {
		if it := &d.items[d.index[at]-1]; it.hash == hash && bytes.Equal(d.member(it), member) {
			return &it.score
		}
	}
	from := len(d.text)
	d.text = append(d.text, member...)
	d.items = append(d.items, zdraftItem{score: score, hash: hash, from: int32(from), to: int32(len(d.text))})
	d.index[at] = uint16(len(d.items))
	return nil
}

func (d *zdraft) member(it *zdraftItem) []byte { return d.text[it.from:it.to:it.to] }

// all walks the members in order. None can be added afterwards.
func (d *zdraft) all(yield func([]byte, float64) bool) {
	slices.SortFunc(d.items, func(x, y zdraftItem) int {
		if r := cmp.Compare(x.score, y.score); r != 0 {
			return r
		}
		return bytes.Compare(d.member(&x), d.member(&y))
	})
	for i := range d.items {
		if it := &d.items[i]; !yield(d.member(it), it.score) {
			return
		}
	}
}
