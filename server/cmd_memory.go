package server

import (
	"fmt"
	"strings"

	"treedis/server/command"
	"treedis/server/process"
)

var memoryTips = []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"}

var memoryCommands = []row{
	{Spec: command.Spec{Name: "memory", Arity: -2,
		Since: "4.0.0", Group: "server", Complexity: "by subcommand",
		Summary: "Commands about memory"}},
	{Spec: command.Spec{Name: "memory|doctor", Arity: 2,
		Since: "4.0.0", Group: "server", Complexity: "O(clients)",
		Summary: "Say what is unusual about the use of memory, and what to do about it",
		Tips:    memoryTips}, run: cmdMemoryDoctor},
	{Spec: command.Spec{Name: "memory|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "4.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "memory|malloc-stats", Arity: 2,
		Since: "4.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Tell what the allocator and the collector say of themselves",
		Tips:    memoryTips}, run: cmdMemoryMallocStats},
	{Spec: command.Spec{Name: "memory|purge", Arity: 2,
		Since: "4.0.0", Group: "server", Complexity: "O(memory), beside other commands",
		Summary: "Collect all garbage and give the memory back to the system",
		Tips:    []string{"request_policy:all_shards", "response_policy:all_succeeded"}}, run: cmdMemoryPurge},
	{Spec: command.Spec{Name: "memory|stats", Arity: 2,
		Since: "4.0.0", Group: "server", Complexity: "O(clients)",
		Summary: "Tell what takes how much memory",
		Tips:    memoryTips}, run: cmdMemoryStats},
	{Spec: command.Spec{Name: "memory|usage", Arity: -3, Flags: command.ReadOnly,
		Keys:  []command.KeySpec{command.Key(2, command.RO)},
		Since: "4.0.0", Group: "server", Complexity: "O(N), N samples",
		Summary: "Estimate the bytes a key takes up",
		Syntax:  "key [SAMPLES count:integer]"}, run: cmdMemoryUsage},
}

// memoryReport is what INFO, MEMORY STATS and MEMORY DOCTOR tell of memory, in bytes.
type memoryReport struct {
	heap
	used, peak, startup, rss int64
	overhead, data           int64
	clients                  clientTotals
	backlog                  int64 // what the log holds for partial resynchronizations
}

// memoryReport needs the exclusive lock.
func (s *Server) memoryReport() (m memoryReport) {
	m.used, m.heap, m.rss = s.observeMemory(), readHeap(), process.ResidentMemory()
	m.peak, m.startup = s.memory.peak, s.memory.startup
	m.clients = s.clientTotals()
	m.overhead = min(s.overheadMemory(), m.used)
	m.data = m.used - m.overhead
	m.backlog = s.log.Memory() - s.log.Excess()
	return m
}

// dataShare is the part of what was not there at the start that is data, in percent.
func (m *memoryReport) dataShare() float64 { return 100 * min(ratio(m.data, m.used-m.startup), 1) }

func cmdMemoryStats(c *Call) {
	s := c.srv
	m := s.memoryReport()
	number := func(name string, n int64) {
		c.out.BulkString(name)
		c.out.Int(n)
	}
	decimal := func(name string, f float64) {
		c.out.BulkString(name)
		c.out.Double(f)
	}
	var dbs []int
	keys := int64(s.store.Len())
	for i := range s.store.Databases() {
		if s.store.DB(i).Len() > 0 {
			dbs = append(dbs, i)
		}
	}
	c.out.Map(27 + len(dbs))
	number("peak.allocated", m.peak)
	number("total.allocated", m.used)
	number("startup.allocated", m.startup)
	number("replication.backlog", m.backlog)
	number("clients.slaves", m.clients.replicas)
	number("clients.normal", m.clients.normal)
	number("cluster.links", 0)
	number("aof.buffer", s.aofBuffered())
	number("lua.caches", s.scripts.memory)
	number("functions.caches", s.functions.Memory())
	for _, i := range dbs {
		main, expires := s.store.DB(i).OverheadBytes()
		c.out.BulkString(fmt.Sprintf("db.%d", i))
		c.out.Map(3)
		number("overhead.hashtable.main", int64(main))
		number("overhead.hashtable.expires", int64(expires))
		number("overhead.hashtable.slot-to-keys", 0)
	}
	number("overhead.total", m.overhead)
	number("keys.count", keys)
	number("keys.bytes-per-key", (m.used-m.startup)/max(keys, 1))
	number("dataset.bytes", m.data)
	decimal("dataset.percentage", m.dataShare())
	decimal("peak.percentage", 100*ratio(m.used, m.peak))
	number("allocator.allocated", m.objects)
	number("allocator.active", m.spans)
	number("allocator.resident", m.resident)
	decimal("allocator-fragmentation.ratio", ratio(m.spans, m.objects))
	number("allocator-fragmentation.bytes", m.spans-m.objects)
	decimal("allocator-rss.ratio", ratio(m.resident, m.spans))
	number("allocator-rss.bytes", m.resident-m.spans)
	decimal("rss-overhead.ratio", ratio(m.rss, m.resident))
	number("rss-overhead.bytes", m.rss-m.resident)
	decimal("fragmentation", ratio(m.rss, m.used))
	number("fragmentation.bytes", m.rss-m.used)
}

