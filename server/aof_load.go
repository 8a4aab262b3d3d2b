package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"treedis/rdb"
	"treedis/repl/aof"
	"treedis/server/config"
	"treedis/server/resp"
)

// aofTarget executes what is loaded from an append-only file. It holds the exclusive lock but for pauses, in which
// others may be told that the server is loading.
type aofTarget struct {
	s      *Server
	c      *Client
	pauses bool    // the lock is the target's own, and may be given up
	info   rdbInfo // of the base
}

// newAOFTarget returns a target; the caller holds the exclusive lock.
func (s *Server) newAOFTarget(pauses bool) *aofTarget {
	c := s.newClient(nil, &resp.Writer{}, 0)
	c.isMaster, c.user = true, nil
	counters := newLoopStats(s.table)
	c.counters = &counters // which commands had been executed before says nothing of now
	return &aofTarget{s: s, c: c, pauses: pauses, info: rdbInfo{offset: -1}}
}

// LoadRDB replaces the data by a base's.
func (t *aofTarget) LoadRDB(br *bufio.Reader) (aof.BaseInfo, error) {
	data := t.s.newDataset()
	t.unlock()
	counts, info, err := t.s.loadInto(t.s.life, data, br, rdb.LoadOptions{SetClock: t.s.clock.Restore})
	t.lock()
	if err != nil {
		t.s.logger.warningf("Loading the base: %v", err)
		return aof.BaseInfo{}, err
	}
	t.s.store.Adopt(data.store)
	t.s.functions = data.functions
	t.s.persist.loaded = counts
	t.info = info
	t.c.db = t.s.store.DB(info.db)
	return aof.BaseInfo{Position: aof.Position{ID: info.replID, Offset: max(info.offset, 0)}, Time: info.created}, nil
}

func (t *aofTarget) lock() {
	if t.pauses {
		t.s.lock.lock()
	}
}

func (t *aofTarget) unlock() {
	if t.pauses {
		t.s.lock.unlock()
	}
}

// Apply executes a command as any other is.
func (t *aofTarget) Apply(args [][]byte) error {
	if t.s.halted {
		return errHalted
	}
	if r, _ := t.s.table.Lookup(args); r == nil {
		return aof.ErrUnknownCommand
	}
	t.s.applyLocked(t.c, args, "server", "AOF-loading-client")
	return nil
}

// Ahead prepares for commands.
func (t *aofTarget) Ahead(raw []byte) { t.s.lookAhead(t.c, raw) }

// Pause lets others have the lock.
func (t *aofTarget) Pause() {
	t.unlock()
	t.lock()
}

// Drop forgets a transaction that does not end.
func (t *aofTarget) Drop() { t.c.multi = transaction{} }

// applyLocked executes a command of a stream for a pseudo client, and says in the log if that fails: it succeeded where it
// came from. It needs the exclusive lock, and lookAhead before the first command and now and then.
func (s *Server) applyLocked(c *Client, args [][]byte, from, to string) {
	c.lock.mode = exclusive
	s.execute(c, args)
	if out := c.out.Buf; len(out) > 0 && out[0] == '-' {
		s.logger.warningf("== CRITICAL == This %s is sending an error to its %s after processing the command '%s': %s", from, to, clip(args[0], 64), out)
		if s.endsByErrors(c) {
			defer s.reportPanic(c)
			panic(fmt.Sprintf("This %s panicked sending an error to its %s after processing the command '%s'", from, to, clip(args[0], 64)))
		}
	}
	c.out.Reset()
}

// lookAhead prepares a pseudo client for the next commands of a stream, with which raw begins: it takes the time, and reads
// the keys that they probably name. It needs the exclusive lock.
func (s *Server) lookAhead(c *Client, raw []byte) {
	c.lock.mode = exclusive
	s.beginBatch(c)
	s.touchAhead(c, raw)
}

// endsByErrors reports whether propagation-error-behavior wants the process to end when what a client passes on fails: the
// master, whose data a replica that takes writes of its own need not share, or the append-only file.
func (s *Server) endsByErrors(c *Client) bool {
	behavior := config.PropagationErrorBehavior.Get(s.cfg)
	if c == s.masterClient {
		return behavior != config.PropagationIgnore && config.ReplicaReadOnly.Get(s.cfg)
	}
	return behavior == config.PropagationPanic
}

