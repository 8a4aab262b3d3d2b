package server

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"treedis/server/acl"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/pubsub"
	"treedis/server/resp"
)

// Where something was refused, as ACL LOG tells it.
const (
	atTopLevel = "toplevel"
	inMulti    = "multi"
	inScript   = "lua"
)

// newUsers returns the users that there are without any configuration.
func newUsers(table *command.Table[row], cfg *config.Config) *acl.Users {
	specs := make([]*command.Spec, table.Len())
	for i := range specs {
		specs[i] = table.Row(i).Meta()
	}
	return acl.New(acl.NewCatalog(specs), func() bool {
		return config.ACLPubSubDefault.Get(cfg) == config.AllChannels
	})
}

// Errors of New about users.
var errUsersTwice = errors.New("users stand both in the configuration file and in an ACL file: it has to be one or the other")

// loadUsers creates the users that the configuration declares, or those of the ACL file.
func (s *Server) loadUsers() error {
	for _, line := range s.cfg.Users() {
		u, err := s.users.Declare(line.Args[0], line.Args[1:])
		if err != nil {
			return line.Fail(declarationError(line.Args[0], err))
		}
		if slices.Contains(u.Flags(), "off") {
			s.logger.noticef("The user '%s' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.", u.Name())
		}
	}
	if config.ACLFile.Get(s.cfg) == "" {
		return nil
	}
	if len(s.cfg.Users()) > 0 {
		s.logger.warningf("Aborting startup: %v.", errUsersTwice)
		return errUsersTwice
	}
	if _, err := s.loadACLFile(); err != nil {
		s.logger.warningf("Aborting Redis startup because of ACL errors: %v", err)
		return err
	}
	return nil
}

// declarationError words what is wrong with a user line.
func declarationError(name string, err error) error {
	var bad *acl.RuleError
	if errors.As(err, &bad) {
		name, err = bad.Rule, bad.Err
	}
	//lint:ignore ST1005 Redis's text
	return fmt.Errorf("Error in user declaration '%s': %w", name, err)
}

// loadACLFile replaces all users by those of the ACL file, and returns those that are gone.
func (s *Server) loadACLFile() (gone []*acl.User, err error) {
	name := config.ACLFile.Get(s.cfg)
	text, err := os.ReadFile(s.cfg.Path(name))
	if err != nil {
		//lint:ignore ST1005 Redis's text
		return nil, fmt.Errorf("Error loading ACLs, opening file '%s': %s", name, config.SysReason(err))
	}
	return s.users.Load(string(text), name)
}

// saveACLFile writes all users to the ACL file.
func (s *Server) saveACLFile() error {
	return config.ReplaceFile(s.cfg.Path(config.ACLFile.Get(s.cfg)), s.users.File())
}

