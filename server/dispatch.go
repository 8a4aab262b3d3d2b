package server

import (
	"bytes"
	"strings"
	"time"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/resp"
	"treedis/store"
)

// batchLimit is how many commands of one pipeline run under one hold of the lock: other loops wait no
// longer than that.
const batchLimit = 256

// process executes the commands that the client's buffer holds, until one is incomplete, or blocks
// the client, or closes it. It runs on the client's loop.
func (s *Server) process(c *Client) {
	defer s.endBatch(c)
	defer s.reportPanic(c) // before the lock is given back
	s.beginBatch(c)
	for n := 1; !c.closing.Load(); n++ {
		c.parser.Unauthenticated = s.authRequired(c)
		args, used, err := c.parser.Next(c.conn.In())
		if err != nil {
			s.protocolError(c, err)
			return
		}
		if used == 0 {
			s.awaitInput(c)
			return
		}
		c.queryBytes = used
		c.conn.Consume(used) // args stay as they are until the next read
		if len(args) > 0 {
			s.execute(c, args)
		}
		// Asked while the lock is still held. Without a connection it is a replica's feed by now.
		if c.conn == nil || c.blocked != nil || c.postponed || c.closeAfter {
			return
		}
		if n%store.TouchMax == 1 {
			s.touchAhead(c, c.conn.In())
		}
		if n%batchLimit == 0 {
			c.lock.release()
		}
	}
}

// touchFrom is how many keys a database holds at least if looking ahead is worth it: fewer are in the cache anyway.
const touchFrom = 1 << 15

// touchAhead looks at the next commands of a pipeline, with which in begins, and reads the keys that they probably name side by
// side before they are looked up one by one.
func (s *Server) touchAhead(c *Client, in []byte) {
	if c.lock.mode == unlocked || c.db.Len() < touchFrom {
		return
	}
	var keys [store.TouchMax][]byte
	n := 0
	for ; n < len(keys); n++ {
		key, size := resp.SecondWord(in)
		if size == 0 {
			break
		}
		keys[n], in = key, in[size:]
	}
	if n > 1 {
		c.touched += c.db.Touch(keys[:n])
	}
}

// awaitInput leaves a command that has not arrived whole, unless it is longer than is allowed. That some of it
// came counts as a sign of life: a long argument may take longer than the timeout of idle clients.
func (s *Server) awaitInput(c *Client) {
	c.lock.need(shared)
	c.lastActive = c.batchTime
	if s.overInputLimit(c) {
		return
	}
	c.parsed, c.parsedArgs = c.parser.Parsed()
	c.conn.Need(c.parser.Need(c.conn.InLen()))
}

// beginBatch takes the time for a batch of commands, and the limits that hold for it.
func (s *Server) beginBatch(c *Client) {
	c.batchBegan = s.mono()
	c.batchTime = s.nowAt(c.batchBegan)
	c.batchStart = c.commands
	c.mark = c.batchBegan
	c.parser.MaxBulk = config.ProtoMaxBulkLen.Get(s.cfg)
}

// endBatch gives the lock back, and does what the batch left to do without it.
func (s *Server) endBatch(c *Client) {
	if n := counter(c.commands - c.batchStart); c.lock.mode != unlocked && n > c.counters.longestBatch {
		c.counters.longestBatch = n
	}
	c.lock.release()
	s.reapExpired(c)
	if c.conn == nil {
		return
	}
	switch {
	case c.closing.Load():
		c.conn.Close()
	case c.closeAfter:
		c.conn.CloseAfterFlush()
	}
}

func (s *Server) protocolError(c *Client, err error) {
	c.lock.need(shared)
	s.logger.verbosef("Protocol error (%s) from client: %s", err, c)
	c.out.Error("ERR " + err.Error())
	c.closeAfter = true
}

