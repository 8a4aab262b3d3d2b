package server

import (
	"treedis/server/acl"
	"treedis/server/command"
)

var connectionCommands = []row{
	{Spec: command.Spec{Name: "auth", Arity: -2,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy,
		Categories: command.CatConnection,
		Since:      "1.0.0", Group: "connection", Complexity: "O(N), N passwords of the user",
		Summary: "Log in with a password, or with a user's name and password",
		Syntax:  "[username^6.0.0] password",
		History: []command.Change{{"6.0.0", "user names"}}}, run: cmdAuth, local: true},
	{Spec: command.Spec{Name: "echo", Arity: 2, Flags: command.Loading | command.Stale | command.Fast,
		Categories: command.CatConnection,
		Since:      "1.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Repeat a message",
		Syntax:  "message"}, run: cmdEcho, local: true},
	{Spec: command.Spec{Name: "hello", Arity: -1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy,
		Categories: command.CatConnection,
		Since:      "6.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Choose the protocol version, and log in and name the connection along the way",
		Syntax:  "arguments=[protover:integer [auth=AUTH <username password>] [SETNAME clientname]]",
		History: []command.Change{{"6.2.0", "version optional, to ask without changing anything"}}}, run: cmdHello, local: true},
	{Spec: command.Spec{Name: "ping", Arity: -1, Flags: command.Fast, Categories: command.CatConnection,
		Since: "1.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Answer PONG, or repeat a message, as a sign of life",
		Syntax:  "[message]",
		Tips:    []string{"request_policy:all_shards", "response_policy:all_succeeded"}}, run: cmdPing, local: true, whileSubscribed: true},
	{Spec: command.Spec{Name: "quit", Arity: -1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy,
		Categories: command.CatConnection,
		Since:      "1.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Say OK and hang up",
		Doc:     command.Deprecated, DeprecatedSince: "7.2.0", ReplacedBy: "closing the connection"}, run: cmdQuit, local: true, inMulti: true, whileSubscribed: true},
	{Spec: command.Spec{Name: "reset", Arity: 1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy,
		Categories: command.CatConnection,
		Since:      "6.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Bring the connection back to the state of a new one"}, run: cmdReset, inMulti: true, whileSubscribed: true},
	{Spec: command.Spec{Name: "select", Arity: 2, Flags: command.Loading | command.Stale | command.Fast,
		Categories: command.CatConnection,
		Since:      "1.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Switch this connection to another database",
		Syntax:  "index:integer"}, run: cmdSelect, local: true},
}

func cmdPing(c *Call) {
	switch {
	case len(c.args) <= 2 && c.c.subs.Total() > 0 && c.out.Protocol() == 2:
		c.out.Array(2) // as messages are, among which a RESP2 client has to find it
		c.out.BulkString("pong")
		c.out.Bulk(append(c.args[1:], nil)[0])
	case len(c.args) == 1:
		c.out.Simple("PONG")
	case len(c.args) == 2:
		c.out.Bulk(c.args[1])
	default:
		c.wrongArity()
	}
}

func cmdEcho(c *Call) { c.out.Bulk(c.args[1]) }

func cmdSelect(c *Call) {
	if db, ok := c.database(1, ""); ok {
		c.c.db = db
		c.out.OK()
	}
}

func cmdAuth(c *Call) {
	user, password := []byte(acl.DefaultName), c.args[1]
	for i := range min(len(c.args)-1, 2) {
		c.redact(i + 1)
	}
	switch {
	case len(c.args) > 3:
		c.err(errSyntax)
		return
	case len(c.args) == 3:
		user, password = c.args[1], c.args[2]
	case c.srv.users.Default().NeedsNoPassword():
		c.err(errNoPassword)
		return
	}
	if c.authenticate(user, password) {
		c.out.OK()
	}
}

// helloOptions is what HELLO was asked for besides telling of the server.
type helloOptions struct {
	protocol       int // 0: as it is
	user, password []byte
	name           []byte // nil: as it is
}

func cmdHello(c *Call) {
	o, ok := c.helloOptions()
	if !ok {
		return
	}
	if o.user != nil && !c.authenticate(o.user, o.password) {
		return
	}
	if !c.c.authenticated {
		c.err(errHelloNoAuth)
		return
	}
	if o.name != nil {
		c.c.name = string(o.name)
	}
	if o.protocol != 0 {
		c.out.SetProtocol(o.protocol)
	}
	role := "master"
	if c.srv.role.isReplica() {
		role = "replica"
	}
	w := c.out
	w.Map(7)
	w.BulkString("server")
	w.BulkString("redis")
	w.BulkString("version")
	w.BulkString(RedisVersion)
	w.BulkString("proto")
	w.Int(int64(w.Protocol()))
	w.BulkString("id")
	w.Int(c.c.id)
	w.BulkString("mode")
	w.BulkString("standalone")
	w.BulkString("role")
	w.BulkString(role)
	w.BulkString("modules")
	w.Array(0)
}

func (c *Call) helloOptions() (o helloOptions, ok bool) {
	if len(c.args) == 1 {
		return o, true
	}
	version, ok := c.int(1, "ERR Protocol version is not an integer or out of range")
	if !ok {
		return o, false
	}
	if version != 2 && version != 3 {
		c.err("NOPROTO unsupported protocol version")
		return o, false
	}
	o.protocol = int(version)
	for i := 2; i < len(c.args); i++ {
		more := len(c.args) - 1 - i
		switch {
		case c.is(i, "auth") && more >= 2:
			o.user, o.password = c.args[i+1], c.args[i+2]
			c.redact(i + 1)
			c.redact(i + 2)
			i += 2
		case c.is(i, "setname") && more >= 1:
			o.name = c.args[i+1]
			if !printable(o.name) {
				c.err(errClientName)
				return o, false
			}
			i++
		default:
			c.err("ERR Syntax error in HELLO option '" + cString(c.args[i]) + "'")
			return o, false
		}
	}
	return o, true
}

func cmdQuit(c *Call) {
	c.out.OK()
	c.c.closeAfter = true
}

func cmdReset(c *Call) {
	client := c.c
	if client.isMaster {
		c.err("ERR can only reset normal client connections")
		return
	}
	c.srv.endTransaction(client)
	c.srv.channels.UnsubscribeAll(&client.subs)
	client.countMemory()
	c.srv.endMonitor(client)
	c.srv.stopTracking(client)
	client.db = c.srv.store.DB(0)
	client.beDefault()
	client.name = "" // the library's name stays: it is still the one behind the connection
	c.srv.setSync(client, false, 0)
	c.srv.setMaxLag(client, noMaxLag)
	client.noTouch, client.noEvict, client.reply = false, false, replyOn
	c.srv.clientSums.unevictable.Store(false)
	c.out.SetProtocol(2)
	c.out.Simple("RESET")
}
