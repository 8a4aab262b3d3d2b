package server

import (
	"math"

	"treedis/server/acl"
	"treedis/server/command"
)

var clientCommands = []row{
	{Spec: command.Spec{Name: "client", Arity: -2,
		Since: "2.4.0", Group: "connection", Complexity: "by subcommand",
		Summary: "Commands about client connections"}},
	{Spec: command.Spec{Name: "client|getname", Arity: 2, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "2.6.9", Group: "connection", Complexity: "O(1)",
		Summary: "Tell the name given to this connection"}, run: cmdClientGetName, local: true},
	{Spec: command.Spec{Name: "client|help", Arity: 2, Flags: command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "5.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "client|id", Arity: 2, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "5.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Tell this connection's ID"}, run: cmdClientID, local: true},
	{Spec: command.Spec{Name: "client|info", Arity: 2, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "6.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Describe this connection",
		Tips:    []string{"nondeterministic_output"}}, run: cmdClientInfo, local: true},
	{Spec: command.Spec{Name: "client|kill", Arity: -3,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
		Since: "2.4.0", Group: "connection", Complexity: "O(N), N connections",
		Summary: "Close the connections that fit a filter",
		Syntax: "filter=<old-format/ip:port:string!2.8.12 | new-format=<[ID client-id:integer^2.8.12] | " +
			"[client-type=TYPE <NORMAL | MASTER^3.2.0 | SLAVE | REPLICA^5.0.0 | PUBSUB>^2.8.12] | [USER username] | " +
			"[ADDR addr/ip:port:string] | [LADDR laddr/ip:port:string^6.2.0] | [skipme=SKIPME <YES | NO>]>...>",
		History: []command.Change{
			{"2.8.12", "filters"},
			{"2.8.12", "`ID`"},
			{"3.2.0", "type `master`"},
			{"5.0.0", "type `replica`, with `slave` as an alias"},
			{"6.2.0", "`LADDR`"},
		}}, run: cmdClientKill},
	{Spec: command.Spec{Name: "client|list", Arity: -2,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
		Since: "2.4.0", Group: "connection", Complexity: "O(N), N connections",
		Summary: "Describe the open connections, one a line",
		Syntax:  "[client-type=TYPE <NORMAL | MASTER | REPLICA | PUBSUB>^5.0.0] [ID client-id:integer^6.2.0...]",
		Tips:    []string{"nondeterministic_output"},
		History: []command.Change{
			{"2.8.12", "field `id`"},
			{"5.0.0", "`TYPE`"},
			{"6.0.0", "field `user`"},
			{"6.2.0", "`ID`; fields `argv-mem`, `tot-mem`, `laddr` and `redir`"},
			{"7.0.0", "fields `resp`, `multi-mem`, `rbs` and `rbp`"},
			{"7.0.3", "field `ssub`"},
		}}, run: cmdClientList},
	{Spec: command.Spec{Name: "client|no-evict", Arity: 3,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
		Since: "7.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Spare this connection, or no longer, when client memory runs out",
		Syntax:  "enabled=<ON | OFF>"}, run: cmdClientNoEvict, local: true},
	{Spec: command.Spec{Name: "client|no-touch", Arity: 3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Keep this connection's commands, or no longer, from refreshing keys' access clocks",
		Syntax:  "enabled=<ON | OFF>"}, run: cmdClientNoTouch, local: true},
	{Spec: command.Spec{Name: "client|reply", Arity: 3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "3.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Turn replies off, on again, or off for one command",
		Syntax:  "action=<ON | OFF | SKIP>"}, run: cmdClientReply, local: true},
	{Spec: command.Spec{Name: "client|setinfo", Arity: 4, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "7.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Note the name or version of the client's library",
		Syntax:  "attr=<LIB-NAME libname | LIB-VER libver>",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdClientSetInfo, local: true},
	{Spec: command.Spec{Name: "client|setname", Arity: 3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "2.6.9", Group: "connection", Complexity: "O(1)",
		Summary: "Name this connection",
		Syntax:  "connection-name",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdClientSetName, local: true},
}

func cmdClientID(c *Call) { c.out.Int(c.c.id) }

func cmdClientGetName(c *Call) {
	if c.c.name == "" {
		c.out.Null()
		return
	}
	c.out.BulkString(c.c.name)
}

func cmdClientSetName(c *Call) {
	if !printable(c.args[2]) {
		c.err(errClientName)
		return
	}
	c.c.name = string(c.args[2])
	c.out.OK()
}

func cmdClientSetInfo(c *Call) {
	var attr *string
	switch {
	case c.is(2, "lib-name"):
		attr = &c.c.libName
	case c.is(2, "lib-ver"):
		attr = &c.c.libVer
	default:
		c.err("ERR Unrecognized option '" + cString(c.args[2]) + "'")
		return
	}
	if !printable(c.args[3]) {
		c.err("ERR " + cString(c.args[2]) + " cannot contain spaces, newlines or special characters.")
		return
	}
	*attr = string(c.args[3])
	c.out.OK()
}

// printable reports whether b may stand in a field of CLIENT LIST: its characters are visible ASCII ones.
func printable(b []byte) bool {
	for _, ch := range b {
		if ch < '!' || ch > '~' {
			return false
		}
	}
	return true
}

func cmdClientReply(c *Call) {
	switch {
	case c.is(2, "on"):
		c.c.reply = replyOn
		c.out.OK()
	case c.is(2, "off"):
		c.c.reply = replyOff
	case c.is(2, "skip"):
		if c.c.reply != replyOff {
			c.c.reply = replySkipNext
		}
	default:
		c.err(errSyntax)
	}
}

func cmdClientNoEvict(c *Call) {
	c.setSwitch(&c.c.noEvict)
	c.srv.clientSums.unevictable.Store(false)
}

func cmdClientNoTouch(c *Call) { c.setSwitch(&c.c.noTouch) }

// setSwitch sets a switch of the client by args[2], ON or OFF.
func (c *Call) setSwitch(to *bool) {
	on := c.is(2, "on")
	if !on && !c.is(2, "off") {
		c.err(errSyntax)
		return
	}
	*to = on
	c.out.OK()
}

func cmdClientInfo(c *Call) {
	line := c.c.appendInfo(nil, c)
	c.out.Verbatim("txt", string(append(line, '\n')))
}

func cmdClientList(c *Call) {
	s := c.srv
	kind := anyKind
	switch {
	case len(c.args) == 4 && c.is(2, "type"):
		var ok bool
		if kind, ok = c.clientKind(3); !ok {
			return
		}
	case len(c.args) > 3 && c.is(2, "id"):
		c.listByID()
		return
	case len(c.args) != 2:
		c.err(errSyntax)
		return
	}
	var text []byte
	for _, p := range s.peers() {
		if kind == anyKind || kind == p.kind {
			text = append(p.appendInfo(text, c), '\n')
		}
	}
	c.out.Verbatim("txt", string(text))
}

// listByID is CLIENT LIST ID.
func (c *Call) listByID() {
	known := map[int64]peer{}
	for _, p := range c.srv.peers() {
		known[p.id] = p
	}
	var text []byte
	for i := 3; i < len(c.args); i++ {
		id, ok := c.int(i, "ERR Invalid client ID")
		if !ok {
			return
		}
		if p, ok := known[id]; ok {
			text = append(p.appendInfo(text, c), '\n')
		}
	}
	c.out.Verbatim("txt", string(text))
}

// clientKind parses args[i] as a kind of client.
func (c *Call) clientKind(i int) (clientKind, bool) {
	switch {
	case c.is(i, "normal"):
		return normalClient, true
	case c.is(i, "replica"), c.is(i, "slave"):
		return replicaClient, true
	case c.is(i, "pubsub"):
		return pubsubClient, true
	case c.is(i, "master"):
		return masterClient, true
	}
	c.err("ERR Unknown client type '" + cString(c.args[i]) + "'")
	return anyKind, false
}

// killFilter says whom CLIENT KILL closes. A zero field lets everyone through.
type killFilter struct {
	id          int64
	addr, laddr []byte
	user        *acl.User
	kind        clientKind
	spare       *Client // the caller, with SKIPME
}

func (f *killFilter) fits(p *peer) bool {
	return (f.addr == nil || p.addr == string(f.addr)) &&
		(f.laddr == nil || p.laddr == string(f.laddr)) &&
		(f.kind == anyKind || p.kind == f.kind) &&
		(f.id == 0 || p.id == f.id) &&
		(f.user == nil || p.user == f.user) &&
		p.Client != f.spare
}

func cmdClientKill(c *Call) {
	f := killFilter{addr: c.args[2]}
	old := len(c.args) == 3 // the address alone, which may be the caller's own
	if !old {
		var ok bool
		if f, ok = c.killFilter(); !ok {
			return
		}
	}
	n := c.drop(f.fits)
	switch {
	case !old:
		c.out.Int(int64(n))
	case n == 0:
		c.err("ERR No such client")
	default:
		c.out.OK()
	}
}

// killFilter parses the options of CLIENT KILL.
func (c *Call) killFilter() (f killFilter, ok bool) {
	f.spare = c.c
	for i := 2; i+1 < len(c.args); i += 2 {
		value := c.args[i+1]
		switch {
		case c.is(i, "id"):
			f.id, ok = c.intRange(i+1, 1, math.MaxInt64, "ERR client-id should be greater than 0")
		case c.is(i, "type"):
			f.kind, ok = c.clientKind(i + 1)
		case c.is(i, "addr"):
			f.addr, ok = value, true
		case c.is(i, "laddr"):
			f.laddr, ok = value, true
		case c.is(i, "user"):
			f.user = c.srv.users.Find(value)
			if ok = f.user != nil; !ok {
				c.err("ERR No such user '" + cString(value) + "'")
			}
		case c.is(i, "skipme") && c.is(i+1, "yes"):
			f.spare, ok = c.c, true
		case c.is(i, "skipme") && c.is(i+1, "no"):
			f.spare, ok = nil, true
		default:
			c.err(errSyntax)
			ok = false
		}
		if !ok {
			return f, false
		}
	}
	if len(c.args)%2 != 0 { // the last option lacks its value
		c.err(errSyntax)
		return f, false
	}
	return f, true
}
