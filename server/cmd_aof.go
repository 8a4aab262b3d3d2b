package server

import (
	"errors"
	"math"
	"strconv"
	"time"

	"treedis/repl"
	"treedis/server/command"
)

var appendOnlyCommands = []row{
	{Spec: command.Spec{Name: "bgrewriteaof", Arity: 1, Flags: command.Admin | command.NoScript | command.NoAsyncLoading,
		Since: "1.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Begin the append-only file anew from a snapshot, in the background"}, run: cmdBgrewriteaof},
	{Spec: command.Spec{Name: "waitaof", Arity: 4, Flags: command.NoScript, Categories: command.CatConnection,
		Since: "7.2.0", Group: "generic", Complexity: "O(1)",
		Summary: "Wait until this connection's writes are in append-only files on disk, here and at enough replicas",
		Syntax:  "numlocal:integer numreplicas:integer timeout:integer",
		Tips:    []string{"request_policy:all_shards", "response_policy:agg_min"}}, run: cmdWaitaof},
}

func cmdBgrewriteaof(c *Call) {
	s := c.srv
	switch {
	case s.aof.rewrite != nil:
		c.err("ERR Background append only file rewriting already in progress")
		return
	case s.persist.saving != nil || c.c.multi.executing:
		s.aof.scheduled, s.aof.failures = true, 0
		c.out.Simple("Background append only file rewriting scheduled")
		return
	}
	started := func(client *Client, err error) {
		if err == nil {
			client.out.Simple("Background append only file rewriting started")
			return
		}
		client.out.Error("ERR Can't execute an AOF background rewriting. Please check the server logs for more information.")
	}
	var ready func(error)
	if c.mayBlock() && s.aof.phase == aofOn {
		// Files are made before it is known whether it begins, which is nothing to hold a loop up for.
		b := c.block(0, func() {}, nil)
		ready = func(err error) { b.unblock(func(client *Client) { started(client, err) }) }
	}
	err := s.startRewriteLocked(ready)
	switch {
	case ready == nil:
		started(c.c, err)
	case err != nil:
		ready(err)
	}
}

func cmdWaitaof(c *Call) {
	s := c.srv
	local, ok := c.int(1, "")
	if !ok {
		return
	}
	if local < 0 || local > 1 {
		c.err("ERR value is out of range, value must between 0 and 1")
		return
	}
	replicas, ok := c.intRange(2, 0, math.MaxInt64, errNotPositive)
	if !ok {
		return
	}
	timeout, ok := c.timeoutMillis(3)
	if !ok {
		return
	}
	switch {
	case s.role.isReplica():
		c.err("ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.")
		return
	case local > 0 && s.aof.phase == aofOff:
		c.err(errWaitaofOff)
		return
	}
	w := &aofWait{s: s, offset: c.c.lastWrite(), local: local, replicas: int(min(replicas, 1<<30))}
	if here, there := w.reached(); here >= local && int64(there) >= replicas || !c.mayBlock() {
		w.answer(c.c)
		return
	}
	w.blocked = c.block(timeout, w.stop, w.answer)
	w.next()
	s.master.RequestAcksLocked()
}

const errWaitaofOff = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."

// aofWait is a WAITAOF that waits: first at the gate of this server's disk, then at that of its replicas'.
type aofWait struct {
	s        *Server
	offset   int64
	local    int64
	replicas int
	blocked  *blockedCall
	at       *repl.Waiter // exclusive lock
}

// reached is whether the offset is on disk here, as 0 or 1, and at how many replicas.
func (w *aofWait) reached() (here int64, there int) {
	if w.s.aof.onDisk(w.offset) {
		here = 1
	}
	return here, w.s.master.CountFsyncAcks(w.offset)
}

func (w *aofWait) answer(c *Client) {
	if w.local > 0 && w.s.aof.phase == aofOff {
		c.out.Error(errWaitaofOff)
		w.s.countErrorText(c.loop, errWaitaofOff)
		return
	}
	here, there := w.reached()
	c.out.Array(2)
	c.out.Int(here)
	c.out.Int(int64(there))
}

func (w *aofWait) stop() {
	if w.at != nil {
		w.at.Cancel()
	}
}

// next waits at the first gate that is shut, and answers if there is none. It needs the exclusive lock.
func (w *aofWait) next() {
	again := func() {
		w.blocked.c.conn.Post(func() {
			w.s.lock.borrow()
			defer w.s.lock.unlock()
			if w.blocked.c.blocked == w.blocked {
				w.next()
			}
		})
	}
	if w.local > 0 {
		if w.at = w.s.aof.durable.Wait(w.offset, again); w.at != nil {
			return
		}
	}
	if w.at = w.s.master.WaitFsyncAcks(w.offset, w.replicas, again); w.at != nil {
		return
	}
	w.blocked.unblock(w.answer)
}

// debugLoadAOF loads the files beside the loops, so that they can tell others that the server is loading.
func debugLoadAOF(c *Call) {
	s := c.srv
	reply := func(client *Client, err error) {
		if err == nil {
			client.out.OK()
			return
		}
		s.logger.verbosef("DEBUG LOADAOF: %v", err)
		client.out.Error("ERR Error trying to load the AOF files, check server logs.")
	}
	if !c.mayBlock() || s.role.isReplica() { // a master's stream must not come between
		reply(c.c, s.reloadAOF(false))
		return
	}
	b := c.block(0, func() {}, nil)
	s.loading.begin(loadFirst, s.now(), 0) // before anybody else comes in
	s.wg.Go(func() {
		s.lock.lock()
		err := s.reloadAOF(true)
		s.loading.end() // if it never began
		s.lock.unlock()
		if errors.Is(err, errHalted) {
			return
		}
		b.unblock(func(client *Client) { reply(client, err) })
	})
}

func debugFlushSleep(c *Call) {
	n, err := strconv.ParseInt(string(c.args[2]), 10, 64)
	if err != nil {
		n = 0
	}
	c.srv.aof.sleep.Store(int64(time.Duration(n) * time.Microsecond))
	c.out.OK()
}