// cmdMemoryDoctor looks for the same as Redis does, by its thresholds, where it has a meaning here.
func cmdMemoryDoctor(c *Call) {
	m := c.srv.memoryReport()
	over := func(a, b int64, times float64) bool { return ratio(a, b) > times && a-b > 10<<20 }
	var found []string
	for _, f := range []struct {
		is   bool
		text string
	}{
		{ratio(m.peak, m.used) > 1.5, fmt.Sprintf("Once %s were in use, more than one and a half times as much as now. What was freed is given back by and by; MEMORY PURGE does so at once.", humanBytes(m.peak))},
		{over(m.objects, m.used, 1.5), fmt.Sprintf("Of %s on the heap only %s are in use: the rest is garbage that is still to be collected, or was not counted. Set maxmemory, or GOGC in the environment, to have it collected earlier.", humanBytes(m.objects), humanBytes(m.used))},
		{over(m.spans, m.objects, 1.1), "The heap has gaps, of more than a tenth of it, that only values of certain sizes fit into. They come from values of other sizes that were there before."},
		{over(m.resident, m.spans, 1.1), "Memory that is free has not been given back to the system. MEMORY PURGE does so."},
		{over(m.rss, m.resident, 1.1), "The process takes more memory than the server's allocator knows of."},
		{m.clients.normal/max(m.clients.connected, 1) > 200<<10, "Clients hold more than 200K each for what they have not read, or not sent to the end. CLIENT LIST tells which ones; client-output-buffer-limit and maxmemory-clients bound it."},
		{m.clients.replicas > 10<<20, "Replicas have yet to read more than 10M of the log. INFO replication tells how far behind each is."},
		{len(c.srv.scripts.bySHA) > 1000, "More than 1000 scripts are cached. Give scripts their values as KEYS and ARGV, instead of making a script for each."},
	} {
		if f.is {
			found = append(found, " * "+f.text+"\n")
		}
	}
	switch {
	case m.used < 5<<20:
		c.out.Verbatim("txt", "There is too little data to tell anything from.\n")
	case found == nil:
		c.out.Verbatim("txt", "Nothing is unusual about the memory of this server.\n")
	default:
		c.out.Verbatim("txt", "What is unusual about the memory of this server:\n\n"+strings.Join(found, "\n"))
	}
}

// cmdMemoryMallocStats prints what Go's runtime measures, a line for each figure.
func cmdMemoryMallocStats(c *Call) { c.out.Verbatim("txt", heapStatistics()) }

// cmdMemoryPurge answers at once: the collection runs beside other commands.
func cmdMemoryPurge(c *Call) {
	c.srv.trim()
	c.out.OK()
}

// cmdMemoryUsage accepts SAMPLES and has no use for it: the figure is not estimated from samples.
func cmdMemoryUsage(c *Call) {
	for i := 3; i < len(c.args); i += 2 {
		if !c.is(i, "samples") || i+1 == len(c.args) {
			c.err(errSyntax)
			return
		}
		n, ok := c.int(i+1, "")
		if !ok {
			return
		}
		if n < 0 {
			c.err(errSyntax)
			return
		}
	}
	e := c.peek(c.args[2])
	if e == nil {
		c.out.Null()
		return
	}
	c.out.Int(int64(e.MemoryUsage()))
}
