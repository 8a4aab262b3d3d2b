package stream

import (
	"strings"
	"unsafe"

	"treedis/store/ctree"
	"treedis/store/listpack"
)

// Live is a stream that is read and written to. Entries are found in O(log n)
// nodes and a walk within one; appending looks at the last node only.
//
// Clone takes constant time. Nodes, groups and consumers carry the epoch that
// they were made in, a stream the epoch it writes in; what is of an older epoch
// is copied before it is written to. A stream that has been cloned must not be
// written to again, only its clones may; it can then be read by other goroutines
// without a lock.
//
// The counters are for reading, but for SetID.
type Live struct {
	Counters
	epoch  uint64
	nodes  ctree.Tree[nodeRef]
	groups ctree.Tree[*LiveGroup]
	bytes  int // memory of the listpacks
	kept   int // of those that were copied since the stream was cloned
}

// nodeRef has the ID that a node is ordered by beside the pointer, so that a
// search does not go to the nodes.
type nodeRef struct {
	first ID
	node  *liveNode
}

type liveNode struct {
	Node
	epoch uint64
}

func compareNodes(a, b nodeRef) int { return a.first.Compare(b.first) }

func compareGroups(a, b *LiveGroup) int { return strings.Compare(a.name, b.name) }

// NewLive returns an empty stream.
func NewLive() *Live {
	l := &Live{
		epoch:  1,
		nodes:  ctree.New(compareNodes, nil),
		groups: ctree.New(compareGroups, nil),
	}
	l.nodes.SetEpoch(l.epoch)
	l.groups.SetEpoch(l.epoch)
	return l
}

// Clone returns a copy that may be written to. The receiver must not be any
// more.
func (l *Live) Clone() *Live {
	c := *l
	c.epoch++
	c.kept = 0
	c.nodes, c.groups = l.nodes.Clone(), l.groups.Clone()
	c.nodes.SetEpoch(c.epoch)
	c.groups.SetEpoch(c.epoch)
	return &c
}

// Kept returns how many bytes writes have copied since the stream was cloned, as what it was cloned from holds the originals: its
// nodes, and of the groups those that lead to them.
func (l *Live) Kept() int { return l.kept + l.nodes.Kept() + l.groups.Kept() }

// FromStream takes over a plain stream that has been validated, in time linear
// in its nodes and what is pending.
func FromStream(s *Stream) *Live {
	l := NewLive()
	l.Counters = s.Counters
	refs := make([]nodeRef, len(s.Nodes))
	nodes := make([]liveNode, len(s.Nodes))
	for i, n := range s.Nodes {
		nodes[i] = liveNode{n, l.epoch}
		refs[i] = nodeRef{n.First, &nodes[i]}
		l.bytes += cap(n.Listpack)
	}
	l.nodes.Append(refs...)
	for i := range s.Groups {
		l.groups.Insert(newGroupFrom(l.epoch, &s.Groups[i]))
	}
	return l
}

// Stream returns the plain form, which shares the nodes with l: it is to be
// read while l does not change. It takes time linear in the nodes and in what is
// pending.
func (l *Live) Stream() *Stream {
	s := &Stream{Counters: l.Counters}
	if n := l.nodes.Len(); n > 0 {
		s.Nodes = make([]Node, 0, n)
	}
	for ref := range l.nodes.All() {
		s.Nodes = append(s.Nodes, ref.node.Node)
	}
	for g := range l.groups.All() {
		s.Groups = append(s.Groups, g.plain())
	}
	return s
}

// Nodes returns the number of nodes.
func (l *Live) Nodes() int { return l.nodes.Len() }

// Bytes returns the memory that the stream takes, in bytes, about.
func (l *Live) Bytes() int {
	const perNode = int(unsafe.Sizeof(nodeRef{}) + unsafe.Sizeof(liveNode{}))
	n := int(unsafe.Sizeof(*l)) + l.bytes + l.nodes.Len()*perNode
	for g := range l.groups.All() {
		n += g.bytes()
	}
	return n
}

