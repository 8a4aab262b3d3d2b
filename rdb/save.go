package rdb

import (
	"context"

	"treedis/store"
)

// Clock gives the access clock of entries its meaning, for snapshots that keep it.
type Clock interface {
	// IdleOrFreq returns the seconds since the entry's last access, or the access counter of
	// an LFU policy; -1 for the one that is not kept.
	IdleOrFreq(e *store.Entry) (idle int64, freq int)
}

// SaveOptions are what SaveSnapshot is asked for beside the snapshot.
type SaveOptions struct {
	Clock    Clock           // nil: access clocks are not saved
	Progress func(keys int)  // nil, or called every progressKeys keys with their number so far
	EachKey  func() error    // nil, or called after each key; an error ends the saving
	Context  context.Context // nil, or ends the saving once it is done
}

// Saved is to be called by whoever saves, after each key, with the number of keys so far. An error ends the saving.
func (o *SaveOptions) Saved(keys int) error {
	if o.EachKey != nil {
		if err := o.EachKey(); err != nil {
			return err
		}
	}
	if keys%progressKeys != 0 {
		return nil
	}
	if o.Progress != nil {
		o.Progress(keys)
	}
	if o.Context != nil {
		return context.Cause(o.Context)
	}
	return nil
}

// progressKeys is how many keys lie between two looks at the outside: a millisecond's work.
const progressKeys = 1024

// SaveSnapshot writes all databases of a snapshot. Header, Aux, Function and Close are the caller's.
func SaveSnapshot(w *Writer, snap *store.Snapshot, o SaveOptions) error {
	s := saver{out: NewEntryWriter(w), SaveOptions: o}
	for db := range snap.Databases() {
		keys, expires := snap.Len(db)
		if keys == 0 {
			continue
		}
		if err := w.SelectDB(db); err != nil {
			return err
		}
		if err := w.ResizeDB(uint64(keys), uint64(expires)); err != nil {
			return err
		}
		for e := range snap.All(db) {
			if err := s.entry(e); err != nil {
				return err
			}
		}
	}
	if s.Progress != nil {
		s.Progress(s.done)
	}
	return nil
}

type saver struct {
	SaveOptions
	out  *EntryWriter
	done int
}

func (s *saver) entry(e *store.Entry) error {
	k := NewKey(e.Key(), e.Expire())
	if s.Clock != nil {
		k.Idle, k.Freq = s.Clock.IdleOrFreq(e)
	}
	if err := s.out.Write(k, e); err != nil {
		return err
	}
	s.done++
	return s.Saved(s.done)
}

// EntryWriter passes entries to a sink. It keeps what the sink is given, which would be allocated for each entry otherwise, since
// the compiler can't know what a sink does with it: that was most of the garbage that a snapshot made.
type EntryWriter struct {
	to      Sink
	key     Key
	scratch [20]byte // the digits of a string that is kept as a number
}

// NewEntryWriter returns a writer to a sink.
func NewEntryWriter(to Sink) *EntryWriter { return &EntryWriter{to: to} }

// Write passes one entry on, under the key k.
func (w *EntryWriter) Write(key Key, e *store.Entry) error {
	w.key = key
	to, k := w.to, &w.key
	switch e.Type() {
	case store.String:
		return to.String(k, e.Bytes(&w.scratch))
	case store.List:
		return writeList(to, k, e.List())
	case store.Set:
		return writeSet(to, k, e.Set())
	case store.Hash:
		return writeHash(to, k, e.Hash())
	case store.ZSet:
		return writeZSet(to, k, e.ZSet())
	default:
		return to.Stream(k, e.Stream())
	}
}

func writeList(to Sink, k *Key, l store.ListView) error {
	if err := to.BeginList(k, uint64(l.Len())); err != nil {
		return err
	}
	for v := range l.All() {
		if err := to.ListItem(v); err != nil {
			return err
		}
	}
	return to.EndKey()
}

func writeSet(to Sink, k *Key, s store.SetView) error {
	if blob := s.Intset(); blob != nil {
		if w, ok := to.(*Writer); ok {
			return w.Intset(k, blob)
		}
	}
	if err := to.BeginSet(k, uint64(s.Len())); err != nil {
		return err
	}
	for m := range s.All() {
		if err := to.SetMember(m); err != nil {
			return err
		}
	}
	return to.EndKey()
}

func writeHash(to Sink, k *Key, h store.HashView) error {
	if err := to.BeginHash(k, uint64(h.Len())); err != nil {
		return err
	}
	for f, v := range h.All() {
		if err := to.HashField(f, v); err != nil {
			return err
		}
	}
	return to.EndKey()
}

// writeZSet passes the members from the greatest down: Redis inserts each at the head of its skiplist.
func writeZSet(to Sink, k *Key, z store.ZSetView) error {
	if err := to.BeginZSet(k, uint64(z.Len())); err != nil {
		return err
	}
	for m, score := range z.Backward() {
		if err := to.ZSetMember(m, score); err != nil {
			return err
		}
	}
	return to.EndKey()
}
