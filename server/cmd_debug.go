package server

import (
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"treedis/rdb"
	"treedis/server/access"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/digest"
	"treedis/server/glob"
	"treedis/server/resp"
	"treedis/store"
)

var debugRows = []row{
	{Spec: command.Spec{Name: "debug", Arity: -2,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.Protected,
		Since: "1.0.0", Group: "server", Complexity: "by subcommand",
		Summary: "Commands for tests and for finding faults",
		Doc:     command.SystemCommand}, run: cmdDebug},
}

// debugState is what DEBUG works with. Guarded by the keyspace lock, but for the atomics.
type debugState struct {
	commands       map[string]debugCommand // never changed
	activeExpire   atomic.Bool             // SET-ACTIVE-EXPIRE
	cronPaused     atomic.Bool             // PAUSE-CRON
	denyScriptsOff bool                    // SET-DISABLE-DENY-SCRIPTS
	skipChecksum   bool                    // SET-SKIP-CHECKSUM-VALIDATION
}

// debugCommand is a subcommand of DEBUG. Args counts the words after its name.
type debugCommand struct {
	min, max int // words after the name; max < 0: any number
	run      func(*Call)
	help     string
}

// debugCommands are the subcommands; DEBUG's table of its own since Redis documents none of them.
func debugCommands() map[string]debugCommand {
	return map[string]debugCommand{
		"aof-flush-sleep":          {1, 1, debugFlushSleep, "<microseconds> - Wait before each write to the append-only file."},
		"assert":                   {0, 0, func(*Call) { panic(assertion("DEBUG ASSERT")) }, "Crash the server by an assertion that fails."},
		"change-repl-id":           {0, 0, debugChangeReplID, "Begin a new replication history, which no replica can continue from."},
		"config-rewrite-force-all": {0, 0, debugConfigRewrite, "CONFIG REWRITE that writes every setting, not only those that differ from their default."},
		"digest":                   {0, 0, debugDigest, "Fingerprint of all data, equal to Redis's."},
		"digest-value":             {0, -1, debugDigestValue, "<key> ... - Fingerprint of single values."},
		"error":                    {1, 1, debugError, "<text> - Reply with an error."},
		"htstats":                  {1, 2, debugHTStats, "<dbid> [full] - Shape of a database's hash tables."},
		"listpack":                 {1, 1, debugListpack, "<key> - Size of a value kept as one listpack."},
		"loadaof":                  {0, 0, debugLoadAOF, "Write out the append-only file and load it again."},
		"log":                      {1, 1, debugLog, "<text> - Write a line to the log."},
		"object":                   {1, 1, debugObject, "<key> - How a value is kept."},
		"panic":                    {0, 0, debugPanic, "Crash the server."},
		"pause-cron":               {1, 1, debugPauseCron, "<0|1> - Whether nothing is done that is due every so often."},
		"populate":                 {1, 3, debugPopulate, "<count> [<prefix>] [<size>] - Create string keys named <prefix>:<number>."},
		"protocol":                 {1, 1, debugProtocol, "<type> - Reply with a value of a RESP3 type."},
		"quicklist-packed-threshold": {1, 1, debugPackedThreshold,
			"<size> - From how many bytes on an element of a large list is held by itself; 0 for the default."},
		"reload":                   {0, -1, debugReload, "[NOSAVE] [NOFLUSH] [MERGE] - Save the data and load it again."},
		"replicate":                {1, -1, debugReplicate, "<command> [<argument> ...] - Log a command, for replicas and the append-only file, without executing it."},
		"set-active-expire":        {1, 1, debugSetActiveExpire, "<0|1> - Whether keys that expired are looked for."},
		"set-disable-deny-scripts": {1, 1, debugDenyScripts, "<0|1> - Whether scripts may call commands that are not for them."},
		"replybuffer":              {2, 2, debugReplyBuffer, "RESIZING <0|1> - Whether buffers of replies are given back once they are empty."},
		"segfault":                 {0, 0, debugSegfault, "Crash the server by an invalid access to memory."},
		"set-skip-checksum-validation": {1, 1, debugSkipChecksum,
			"<0|1> - Whether RESTORE takes payloads with a wrong checksum."},
		"sleep":           {1, 1, debugSleep, "<seconds> - Hold everything up; decimals are allowed."},
		"stringmatch-len": {2, 2, debugStringMatch, "<length> <pattern> - Match a pattern against a long string."},
	}
}

