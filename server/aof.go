package server

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"treedis/repl"
	"treedis/repl/aof"
	"treedis/server/config"
)

// aofPhase is what the append-only file is doing.
type aofPhase uint8

const (
	aofOff     aofPhase = iota
	aofWaiting          // switched on, but its first base is not finished: nothing of it counts yet
	aofOn
)

func (p aofPhase) String() string { return [...]string{"off", "waiting", "on"}[p] }

// appendOnly is the append-only file of a server. Guarded by the keyspace lock, written under the exclusive one, except
// as marked.
//
//	off --CONFIG SET appendonly yes--> waiting --first rewrite done--> on --CONFIG SET appendonly no--> off
//	off --start--> on --full synchronization--> waiting
type appendOnly struct {
	phase     aofPhase
	started   bool // the files have been opened, or would have been: CONFIG SET takes effect
	rewrite   *rewriteJob
	scheduled bool // a rewrite is to begin when possible
	lastOK    bool // the last rewrite succeeded
	lastTook  int64
	lastKept  int64 // bytes that its snapshot came to hold alone
	rewrites  int64
	failures  int64 // in a row
	limit     rewriteLimit
	size      int64        // of the files when the writer began, less what it had written
	baseSize  int64        // of the files when they were last rewritten
	loaded    aof.Position // of the end of the files that the server began with
	spans     []aof.Span   // what of the history these files hold
	anew      bool         // these files end with the data that was restored, and others begin with it
	stamp     int64        // unix seconds of the last annotation of the time

	writer  atomic.Pointer[aof.Writer] // nil while nothing is written; read by loops without the lock
	durable repl.Gate                  // what is on disk in files that count; WAITAOF waits at it
	counts  atomic.Bool                // phase is aofOn: what is fsynced is durable
	sleep   atomic.Int64               // DEBUG AOF-FLUSH-SLEEP, ns
	bases   atomic.Int64               // temporary ones that were begun, for their names

	loopTime atomic.Int64 // ns that event loops have spent on writing to the file

	archive  *aof.Archive  // the log on disk, for replicas; made by New
	filesMu  sync.Mutex    // held while files are renamed and the manifest is replaced; taken after the keyspace lock, never before
	manifest *aof.Manifest // guarded by filesMu; replaced, never changed
}

// onDisk reports whether the log is on disk up to an offset, in files that count. The writer opens its gate before durable, and with it
// the way for replies, so whoever has got one may be here in between. It needs the lock, at least shared.
func (a *appendOnly) onDisk(offset int64) bool {
	if a.phase != aofOn {
		return false
	}
	w := a.writer.Load()
	return a.durable.Passed() >= offset || w != nil && w.Fsynced.Passed() >= offset
}

// errAOFOn is CONFIG SET's error when the append-only file can't be switched on.
var errAOFOn = errors.New("Unable to turn on AOF. Check server logs.") //lint:ignore ST1005 wire text

// aofDir is where the files are by the configuration.
func (s *Server) aofDir() *aof.Dir {
	return &aof.Dir{
		FS: s.opts.FS, Root: s.cfg.Path("."), Path: s.cfg.Path(config.AppendDirname.Get(s.cfg)),
		Name: config.AppendFilename.Get(s.cfg), Logf: s.replLogf,
		Retain: s.aof.archive.Retain,
	}
}

func (s *Server) aofPolicy() aof.Policy {
	switch config.AppendFsync.Get(s.cfg) {
	case config.FsyncAlways:
		return aof.SyncAlways
	case config.FsyncEverysec:
		return aof.SyncEverySec
	}
	return aof.SyncNo
}