// findAOF returns the append-only files as what the server begins with.
func (s *Server) findAOF() *dataFile {
	return &dataFile{load: s.loadAOFAtStart, close: func() error { return nil }}
}

// loadAOFAtStart loads the append-only files, and goes on in the history that they tell of. What is wrong with the files is in the
// log.
func (s *Server) loadAOFAtStart(context.Context) error {
	began := s.mono()
	d := s.aofDir()
	m, err := d.Read()
	if err == nil {
		m, err = d.Upgrade(m)
	}
	if err != nil {
		return errLoadLogged{err}
	}
	s.aof.filesMu.Lock()
	s.aof.manifest = m
	s.aof.filesMu.Unlock()
	to := s.opts.RestoreTo
	if m.Empty() {
		if !to.IsZero() {
			return errNothingToRestore
		}
		return nil
	}
	s.lock.lock()
	t := s.newAOFTarget(true)
	found, err := s.runAOFLoad(d, m, t, to)
	s.role.inherited = found.Found
	s.lock.unlock()
	switch {
	case errors.Is(err, aof.ErrPoint):
		return fmt.Errorf("restoring the data as of %s: %w", to, err)
	case err != nil:
		return errLoadLogged{err}
	case !to.IsZero():
		return s.restored(d, m, found)
	}
	s.logger.noticef("DB loaded from append only file: %.3f seconds", (s.mono() - began).Seconds())
	if found.Position.Known() {
		s.restoreHistory(rdbInfo{replID: found.Position.ID, offset: found.Position.Offset, db: t.c.db.Index()})
	}
	s.aof.baseSize, s.aof.loaded, s.aof.spans = found.BaseSize, found.Position, found.Spans
	return nil
}

// errLoadLogged is a failure to load whose reason is the last line of the log.
type errLoadLogged struct{ error }

func (e errLoadLogged) Unwrap() error { return e.error }

// runAOFLoad executes the files of a manifest, up to a point if it is not zero; the server counts as loading. It runs under the exclusive lock, which it
// gives up now and then if the target pauses.
func (s *Server) runAOFLoad(d *aof.Dir, m *aof.Manifest, t *aofTarget, until aof.Point) (aof.Loaded, error) {
	muted := s.effects.muted
	s.effects.muted = true
	defer func() { s.effects.muted = muted }()
	return d.Load(m, t, aof.LoadOptions{
		Truncate: config.AOFLoadTruncated.Get(s.cfg), Until: until, Logf: s.replLogf,
		Total: s.loading.total.Store, Progress: s.loadedSoFar,
	})
}

// reloadAOF loads the append-only files in place of the data, which stays if they can't be loaded. It runs under the exclusive lock,
// which it gives up now and then if pauses is set.
func (s *Server) reloadAOF(pauses bool) error {
	if w := s.aof.writer.Load(); w != nil {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	d := s.aofDir()
	m, err := d.Read()
	if err != nil {
		return err
	}
	s.aof.filesMu.Lock()
	if !config.AOFDisableAutoGC.Get(s.cfg) {
		m = d.RemoveHistory(m)
	}
	s.aof.manifest = m
	s.aof.filesMu.Unlock()
	before := dataset{s.newStore(), s.functions}
	before.store.Adopt(s.store)
	s.store.Adopt(s.newStore())
	s.functions = s.newFunctions()
	clear(s.expiry.cursors)
	s.loading.begin(loadFirst, s.now(), 0)
	_, err = s.runAOFLoad(d, m, s.newAOFTarget(pauses), aof.Point{})
	s.loading.end()
	if err != nil {
		s.store.Adopt(before.store)
		s.functions = before.functions
		return err
	}
	s.stats.dirty = 0
	for i := range s.store.Databases() {
		s.signalReadyDB(s.store.DB(i))
	}
	s.serveWaits()
	s.logger.noticef("Append Only File loaded by DEBUG LOADAOF")
	return nil
}
