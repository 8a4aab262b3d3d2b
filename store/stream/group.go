package stream

import (
	"iter"
	"slices"
	"strings"
	"unsafe"

	"treedis/store/ctree"
)

// LiveGroup is a consumer group of a Live. What is pending is found by ID in
// O(log n), in the group as well as in each consumer.
//
// LastID and EntriesRead may be set in a group that OpenGroup gave out, and its
// other methods that change something called.
type LiveGroup struct {
	LastID      ID
	EntriesRead int64 // UnknownEntriesRead when it cannot be told

	name      string
	epoch     uint64
	pending   ctree.Tree[Delivery]
	consumers ctree.Tree[*LiveConsumer]
}

// LiveConsumer is a member of a group. The times, in unix milliseconds, may be
// set in a consumer that OpenConsumer gave out.
type LiveConsumer struct {
	SeenTime   int64 // last attempt to read or claim
	ActiveTime int64 // last time that got it an entry, -1 if none ever did

	name    string
	epoch   uint64
	pending ctree.Tree[ID] // those of the group that are its own
}

// Delivery is an entry that was delivered and not acknowledged. The entry itself
// may have been deleted since.
type Delivery struct {
	ID       ID
	Time     int64 // unix milliseconds, of the last delivery
	Count    uint64
	Consumer string // its name
}

func compareDeliveries(a, b Delivery) int { return a.ID.Compare(b.ID) }

func compareConsumers(a, b *LiveConsumer) int { return strings.Compare(a.name, b.name) }

func newGroup(epoch uint64, name string, last ID, read int64) *LiveGroup {
	g := &LiveGroup{
		name: name, epoch: epoch, LastID: last, EntriesRead: read,
		pending:   ctree.New(compareDeliveries, nil),
		consumers: ctree.New(compareConsumers, nil),
	}
	g.setEpoch(epoch)
	return g
}

func (g *LiveGroup) setEpoch(epoch uint64) {
	g.epoch = epoch
	g.pending.SetEpoch(epoch)
	g.consumers.SetEpoch(epoch)
}

// newGroupFrom takes over a plain group.
func newGroupFrom(epoch uint64, p *Group) *LiveGroup {
	g := newGroup(epoch, string(p.Name), p.LastID, p.EntriesRead)
	own := make([][]ID, len(p.Consumers))
	names := make([]string, len(p.Consumers))
	for i, c := range p.Consumers {
		names[i] = string(c.Name)
	}
	all := make([]Delivery, len(p.Pending))
	for i, d := range p.Pending {
		all[i] = Delivery{d.ID, d.DeliveryTime, d.DeliveryCount, names[d.Consumer]}
		own[d.Consumer] = append(own[d.Consumer], d.ID)
	}
	g.pending.Append(all...)
	for i, p := range p.Consumers {
		c := newConsumer(epoch, names[i], p.SeenTime)
		c.ActiveTime = p.ActiveTime
		c.pending.Append(own[i]...)
		g.consumers.Insert(c)
	}
	return g
}

// plain returns the plain form.
func (g *LiveGroup) plain() Group {
	p := Group{Name: []byte(g.name), LastID: g.LastID, EntriesRead: g.EntriesRead}
	index := make(map[string]int, g.consumers.Len())
	for c := range g.consumers.All() {
		index[c.name] = len(p.Consumers)
		p.Consumers = append(p.Consumers, Consumer{[]byte(c.name), c.SeenTime, c.ActiveTime})
	}
	p.Pending = slices.Grow(p.Pending, g.pending.Len())
	for d := range g.pending.All() {
		p.Pending = append(p.Pending, Pending{d.ID, d.Time, d.Count, index[d.Consumer]})
	}
	return p
}

func (g *LiveGroup) bytes() int {
	const perPending = int(unsafe.Sizeof(Delivery{}) + unsafe.Sizeof(ID{}))
	const perConsumer = int(unsafe.Sizeof(LiveConsumer{}))
	return int(unsafe.Sizeof(*g)) + len(g.name) + g.pending.Len()*perPending + g.consumers.Len()*perConsumer
}

func newConsumer(epoch uint64, name string, seen int64) *LiveConsumer {
	c := &LiveConsumer{name: name, epoch: epoch, SeenTime: seen, ActiveTime: -1, pending: ctree.New(ID.Compare, nil)}
	c.pending.SetEpoch(epoch)
	return c
}

// Groups walks the groups by name.
func (l *Live) Groups() iter.Seq[*LiveGroup] { return l.groups.All() }

// NumGroups returns the number of groups.
func (l *Live) NumGroups() int { return l.groups.Len() }

// Group returns a group for reading, nil if there is none of this name.
func (l *Live) Group(name []byte) *LiveGroup {
	cur := l.groups.Search(func(g *LiveGroup) bool { return g.name >= string(name) })
	if !cur.Valid() || cur.Item().name != string(name) {
		return nil
	}
	return cur.Item()
}

// OpenGroup returns a group for reading and writing until the stream is cloned,
// nil if there is none of this name.
func (l *Live) OpenGroup(name []byte) *LiveGroup {
	g := l.Group(name)
	if g == nil || g.epoch == l.epoch {
		return g
	}
	c := *g
	c.setEpoch(l.epoch)
	l.groups.Insert(&c)
	return &c
}