// newAOFWriterLocked begins to write the log from here on to f, which has size bytes. It needs the exclusive lock.
func (s *Server) newAOFWriterLocked(f aof.File, size int64) *aof.Writer {
	r, _ := s.log.NewReader(s.log.EndOffset(), nil) // the end is always to be had
	w := aof.NewWriter(aof.WriterOptions{
		Reader: r, File: timedFile{f, s}, Size: size, Policy: s.aofPolicy, Logf: s.replLogf,
		HoldSync: s.holdsFsync,
		Synced: func(offset int64) {
			if s.aof.counts.Load() {
				s.aof.durable.Set(offset)
			}
		},
		Fatal: s.fail,
		Delay: func() time.Duration { return time.Duration(s.aof.sleep.Load()) },
	})
	s.aof.writer.Store(w)
	s.aof.size -= w.Total()
	return w
}

// holdsFsync tells whether there is to be no fsync now, so that replies don't wait for one.
func (s *Server) holdsFsync() bool {
	return config.NoAppendFsyncOnRewrite.Get(s.cfg) && s.savesInBackground.Load() > 0
}

// position is where the log stands.
func (s *Server) position() aof.Position {
	return aof.Position{ID: s.ids.Get().ID, Offset: s.log.EndOffset()}
}

// incrHead is what an increment that begins here has to begin with: a replica's log is its master's, which need not
// select a database here. A master's does.
//
// With aof-timestamp-enabled it begins with the time, so that nothing in it is without one.
func (s *Server) incrHead() (head []byte) {
	if config.AOFTimestampEnabled.Get(s.cfg) {
		s.aof.stamp = s.now() / 1000
		head = aof.TimeAnnotation(s.aof.stamp)
	}
	if !s.role.isReplica() {
		s.log.ForgetSelectedDB()
		return head
	}
	return append(appendSelect(head, s.masterClient.db.Index()), s.position().Annotation()...)
}

// idChanged notes in the file that the history has another id from here on, and answers who waits for the old one. It runs
// under the exclusive lock.
func (s *Server) idChanged() {
	s.endOffsetWaits()
	if w := s.aof.writer.Load(); w != nil {
		w.Annotate(s.log.EndOffset(), s.position().Annotation())
	}
}

// stampLocked notes the time in the file if it is another second than when it was last noted. It precedes what is appended
// to the log, and needs the exclusive lock.
func (s *Server) stampLocked(now int64) {
	w := s.aof.writer.Load()
	if w == nil || !config.AOFTimestampEnabled.Get(s.cfg) || s.aof.stamp >= now/1000 {
		return
	}
	s.aof.stamp = now / 1000
	w.Annotate(s.log.EndOffset(), aof.TimeAnnotation(s.aof.stamp))
}

// kickAOF has written what others than event loops have appended to the log.
func (s *Server) kickAOF() {
	if w := s.aof.writer.Load(); w != nil && w.Written.Passed() < s.log.EndOffset() {
		w.Kick()
	}
}

// applyAppendOnly switches the append-only file as CONFIG SET has it.
func (s *Server) applyAppendOnly() error {
	a := &s.aof
	switch on := config.AppendOnly.Get(s.cfg); {
	case !a.started, on == (a.phase != aofOff):
		return nil
	case !on:
		s.stopAOFLocked()
		return nil
	}
	return s.startAOFLocked()
}

// startAOFLocked begins an append-only file of the data as it is now. It counts once its base is written. It needs the
// exclusive lock.
func (s *Server) startAOFLocked() error {
	a := &s.aof
	a.phase = aofWaiting
	a.durable.Set(0)
	switch {
	case s.persist.saving != nil:
		a.scheduled = true
		s.logger.noticef("AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.")
		return nil
	case a.rewrite != nil:
		s.logger.noticef("AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.")
		s.abortRewriteLocked()
	}
	if err := s.startRewriteLocked(nil); err != nil {
		a.phase = aofOff
		s.logger.warningf("The AOF can't be enabled, as no background AOF rewrite could begin: %v", err)
		return errAOFOn
	}
	return nil
}