func cmdDebug(c *Call) {
	name := strings.ToLower(string(c.args[1]))
	if name == "help" {
		c.debugHelp()
		return
	}
	sub, ok := c.srv.debug.commands[name]
	n := len(c.args) - 2
	if !ok || n < sub.min || sub.max >= 0 && n > sub.max {
		c.err("ERR unknown subcommand or wrong number of arguments for '" + clip(c.args[1], 128) + "'. Try DEBUG HELP.")
		return
	}
	sub.run(c)
}

func (c *Call) debugHelp() {
	lines := []string{"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}
	for _, name := range slices.Sorted(maps.Keys(c.srv.debug.commands)) {
		lines = append(lines, strings.ToUpper(name), "    "+c.srv.debug.commands[name].help)
	}
	lines = append(lines, "HELP", "    Print this help.")
	c.out.Array(len(lines))
	for _, l := range lines {
		c.out.Simple(l)
	}
}

func debugChangeReplID(c *Call) {
	c.srv.logger.noticef("Changing replication IDs after receiving change-repl-id")
	c.srv.ids.Change()
	c.srv.ids.Clear()
	c.out.OK()
}

func debugConfigRewrite(c *Call) { c.rewriteConfig(true) }

func debugReplicate(c *Call) {
	if s := c.srv; !s.role.isReplica() {
		s.log.Append(resp.AppendCommand(nil, c.args[2:]...))
	}
	c.out.OK()
}

func debugDigest(c *Call) {
	d := digest.Dataset(c.srv.store)
	c.out.Simple(hex.EncodeToString(d[:]))
}

func debugDigestValue(c *Call) {
	c.out.Array(len(c.args) - 2)
	for _, key := range c.args[2:] {
		var d digest.Sum
		if e := c.peek(key); e != nil {
			d.Entry(e)
		}
		c.out.Simple(hex.EncodeToString(d[:]))
	}
}

func debugError(c *Call) { c.err(string(c.args[2])) }

func debugLog(c *Call) {
	c.srv.logger.warningf("DEBUG LOG: %s", c.args[2])
	c.out.OK()
}

func debugPanic(c *Call) {
	c.srv.logger.warningf("crashed by DEBUG PANIC")
	panic("DEBUG PANIC")
}

func debugPauseCron(c *Call) {
	if n, ok := c.int(2, ""); ok {
		c.srv.debug.cronPaused.Store(n != 0)
		c.out.OK()
	}
}

func debugReplyBuffer(c *Call) {
	if !c.is(2, "resizing") {
		c.err(errSyntax)
		return
	}
	if n, ok := c.int(3, ""); ok {
		if c.srv.net != nil {
			c.srv.net.KeepOutput(n == 0)
		}
		c.out.OK()
	}
}

func debugSegfault(*Call) { writeTo(nil) }

func writeTo(p *int) { *p = 1 }

// debugPackedThreshold holds for the lists that become large from now on.
func debugPackedThreshold(c *Call) {
	n, ok := config.ParseMemory(string(c.args[2]))
	if !ok || n > 1<<32-1<<20 {
		c.err("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
		return
	}
	l := c.srv.store.Limits()
	l.ListPlain = int(n)
	c.srv.store.SetLimits(l)
	c.out.OK()
}

func debugSetActiveExpire(c *Call) {
	if n, ok := c.int(2, ""); ok {
		c.srv.debug.activeExpire.Store(n != 0)
		c.out.OK()
	}
}

func debugDenyScripts(c *Call) {
	if n, ok := c.int(2, ""); ok {
		c.srv.debug.denyScriptsOff = n != 0
		c.out.OK()
	}
}

func debugSkipChecksum(c *Call) {
	if n, ok := c.int(2, ""); ok {
		c.srv.debug.skipChecksum = n != 0
		c.out.OK()
	}
}

// debugSleep holds the lock, so that nobody is served meanwhile.
func debugSleep(c *Call) {
	f, ok := c.float(2)
	if !ok {
		return
	}
	time.Sleep(time.Duration(max(0, f) * float64(time.Second)))
	c.out.OK()
}

func debugStringMatch(c *Call) {
	n, ok := c.intRange(2, 0, 1<<30, "")
	if !ok {
		return
	}
	glob.Match(c.args[3], make([]byte, n))
	c.out.OK()
}

func debugHTStats(c *Call) {
	n, ok := c.int(2, "")
	if !ok {
		return
	}
	if n < 0 || n >= int64(c.srv.store.Databases()) {
		c.err("ERR Out of range database")
		return
	}
	keys, expires := c.srv.store.DB(int(n)).TableStats()
	c.out.Verbatim("txt", fmt.Sprintf("[Dictionary HT]\n%s[Expires HT]\n%s", htStats(keys), htStats(expires)))
}

func htStats(st store.TableStats) string {
	if st.Items == 0 {
		return "No stats available for empty dictionaries\n"
	}
	return fmt.Sprintf("Hash table 0 stats (main hash table):\n table size: %d\n number of elements: %d\n pages: %d\n depth: %d\n overhead: %d bytes\n",
		st.Pages*24, st.Items, st.Pages, st.Depth, st.Bytes)
}

func debugListpack(c *Call) {
	e := c.peek(c.args[2])
	switch {
	case e == nil:
		c.err(errNoSuchKey)
	case e.Encoding() != store.EncListpack:
		c.err("ERR Not a listpack encoded object.")
	default:
		c.out.Simple("Listpack structure: " + strconv.Itoa(e.FlatLen()) + " bytes")
	}
}

func debugObject(c *Call) {
	e := c.db.Peek(c.args[2]) // if it has expired too
	if e == nil {
		c.err(errNoSuchKey)
		return
	}
	size := serializedLength(e)
	line := fmt.Sprintf("Value at:%p refcount:1 encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d",
		e, e.Encoding(), size, e.Clock()&access.Mask, c.srv.clock.Idle(e))
	if e.Encoding() == store.EncQuicklist {
		line += quicklistLine(c.srv, e, size)
	}
	c.out.Simple(line)
}

// serializedLength is the length of a value in an RDB, without its type and key.
func serializedLength(e *store.Entry) int {
	const frame = 1 + 2 + 8 // type, version and checksum of a payload
	payload, err := dumpPayload(e, true)
	if err != nil {
		return 0
	}
	return len(payload) - frame
}

// quicklistLine is what DEBUG OBJECT adds for a list of several nodes.
func quicklistLine(s *Server, e *store.Entry, size int) string {
	l := e.List()
	nodes := l.Nodes()
	return fmt.Sprintf(" ql_nodes:%d ql_avg_node:%.2f ql_listpack_max:%d ql_compressed:0 ql_uncompressed_size:%d",
		nodes, float64(l.Len())/float64(nodes), config.ListMaxListpackSize.Get(s.cfg), size)
}

func debugPopulate(c *Call) {
	count, ok := c.intRange(2, 0, 1<<62, errNotPositive)
	if !ok {
		return
	}
	prefix, size := "key", int64(0)
	if len(c.args) > 3 {
		prefix = string(c.args[3])
	}
	if len(c.args) > 4 {
		if size, ok = c.intRange(4, 0, 512<<20, errNotPositive); !ok {
			return
		}
	}
	var key, val []byte
	for i := range count {
		key = strconv.AppendInt(append(append(key[:0], prefix...), ':'), i, 10)
		if c.lookupWrite(key) != nil {
			continue
		}
		val = strconv.AppendInt(append(val[:0], "value:"...), i, 10)
		if size > 0 {
			val = append(val, make([]byte, max(0, int(size)-len(val)))...)[:size]
		}
		c.db.SetString(key, val, 0)
		c.srv.keyChanged(c.db, key)
	}
	c.out.OK()
}

func debugReload(c *Call) {
	s := c.srv
	save, flush, merge := true, true, false
	for i := 2; i < len(c.args); i++ {
		switch {
		case c.is(i, "merge"):
			merge = true
		case c.is(i, "noflush"):
			flush = false
		case c.is(i, "nosave"):
			save = false
		default:
			c.err("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
			return
		}
	}
	if save {
		s.abortSaveLocked()
		s.persist.saving = nil
		if err := s.saveNowLocked(); err != nil {
			c.err("ERR")
			return
		}
	}
	if err := s.reloadLocked(flush, merge); err != nil {
		s.logger.warningf("DEBUG RELOAD: %v", err)
		c.err("ERR Error trying to load the RDB dump, check server logs.")
		return
	}
	s.logger.noticef("DB reloaded by DEBUG RELOAD")
	c.out.OK()
}

// reloadLocked loads the snapshot file in place of the data, or into it.
func (s *Server) reloadLocked(flush, merge bool) error {
	f, err := os.Open(s.rdbPath())
	if err != nil {
		return err
	}
	defer f.Close()
	o := rdb.LoadOptions{SetClock: s.clock.Restore, Overwrite: merge}
	if !s.role.isReplica() {
		o.DropExpiredAt = s.now()
	}
	into := dataset{s.store, s.functions.Sibling()}
	if flush {
		into = s.newDataset()
	}
	counts, _, err := s.loadInto(s.life, into, f, o)
	if err != nil {
		return err
	}
	s.persist.loaded = counts
	if !flush {
		return s.functions.Join(into.functions, merge)
	}
	s.store.Adopt(into.store)
	s.functions = into.functions
	clear(s.expiry.cursors)
	return nil
}

// debugProtocol replies with a value of each kind that clients have to understand.
func debugProtocol(c *Call) {
	switch strings.ToLower(string(c.args[2])) {
	case "string":
		c.out.BulkString("Hello World")
	case "integer":
		c.out.Int(12345)
	case "double":
		c.out.Double(3.141)
	case "null":
		c.out.Null()
	case "array":
		c.out.Array(3)
		for i := range int64(3) {
			c.out.Int(i)
		}
	case "set":
		c.out.Set(3)
		for i := range int64(3) {
			c.out.Int(i)
		}
	case "map":
		c.out.Map(3)
		for i := range int64(3) {
			c.out.Int(i)
			c.out.Bool(i == 1)
		}
	case "attrib":
		if c.out.Protocol() == 3 {
			c.out.Attribute(1)
			c.out.BulkString("key-popularity")
			c.out.Array(2)
			c.out.BulkString("key:123")
			c.out.Int(90)
		}
		c.out.BulkString("Some real reply following the attribute")
	case "push":
		if c.out.Protocol() < 3 {
			c.err("ERR RESP2 is not supported by this command")
			return
		}
		c.out.Push(2)
		c.out.BulkString("server-cpu-usage")
		c.out.Int(42)
		c.out.BulkString("Some real reply following the push reply")
	case "verbatim":
		c.out.Verbatim("txt", "This is a verbatim\nstring")
	case "true":
		c.out.Bool(true)
	case "false":
		c.out.Bool(false)
	case "bignum":
		c.out.BigNumber([]byte("1234567999999999999999999999999999999"))
	default:
		c.err("ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|map|attrib|push|verbatim|true|false")
	}
}
