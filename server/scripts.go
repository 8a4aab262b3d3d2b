package server

import (
	"strings"
	"sync/atomic"
	"time"

	"treedis/server/acl"
	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/resp"
	"treedis/server/script"
)

// scripts are the scripts that the server knows, and what runs them. Guarded by the exclusive lock: one
// script runs at a time.
type scripts struct {
	vm     *script.VM
	client *Client // executes the commands of scripts
	bySHA  map[string]*cachedScript
	bySrc  map[string]*cachedScript // by their source: hashing that is cheaper than its SHA1
	last   *cachedScript            // that was found by its source
	memory int64                    // bytes of the sources, and of what the maps take for them
	rand   *script.Rand
	run    *scriptRun // the one that runs; nil if none does
}

// cachedScript is a compiled script.
type cachedScript struct {
	sha, source string
	flags       script.Flags
	fn          script.Function
}

// cachedScriptOverhead is about what a script takes besides its source, in bytes.
const cachedScriptOverhead = 200

// newScripts makes the client of the scripts; a VM is made when one is needed.
func (s *Server) newScripts() {
	s.scripts.rand = script.NewRand()
	s.scripts.client = s.newClient(nil, &resp.Writer{}, 0)
	s.scripts.client.isScript = true
	s.flushScripts()
}

// flushScripts forgets all scripts, and the variables that they had.
func (s *Server) flushScripts() {
	s.scripts.vm = nil
	s.scripts.bySHA, s.scripts.bySrc = map[string]*cachedScript{}, map[string]*cachedScript{}
	s.scripts.last, s.scripts.memory = nil, 0
}

// scriptBySource finds a script that was compiled before. nil if there is none. An EVAL asks twice, for its flags and to run it, and
// mostly for the script that the last one asked for.
func (s *Server) scriptBySource(source []byte) *cachedScript {
	if last := s.scripts.last; last != nil && last.source == string(source) {
		return last
	}
	known := s.scripts.bySrc[string(source)]
	if known != nil {
		s.scripts.last = known
	}
	return known
}

// scriptOptions are what every VM gets.
func (s *Server) scriptOptions() script.Options {
	return script.Options{
		Log:     func(level int, text string) { s.logger.printf(config.Level(level), "%s", text) },
		Enabled: func(level int) bool { return s.logger.enabled(config.Level(level)) },
		Version: RedisVersion, VersionNum: redisVersionNum, Rand: s.scripts.rand,
	}
}

// loadScript compiles a script, unless it is known. The error's text is for the client.
func (s *Server) loadScript(source []byte) (*cachedScript, string) {
	if known := s.scriptBySource(source); known != nil {
		return known, ""
	}
	if s.scripts.vm == nil {
		opts := s.scriptOptions()
		opts.Eval = true
		s.scripts.vm = script.New(opts)
	}
	sc := &cachedScript{source: string(source)}
	flags, code, err := script.ParseShebang(sc.source)
	if err != nil {
		return nil, "ERR " + err.Error()
	}
	if sc.fn, err = s.scripts.vm.Compile(code, "user_script"); err != nil {
		return nil, "ERR Error compiling script (new function): " + err.Error()
	}
	sc.flags, sc.sha = flags, script.SHA1(sc.source)
	s.scripts.bySHA[sc.sha], s.scripts.bySrc[sc.source] = sc, sc
	s.scripts.memory += int64(len(sc.source) + cachedScriptOverhead)
	return sc, ""
}

// scriptBySHA finds a script by its digest, in whatever case. nil if there is none.
func (s *Server) scriptBySHA(sha []byte) *cachedScript {
	if sc := s.scripts.bySHA[string(sha)]; sc != nil || len(sha) != 40 {
		return sc
	}
	return s.scripts.bySHA[strings.ToLower(string(sha))]
}

// scriptRun is one run of a script or a function: it is checked and executed by the rules of the caller's rights and
// the script's flags.
type scriptRun struct {
	script.Run
	srv    *Server
	caller *Client
	call   *Call // the caller's

	eval     bool // a script of EVAL, not a function
	readOnly bool // it may not write
	allowOOM bool
	oom      bool // too much memory was in use when it began
	wrote    bool // it called a command that writes: from then on it is not refused any more
	silent   bool // redis.set_repl: what it does is not logged
	began    time.Duration
	slow     bool        // its time is over: it lends the lock out
	killed   string      // the error that is to end it
	greedy   atomic.Bool // it takes too much memory
}

// startScript checks whether a script with such flags may run now, and prepares the client that executes its
// commands. It replies with an error and returns nil if it may not.
func (c *Call) startScript(name string, flags script.Flags, readOnly bool) *scriptRun {
	if text := c.scriptRefusal(flags, readOnly); text != "" {
		c.err(text)
		return nil
	}
	s, declared := c.srv, !flags.Has(script.Compat)
	r := &scriptRun{srv: s, caller: c.c, call: c, eval: true, began: s.mono()}
	r.Name, r.Host, r.Yield = name, r, r.yield
	r.readOnly = readOnly || declared && flags.Has(script.NoWrites)
	r.allowOOM = declared && flags.Has(script.AllowOOM)
	r.oom = !r.allowOOM && c.c.full
	e := s.scripts.client
	e.loop, e.counters = c.c.loop, c.c.counters
	e.db, e.user, e.noTouch = c.db, c.c.user, c.c.noTouch
	e.isMaster = c.c.isMaster
	e.lock.mode = exclusive // the caller holds it
	e.multi.executing = true
	e.call.now = c.now
	e.mark, e.batchBegan = r.began, r.began
	e.out.SetProtocol(2)
	s.scripts.run = r
	s.watchScript(r)
	return r
}