// execute runs one command for a client, or queues it, or refuses it. It is the one way to change the
// store for connections; EXEC goes through it too, command by command.
func (s *Server) execute(c *Client, args [][]byte) {
	r, text := s.find(args)
	if r == nil {
		s.rejectUnknown(c, args, text)
		return
	}
	if c.lock.need(s.lockMode(c, r)) {
		c.mark = s.mono() // waiting for others is not the command's time
	}
	if c.lock.mode == shared && r.Flags.Has(command.MayReplicate) && s.log.BacklogActive() && !s.effects.muted {
		c.lock.need(exclusive) // a message goes to the log, in its place among the changes
	}
	if s.limitsClients() && s.clientsOver() {
		c.lock.need(exclusive)
		s.evictClients()
	}
	c.full = config.MaxMemory.Get(s.cfg) != 0 && s.makeRoom(c)
	if c.closing.Load() || s.halted && !c.isMaster {
		c.closing.Store(true) // killed, or the server is stopping, while it waited for the lock
		return
	}
	if s.trackers.count.Load() > 0 {
		s.limitTracking()
	}
	s.deliverTo(c)
	mark := c.out.Len()
	c.lastRow, c.lastActive = r, c.batchTime
	shows := false
	if text == "" {
		text = s.refusal(c, r, args)
	}
	if text != "" {
		s.reject(c, r, text)
		if r.isExec { // so that those who monitor see the end of the transaction
			s.feedMonitors(&Call{c: c, row: r, args: args})
		}
	} else if s.holdsBack(c, r, args) {
		c.postpone()
		return
	} else if c.multi.active && !r.inMulti {
		if !c.multi.spoiled && !c.watchDirty { // otherwise EXEC fails anyway
			c.multi.queue(r, args, s.flagsOf(r, args))
			c.countMemory()
		}
		c.out.Simple("QUEUED")
	} else {
		s.run(c, r, args)
		shows = r.showsData && s.sync.term != nil
	}
	if c.blocked == nil { // otherwise the reply is yet to come, and muted then
		if r.pushes && text == "" {
			mark = c.out.Len()
		}
		c.mute(mark)
		if shows {
			c.shows(s.sync.term, c.out.Len()-mark, false)
		}
	}
	if c.tracking.caching && !c.multi.active && (r.Parent() == nil || r.Parent().Name != "client") {
		c.tracking.caching = false // it was for this command, or transaction
	}
	c.releasePushes()
	s.checkOutput(c)
}

// rejectUnknown answers a command that there is not.
func (s *Server) rejectUnknown(c *Client, args [][]byte, text string) {
	c.lock.need(shared)
	mark := c.out.Len()
	c.lastRow, c.lastActive = nil, c.batchTime
	if c.conn != nil && (equalFold(args[0], "post") || equalFold(args[0], "host:")) {
		s.crossProtocol(c)
		return
	}
	s.reject(c, nil, text)
	c.mute(mark)
}

// crossProtocol closes a connection that speaks HTTP: a browser that was tricked into sending commands.
func (s *Server) crossProtocol(c *Client) {
	s.logger.warningf("Possible SECURITY ATTACK detected: a client sends HTTP (POST or Host:), as a browser does that was tricked into talking to this port. Connection from %s aborted.", c.conn.RemoteAddr())
	c.closing.Store(true)
}

// find looks up the command's row and checks the arity. The text is the error, if there is one; the row is
// nil if there is no such command.
func (s *Server) find(args [][]byte) (*row, string) {
	r, container := s.table.Lookup(args)
	switch {
	case r != nil && r.ArityOK(len(args)) && r.run != nil:
		return r, ""
	case r != nil:
		return r, "ERR wrong number of arguments for '" + r.Name + "' command"
	case container != nil:
		return nil, "ERR unknown subcommand '" + clip(args[1], 128) + "'. Try " + strings.ToUpper(container.Name) + " HELP."
	}
	return nil, unknownCommand(args)
}

// unknownCommand words the error as Redis does, with the beginning of the arguments.
func unknownCommand(args [][]byte) string {
	var b strings.Builder
	for _, a := range args[1:] {
		if b.Len() >= 128 {
			break
		}
		b.WriteString("'" + clip(a, 128-b.Len()) + "' ")
	}
	return "ERR unknown command '" + clip(args[0], 128) + "', with args beginning with: " + b.String()
}