// userLines are the users as CONFIG REWRITE writes them. Words with quotes would be read as something else.
func (s *Server) userLines() []string {
	var lines []string
	for _, u := range s.users.All() {
		words := strings.Split(u.Describe(), " ")
		for i, w := range words {
			if strings.ContainsAny(w, `"'`) {
				words[i] = string(resp.AppendQuoted(nil, w))
			}
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// applyRequirePass gives the default user the password of requirepass, or none.
func (s *Server) applyRequirePass() error {
	s.users.SetDefaultPassword(config.RequirePass.Get(s.cfg))
	return nil
}

// beDefault makes the client what every connection begins as. It is called by the client's loop.
func (c *Client) beDefault() { c.user, c.authenticated = c.srv.users.Default(), c.srv.users.Open() }

// authRequired reports whether the client has to log in before anything else.
func (s *Server) authRequired(c *Client) bool { return !c.authenticated && !s.users.Open() }

// protection returns the error for a command that the configuration keeps the client from using, "" for others.
func (s *Server) protection(c *Client, r *row) string {
	name, setting, allow := "DEBUG", config.EnableDebugCommand.Name(), config.EnableDebugCommand.Get(s.cfg)
	if r.Parent() != nil && r.Parent().Name == "module" {
		name, setting, allow = "MODULE", config.EnableModuleCommand.Name(), config.EnableModuleCommand.Get(s.cfg)
	}
	if allow == config.AllowYes || allow == config.AllowLocal && (c.conn == nil || isLocal(c.conn.RemoteAddr())) {
		return ""
	}
	return "ERR " + name + " command not allowed. If the " + setting + " option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."
}

// forbidden returns why the client's user may not make a call, without an error code, and logs and counts that. It is ""
// if the user may. asks is the client that the log tells of.
func (s *Server) forbidden(c *Client, r *row, args [][]byte, where string, asks *Client) string {
	if c.user.Unrestricted() {
		return ""
	}
	v := c.checker.Check(c.user, r.Meta(), args)
	if v.Reason == acl.Allowed {
		return ""
	}
	object := r.Name
	if v.Reason != acl.Command {
		object = string(args[v.Arg])
	}
	s.logRefusal(asks, args, acl.Entry{Reason: v.Reason, Context: where, Object: object, User: c.user.Name()})
	return denial(c.user, r, v, nil)
}

// logRefusal counts what a user was refused, and enters it in the log.
func (s *Server) logRefusal(asks *Client, args [][]byte, e acl.Entry) {
	asks.counters.refused[e.Reason].add(1)
	by := Call{now: s.now()}
	if asks.blocked == nil { // otherwise it belongs to another loop
		by.c, by.args = asks, args
	}
	e.Client = string(asks.appendInfo(nil, &by))
	s.aclLog.Add(e, by.now, config.ACLLogMaxLen.Get(s.cfg))
}

// denial words a refusal. A key or channel is named only to those who ask about others; the user knows which it was.
func denial(u *acl.User, r *row, v acl.Verdict, named []byte) string {
	what := map[acl.Reason]string{acl.Key: "key", acl.Channel: "channel"}[v.Reason]
	switch {
	case v.Reason == acl.Command:
		return "User " + u.Name() + " has no permissions to run the '" + r.Name + "' command"
	case named != nil:
		return "User " + u.Name() + " has no permissions to access the '" + string(named) + "' " + what
	}
	return "No permissions to access a " + what
}

// forbiddenNow is forbidden for a command of a transaction that EXEC runs: rights may have changed since it was queued.
func (s *Server) forbiddenNow(c *Client, r *row, args [][]byte) string {
	text := s.forbidden(c, r, args, inMulti, c)
	if text == "" {
		return ""
	}
	reason := "no permission to execute the command or subcommand"
	switch {
	case strings.HasSuffix(text, "key"):
		reason = "no permission to touch the specified keys"
	case strings.HasSuffix(text, "channel"):
		reason = "no permission to access one of the channels used as arguments"
	}
	return "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: " + reason
}

// dropClients closes the connections of those who are logged in as one of some users. It needs the exclusive lock.
func (c *Call) dropClients(of ...*acl.User) {
	if len(of) > 0 {
		c.drop(func(p *peer) bool { return p.user != nil && slices.Contains(of, p.user) })
	}
}

// dropListeners closes the connections of a user that listen to what the user may listen to no longer. It needs the exclusive
// lock.
func (c *Call) dropListeners(u *acl.User) {
	c.drop(func(p *peer) bool {
		return p.user == u && p.kind == pubsubClient && slices.ContainsFunc(
			[]pubsub.Kind{pubsub.Pattern, pubsub.Channel, pubsub.Shard}, func(kind pubsub.Kind) bool {
				return slices.ContainsFunc(p.subs.Names(kind), func(name string) bool {
					return !u.MayListen([]byte(name), kind == pubsub.Pattern)
				})
			})
	})
}

// drop closes connections, the caller's own once it has its reply, and returns how many.
func (c *Call) drop(fits func(*peer) bool) (n int) {
	for _, p := range c.srv.peers() {
		if !fits(&p) {
			continue
		}
		n++
		if p.Client == c.c {
			c.c.closeAfter = true
		} else {
			c.srv.hangUp(&p)
		}
	}
	return n
}
