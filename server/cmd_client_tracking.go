package server

import (
	"slices"

	"treedis/server/command"
	"treedis/server/tracking"
)

var trackingCommands = []row{
	{Spec: command.Spec{Name: "client|caching", Arity: 3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "6.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Tell whether what the next command reads will be cached",
		Syntax:  "mode=<YES | NO>"}, run: cmdClientCaching, local: true},
	{Spec: command.Spec{Name: "client|getredir", Arity: 2, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "6.0.0", Group: "connection", Complexity: "O(1)",
		Summary: "Tell which client gets this one's invalidations"}, run: cmdClientGetRedir, local: true},
	{Spec: command.Spec{Name: "client|tracking", Arity: -3, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "6.0.0", Group: "connection", Complexity: "O(1), or by the number of prefixes",
		Summary: "Be told, or no longer, when keys that were read change",
		Syntax: "status=<ON | OFF> [REDIRECT client-id:integer] [PREFIX... prefix] [BCAST] [OPTIN] " +
			"[OPTOUT] [NOLOOP]"}, run: cmdClientTracking},
	{Spec: command.Spec{Name: "client|trackinginfo", Arity: 2, Flags: command.NoScript | command.Loading | command.Stale,
		Categories: command.CatConnection,
		Since:      "6.2.0", Group: "connection", Complexity: "O(1)",
		Summary: "Describe this connection's tracking"}, run: cmdClientTrackingInfo, local: true},
}

func cmdClientTracking(c *Call) {
	want, ok := c.trackingOptions()
	if !ok {
		return
	}
	switch {
	case c.is(2, "off"):
		c.srv.stopTracking(c.c)
	case !c.is(2, "on"):
		c.err(errSyntax)
		return
	case !c.trackingFits(&want):
		return
	default:
		c.startTracking(&want)
	}
	c.out.OK()
}

// trackingOptions parses the options of CLIENT TRACKING.
func (c *Call) trackingOptions() (t clientTracking, ok bool) {
	for i := 3; i < len(c.args); i++ {
		more := i+1 < len(c.args)
		switch {
		case c.is(i, "redirect") && more:
			if t.redirect != 0 {
				c.err("ERR A client can only redirect to a single other client")
				return t, false
			}
			i++
			if t.redirect, ok = c.int(i, ""); !ok {
				return t, false
			}
			if c.srv.clients[t.redirect] == nil {
				c.err("ERR The client ID you want redirect to does not exist")
				return t, false
			}
		case c.is(i, "bcast"):
			t.bcast = true
		case c.is(i, "optin"):
			t.optIn = true
		case c.is(i, "optout"):
			t.optOut = true
		case c.is(i, "noloop"):
			t.noLoop = true
		case c.is(i, "prefix") && more:
			i++
			t.prefixes = append(t.prefixes, string(c.args[i]))
		default:
			c.err(errSyntax)
			return t, false
		}
	}
	return t, true
}

// trackingFits replies with an error if options contradict one another, or the state of the client.
func (c *Call) trackingFits(want *clientTracking) bool {
	is := &c.c.tracking
	const switching = " mode before disabling tracking for this client, and then re-enabling it with a different mode."
	switch {
	case !want.bcast && len(want.prefixes) > 0:
		c.err("ERR PREFIX option requires BCAST mode to be enabled")
	case is.on && is.bcast != want.bcast:
		c.err("ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.")
	case want.bcast && (want.optIn || want.optOut):
		c.err("ERR OPTIN and OPTOUT are not compatible with BCAST")
	case want.optIn && want.optOut:
		c.err("ERR You can't specify both OPTIN mode and OPTOUT mode")
	case want.optIn && is.optOut || want.optOut && is.optIn:
		c.err("ERR You can't switch OPTIN/OPTOUT" + switching)
	default:
		a, b, there, found := tracking.Overlap(is.prefixes, want.prefixes)
		if !found {
			return true
		}
		which := "another provided"
		if there {
			which = "an existing"
		}
		c.err("ERR Prefix '" + a + "' overlaps with " + which + " prefix '" + b + "'. Prefixes for a single client must not overlap.")
	}
	return false
}

// startTracking makes the client track. Prefixes come on top of those that it has; without any it hears of all keys.
func (c *Call) startTracking(want *clientTracking) {
	s, client := c.srv, c.c
	if !client.tracking.on {
		s.trackers.count.Add(1)
	}
	prefixes := client.tracking.prefixes
	if want.bcast && len(want.prefixes) == 0 {
		want.prefixes = []string{""}
	}
	for _, prefix := range want.prefixes {
		s.trackers.prefixes.Add(prefix, client.id)
		if !slices.Contains(prefixes, prefix) {
			prefixes = append(prefixes, prefix)
		}
	}
	slices.Sort(prefixes)
	want.on, want.prefixes, want.caching = true, prefixes, client.tracking.caching
	client.tracking = *want
	client.countMemory()
	if to := s.clients[want.redirect]; to != nil {
		to.redirectedTo = true
	}
}

func cmdClientCaching(c *Call) {
	t := &c.c.tracking
	yes := c.is(2, "yes")
	switch {
	case !t.on:
		c.err("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
	case yes && !t.optIn:
		c.err("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	case !yes && !c.is(2, "no"):
		c.err(errSyntax)
	case !yes && !t.optOut:
		c.err("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
	default:
		t.caching = true
		c.out.OK()
	}
}

// redirection is the id of the client that gets this one's invalidations, 0 for itself, -1 if there are none.
func (c *Client) redirection() int64 {
	if !c.tracking.on {
		return -1
	}
	return c.tracking.redirect
}

func cmdClientGetRedir(c *Call) { c.out.Int(c.c.redirection()) }

func cmdClientTrackingInfo(c *Call) {
	t := &c.c.tracking
	flags := []string{"off"}
	if t.on {
		flags[0] = "on"
	}
	for _, f := range []struct {
		set  bool
		name string
	}{
		{t.bcast, "bcast"},
		{t.optIn, "optin"},
		{t.optIn && t.caching, "caching-yes"},
		{t.optOut, "optout"},
		{t.optOut && t.caching, "caching-no"},
		{t.noLoop, "noloop"},
		{t.broken, "broken_redirect"},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	c.out.Map(3)
	c.out.BulkString("flags")
	c.out.Set(len(flags))
	for _, name := range flags {
		c.out.BulkString(name)
	}
	c.out.BulkString("redirect")
	c.out.Int(c.c.redirection())
	c.out.BulkString("prefixes")
	c.out.Array(len(t.prefixes))
	for _, prefix := range t.prefixes {
		c.out.BulkString(prefix)
	}
}