// clip returns at most n bytes of an argument for an error text, and of them what stands before a NUL: there
// Redis's texts, which C prints, end.
func clip(b []byte, n int) string {
	b = b[:min(len(b), n)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// cString is clip for texts of any length.
func cString(b []byte) string { return clip(b, len(b)) }

// lockMode is how the row's command, or EXEC, needs the lock.
func (s *Server) lockMode(c *Client, r *row) lockMode {
	if c.multi.active && !r.inMulti && r.flagsOf == nil || r.shared {
		return shared
	}
	return exclusive
}

// flagsOf returns the flags of a call.
func (s *Server) flagsOf(r *row, args [][]byte) command.Flags {
	if r.flagsOf == nil {
		return r.Flags
	}
	return r.flagsOf(s, r, args)
}

// refusal returns the error with which a command is refused before it runs, in Redis's order.
func (s *Server) refusal(c *Client, r *row, args [][]byte) string {
	if r.Flags.Has(command.Protected) {
		if text := s.protection(c, r); text != "" {
			return text
		}
	}
	if !r.Flags.Has(command.NoAuth) && s.authRequired(c) {
		return errNoAuth
	}
	if c.multi.active && r.Flags.Has(command.NoMulti) {
		return errNoMulti
	}
	if c == s.masterClient && r.Flags.Has(command.Admin) && !r.isReplConf {
		return errNotInStream // no master sends these, and half of a stream must not change the role or the history
	}
	if !c.user.Unrestricted() {
		where := atTopLevel
		if c.multi.active {
			where = inMulti
		}
		if text := s.forbidden(c, r, args, where, c); text != "" {
			return "NOPERM " + text
		}
	}
	if c.isMaster {
		return "" // its stream is applied whatever the state: the other replicas apply it too
	}
	// EXEC is whatever the commands are that it would run.
	has := s.flagsOf(r, args)
	lacks := ^has
	if r.isExec {
		has |= c.multi.has
		lacks |= c.multi.lacks
	}
	writes := has.Has(command.Write)
	// What is queued takes memory too, whatever it will do.
	grows := has.Has(command.DenyOOM) || c.multi.active && !r.inMulti
	switch {
	case grows && c.full:
		return errOOM
	case (writes || r.isPing) && s.diskFails():
		return s.diskFault()
	case writes && !s.role.isReplica() && !s.enoughReplicas():
		return errNoReplicas
	case writes && s.role.isReplica() && config.ReplicaReadOnly.Get(s.cfg):
		return errReadOnly
	case c.subs.Total() > 0 && !r.whileSubscribed && c.out.Protocol() == 2:
		return "ERR Can't execute '" + r.Name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	case lacks.Has(command.Stale) && s.role.masterDown() && !config.ReplicaServeStaleData.Get(s.cfg):
		return errMasterDown
	case r.showsData && !writes && s.role.isReplica() && s.staleText(c) != "":
		return s.staleText(c)
	case lacks.Has(command.Loading) && s.loading.refuses(), has.Has(command.NoAsyncLoading) && s.loading.is(loadAside):
		return errLoading
	case c.monitors && has&(command.Write|command.ReadOnly|command.MayReplicate) != 0:
		return errReplicaReads
	case s.scripts.run != nil && lacks.Has(command.AllowBusy):
		return s.scripts.run.busyText()
	}
	return ""
}

// reject replies with an error to a command that does not run. In a transaction it spoils EXEC.
func (s *Server) reject(c *Client, r *row, text string) {
	c.multi.spoil()
	if r != nil {
		s.stats.of(c.loop).command(r).rejected.add(1)
		if r.isExec {
			// Redis says why EXEC itself was refused, and drops the transaction. What it words on the spot has
			// no code there.
			s.endTransaction(c)
			text = "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR ")
		}
	}
	c.out.Error(text)
	s.countErrorText(c.loop, text)
}

// run executes one command under the lock that it needs.
func (s *Server) run(c *Client, r *row, args [][]byte) {
	call := &c.call
	now := call.now // a transaction's commands share its time
	if !c.multi.executing {
		if c.mark-c.batchBegan >= time.Millisecond { // the clock is asked once a millisecond at most
			c.batchBegan, c.batchTime = c.mark, s.nowAt(c.mark)
		}
		now = c.batchTime
	}
	*call = Call{srv: s, c: c, row: r, args: args, db: c.db, out: c.out, mode: c.lock.mode, now: now}
	if !c.isMaster {
		call.expireNow = now
	}
	if call.mode == exclusive {
		s.store.SetClock(s.clock.Initial())
		if !c.multi.executing {
			s.trackers.current = c
		}
	}
	began := c.mark
	early := r.Flags.Has(command.SkipMonitor)
	if early { // those who monitor see it before the commands that it runs
		s.feedMonitors(call)
	}
	r.run(call)
	c.mark = s.mono()
	if !early {
		s.feedMonitors(call)
	}
	if s.trackers.count.Load() > 0 {
		s.rememberKeys(call)
	}

	c.commands++
	took := c.mark - began
	c.counters.executed.add(1)
	if c.blocked == nil {
		c.counters.command(r).executed(int64(took), call.failed, config.LatencyTracking.Get(s.cfg))
	} else {
		c.blocked.took, c.blocked.redacted = took, call.redacted // counted once it is answered
	}
	if int64(took) >= s.slow.from.Load() {
		s.tookLong(call, took)
	}
	if call.mode == exclusive {
		s.finishUnit(call)
	}
}

// finishUnit logs what a command changed. Inside a transaction EXEC does it for all its commands.
func (s *Server) finishUnit(call *Call) {
	if s.scripts.run != nil && !call.c.isScript {
		return // amid a script's unit: such a command changes nothing
	}
	if call.dirty > 0 {
		s.stats.dirty += int64(call.dirty)
		if !call.rewritten && !call.noPropagate {
			s.effects.add(call.db.Index(), call.args)
		}
	}
	if !call.c.multi.executing && s.effects.flush(!call.row.Flags.Has(command.TouchesArbitraryKeys)) {
		call.c.writeOffset, call.c.writeIDs = s.log.EndOffset(), s.ids.Current()
	}
	if !call.c.multi.executing {
		s.endUnit()
		s.serveWaits()
	}
}

// mute drops the reply that began at mark, if CLIENT REPLY says so.
func (c *Client) mute(mark int) {
	switch c.reply {
	case replyOn:
		return
	case replySkipNext:
		c.reply = replySkip
		return
	case replySkip:
		c.reply = replyOn
	}
	c.out.Truncate(mark)
}

// mono returns a monotonic reading, for durations.
func (s *Server) mono() time.Duration { return time.Since(s.started) }
