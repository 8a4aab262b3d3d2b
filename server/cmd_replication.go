package server

import (
	"math"
	"strconv"
	"strings"
	"time"

	"treedis/repl"
	"treedis/server/command"
	"treedis/server/resp"
)

var replicationCommands = []row{
	{Spec: command.Spec{Name: "psync", Arity: -3,
		Flags: command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti,
		Since: "2.8.0", Group: "server",
		Summary: "Start, or resume, the replication stream: replicas send this",
		Syntax:  "replicationid offset:integer"}, run: cmdPsync},
	{Spec: command.Spec{Name: "replconf", Arity: -1,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.AllowBusy,
		Since: "3.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Exchange facts about the replication stream: replicas send this",
		Doc:     command.SystemCommand}, run: cmdReplConf},
	{Spec: command.Spec{Name: "replicaof", Arity: 3,
		Flags: command.Admin | command.NoScript | command.Stale | command.NoAsyncLoading,
		Since: "5.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Follow another server as its replica, or become a master",
		Syntax:  "args=<host-port=<host port:integer> | no-one=<NO ONE>>"}, run: cmdReplicaOf},
	{Spec: command.Spec{Name: "role", Arity: 1, Flags: command.NoScript | command.Loading | command.Stale | command.Fast,
		Categories: command.CatAdmin | command.CatDangerous,
		Since:      "2.8.12", Group: "server", Complexity: "O(1)",
		Summary: "Tell the role in replication and its state"}, run: cmdRole},
	{Spec: command.Spec{Name: "slaveof", Arity: 3,
		Flags: command.Admin | command.NoScript | command.Stale | command.NoAsyncLoading,
		Since: "1.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Follow another server as its replica, or become a master, under the older name",
		Syntax:  "args=<host-port=<host port:integer> | no-one=<NO ONE>>",
		Doc:     command.Deprecated, DeprecatedSince: "5.0.0", ReplacedBy: "`REPLICAOF`"}, run: cmdReplicaOf},
	{Spec: command.Spec{Name: "sync", Arity: 1,
		Flags: command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti,
		Since: "1.0.0", Group: "server",
		Summary: "Start the replication stream the old way: replicas send this"}, run: cmdSync},
	{Spec: command.Spec{Name: "wait", Arity: 3, Categories: command.CatConnection,
		Since: "3.0.0", Group: "generic", Complexity: "O(1)",
		Summary: "Wait until enough replicas acknowledge this connection's writes",
		Syntax:  "numreplicas:integer timeout:integer",
		Tips:    []string{"request_policy:all_shards", "response_policy:agg_min"}}, run: cmdWait},
}

func cmdReplicaOf(c *Call) {
	s := c.srv
	if s.failover.phase != noFailover {
		c.err("ERR REPLICAOF not allowed while failing over.")
		return
	}
	if c.is(1, "no") && c.is(2, "one") {
		if s.role.isReplica() {
			s.promoteLocked()
			s.logger.noticef("MASTER MODE enabled (user request from '%s')", c.c)
		}
		c.out.OK()
		return
	}
	port, ok := resp.ParseInt(c.args[2])
	if !ok || port < 0 || port > 65535 {
		c.err("ERR Invalid master port")
		return
	}
	addr := repl.Address{Host: string(c.args[1]), Port: int(port)}
	if s.role.isReplica() && s.role.link.Status().Master == addr {
		c.out.Simple("OK Already connected to specified master")
		return
	}
	s.followLocked(addr, false)
	s.logger.noticef("REPLICAOF %s enabled (user request from '%s')", addr, c.c)
	c.out.OK()
}

func cmdReplConf(c *Call) {
	if len(c.args)%2 == 0 {
		c.err(errSyntax)
		return
	}
	if c.c.offer == nil {
		c.c.offer = new(repl.ReplicaInfo)
	}
	for i := 1; i < len(c.args); i += 2 {
		if !c.replConf(i) {
			return
		}
	}
	if len(c.args) > 1 && c.is(1, "stamps") {
		c.out.Simple("OK " + strconv.FormatInt(c.srv.role.link.MasterClock().UnixMilli(), 10))
		return
	}
	c.out.OK()
}

