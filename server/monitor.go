package server

import (
	"slices"
	"strconv"
	"strings"

	"treedis/server/command"
	"treedis/server/resp"
)

var monitorCommands = []row{
	{Spec: command.Spec{Name: "monitor", Arity: 1, Flags: command.Admin | command.NoScript | command.Loading | command.Stale,
		Since: "1.0.0", Group: "server",
		Summary: "Show all commands as they are executed"}, run: cmdMonitor},
}

func cmdMonitor(c *Call) {
	client := c.c
	if client.conn == nil {
		c.err("ERR MONITOR isn't allowed for DENY BLOCKING client")
		return
	}
	if client.monitors {
		return
	}
	client.monitors = true
	c.srv.monitors = append(c.srv.monitors, client)
	c.out.OK()
}

// endMonitor makes a client see no commands any more. It needs the exclusive lock.
func (s *Server) endMonitor(c *Client) {
	if c.monitors {
		c.monitors = false
		s.monitors = slices.DeleteFunc(s.monitors, func(o *Client) bool { return o == c })
	}
}

// redact keeps args[i], a secret, from those who monitor.
func (c *Call) redact(i int) { c.redacted = append(c.redacted, i) }

const redactedWord = "(redacted)"

// feedMonitors shows a command to those who monitor, unless it is an administrator's or the data is being loaded. Commands
// under the shared lock reach them in the order in which they come here.
func (s *Server) feedMonitors(c *Call) {
	if len(s.monitors) == 0 || c.row.Flags.Has(command.Admin) || s.loading.active() {
		return
	}
	var scratch [256]byte
	usec := s.opts.Now().UnixMicro()
	line := strconv.AppendInt(append(scratch[:0], '+'), usec/1e6, 10)
	fraction := strconv.Itoa(int(usec % 1e6))
	line = append(line, '.')
	line = append(line, "000000"[len(fraction):]...)
	line = append(append(line, fraction...), " ["...)
	line = strconv.AppendInt(line, int64(c.c.db.Index()), 10)
	line = append(append(append(line, ' '), c.c.origin()...), ']')
	for i, arg := range c.args {
		line = append(line, ' ')
		if slices.Contains(c.redacted, i) {
			line = resp.AppendQuoted(line, redactedWord)
		} else {
			line = resp.AppendQuoted(line, arg)
		}
	}
	s.sendEach(s.monitors, append(line, "\r\n"...))
}

// origin tells where a client's commands come from, as MONITOR shows it.
func (c *Client) origin() string {
	switch {
	case c.isScript:
		return "lua"
	case c.isMaster:
		return c.srv.role.link.Status().RemoteAddr
	case strings.HasSuffix(c.addr, ":0"):
		return "unix:" + strings.TrimSuffix(c.addr, ":0")
	}
	return c.addr
}