// Append adds an entry as Stream.Append does.
func (l *Live) Append(id ID, pairs [][]byte, lim Limits) error {
	size, err := checkAppend(l.LastID, id, pairs)
	if err != nil {
		return err
	}
	last, ok := l.nodes.Last()
	var n *liveNode
	if !ok || last.node.full(size, lim) {
		if ok && last.node.epoch == l.epoch {
			l.replace(last.node, listpack.ShrinkToFit(last.node.Listpack))
		}
		n = &liveNode{newNode(id, pairs), l.epoch}
		l.nodes.Append(nodeRef{id, n})
		l.bytes += cap(n.Listpack)
	} else {
		n = l.own(last.node)
	}
	before := cap(n.Listpack)
	n.add(id, pairs)
	l.bytes += cap(n.Listpack) - before
	l.added(id)
	return nil
}

// own returns n, or in its place a copy that may be written to.
func (l *Live) own(n *liveNode) *liveNode {
	if n.epoch == l.epoch {
		return n
	}
	l.kept += cap(n.Listpack)
	c := &liveNode{Node{n.First, listpack.Clone(n.Listpack)}, l.epoch}
	l.nodes.Insert(nodeRef{c.First, c})
	l.bytes += cap(c.Listpack) - cap(n.Listpack)
	return c
}

// replace sets the listpack of a node of the stream's own.
func (l *Live) replace(n *liveNode, lp []byte) {
	l.bytes += cap(lp) - cap(n.Listpack)
	n.Listpack = lp
}

// drop removes a node with all its entries.
func (l *Live) drop(n *liveNode, live int) {
	l.nodes.Delete(nodeRef{first: n.First})
	l.bytes -= cap(n.Listpack)
	l.Length -= uint64(live)
}

// Delete removes an entry, as XDEL does, and reports whether it was there.
func (l *Live) Delete(id ID) bool {
	n, it, ok := l.find(id)
	if !ok {
		return false
	}
	if live, _ := n.Counts(); live == 1 {
		l.drop(n, 1)
	} else {
		n = l.own(n)
		it.lp = n.Listpack
		it.markDeleted()
		l.replace(n, countDeleted(it.lp, 1))
		l.Length--
	}
	if l.MaxDeletedID.Less(id) {
		l.MaxDeletedID = id
	}
	if l.Length == 0 || id == l.FirstID {
		l.FirstID, _ = l.firstLive()
	}
	return true
}

// SetID sets the counters that XSETID does.
func (l *Live) SetID(last ID, added uint64, maxDeleted ID) {
	l.LastID, l.EntriesAdded, l.MaxDeletedID = last, added, maxDeleted
}

// Has reports whether there is an entry with this ID.
func (l *Live) Has(id ID) bool {
	_, _, ok := l.find(id)
	return ok
}

// find returns the node of a live entry, and an iterator at the entry.
func (l *Live) find(id ID) (n *liveNode, it Iter, ok bool) {
	if l.LastID.Less(id) || l.Length == 0 {
		return nil, it, false
	}
	cur := l.seek(id)
	if !cur.Valid() {
		return nil, it, false
	}
	n = cur.Item().node
	for it = n.Iter(); it.Next() && !id.Less(it.id); {
		if it.id == id {
			return n, it, true
		}
	}
	return nil, it, false
}

// seek returns a cursor at the node in which id is or would be, or before the
// first.
func (l *Live) seek(id ID) ctree.Cursor[nodeRef] {
	cur := l.nodes.LowerBound(nodeRef{first: id})
	switch {
	case !cur.Valid():
		return l.nodes.SeekLast()
	case cur.Item().first != id:
		cur.Prev()
	}
	return cur
}

// firstLive returns the ID of the first entry.
func (l *Live) firstLive() (ID, bool) {
	r := l.Range(ID{}, MaxID, false)
	if !r.Next() {
		return ID{}, false
	}
	return r.ID(), true
}

// LastLive returns the ID of the last entry.
func (l *Live) LastLive() (ID, bool) {
	r := l.Range(ID{}, MaxID, true)
	if !r.Next() {
		return ID{}, false
	}
	return r.ID(), true
}

// FirstKept returns the ID of the first entry whose place is kept, deleted or
// not.
func (l *Live) FirstKept() (ID, bool) {
	first, ok := l.nodes.First()
	if !ok {
		return ID{}, false
	}
	it := first.node.Iter()
	it.advance()
	return it.id, true
}