// replConf takes in the option at i, and reports whether to go on.
func (c *Call) replConf(i int) bool {
	offer, value := c.c.offer, c.args[i+1]
	switch strings.ToLower(string(c.args[i])) {
	case "listening-port":
		port, ok := c.int(i+1, "")
		offer.Port = int(port)
		return ok
	case "ip-address":
		if len(value) > 255 {
			c.err("ERR REPLCONF ip-address provided by replica instance is too long: " + strconv.Itoa(len(value)) + " bytes")
			return false
		}
		offer.AnnounceIP = string(value)
	case "capa":
		offer.CapaEOF = offer.CapaEOF || equalFold(value, "eof")
		offer.CapaPSYNC2 = offer.CapaPSYNC2 || equalFold(value, "psync2")
		offer.CapaVerify = offer.CapaVerify || equalFold(value, repl.CapaVerify)
	case "ack", "getack", "fack":
		return false // meant for links; whoever else sends it gets no reply
	case "stamps": // a replica of this kind asks: see repl/stamp.go
		n, ok := c.intRange(i+1, 0, 1<<30, "")
		offer.Stamps = time.Duration(n) * time.Millisecond
		return ok
	case "rdb-only":
		n, ok := c.intRange(i+1, 0, 1, "")
		offer.RDBOnly = n == 1
		return ok
	case "rdb-filter-only":
		offer.Filter = repl.Filter{ExcludeData: true, ExcludeFunctions: true}
		for _, word := range strings.Fields(string(value)) {
			if word != "functions" {
				c.err("ERR Unsupported rdb-filter-only option: " + word)
				return false
			}
			offer.Filter.ExcludeFunctions = false
		}
	default:
		c.err("ERR Unrecognized REPLCONF option: " + clip(c.args[i], 128))
		return false
	}
	return true
}

func cmdSync(c *Call) { c.offerSnapshot(repl.SyncRequest{SYNC: true}, false) }

func cmdPsync(c *Call) {
	offset, ok := c.int(2, "")
	if !ok {
		info := c.c.replicaInfo()
		c.srv.logger.warningf("Replica %s asks for synchronization but with a wrong offset", info.Name())
		return
	}
	takeover := len(c.args) > 3 && c.is(3, "failover")
	c.offerSnapshot(repl.SyncRequest{ReplID: string(c.args[1]), Offset: offset}, takeover)
}

func cmdRole(c *Call) {
	s := c.srv
	if s.role.isReplica() {
		st := s.role.link.Status()
		c.out.Array(5)
		c.out.BulkString("slave")
		c.out.BulkString(st.Master.Host)
		c.out.Int(int64(st.Master.Port))
		c.out.BulkString(st.State.String())
		offset := int64(-1)
		if st.Up() {
			offset = st.Offset
		}
		c.out.Int(offset)
		return
	}
	c.out.Array(3)
	c.out.BulkString("master")
	c.out.Int(s.log.EndOffset())
	mark := c.out.DeferArray()
	n := 0
	for _, r := range s.master.Replicas() {
		if r.State != repl.Online {
			continue
		}
		c.out.Array(3)
		c.out.BulkString(r.IP())
		c.out.BulkString(strconv.Itoa(r.Port))
		c.out.BulkString(strconv.FormatInt(r.AckOffset, 10))
		n++
	}
	c.out.SetArrayLen(mark, n)
}

func cmdWait(c *Call) {
	s := c.srv
	if s.role.isReplica() {
		c.err("ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
		return
	}
	n, ok := c.int(1, "")
	if !ok {
		return
	}
	timeout, ok := c.timeoutMillis(2)
	if !ok {
		return
	}
	offset := c.c.lastWrite()
	if acked := s.master.CountAcks(offset); int64(acked) >= n || !c.mayBlock() {
		c.out.Int(int64(acked))
		return
	}
	s.awaitAcks(c, offset, int(min(n, 1<<30)), timeout)
}

// lastWrite is where the log ended after the client's last write. A write in a history that is not this server's any more is as
// none: its offset means nothing here.
func (c *Client) lastWrite() int64 {
	if c.writeIDs != nil && !c.srv.ids.Current().Accepts(c.writeIDs.ID, c.writeOffset+1) {
		return 0
	}
	return c.writeOffset
}

// awaitAcks blocks the client until n replicas have acknowledged offset.
func (s *Server) awaitAcks(c *Call, offset int64, n int, timeout time.Duration) {
	answer := func(client *Client) { client.out.Int(int64(s.master.CountAcks(offset))) }
	var w *repl.Waiter
	b := c.block(timeout, func() {
		if w != nil {
			w.Cancel()
		}
	}, answer)
	if w = s.master.WaitAcks(offset, n, func() { b.unblock(answer) }); w == nil {
		b.unblock(answer)
		return
	}
	s.master.RequestAcksLocked()
}

// mayBlock reports whether the command may make its client wait: not in a transaction, and not for a
// pseudo client.
func (c *Call) mayBlock() bool { return c.c.conn != nil && !c.c.multi.executing }

// longWait is a number of milliseconds, or half of the three centuries that Go's clock can count: that is as good as for ever.
func longWait(ms int64) time.Duration {
	return time.Duration(min(ms, math.MaxInt64/int64(2*time.Millisecond))) * time.Millisecond
}

// timeoutMillis parses args[i] as a timeout in milliseconds, 0 for none.
func (c *Call) timeoutMillis(i int) (time.Duration, bool) {
	n, ok := resp.ParseInt(c.args[i])
	switch {
	case !ok:
		c.err("ERR timeout is not an integer or out of range")
	case n < 0:
		c.err("ERR timeout is negative")
	case n > math.MaxInt64-c.now:
		c.err("ERR timeout is out of range")
	default:
		return longWait(n), true
	}
	return 0, false
}
