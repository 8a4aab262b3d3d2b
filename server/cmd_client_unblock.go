package server

import "treedis/server/command"

var clientUnblockCommands = []row{
	{Spec: command.Spec{Name: "client|unblock", Arity: -3,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale, Categories: command.CatConnection,
		Since: "5.0.0", Group: "connection", Complexity: "O(log N), N connections",
		Summary: "Wake a client from a blocking command, as by timeout or with an error",
		Syntax:  "client-id:integer unblock-type=[TIMEOUT | ERROR]"}, run: cmdClientUnblock},
}

// cmdClientUnblock ends another client's wait, as its timeout would or with an error.
func cmdClientUnblock(c *Call) {
	withError := false
	switch {
	case len(c.args) == 3:
	case len(c.args) == 4 && c.is(3, "timeout"):
	case len(c.args) == 4 && c.is(3, "error"):
		withError = true
	case len(c.args) == 4:
		c.err("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		return
	default:
		c.err(errSyntax)
		return
	}
	id, ok := c.int(2, "")
	if !ok {
		return
	}
	client := c.srv.clients[id]
	if client == nil || client.blocked == nil || client.blocked.answered || client.blocked.onTimeout == nil {
		c.out.Int(0)
		return
	}
	b := client.blocked
	b.cancel()
	b.failed = withError
	b.answerLocked(func(client *Client) {
		if !withError {
			b.onTimeout(client)
			return
		}
		client.out.Error(errUnblocked)
		client.srv.countErrorText(client.loop, errUnblocked)
	})
	c.out.Int(1)
}