// stopAOFLocked ends the append-only file. What is in it stays. It needs the exclusive lock.
func (s *Server) stopAOFLocked() {
	a := &s.aof
	a.scheduled = false
	a.counts.Store(false)
	a.phase = aofOff
	a.archive.Clear()
	s.abortRewriteLocked()
	if w := s.aof.writer.Swap(nil); w != nil {
		if err := w.Close(); err != nil {
			s.logger.warningf("Fail to fsync the AOF file: %s", aof.Cause(err))
		}
	}
	a.durable.Set(math.MaxInt64) // whoever waits is told
	a.size, a.baseSize = 0, 0
}

// restartAOFLocked begins the append-only file anew: the data is another, and so is the log. It needs the exclusive lock.
func (s *Server) restartAOFLocked() {
	a := &s.aof
	if a.phase == aofOff {
		return
	}
	a.counts.Store(false)
	a.scheduled = false
	a.archive.Clear()
	s.abortRewriteLocked()
	if w := a.writer.Swap(nil); w != nil {
		s.wg.Go(w.Abandon) // which may have to wait for an fsync
	}
	if err := s.startAOFLocked(); err != nil {
		a.phase, a.scheduled = aofWaiting, true // it is tried again
	}
}

// newArchive returns the log on disk, of which nothing is known yet.
func (s *Server) newArchive() *aof.Archive {
	return aof.NewArchive(aof.ArchiveOptions{
		Written: func() int64 {
			if w := s.aof.writer.Load(); w != nil {
				return w.Written.Passed()
			}
			return 0
		},
		Limit:  func() int64 { return config.ReplBacklogDiskSize.Get(s.cfg) },
		Wanted: s.log.BacklogActive,
	})
}

// applyAutoGC removes history files once that is no longer disabled.
func (s *Server) applyAutoGC() error {
	a := &s.aof
	if !a.started || config.AOFDisableAutoGC.Get(s.cfg) {
		return nil
	}
	a.filesMu.Lock()
	defer a.filesMu.Unlock()
	a.manifest = s.aofDir().RemoveHistory(a.manifest)
	return nil
}

// fail ends the server at once: what clients were not told yet may not be told any more. It does not wait.
func (s *Server) fail(err error) {
	go func() {
		s.lock.lock()
		defer s.lock.unlock()
		s.failure = err
		s.haltLocked()
	}()
}

// aofBuffered is the length of the log's end that is to be written to the append-only file yet, in bytes.
func (s *Server) aofBuffered() int64 {
	if w := s.aof.writer.Load(); w != nil {
		return w.Lag()
	}
	return 0
}

// aofError is why the append-only file can't be written at present, nil if it can.
func (s *Server) aofError() error {
	if w := s.aof.writer.Load(); w != nil {
		return w.Err()
	}
	return nil
}

// prepareAOFStopLocked writes out and flushes to the disk what is in the log. A server whose first base is not
// finished can't stop without losing everything, unless it is forced to. It needs the exclusive lock.
func (s *Server) prepareAOFStopLocked() error {
	a := &s.aof
	if a.rewrite != nil && a.phase == aofWaiting {
		if s.stop.flags&config.ShutdownForce == 0 {
			s.logger.warningf("Writing initial AOF, can't exit.")
			return errAOFInitial
		}
		s.logger.warningf("Writing initial AOF. Exit anyway.")
	}
	if a.rewrite != nil {
		s.logger.warningf("There is an AOF rewrite in progress. Killing it!")
		s.abortRewriteLocked()
	}
	if w := a.writer.Load(); w != nil {
		s.logger.noticef("Calling fsync() on the AOF file.")
		if err := w.Persist(); err != nil {
			s.logger.warningf("Fail to fsync the AOF file: %s.", aof.Cause(err))
		}
	}
	return nil
}

// errAOFInitial keeps a server from stopping.
var errAOFInitial = errors.New("the first base of the append-only file is not written yet")

// closeAOF ends the append-only file of a server whose goroutines have ended.
func (s *Server) closeAOF() {
	if w := s.aof.writer.Swap(nil); w != nil {
		if err := w.Close(); err != nil && !errors.Is(err, aof.ErrClosed) {
			s.logger.warningf("Fail to fsync the AOF file: %s.", aof.Cause(err))
		}
	}
}
