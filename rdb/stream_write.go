package rdb

import (
	"encoding/binary"
	"fmt"

	"treedis/store/stream"
)

// Stream writes a stream key, in the oldest type that loses nothing: 15 when
// Redis 7 would derive the same counters from it, otherwise 19. ActiveTime is
// kept in type 21 only, when the options ask for it.
func (w *Writer) Stream(k *Key, s *stream.Stream) error {
	typ := w.streamType(s)
	if !w.key(typ, k) {
		return w.err
	}
	w.buf = appendLength(w.buf, uint64(len(s.Nodes)))
	for _, n := range s.Nodes {
		w.buf = appendLength(w.buf, stream.IDSize)
		w.buf = n.First.AppendBinary(w.buf)
		w.str(n.Listpack)
		_ = w.spill() // sticks
	}
	w.buf = appendLength(w.buf, s.Length)
	w.streamID(s.LastID)
	if typ != typeStream {
		w.streamID(s.FirstID)
		w.streamID(s.MaxDeletedID)
		w.buf = appendLength(w.buf, s.EntriesAdded)
	}
	w.buf = appendLength(w.buf, uint64(len(s.Groups)))
	for i := range s.Groups {
		w.streamGroup(typ, &s.Groups[i])
	}
	return w.spill()
}

func (w *Writer) streamType(s *stream.Stream) byte {
	if w.opts.ActiveTime {
		return typeStream3
	}
	if s.EntriesAdded != s.Length || !s.MaxDeletedID.IsZero() {
		return typeStream2
	}
	if first, _ := s.FirstLive(); first != s.FirstID {
		return typeStream2
	}
	for i := range s.Groups {
		if s.Groups[i].EntriesRead != s.EstimateEntriesRead(s.Groups[i].LastID) {
			return typeStream2
		}
	}
	return typeStream
}

func (w *Writer) streamID(id stream.ID) {
	w.buf = appendLength(appendLength(w.buf, id.Ms), id.Seq)
}

func (w *Writer) streamGroup(typ byte, g *stream.Group) {
	w.str(g.Name)
	w.streamID(g.LastID)
	if typ != typeStream {
		w.buf = appendLength(w.buf, uint64(g.EntriesRead))
	}
	w.buf = appendLength(w.buf, uint64(len(g.Pending)))
	for _, p := range g.Pending {
		w.buf = p.ID.AppendBinary(w.buf)
		w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(p.DeliveryTime))
		w.buf = appendLength(w.buf, p.DeliveryCount)
		_ = w.spill()
	}
	order, ends, err := byConsumer(g)
	if err != nil {
		_ = w.fail(err)
		return
	}
	w.buf = appendLength(w.buf, uint64(len(g.Consumers)))
	begin := 0
	for i, c := range g.Consumers {
		w.str(c.Name)
		w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(c.SeenTime))
		if typ == typeStream3 {
			w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(c.ActiveTime))
		}
		own := order[begin:ends[i]]
		w.buf = appendLength(w.buf, uint64(len(own)))
		for _, p := range own {
			w.buf = g.Pending[p].ID.AppendBinary(w.buf)
			_ = w.spill()
		}
		begin = ends[i]
	}
}

// byConsumer sorts the indexes of the pending entries by consumer, those of one
// consumer ascending. Those of consumer i lie before ends[i], from ends[i-1] on.
func byConsumer(g *stream.Group) (order, ends []int, err error) {
	order, ends = make([]int, len(g.Pending)), make([]int, len(g.Consumers)+1)
	for _, p := range g.Pending {
		if p.Consumer < 0 || p.Consumer >= len(g.Consumers) {
			return nil, nil, fmt.Errorf("%w: pending entry %v of group %q has no consumer", ErrSequence, p.ID, g.Name)
		}
		ends[p.Consumer+1]++
	}
	for i := range g.Consumers {
		ends[i+1] += ends[i]
	}
	// ends[i] is where the run of consumer i begins, and moves to its end.
	for i, p := range g.Pending {
		order[ends[p.Consumer]] = i
		ends[p.Consumer]++
	}
	return order, ends, nil
}