// CreateGroup adds a group, and reports whether there was none of this name.
func (l *Live) CreateGroup(name []byte, last ID, read int64) bool {
	if l.Group(name) != nil {
		return false
	}
	l.groups.Insert(newGroup(l.epoch, string(name), last, read))
	return true
}

// DeleteGroup removes a group and reports whether it was there.
func (l *Live) DeleteGroup(name []byte) bool {
	_, ok := l.groups.Delete(&LiveGroup{name: string(name)})
	return ok
}

// Lag returns how many entries a group has still to be given, false if that
// cannot be told.
func (l *Live) Lag(g *LiveGroup) (lag int64, ok bool) {
	switch {
	case l.EntriesAdded == 0:
		return 0, true
	case g.EntriesRead != UnknownEntriesRead && !l.DeletedFrom(g.LastID):
		return int64(l.EntriesAdded) - g.EntriesRead, true
	}
	read := l.EstimateEntriesRead(g.LastID)
	return int64(l.EntriesAdded) - read, read != UnknownEntriesRead
}

// Advance moves an open group on to an entry that it is given, if that is behind
// its last, and reports whether it is.
func (l *Live) Advance(g *LiveGroup, id ID) bool {
	if !g.LastID.Less(id) {
		return false
	}
	if g.EntriesRead != UnknownEntriesRead && !l.DeletedFrom(id) {
		g.EntriesRead++
	} else if l.EntriesAdded > 0 {
		g.EntriesRead = l.EstimateEntriesRead(id)
	}
	g.LastID = id
	return true
}

// Name returns the group's name.
func (g *LiveGroup) Name() string { return g.name }

// NumPending returns the number of pending entries.
func (g *LiveGroup) NumPending() int { return g.pending.Len() }

// Pending returns a pending entry.
func (g *LiveGroup) Pending(id ID) (Delivery, bool) { return g.pending.Get(Delivery{ID: id}) }

// PendingFrom returns a cursor at the first pending entry not before id.
func (g *LiveGroup) PendingFrom(id ID) ctree.Cursor[Delivery] {
	return g.pending.LowerBound(Delivery{ID: id})
}

// LastPending returns the last pending entry.
func (g *LiveGroup) LastPending() (Delivery, bool) { return g.pending.Last() }

// SetPending makes an entry pending, or changes the delivery of one that is. Its
// consumer must exist.
func (g *LiveGroup) SetPending(d Delivery) {
	old, was := g.pending.Insert(d)
	if was && old.Consumer == d.Consumer {
		return
	}
	if was {
		g.openConsumer(old.Consumer).pending.Delete(d.ID)
	}
	g.openConsumer(d.Consumer).pending.Insert(d.ID)
}

// Acknowledge removes a pending entry and reports whether it was there.
func (g *LiveGroup) Acknowledge(id ID) bool {
	old, was := g.pending.Delete(Delivery{ID: id})
	if was {
		g.openConsumer(old.Consumer).pending.Delete(id)
	}
	return was
}

// NumConsumers returns the number of consumers.
func (g *LiveGroup) NumConsumers() int { return g.consumers.Len() }

// Consumers walks the consumers by name.
func (g *LiveGroup) Consumers() iter.Seq[*LiveConsumer] { return g.consumers.All() }

// Consumer returns a consumer for reading, nil if there is none of this name.
func (g *LiveGroup) Consumer(name []byte) *LiveConsumer {
	cur := g.consumers.Search(func(c *LiveConsumer) bool { return c.name >= string(name) })
	if !cur.Valid() || cur.Item().name != string(name) {
		return nil
	}
	return cur.Item()
}

// OpenConsumer returns a consumer for reading and writing until the stream is
// cloned, nil if there is none of this name. The group must be open.
func (g *LiveGroup) OpenConsumer(name []byte) *LiveConsumer { return g.owned(g.Consumer(name)) }

// openConsumer is OpenConsumer for one that exists.
func (g *LiveGroup) openConsumer(name string) *LiveConsumer {
	c, _ := g.consumers.Get(&LiveConsumer{name: name})
	return g.owned(c)
}

func (g *LiveGroup) owned(c *LiveConsumer) *LiveConsumer {
	if c == nil || c.epoch == g.epoch {
		return c
	}
	own := *c
	own.epoch = g.epoch
	own.pending.SetEpoch(g.epoch)
	g.consumers.Insert(&own)
	return &own
}

// CreateConsumer adds a consumer, which was seen at that time, and reports whether
// there was none of this name.
func (g *LiveGroup) CreateConsumer(name []byte, seen int64) bool {
	if g.Consumer(name) != nil {
		return false
	}
	g.consumers.Insert(newConsumer(g.epoch, string(name), seen))
	return true
}

// DeleteConsumer removes a consumer with its pending entries, and returns how many
// those were.
func (g *LiveGroup) DeleteConsumer(name []byte) (pending int, ok bool) {
	c := g.Consumer(name)
	if c == nil {
		return 0, false
	}
	for id := range c.pending.All() {
		g.pending.Delete(Delivery{ID: id})
	}
	g.consumers.Delete(c)
	return c.pending.Len(), true
}

// Name returns the consumer's name.
func (c *LiveConsumer) Name() string { return c.name }

// NumPending returns the number of the consumer's pending entries.
func (c *LiveConsumer) NumPending() int { return c.pending.Len() }

// PendingFrom returns a cursor at the consumer's first pending entry not before id.
func (c *LiveConsumer) PendingFrom(id ID) ctree.Cursor[ID] { return c.pending.LowerBound(id) }
