package rdb

import (
	"errors"
	"fmt"

	"treedis/store/stream"
)

// A stream value is
//
//	n:length node* entries:length last:id
//	[ first:id maxDeleted:id added:length ]           types 19 and 21
//	n:length group*
//
//	node      first:string listpack:string
//	id        milliseconds:length sequence:length
//	group     name:string last:id
//	          [ read:length ]                         types 19 and 21
//	          n:length pending* n:length consumer*
//	pending   id delivered:int64le deliveries:length
//	consumer  name:string seen:int64le
//	          [ active:int64le ]                      type 21
//	          n:length id*
//
// The first of a node, and the ids of pending entries, are the 16 bytes of two
// uint64be. Times are unix milliseconds. read is all ones when it is unknown.
// The pending entries of the consumers are those of the group, shared out.

// stream reads a stream and checks it throughout.
func (r *Reader) stream(typ byte) {
	s := &stream.Stream{}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		first := r.str(&r.elemBuf)
		if r.err == nil && len(first) != stream.IDSize {
			r.fail(corruptf("stream node key of %d bytes", len(first)))
		}
		if r.err == nil {
			node := stream.Node{First: stream.DecodeID(first)}
			node.Listpack = r.newStr(&r.valBuf)
			s.Nodes = append(s.Nodes, node)
		}
	}
	s.Length = r.count()
	s.LastID = r.streamID()
	if typ != typeStream {
		s.FirstID, s.MaxDeletedID = r.streamID(), r.streamID()
		s.EntriesAdded = r.count()
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s.Groups = append(s.Groups, r.streamGroup(typ))
	}
	if r.err != nil {
		return
	}
	if err := s.Validate(); err != nil {
		if err = corrupt(err); errors.Is(err, stream.ErrNode) {
			err = fmt.Errorf("Stream listpack integrity check failed: %w", err)
		}
		r.fail(err)
		return
	}
	if typ == typeStream {
		deriveCounters(s)
	}
	r.emit(r.sink.Stream(&r.key, s))
}

// deriveCounters sets what type 15 does not hold, as Redis 7 does.
func deriveCounters(s *stream.Stream) {
	s.EntriesAdded = s.Length
	s.FirstID, _ = s.FirstLive()
	for i := range s.Groups {
		g := &s.Groups[i]
		g.EntriesRead = s.EstimateEntriesRead(g.LastID)
	}
}

func (r *Reader) streamID() stream.ID {
	ms := r.count()
	return stream.ID{Ms: ms, Seq: r.count()}
}

func (r *Reader) rawStreamID() stream.ID {
	var b [stream.IDSize]byte
	r.fixed(b[:])
	return stream.DecodeID(b[:])
}

func (r *Reader) streamGroup(typ byte) stream.Group {
	g := stream.Group{Name: r.newStr(&r.valBuf), LastID: r.streamID()}
	if typ != typeStream {
		g.EntriesRead = int64(r.count())
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		p := stream.Pending{ID: r.rawStreamID(), DeliveryTime: int64(r.le64()), DeliveryCount: r.count(), Consumer: -1}
		if last := len(g.Pending) - 1; last >= 0 && !g.Pending[last].ID.Less(p.ID) {
			r.fail(corruptf("group %.32q: pending entry %v out of order", g.Name, p.ID))
		}
		if r.err == nil {
			g.Pending = append(g.Pending, p)
		}
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		r.streamConsumer(typ, &g)
	}
	return g
}

// streamConsumer reads a consumer into g and gives it its pending entries.
func (r *Reader) streamConsumer(typ byte, g *stream.Group) {
	c := stream.Consumer{Name: r.newStr(&r.valBuf), SeenTime: int64(r.le64())}
	c.ActiveTime = c.SeenTime // the best guess there is
	if typ == typeStream3 {
		c.ActiveTime = int64(r.le64())
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		id := r.rawStreamID()
		i, found := g.FindPending(id)
		if !found || g.Pending[i].Consumer >= 0 {
			r.fail(corruptf("consumer %.32q: entry %v is not pending in its group, or not its own", c.Name, id))
		} else {
			g.Pending[i].Consumer = len(g.Consumers)
		}
	}
	if r.err == nil {
		g.Consumers = append(g.Consumers, c)
	}
}
