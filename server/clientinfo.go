package server

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"treedis/repl"
	"treedis/server/pubsub"
)

// clientKind is the class of a client, as CLIENT LIST TYPE and output buffer limits tell them apart.
type clientKind uint8

const (
	anyKind clientKind = iota
	normalClient
	replicaClient
	pubsubClient
	masterClient
)

// peer is whoever is at the other end of a connection: a client of the registry, a replica, which a feed of
// repl's serves, or the master that this server follows.
type peer struct {
	*Client
	kind        clientKind
	addr, laddr string
	replica     *repl.ReplicaStatus // nil unless kind is replicaClient
	link        *repl.LinkStatus    // nil unless kind is masterClient
}

// peers lists everyone who is connected, in the order of their ids. It needs the exclusive lock.
func (s *Server) peers() []peer {
	list := make([]peer, 0, len(s.clients)+1)
	for _, c := range s.clients {
		list = append(list, c.peer())
	}
	for _, r := range s.master.Replicas() {
		if c, ok := r.Context.(*Client); ok && r.State != repl.Closing {
			list = append(list, peer{Client: c, kind: replicaClient, addr: c.addr, laddr: c.laddr, replica: &r})
		}
	}
	if st := s.role.link.Status(); st.RemoteAddr != "" {
		list = append(list, peer{Client: s.masterClient, kind: masterClient, addr: st.RemoteAddr, laddr: st.LocalAddr, link: &st})
	}
	slices.SortFunc(list, func(a, b peer) int { return cmp.Compare(a.id, b.id) })
	return list
}

// hangUp closes a connection. It needs the exclusive lock.
func (s *Server) hangUp(p *peer) {
	switch p.kind {
	case replicaClient:
		s.master.Disconnect(uint64(p.id))
	case masterClient:
		s.role.link.Disconnect()
	default:
		p.kill()
		s.forget(p.Client)
	}
}

// appendInfo appends the client's line of CLIENT LIST, for a client of the registry.
func (c *Client) appendInfo(dst []byte, by *Call) []byte {
	p := c.peer()
	return p.appendInfo(dst, by)
}

// peer describes a client of the registry.
func (c *Client) peer() peer {
	p := peer{Client: c, kind: normalClient, addr: c.addr, laddr: c.laddr}
	if c.subs.Total() > 0 {
		p.kind = pubsubClient
	}
	return p
}

// appendInfo appends the line of CLIENT LIST, without its end. by is the call that asks: of its own client it
// knows the current command.
func (p *peer) appendInfo(dst []byte, by *Call) []byte {
	c, m := p.Client, p.memory(by)
	text := func(name, value string) { dst = append(append(append(dst, name...), '='), value...) }
	number := func(name string, n int64) {
		text(name, "")
		dst = strconv.AppendInt(dst, n, 10)
	}
	queued := int64(-1)
	if c.multi.active || c.multi.executing {
		queued = int64(len(c.multi.queued))
	}
	command := "NULL"
	if c.lastRow != nil {
		command = c.lastRow.Name
	}
	number("id", c.id)
	text(" addr", p.addr)
	text(" laddr", p.laddr)
	number(" fd", int64(c.fd))
	text(" name", c.name)
	number(" age", by.now/1000-c.created/1000)
	number(" idle", p.idle(by.now))
	text(" flags", p.flags())
	number(" db", int64(c.db.Index()))
	number(" sub", int64(c.subs.Count(pubsub.Channel)))
	number(" psub", int64(c.subs.Count(pubsub.Pattern)))
	number(" ssub", int64(c.subs.Count(pubsub.Shard)))
	number(" multi", queued)
	number(" qbuf", int64(m.InLen-m.parsed))
	number(" qbuf-free", int64(m.InCap-m.InLen))
	number(" argv-mem", m.args)
	number(" multi-mem", c.multi.bytes)
	number(" rbs", int64(max(m.OutCap-m.OutQueued, 0)))
	number(" rbp", 0)
	inBuffer, inList, buffers := m.output()
	number(" obl", int64(inBuffer))
	number(" oll", int64(buffers))
	number(" omem", int64(inList))
	number(" tot-mem", m.total())
	text(" events", p.events(m))
	text(" cmd", command)
	text(" user", c.user.Name())
	number(" redir", c.redirection())
	number(" resp", int64(c.out.Protocol()))
	text(" lib-name", c.libName)
	text(" lib-ver", c.libVer)
	return dst
}

// idle returns the seconds since the other end was heard of.
func (p *peer) idle(now int64) int64 {
	switch {
	case p.replica != nil:
		return int64(p.replica.Lag.Seconds())
	case p.link != nil && !p.link.LastIO.IsZero():
		return now/1000 - p.link.LastIO.Unix()
	}
	return now/1000 - p.lastActive/1000
}

// flags returns the letters of CLIENT LIST's flags.
func (p *peer) flags() string {
	c := p.Client
	var b []byte
	set := func(on bool, letter byte) {
		if on {
			b = append(b, letter)
		}
	}
	set(p.kind == replicaClient, 'S')
	set(c.monitors, 'O')
	set(p.kind == masterClient, 'M')
	set(p.kind == pubsubClient, 'P')
	set(c.multi.active || c.multi.executing, 'x')
	set(c.blocked != nil || c.postponed, 'b')
	set(c.tracking.on, 't')
	set(c.tracking.broken, 'R')
	set(c.tracking.bcast, 'B')
	set(c.watchDirty, 'd')
	set(c.closeAfter, 'c')
	set(c.closing.Load(), 'A')
	set(strings.HasSuffix(p.addr, ":0"), 'U')
	set(c.noEvict, 'e')
	set(c.noTouch, 'T')
	if len(b) == 0 {
		return "N"
	}
	return string(b)
}

// events returns what is waited for on the connection: input, and room for output.
func (p *peer) events(m clientUsage) string {
	events := ""
	if p.blocked == nil {
		events = "r"
	}
	if m.OutLen > 0 {
		events += "w"
	}
	return events
}