// end is called when the script is over.
func (r *scriptRun) end() {
	r.srv.scriptWatch.running.Store(nil)
	r.srv.scripts.run = nil
	r.srv.lock.endLending()
	r.srv.scripts.client.out.Reset()
	r.call.noPropagate = true // its commands were logged instead
}

// scriptRefusal returns the error for a script that may not start, by the flags that it declares. What a script
// without any may not do is found out command by command.
func (c *Call) scriptRefusal(flags script.Flags, readOnly bool) string {
	s := c.srv
	stale := s.role.masterDown() && !config.ReplicaServeStaleData.Get(s.cfg)
	if flags.Has(script.Compat) {
		if stale {
			return errMasterDown
		}
		return ""
	}
	if stale && !flags.Has(script.AllowStale) {
		return "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script."
	}
	if !flags.Has(script.NoWrites) {
		switch {
		case s.role.isReplica() && config.ReplicaReadOnly.Get(s.cfg) && !c.c.isMaster:
			return "READONLY Can not run script with write flag on readonly replica"
		case s.diskFails() && !c.c.isMaster:
			return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts."
		case readOnly:
			return "ERR Can not execute a script with write flag using *_ro command."
		case !s.role.isReplica() && !s.enoughReplicas():
			return errNoReplicas
		}
		if !flags.Has(script.AllowOOM) && c.c.full && !c.c.isMaster {
			return "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
		}
	}
	return ""
}

// Call executes a command of the script.
func (r *scriptRun) Call(args [][]byte) (reply []byte, refused string) {
	s, e := r.srv, r.srv.scripts.client
	row, _ := s.find(args)
	if refused = r.refusal(row, args); refused != "" {
		s.countErrorText(e.loop, strings.TrimPrefix(withCode(refused), "-"))
		if row != nil {
			s.stats.of(e.loop).command(row).rejected.add(1)
		}
		return nil, refused
	}
	if row.Flags.Has(command.Write) {
		r.wrote = true
	}
	e.out.Reset()
	muted := s.effects.muted
	s.effects.muted = muted || r.silent
	s.run(e, row, args)
	s.effects.muted = muted
	return e.out.Buf, ""
}

// withCode gives an error without a code of its own the general one.
func withCode(text string) string {
	if strings.HasPrefix(text, "-") {
		return text
	}
	return "-ERR " + text
}

// refusal returns the error with which a command of the script is refused, in Redis's order, "" if it is not.
func (r *scriptRun) refusal(row *row, args [][]byte) string {
	s := r.srv
	switch {
	case row == nil:
		return "Unknown Redis command called from script"
	case !row.ArityOK(len(args)) || row.run == nil:
		return "Wrong number of args calling Redis command from script"
	case row.Flags.Has(command.NoScript) && !s.debug.denyScriptsOff:
		return "This Redis command is not allowed from script"
	case !row.Flags.Has(command.Stale) && s.role.masterDown() && !config.ReplicaServeStaleData.Get(s.cfg):
		return "Can not execute the command on a stale replica"
	}
	if text := s.forbidden(s.scripts.client, row, args, inScript, r.caller); text != "" {
		return "ACL failure in script: " + text
	}
	obey := r.caller.isMaster
	if r.readOnly && row.Flags&(command.Write|command.MayReplicate) != 0 {
		return "Write commands are not allowed from read-only scripts."
	}
	if row.Flags.Has(command.Write) && !r.wrote {
		switch {
		case s.role.isReplica() && config.ReplicaReadOnly.Get(s.cfg) && !obey:
			return "-" + errReadOnly
		case s.diskFails() && !obey:
			return "-" + s.diskFault()
		case !s.role.isReplica() && !s.enoughReplicas():
			return "-" + errNoReplicas
		}
	}
	if r.oom && !obey && !r.wrote && row.Flags.Has(command.DenyOOM) {
		return "-" + errOOM
	}
	return ""
}

// SetProtocol is redis.setresp.
func (r *scriptRun) SetProtocol(version int) { r.srv.scripts.client.out.SetProtocol(version) }

// SetReplication is redis.set_repl. There is one log, for replicas and for the disk: what goes to one of them goes to
// both.
func (r *scriptRun) SetReplication(to script.Replication) { r.silent = to == 0 }

// Allowed is redis.acl_check_cmd.
func (r *scriptRun) Allowed(args [][]byte) (allowed, found bool) {
	row, _ := r.srv.table.Lookup(args)
	if row == nil {
		return false, false
	}
	return r.caller.checker.Check(r.caller.user, row.Meta(), args).Reason == acl.Allowed, true
}
