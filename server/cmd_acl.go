package server

import (
	"crypto/rand"
	"encoding/hex"

	"treedis/server/acl"
	"treedis/server/command"
	"treedis/server/config"
)

// What ACL's subcommands for administrators are, and its others.
const (
	aclAdminFlags = command.Admin | command.NoScript | command.Loading | command.Stale
	aclUserFlags  = command.NoScript | command.Loading | command.Stale
)

var aclCommands = []row{
	{Spec: command.Spec{Name: "acl", Arity: -2,
		Since: "6.0.0", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about users and what they may do"}},
	{Spec: command.Spec{Name: "acl|cat", Arity: -2, Flags: aclUserFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(1)",
		Summary: "List the categories of commands, or the commands of one",
		Syntax:  "[category]"}, run: cmdACLCat, local: true},
	{Spec: command.Spec{Name: "acl|deluser", Arity: -3, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N connections",
		Summary: "Delete users and close their connections",
		Syntax:  "username...",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdACLDelUser},
	{Spec: command.Spec{Name: "acl|dryrun", Arity: -4, Flags: aclAdminFlags,
		Since: "7.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Tell whether a user may run a command, without running it",
		Syntax:  "username command [arg...]"}, run: cmdACLDryRun, local: true},
	{Spec: command.Spec{Name: "acl|genpass", Arity: -2, Flags: aclUserFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Make up a password that nobody can guess",
		Syntax:  "[bits:integer]"}, run: cmdACLGenPass, local: true},
	{Spec: command.Spec{Name: "acl|getuser", Arity: 3, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N rules of the user",
		Summary: "Describe a user",
		Syntax:  "username",
		History: []command.Change{{"6.2.0", "channels"}, {"7.0.0", "selectors; keys and channels as rules"}}},
		run: cmdACLGetUser, local: true},
	{Spec: command.Spec{Name: "acl|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "6.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "acl|list", Arity: 2, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N users",
		Summary: "Show all users as lines of an ACL file"}, run: cmdACLList, local: true},
	{Spec: command.Spec{Name: "acl|load", Arity: 2, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N users",
		Summary: "Replace all users by those of the ACL file"}, run: cmdACLLoad},
	{Spec: command.Spec{Name: "acl|log", Arity: -2, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N entries shown",
		Summary: "Show what was refused to whom, or forget it",
		Syntax:  "operation=[count:integer | RESET]",
		History: []command.Change{{"7.2.0", "ID and times of entries"}}}, run: cmdACLLog, local: true},
	{Spec: command.Spec{Name: "acl|save", Arity: 2, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N users",
		Summary: "Write all users to the ACL file",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"}}, run: cmdACLSave},
	{Spec: command.Spec{Name: "acl|setuser", Arity: -3, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N rules",
		Summary: "Create a user, or change what one may do",
		Syntax:  "username [rule...]",
		Tips:    []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		History: []command.Change{{"6.2.0", "channels"}, {"7.0.0", "selectors; keys to read or to write"}}},
		run: cmdACLSetUser},
	{Spec: command.Spec{Name: "acl|users", Arity: 2, Flags: aclAdminFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(N), N users",
		Summary: "List the names of all users"}, run: cmdACLUsers, local: true},
	{Spec: command.Spec{Name: "acl|whoami", Arity: 2, Flags: aclUserFlags,
		Since: "6.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Tell who this connection is logged in as"}, run: cmdACLWhoAmI, local: true},
}

func cmdACLWhoAmI(c *Call) {
	if c.c.user == nil {
		c.out.Null()
		return
	}
	c.out.BulkString(c.c.user.Name())
}

func cmdACLUsers(c *Call) {
	users := c.srv.users.All()
	c.out.Array(len(users))
	for _, u := range users {
		c.out.BulkString(u.Name())
	}
}

func cmdACLList(c *Call) {
	users := c.srv.users.All()
	c.out.Array(len(users))
	for _, u := range users {
		c.out.BulkString("user " + u.Describe())
	}
}

func cmdACLSetUser(c *Call) {
	for i := range c.args[2:] { // not even the names of users are for all eyes
		c.redact(i + 2)
	}
	rules := make([]string, 0, len(c.args)-3)
	for _, a := range c.args[3:] {
		rules = append(rules, string(a))
	}
	u, lost, err := c.srv.users.Set(string(c.args[2]), rules)
	if err != nil {
		c.err("ERR " + err.Error())
		return
	}
	if lost {
		c.dropListeners(u)
	}
	c.out.OK()
}

func cmdACLDelUser(c *Call) {
	for _, name := range c.args[2:] {
		if string(name) == acl.DefaultName {
			c.err("ERR The 'default' user cannot be removed")
			return
		}
	}
	var gone []*acl.User
	for _, name := range c.args[2:] {
		if u := c.srv.users.Remove(string(name)); u != nil {
			gone = append(gone, u)
		}
	}
	c.dropClients(gone...)
	c.out.Int(int64(len(gone)))
}

func cmdACLGetUser(c *Call) {
	u := c.srv.users.Find(c.args[2])
	if u == nil {
		c.out.Null()
		return
	}
	w, all := c.out, u.Rights()
	w.Map(6)
	w.BulkString("flags")
	flags := u.Flags()
	w.Set(len(flags))
	for _, f := range flags {
		w.BulkString(f)
	}
	w.BulkString("passwords")
	w.Array(len(u.Passwords()))
	for _, p := range u.Passwords() {
		w.BulkString(p)
	}
	c.rights(all[0])
	w.BulkString("selectors")
	w.Array(len(all) - 1)
	for _, r := range all[1:] {
		w.Map(3)
		c.rights(r)
	}
}

// rights replies with the three fields of a selector.
func (c *Call) rights(r acl.Rights) {
	c.out.BulkString("commands")
	c.out.BulkString(r.Commands)
	c.out.BulkString("keys")
	c.out.BulkString(r.Keys)
	c.out.BulkString("channels")
	c.out.BulkString(r.Channels)
}

func cmdACLCat(c *Call) {
	var names []string
	switch len(c.args) {
	case 2:
		names = command.AllCategories.Names()
	case 3:
		category, ok := command.CategoryByName(c.args[2])
		if !ok {
			c.err("ERR Unknown category '" + clip(c.args[2], 128) + "'")
			return
		}
		names = c.srv.users.Catalog().In(category)
	default:
		c.wrongSubcommand()
		return
	}
	c.out.Array(len(names))
	for _, name := range names {
		c.out.BulkString(name)
	}
}

// maxPassBits is how long a password ACL GENPASS makes at most.
const maxPassBits = 4096

func cmdACLGenPass(c *Call) {
	bits := int64(256)
	switch len(c.args) {
	case 2:
	case 3:
		var ok bool
		if bits, ok = c.int(2, ""); !ok {
			return
		}
	default:
		c.wrongSubcommand()
		return
	}
	if bits <= 0 || bits > maxPassBits {
		c.err("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
		return
	}
	secret := make([]byte, (bits+7)/8)
	_, _ = rand.Read(secret) // never fails; the server's own randomness could be guessed
	c.out.BulkString(hex.EncodeToString(secret)[:(bits+3)/4])
}

func cmdACLDryRun(c *Call) {
	u := c.srv.users.Find(c.args[2])
	if u == nil {
		c.err("ERR User '" + cString(c.args[2]) + "' not found")
		return
	}
	args := c.args[3:]
	r, _ := c.srv.table.Lookup(args)
	if r == nil {
		c.err("ERR Command '" + cString(args[0]) + "' not found")
		return
	}
	if !r.ArityOK(len(args)) {
		c.err("ERR wrong number of arguments for '" + r.Name + "' command")
		return
	}
	var k acl.Checker
	if v := k.Check(u, r.Meta(), args); v.Reason != acl.Allowed {
		c.out.BulkString(denial(u, r, v, args[v.Arg]))
		return
	}
	c.out.OK()
}

// needsACLFile replies that there is none, if there is none.
func (c *Call) needsACLFile() bool {
	if config.ACLFile.Get(c.srv.cfg) != "" {
		return true
	}
	c.err("ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.")
	return false
}

func cmdACLLoad(c *Call) {
	if !c.needsACLFile() {
		return
	}
	gone, err := c.srv.loadACLFile()
	if err != nil {
		c.err("ERR " + err.Error())
		return
	}
	c.dropClients(gone...)
	c.out.OK()
}

func cmdACLSave(c *Call) {
	if !c.needsACLFile() {
		return
	}
	if err := c.srv.saveACLFile(); err != nil {
		c.srv.logger.warningf("Writing ACL file for ACL SAVE: %v", err)
		c.err("ERR There was an error trying to save the ACLs. Please check the server logs for more information")
		return
	}
	c.out.OK()
}

func cmdACLLog(c *Call) {
	count := int64(10)
	switch {
	case len(c.args) == 2:
	case len(c.args) > 3:
		c.wrongSubcommand()
		return
	case c.is(2, "reset"):
		c.srv.aclLog.Reset()
		c.out.OK()
		return
	default:
		var ok bool
		if count, ok = c.int(2, ""); !ok {
			return
		}
	}
	entries := c.srv.aclLog.Last(count)
	c.out.Array(len(entries))
	for i := range entries {
		c.logEntry(&entries[i])
	}
}

func (c *Call) logEntry(e *acl.Entry) {
	w := c.out
	w.Map(10)
	w.BulkString("count")
	w.Int(e.Count)
	w.BulkString("reason")
	w.BulkString(e.Reason.String())
	w.BulkString("context")
	w.BulkString(e.Context)
	w.BulkString("object")
	w.BulkString(e.Object)
	w.BulkString("username")
	w.BulkString(e.User)
	w.BulkString("age-seconds")
	w.Double(float64(c.now-e.Modified) / 1000)
	w.BulkString("client-info")
	w.BulkString(e.Client)
	w.BulkString("entry-id")
	w.Int(e.ID)
	w.BulkString("timestamp-created")
	w.Int(e.Created)
	w.BulkString("timestamp-last-updated")
	w.Int(e.Modified)
}

// authenticate logs the client in, or replies that it may not.
func (c *Call) authenticate(name, password []byte) bool {
	u := c.srv.users.Find(name)
	if u == nil || !u.Accepts(password) {
		where := atTopLevel
		if c.c.multi.executing {
			where = inMulti
		}
		c.srv.logRefusal(c.c, c.args, acl.Entry{Reason: acl.Auth, Context: where, Object: string(c.args[0]), User: string(name)})
		c.err(errWrongPass)
		return false
	}
	c.c.user, c.c.authenticated = u, true
	return true
}
